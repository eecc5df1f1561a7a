//! What comes by the clock, over nights, suspended machines and clocks that are set.

use jiff::tz::TimeZone;

use super::*;
use crate::domain::agency::AgentState;
use crate::domain::cadence::{CadenceConfig, Zone};
use crate::domain::command::{Actor, Command};
use crate::domain::message::MessageState;
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::effect::Effect;
use crate::engine::input::{Input, Timer};
use crate::engine::testing::{Turn, World, agent, contract, draft, name};
use crate::ports::terminals::Typed;

const DEV: &str = "Code/dev";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Two agencies run since then, in Berlin, with this night; `Code/dev` has a task under way.
fn at_work(since: &str, quiet: &[&str]) -> (World, TaskId) {
    let mut world = World::running();
    world.at = at(since);
    let cadence = CadenceConfig {
        zone: Zone::of(&TimeZone::get("Europe/Berlin").expect("a zone")),
        quiet: quiet.iter().map(|text| text.parse().expect("a span")).collect(),
        ..CadenceConfig::default()
    };
    let config = WorkbenchConfig { cadence, ..world.state.config.clone() };
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    world.feed(Input::Woke { pid: 1, version: String::new() });
    world.look(|_| {});
    let task = world.begin(contract("Code", "login", "Login page"), DEV);
    take_all(&mut world);
    world.report(DEV, AgentState::Working);
    (world, task)
}

/// `Code/dev` gets everything that waits for it.
fn take_all(world: &mut World) {
    while let Some(id) =
        world.state.mail.waiting.get(&agent(DEV)).and_then(|ids| ids.first().copied())
    {
        world.typed(DEV, id, Typed::Submitted);
    }
}

fn ring(world: &mut World) -> Turn {
    world.feed(Input::Rang { timer: Timer::Cadence })
}

/// Lets time pass as a supervisor does: it rings when it was asked to, until then. Returns what happened.
fn pass(world: &mut World, until: &str) -> Vec<(Timestamp, Event)> {
    let (until, mut happened) = (at(until), Vec::new());
    for _ in 0..1_000 {
        let next = deciding::next(&world.state, world.at).filter(|at| *at <= until);
        let Some(next) = next else { break };
        world.at = next.max(world.at);
        let turn = ring(world);
        happened.extend(turn.events.iter().map(|event| (world.at, event.clone())));
        for (meeting, _) in written(&turn) {
            let file = Some(format!("registry/meetings/{meeting}.md").into());
            world.feed(Input::MeetingWritten { meeting, file });
        }
    }
    world.at = until;
    happened
}

fn written(turn: &Turn) -> Vec<(String, String)> {
    let written = turn.effects.iter().filter_map(|effect| match effect {
        Effect::WriteMeeting { meeting, text } => Some((meeting.clone(), text.clone())),
        _ => None,
    });
    written.collect()
}

/// When status was asked.
fn asked(happened: &[(Timestamp, Event)]) -> Vec<String> {
    let asked = happened.iter().filter(|(_, event)| matches!(event, Event::StatusAsked { .. }));
    asked.map(|(at, _)| at.to_string()).collect()
}

/// When beats had their turn.
fn ran(happened: &[(Timestamp, Event)]) -> Vec<String> {
    let ran = happened.iter().filter_map(|(at, event)| match event {
        Event::CadenceRan { beat, period, .. } => Some(format!("{at} {beat} {period}")),
        _ => None,
    });
    ran.collect()
}

// 2026-11-18 is a Wednesday; Berlin is an hour ahead of UTC.
const NOON: &str = "2026-11-18T11:00:00Z";

#[test]
fn an_agent_that_is_silent_for_an_hour_is_asked_once() {
    let (mut world, _) = at_work(NOON, &[]);
    let happened = pass(&mut world, "2026-11-18T16:30:00Z");
    assert_eq!(asked(&happened), ["2026-11-18T12:00:00Z"]);
}

