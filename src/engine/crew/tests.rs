//! What becomes of an agency's crew.

use crate::domain::agency::AgentDefinition;
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::message::MessageState;
use crate::domain::refusal::Refusal;
use crate::engine::attention::{self, WaitingKind};
use crate::engine::crew::{CrewChangeKind, rehire};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::explain::explain;
use crate::engine::input::{Input, Timer};
use crate::engine::step::{Now, Step};
use crate::engine::testing::samples::temporary;
use crate::engine::testing::{
    Turn, World, agent, answer_of, code_of, contract, definition, id, name, sending,
};

fn plain(agent: &str) -> AgentDefinition {
    AgentDefinition { temporary: false, ..temporary(agent) }
}

fn hiring(agent: AgentDefinition) -> Command {
    Command::HireAgent { agency: name("Code"), definition: Box::new(agent) }
}

fn dismissing(agent: &str) -> Command {
    Command::DismissAgent { agency: name("Code"), agent: name(agent) }
}

fn hire(world: &mut World, agent: AgentDefinition) -> Result<Answer, Refusal> {
    world.operator(hiring(agent))
}

fn written(world: &mut World, change: u64) -> Turn {
    world.feed(Input::CrewWritten { agency: name("Code"), change })
}

fn crew(world: &World) -> Vec<String> {
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    record.definition.agents.iter().map(|agent| agent.name.to_string()).collect()
}

fn writes(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::WriteCrew { .. }))
}

#[test]
fn a_hire_into_a_running_agency_spawns_the_new_agent_alone() {
    let mut world = World::running();
    let lives = ["Code/lead", "Code/dev", "Code/ops"].map(|who| world.spawn_of(who));
    let turn = world.ask(Actor::Operator, hiring(plain("extra")));
    let order: Vec<_> = turn
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::WriteCrew { .. } | Effect::EnsureSession { .. }))
        .collect();
    // Its role file stands before its pane is made.
    assert!(matches!(order[..], [Effect::WriteCrew { .. }, Effect::EnsureSession { .. }]));
    assert_eq!(turn.events(|event| matches!(event, Event::AgentSpawned { .. })), 1);
    assert!(world.spawn_of("Code/extra").is_some());
    assert_eq!(["Code/lead", "Code/dev", "Code/ops"].map(|who| world.spawn_of(who)), lives);
    assert_eq!(crew(&world), ["lead", "dev", "ops", "extra"]);
}

#[test]
fn a_hire_into_a_stopped_agency_is_only_defined() {
    let mut world = World::running();
    world.operator(Command::StopAgencies { names: vec![name("Code")] }).expect("stopped");
    let turn = world.ask(Actor::Operator, hiring(plain("extra")));
    assert_eq!(turn.events(|event| matches!(event, Event::AgentSpawned { .. })), 0);
    assert_eq!((writes(&turn), world.spawn_of("Code/extra")), (1, None));
}

#[test]
fn names_that_are_taken_or_reserved_and_agents_who_ask_are_refused() {
    let mut world = World::running();
    for (who, code) in [
        ("dev", "agent_exists"),
        ("DEV", "agent_exists"),
        ("coordinator", "reserved_name"),
        ("operator", "reserved_name"),
        ("workbench", "reserved_name"),
    ] {
        assert_eq!(code_of(hire(&mut world, plain(who))), code, "{who}");
    }
    let turn = world.ask(Actor::Agent(agent("Code/lead")), hiring(plain("extra")));
    assert_eq!(code_of(answer_of(turn)), "operator_only");
    assert_eq!(code_of(world.agent("Code/lead", dismissing("dev"))), "operator_only");
    let nowhere = Command::HireAgent { agency: name("Nix"), definition: plain("extra").into() };
    assert_eq!(code_of(world.operator(nowhere)), "agency_not_found");
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removed");
    assert_eq!(code_of(hire(&mut world, plain("extra"))), "agency_removing");
    assert_eq!(code_of(world.operator(dismissing("dev"))), "agency_removing");
}

