//! What programs tell and screens show, as it becomes the state that everybody sees.

use proptest::prelude::*;

use crate::domain::agency::{AgentState, StateSource};
use crate::domain::command::{Actor, Command};
use crate::domain::runtime::Runtime;
use crate::domain::runtime::report::Told;
use crate::domain::runtime::screen::Reading;
use crate::engine::attention::{self, WaitingKind};
use crate::engine::event::Event;
use crate::engine::input::{Input, Ticket};
use crate::engine::sessions::AgentRecord;
use crate::engine::testing::program::{DEV, of_conversation, program, showing, telling};
use crate::engine::testing::{World, agent, code_of, definition, id, name};
use crate::ports::terminals::PaneLife;

fn record(world: &World) -> &AgentRecord {
    world.state.sessions.agent(&agent(DEV)).expect("known")
}

fn conversation(world: &World) -> Option<&str> {
    record(world).conversation.as_ref().map(|known| known.id.as_str())
}

#[test]
fn an_agent_starts_until_something_is_told_or_recognised() {
    let mut world = World::of_program(program());
    assert_eq!(world.dev(), AgentState::Starting);
    assert_eq!(world.shows(None, false).events.len(), 0, "it is being drawn");
    assert_eq!(world.dev(), AgentState::Starting);
    world.shows(None, true);
    assert_eq!(world.dev(), AgentState::Unknown, "it asks something that no rule knows");
    world.shows(showing(AgentState::Idle), false);
    assert_eq!(world.dev(), AgentState::Idle);
    assert_eq!(record(&world).rule.as_deref(), Some("shown idle"));
}

#[test]
fn a_dialog_that_no_rule_knows_stays_unknown_while_it_moves() {
    let mut world = World::of_program(program());
    world.tells(telling(AgentState::Idle));
    world.shows(None, false);
    assert_eq!(world.dev(), AgentState::Idle, "a moment proves nothing");
    world.shows(None, true);
    assert_eq!(world.dev(), AgentState::Unknown);
    assert_eq!(world.shows(None, false).events.len(), 0);
    assert_eq!(world.dev(), AgentState::Unknown);
    world.tells(telling(AgentState::Idle));
    assert_eq!(world.dev(), AgentState::Idle);
}

#[test]
fn a_dialog_counts_as_long_as_it_is_shown_whatever_is_told() {
    let mut world = World::of_program(program());
    world.tells(telling(AgentState::Working));
    world.shows(showing(AgentState::Permission), false);
    for state in [AgentState::Permission, AgentState::Working, AgentState::Idle] {
        world.tells(telling(state));
        assert_eq!(world.dev(), AgentState::Permission);
    }
    world.tells(telling(AgentState::Working));
    world.shows(showing(AgentState::Working), false);
    assert_eq!(world.dev(), AgentState::Working);
}

#[test]
fn an_interrupt_that_no_hook_tells_is_seen_when_the_screen_has_settled() {
    let mut world = World::of_program(program());
    world.tells(telling(AgentState::Working));
    world.shows(showing(AgentState::Idle), false);
    assert_eq!(world.dev(), AgentState::Working);
    world.shows(showing(AgentState::Idle), true);
    assert_eq!((world.dev(), record(&world).source), (AgentState::Idle, StateSource::Screen));
}

#[test]
fn only_what_anybody_sees_is_news() {
    let mut world = World::of_program(program());
    assert_eq!(world.tells(telling(AgentState::Working)).events.len(), 1);
    let since = record(&world).since;
    let other = Told { rule: "another".to_owned(), ..telling(AgentState::Working) };
    assert_eq!(world.tells(other).events.len(), 0);
    // A screen that flickers beneath a report.
    for _ in 0..3 {
        assert_eq!(world.shows(None, false).events.len(), 0);
        assert_eq!(world.shows(showing(AgentState::Working), false).events.len(), 0);
    }
    let until = "2026-01-02T05:00:00Z".parse().ok();
    let limited = Reading { until, ..showing(AgentState::Limited).expect("a reading") };
    assert_eq!(world.shows(Some(limited.clone()), true).events.len(), 1);
    assert_ne!(record(&world).since, since);
    let seen = Reading { evidence: "retry in 4 s".to_owned(), ..limited.clone() };
    assert_eq!(world.shows(Some(seen), true).events.len(), 0);
    let later = Reading { until: "2026-01-02T06:00:00Z".parse().ok(), ..limited };
    assert_eq!(world.shows(Some(later), true).events.len(), 1);
}