#[test]
fn whoever_tells_of_progress_is_not_asked_until_an_hour_after_it() {
    let (mut world, task) = at_work(NOON, &[]);
    world.at = at("2026-11-18T11:40:00Z");
    world.agent(DEV, Command::ReportProgress { task, percent: 25, note: None }).expect("told");
    assert_eq!(asked(&pass(&mut world, "2026-11-18T12:39:59Z")), [""; 0]);
    world.agent(DEV, Command::SendMessage { draft: draft("Code", "STATUS half") }).expect("sent");
    assert_eq!(asked(&pass(&mut world, "2026-11-18T14:00:00Z")), ["2026-11-18T13:39:59Z"]);
}

#[test]
fn a_request_that_waits_still_when_its_agent_tells_is_not_given_any_more() {
    let (mut world, task) = at_work(NOON, &[]);
    pass(&mut world, "2026-11-18T12:10:00Z");
    let message = world.state.cadence.asked[&agent(DEV)].message;
    assert_eq!(world.state.mail.messages[&message].state, MessageState::Routed);
    world.agent(DEV, Command::ReportProgress { task, percent: 50, note: None }).expect("told");
    let state = world.state.mail.messages.get(&message).map(|record| record.state);
    assert!(matches!(state, None | Some(MessageState::Expired)), "{state:?}");
    let happened = pass(&mut world, "2026-11-18T13:20:00Z");
    assert_eq!(asked(&happened), ["2026-11-18T13:10:00Z"]);
}

#[test]
fn a_request_that_is_answered_before_it_is_in_the_mailbox_is_not_given_either() {
    let (mut world, task) = at_work(NOON, &[]);
    world.at = at("2026-11-18T12:00:00Z");
    world.feed_alone(Input::Rang { timer: Timer::Cadence });
    let id = world.state.cadence.asked[&agent(DEV)].message;
    world.agent(DEV, Command::ReportProgress { task, percent: 50, note: None }).expect("told");
    assert_eq!(world.state.mail.messages[&id].state, MessageState::Accepted);
    world.feed_alone(Input::MailboxFilled { id });
    assert_eq!(world.state.mail.messages[&id].state, MessageState::Expired);
}

#[test]
fn who_waits_for_a_person_or_is_blocked_is_not_asked_and_its_coordinator_is_told_once_an_hour() {
    let (mut world, task) = at_work(NOON, &[]);
    world.at = at("2026-11-18T11:10:00Z");
    let reason = "no key".to_owned();
    world.agent(DEV, Command::BlockTask { task, reason }).expect("blocked");
    let happened = pass(&mut world, "2026-11-18T14:30:00Z");
    assert_eq!(asked(&happened), [""; 0]);
    let told = happened.iter().filter(|(_, event)| matches!(event, Event::StuckTold { .. }));
    let told: Vec<String> = told.map(|(at, _)| at.to_string()).collect();
    assert_eq!(told, ["2026-11-18T12:00:00Z", "2026-11-18T13:00:00Z", "2026-11-18T14:00:00Z"]);
    let digests = world.past.iter().filter_map(|(event, _)| match event {
        Event::MessageAccepted { message, .. } if message.kind.as_str() == "digest" => {
            Some(message.body.to_string())
        }
        _ => None,
    });
    let digests: Vec<String> = digests.collect();
    assert!(
        digests[0].contains("TASK-001 (blocked_task): ") && digests[0].contains("no key"),
        "{digests:?}"
    );
}

#[test]
fn nothing_is_asked_told_or_timed_where_nobody_has_work_or_it_is_switched_off() {
    let (mut world, task) = at_work(NOON, &[]);
    let mut config = world.state.config.clone();
    config.cadence.hourly = false;
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    assert_eq!(asked(&pass(&mut world, "2026-11-18T16:00:00Z")), [""; 0]);
    let mut config = world.state.config.clone();
    config.cadence = CadenceConfig { daily: None, weekly: None, ..CadenceConfig::default() };
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    world.operator(Command::CancelTask { task, reason: None }).expect("given up");
    assert_eq!(deciding::next(&world.state, world.at), None);
}

#[test]
fn in_quiet_hours_nothing_is_begun_and_what_was_due_comes_once_afterwards() {
    let (mut world, _) = at_work(NOON, &["13:00-10:00"]);
    let happened = pass(&mut world, "2026-11-20T08:59:59Z");
    assert_eq!(asked(&happened), ["2026-11-19T09:00:00Z"]);
    assert_eq!(ran(&happened), ["2026-11-19T09:00:00Z daily 2026-11-19"]);
}

