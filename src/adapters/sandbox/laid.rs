//! Lays the recorded files that a recipe's command names into a folder of its own, and has them run there.
//!
//! Where they were recorded from can be written by whoever is to be proven: neither what lies beside a script
//! by now nor another script in its place may count. The folder is made for one command, right before it, is open
//! to this user only, and goes with it; what a killed process left is swept before the next.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use super::io_problem;
use crate::adapters::files;
use crate::domain::checks::CheckCommand;
use crate::ports::proving::{CheckOrder, ProvingError, RecordedFile};

/// Read and run, by this user only: nobody is meant to write it.
const FILE_MODE: u32 = 0o500;

/// Open to this user only.
const FOLDER_MODE: u32 = 0o700;

/// What is started for a command.
pub(super) struct Laid {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// It is removed when this is dropped.
    _folder: Option<TempDir>,
}

/// A command as it is started; only a recipe's names files that were recorded.
pub(super) fn lay(order: &CheckOrder, command: &CheckCommand) -> Result<Laid, ProvingError> {
    let named: Vec<&RecordedFile> = match command.recipe() {
        Some(_) => order.recorded.iter().filter(|file| is_named(command, file)).collect(),
        None => Vec::new(),
    };
    if named.is_empty() {
        return Ok(Laid { argv: command.argv.clone(), _folder: None });
    }
    files::sweep(&order.private);
    let problem = |error: std::io::Error| io_problem(&order.private, &error);
    let folder = files::scratch_folder(&order.private).map_err(problem)?;
    // While it is still empty.
    let mode = Permissions::from_mode(FOLDER_MODE);
    std::fs::set_permissions(folder.path(), mode).map_err(problem)?;
    for file in &named {
        write(&folder.path().join(&file.path), &file.text).map_err(problem)?;
    }
    let place = |word: &String| {
        let file = named.iter().find(|file| file.named.as_os_str() == word.as_str());
        file.map_or_else(
            || word.clone(),
            |file| folder.path().join(&file.path).display().to_string(),
        )
    };
    Ok(Laid { argv: command.argv.iter().map(place).collect(), _folder: Some(folder) })
}

fn is_named(command: &CheckCommand, file: &RecordedFile) -> bool {
    command.argv.iter().any(|word| file.named.as_os_str() == word.as_str())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    files::create(path, text.as_bytes(), FILE_MODE, false)
}
