//! A workbench's folder in memory, for tests: texts by path.
//!
//! Clones share one content. Paths below [`FakeFolder::HOME`] are as on a real disk.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::name::Name;
use crate::ports::folder::{FolderError, RuntimeFile, TemplateFiles, TextFile, WorkbenchFolder};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct FakeFolder {
    files: Arc<Mutex<BTreeMap<PathBuf, String>>>,
}

impl FakeFolder {
    /// Where it would be.
    pub const HOME: &str = "/fake/home";

    /// Every file, locked; paths are absolute.
    pub fn files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, String>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a file there, by its path relative to the workbench.
    pub fn put(&self, path: &str, text: &str) {
        self.files().insert(self.home().join(path), text.to_owned());
    }

    /// The text of a file, by its path relative to the workbench.
    pub fn text(&self, path: &str) -> Option<String> {
        self.files().get(&self.home().join(path)).cloned()
    }

    fn agency(&self, name: &Name) -> PathBuf {
        self.home().join("agencies").join(name.as_str())
    }

    fn load(&self, path: PathBuf) -> Option<TextFile> {
        let text = self.files().get(&path).cloned()?;
        Some(TextFile { path, text })
    }

    fn has_folder(&self, folder: &Path) -> bool {
        self.files().keys().any(|path| path.starts_with(folder))
    }

    fn require_plain(path: &Path) -> Result<(), FolderError> {
        let mut parts = path.components();
        let plain = parts.clone().any(|part| matches!(part, Component::Normal(_)))
            && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if plain { Ok(()) } else { Err(FolderError::Outside { path: path.to_owned() }) }
    }

    fn missing(path: &Path) -> FolderError {
        let problem = std::io::Error::from(ErrorKind::NotFound).to_string();
        FolderError::Io { path: path.to_owned(), problem }
    }
}

impl WorkbenchFolder for FakeFolder {
    fn home(&self) -> &Path {
        Path::new(Self::HOME)
    }

    fn load_config(&self) -> Result<Option<TextFile>, FolderError> {
        Ok(self.load(self.home().join("agency.toml")))
    }

    fn load_definitions(&self) -> Result<Vec<(String, TextFile)>, FolderError> {
        let agencies = self.home().join("agencies");
        let files = self.files();
        let found = files.iter().filter_map(|(path, text)| {
            let name = path.strip_prefix(&agencies).ok()?.parent()?.to_str()?.to_owned();
            let plain = path.ends_with("agency.json") && !name.contains('/');
            let file = TextFile { path: path.clone(), text: text.clone() };
            (plain && !name.starts_with('.')).then_some((name, file))
        });
        Ok(found.collect())
    }

    fn load_definition(&self, name: &Name) -> Result<Option<TextFile>, FolderError> {
        Ok(self.load(self.agency(name).join("agency.json")))
    }

    fn load_templates(&self) -> Result<Vec<TemplateFiles>, FolderError> {
        Ok(Vec::new())
    }

    fn load_folder(&self, folder: &Path) -> Result<Vec<TextFile>, FolderError> {
        let files = self.files();
        let own = files.iter().filter_map(|(path, text)| {
            let path = path.strip_prefix(folder).ok()?.to_owned();
            Some(TextFile { path, text: text.clone() })
        });
        Ok(own.collect())
    }

    fn load_runtimes(&self) -> Result<Vec<RuntimeFile>, FolderError> {
        let folder = self.home().join("templates/runtimes");
        let files = self.files();
        let own = files.iter().filter(|(path, _)| path.parent() == Some(&folder));
        let file = |(path, text): (&PathBuf, &String)| {
            let name = path.file_name()?.to_str()?.strip_suffix(".toml")?.to_owned();
            Some((name, Ok(TextFile { path: path.clone(), text: text.clone() })))
        };
        Ok(own.filter_map(file).collect())
    }

    fn load_agency_file(
        &self,
        agency: &Name,
        path: &Path,
    ) -> Result<Option<TextFile>, FolderError> {
        Self::require_plain(path)?;
        Ok(self.load(self.agency(agency).join(path)))
    }

    fn add_agency_file(&self, agency: &Name, path: &Path, text: &str) -> Result<(), FolderError> {
        Self::require_plain(path)?;
        let path = self.agency(agency).join(path);
        self.files().entry(path).or_insert_with(|| text.to_owned());
        Ok(())
    }

    fn replace_definition(
        &self,
        name: &Name,
        before: &str,
        after: &str,
    ) -> Result<(), FolderError> {
        let path = self.agency(name).join("agency.json");
        let mut files = self.files();
        match files.get_mut(&path) {
            Some(text) if text == before => after.clone_into(text),
            Some(_) => return Err(FolderError::Changed { path }),
            None => return Err(Self::missing(&path)),
        }
        Ok(())
    }