#[test]
fn after_days_without_a_supervisor_only_the_newest_period_comes_and_only_once() {
    let (mut world, _) = at_work(NOON, &[]);
    // Ten days later: a weekend, a Monday and several mornings were slept through.
    world.at = at("2026-11-28T12:00:00Z");
    let mut next = World::of(world.state.clone(), world.past.clone());
    next.at = world.at;
    next.feed(Input::Woke { pid: 2, version: String::new() });
    let happened = pass(&mut next, "2026-11-28T12:05:00Z");
    let expected =
        ["2026-11-28T12:00:00Z daily 2026-11-28", "2026-11-28T12:00:00Z weekly 2026-W48"];
    assert_eq!(ran(&happened), expected);
    assert_eq!(asked(&happened), ["2026-11-28T12:00:00Z"]);
}

#[test]
fn days_and_weeks_come_at_their_local_hour_over_clocks_that_are_set() {
    // Clocks go back in the night to Sunday, 2026-10-25.
    let (mut world, _) = at_work("2026-10-23T12:00:00Z", &[]);
    let happened = pass(&mut world, "2026-10-26T10:00:00Z");
    let expected = [
        "2026-10-24T07:00:00Z daily 2026-10-24",
        "2026-10-25T08:00:00Z daily 2026-10-25",
        "2026-10-26T08:00:00Z daily 2026-10-26",
        "2026-10-26T08:00:00Z agenda 2026-W44",
        "2026-10-26T09:00:00Z weekly 2026-W44",
    ];
    assert_eq!(ran(&happened), expected);
}

#[test]
fn a_clock_that_is_set_back_brings_nothing_a_second_time() {
    let (mut world, _) = at_work(NOON, &[]);
    pass(&mut world, "2026-11-19T09:00:00Z");
    let before = world.state.cadence.ran.clone();
    world.at = at("2026-11-19T07:30:00Z");
    ring(&mut world);
    assert_eq!(ran(&pass(&mut world, "2026-11-19T09:00:00Z")), [""; 0]);
    assert_eq!(world.state.cadence.ran, before);
}

#[test]
fn a_check_in_collects_what_is_said_and_names_what_is_only_known() {
    let (mut world, task) = at_work(NOON, &[]);
    let other = world.begin(contract("Code", "login", "Logout"), "Code/ops");
    let reason = "waits for the key".to_owned();
    world.agent("Code/ops", Command::BlockTask { task: other, reason }).expect("blocked");
    world.at = at("2026-11-19T08:00:00Z");
    let turn = ring(&mut world);
    assert_eq!(turn.events(|event| matches!(event, Event::CheckInOpened { .. })), 1);
    world.at = at("2026-11-19T08:12:00Z");
    let note = Some("the form stands\nand more".to_owned());
    world.agent(DEV, Command::ReportProgress { task, percent: 60, note }).expect("told");
    world
        .agent(DEV, Command::SendMessage { draft: draft("Code", "STATUS needs the API") })
        .expect("sent");
    world.at = at("2026-11-19T08:30:00Z");
    let turn = ring(&mut world);
    let (meeting, text) = written(&turn).remove(0);
    assert_eq!(meeting, "daily/2026-11-19-Code");
    insta::assert_snapshot!(text);
    // It is told when it is written, once.
    let file = Some("registry/meetings/daily/2026-11-19-Code.md".into());
    let turn = world.feed(Input::MeetingWritten { meeting: meeting.clone(), file: file.clone() });
    let told = |turn: &Turn| turn.events(|event| matches!(event, Event::MessageAccepted { .. }));
    assert_eq!(told(&turn), 2, "the coordinator and the operator");
    assert_eq!(told(&world.feed(Input::MeetingWritten { meeting, file })), 0);
}

