//! Who carries out what the screen wants done: one thread for acts, in order, one for reading.
//!
//! Nothing is ever dropped; that a reading is not asked for twice is the model's care. Before an approval is signed, what would be signed is compared with what the person saw.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use serde_json::json;

use crate::domain::command::{Answer, Command};
use crate::domain::id::{ApprovalId, MessageId};
use crate::domain::message::{Draft, MessageType, Priority};
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::{LogFilter, MessageFilter, Query};
use crate::service::views::{ApprovalView, MessageStepView, MessageWholeView};
use crate::service::workbench::{DraftOptions, Workbench};
use crate::tui::msg::{Cmd, Msg, Paper, Posting, Seen};
use crate::tui::screens::approvals::seen as seen_of;
use crate::tui::screens::messages::PAST;

/// Events that the log screen holds: more than any screen shows.
const LOG_EVENTS: usize = 500;

/// The two threads.
pub struct Workers {
    acts: Sender<Cmd>,
    readings: Sender<Cmd>,
}

impl Workers {
    /// Starts them; what comes out goes to `results`.
    pub fn start(workbench: &Arc<Workbench>, results: &Sender<Msg>) -> std::io::Result<Self> {
        let acts = spawn("tui-acts", workbench, results)?;
        let readings = spawn("tui-reads", workbench, results)?;
        Ok(Self { acts, readings })
    }

    /// Has something done.
    pub fn carry_out(&self, cmd: Cmd) {
        let to = match &cmd {
            Cmd::LoadPaper { .. } | Cmd::LoadLog | Cmd::LoadPast { .. } | Cmd::Explain(_) => {
                &self.readings
            }
            Cmd::Approve { .. }
            | Cmd::Reject { .. }
            | Cmd::Send { .. }
            | Cmd::Post(_)
            | Cmd::Retry(_)
            | Cmd::Retake(_)
            | Cmd::Acknowledge(_)
            | Cmd::Attach { .. }
            | Cmd::Look(_)
            | Cmd::Press(_)
            | Cmd::Suspend
            | Cmd::Redraw
            | Cmd::Quit => &self.acts,
        };
        // A worker ends only with the screen itself.
        let _ = to.send(cmd);
    }
}

fn spawn(
    name: &str,
    workbench: &Arc<Workbench>,
    results: &Sender<Msg>,
) -> std::io::Result<Sender<Cmd>> {
    let (sender, orders) = channel::<Cmd>();
    let (workbench, results) = (Arc::clone(workbench), results.clone());
    let work = move || {
        let _alarm = Alarm(results.clone());
        while let Ok(cmd) = orders.recv() {
            let result = perform(&workbench, cmd);
            if result.is_some_and(|msg| results.send(msg).is_err()) {
                return;
            }
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(sender)
}

/// Ends the screen when a worker panics: it would wait for its result for ever.
struct Alarm(Sender<Msg>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.send(Msg::End);
        }
    }
}

fn perform(workbench: &Workbench, cmd: Cmd) -> Option<Msg> {
    match cmd {
        Cmd::LoadPaper { approval, paper } => {
            let query = match paper {
                Paper::Diff => Query::Diff { id: approval },
                Paper::Log => Query::ProofLog { id: approval },
            };
            let result = workbench.fetch(&query);
            Some(Msg::PaperLoaded { approval, paper, result })
        }
        Cmd::LoadLog => {
            let filter = LogFilter { limit: Some(LOG_EVENTS), ..LogFilter::default() };
            Some(Msg::LogLoaded(workbench.fetch(&Query::Log(filter))))
        }
        Cmd::Approve { approval, seen } => {
            let result = approve(workbench, approval, &seen);
            Some(Msg::Approved { approval, result })
        }
        Cmd::Reject { approval, feedback } => {
            let result = workbench.reject(approval, &feedback).map(in_words);
            Some(Msg::Rejected { approval, result })
        }
        Cmd::Send { to, text } => {
            let result = send(workbench, &to, text);
            Some(Msg::Sent { to, result })
        }
        Cmd::Post(_)
        | Cmd::Retry(_)
        | Cmd::Retake(_)
        | Cmd::Acknowledge(_)
        | Cmd::Explain(_)
        | Cmd::LoadPast { .. } => talk(workbench, cmd),
        Cmd::Attach { .. }
        | Cmd::Look(_)
        | Cmd::Press(_)
        | Cmd::Suspend
        | Cmd::Redraw
        | Cmd::Quit => None,
    }
}

