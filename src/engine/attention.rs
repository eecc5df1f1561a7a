//! Attention: everything that waits for a person, as one list, most urgent first.
//!
//! It only reads the state: an entry disappears when what it asks for was done.

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::{AgentState, StateSource};
use crate::domain::approval::ApprovalState;
use crate::domain::id::TaskId;
use crate::domain::message::Priority;
use crate::domain::name::{Address, AgentAddress};
use crate::domain::task::TaskState;
use crate::engine::approvals::deciding::blocked_by;
use crate::engine::delivery::MAX_NUDGES;
use crate::engine::keeping::IGNORED;
use crate::engine::keeping::reminding::is_worth_a_look;
use crate::engine::mail::room;
use crate::engine::requests::{Level, Request, RequestKind};
use crate::engine::sessions::signal::OWN_WORD;
use crate::engine::sessions::{AgentRecord, Wanted, runtime_of};
use crate::engine::state::State;
use crate::engine::wording;

/// One thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it is.
    pub kind: WaitingKind,
    /// Approval id, agent, task id, message id or agency.
    pub subject: String,
    /// One line.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// What it blocks.
    pub blocks: Vec<String>,
}

/// Kinds of waiting, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingKind {
    /// An agent wants a permission.
    Permission,
    /// An agent's program shows a dialog, or cannot go on.
    Dialog,
    /// Nobody knows what an agent does, for a while already: it may sit in a dialog.
    Unknown,
    /// An agency's session cannot be made.
    Session,
    /// A hire or a dismissal cannot be carried out.
    Crew,
    /// An agent does not live any more and is not brought back by itself.
    DeadAgent,
    /// A delivery of which nobody knows whether it arrived, after all hints.
    UncertainDelivery,
    /// An approval.
    Approval,
    /// A request that nobody has answered on the way up.
    Escalation,
    /// A question.
    Question,
    /// A task whose agent cannot go on.
    BlockedTask,
    /// Two agents answered each other for ever and are kept apart.
    Loop,
    /// A mailbox is full: who writes to it is refused.
    FullMailbox,
    /// Work lies uncommitted, and its agent has ignored two reminders.
    Uncommitted,
    /// A provider holds an agent back: nothing to do but to know.
    Limited,
}

impl WaitingKind {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Dialog => "dialog",
            Self::Unknown => "unknown",
            Self::Session => "session",
            Self::Crew => "crew",
            Self::DeadAgent => "dead_agent",
            Self::UncertainDelivery => "uncertain_delivery",
            Self::Approval => "approval",
            Self::Escalation => "escalation",
            Self::Question => "question",
            Self::BlockedTask => "blocked_task",
            Self::Loop => "loop",
            Self::FullMailbox => "full_mailbox",
            Self::Uncommitted => "uncommitted",
            Self::Limited => "limited",
        }
    }
}

/// An agent may be unknown so long before it is worth a look: screens are drawn in pieces.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_mins(1);

/// The list: by kind, then whoever has waited longest.
pub fn waiting(state: &State, now: Timestamp) -> Vec<Waiting> {
    let mut list = Vec::new();
    agencies(state, now, &mut list);
    crews(state, &mut list);
    deliveries(state, &mut list);
    approvals(state, &mut list);
    escalations(state, &mut list);
    questions(state, &mut list);
    tasks(state, &mut list);
    loops(state, &mut list);
    full_mailboxes(state, &mut list);
    uncommitted(state, &mut list);
    list.sort_by_key(|waiting| (waiting.kind, waiting.since));
    list
}

fn agencies(state: &State, now: Timestamp, list: &mut Vec<Waiting>) {
    for (name, agency) in
        state.sessions.live().filter(|(_, agency)| agency.wanted == Wanted::Running)
    {
        if let Some(trouble) = &agency.trouble {
            list.push(Waiting {
                kind: WaitingKind::Session,
                subject: name.to_string(),
                text: trouble.problem.clone(),
                since: trouble.since,
                blocks: Vec::new(),
            });
        }
        for (agent, record) in &agency.agents {
            let address = AgentAddress::new(name.clone(), agent.clone());
            list.extend(agent_waiting(state, &address, record, now));
        }
    }
}

