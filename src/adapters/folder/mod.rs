//! The workbench's folder on a real disk: definitions, views, records, logs.
//!
//! Files are replaced whole; folders are built beside their place and renamed into it; nothing that a
//! person or an agent wrote is overwritten. Paths that come from outside are checked in
//! `inside`. What a definition or a view says is not looked at here.

mod archive;
mod beside;
mod changes;
mod crew;
mod home;
mod inside;
mod lock;
mod socket;
#[cfg(test)]
mod tests;

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

pub use crate::adapters::folder::home::{HOME_MARK, find_home, lay, make_workbench, sweep};
pub use crate::adapters::folder::lock::{LockError, SupervisorLock};
pub use crate::adapters::folder::socket::socket_path;

use crate::adapters::files;
use crate::domain::name::Name;
use crate::domain::text;
use crate::ports::folder::{FolderError, RuntimeFile, TemplateFiles, TextFile, WorkbenchFolder};

/// The folder below `templates/` that holds runtimes and is no template.
const RUNTIMES: &str = "runtimes";

/// Longest line of an activity log, in characters: a line is for reading, not for storing.
const MAX_ACTIVITY: usize = 2000;

/// See the module.
#[derive(Debug, Clone)]
pub struct DiskFolder {
    home: PathBuf,
}

impl DiskFolder {
    /// The workbench at `home`, an absolute path. Nothing is made.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
    }

    fn agency(&self, name: &Name) -> PathBuf {
        self.home.join("agencies").join(name.as_str())
    }

    /// The documents' folder: the workbench's own unless another is given.
    fn documents(&self, folder: Option<&Path>) -> PathBuf {
        folder.map_or_else(|| self.home.clone(), |folder| self.home.join(folder))
    }
}

impl WorkbenchFolder for DiskFolder {
    fn home(&self) -> &Path {
        &self.home
    }

    fn load_config(&self) -> Result<Option<TextFile>, FolderError> {
        load_text(self.home.join(HOME_MARK))
    }

    fn load_definitions(&self) -> Result<Vec<(String, TextFile)>, FolderError> {
        let agencies = self.home.join("agencies");
        let mut found = Vec::new();
        for name in list_folders(&agencies)? {
            if let Some(file) = load_text(agencies.join(&name).join("agency.json"))? {
                found.push((name, file));
            }
        }
        found.sort_by(|one, two| one.0.cmp(&two.0));
        Ok(found)
    }

    fn load_definition(&self, name: &Name) -> Result<Option<TextFile>, FolderError> {
        load_text(self.agency(name).join("agency.json"))
    }

    fn load_templates(&self) -> Result<Vec<TemplateFiles>, FolderError> {
        let templates = self.home.join("templates");
        let mut found = Vec::new();
        for name in list_folders(&templates)?.into_iter().filter(|name| name != RUNTIMES) {
            found.push((name.clone(), load_tree(&templates.join(&name), Path::new(""), 0)));
        }
        found.sort_by(|one, two| one.0.cmp(&two.0));
        Ok(found)
    }

    fn load_folder(&self, folder: &Path) -> Result<Vec<TextFile>, FolderError> {
        load_tree(folder, Path::new(""), 0)
    }

    fn load_runtimes(&self) -> Result<Vec<RuntimeFile>, FolderError> {
        let folder = self.home.join("templates").join(RUNTIMES);
        let mut found = Vec::new();
        for name in list(&folder, |_| true)? {
            let Some(stem) = name.strip_suffix(".toml").map(str::to_owned) else { continue };
            // What is gone by now was taken away in this moment.
            let Some(file) = load_text(folder.join(&name)).transpose() else { continue };
            found.push((stem, file));
        }
        found.sort_by(|one, two| one.0.cmp(&two.0));
        Ok(found)
    }

    fn load_agency_file(
        &self,
        agency: &Name,
        path: &Path,
    ) -> Result<Option<TextFile>, FolderError> {
        let folder = self.agency(agency);
        inside::require_plain(path)?;
        let named = folder.join(path);
        // What was checked is what is read, also when the link is changed in between.
        let Some(resolved) = inside::resolve(&folder, &named, path)? else { return Ok(None) };
        Ok(load_text(resolved)?.map(|file| TextFile { path: named, text: file.text }))
    }

    fn add_agency_file(&self, agency: &Name, path: &Path, text: &str) -> Result<(), FolderError> {
        crew::add_file(&self.agency(agency), path, text)
    }

    fn replace_definition(
        &self,
        name: &Name,
        before: &str,
        after: &str,
    ) -> Result<(), FolderError> {
        crew::replace(&self.agency(name).join("agency.json"), before, after)
    }

    fn make_template(&self, name: &Name, files: &[TextFile]) -> Result<PathBuf, FolderError> {
        let templates = self.home.join("templates");
        archive::make_agency(&templates, name, files)?;
        Ok(templates.join(name.as_str()))
    }

    fn make_agency(&self, name: &Name, files: &[TextFile]) -> Result<(), FolderError> {
        archive::make_agency(&self.home.join("agencies"), name, files)
    }

    fn archive_agency(&self, name: &Name, stamp: &str) -> Result<PathBuf, FolderError> {
        archive::archive_agency(&self.home.join("agencies"), name, stamp)
    }

