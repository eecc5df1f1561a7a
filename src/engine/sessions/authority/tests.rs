//! Each row of the table, and that nothing ever hides a question.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use AgentState::{Blocked, Idle, Limited, Permission, Starting, Unknown, Waiting, Working};

const HOOK: StateSource = StateSource::Hook;
const SCREEN: StateSource = StateSource::Screen;

fn heard(state: Option<AgentState>, settled: bool, at: i64) -> Heard {
    let signal = Signal { state, settled, ..Signal::default() };
    Heard { signal, at: Timestamp::from_second(at).expect("a time") }
}

fn told(state: AgentState) -> Heard {
    heard(Some(state), true, 10)
}

/// A screen that has settled after the report.
fn newer(state: Option<AgentState>) -> Heard {
    heard(state, true, 20)
}

/// A screen that has just changed.
fn fresh(state: Option<AgentState>) -> Heard {
    heard(state, false, 20)
}

/// A screen that had settled before the report.
fn older(state: Option<AgentState>) -> Heard {
    heard(state, true, 5)
}

fn of(told: Option<&Heard>, read: Option<&Heard>) -> (AgentState, StateSource) {
    let verdict = judge(told, read).expect("something is known");
    (verdict.state, verdict.source)
}

#[test]
fn of_one_source_its_word_counts_and_of_none_nothing_is_known() {
    assert_eq!(judge(None, None), None);
    assert_eq!(of(None, Some(&fresh(Some(Idle)))), (Idle, SCREEN));
    assert_eq!(of(None, Some(&fresh(None))), (Unknown, SCREEN));
    assert_eq!(of(Some(&told(Working)), None), (Working, HOOK));
    assert!(judge(None, Some(&newer(None))).expect("known").reason.is_some());
}

#[test]
fn what_the_screen_asks_for_beats_every_report() {
    for asks in [Permission, Waiting, Limited] {
        for said in [Idle, Working, Blocked, Starting, Unknown] {
            for read in [newer(Some(asks)), fresh(Some(asks)), older(Some(asks))] {
                assert_eq!(of(Some(&told(said)), Some(&read)), (asks, SCREEN), "{said:?}");
            }
        }
    }
}

#[test]
fn an_asking_report_stands_until_the_screen_has_settled_on_something_else() {
    for asks in [Permission, Waiting, Limited] {
        for shown in [Idle, Working] {
            let judged = |read: Heard| of(Some(&told(asks)), Some(&read));
            assert_eq!(judged(fresh(Some(shown))), (asks, HOOK));
            assert_eq!(judged(older(Some(shown))), (asks, HOOK));
            assert_eq!(judged(newer(Some(shown))), (shown, SCREEN));
        }
        for read in [newer(None), fresh(None)] {
            assert_eq!(of(Some(&told(asks)), Some(&read)), (asks, HOOK), "nobody knows better");
        }
    }
}

#[test]
fn idle_and_working_are_believed_until_a_newer_screen_has_settled() {
    for (said, shown) in [(Working, Idle), (Idle, Working)] {
        let judged = |read: Heard| of(Some(&told(said)), Some(&read));
        assert_eq!(judged(fresh(Some(shown))), (said, HOOK));
        assert_eq!(judged(older(Some(shown))), (said, HOOK));
        assert_eq!(judged(newer(Some(shown))), (shown, SCREEN));
    }
}

#[test]
fn a_settled_dialog_that_nobody_described_is_not_idle_but_may_be_work() {
    let judged = |said, read: Heard| of(Some(&told(said)), Some(&read));
    assert_eq!(judged(Idle, newer(None)), (Unknown, SCREEN));
    assert_eq!(judged(Idle, newer(Some(Unknown))), (Unknown, SCREEN));
    assert_eq!(judged(Idle, fresh(None)), (Idle, HOOK));
    assert_eq!(judged(Idle, older(None)), (Idle, HOOK));
    assert_eq!(judged(Working, newer(None)), (Working, HOOK));
    let verdict = judge(Some(&told(Idle)), Some(&newer(None))).expect("known");
    assert_eq!(verdict.reason.as_deref(), Some(UNDESCRIBED));
}

#[test]
fn who_is_blocked_stays_so_at_its_prompt_and_not_at_work() {
    assert_eq!(of(Some(&told(Blocked)), Some(&newer(Some(Idle)))), (Blocked, HOOK));
    assert_eq!(of(Some(&told(Blocked)), Some(&newer(Some(Working)))), (Working, SCREEN));
    assert_eq!(of(Some(&told(Blocked)), Some(&fresh(Some(Working)))), (Blocked, HOOK));
}

#[test]
fn a_report_that_knows_nothing_gives_way_to_a_screen_that_does() {
    for said in [Starting, Unknown] {
        assert_eq!(of(Some(&told(said)), Some(&fresh(Some(Idle)))), (Idle, SCREEN));
        assert_eq!(of(Some(&told(said)), Some(&newer(None))), (said, HOOK));
    }
}

#[test]
fn who_agrees_adds_what_only_it_knows() {
    let mut read = newer(Some(Limited));
    read.signal.evidence = Some("try again at 3pm".to_owned());
    read.signal.until = Some(Timestamp::UNIX_EPOCH);
    let verdict = judge(Some(&told(Limited)), Some(&read)).expect("known");
    assert_eq!((verdict.source, verdict.until), (HOOK, Some(Timestamp::UNIX_EPOCH)));
    assert_eq!(verdict.evidence, read.signal.evidence);
}

fn any_state() -> impl Strategy<Value = AgentState> {
    prop::sample::select(vec![
        Starting, Working, Idle, Waiting, Permission, Blocked, Limited, Unknown,
    ])
}

proptest! {
    #[test]
    fn a_screen_that_asks_never_comes_out_as_idle_or_working(
        said in prop::option::of(any_state()),
        asks in prop::sample::select(vec![Permission, Waiting, Limited]),
        is_settled: bool,
        told_at in 0..3_i64,
        read_at in 0..3_i64,
    ) {
        let told = said.map(|state| heard(Some(state), true, told_at));
        let (state, _) = of(told.as_ref(), Some(&heard(Some(asks), is_settled, read_at)));
        prop_assert!(!matches!(state, Idle | Working), "{said:?} {asks:?}: {state:?}");
    }
}
