//! What an event is about, and whether it must be on the disk before anybody hears of it.
//!
//! Both are exhaustive tables: a new event does not compile until it stands in the first.

use crate::engine::event::Event;

impl Event {
    /// What it is about: an agency, an agent, a message, a task, ….
    #[expect(clippy::too_many_lines, reason = "an exhaustive table: every event is in it")]
    pub fn subject(&self) -> String {
        match self {
            Self::OperatorKeyRegistered { .. } | Self::WorkbenchConfigured { .. } => {
                "workbench".to_owned()
            }
            Self::SupervisorStarted { .. } | Self::SupervisorStopped => "supervisor".to_owned(),
            Self::CommandAnswered { request, .. } => request.to_string(),
            Self::AgencyDefined { definition } => definition.name.to_string(),
            Self::RecipeRecorded { agency, .. }
            | Self::ProjectBound { agency, .. }
            | Self::AgencyStarted { agency }
            | Self::AgencyStopped { agency }
            | Self::AgencyRemoving { agency, .. }
            | Self::AgencyArchived { agency, .. }
            | Self::CrewWritten { agency, .. }
            | Self::CrewUnwritten { agency, .. }
            | Self::SessionFailed { agency, .. }
            | Self::SessionSeen { agency }
            | Self::SessionNamed { agency, .. }
            | Self::SessionArranged { agency, .. }
            | Self::StuckTold { agency, .. }
            | Self::CheckInOpened { agency, .. }
            | Self::GoalSet { agency, .. } => agency.to_string(),
            Self::CadenceRan { beat, .. } => beat.to_string(),
            Self::MeetingHeld { meeting, .. } | Self::MeetingWritten { meeting, .. } => {
                meeting.clone()
            }
            Self::AgentHired { agency, definition }
            | Self::AgentDismissed { agency, definition, .. } => {
                format!("{agency}/{}", definition.name)
            }
            Self::AgentSpawned { agent, .. }
            | Self::AgentPaneOpened { agent, .. }
            | Self::AgentPaneLost { agent, .. }
            | Self::AgentStateChanged { agent, .. }
            | Self::AgentSignalled { agent, .. }
            | Self::ConversationSeen { agent, .. }
            | Self::DigestStarted { agent, .. }
            | Self::StatusAsked { agent, .. }
            | Self::NudgeStarted { agent, .. }
            | Self::NudgeEnded { agent, .. } => agent.to_string(),
            Self::MessageAccepted { message, .. } => message.id.to_string(),
            Self::MessageRefused { file, .. } | Self::DoorRetried { file } => file.clone(),
            Self::MessageRevived { message, .. } => message.id.to_string(),
            Self::DoorHeld { hold, .. } | Self::DoorReleased { hold } => hold.to_string(),
            Self::LoopStopped { pair, .. } | Self::LoopReleased { pair } => pair.to_string(),
            Self::MessageRouted { id }
            | Self::DeliveryStarted { id, .. }
            | Self::DeliveryDeferred { id, .. }
            | Self::DeliverySubmitted { id, .. }
            | Self::DeliveryUncertain { id, .. }
            | Self::MessageDelivered { id, .. }
            | Self::MessageAcknowledged { id }
            | Self::DeliveryRetried { id }
            | Self::MessageExpired { id }
            | Self::MessageDied { id, .. } => id.to_string(),
            Self::RequestOpened { id, .. }
            | Self::RequestRenewed { id, .. }
            | Self::RequestChased { id, .. }
            | Self::RequestEscalated { id, .. }
            | Self::RequestAnswered { id, .. }
            | Self::RequestClosed { id, .. }
            | Self::WaitBegun { question: id, .. }
            | Self::WaitEnded { question: id }
            | Self::BroadcastSent { id, .. }
            | Self::BroadcastEnded { id, .. } => id.to_string(),
            Self::TaskAdded { id, .. } => id.to_string(),
            Self::TaskReadied { task }
            | Self::TaskAssigned { task, .. }
            | Self::WorktreeReady { task, .. }
            | Self::WorktreeFailed { task, .. }
            | Self::WorktreeMended { task }
            | Self::WorktreeLost { task, .. }
            | Self::TaskStarted { task }
            | Self::TaskProgressed { task, .. }
            | Self::TaskNoted { task, .. }
            | Self::FinishAsked { task, .. }
            | Self::FinishEnded { task, .. }
            | Self::TaskBlocked { task, .. }
            | Self::TaskUnblocked { task }
            | Self::TaskCompleted { task, .. }
            | Self::TaskIntegrated { task, .. }
            | Self::TaskConflicted { task, .. }
            | Self::TaskReopened { task, .. }
            | Self::TaskCancelled { task, .. }
            | Self::WorktreeRetired { task, .. } => task.to_string(),
            Self::BranchRetired { feature, .. } => feature.to_string(),
            Self::HandoffOffered { offer } => offer.id.to_string(),
            Self::HandoffAccepted { id, .. }
            | Self::HandoffDeclined { id, .. }
            | Self::HandoffAnswered { id, .. }
            | Self::HandoffWithdrawn { id, .. }
            | Self::HandedBranchMissed { id, .. } => id.to_string(),
            Self::WorkChanged { task, .. }
            | Self::WorkReminded { task, .. }
            | Self::WorkFoundSafe { task }
            | Self::RestoreBegun { task, .. }
            | Self::WorkRestored { task, .. }
            | Self::RestoreFailed { task, .. }
            | Self::TaskRevived { task, .. } => task.to_string(),
            Self::CheckpointTaken { id, .. } => id.to_string(),
            Self::CheckpointsDropped { .. } => "workbench".to_owned(),
            Self::AgencyReturned { agency, .. } => agency.to_string(),
            Self::UndoBegun { act } | Self::UndoFailed { act, .. } | Self::ActUndone { act } => {
                act.to_string()
            }
            Self::LockRequested { wish } => wish.id.to_string(),
            Self::LockGranted { lock, .. }
            | Self::LockDenied { lock, .. }
            | Self::LockReleased { lock, .. }
            | Self::LockExpired { lock } => lock.to_string(),
            Self::WorkSubmitted { submission } => submission.id.to_string(),
            Self::ProofStarted { submission } | Self::ProofFinished { submission, .. } => {
                submission.to_string()
            }
            Self::ApprovalOpened { id, .. }
            | Self::ApprovalGiven { id, .. }
            | Self::ApprovalRejected { id, .. }
            | Self::MergeDelayed { id, .. }
            | Self::ApprovalCarried { id, .. }
            | Self::ApprovalVoided { id, .. }
            | Self::MergeHeld { id, .. }
            | Self::MergeLanded { id, .. }
            | Self::ApprovalDocumented { approval: id } => id.to_string(),
        }
    }

    /// Whether it must be on the disk before anybody hears of it: what a person decided, and work that was handed in.
    pub fn is_decision(&self) -> bool {
        matches!(
            self,
            Self::OperatorKeyRegistered { .. }
                | Self::ApprovalGiven { .. }
                | Self::ApprovalRejected { .. }
                | Self::WorkSubmitted { .. }
                | Self::MergeLanded { .. }
                | Self::AgencyRemoving { .. }
                // Its file leaves the door, and then the ledger is all that knows of it.
                | Self::MessageAccepted { file: Some(_), .. }
        )
    }
}