#[test]
fn only_the_present_life_is_heard_and_its_words_end_with_it() {
    let mut world = World::of_program(program());
    let stale = |state| Input::Told {
        ticket: Ticket(0),
        actor: Actor::Agent(agent(DEV)),
        spawn: id(3),
        told: telling(state),
    };
    assert_eq!(world.feed(stale(AgentState::Idle)).events.len(), 0);
    let (agent_of, reading) = (agent(DEV), showing(AgentState::Idle));
    let stale = Input::ScreenRead { agent: agent_of, spawn: id(3), reading, is_settled: true };
    assert_eq!(world.feed(stale).events.len(), 0);
    world.shows(showing(AgentState::Permission), true);
    world.look(|panes| {
        panes.iter_mut().for_each(|pane| {
            pane.life = PaneLife::Dead { status: Some(0), signal: None };
        });
    });
    assert_eq!(world.dev(), AgentState::Exited, "a dead pane beats what was shown");
    assert_eq!((&record(&world).told, &record(&world).read), (&None, &None));
}

#[test]
fn nobody_but_the_agent_tells_how_it_is() {
    let mut world = World::of_program(program());
    let spawn = world.spawn_of(DEV).expect("a life");
    let told = telling(AgentState::Idle);
    let turn = world.feed(Input::Told { ticket: Ticket(1), actor: Actor::Operator, spawn, told });
    assert_eq!(code_of(turn.replies[0].1.clone()), "agent_only");
    let event = Command::ReportEvent { spawn, event: "Stop".to_owned(), payload: "{}".to_owned() };
    assert_eq!(code_of(world.agent(DEV, event)), "not_read");
}

#[test]
fn a_program_run_inside_the_agents_work_is_not_the_agent() {
    let mut world = World::of_program(program());
    world.tells(of_conversation("outer", AgentState::Working));
    let turn = world.tells(of_conversation("inner", AgentState::Idle));
    assert_eq!((turn.events.len(), turn.replies.len()), (0, 1), "{turn:?}");
    assert_eq!((world.dev(), conversation(&world)), (AgentState::Working, Some("outer")));
    world.tells(of_conversation("outer", AgentState::Idle));
    world.tells(of_conversation("cleared", AgentState::Idle));
    assert_eq!(conversation(&world), Some("cleared"));
}

#[test]
fn a_conversation_outlives_lives_and_stops_and_ends_with_the_runtime() {
    let mut world = World::of_program(program());
    world.tells(of_conversation("one", AgentState::Idle));
    let names = || vec![name("Code")];
    world.operator(Command::StopAgencies { names: names() }).expect("stopped");
    world.operator(Command::StartAgencies { names: names() }).expect("started");
    world.open_panes();
    assert_eq!(conversation(&world), Some("one"));
    world.tells(of_conversation("two", AgentState::Working));
    assert_eq!(conversation(&world), Some("two"), "the first of a life is its own");
    world.define(definition("Code", &["lead", "dev"]));
    assert_eq!(conversation(&world), None);
    world.tells(of_conversation("three", AgentState::Idle));
    assert_eq!(conversation(&world), None, "it is of the program that was");
}