/// What is done with messages.
fn talk(workbench: &Workbench, cmd: Cmd) -> Option<Msg> {
    Some(match cmd {
        Cmd::Post(posting) => {
            let result = post(workbench, &posting);
            Msg::Posted { to: posting.to, result }
        }
        Cmd::Retry(id) => {
            let result = workbench.ask(Command::RetryDelivery { id }).map(in_words);
            Msg::Handled { done: "it is tried again", result }
        }
        Cmd::Retake(id) => {
            let command = Command::RetryMessage { id, ttl_s: None, recalled: None };
            let result = workbench.ask(command).map(in_words);
            Msg::Handled { done: "it is taken once more", result }
        }
        Cmd::Acknowledge(id) => {
            let command = Command::AcknowledgeMessages { ids: vec![id] };
            let result = workbench.ask(command).map(in_words);
            Msg::Handled { done: "acknowledged", result }
        }
        Cmd::Explain(id) => {
            let result = workbench.fetch(&Query::Explain { subject: id.to_string() });
            Msg::Explained { id, result: result.map(|told| with_way(workbench, id, told)) }
        }
        Cmd::LoadPast { before } => {
            let filter = MessageFilter {
                before: Some(before),
                limit: Some(PAST),
                ..MessageFilter::default()
            };
            Msg::PastLoaded(workbench.fetch(&Query::Messages(Box::new(filter))))
        }
        _ => return None,
    })
}

/// What explains a message, and below it its way; without that, what explains it still counts.
fn with_way(workbench: &Workbench, id: MessageId, mut told: Vec<String>) -> Vec<String> {
    let whole: Result<MessageWholeView, Refusal> = workbench.fetch(&Query::MessageWhole { id });
    if let Ok(whole) = whole {
        told.push(String::new());
        let step = |step: &MessageStepView| {
            format!("{}  {}", step.at.strftime("%Y-%m-%d %H:%M:%SZ"), step.text)
        };
        told.extend(whole.history.iter().map(step));
    }
    told
}

/// Sends a letter by the rules of `agency send`.
fn post(workbench: &Workbench, posting: &Posting) -> Result<String, Refusal> {
    let usage = |code: &str, problem: String| Refusal::new(RefusalKind::Usage, code, problem);
    let to = Address::parse(&posting.to).map_err(|error| {
        usage("bad_address", error.to_string())
            .with_hint("write Agency/agent, Agency, operator or *")
    })?;
    let kind = posting.kind.as_deref().map(MessageType::parse).transpose();
    let options = DraftOptions {
        kind: kind.map_err(|error| usage("bad_type", error.to_string()))?,
        task: posting.task.clone(),
        // Where nothing is chosen the text may say it itself, as everywhere.
        priority: Some(posting.priority).filter(|priority| *priority != Priority::Normal),
        in_reply_to: posting.in_reply_to,
        ..DraftOptions::default()
    };
    let draft = workbench.draft(&to, &posting.text, &options)?;
    workbench.send(draft).map(|id| id.to_string())
}

fn approve(workbench: &Workbench, id: ApprovalId, seen: &Seen) -> Result<String, Refusal> {
    let now: ApprovalView = workbench.fetch(&Query::Approval { id })?;
    if seen_of(&now) != *seen {
        let words = format!("`{id}` is about another change than the one you looked at");
        let refusal = Refusal::new(RefusalKind::Conflict, "approval_changed", words);
        return Err(refusal.with_hint(format!("agency approvals show {id}")));
    }
    workbench.approve(id).map(in_words)
}

fn send(workbench: &Workbench, to: &AgentAddress, text: String) -> Result<String, Refusal> {
    let draft = Draft::new(MessageType::of_text(&text), Address::Agent(to.clone()), json!(text));
    workbench.send(draft).map(|id| id.to_string())
}

fn in_words(answer: Answer) -> String {
    match answer {
        Answer::Done => String::new(),
        Answer::Id(text) | Answer::Text(text) => text,
    }
}
