//! Events in words: one sentence each, for people who read the log.
//!
//! What a sentence is about stands beside it already, so it is not said again. An event without a sentence is
//! shown by its payload; nothing is ever left out because it has none.

use crate::domain::agency::StateSource;
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::wording::body_line;
use crate::service::views::LogView;

mod owed;

mod work;

/// A log entry in words; none: it has no sentence, or a newer program wrote it.
pub fn sentence_of(view: &LogView) -> Option<String> {
    let event: Event = serde_json::from_value(view.payload.clone()).ok()?;
    sentence(&event)
}

/// An event in words.
pub fn sentence(event: &Event) -> Option<String> {
    let of_people = || message(event).or_else(|| owed::sentence(event));
    of_people().or_else(|| session(event)).or_else(|| work::sentence(event))
}

/// What happened with a message.
fn message(event: &Event) -> Option<String> {
    Some(match event {
        Event::MessageAccepted { message, to, .. } => {
            let to = to.as_ref().map_or_else(|| "operator".to_owned(), ToString::to_string);
            let unproven = if message.verified { "" } else { " (unverified)" };
            let body = body_line(&message.body);
            format!("{} from {}{unproven} to {to}: {body}", message.kind, message.from)
        }
        Event::MessageRefused { reason, .. } => {
            format!("refused at the door: {}", reason.message)
        }
        Event::MessageRouted { .. } => "in its mailbox".to_owned(),
        Event::DeliveryStarted { channel: true, .. } => {
            "is being handed to the program through its own channel".to_owned()
        }
        Event::DeliveryStarted { .. } => "is being typed into the pane".to_owned(),
        Event::DeliveryDeferred { reason, .. } => format!("not now: {reason}"),
        Event::DeliverySubmitted { by, .. } => {
            format!("{}, its turn is awaited", given(*by))
        }
        Event::DeliveryUncertain { reason, .. } => {
            format!("nobody knows whether it arrived: {reason}")
        }
        Event::MessageDelivered { by, .. } => format!("delivered: {}", given(*by)),
        Event::MessageAcknowledged { .. } => "acknowledged".to_owned(),
        Event::DeliveryRetried { .. } => "is tried again on the operator's word".to_owned(),
        Event::MessageExpired { .. } => "its time ran out before it was delivered".to_owned(),
        Event::MessageDied { reason, .. } => format!("dead: {}", reason.message),
        Event::MessageRevived { .. } => "is on its way once more on the operator's word".to_owned(),
        Event::DoorHeld { message, .. } => format!("files wait at the door: {message}"),
        Event::DoorReleased { .. } => "no file waits for it at the door any more".to_owned(),
        Event::DoorRetried { .. } => "goes back to the door on the operator's word".to_owned(),
        Event::LoopStopped { turns, until, .. } => {
            format!(
                "wrote to each other {turns} times without progress: kept apart until {until:.0}"
            )
        }
        Event::LoopReleased { .. } => "may write to each other again".to_owned(),
        Event::NudgeStarted { .. } => "a hint about unread messages is being typed".to_owned(),
        Event::NudgeEnded { problem: None, .. } => {
            "the hint about unread messages was shown".to_owned()
        }
        Event::NudgeEnded { problem: Some(problem), .. } => {
            format!("the hint about unread messages was not shown: {problem}")
        }
        _ => return None,
    })
}

fn given(by: DeliveredBy) -> &'static str {
    match by {
        DeliveredBy::Pane => "typed into the pane and seen there",
        DeliveredBy::Inbox => "fetched from the inbox",
        DeliveredBy::Channel => "handed over through the program's own channel",
        DeliveredBy::Queue => "typed while the program works, which keeps it",
        DeliveredBy::Turn => "a turn of the program began with it",
    }
}

/// What happened with the workbench, its agencies and agents.
fn session(event: &Event) -> Option<String> {
    Some(match event {
        Event::OperatorKeyRegistered { .. } => "the operator's key counts from now on".to_owned(),
        Event::WorkbenchConfigured { .. } => "agency.toml was read anew".to_owned(),
        Event::SupervisorStarted { pid, version } => {
            format!("started, pid {pid}, version {version}")
        }
        Event::SupervisorStopped => "ended in order".to_owned(),
        Event::AgencyDefined { definition } => {
            format!(
                "defined with {} agents, led by {}",
                definition.agents.len(),
                definition.coordinator
            )
        }
        Event::ProjectBound { project, target, .. } => {
            format!("works on {} at {}", target, project.display())
        }
        Event::AgencyStarted { .. } => "is to run".to_owned(),
        Event::AgencyStopped { .. } => "is to stand still".to_owned(),
        Event::AgencyRemoving { .. } => "is being archived".to_owned(),
        Event::AgencyArchived { folder, .. } => format!("archived in {}", folder.display()),
        Event::AgentHired { definition, .. } => format!("{} was hired", definition.name),
        Event::AgentDismissed { definition, reason, .. } => {
            format!("{} left{}", definition.name, because(reason.as_deref()))
        }
        Event::SessionFailed { problem, .. } => format!("its session could not be made: {problem}"),
        Event::SessionSeen { .. } => "its panes can be seen".to_owned(),
        Event::SessionNamed { session, .. } => format!("its session is called {session}"),
        Event::AgentSpawned { .. } => "a new life begins".to_owned(),
        Event::AgentPaneOpened { pane, pid, .. } => {
            format!("its pane {} stands, pid {pid}", pane.0)
        }
        Event::AgentPaneLost { state, reason, .. } => format!("{}: {reason}", state.as_str()),
        Event::AgentStateChanged { state, source, reason, .. } => {
            format!("{}{} ({})", state.as_str(), because(reason.as_deref()), told(*source))
        }
        Event::GoalSet { text, .. } => format!("has a goal: {text}"),
        _ => return None,
    })
}

fn told(source: StateSource) -> String {
    format!("told by its {}", source.as_str())
}

/// `: why`, or nothing.
fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::samples;

    #[test]
    fn everything_that_happens_with_a_message_has_a_sentence() {
        let all = samples::events();
        let of_messages = all.iter().filter(|event| {
            let kind = serde_json::to_value(event).expect("written")["event"].to_string();
            ["message_", "delivery_", "nudge_"].iter().any(|word| kind.contains(word))
        });
        for event in of_messages {
            let words = sentence(event).unwrap_or_else(|| panic!("{event:?} has no sentence"));
            assert!(!words.is_empty() && !words.contains('\n'), "{words}");
        }
    }

    #[test]
    fn an_entry_of_a_newer_program_has_no_sentence_and_is_shown_as_it_is() {
        let view = LogView {
            seq: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
            actor: "supervisor".to_owned(),
            kind: "stars_aligned".to_owned(),
            subject: "sky".to_owned(),
            payload: serde_json::json!({"event": "stars_aligned"}),
            hash: String::new(),
        };
        assert_eq!(sentence_of(&view), None);
    }
}
