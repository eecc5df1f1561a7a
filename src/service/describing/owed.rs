//! What somebody owes an answer to, in words: requests, broadcasts, handoffs, waits.
//!
//! What other people wrote is shortened to one line.

use crate::domain::id::MessageId;
use crate::domain::text::to_line;
use crate::engine::event::Event;

/// Longest words of somebody else in a sentence, in characters.
const WORDS: usize = 200;

/// An event about an answer that is owed, in words.
pub fn sentence(event: &Event) -> Option<String> {
    request(event).or_else(|| handoff(event))
}

fn request(event: &Event) -> Option<String> {
    Some(match event {
        Event::RequestOpened { kind, asker, asked, text, .. } => {
            let text = to_line(text, WORDS);
            format!("{asked} owes {asker} an answer ({}): {text}", kind.as_str())
        }
        Event::RequestRenewed { text, .. } => format!("asked again: {}", to_line(text, WORDS)),
        Event::RequestChased { to, .. } => format!("{to} was reminded of it"),
        Event::RequestEscalated { level, to, reason, .. } => {
            format!("went up to {to} ({}): {reason}", level.as_str())
        }
        Event::RequestAnswered { by, with, .. } => format!("answered by {by}{}", naming(*with)),
        Event::RequestClosed { reason, .. } => format!("needs no answer any more: {reason}"),
        Event::WaitBegun { agent, on, until, .. } => {
            format!("{agent} waits for {on}, until {until} at the longest")
        }
        Event::WaitEnded { .. } => "nobody waits for its answer any more".to_owned(),
        Event::BroadcastSent { from, text, copies, .. } => {
            format!("{from} tells {} agencies: {}", copies.len(), to_line(text, WORDS))
        }
        Event::BroadcastEnded { acknowledged, missing, .. } => {
            format!("{} have acknowledged it, {} have not", acknowledged.len(), missing.len())
        }
        Event::DigestStarted { ids, .. } => {
            format!("{} updates are being given together", ids.len())
        }
        _ => return None,
    })
}

fn naming(message: Option<MessageId>) -> String {
    message.map_or_else(String::new, |id| format!(" with {id}"))
}

fn handoff(event: &Event) -> Option<String> {
    Some(match event {
        Event::HandoffOffered { offer } => {
            let title = to_line(&offer.title, WORDS);
            format!("{} offers {} {title}, as {}", offer.from, offer.to, offer.task)
        }
        Event::HandoffAccepted { task, by, .. } => format!("{by} takes it, as {task}"),
        Event::HandoffDeclined { by, reason, .. } => format!("{by} does not take it: {reason}"),
        Event::HandoffAnswered { by, fix: None, .. } => format!("{by} has told the results"),
        Event::HandoffAnswered { by, fix: Some(task), .. } => {
            format!("{by} has told the results; {task} follows from them")
        }
        Event::HandoffWithdrawn { reason, .. } => format!("withdrawn: {reason}"),
        Event::HandedBranchMissed { branch, .. } => {
            format!("the branch {branch} is not in the receiver's project")
        }
        _ => return None,
    })
}
