//! What holds for the engine as a whole.

use crate::engine::event::Event;
use crate::engine::state::State;
use crate::engine::testing::samples::{VARIANTS, events, place};

#[test]
fn every_event_is_read_as_it_was_written_and_has_a_sample() {
    let mut seen = [false; VARIANTS];
    for event in events() {
        seen[place(&event)] = true;
        let text = serde_json::to_string(&event).expect("written");
        assert_eq!(serde_json::from_str::<Event>(&text).expect("read"), event, "{text}");
        assert!(!event.subject().is_empty(), "{text}");
    }
    let missing: Vec<usize> = (0..VARIANTS).filter(|place| !seen[*place]).collect();
    assert_eq!(missing, [0_usize; 0], "variants without a sample");
}

#[test]
fn the_state_is_read_as_it_was_written() {
    let mut state = State::default();
    for event in events() {
        state.apply(&event, "2026-01-02T03:04:05Z".parse().expect("a time"));
        let text = serde_json::to_string(&state).expect("written");
        assert_eq!(serde_json::from_str::<State>(&text).expect("read"), state, "{event:?}");
    }
}
