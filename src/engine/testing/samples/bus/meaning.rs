//! Samples of what messages do: notes, finished tasks, locks.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::command::Actor;
use crate::domain::id::{LockId, TaskId};
use crate::domain::message::Priority;
use crate::domain::name::Address;
use crate::domain::protocol::LockKind;
use crate::engine::event::Event;
use crate::engine::locks::Wish;
use crate::engine::meaning::finishing::{End, Finishing};
use crate::engine::tasks::deciding::Herald;
use crate::engine::testing::{agent, id};

/// One of each.
pub fn events() -> Vec<Event> {
    [meanings(), locks()].concat()
}

fn meanings() -> Vec<Event> {
    let task = TaskId(1);
    let finishing = Box::new(Finishing {
        message: id(1),
        by: Actor::Agent(agent("Code/dev")),
        end: End::Submitted,
        words: Some("all of it".to_owned()),
        herald: Herald::Sender,
    });
    vec![
        Event::TaskNoted { task, note: "nearly there".to_owned() },
        Event::FinishAsked { task, finishing },
        Event::FinishEnded { task, refused: Some("it is dirty".to_owned()) },
    ]
}

fn locks() -> Vec<Event> {
    let lock = LockId(1);
    let wish = Box::new(Wish {
        id: lock,
        project: PathBuf::from("/project"),
        resource: "src/**".parse().expect("a path"),
        kind: LockKind::Exclusive,
        holder: Address::Agent(agent("Code/dev")),
        task: Some(TaskId(1)),
        reason: Some("a rewrite".to_owned()),
        length_s: 3_600,
        priority: Priority::High,
        asked_at: Timestamp::UNIX_EPOCH,
        message: Some(id(1)),
    });
    vec![
        Event::LockRequested { wish },
        Event::LockDenied { lock, reason: "held".to_owned(), waits: true },
        Event::LockGranted { lock, expires_at: Timestamp::UNIX_EPOCH },
        Event::LockReleased { lock, reason: None, changed: true },
        Event::LockExpired { lock },
    ]
}
