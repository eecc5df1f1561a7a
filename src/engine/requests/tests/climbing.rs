//! The ladder: who is reminded when, where a request goes, and what ends it.

use super::*;
use crate::domain::name::Address;
use crate::domain::request::RequestKind;
use crate::engine::decide;
use crate::engine::event::Event;
use crate::engine::input::Ticket;
use crate::engine::requests::ladder::{self, Move, Next};
use crate::engine::requests::{Opening, open};
use crate::engine::state::State;
use crate::engine::step::{Now, Step};
use crate::engine::testing::{contract, definition, id, name};

#[test]
fn a_question_is_chased_then_climbs_and_ends_with_the_operator() {
    let mut bench = Bench::new();
    let id = bench.question("Code/dev", "Code/ops", Priority::Normal);
    assert_eq!(bench.level(id), Level::Agent);
    bench.pass(29 * MINUTE);
    assert!(bench.told("alert").is_empty() && bench.told("escalation").is_empty());
    bench.pass(2 * MINUTE);
    let (to, chase) = bench.told("alert").remove(0);
    assert_eq!((to.as_str(), chase.in_reply_to), ("Code/ops", Some(id)));
    assert_eq!(
        text(&chase),
        format!(
            "Code/dev waits for an answer from you since 30 min: \"QUESTION which port?\"\n  \
             agency send Code/dev \"…\" --in-reply-to {id}"
        )
    );
    bench.pass(30 * MINUTE);
    assert_eq!(bench.level(id), Level::Coordinator);
    let (to, escalation) = bench.told("escalation").remove(0);
    assert_eq!((to.as_str(), escalation.in_reply_to), ("Code/lead", Some(id)));
    let words = text(&escalation);
    assert!(words.contains("Code/dev waits for an answer from Code/ops since 60 min"), "{words}");
    assert!(words.contains("because `Code/ops` has not answered"), "{words}");
    assert!(bench.attention().is_empty());
    bench.pass(61 * MINUTE);
    assert_eq!(bench.level(id), Level::Operator);
    assert_eq!(bench.attention(), [(WaitingKind::Escalation, id.to_string())]);
    let reason = bench.request(id).steps.last().and_then(|step| step.reason.clone());
    assert_eq!(
        reason.as_deref(),
        Some("`Code/lead` has not answered; there is no `MetaOrchestrator`")
    );
    bench.pass(1_000 * MINUTE);
    assert_eq!(bench.recipients("alert"), ["Code/ops", "Code/lead"], "once for each level");
    assert_eq!((bench.request(id).steps.len(), bench.wake), (4, None), "nothing is left to do");
    let lines =
        crate::engine::explain::explain(&bench.world.state, &id.to_string(), bench.world.at)
            .expect("known");
    assert!(lines.iter().any(|line| line.contains("level 4 of 4 (operator)")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("stays on the operator's list")), "{lines:#?}");
    bench.reply(None, "Code/dev", id);
    assert_eq!((bench.end(id).as_str(), bench.attention()), ("operator", vec![]));
}

#[test]
fn a_lead_is_asked_before_the_operator_where_there_is_one() {
    let mut bench = Bench::new();
    bench.world.define(definition("MetaOrchestrator", &["meta"]));
    bench.world.bind("MetaOrchestrator", "/project");
    bench
        .operator(Command::StartAgencies { names: vec![name("MetaOrchestrator")] })
        .expect("started");
    bench.world.open_panes();
    bench.report("MetaOrchestrator/meta", AgentState::Working);
    let id = bench.question("Code/lead", "QA", Priority::Critical);
    assert_eq!(bench.level(id), Level::Coordinator, "it begins where it is addressed");
    bench.pass(6 * MINUTE);
    assert_eq!(bench.level(id), Level::Lead);
    assert_eq!(bench.recipients("escalation"), ["MetaOrchestrator/meta"]);
    bench.pass(6 * MINUTE);
    assert_eq!(bench.level(id), Level::Operator);
    let own = bench.question("Code/lead", "MetaOrchestrator", Priority::Critical);
    assert_eq!(bench.level(own), Level::Lead);
}

