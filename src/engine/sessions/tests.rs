//! What becomes of agencies and panes.

mod surviving;

use crate::domain::agency::{AgencyState, AgentState};
use crate::domain::command::{Actor, Command};
use crate::domain::name::Name;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Timer};
use crate::engine::sessions::Wanted;
use crate::engine::testing::{
    Turn, World, agent, code_of, contract, definition, id, name, sending,
};
use crate::ports::terminals::{PaneId, PaneLife, Sighting};

fn spawned(turn: &Turn) -> usize {
    turn.events(|event| matches!(event, Event::AgentSpawned { .. }))
}

fn ensured(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::EnsureSession { .. }))
}

fn closed(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::CloseSession { .. }))
}

fn wakes(turn: &Turn, world: &World) -> Vec<i64> {
    let wakes = turn.effects.iter().filter_map(|effect| match effect {
        Effect::WakeAt { at, timer: Timer::Ensure { .. } } => {
            Some(at.as_millisecond() - world.at.as_millisecond())
        }
        _ => None,
    });
    wakes.collect()
}

fn code() -> Vec<Name> {
    vec![name("Code")]
}

fn dead(status: Option<i32>, signal: Option<i32>) -> PaneLife {
    PaneLife::Dead { status, signal }
}

/// `Code/dev` loses its pane that way.
fn lose(world: &mut World, life: PaneLife) -> Turn {
    world.look(|panes| {
        panes.iter_mut().filter(|pane| pane.agent == agent("Code/dev")).for_each(|p| p.life = life);
    })
}

#[test]
fn a_start_spawns_each_agent_once() {
    let mut world = World::empty();
    world.define(definition("Code", &["lead", "dev"]));
    let turn = world.ask(Actor::Operator, Command::StartAgencies { names: code() });
    assert_eq!((spawned(&turn), ensured(&turn)), (2, 1));
    let turn = world.ask(Actor::Operator, Command::StartAgencies { names: Vec::new() });
    assert_eq!((turn.events.len(), ensured(&turn)), (0, 0), "{turn:?}");
}

#[test]
fn what_lives_already_is_left_alone_and_keeps_its_life() {
    let mut world = World::empty();
    world.define(definition("Code", &["lead"]));
    world.operator(Command::StartAgencies { names: code() }).expect("started");
    let mut old = world.pane_of("Code/lead");
    old.spawn = id(42);
    world.feed(Input::SessionEnsured { agency: name("Code"), panes: vec![old.clone()] });
    assert_eq!(world.spawn_of("Code/lead"), Some(id(42)));
    let turn = world.feed(Input::SessionEnsured { agency: name("Code"), panes: vec![old] });
    assert_eq!(turn.events.len(), 0, "{turn:?}");
}

#[test]
fn a_lost_pane_gets_a_new_life_at_once_then_after_a_growing_pause() {
    let mut world = World::running();
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let turn = lose(&mut world, dead(Some(1), None));
        let mut pause = 0;
        if spawned(&turn) == 0 {
            let wakes = wakes(&turn, &world);
            assert_eq!(wakes.len(), 1, "{turn:?}");
            pause = wakes[0];
            world.wait_ms(pause - 1);
            let agency = name("Code");
            let early = world.feed(Input::Rang { timer: Timer::Ensure { agency: agency.clone() } });
            assert_eq!(spawned(&early), 0, "before its time");
            world.wait_ms(1);
            let due = world.feed(Input::Rang { timer: Timer::Ensure { agency } });
            assert_eq!((spawned(&due), ensured(&due)), (1, 1));
        }
        pauses.push(pause / 1000);
        world.open_panes();
    }
    assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_long_life_starts_the_pauses_anew() {
    let mut world = World::running();
    lose(&mut world, dead(Some(1), None));
    world.open_panes();
    world.wait_ms(61_000);
    assert_eq!(spawned(&lose(&mut world, dead(None, Some(9)))), 1);
    assert_eq!(world.state.sessions.agent(&agent("Code/dev")).map(|a| a.short_lives), Some(0));
}