#[test]
fn a_week_is_told_from_what_happened() {
    let (mut world, _) = at_work(NOON, &[]);
    let second = world.begin(contract("Code", "login", "Logout"), "Code/ops");
    let waits = crate::engine::testing::after(second, contract("QA", "login", "Test it"));
    world.add(waits);
    world.at = at("2026-11-19T11:00:00Z");
    let reason = "no key".to_owned();
    world.agent("Code/ops", Command::BlockTask { task: second, reason }).expect("blocked");
    let given_up = world.add(contract("Code", "search", "Search"));
    world.operator(Command::CancelTask { task: given_up, reason: None }).expect("given up");
    world.at = at("2026-11-23T08:00:00Z");
    let agenda = written(&ring(&mut world));
    let agenda = agenda.iter().find(|(name, _)| name == "weekly/2026-W48-agenda");
    insta::assert_snapshot!(agenda.expect("an agenda").1);
    world.at = at("2026-11-23T09:00:00Z");
    let digest = written(&ring(&mut world));
    let digest = digest.iter().find(|(name, _)| name == "weekly/2026-W48-digest");
    insta::assert_snapshot!(digest.expect("a digest").1);
    assert_eq!(world.state.cadence.messages.get("task"), None, "a new week is counted");
}

#[test]
fn a_meeting_that_was_not_written_is_written_by_the_next_supervisor_and_after_a_pause() {
    let (mut world, _) = at_work(NOON, &[]);
    world.operator(Command::RunCadence { beat: Beat::Weekly }).expect("held");
    let meeting = "weekly/2026-W47-digest".to_owned();
    let turn = world.feed(Input::MeetingWritten { meeting: meeting.clone(), file: None });
    let soon = world.at + jiff::SignedDuration::from_mins(1);
    let wakes = |effect: &Effect| matches!(effect, Effect::WakeAt { at, timer: Timer::Cadence } if *at == soon);
    assert_eq!(turn.count(wakes), 1);
    world.at = soon;
    assert_eq!(written(&ring(&mut world)).len(), 1);
    let mut next = World::of(world.state.clone(), world.past.clone());
    let turn = next.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(written(&turn)[0].0, meeting);
}

#[test]
fn a_second_meeting_of_a_period_has_a_name_of_its_own() {
    let (mut world, _) = at_work(NOON, &[]);
    for _ in 0..2 {
        world.operator(Command::RunCadence { beat: Beat::Weekly }).expect("held");
        // Until it is written, whoever asks again means the same one.
        world.operator(Command::RunCadence { beat: Beat::Weekly }).expect("held");
        let open = world.state.cadence.meetings.iter().find(|(_, held)| held.text.is_some());
        let meeting = open.expect("to be written").0.clone();
        world.feed(Input::MeetingWritten { meeting, file: Some("x.md".into()) });
    }
    let names: Vec<&String> = world.state.cadence.meetings.keys().collect();
    assert_eq!(names, ["weekly/2026-W47-digest", "weekly/2026-W47-digest-2"]);
}

#[test]
fn what_is_run_by_hand_says_when_there_is_nobody_to_ask() {
    let (mut world, task) = at_work(NOON, &[]);
    world.operator(Command::RunCadence { beat: Beat::Daily }).expect("asked");
    let twice = world.operator(Command::RunCadence { beat: Beat::Daily });
    assert_eq!(twice.map_err(|refusal| refusal.code), Err("nothing_to_ask".to_owned()));
    let agent = world.ask(Actor::Agent(agent(DEV)), Command::RunCadence { beat: Beat::Hourly });
    assert!(agent.replies[0].1.is_err());
    world.operator(Command::CancelTask { task, reason: None }).expect("given up");
    world.operator(Command::StopAgencies { names: vec![name("Code"), name("QA")] }).expect("ok");
    let nobody = world.operator(Command::RunCadence { beat: Beat::Weekly });
    assert_eq!(nobody.map_err(|refusal| refusal.code), Err("nobody_runs".to_owned()));
}

#[test]
fn a_request_is_low_and_short_and_comes_after_every_other_word() {
    let (mut world, _) = at_work(NOON, &[]);
    pass(&mut world, "2026-11-18T12:00:00Z");
    let word = world.send(DEV, "a word");
    let turn = world.report(DEV, AgentState::Idle);
    assert_eq!(turn.typing()[0].1, word);
    let turn = world.typed(DEV, word, Typed::Submitted);
    let request = world.state.cadence.asked[&agent(DEV)].message;
    assert_eq!(turn.typing()[0].1, request);
}