/// Time passes until it is there.
fn pass_until(bench: &mut Bench, id: crate::domain::id::MessageId, level: Level) {
    for _ in 0..200 {
        if bench.level(id) == level {
            return;
        }
        bench.pass(10 * MINUTE);
    }
    panic!("it never was at {level:?}");
}

#[test]
fn what_can_be_done_about_a_handoff_is_said_for_whoever_gets_it() {
    let mut bench = Bench::new();
    bench.world.define(definition("MetaOrchestrator", &["meta"]));
    bench.world.bind("MetaOrchestrator", "/project");
    bench
        .operator(Command::StartAgencies { names: vec![name("MetaOrchestrator")] })
        .expect("started");
    bench.world.open_panes();
    bench.report("MetaOrchestrator/meta", AgentState::Working);
    let to = crate::domain::name::Address::parse("QA").expect("an address");
    let kind = crate::domain::message::MessageType::parse("handoff").expect("a type");
    let body = serde_json::json!({ "task": "FEAT-7" });
    let draft = crate::domain::message::Draft::new(kind, to, body);
    let id = id_of(bench.agent("Code/lead", Command::SendMessage { draft }));
    let own = crate::engine::requests::words::answer_with(bench.request(id));
    assert_eq!(own, format!("agency handoff accept {id}"));
    pass_until(&mut bench, id, Level::Lead);
    let (to, escalation) = bench.told("escalation").remove(0);
    assert_eq!(to, "MetaOrchestrator/meta");
    let words = text(&escalation);
    assert!(words.contains("Answer it: agency send QA/head \"…\" (it has to run"), "{words}");
    pass_until(&mut bench, id, Level::Operator);
    let words = crate::engine::requests::words::answer_with(bench.request(id));
    assert!(words.contains(&format!("agency handoff decline {id} --reason")), "{words}");
    assert!(words.ends_with("(in the name of QA/head)"), "{words}");
}

#[test]
fn whoever_was_asked_on_the_way_answers_and_nobody_else() {
    let mut bench = Bench::new();
    let id = bench.question("Code/dev", "Code/ops", Priority::Normal);
    bench.reply(Some("Code/lead"), "Code/dev", id);
    assert!(bench.is_open(id), "nobody has asked the coordinator yet");
    bench.pass(61 * MINUTE);
    let (_, escalation) = bench.told("escalation").remove(0);
    bench.reply(Some("Code/lead"), "Code/ops", escalation.id);
    assert!(bench.is_open(id), "it must reach whoever asks");
    // Answered as one answers: to whoever sent it, which was the workbench.
    let answer = bench.reply(Some("Code/lead"), "workbench", escalation.id);
    assert_eq!(bench.end(id), "Code/lead");
    let end = bench.request(id).end.clone().expect("ended");
    assert_eq!(end.with, Some(answer));
    let record = &bench.world.state.mail.messages[&answer];
    assert_eq!(record.to, Some(agent("Code/dev")), "the asker gets it");
    bench.pass(600 * MINUTE);
    assert_eq!((bench.level(id), bench.wake), (Level::Coordinator, None), "the clock is stopped");
}