#[test]
fn a_killed_pane_and_a_killed_server_are_one_path() {
    let mut world = World::running();
    let turn = world.look(|panes| panes.retain(|pane| pane.agent != agent("Code/dev")));
    assert_eq!((spawned(&turn), ensured(&turn)), (1, 1));
    world.open_panes();
    let turn = world.feed(Input::Sighted { sighting: Sighting::default() });
    // `Code/dev` has died twice by now: it waits a second.
    assert_eq!((spawned(&turn), ensured(&turn)), (3, 2));
}

#[test]
fn a_program_that_ended_by_itself_stays_ended_until_somebody_starts_it() {
    let mut world = World::running();
    assert_eq!(spawned(&lose(&mut world, dead(Some(0), None))), 0);
    world.wait_ms(100_000);
    assert_eq!(spawned(&world.look(|_| {})), 0);
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    assert_eq!(record.agents[&name("dev")].state, AgentState::Exited);
    assert_eq!(record.state(), AgencyState::Degraded);
    let turn = world.ask(Actor::Operator, Command::StartAgencies { names: code() });
    assert_eq!(spawned(&turn), 1);
}

#[test]
fn a_pane_that_died_before_it_was_seen_alive_is_a_lost_life() {
    let mut world = World::empty();
    world.define(definition("Code", &["lead"]));
    world.operator(Command::StartAgencies { names: code() }).expect("started");
    let mut pane = world.pane_of("Code/lead");
    pane.life = dead(Some(127), None);
    world.feed(Input::SessionEnsured { agency: name("Code"), panes: vec![pane] });
    let record = world.state.sessions.agent(&agent("Code/lead")).expect("known");
    assert_eq!((record.state, record.spawn), (AgentState::Crashed, None));
    assert_eq!(spawned(&world.look(|_| {})), 1);
}

#[test]
fn a_pane_that_was_gone_before_it_was_seen_is_looked_after() {
    let mut world = World::empty();
    world.define(definition("Code", &["lead"]));
    world.operator(Command::StartAgencies { names: code() }).expect("started");
    let agency = name("Code");
    let turn = world.feed(Input::SessionEnsured { agency: agency.clone(), panes: Vec::new() });
    assert_eq!(wakes(&turn, &world), [1000]);
    world.wait_ms(1000);
    let turn = world.feed(Input::Rang { timer: Timer::Ensure { agency } });
    assert_eq!((spawned(&turn), ensured(&turn)), (0, 1));
}

#[test]
fn a_session_that_keeps_failing_is_news_once_and_tried_ever_more_rarely() {
    let mut world = World::empty();
    world.define(definition("Code", &["lead"]));
    world.operator(Command::StartAgencies { names: code() }).expect("started");
    let mut pauses = Vec::new();
    for attempt in 0..10 {
        let turn = world.feed(Input::SessionFailed {
            agency: name("Code"),
            code: "foreign_session".to_owned(),
            problem: "a session of that name exists".to_owned(),
        });
        assert_eq!(turn.events.len(), usize::from(attempt == 0), "{turn:?}");
        let pause = wakes(&turn, &world)[0];
        pauses.push(pause / 1000);
        world.wait_ms(pause);
        let timer = Timer::Ensure { agency: name("Code") };
        assert_eq!(ensured(&world.feed(Input::Rang { timer })), 1);
    }
    assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    assert_eq!(record.state(), AgencyState::Degraded);
    world.open_panes();
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    assert_eq!(record.trouble, None);
}

#[test]
fn a_stopped_agency_loses_its_session_and_gets_no_new_lives() {
    let mut world = World::running();
    let turn = world.ask(Actor::Operator, Command::StopAgencies { names: code() });
    assert_eq!(closed(&turn), 1);
    assert_eq!(world.spawn_of("Code/dev"), None);
    assert_eq!(spawned(&world.look(|_| {})), 0);
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    assert_eq!(record.state(), AgencyState::Stopped);
    // Its session is still seen: it is closed again.
    assert_eq!(closed(&world.look(|_| {})), 1);
    // A session that was being made when it was stopped is closed when it stands.
    let turn = world.feed(Input::SessionEnsured { agency: name("Code"), panes: Vec::new() });
    assert_eq!(closed(&turn), 1);
}

