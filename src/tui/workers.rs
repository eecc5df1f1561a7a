//! Who carries out what the screen wants done: one thread for acts, in order, one for reading.
//!
//! Nothing is ever dropped; that a reading is not asked for twice is the model's care. Before an approval is signed, what would be signed is compared with what the person saw.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use serde_json::json;

use crate::domain::command::Answer;
use crate::domain::id::ApprovalId;
use crate::domain::message::{Draft, MessageType};
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::{LogFilter, Query};
use crate::service::views::ApprovalView;
use crate::service::workbench::Workbench;
use crate::tui::msg::{Cmd, Msg, Paper, Seen};
use crate::tui::screens::approvals::seen as seen_of;

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
            Cmd::LoadPaper { .. } | Cmd::LoadLog => &self.readings,
            Cmd::Approve { .. }
            | Cmd::Reject { .. }
            | Cmd::Send { .. }
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
        Cmd::Attach { .. }
        | Cmd::Look(_)
        | Cmd::Press(_)
        | Cmd::Suspend
        | Cmd::Redraw
        | Cmd::Quit => None,
    }
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
