//! What a rehearsal agent remembers from one life to the next: which message it is at, which step.
//!
//! The file is replaced whole before a step begins and after it ended, so that a new life knows
//! whether the step may have been done already. Nothing else decides what is done next.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::adapters::files;
use crate::domain::id::{MessageId, TaskId};

/// Everything it remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The message being handled.
    pub(super) current: Option<Current>,
    /// Messages that were taken, the newest last, for when an acknowledgement got lost.
    pub(super) taken: VecDeque<MessageId>,
    /// How many messages fitted each entry of the script.
    pub(super) fitted: BTreeMap<usize, u32>,
    /// How often the steps of each entry were begun.
    pub(super) used: BTreeMap<usize, u32>,
    /// Ids of the tasks that the script added, by name.
    pub(super) names: BTreeMap<String, TaskId>,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Current {
    /// The message.
    pub(super) message: MessageId,
    /// Its type.
    pub(super) kind: String,
    /// Its sender.
    pub(super) from: String,
    /// The task that it is about.
    pub(super) task: Option<TaskId>,
    /// The script's entry.
    pub(super) entry: usize,
    /// The next step.
    pub(super) step: usize,
    /// Whether that step was begun: it may have been done.
    pub(super) begun: bool,
}

/// Far more messages than can wait in a mailbox while acknowledgements get lost.
const KEPT_IDS: usize = 500;

impl Progress {
    /// Reads what an earlier life left; a file that cannot be read is put aside, and the second
    /// value says so.
    pub(super) fn load(path: &Path) -> (Self, Option<String>) {
        path.parent().into_iter().for_each(files::sweep);
        let Ok(bytes) = std::fs::read(path) else { return (Self::default(), None) };
        match serde_json::from_slice(&bytes) {
            Ok(progress) => (progress, None),
            Err(error) => {
                let aside = path.with_extension("json.unreadable");
                let _ = std::fs::rename(path, &aside);
                let problem = format!("`{}` is not readable ({error})", path.display());
                (Self::default(), Some(format!("{problem}; it is kept as `{}`", aside.display())))
            }
        }
    }

    /// Writes it, whole.
    pub(super) fn save(&self, path: &Path) -> Result<(), String> {
        let said =
            |error: std::io::Error| format!("`{}` cannot be written: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(said)?;
        }
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        files::replace(path, &bytes, 0o600, true).map_err(said)
    }

    /// Notes that a message was taken.
    pub(super) fn note_taken(&mut self, id: MessageId) {
        self.taken.push_back(id);
        while self.taken.len() > KEPT_IDS {
            self.taken.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_a_broken_file_is_put_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".state").join("dev-1.json");
        let mut progress = Progress::default();
        progress.names.insert("one".into(), TaskId(7));
        progress.used.insert(3, 1);
        progress.save(&path).expect("saved");
        assert_eq!(Progress::load(&path), (progress, None));
        std::fs::File::create(&path).expect("emptied");
        let (empty, problem) = Progress::load(&path);
        assert_eq!(empty, Progress::default());
        assert!(problem.expect("a problem").contains("unreadable"));
        assert!(path.with_extension("json.unreadable").exists());
    }
}
