//! Approvals: the operator's decision, and the merge that follows from it.
//!
//! ```text
//! waiting ──► approved ──► merged
//!    │           │ └─► held: the user's checkout is dirty; tried again
//!    │           └───► base moved: proven again, the same change carries on, another one is void
//!    └──► rejected
//! ```
//!
//! No merge without a signature that covers the change and its evidence; the signature is checked
//! when it is given and by whoever merges.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::approval::{ApprovalState, SignedStatement};
use crate::domain::id::{ApprovalId, SubmissionId, TaskId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::submission::{Evidence, MergePreview};
use crate::engine::event::Event;

pub mod deciding;

pub use deciding::{
    asked, branch_retired, carry, merge_again, merge_finished, open, resume, retire_branches,
    take_up, void_all_of, void_open_of,
};

/// Every approval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Approvals {
    /// By id.
    pub approvals: BTreeMap<ApprovalId, ApprovalRecord>,
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRecord {
    /// Its id.
    pub id: ApprovalId,
    /// What it is about.
    pub submission: SubmissionId,
    /// Whose feature.
    pub feature: Name,
    /// Whose work.
    pub agent: AgentAddress,
    /// For which task it was handed in.
    pub task: TaskId,
    /// The merge as it was proven.
    pub merge: Option<MergePreview>,
    /// What proves it.
    pub evidence: Option<Evidence>,
    /// Its state.
    pub state: ApprovalState,
    /// Why it cannot be approved, is held, void or was rejected.
    pub reason: Option<String>,
    /// The operator's decision.
    pub signed: Option<SignedStatement>,
    /// When it began to wait.
    pub opened_at: Timestamp,
    /// When it was decided or became void.
    pub closed_at: Option<Timestamp>,
    /// The merge commit.
    pub commit: Option<String>,
    /// Decision record and change log entry stand.
    pub is_documented: bool,
}

impl Approvals {
    /// The next approval's id.
    pub fn next_id(&self) -> ApprovalId {
        ApprovalId(self.approvals.last_key_value().map_or(1, |(id, _)| id.0 + 1))
    }

    /// What an approval is about.
    pub fn submission_of(&self, id: ApprovalId) -> Option<SubmissionId> {
        self.approvals.get(&id).map(|record| record.submission)
    }

    /// An approved merge of an agency's that has not landed.
    pub fn merging_of(&self, agency: &Name) -> Option<ApprovalId> {
        let mut records = self.approvals.values();
        records
            .find(|record| record.agent.agency == *agency && record.is_merging())
            .map(|record| record.id)
    }

    fn change(&mut self, id: ApprovalId, change: impl FnOnce(&mut ApprovalRecord)) {
        if let Some(record) = self.approvals.get_mut(&id) {
            change(record);
        }
    }

    /// Takes an event in. The feature and the agent of a new approval come from its submission, which
    /// the state fills in with [`Approvals::opened`].
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::ApprovalGiven { id, signed } => self.change(*id, |record| {
                record.state = ApprovalState::Approved;
                record.signed = Some((**signed).clone());
                record.reason = None;
            }),
            Event::ApprovalRejected { id, signed, feedback } => self.change(*id, |record| {
                record.state = ApprovalState::Rejected;
                record.signed = Some((**signed).clone());
                record.reason = Some(feedback.clone());
                record.closed_at = Some(at);
            }),
            Event::MergeDelayed { id, base } => self.change(*id, |record| {
                record.state = ApprovalState::Approved;
                let short: String = base.chars().take(10).collect();
                record.reason = Some(format!(
                    "the branch moved to {short}; the merge is made and proven again"
                ));
            }),
            Event::ApprovalCarried { id, merge, evidence } => self.change(*id, |record| {
                record.merge = Some(merge.clone());
                record.evidence = Some((**evidence).clone());
                record.reason = None;
            }),
            Event::ApprovalVoided { id, reason } => self.change(*id, |record| {
                record.state = ApprovalState::Void;
                record.reason = Some(reason.clone());
                record.closed_at = Some(at);
            }),
            Event::MergeHeld { id, reason } => self.change(*id, |record| {
                record.state = ApprovalState::Held;
                record.reason = Some(reason.clone());
            }),
            Event::MergeLanded { id, commit, .. } => self.change(*id, |record| {
                record.state = ApprovalState::Merged;
                record.commit = Some(commit.clone());
                record.reason = None;
                record.closed_at = Some(at);
            }),
            Event::ApprovalDocumented { approval } => {
                self.change(*approval, |record| record.is_documented = true)
            }
            _ => {}
        }
    }

    /// Takes a new approval in.
    pub fn opened(&mut self, record: ApprovalRecord) {
        self.approvals.insert(record.id, record);
    }
}

impl ApprovalRecord {
    /// Approved and not yet in the project's branch.
    pub fn is_merging(&self) -> bool {
        matches!(self.state, ApprovalState::Approved | ApprovalState::Held)
    }

    /// Waits for the operator's decision.
    pub fn is_undecided(&self) -> bool {
        matches!(self.state, ApprovalState::Waiting | ApprovalState::NotProven)
    }

    /// The digest that a signature covers; empty without evidence.
    pub fn evidence_digest(&self) -> String {
        self.evidence.as_ref().map(Evidence::digest).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