    fn make_template(&self, name: &Name, files: &[TextFile]) -> Result<PathBuf, FolderError> {
        let folder = self.home().join("templates").join(name.as_str());
        if self.has_folder(&folder) {
            return Err(FolderError::Exists { path: folder });
        }
        files.iter().try_for_each(|file| Self::require_plain(&file.path))?;
        let files = files.iter().map(|file| (folder.join(&file.path), file.text.clone()));
        self.files().extend(files);
        Ok(folder)
    }

    fn make_agency(&self, name: &Name, files: &[TextFile]) -> Result<(), FolderError> {
        let folder = self.agency(name);
        if self.has_folder(&folder) {
            return Err(FolderError::Exists { path: folder });
        }
        files.iter().try_for_each(|file| Self::require_plain(&file.path))?;
        let files = files.iter().map(|file| (folder.join(&file.path), file.text.clone()));
        self.files().extend(files);
        Ok(())
    }

    fn archive_agency(&self, name: &Name, stamp: &str) -> Result<PathBuf, FolderError> {
        let folder = self.agency(name);
        let target = self.home().join(format!("agencies/.archive/{name}-{stamp}"));
        if self.has_folder(&target) {
            return Ok(target);
        }
        // Of a folder that is gone nothing is moved, and the place in the archive holds nothing.
        let mut files = self.files();
        let moved = std::mem::take(&mut *files).into_iter().map(|(path, text)| {
            let moved = path.strip_prefix(&folder).map(|rest| target.join(rest));
            (moved.unwrap_or(path), text)
        });
        *files = moved.collect();
        Ok(target)
    }

    fn return_agency(&self, name: &Name, archived: &Path) -> Result<(), FolderError> {
        let folder = self.agency(name);
        let is_archived = self.has_folder(archived);
        match (is_archived, self.has_folder(&folder)) {
            (false, true) => return Ok(()),
            (true, true) => return Err(FolderError::Exists { path: folder }),
            (false, false) => return Err(Self::missing(archived)),
            (true, false) => {}
        }
        let mut files = self.files();
        let moved = std::mem::take(&mut *files).into_iter().map(|(path, text)| {
            let moved = path.strip_prefix(archived).map(|rest| folder.join(rest));
            (moved.unwrap_or(path), text)
        });
        *files = moved.collect();
        Ok(())
    }

    fn write_view(&self, file: &str, text: &str) -> Result<(), FolderError> {
        if Path::new(file).file_name().is_none_or(|name| name != file) {
            return Err(FolderError::Outside { path: PathBuf::from(file) });
        }
        self.put(&format!("registry/{file}"), text);
        Ok(())
    }

    fn append_activity(&self, agency: &Name, lines: &[String]) -> Result<(), FolderError> {
        let folder = self.agency(agency);
        if !self.has_folder(&folder) {
            return Err(Self::missing(&folder));
        }
        let mut files = self.files();
        let log = files.entry(folder.join("logs/activity.log")).or_default();
        lines.iter().for_each(|line| log.push_str(&format!("{line}\n")));
        Ok(())
    }

    fn write_document(
        &self,
        folder: Option<&Path>,
        path: &Path,
        text: &str,
    ) -> Result<PathBuf, FolderError> {
        Self::require_plain(path)?;
        let path = self.home().join(folder.unwrap_or(Path::new(""))).join(path);
        self.files().entry(path.clone()).or_insert_with(|| text.to_owned());
        Ok(path)
    }

    fn add_beside(&self, path: &Path, text: &str) -> Result<PathBuf, FolderError> {
        Self::require_plain(path)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut files = self.files();
        for number in 1.. {
            let relative = match number {
                1 => path.to_owned(),
                _ => path.with_file_name(format!("{stem}-{number}.md")),
            };
            let said = files.entry(self.home().join(&relative)).or_insert_with(|| text.to_owned());
            if said == text {
                return Ok(relative);
            }
        }
        Err(FolderError::Exists { path: path.to_owned() })
    }

    fn add_change(
        &self,
        folder: Option<&Path>,
        marker: &str,
        entry: &str,
    ) -> Result<(), FolderError> {
        let path = self.home().join(folder.unwrap_or(Path::new(""))).join("CHANGELOG.md");
        let mut files = self.files();
        let text = files.entry(path).or_insert_with(|| "## Unreleased\n".to_owned());
        if !text.contains(marker) {
            let told = entry.contains(marker);
            let hidden = if told { String::new() } else { format!(" <!-- {marker} -->") };
            text.push_str(&format!("{entry}{hidden}\n"));
        }
        Ok(())
    }

    fn read_tail(&self, path: &Path, limit: usize) -> Result<String, FolderError> {
        let path = self.home().join(path);
        let text = self.files().get(&path).cloned().ok_or_else(|| Self::missing(&path))?;
        let start = text.len().saturating_sub(limit);
        let start = (start..=text.len()).find(|place| text.is_char_boundary(*place));
        Ok(text[start.unwrap_or(0)..].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::folder::contract;

    #[test]
    fn the_fake_keeps_the_contract() {
        contract::holds(&|| Box::new(FakeFolder::default()));
    }
}
