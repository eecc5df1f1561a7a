//! The workbench's folder: definitions that people write, views and records that people read.
//!
//! Everything written here is written whole and atomically (temporary file, rename).

#[cfg(test)]
pub mod contract;
#[cfg(test)]
pub mod fake;

use std::path::{Path, PathBuf};

use crate::domain::name::Name;

/// A text file with its name for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// A runtime's name and its file, or why that cannot be read.
pub type RuntimeFile = (String, Result<TextFile, FolderError>);

/// A template's name and its files, or why they cannot be read.
pub type TemplateFiles = (String, Result<Vec<TextFile>, FolderError>);

/// The folder of one workbench.
pub trait WorkbenchFolder: Send + Sync {
    /// Its path, absolute.
    fn home(&self) -> &Path;
    /// `agency.toml`, none if there is none.
    fn load_config(&self) -> Result<Option<TextFile>, FolderError>;
    /// Every `agencies/*/agency.json`, by folder name.
    fn load_definitions(&self) -> Result<Vec<(String, TextFile)>, FolderError>;
    /// One `agencies/NAME/agency.json`, none if there is none.
    fn load_definition(&self, name: &Name) -> Result<Option<TextFile>, FolderError>;
    /// The text files of every `templates/NAME/`, relative to it, by folder name; `templates/runtimes/` is
    /// none of them. Each may be unreadable by itself.
    fn load_templates(&self) -> Result<Vec<TemplateFiles>, FolderError>;
    /// The text files of any folder, relative to it; links are passed over.
    fn load_folder(&self, folder: &Path) -> Result<Vec<TextFile>, FolderError>;
    /// Every `templates/runtimes/*.toml` by its name without the ending; each may be unreadable by itself.
    fn load_runtimes(&self) -> Result<Vec<RuntimeFile>, FolderError>;
    /// A file inside an agency's folder, none if there is none; refuses a path that leaves it.
    fn load_agency_file(&self, agency: &Name, path: &Path)
    -> Result<Option<TextFile>, FolderError>;
    /// Puts a text file into an agency's folder; done if anything of that name is there already.
    fn add_agency_file(&self, agency: &Name, path: &Path, text: &str) -> Result<(), FolderError>;
    /// Replaces `agencies/NAME/agency.json` if it still says `before`; its mode stays.
    fn replace_definition(&self, name: &Name, before: &str, after: &str)
    -> Result<(), FolderError>;
    /// Makes `agencies/NAME` of these files, all or nothing; an executable one ends in `.sh` or `.py`.
    fn make_agency(&self, name: &Name, files: &[TextFile]) -> Result<(), FolderError>;
    /// Makes `templates/NAME` of these files, in the same way.
    fn make_template(&self, name: &Name, files: &[TextFile]) -> Result<PathBuf, FolderError>;
    /// Moves `agencies/NAME` to `agencies/.archive/NAME-<stamp>`; done if it is there already. Of a folder
    /// that somebody took away an empty one is archived.
    fn archive_agency(&self, name: &Name, stamp: &str) -> Result<PathBuf, FolderError>;
    /// Moves an archived folder back to `agencies/NAME`; done if it is there and not in the archive any more.
    fn return_agency(&self, name: &Name, archived: &Path) -> Result<(), FolderError>;
    /// Writes `registry/<file>` anew.
    fn write_view(&self, file: &str, text: &str) -> Result<(), FolderError>;
    /// Adds a line to `agencies/NAME/logs/activity.log`.
    fn append_activity(&self, agency: &Name, lines: &[String]) -> Result<(), FolderError>;
    /// Writes a decision record, relative to the documents' folder; done if it is there already.
    fn write_document(
        &self,
        folder: Option<&Path>,
        path: &Path,
        text: &str,
    ) -> Result<PathBuf, FolderError>;
    /// Makes a file of the workbench, relative to it; one that is there and says something else is left as it
    /// is, and a number makes another name. Returns where the text lies, relative to the workbench.
    fn add_beside(&self, path: &Path, text: &str) -> Result<PathBuf, FolderError>;
    /// Puts an entry under the heading of `CHANGELOG.md`, unless one with that marker stands there.
    fn add_change(
        &self,
        folder: Option<&Path>,
        marker: &str,
        entry: &str,
    ) -> Result<(), FolderError>;
    /// Reads a file that this workbench wrote, say a log in `sandbox/`; at most the last `limit` bytes.
    fn read_tail(&self, path: &Path, limit: usize) -> Result<String, FolderError>;
}

/// What can go wrong with the folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// It exists already.
    #[error("`{path}` exists already", path = path.display())]
    Exists {
        /// What.
        path: PathBuf,
    },
    /// It does not say any more what was read.
    #[error("`{path}` was changed by somebody else", path = path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A path that would leave the folder.
    #[error("`{path}` leads out of its folder", path = path.display())]
    Outside {
        /// The path as given.
        path: PathBuf,
    },
    /// Not UTF-8.
    #[error("`{path}` is not text (UTF-8)", path = path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("`{path}` cannot be written: the disk is full", path = path.display())]
    Full {
        /// The file or folder.
        path: PathBuf,
    },
    /// It may not be written.
    #[error("`{path}` cannot be written: {problem}", path = path.display())]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
        /// Why: the file system, or the user's rights.
        problem: &'static str,
    },
    /// The system refused.
    #[error("`{path}`: {problem}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
}