fn crews(state: &State, list: &mut Vec<Waiting>) {
    for (name, agency) in state.sessions.live().filter(|(_, agency)| agency.is_staying()) {
        if let (Some(trouble), Some(text)) = (&agency.crew.trouble, agency.crew.complaint()) {
            list.push(Waiting {
                kind: WaitingKind::Crew,
                subject: name.to_string(),
                text,
                since: trouble.since,
                blocks: Vec::new(),
            });
        }
    }
}

fn agent_waiting(
    state: &State,
    address: &AgentAddress,
    record: &AgentRecord,
    now: Timestamp,
) -> Option<Waiting> {
    let since = record.since.unwrap_or(Timestamp::UNIX_EPOCH);
    let kind = match record.state {
        AgentState::Permission => WaitingKind::Permission,
        AgentState::Limited => WaitingKind::Limited,
        // An agent that says so itself waits for its messages; a program's dialog waits for a person.
        AgentState::Waiting | AgentState::Blocked if record.rule.as_deref() != Some(OWN_WORD) => {
            WaitingKind::Dialog
        }
        AgentState::Exited => WaitingKind::DeadAgent,
        // A crash is brought back by itself; what keeps crashing needs a look.
        AgentState::Crashed if record.short_lives > 2 => WaitingKind::DeadAgent,
        // Of a program that nobody can ask nothing else was ever expected.
        AgentState::Unknown
            if record.source != StateSource::Process
                && now.duration_since(since) >= UNKNOWN_FOR =>
        {
            WaitingKind::Unknown
        }
        _ => return None,
    };
    let blocks = state.tasks.current_of(address).map(|task| task.id.to_string());
    Some(Waiting {
        kind,
        subject: address.to_string(),
        text: agent_text(record),
        since,
        blocks: blocks.into_iter().collect(),
    })
}

/// Why, in the words of whoever told it; else what the rule met on the screen.
fn agent_text(record: &AgentRecord) -> String {
    let words = record.reason.clone().or_else(|| record.evidence.clone());
    let until = record.until.filter(|_| record.state == AgentState::Limited);
    match (until, words) {
        (Some(until), Some(words)) => format!("until {until:.0}: {words}"),
        (Some(until), None) => format!("until {until:.0}"),
        (None, Some(words)) => words,
        (None, None) => record.state.as_str().to_owned(),
    }
}

fn deliveries(state: &State, list: &mut Vec<Waiting>) {
    for (agent, nudge) in &state.mail.nudges {
        let is_typed = runtime_of(state, agent).is_some_and(|runtime| runtime.input_line.is_some());
        let text = match is_typed {
            // The agent may look for itself yet.
            true if nudge.told() < MAX_NUDGES => continue,
            true => format!("{agent} may not have got it after {} hints", nudge.shown),
            false => format!("{agent} may not have got it, and nothing can be typed to it"),
        };
        let ids = state.mail.waiting.get(agent).map(Vec::as_slice).unwrap_or_default();
        let doubtful = ids
            .iter()
            .filter_map(|id| state.mail.messages.get(id))
            .filter(|record| record.is_uncertain);
        for record in doubtful {
            list.push(Waiting {
                kind: WaitingKind::UncertainDelivery,
                subject: record.message.id.to_string(),
                text: text.clone(),
                since: record.message.sent_at,
                blocks: Vec::new(),
            });
        }
    }
}

fn approvals(state: &State, list: &mut Vec<Waiting>) {
    for record in state.approvals.approvals.values().filter(|record| record.state.is_waiting()) {
        let submission = state.submissions.submissions.get(&record.submission);
        let title = submission.map(|r| r.submission.title.clone()).unwrap_or_default();
        let text = match (record.state, &record.reason) {
            (ApprovalState::Waiting, _) | (_, None) => title,
            (_, Some(reason)) => format!("{title}: {reason}"),
        };
        let tasks = submission.map(|r| r.submission.tasks.clone()).unwrap_or_default();
        list.push(Waiting {
            kind: WaitingKind::Approval,
            subject: record.id.to_string(),
            text,
            since: record.opened_at,
            blocks: blocked_by(state, &tasks).iter().map(ToString::to_string).collect(),
        });
    }
}