#[test]
fn a_change_that_is_not_in_the_file_yet_is_laid_over_what_is_read() {
    let mut world = World::running();
    hire(&mut world, plain("extra")).expect("hired");
    world.operator(dismissing("ops")).expect("dismissed");
    // What the user saved meanwhile counts too.
    let turn = world.define(definition("Code", &["lead", "dev", "ops", "own"]));
    assert_eq!(turn.events(|event| matches!(event, Event::AgencyDefined { .. })), 1);
    assert_eq!(crew(&world), ["lead", "dev", "own", "extra"]);
    written(&mut world, 2);
    world.define(definition("Code", &["lead", "dev", "own"]));
    assert_eq!(crew(&world), ["lead", "dev", "own"], "afterwards the file alone says who is there");
}

#[test]
fn a_supervisor_that_comes_up_asks_again_until_it_is_written() {
    let mut world = World::running();
    hire(&mut world, plain("extra")).expect("hired");
    let woken = |world: &mut World| {
        writes(&world.feed_alone(Input::Woke { pid: 2, version: String::new() }))
    };
    assert_eq!(woken(&mut world), 1);
    let turn = world.feed(Input::CrewUnwritten { agency: name("Code"), problem: "x".to_owned() });
    let waits =
        |effect: &Effect| matches!(effect, Effect::WakeAt { timer: Timer::Crew { .. }, .. });
    assert_eq!(turn.count(waits), 1);
    let turn = world.feed(Input::Rang { timer: Timer::Crew { agency: name("Code") } });
    assert_eq!(writes(&turn), 1);
    assert_eq!(written(&mut world, 1).events.len(), 1);
    assert_eq!(written(&mut world, 1).events.len(), 0, "told twice it is known once");
    assert_eq!(woken(&mut world), 0);
}

#[test]
fn what_cannot_be_written_is_said_and_tried_again_ever_more_rarely() {
    let mut world = World::running();
    hire(&mut world, plain("extra")).expect("hired");
    let fails = |world: &mut World, problem: &str| {
        let began = world.at;
        let problem = problem.to_owned();
        let turn = world.feed(Input::CrewUnwritten { agency: name("Code"), problem });
        let pause = turn.effects.iter().find_map(|effect| match effect {
            Effect::WakeAt { at, timer: Timer::Crew { .. } } => {
                Some(at.duration_since(began).as_secs())
            }
            _ => None,
        });
        (turn.events.len(), pause.expect("it is tried again"))
    };
    let waits = |world: &World| {
        let list = attention::waiting(&world.state, world.at);
        let of_crew = list.into_iter().find(|waiting| waiting.kind == WaitingKind::Crew);
        of_crew.map(|waiting| (waiting.subject, waiting.text))
    };
    assert_eq!(waits(&world), None);
    let (events, first) = fails(&mut world, "the disk is full");
    assert_eq!((events, (4..=5).contains(&first)), (1, true), "{first}");
    let text = "the hire of `extra` cannot be carried out: the disk is full".to_owned();
    assert_eq!(waits(&world), Some(("Code".to_owned(), text.clone())));
    let explained = explain(&world.state, "Code/extra", world.at).expect("known");
    assert!(explained.iter().any(|line| line.starts_with(&text)), "{explained:?}");
    world.wait_ms(30_000);
    let (events, second) = fails(&mut world, "the disk is full");
    assert_eq!((events, second >= 29), (0, true), "the same is told once: {second}");
    world.wait_ms(3_600_000);
    let (events, last) = fails(&mut world, "the file is broken");
    assert_eq!((events, last <= 60), (1, true), "{last}");
    written(&mut world, 1);
    assert_eq!(waits(&world), None);
}

#[test]
fn a_dismissed_agent_is_known_until_its_pane_is_closed_and_its_messages_are_dead() {
    let mut world = World::running();
    let sent = world.send("Code/dev", "hello");
    world.typed(
        "Code/dev",
        sent,
        crate::ports::terminals::Typed::NotReady { reason: "busy".to_owned() },
    );
    let turn = world.ask(Actor::Operator, dismissing("dev"));
    assert_eq!((writes(&turn), crew(&world)), (1, vec!["lead".to_owned(), "ops".to_owned()]));
    let record = &world.state.mail.messages[&sent];
    assert_eq!(record.state, MessageState::Dead);
    assert!(record.reason.as_deref().is_some_and(|reason| reason.contains("Code/dev")));
    assert!(world.spawn_of("Code/dev").is_some(), "its program is still in its pane");
    assert_eq!(code_of(world.operator(sending("Code/dev", "late"))), "agent_not_found");
    assert_eq!(code_of(hire(&mut world, plain("dev"))), "agent_leaving");
    written(&mut world, 1);
    assert_eq!(world.state.sessions.agent(&agent("Code/dev")), None);
    hire(&mut world, plain("dev")).expect("hired again");
    assert!(world.spawn_of("Code/dev").is_some());
}