#[test]
fn who_is_unknown_for_a_minute_is_worth_a_look_and_a_limit_says_until_when() {
    let mut world = World::of_program(program());
    world.shows(None, true);
    let kinds = |world: &World| -> Vec<WaitingKind> {
        attention::waiting(&world.state, world.at).iter().map(|one| one.kind).collect()
    };
    world.wait_ms(59_000);
    assert_eq!(kinds(&world), []);
    world.wait_ms(1_000);
    assert_eq!(kinds(&world), [WaitingKind::Unknown]);
    let until = "2026-01-02T05:00:00Z".parse().ok();
    let limited = Reading { until, ..showing(AgentState::Limited).expect("a reading") };
    world.shows(Some(limited), true);
    let waiting = attention::waiting(&world.state, world.at);
    assert_eq!(waiting[0].text, "until 2026-01-02T05:00:00Z: what was seen");
}

#[test]
fn a_limit_whose_time_has_come_is_not_read_as_tomorrows() {
    let mut world = World::of_program(program());
    let limited = |until| Reading { until, ..showing(AgentState::Limited).expect("a reading") };
    world.shows(Some(limited("2026-01-02T03:05:00Z".parse().ok())), true);
    world.wait_ms(120_000);
    let turn = world.shows(Some(limited("2026-01-03T03:05:00Z".parse().ok())), true);
    assert_eq!(turn.events.len(), 0);
    assert!(record(&world).is_past_limit(world.at));
}

#[test]
fn a_permission_is_shown_with_what_is_asked() {
    let mut world = World::of_program(program());
    let reason = Some("may I run `make`?".to_owned());
    world.tells(Told { reason, ..telling(AgentState::Permission) });
    world.shows(showing(AgentState::Permission), true);
    let waiting = attention::waiting(&world.state, world.at);
    assert_eq!(waiting[0].text, "may I run `make`?");
}

#[test]
fn a_screen_is_read_only_where_rules_read_it() {
    let mut world = World::of_program(Runtime { reads_screen: false, ..program() });
    assert_eq!(world.shows(showing(AgentState::Idle), true).events.len(), 0);
}

#[test]
fn a_ledger_from_before_the_sources_were_weighed_still_folds() {
    let mut world = World::of_program(program());
    let old = r#"{"event":"agent_state_changed","agent":"Code/dev","state":"blocked","source":"hook","reason":"why"}"#;
    let event: Event = serde_json::from_str(old).expect("read");
    world.state.apply(&event, world.at);
    assert_eq!((world.dev(), record(&world).reason.as_deref()), (AgentState::Blocked, Some("why")));
    for old in [
        r#"{"event":"delivery_deferred","id":"00000000-0000-0000-0000-000000000001","reason":"x"}"#,
        r#"{"event":"delivery_started","id":"00000000-0000-0000-0000-000000000001","spawn":"00000000-0000-0000-0000-000000000002"}"#,
    ] {
        serde_json::from_str::<Event>(old).expect("read");
    }
}

#[derive(Debug, Clone)]
enum Word {
    Told(AgentState),
    Shown(Option<AgentState>, bool),
}

fn any_word() -> impl Strategy<Value = Word> {
    let states = || {
        prop::sample::select(vec![
            AgentState::Working,
            AgentState::Idle,
            AgentState::Waiting,
            AgentState::Permission,
            AgentState::Blocked,
            AgentState::Limited,
        ])
    };
    prop_oneof![
        states().prop_map(Word::Told),
        (prop::option::of(states()), any::<bool>())
            .prop_map(|(state, settled)| Word::Shown(state, settled)),
    ]
}

proptest! {
    #[test]
    fn what_is_asked_on_the_screen_is_never_hidden(words in prop::collection::vec(any_word(), 1..20)) {
        let mut world = World::of_program(program());
        let mut shown = None;
        for word in words {
            match word {
                Word::Told(state) => {
                    world.tells(telling(state));
                }
                Word::Shown(state, is_settled) => {
                    world.shows(state.and_then(showing), is_settled);
                    shown = state;
                }
            }
            if crate::engine::sessions::authority::is_asking(shown) {
                let state = world.dev();
                prop_assert!(!matches!(state, AgentState::Idle | AgentState::Working), "{state:?}");
            }
        }
    }
}
