//! Lives in memory, for tests.
//!
//! Clones share one content. No process ever ends here, so no folder is removed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::ports::folder::fake::FakeFolder;
use crate::ports::lives::{LifeFile, Lives, LivesError, MAX_KEPT_BYTES};

#[derive(Default)]
struct Life {
    files: BTreeMap<String, String>,
    reports: Vec<String>,
}

/// See the module.
#[derive(Clone, Default)]
pub struct FakeLives {
    lives: Arc<Mutex<BTreeMap<SpawnId, Life>>>,
}

impl FakeLives {
    fn lives(&self) -> MutexGuard<'_, BTreeMap<SpawnId, Life>> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lives for FakeLives {
    fn folder(&self, spawn: SpawnId) -> PathBuf {
        PathBuf::from(FakeFolder::HOME).join("registry/lives").join(spawn.to_string())
    }

    fn prepare(
        &self,
        _: &AgentAddress,
        spawn: SpawnId,
        files: &[LifeFile],
    ) -> Result<(), LivesError> {
        for (name, text) in files {
            if name.is_empty() || name.contains('/') || name == ".." {
                return Err(LivesError::BadName { name: name.clone() });
            }
            self.lives().entry(spawn).or_default().files.insert(name.clone(), text.clone());
        }
        self.lives().entry(spawn).or_default();
        Ok(())
    }

    fn read(&self, spawn: SpawnId, file: &str) -> Option<String> {
        Some(self.lives().get(&spawn)?.files.get(file)?.trim_end().to_owned())
    }

    fn keep_report(&self, spawn: SpawnId, line: &str) -> Result<(), LivesError> {
        let mut lives = self.lives();
        let folder = self.folder(spawn);
        let life = lives.get_mut(&spawn).ok_or(LivesError::NotAFolder { path: folder })?;
        life.reports.push(line.to_owned());
        while life.reports.iter().map(|line| line.len() + 1).sum::<usize>() > MAX_KEPT_BYTES {
            life.reports.remove(0);
        }
        Ok(())
    }

    fn take_reports(&self) -> Vec<String> {
        self.lives().values_mut().flat_map(|life| std::mem::take(&mut life.reports)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fake_keeps_the_contract() {
        crate::ports::lives::contract::holds(&|| Box::new(FakeLives::default()));
    }
}
