//! What every set of queues must do; run on the fake and on the real one.

use std::sync::mpsc::channel;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::message::DeadReason;
use crate::domain::name::AgentAddress;
use crate::ports::mailboxes::{DoorContent, Mailboxes};

/// Longest wait for a hint: far over any latency, so that only a lost one fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The agent that the assertions write to; a real queue has to have its agency's folder.
pub fn agent() -> AgentAddress {
    "Code/dev-1".parse().expect("an address")
}

/// A reason.
pub fn reason() -> DeadReason {
    let at = "2026-01-02T03:04:05Z".parse().expect("a time");
    DeadReason::new("not_json", "it is no JSON", at)
}

/// Runs every assertion on fresh, empty queues.
pub fn holds(make: &dyn Fn() -> Box<dyn Mailboxes>) {
    the_door_gives_the_oldest_first_until_it_is_cleared(make().as_ref());
    what_is_buried_at_the_door_is_counted_and_gone(make().as_ref());
    a_letter_goes_from_new_to_cur_to_dead(make().as_ref());
    a_drop_gives_a_hint(make().as_ref());
}

fn the_door_gives_the_oldest_first_until_it_is_cleared(queues: &dyn Mailboxes) {
    assert_eq!(queues.look_at_door(10).unwrap(), []);
    assert_eq!(queues.door_counts().unwrap(), (0, 0));
    let second = queues.drop_at_door(Uuid::from_u128(2), "two").unwrap();
    let first = queues.drop_at_door(Uuid::from_u128(1), "one").unwrap();
    let items = queues.look_at_door(10).unwrap();
    let files: Vec<_> = items.iter().map(|item| item.file.as_str()).collect();
    assert_eq!(files, [first.as_str(), second.as_str()]);
    assert_eq!(items[0].content, DoorContent::Bytes(b"one".to_vec()));
    assert_eq!(queues.look_at_door(1).unwrap(), items[..1]);
    assert_eq!(queues.door_counts().unwrap(), (2, 0));
    queues.clear_from_door(&first).unwrap();
    queues.clear_from_door(&first).unwrap();
    assert_eq!(queues.look_at_door(10).unwrap(), items[1..]);
}

fn what_is_buried_at_the_door_is_counted_and_gone(queues: &dyn Mailboxes) {
    let file = queues.drop_at_door(Uuid::from_u128(1), "{").unwrap();
    for _ in 0..2 {
        queues.bury_from_door(&file, &reason()).unwrap();
        assert_eq!(queues.look_at_door(10).unwrap(), []);
        assert_eq!(queues.door_counts().unwrap(), (0, 1));
    }
    // The same name again is another file.
    queues.drop_at_door(Uuid::from_u128(1), "[").unwrap();
    queues.bury_from_door(&file, &reason()).unwrap();
    assert_eq!(queues.door_counts().unwrap(), (0, 2));
}

fn a_letter_goes_from_new_to_cur_to_dead(queues: &dyn Mailboxes) {
    let (agent, id) = (agent(), Uuid::from_u128(7));
    let lies_in = |tray: &str| {
        let path = queues.path_of(&agent, id);
        path.parent().is_some_and(|folder| folder.ends_with(tray))
    };
    assert!(queues.mark_delivered(&agent, id).is_err());
    assert!(queues.bury(&agent, id, &reason()).is_err());
    for _ in 0..2 {
        queues.put(&agent, id, "hello").unwrap();
        assert!(lies_in("new"));
    }
    for _ in 0..2 {
        queues.mark_delivered(&agent, id).unwrap();
        queues.put(&agent, id, "hello").unwrap();
        assert!(lies_in("cur"));
    }
    for _ in 0..2 {
        queues.bury(&agent, id, &reason()).unwrap();
        assert!(lies_in("dead"));
    }
}

fn a_drop_gives_a_hint(queues: &dyn Mailboxes) {
    let (sender, hints) = channel();
    queues.watch_door(Box::new(move || sender.send(()).unwrap_or(()))).unwrap();
    queues.drop_at_door(Uuid::from_u128(9), "knock").unwrap();
    hints.recv_timeout(PATIENCE).expect("a hint");
}
