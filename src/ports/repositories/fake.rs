//! Repositories in memory, for tests of what stands above them.
//!
//! Work in a worktree is one clean commit, merges never conflict, and what was done is remembered, so
//! that a test can see that it was done once. Clones share one content.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    BranchSeen, Checkpoint, CheckpointOrder, Integrated, IntegrationOrder, Kept, MergeOrder,
    Merged, Previewed, ProjectFacts, Repositories, RepositoryError, RestoreOrder, Restored,
    RetireOrder, ReviveOrder, Uncommitted, WorkState, WorktreeMade, WorktreeOrder,
};
use crate::domain::submission::{DiffStat, MergePreview};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct FakeRepositories {
    content: Arc<Mutex<Content>>,
}

/// What is in it; open, so that a test can look at it.
#[derive(Debug, Default)]
pub struct Content {
    /// Branches and their commits.
    pub branches: BTreeMap<String, String>,
    /// Merges into the project's branch.
    pub merged: Vec<MergeOrder>,
    /// Why a merge is held, if it is.
    pub held: Option<String>,
}

impl FakeRepositories {
    /// The content, locked.
    pub fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(name: &str) -> Kept {
        Kept { branch_ref: Some(format!("refs/agency/kept/{name}")), uncommitted_ref: None }
    }
}

impl Repositories for FakeRepositories {
    fn inspect(&self, project: &Path) -> Result<ProjectFacts, RepositoryError> {
        let (branch, head) = ("main".to_owned(), "base".to_owned());
        Ok(ProjectFacts { root: project.to_owned(), branch, head })
    }

    fn prepare_worktree(&self, order: &WorktreeOrder) -> Result<WorktreeMade, RepositoryError> {
        let base = "base".to_owned();
        self.content().branches.entry(order.branch.clone()).or_insert_with(|| base.clone());
        Ok(WorktreeMade { path: order.path.clone(), branch: order.branch.clone(), base })
    }

    fn mend_worktree(&self, _order: &WorktreeOrder) -> Result<super::Mended, RepositoryError> {
        Ok(super::Mended::Standing)
    }

    fn work_state(&self, worktree: &Path, _base: &str) -> Result<WorkState, RepositoryError> {
        let head = format!("head of {}", worktree.display());
        Ok(WorkState { head, ahead: 1, dirty: Vec::new() })
    }

    fn integrate(&self, order: &IntegrationOrder) -> Result<Integrated, RepositoryError> {
        self.content().branches.insert(order.into.clone(), order.head.clone());
        Ok(Integrated::Merged { commit: order.head.clone() })
    }

    fn branch_head(
        &self,
        _project: &Path,
        branch: &str,
    ) -> Result<Option<String>, RepositoryError> {
        Ok(self.content().branches.get(branch).cloned())
    }

    fn preview_merge(
        &self,
        _project: &Path,
        _target: &str,
        head: &str,
    ) -> Result<Previewed, RepositoryError> {
        Ok(Previewed::Clean(MergePreview {
            base: "base".to_owned(),
            head: head.to_owned(),
            tree: format!("tree of {head}"),
            change: format!("change of {head}"),
            diff: DiffStat { files: 1, insertions: 1, deletions: 0 },
        }))
    }

    fn export_tree(&self, _: &Path, _: &str, _: &Path) -> Result<(), RepositoryError> {
        Ok(())
    }

    fn merge(&self, order: &MergeOrder) -> Result<Merged, RepositoryError> {
        let mut content = self.content();
        if let Some(reason) = &content.held {
            return Ok(Merged::Held { reason: reason.clone() });
        }
        if !content.merged.contains(order) {
            content.merged.push(order.clone());
        }
        Ok(Merged::Done { commit: format!("merge of {}", order.head) })
    }

    fn diff(&self, _: &Path, from: &str, to: &str) -> Result<String, RepositoryError> {
        Ok(format!("from {from} to {to}"))
    }

    fn retire(&self, order: &RetireOrder) -> Result<Kept, RepositoryError> {
        self.content().branches.remove(&order.branch);
        Ok(Self::kept(&order.keep_as))
    }

    fn retire_branch(
        &self,
        _: &Path,
        branch: &str,
        keep_as: &str,
    ) -> Result<Kept, RepositoryError> {
        self.content().branches.remove(branch);
        Ok(Self::kept(keep_as))
    }

    fn branches(
        &self,
        _: &Path,
        _: &str,
        _: &[(String, Option<PathBuf>)],
    ) -> Result<Vec<BranchSeen>, RepositoryError> {
        Ok(Vec::new())
    }

    fn uncommitted(&self, worktree: &Path) -> Result<Uncommitted, RepositoryError> {
        let head = format!("head of {}", worktree.display());
        Ok(Uncommitted { head, head_at: None, files: Vec::new(), count: 0, oldest: None })
    }

    fn checkpoint(&self, _: &CheckpointOrder) -> Result<Option<Checkpoint>, RepositoryError> {
        Ok(None)
    }

    fn restore(&self, order: &RestoreOrder) -> Result<Restored, RepositoryError> {
        let before = Checkpoint {
            number: 1,
            commit: format!("before {}", order.commit),
            files: 0,
            insertions: 0,
            deletions: 0,
            left_out: Vec::new(),
        };
        let (meanwhile, in_the_way) = (Vec::new(), Vec::new());
        Ok(Restored { before, meanwhile, written: 1, removed: 0, in_the_way })
    }

    fn drop_checkpoints(&self, _: &Path, _: &[(String, String)]) -> Result<(), RepositoryError> {
        Ok(())
    }

    fn revive(&self, order: &ReviveOrder) -> Result<WorktreeMade, RepositoryError> {
        let (path, branch) = (order.path.clone(), order.branch.clone());
        self.content().branches.insert(branch.clone(), order.base.clone());
        Ok(WorktreeMade { path, branch, base: order.base.clone() })
    }
}