#[test]
fn in_quiet_hours_nobody_is_reminded_but_of_what_is_critical() {
    let mut bench = Bench::new();
    let quiet = vec!["03:00-08:00".parse().expect("a span")];
    let mut config = bench.world.state.config.clone();
    config.cadence.quiet = quiet;
    bench.feed(Input::ConfigSeen { config: Box::new(config) });
    let asked_at = bench.world.at;
    let normal = bench.question("Code/dev", "Code/ops", Priority::Normal);
    let critical = bench.question("Code/dev", "Code/lead", Priority::Critical);
    bench.pass(20 * MINUTE);
    assert_eq!(bench.level(critical), Level::Operator, "what is critical goes its way");
    let end: Timestamp = "2026-01-02T08:00:00Z".parse().expect("a time");
    bench.pass(end.duration_since(asked_at).as_secs() - 20 * MINUTE - 1);
    assert_eq!(bench.recipients("alert"), ["Code/lead"]);
    assert_eq!((bench.level(normal), bench.request(normal).steps.len()), (Level::Agent, 0));
    bench.pass(2);
    assert_eq!(bench.recipients("alert"), ["Code/lead", "Code/ops"]);
    bench.pass(29 * MINUTE);
    assert_eq!(bench.level(normal), Level::Agent, "who is reminded late has its time all the same");
    bench.pass(2 * MINUTE);
    assert_eq!(bench.level(normal), Level::Coordinator);
}

#[test]
fn what_may_stand_in_an_input_line_is_not_taken_back() {
    let mut bench = Bench::new();
    let id = bench.question("Code/dev", "Code/ops", Priority::Normal);
    bench.pass(31 * MINUTE);
    let (_, chase) = bench.told("alert").remove(0);
    let (mut state, at) = (bench.world.state.clone(), bench.world.at);
    let reason = "nobody knows".to_owned();
    state.apply(&Event::DeliveryUncertain { id: chase.id, reason }, at);
    let draft = Draft { in_reply_to: Some(id), ..draft("Code/dev", "8080") };
    let command = Box::new(Command::SendMessage { draft });
    let input = Input::Asked { ticket: Ticket(1), actor: Actor::Agent(agent("Code/ops")), command };
    decide(&mut state, input, Now { at, seed: crate::engine::testing::id(77) });
    assert!(state.requests.open.is_empty());
    assert_eq!(state.mail.messages[&chase.id].state.as_str(), "routed");
}

#[test]
fn what_reminds_of_a_settled_request_is_taken_back() {
    let mut bench = Bench::new();
    let id = bench.question("Code/dev", "Code/ops", Priority::Normal);
    bench.pass(31 * MINUTE);
    let (_, chase) = bench.told("alert").remove(0);
    bench.reply(Some("Code/ops"), "Code/dev", id);
    let mail = &bench.world.state.mail;
    assert_eq!(mail.messages[&chase.id].state.as_str(), "expired");
    assert!(mail.waiting[&agent("Code/ops")].iter().all(|waiting| *waiting != chase.id));
}

#[test]
fn who_cannot_answer_is_left_out_at_once() {
    let reason = |bench: &Bench, id: MessageId| {
        let step = bench.request(id).steps.first().cloned().expect("a step");
        assert_eq!(step.at, bench.request(id).since);
        step.reason.expect("a reason")
    };
    let mut bench = Bench::new();
    let id = bench.question("Code/dev", "Code/ops", Priority::Low);
    bench.report("Code/ops", AgentState::Limited);
    assert_eq!(bench.level(id), Level::Coordinator);
    assert_eq!(reason(&bench, id), "`Code/ops` is held back by its provider");
    let late = bench.question("Code/dev", "Code/ops", Priority::Low);
    assert_eq!(bench.level(late), Level::Coordinator, "so it is at its opening");
    let other = bench.question("Code/lead", "QA", Priority::Low);
    bench.operator(Command::StopAgencies { names: vec![name("QA")] }).expect("stopped");
    assert_eq!(bench.level(other), Level::Operator);
    assert_eq!(reason(&bench, other), "`QA` is stopped; there is no `MetaOrchestrator`");
}

