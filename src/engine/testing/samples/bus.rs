//! Samples of the events of the message bus: requests, handoffs, locks, queues, cadences.

use jiff::Timestamp;

use serde_json::{from_value, json};

use super::message;
use crate::domain::cadence::Beat;
use crate::domain::id::{HandoffId, TaskId};
use crate::domain::message::{MessageState, Priority};
use crate::domain::name::Address;
use crate::domain::protocol::{Handoff, Results};
use crate::domain::request::{Level, RequestKind};
use crate::engine::event::Event;
use crate::engine::handoffs::Offer;
use crate::engine::mail::door::Hold;
use crate::engine::requests::broadcasts::Copied;
use crate::engine::testing::{agent, id, name};
use crate::engine::traffic::Pair;

mod meaning;

/// One of each.
pub fn events() -> Vec<Event> {
    let mut all = Vec::new();
    all.extend(requests());
    all.extend(meaning::events());
    all.extend(handoffs());
    all.push(digest());
    all.extend(by_the_clock());
    all.extend(queues());
    all
}

fn requests() -> Vec<Event> {
    let (from, to) = (Address::Agent(agent("Code/dev")), Address::Agent(agent("Code/lead")));
    vec![
        Event::RequestOpened {
            id: id(1),
            kind: RequestKind::Question,
            asker: from.clone(),
            asked: to.clone(),
            task: Some(TaskId(1)),
            priority: Priority::High,
            due: Some(Timestamp::UNIX_EPOCH),
            text: "which port?".to_owned(),
            level: Level::Coordinator,
        },
        Event::WaitBegun {
            question: id(1),
            agent: agent("Code/dev"),
            on: agent("Code/lead"),
            spawn: Some(id(9)),
            until: Timestamp::MAX,
        },
        Event::WaitEnded { question: id(1) },
        Event::RequestRenewed {
            id: id(1),
            message: id(3),
            priority: Priority::High,
            due: None,
            text: "TASK-001 is blocked: still no key".to_owned(),
        },
        Event::RequestChased { id: id(1), to, message: Some(id(2)) },
        Event::RequestEscalated {
            id: id(1),
            level: Level::Operator,
            to: Address::Operator,
            reason: "late".to_owned(),
            skipped: vec!["nobody".to_owned()],
            message: None,
        },
        Event::RequestAnswered { id: id(1), by: Address::Operator, with: Some(id(3)) },
        Event::RequestClosed { id: id(1), reason: "given up".to_owned() },
        Event::BroadcastSent {
            id: id(4),
            from,
            text: "freeze".to_owned(),
            action_required: Some("stop".to_owned()),
            by: Some(Timestamp::UNIX_EPOCH),
            copies: vec![Copied { message: id(4), agent: agent("QA/head") }],
        },
        Event::BroadcastEnded {
            id: id(4),
            acknowledged: Vec::new(),
            missing: vec![agent("QA/head")],
            report: Some(id(5)),
        },
    ]
}

fn queues() -> Vec<Event> {
    let pair = Pair::of(&agent("Code/dev"), &agent("Code/lead"));
    let hold = Hold::Room(Some(agent("Code/dev")));
    vec![
        Event::MessageRevived {
            message: Box::new(message(7, "QA/head", "Code/dev", "hello")),
            to: Some(agent("Code/dev")),
            was: MessageState::Dead,
        },
        Event::DoorHeld {
            hold: hold.clone(),
            file: "a.json".to_owned(),
            code: "mailbox_full".to_owned(),
            message: "1000 messages wait".to_owned(),
        },
        Event::DoorReleased { hold },
        Event::DoorRetried { file: "a.json".to_owned() },
        Event::LoopStopped { pair: pair.clone(), turns: 13, until: Timestamp::UNIX_EPOCH },
        Event::LoopReleased { pair },
    ]
}

fn digest() -> Event {
    Event::DigestStarted {
        id: id(7),
        agent: agent("Code/dev"),
        spawn: id(2),
        channel: false,
        ids: vec![id(1), id(3)],
        text: "[agency] digest".to_owned(),
    }
}

fn by_the_clock() -> Vec<Event> {
    let (beat, due) = (Beat::Weekly, Timestamp::UNIX_EPOCH);
    vec![
        Event::CadenceRan { beat, period: "2026-W47".to_owned(), due },
        Event::StatusAsked { agent: agent("Code/dev"), message: id(1) },
        Event::StuckTold { agency: name("Code"), count: 2 },
        Event::CheckInOpened {
            agency: name("Code"),
            day: "2026-11-21".to_owned(),
            until: due,
            asked: vec![(agent("Code/dev"), id(1))],
        },
        Event::MeetingHeld {
            meeting: "weekly/2026-W47-digest".to_owned(),
            beat,
            agency: None,
            summary: "Digest".to_owned(),
            text: "# Digest".to_owned(),
        },
        Event::MeetingWritten { meeting: "weekly/2026-W47-digest".to_owned(), file: "x".into() },
    ]
}

fn handoffs() -> Vec<Event> {
    let (handoff, message) = (HandoffId(1), Some(id(7)));
    let by = Address::Agency(name("QA"));
    let terms: Handoff =
        from_value(json!({ "task": "TASK-001", "branch": "feature/x" })).expect("a handoff");
    let found = json!({ "task": "TASK-001", "status": "issues_found", "bugs": 3, "more": 1 });
    let results: Results = from_value(found).expect("results");
    let offer = Offer {
        id: handoff,
        message: id(6),
        from: Address::Agency(name("Code")),
        to: name("QA"),
        task: TaskId(2),
        origin: Some(TaskId(1)),
        title: "Auth".to_owned(),
        terms,
        first: handoff,
        round: 1,
        answer_by: jiff::Timestamp::UNIX_EPOCH,
        replaces: None,
    };
    vec![
        Event::HandoffOffered { offer: Box::new(offer) },
        Event::HandoffAccepted {
            id: handoff,
            task: TaskId(2),
            by: by.clone(),
            message,
            estimated_completion: Some(jiff::Timestamp::UNIX_EPOCH),
            notes: Some("soon".to_owned()),
        },
        Event::HandoffDeclined {
            id: handoff,
            by: by.clone(),
            message,
            reason: "no time".to_owned(),
        },
        Event::HandoffAnswered {
            id: handoff,
            by,
            message: id(8),
            results: Box::new(results),
            fix: Some(TaskId(3)),
        },
        Event::HandoffWithdrawn { id: handoff, reason: "HO-002 replaces it".to_owned() },
        Event::HandedBranchMissed { id: handoff, task: TaskId(2), branch: "feature/x".to_owned() },
    ]
}