    fn return_agency(&self, name: &Name, archived: &Path) -> Result<(), FolderError> {
        archive::return_agency(&self.home.join("agencies"), name, archived)
    }

    fn write_view(&self, file: &str, text: &str) -> Result<(), FolderError> {
        inside::require_name(file)?;
        let registry = self.home.join("registry");
        make_folder(&registry)?;
        let path = registry.join(file);
        files::replace(&path, text.as_bytes(), 0o644, false).map_err(|error| wrap(&path, &error))
    }

    fn append_activity(&self, agency: &Name, lines: &[String]) -> Result<(), FolderError> {
        let logs = self.agency(agency).join("logs");
        // Only the last step: a log line never brings a removed agency's folder back.
        match std::fs::create_dir(&logs) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(wrap(&logs, &error));
            }
            Ok(()) | Err(_) => {}
        }
        let path = logs.join("activity.log");
        let lines = lines.iter().map(|line| format!("{}\n", text::to_line(line, MAX_ACTIVITY)));
        let text: String = lines.collect();
        let append = || {
            // A pipe or a link in its place is refused at once; an agent could have put it there.
            let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
            let mut file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .custom_flags(flags.bits().cast_signed())
                .open(&path)?;
            file.write_all(text.as_bytes())
        };
        append().map_err(|error| wrap(&path, &error))
    }

    fn write_document(
        &self,
        folder: Option<&Path>,
        path: &Path,
        text: &str,
    ) -> Result<PathBuf, FolderError> {
        inside::require_plain(path)?;
        let path = self.documents(folder).join(path);
        if path.is_file() {
            return Ok(path);
        }
        make_folder(path.parent().unwrap_or(&self.home))?;
        files::replace(&path, text.as_bytes(), 0o644, false)
            .map_err(|error| wrap(&path, &error))?;
        Ok(path)
    }

    fn add_beside(&self, path: &Path, text: &str) -> Result<PathBuf, FolderError> {
        beside::add(&self.home, path, text)
    }

    fn add_change(
        &self,
        folder: Option<&Path>,
        marker: &str,
        entry: &str,
    ) -> Result<(), FolderError> {
        let folder = self.documents(folder);
        make_folder(&folder)?;
        changes::add(&folder.join("CHANGELOG.md"), marker, entry)
    }

    fn read_tail(&self, path: &Path, limit: usize) -> Result<String, FolderError> {
        let whole = self.home.join(path);
        let whole = inside::resolve(&self.home, &whole, path)?
            .ok_or_else(|| wrap(&whole, &io::ErrorKind::NotFound.into()))?;
        tail(&whole, limit).map_err(|error| wrap(&whole, &error))
    }
}

/// The folders in a folder by name; hidden ones and names that are not text are left out.
fn list_folders(folder: &Path) -> Result<Vec<String>, FolderError> {
    list(folder, Path::is_dir)
}

/// What fits in a folder, by name, without hidden ones and names that are not text.
fn list(folder: &Path, fits: impl Fn(&Path) -> bool) -> Result<Vec<String>, FolderError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| wrap(folder, &error))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| wrap(folder, &error))?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
            && fits(&entry.path())
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// Deepest folder of a template: a file further down is no part of an agency.
const MAX_DEPTH: usize = 6;

/// Every text file below a folder, its path relative to it; links are passed over.
fn load_tree(root: &Path, below: &Path, depth: usize) -> Result<Vec<TextFile>, FolderError> {
    let folder = root.join(below);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|error| wrap(&folder, &error))? {
        let entry = entry.map_err(|error| wrap(&folder, &error))?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type().map_err(|error| wrap(&folder, &error))?;
        if kind.is_dir() && depth < MAX_DEPTH {
            found.extend(load_tree(root, &path, depth + 1)?);
        } else if kind.is_file()
            && let Some(file) = load_text(root.join(&path))?
        {
            found.push(TextFile { path, text: file.text });
        }
    }
    found.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(found)
}

fn load_text(path: PathBuf) -> Result<Option<TextFile>, FolderError> {
    // A pipe of that name would keep its reader waiting.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(wrap(&path, &io::Error::other("not a plain file")));
    }
    match std::fs::read(&path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(TextFile { path, text })),
            Err(_) => Err(FolderError::NotText { path }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrap(&path, &error)),
    }
}

fn tail(path: &Path, limit: usize) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    let mut file = std::fs::File::open(path)?;
    let limit = limit as u64;
    let start = file.metadata()?.len().saturating_sub(limit);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    // A character that the cut went through: at most three bytes of it are left.
    let broken = match start {
        0 => 0,
        _ => bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count(),
    };
    Ok(String::from_utf8_lossy(bytes.get(broken..).unwrap_or_default()).into_owned())
}

fn make_folder(folder: &Path) -> Result<(), FolderError> {
    std::fs::create_dir_all(folder).map_err(|error| wrap(folder, &error))
}

fn wrap(path: &Path, error: &io::Error) -> FolderError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FolderError::Full { path },
        io::ErrorKind::ReadOnlyFilesystem => {
            FolderError::ReadOnly { path, problem: "its file system is read-only" }
        }
        io::ErrorKind::PermissionDenied => {
            FolderError::ReadOnly { path, problem: "permission denied" }
        }
        _ => FolderError::Io { path, problem: error.to_string() },
    }
}