/// Requests that came up to the operator; what the operator was asked at first is among the questions.
fn escalations(state: &State, list: &mut Vec<Waiting>) {
    let open = state.requests.open.values();
    for request in open.filter(|request| has_come_up(request)) {
        let Request { asker, asked, kind, text, .. } = request;
        let tasks: Vec<TaskId> = request.task.into_iter().collect();
        let after = blocked_by(state, &tasks);
        list.push(Waiting {
            kind: WaitingKind::Escalation,
            subject: request.id.to_string(),
            text: format!("{asker} has no answer from {asked} ({}): {text}", kind.as_str()),
            since: request.opened_at,
            blocks: tasks.iter().chain(&after).map(ToString::to_string).collect(),
        });
    }
}

fn has_come_up(request: &Request) -> bool {
    request.level == Level::Operator && request.asked != Address::Operator
}

fn questions(state: &State, list: &mut Vec<Waiting>) {
    let records = state.mail.for_operator.iter().filter_map(|id| state.mail.messages.get(id));
    let is_settled = |record: &&crate::engine::mail::MessageRecord| {
        let request = state.requests.find(record.message.id);
        request.is_some_and(|request| request.end.is_some())
    };
    for record in records
        .filter(|record| matches!(record.message.kind.as_str(), "question" | "blocked" | "blocker"))
        .filter(|record| !is_settled(record))
    {
        list.push(Waiting {
            kind: WaitingKind::Question,
            subject: record.message.id.to_string(),
            text: format!("{}: {}", record.message.from, wording::body_line(&record.message.body)),
            since: record.message.sent_at,
            blocks: record.message.task.clone().into_iter().collect(),
        });
    }
}

fn tasks(state: &State, list: &mut Vec<Waiting>) {
    let has_come_up = |task: &TaskId| {
        let mut open = state.requests.open.values();
        open.any(|request| request.task == Some(*task) && is_escalated_blocker(request))
    };
    for task in state.tasks.tasks.values().filter(|task| task.state == TaskState::Blocked) {
        // It is on the list already, with who has not helped.
        if has_come_up(&task.id) {
            continue;
        }
        list.push(Waiting {
            kind: WaitingKind::BlockedTask,
            subject: task.id.to_string(),
            text: task.note.clone().unwrap_or_default(),
            since: task.since,
            blocks: blocked_by(state, &[task.id]).iter().map(ToString::to_string).collect(),
        });
    }
}

fn is_escalated_blocker(request: &Request) -> bool {
    request.kind == RequestKind::Blocker && has_come_up(request)
}

fn loops(state: &State, list: &mut Vec<Waiting>) {
    for (pair, mute) in &state.traffic.muted {
        let [one, other] = pair.both();
        list.push(Waiting {
            kind: WaitingKind::Loop,
            subject: one.to_string(),
            text: format!(
                "{one} and {other} wrote to each other {} times without progress; kept apart until {:.0}: agency queue release {pair}",
                mute.turns, mute.until
            ),
            since: mute.since,
            blocks: Vec::new(),
        });
    }
}

fn full_mailboxes(state: &State, list: &mut Vec<Waiting>) {
    let full = |subject: String, waiting: usize, since: Option<Timestamp>| Waiting {
        kind: WaitingKind::FullMailbox,
        text: format!("{waiting} messages wait for {subject}: no more are taken"),
        subject,
        since: since.unwrap_or(Timestamp::UNIX_EPOCH),
        blocks: Vec::new(),
    };
    for agent in state.mail.queues.keys() {
        if room::left_for(state, agent, Priority::Normal) == 0 {
            let oldest = room::oldest_for(state, agent);
            list.push(full(agent.to_string(), state.mail.depth(agent), oldest));
        }
    }
    if room::left_for_operator(state) == 0 {
        let oldest = room::oldest_for_operator(state);
        let waiting = room::waiting_for_operator(state);
        list.push(full("operator".to_owned(), waiting, oldest));
    }
}

fn uncommitted(state: &State, list: &mut Vec<Waiting>) {
    let ignored = state.keeping.works.iter().filter(|(_, work)| work.reminders >= IGNORED);
    for (task, work) in ignored.filter(|(task, _)| is_worth_a_look(state, **task)) {
        let Some(since) = work.since else { continue };
        list.push(Waiting {
            kind: WaitingKind::Uncommitted,
            subject: task.to_string(),
            text: format!("{} has not committed {}", work.agent, work.files.join(", ")),
            since,
            blocks: Vec::new(),
        });
    }
}
