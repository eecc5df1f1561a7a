//! Submissions and evidence: finished work on its way to approval, and what proves it.
//!
//! A submission names the base, the head and the tree of their in-memory merge; the evidence
//! names the same tree. Whoever approves, approves exactly that.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::checks::{CheckCommand, TestCounts};
use crate::domain::hex;
use crate::domain::id::{SubmissionId, TaskId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::trace::Trace;

/// Finished work with the agent's own words about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// Its id.
    pub id: SubmissionId,
    /// The task it was handed in for.
    pub task: TaskId,
    /// Every task of the feature whose work is in it, `task` included.
    pub tasks: Vec<TaskId>,
    /// The feature.
    pub feature: Name,
    /// Who handed it in.
    pub agent: AgentAddress,
    /// One line.
    pub title: String,
    /// The branch that is to be merged: `<feature>/integration`.
    pub branch: String,
    /// Its commit.
    pub head: String,
    /// Why it is done this way.
    pub rationale: Option<String>,
    /// How it is taken back.
    pub rollback: Option<String>,
    /// Where it can be seen running.
    pub demo: Option<String>,
    /// The request that it belongs to: that of its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// Size of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffStat {
    /// Files changed.
    pub files: u32,
    /// Lines added.
    pub insertions: u32,
    /// Lines removed.
    pub deletions: u32,
}

/// The merge of head into base as it would be, made in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergePreview {
    /// The target branch's commit.
    pub base: String,
    /// The submitted commit.
    pub head: String,
    /// The tree that would be on the branch.
    pub tree: String,
    /// The change's patch id (`git patch-id --stable`): the same change has the same id on another base.
    pub change: String,
    /// Its size against the base.
    pub diff: DiffStat,
}

/// One command of a proof and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// What was run and why.
    pub command: CheckCommand,
    /// Its exit status; none: it was killed by the time limit or by a signal.
    pub exit_status: Option<i32>,
    /// How long it ran, in milliseconds.
    pub duration_ms: u64,
    /// What its output said about tests; none: no known format was found in it.
    pub tests: Option<TestCounts>,
}

impl CheckRun {
    /// Whether it ended with status 0.
    pub fn is_passed(&self) -> bool {
        self.exit_status == Some(0)
    }
}

/// What was proven about a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The tree that was checked out and proven.
    pub tree: String,
    /// The commands, in the order they ran.
    pub runs: Vec<CheckRun>,
    /// Their output, relative to the workbench.
    pub log: String,
    /// SHA-256 of that file.
    pub log_sha256: String,
    /// Whether the time limit ended it.
    pub timed_out: bool,
}

impl Evidence {
    /// Test counts over all runs; none if no run said anything about tests.
    pub fn tests(&self) -> Option<TestCounts> {
        let mut counted = self.runs.iter().filter_map(|run| run.tests.as_ref()).peekable();
        counted.peek()?;
        let mut total = TestCounts::default();
        counted.for_each(|counts| total.add(counts));
        Some(total)
    }

    /// Whether every command ended with status 0, in time, and no test failed.
    pub fn is_passed(&self) -> bool {
        !self.runs.is_empty()
            && !self.timed_out
            && self.runs.iter().all(CheckRun::is_passed)
            && self.tests().is_none_or(|tests| tests.failed == 0)
    }

    /// SHA-256 of the evidence's JSON: what the operator's signature covers.
    pub fn digest(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(&Sha256::digest(&json))
    }
}

/// How a proof ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ProofOutcome {
    /// The checks ran on the merge tree; `Evidence::is_passed` says how.
    Checked {
        /// The merge that was proven.
        merge: MergePreview,
        /// What was seen.
        evidence: Evidence,
    },
    /// No check is configured or found: not proven, and it says which line to add.
    NoChecks {
        /// The merge that would have been proven.
        merge: MergePreview,
        /// The line to add.
        hint: String,
    },
    /// Head and base do not merge.
    Conflict {
        /// The target branch's commit.
        base: String,
        /// Paths in conflict.
        paths: Vec<String>,
    },
    /// It could not be carried out: full disk, no such commit, ….
    Broken {
        /// What went wrong.
        reason: String,
    },
}

impl ProofOutcome {
    /// Whether a person is to decide: it passed, or nothing could be proven. What failed goes back to its agent.
    pub fn is_for_decision(&self) -> bool {
        match self {
            Self::Checked { evidence, .. } => evidence.is_passed(),
            Self::NoChecks { .. } | Self::Broken { .. } => true,
            Self::Conflict { .. } => false,
        }
    }
}