#[test]
fn a_restart_closes_first_and_gives_everybody_a_new_life() {
    let mut world = World::running();
    let before = world.spawn_of("Code/dev");
    let turn = world.ask(Actor::Operator, Command::RestartAgency { name: name("Code") });
    let order: Vec<bool> = turn
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::CloseSession { .. } => Some(false),
            Effect::EnsureSession { .. } => Some(true),
            _ => None,
        })
        .collect();
    assert_eq!(order, [false, true]);
    assert_eq!(spawned(&turn), 3);
    assert_ne!(world.spawn_of("Code/dev"), before);
}

#[test]
fn an_agent_added_to_the_definition_gets_a_pane_and_one_taken_out_is_forgotten_with_its_pane() {
    let mut world = World::running();
    world.define(definition("Code", &["lead", "dev", "new"]));
    let turn = world.look(|_| {});
    assert_eq!((spawned(&turn), ensured(&turn)), (1, 1));
    let agents = |world: &World| -> Vec<String> {
        let record = world.state.sessions.agency(&name("Code")).expect("known");
        record.agents.keys().map(ToString::to_string).collect()
    };
    world.open_panes();
    assert_eq!(agents(&world), ["dev", "lead", "new", "ops"], "its pane still lives");
    world.look(|panes| panes.retain(|pane| pane.agent != agent("Code/ops")));
    assert_eq!(agents(&world), ["dev", "lead", "new"]);
}

#[test]
fn the_same_definition_is_no_news() {
    let mut world = World::running();
    assert_eq!(world.define(definition("QA", &["head"])).events.len(), 0);
}

#[test]
fn a_removed_agency_takes_its_tasks_along_and_takes_nothing_new() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    let turn = world.ask(Actor::Operator, Command::RemoveAgency { name: name("Code") });
    let kept = turn.effects.iter().find_map(|effect| match effect {
        Effect::ArchiveAgency { worktrees, stamp, .. } => Some((worktrees.len(), stamp.clone())),
        _ => None,
    });
    let (worktrees, stamp) = kept.expect("archived");
    assert_eq!(worktrees, 1);
    assert!(world.task(task).is_closed());
    for command in [
        Command::StartAgencies { names: code() },
        Command::RestartAgency { name: name("Code") },
        sending("Code/dev", "hello"),
        Command::AddTask { contract: contract("Code", "login", "More") },
    ] {
        assert_eq!(code_of(world.operator(command)), "agency_removing");
    }
    // Asked again, or taken up by another supervisor, it goes to the same place.
    world.wait_ms(5_000);
    let again = world.ask(Actor::Operator, Command::RemoveAgency { name: name("Code") });
    assert_eq!(again.events.len(), 0, "{again:?}");
    let woken = world.feed(Input::Woke { pid: 2, version: String::new() });
    for turn in [again, woken] {
        let same = |effect: &Effect| matches!(effect, Effect::ArchiveAgency { stamp: other, .. } if *other == stamp);
        assert_eq!(turn.count(same), 1);
    }
    world.feed(Input::AgencyArchived { agency: name("Code"), folder: "x".into() });
    let wanted = world.state.sessions.agencies[&name("Code")].wanted;
    assert_eq!(wanted, Wanted::Archived);
    assert_eq!(code_of(world.operator(sending("Code/dev", "hello"))), "agency_not_found");
}

#[test]
fn an_archive_that_fails_is_shown_and_tried_again() {
    let mut world = World::running();
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removing");
    let turn = world.feed(Input::SessionFailed {
        agency: name("Code"),
        code: "archive".to_owned(),
        problem: "read-only".to_owned(),
    });
    assert_eq!(wakes(&turn, &world), [1000]);
    world.wait_ms(1000);
    let turn = world.feed(Input::Rang { timer: Timer::Ensure { agency: name("Code") } });
    assert_eq!(turn.count(|effect| matches!(effect, Effect::ArchiveAgency { .. })), 1);
}