#[test]
fn who_leaves_passes_it_on_and_who_asked_and_left_needs_no_answer() {
    let mut bench = Bench::new();
    let to = bench.question("Code/dev", "Code/ops", Priority::Normal);
    let from = bench.question("Code/ops", "Code/dev", Priority::Normal);
    let dismiss = Command::DismissAgent { agency: name("Code"), agent: name("ops") };
    bench.operator(dismiss).expect("dismissed");
    assert_eq!((bench.level(to), bench.is_open(to)), (Level::Coordinator, true));
    assert_eq!(bench.end(from), "`Code/ops`, who asked, is not there any more");
}

#[test]
fn whoever_asks_is_not_asked_on_the_way_up() {
    let mut bench = Bench::new();
    let id = bench.question("Code/lead", "Code/dev", Priority::Normal);
    bench.pass(61 * MINUTE);
    assert_eq!(bench.level(id), Level::Operator);
    assert!(bench.told("escalation").is_empty());
    let reason = bench.request(id).steps.last().and_then(|step| step.reason.clone());
    assert!(reason.expect("a reason").contains("`Code/lead` is the one who asks"));
}

#[test]
fn a_question_to_the_operator_stays_there_until_it_is_answered() {
    let mut bench = Bench::new();
    let id = bench.question("Code/lead", "operator", Priority::Critical);
    assert_eq!((bench.level(id), bench.wake), (Level::Operator, None));
    assert_eq!(bench.attention(), [(WaitingKind::Question, id.to_string())]);
    bench.reply(None, "Code/lead", id);
    assert_eq!((bench.is_open(id), bench.attention()), (false, vec![]));
    assert!(bench.world.state.mail.for_operator.is_empty(), "who answers has read it");
}

#[test]
fn a_machine_that_slept_takes_one_step_and_then_the_time_of_a_step() {
    let mut bench = Bench::new();
    let id = bench.question("Code/dev", "Code/ops", Priority::Critical);
    bench.world.wait_ms(24 * 3_600_000);
    bench.ring();
    bench.ring();
    assert_eq!((bench.level(id), bench.request(id).steps.len()), (Level::Agent, 1));
    bench.pass(149);
    assert_eq!(bench.level(id), Level::Agent, "who is reminded late has its time all the same");
    bench.pass(2);
    assert_eq!(bench.level(id), Level::Coordinator);
}

#[test]
fn an_agent_is_reminded_of_everything_at_once() {
    let mut bench = Bench::new();
    let first = bench.question("Code/dev", "Code/ops", Priority::Normal);
    for _ in 0..20 {
        bench.pass(2);
        bench.question("Code/dev", "Code/ops", Priority::Normal);
    }
    bench.pass(40 * MINUTE);
    let chases = bench.told("alert");
    assert_eq!(chases.len(), 1, "{chases:?}");
    let words = text(&chases[0].1);
    assert!(words.contains("and 15 more: agency requests list"), "{words}");
    assert!(words.lines().count() < 20, "a pane takes it");
    bench.pass(25 * MINUTE);
    let escalations = bench.told("escalation").len();
    assert!(escalations <= 21, "{escalations}");
    assert_eq!(bench.level(first), Level::Coordinator);
    // Of several nobody knows which one is meant.
    bench.reply(Some("Code/ops"), "Code/dev", chases[0].1.id);
    assert!(bench.is_open(first));
}

/// Opens a request as a message's meaning does, beside the world: its timer does not know of it.
fn opened(state: &mut State, at: Timestamp, number: u128, change: impl FnOnce(&mut Opening)) {
    let mut opening = Opening {
        message: id(number),
        kind: RequestKind::Coordination,
        asker: Address::Agent(agent("Code/dev")),
        asked: Address::Agent(agent("Code/ops")),
        task: None,
        priority: Priority::Low,
        due: None,
        text: "stuck".to_owned(),
    };
    change(&mut opening);
    open(&mut Step::new(state, Now { at, seed: id(number) }), opening);
}