#[test]
fn a_dismissed_agents_dead_pane_is_not_brought_back() {
    let mut world = World::running();
    world.operator(dismissing("dev")).expect("dismissed");
    let turn = world.look(|panes| panes.retain(|pane| pane.agent != agent("Code/dev")));
    assert_eq!(turn.events(|event| matches!(event, Event::AgentSpawned { .. })), 0, "{turn:?}");
    assert_eq!(world.state.sessions.agent(&agent("Code/dev")), None);
    written(&mut world, 1);
}

#[test]
fn a_coordinator_and_whoever_has_work_open_are_not_dismissed() {
    let mut world = World::running();
    for word in ["lead", "coordinator"] {
        assert_eq!(code_of(world.operator(dismissing(word))), "is_coordinator");
    }
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    let refusal = world.operator(dismissing("dev")).expect_err("dismissed");
    assert_eq!(refusal.code, "task_open");
    assert!(refusal.message.contains(&task.to_string()), "{refusal:?}");
    assert!(refusal.hint.is_some_and(|hint| hint.contains("agency task cancel TASK-001")));
    world.operator(Command::CancelTask { task, reason: None }).expect("cancelled");
    world.operator(dismissing("dev")).expect("dismissed");
    assert_eq!(code_of(world.operator(dismissing("dev"))), "agent_not_found");
}

#[test]
fn a_temporary_agent_leaves_with_its_last_task_and_the_coordinator_hears_of_it() {
    let mut world = World::running();
    hire(&mut world, temporary("extra")).expect("hired");
    world.open_panes();
    let one = world.begin(contract("Code", "login", "A form"), "Code/extra");
    let two = world.begin(contract("Code", "login", "A page"), "Code/extra");
    world.operator(Command::CancelTask { task: one, reason: None }).expect("cancelled");
    assert!(crew(&world).contains(&"extra".to_owned()), "it has another task");
    let turn = world.ask(Actor::Operator, Command::CancelTask { task: two, reason: None });
    assert!(!crew(&world).contains(&"extra".to_owned()));
    let left = turn.events(|event| {
        matches!(event, Event::AgentDismissed { reason: Some(reason), .. } if reason.contains("TASK-002"))
    });
    assert_eq!((left, writes(&turn)), (1, 1));
    let told = turn.events(|event| {
        matches!(event, Event::MessageAccepted { to: Some(to), .. } if *to == agent("Code/lead"))
    });
    assert!(told >= 1, "{turn:?}");
}

#[test]
fn a_temporary_agent_without_a_task_stays_and_so_does_everybody_else() {
    let mut world = World::running();
    hire(&mut world, temporary("extra")).expect("hired");
    world.open_panes();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    world.operator(Command::CancelTask { task, reason: None }).expect("cancelled");
    assert_eq!(crew(&world), ["lead", "dev", "ops", "extra"]);
}

#[test]
fn a_removed_agency_lets_nobody_go_first() {
    let mut world = World::running();
    hire(&mut world, temporary("extra")).expect("hired");
    world.open_panes();
    world.begin(contract("Code", "login", "A form"), "Code/extra");
    let turn = world.ask(Actor::Operator, Command::RemoveAgency { name: name("Code") });
    assert_eq!(turn.events(|event| matches!(event, Event::AgentDismissed { .. })), 0);
}

#[test]
fn who_was_dismissed_can_be_put_back_as_it_was() {
    let mut world = World::running();
    let known = world.state.sessions.definition(&agent("Code/dev")).cloned().expect("known");
    world.operator(dismissing("dev")).expect("dismissed");
    written(&mut world, 1);
    let mut state = world.state.clone();
    let now = Now { at: world.at, seed: id(9) };
    let mut step = Step::new(&mut state, now);
    rehire(&mut step, &name("Code"), known.clone()).expect("back");
    assert_eq!(step.state().sessions.definition(&agent("Code/dev")), Some(&known));
    let pending = &step.state().sessions.agencies[&name("Code")].crew.pending;
    assert_eq!(
        pending.iter().map(|change| change.kind).collect::<Vec<_>>(),
        [CrewChangeKind::Hired]
    );
}