#[test]
fn a_removed_agency_can_be_made_anew() {
    let mut world = World::running();
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removing");
    assert_eq!(world.define(definition("Code", &["boss"])).events.len(), 0, "not while it goes");
    world.feed(Input::AgencyArchived { agency: name("Code"), folder: "x".into() });
    world.define(definition("Code", &["boss"]));
    let turn = world.ask(Actor::Operator, Command::StartAgencies { names: code() });
    assert_eq!(spawned(&turn), 1);
}

#[test]
fn only_the_operator_starts_stops_and_removes() {
    let mut world = World::running();
    for command in [
        Command::DefineAgency { name: name("Code") },
        Command::StartAgencies { names: code() },
        Command::StopAgencies { names: code() },
        Command::RestartAgency { name: name("Code") },
        Command::RemoveAgency { name: name("Code") },
        Command::StopSupervisor,
    ] {
        assert_eq!(code_of(world.agent("Code/lead", command)), "operator_only");
    }
}

#[test]
fn an_unknown_agency_is_refused_with_the_known_names() {
    let mut world = World::running();
    let refusal = world.operator(Command::RestartAgency { name: name("Kode") }).expect_err("known");
    assert_eq!(refusal.code, "agency_not_found");
    assert!(refusal.hint.expect("a hint").contains("Code, QA"));
}

#[test]
fn an_agent_reports_only_the_state_of_its_present_life_and_never_that_it_is_dead() {
    let mut world = World::running();
    let report = |spawn, state| Command::ReportState { spawn, state, reason: None };
    world.agent("Code/dev", report(id(3), AgentState::Blocked)).expect("ignored");
    let state = |world: &World| world.state.sessions.agent(&agent("Code/dev")).map(|a| a.state);
    assert_eq!(state(&world), Some(AgentState::Idle));
    let spawn = world.spawn_of("Code/dev").expect("a life");
    assert_eq!(code_of(world.agent("Code/dev", report(spawn, AgentState::Exited))), "bad_state");
    assert_eq!(code_of(world.operator(report(spawn, AgentState::Working))), "agent_only");
    world.agent("Code/dev", report(spawn, AgentState::Permission)).expect("taken");
    assert_eq!(state(&world), Some(AgentState::Permission));
}

#[test]
fn a_shell_is_idle_at_its_prompt_and_works_while_something_runs_in_it() {
    let mut world = World::empty();
    let mut shells = definition("Code", &["lead"]);
    shells.agents[0].runtime = name("shell");
    world.define(shells);
    world.operator(Command::StartAgencies { names: code() }).expect("started");
    world.open_panes();
    let mut state_with = |program: Option<&str>| {
        world.look(|panes| panes[0].foreground = program.map(str::to_owned));
        world.state.sessions.agent(&agent("Code/lead")).map(|record| record.state)
    };
    assert_eq!(state_with(Some("-zsh")), Some(AgentState::Idle));
    assert_eq!(state_with(Some("cargo")), Some(AgentState::Working));
    assert_eq!(state_with(None), Some(AgentState::Unknown));
}

#[test]
fn a_sighting_of_somebody_elses_panes_changes_nothing() {
    let mut world = World::running();
    let turn = world.look(|panes| {
        let mut foreign = panes[0].clone();
        foreign.agent = agent("Other/dev");
        foreign.pane = PaneId("%9999".to_owned());
        panes.push(foreign);
    });
    assert_eq!(turn.events.len(), 0, "{turn:?}");
}

#[test]
fn panes_that_cannot_be_seen_degrade_the_agency_until_they_are_seen_again() {
    let mut world = World::running();
    let state = |world: &World| {
        let record = world.state.sessions.agency(&name("Code")).expect("known");
        (record.state(), record.trouble.as_ref().map(|trouble| trouble.code.clone()))
    };
    let hung = || Input::Unseen { problem: "tmux did not answer".to_owned() };
    assert!(!world.feed(hung()).events.is_empty());
    assert_eq!(state(&world), (AgencyState::Degraded, Some("unseen".to_owned())));
    assert!(world.feed(hung()).events.is_empty(), "it is news once");
    world.look(|_| {});
    assert_eq!(state(&world), (AgencyState::Running, None));
}