#[test]
fn a_given_up_task_needs_no_answers_and_a_task_that_goes_on_has_no_blocker() {
    let mut bench = Bench::new();
    let task = bench.world.begin(contract("Code", "login", "A form"), "Code/dev");
    let block = Command::BlockTask { task, reason: "stuck".to_owned() };
    bench.agent("Code/dev", block).expect("blocked");
    let (mut state, at) = (bench.world.state.clone(), bench.world.at);
    for (number, kind) in [(9_001, RequestKind::Blocker), (9_002, RequestKind::Question)] {
        opened(&mut state, at, number, |opening| {
            (opening.kind, opening.task) = (kind, Some(task));
        });
    }
    let command = |command| Input::Asked {
        ticket: Ticket(1),
        actor: Actor::Operator,
        command: Box::new(command),
    };
    let end = |state: &State, number| {
        let request = state.requests.find(id(number)).expect("known");
        request.end.as_ref().and_then(|end| end.reason.clone())
    };
    let now = Now { at, seed: id(77) };
    let step = decide(&mut state, command(Command::UnblockTask { task }), now);
    let ends = |event: &Event| {
        matches!(event, Event::RequestClosed { .. } | Event::RequestAnswered { .. })
    };
    // The one of the command that blocked it, and this one; each once.
    assert_eq!(step.events.iter().filter(|(_, event)| ends(event)).count(), 2);
    assert_eq!(end(&state, 9_001), Some(format!("`{task}` goes on")));
    assert_eq!(end(&state, 9_002), None);
    decide(&mut state, command(Command::CancelTask { task, reason: None }), now);
    assert_eq!(end(&state, 9_002), Some(format!("`{task}` was given up")));
}

#[test]
fn a_time_by_which_it_is_needed_comes_before_the_usual_one() {
    let bench = Bench::new();
    let (mut state, at) = (bench.world.state.clone(), bench.world.at);
    let due = at + SignedDuration::from_mins(10);
    opened(&mut state, at, 9_001, |opening| opening.due = Some(due));
    let next = |state: &State, at| {
        ladder::next(state, state.requests.find(id(9_001)).expect("known"), at).expect("a step")
    };
    let half = at + SignedDuration::from_mins(5);
    assert_eq!(next(&state, at), Next { at: half, what: Move::Chase });
    let ring = |state: &mut State, at, seed| {
        decide(state, Input::Rang { timer: Timer::Requests }, Now { at, seed: id(seed) });
    };
    ring(&mut state, half, 78);
    let climb = next(&state, half);
    let Move::Climb { reason } = climb.what else { panic!("{climb:?}") };
    assert_eq!((climb.at, reason.starts_with("`Code/ops` has not answered by 20")), (due, true));
    ring(&mut state, due, 79);
    let request = state.requests.find(id(9_001)).expect("known");
    assert_eq!(request.level, Level::Coordinator);
    // Above, what is late already takes the usual time of its priority.
    assert_eq!(next(&state, due).at, due + SignedDuration::from_hours(2));
}

#[test]
fn only_whoever_asks_and_who_leads_that_one_let_a_request_be() {
    let mut bench = Bench::new();
    let id = bench.question("Code/dev", "Code/ops", Priority::Normal);
    let close =
        |reason: Option<&str>| Command::CloseRequest { id, reason: reason.map(str::to_owned) };
    for who in ["Code/ops", "QA/head"] {
        let refused = bench.agent(who, close(None)).map_err(|refusal| refusal.code);
        assert_eq!(refused, Err("not_yours".to_owned()), "{who}");
    }
    bench.agent("Code/dev", close(Some("found it"))).expect("closed");
    assert_eq!(bench.end(id), "closed by `Code/dev`: found it");
    let again = bench.agent("Code/dev", close(None)).map_err(|refusal| refusal.code);
    assert_eq!(again, Err("not_open".to_owned()));
    let unknown = Command::CloseRequest { id: uuid::Uuid::nil(), reason: None };
    let unknown = bench.operator(unknown).map_err(|refusal| refusal.code);
    assert_eq!(unknown, Err("request_not_found".to_owned()));
}
