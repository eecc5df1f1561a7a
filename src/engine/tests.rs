//! What holds for the engine as a whole.

use std::collections::BTreeSet;

use crate::engine::event::Event;
use crate::engine::state::State;
use crate::engine::testing::job::{Cut, Job};
use crate::engine::testing::samples::events;

#[test]
fn every_event_is_read_as_it_was_written_and_has_a_sample() {
    let mut seen = BTreeSet::new();
    for event in events() {
        let text = serde_json::to_string(&event).expect("written");
        assert_eq!(serde_json::from_str::<Event>(&text).expect("read"), event, "{text}");
        assert!(!event.subject().is_empty(), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).expect("an object");
        seen.insert(value["event"].as_str().expect("a name").to_owned());
    }
    let missing: Vec<String> =
        names_of_all().into_iter().filter(|name| !seen.contains(name)).collect();
    assert_eq!(missing, [""; 0], "variants without a sample");
}

/// The names of all variants, as the reader lists them for a name that it does not know.
fn names_of_all() -> Vec<String> {
    let unknown = serde_json::json!({ "event": "no such event" });
    let error = serde_json::from_value::<Event>(unknown).expect_err("unknown").to_string();
    let (_, list) = error.split_once("expected one of ").expect("the names");
    let names: Vec<String> = list.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 80 && names.contains(&"act_undone".to_owned()), "{names:?}");
    names
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

#[test]
fn killed_at_any_step_and_started_again_the_job_ends_the_same() {
    let mut whole = Job::begun();
    let steps = whole.run(&[]);
    let summary = whole.summary();
    assert!(steps > 40, "a whole job has more steps than {steps}");
    assert!(summary.contains(&"AP-001 merged documented: true".to_owned()), "{summary:#?}");
    assert!(summary.contains(&"typed twice: 0".to_owned()), "{summary:#?}");
    assert!(summary.contains(&"panes 3 of 4".to_owned()), "one came and went: {summary:#?}");
    assert!(whole.outer.typed.len() >= 5, "{summary:#?}");
    for step in 1..=steps {
        for cut in [Cut::BeforeEffects(step), Cut::AfterEffects(step)] {
            let mut job = Job::begun();
            job.run(&[cut]);
            let lives = job.world.past.iter();
            let lives = lives.filter(|(e, _)| matches!(e, Event::SupervisorStarted { .. })).count();
            assert!(lives == 2 || step < 5, "{cut:?}: {lives} lives");
            assert_eq!(job.summary(), summary, "{cut:?}");
        }
    }
}

#[test]
fn killed_again_and_again_the_job_ends_the_same() {
    let mut whole = Job::begun();
    let steps = whole.run(&[]);
    for every in 5..12 {
        let cuts: Vec<Cut> = (1..steps)
            .filter(|step| step % every == 0)
            .map(|step| match step % 2 {
                0 => Cut::BeforeEffects(step),
                _ => Cut::AfterEffects(step),
            })
            .collect();
        let mut job = Job::begun();
        job.run(&cuts);
        assert_eq!(job.summary(), whole.summary(), "every {every} steps");
    }
}

/// Interprets three numbers as something that happens; nonsense is as likely as sense.
mod chance {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use crate::domain::agency::AgentState;
    use crate::domain::approval::{Decision, Statement};
    use crate::domain::checkpoint::{Care, CheckpointId, CheckpointReason as Reason, Manner};
    use crate::domain::command::{Actor, Command};
    use crate::domain::id::{ActId, ApprovalId, MessageId, SubmissionId, TaskId};
    use crate::domain::name::AgentAddress;
    use crate::domain::submission::ProofOutcome;
    use crate::engine::effect::Effect;
    use crate::engine::event::Event;
    use crate::engine::input::{Input, LeftUndone, Offer, Purpose, Saving, Ticket, Timer};
    use crate::engine::testing::samples::{checkpoint, evidence, preview, signed, temporary};
    use crate::engine::testing::{
        Turn, World, after, agent, contract, definition, id, name, sending,
    };
    use crate::ports::repositories::{Integrated, Kept, Merged, Restored, Uncommitted, WorkState};
    use crate::ports::terminals::{PaneLife, Typed};

    const AGENTS: [&str; 5] = ["Code/lead", "Code/dev", "Code/ops", "QA/head", "Code/ghost"];

    /// What must hold over a whole life.
    #[derive(Default)]
    struct Watch {
        /// Typed and not known to be untyped.
        typed: BTreeMap<MessageId, bool>,
        agents: BTreeMap<TaskId, AgentAddress>,
    }

    impl Watch {
        fn see(&mut self, turn: &Turn, key: Option<&String>) {
            for event in &turn.events {
                match event {
                    Event::DeliveryDeferred { id, .. } | Event::DeliveryRetried { id } => {
                        self.typed.insert(*id, false);
                    }
                    Event::DeliveryStarted { id, .. } => {
                        let before = self.typed.insert(*id, true);
                        assert_ne!(before, Some(true), "{id} is typed a second time");
                    }
                    Event::TaskAssigned { task, agent, .. } => {
                        let before = self.agents.entry(*task).or_insert_with(|| agent.clone());
                        assert_eq!(before, agent, "{task} has two agents");
                    }
                    Event::ApprovalGiven { signed, .. }
                    | Event::ApprovalRejected { signed, .. } => {
                        assert!(key.is_some_and(|key| signed.verify(key).is_ok()));
                    }
                    _ => {}
                }
            }
        }
    }

    fn who(number: u8) -> &'static str {
        AGENTS[usize::from(number) % AGENTS.len()]
    }

    fn actor(number: u8) -> Actor {
        match number % 3 {
            0 => Actor::Operator,
            _ => Actor::Agent(agent(who(number / 3))),
        }
    }

    fn command(world: &World, kind: u8, a: u8, b: u8) -> Command {
        let (task, approval) = (TaskId(u32::from(a % 4) + 1), ApprovalId(u32::from(a % 3) + 1));
        let ids: Vec<MessageId> = world.state.mail.messages.keys().copied().collect();
        let known = ids.get(usize::from(a) % ids.len().max(1)).copied().unwrap_or(id(3));
        let agency = if b.is_multiple_of(4) { name("QA") } else { name("Code") };
        match kind % 25 {
            0 => Command::StartAgencies { names: vec![agency] },
            1 => Command::StopAgencies { names: vec![agency] },
            2 => Command::RestartAgency { name: agency },
            3 if b.is_multiple_of(8) => Command::RemoveAgency { name: agency },
            3 | 4 => {
                let states = [AgentState::Idle, AgentState::Working, AgentState::Exited];
                let state = states[usize::from(a) % states.len()];
                let spawn = world.spawn_of(who(b)).unwrap_or_default();
                Command::ReportState { spawn, state, reason: None }
            }
            5 => Command::AcknowledgeMessages { ids: vec![known] },
            6 => Command::FetchMessages { ids: vec![known] },
            7 => Command::RetryDelivery { id: known },
            8 => Command::SetGoal { agency, text: "a goal".to_owned() },
            9 => {
                let feature = ["login", "logout"][usize::from(a % 2)];
                let plain = contract(agency.as_str(), feature, "A form");
                let contract = if b.is_multiple_of(3) { after(task, plain) } else { plain };
                Command::AddTask { contract }
            }
            10 => Command::AssignTask { task, agent: agent(who(b)) },
            11 => Command::StartTask { task },
            12 => Command::ReportProgress { task, percent: b, note: None },
            13 => Command::BlockTask { task, reason: "stuck".to_owned() },
            14 => Command::UnblockTask { task },
            15 => Command::CompleteTask { task, summary: None },
            16 if b.is_multiple_of(4) => Command::CancelTask { task, reason: None },
            16 | 17 => Command::SubmitTask { task, rationale: None, rollback: None, demo: None },
            18 => Command::ProveAgain { approval },
            20 => {
                let mut hired = temporary(["ops", "new", "extra"][usize::from(a % 3)]);
                hired.temporary = b.is_multiple_of(2);
                Command::HireAgent { agency, definition: Box::new(hired) }
            }
            21 => {
                let agent = ["ops", "new", "extra", "dev"][usize::from(a % 4)];
                Command::DismissAgent { agency, agent: name(agent) }
            }
            22 => Command::TakeCheckpoint { task: Some(task), note: None },
            23 => {
                let checkpoint = CheckpointId { task, number: u32::from(b % 4) };
                let (paths, manner) = (Vec::new(), Manner::Keep);
                let care = if b.is_multiple_of(2) { Care::Careful } else { Care::Confirmed };
                Command::RestoreCheckpoint { checkpoint, paths, manner, care }
            }
            24 => {
                let act = (!b.is_multiple_of(4)).then_some(ActId(u32::from(a % 6)));
                Command::Undo { act, care: Care::Confirmed }
            }
            _ => Command::Decide { signed: decision(world, approval, b) },
        }
    }

    fn decision(
        world: &World,
        approval: ApprovalId,
        b: u8,
    ) -> crate::domain::approval::SignedStatement {
        let record = world.state.approvals.approvals.get(&approval);
        let merge = record.and_then(|record| record.merge.clone());
        let merge = merge.unwrap_or_else(|| preview("base", "change"));
        let mut signed = signed(Statement {
            approval,
            decision: if b.is_multiple_of(4) { Decision::Reject } else { Decision::Approve },
            change: merge.change,
            tree: merge.tree,
            evidence: record.map(|record| record.evidence_digest()).unwrap_or_default(),
            feedback: Some("no".to_owned()),
            at: world.at,
        });
        if b.is_multiple_of(7) {
            signed.statement.feedback = Some("yes".to_owned());
        }
        signed
    }

    fn outcome(b: u8) -> Typed {
        let reason = || "a reason".to_owned();
        match b % 4 {
            0 => Typed::NotReady { reason: reason() },
            1 => Typed::Uncertain { reason: reason() },
            _ => Typed::Submitted,
        }
    }

    fn proof(b: u8) -> ProofOutcome {
        let merge = preview(["base", "newbase"][usize::from(b % 2)], "change");
        match b % 6 {
            0 => ProofOutcome::Conflict { base: "b".to_owned(), paths: Vec::new() },
            1 => ProofOutcome::Broken { reason: "no git".to_owned() },
            2 => ProofOutcome::Checked { evidence: evidence(&merge, 1, &["x"]), merge },
            _ => ProofOutcome::Checked { evidence: evidence(&merge, 1, &[]), merge },
        }
    }

    fn purpose(b: u8) -> Purpose {
        match b.is_multiple_of(2) {
            true => Purpose::Complete { summary: None },
            false => Purpose::Submit(Offer::default()),
        }
    }

    fn outcome_of(world: &World, kind: u8, a: u8, b: u8) -> Input {
        let task = TaskId(u32::from(a % 4) + 1);
        let approval = ApprovalId(u32::from(a % 3) + 1);
        let ticket = Some(Ticket(u64::from(b)));
        let problem = || "no disk".to_owned();
        let to = agent(who(b));
        match kind % 20 {
            0 | 1 => {
                let typing = world.state.mail.messages.values().find_map(|record| {
                    Some((record.to.clone()?, record.attempt?, record.message.id))
                });
                let (agent, spawn, id) = typing.unwrap_or((to, id(1), id(2)));
                Input::MessageTyped { agent, spawn, id, outcome: outcome(b) }
            }
            2 => {
                let spawn = world.spawn_of(who(b)).unwrap_or_default();
                Input::NudgeTyped { agent: to, spawn, outcome: outcome(a) }
            }
            3 => {
                let result = if b.is_multiple_of(5) { Err(problem()) } else { Ok("base".into()) };
                Input::WorktreePrepared { task, result }
            }
            4 => {
                let dirty = if b.is_multiple_of(5) { vec!["a".to_owned()] } else { Vec::new() };
                let work = WorkState { head: format!("head-{b}"), ahead: u32::from(b % 3), dirty };
                Input::WorkInspected { ticket, task, purpose: purpose(b), result: Ok(work) }
            }
            5 => {
                let result = match b % 5 {
                    0 => Err(problem()),
                    1 => Ok(Integrated::Conflict { paths: vec!["a".to_owned()] }),
                    _ => Ok(Integrated::Merged { commit: format!("head-{b}") }),
                };
                Input::WorkIntegrated { ticket, task, purpose: purpose(b), result }
            }
            6 | 7 => Input::ProofFinished {
                submission: SubmissionId(u32::from(a % 3) + 1),
                outcome: Box::new(proof(b)),
            },
            8 => {
                let result = match b % 4 {
                    0 => Ok(Merged::BaseMoved { now: "newbase".to_owned() }),
                    1 => Ok(Merged::Held { reason: problem() }),
                    2 => Err(problem()),
                    _ => Ok(Merged::Done { commit: "c0ffee".to_owned() }),
                };
                Input::MergeFinished { approval, result }
            }
            9 if b.is_multiple_of(4) => Input::LeftUndone { what: LeftUndone::Work },
            9 => Input::Documented { approval },
            10 => {
                let kept = Kept { branch_ref: None, uncommitted_ref: None };
                Input::WorktreeRetired { task, kept }
            }
            12 => Input::CrewWritten { agency: name("Code"), change: u64::from(b % 4) },
            13 => Input::CrewUnwritten { agency: name("Code"), problem: problem() },
            11 => Input::AgencyArchived { agency: name("Code"), folder: "x".into() },
            14..=18 => keeping_outcome_of(world, kind % 20, a, b),
            _ => Input::Woke { pid: u32::from(a), version: String::new() },
        }
    }

    fn keeping_outcome_of(world: &World, kind: u8, a: u8, b: u8) -> Input {
        let task = TaskId(u32::from(a % 4) + 1);
        let ticket = Some(Ticket(u64::from(b)));
        let problem = || "no disk".to_owned();
        match kind {
            14 => {
                let files = (0..b % 3).map(|number| number.to_string()).collect::<Vec<_>>();
                let (head, count) = (format!("head-{}", a % 2), u32::from(b % 3));
                let oldest = Some(world.at);
                Input::WorkSeen {
                    task,
                    result: Ok(Uncommitted { head, head_at: None, files, count, oldest }),
                }
            }
            15 => {
                let reason = if b.is_multiple_of(2) { Reason::Asked } else { Reason::Lost };
                let saving = Saving { task, reason, note: None, by: Actor::Supervisor };
                let made = (!b.is_multiple_of(5)).then(|| checkpoint(u32::from(b % 4)));
                Input::WorkSaved { ticket, saving, result: Ok(made) }
            }
            16 => {
                let (before, in_the_way) = (checkpoint(u32::from(b % 4)), Vec::new());
                let (meanwhile, written) = (Vec::new(), 1);
                let restored = Restored { before, meanwhile, written, removed: 0, in_the_way };
                Input::WorkRestored { ticket, task, result: Ok(restored) }
            }
            17 => {
                let act = ActId(u32::from(a % 6));
                let result = if b.is_multiple_of(5) {
                    Err(problem())
                } else {
                    Ok(Box::new(definition("Code", &["lead", "dev"])))
                };
                Input::AgencyReturned { act, result }
            }
            _ => {
                let act = ActId(u32::from(b % 6));
                let result = if b.is_multiple_of(5) { Err(problem()) } else { Ok("base".into()) };
                Input::WorktreeRevived { act, task, result }
            }
        }
    }

    fn happen(world: &mut World, (kind, a, b): (u8, u8, u8)) -> Turn {
        match kind % 10 {
            0..=3 => {
                let command = command(world, (kind / 10).wrapping_add(a), b, a);
                let turn = world.ask(actor(b), command);
                let later = turn.effects.iter().filter(|effect| effect.ticket().is_some()).count();
                assert_eq!(turn.replies.len() + later, 1, "one answer, now or later: {turn:?}");
                turn
            }
            4 => world.ask(actor(a), sending(who(b), "hello")),
            5 | 6 => {
                let input = outcome_of(world, (kind / 10).wrapping_add(a), b, a);
                world.feed(input)
            }
            7 => {
                world.wait_ms(i64::from(a) * 300);
                let timers = [
                    Timer::Offer,
                    Timer::TakeUp,
                    Timer::Expire,
                    Timer::Ensure { agency: name("Code") },
                    Timer::Crew { agency: name("Code") },
                    Timer::Work { task: TaskId(u32::from(a % 4) + 1) },
                ];
                let timer = timers[usize::from(b) % timers.len()].clone();
                world.feed(Input::Rang { timer })
            }
            8 => world.look(|panes| {
                if let Some(pane) = panes.get_mut(usize::from(a)) {
                    pane.life = PaneLife::Dead { status: Some(i32::from(b % 2)), signal: None };
                }
            }),
            _ => match b % 3 {
                0 => world.define(definition(
                    "Code",
                    &["lead", "dev", ["ops", "new"][usize::from(a % 2)]],
                )),
                _ => world.open_panes().pop().unwrap_or_default(),
            },
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        /// The world itself checks the fold and that a refused command records nothing.
        #[test]
        fn whatever_happens_in_whatever_order_keeps_the_invariants(
            happenings in prop::collection::vec(any::<(u8, u8, u8)>(), 1..120)
        ) {
            let mut world = World::running();
            let mut watch = Watch::default();
            for happening in happenings {
                let before = world.past.len();
                happen(&mut world, happening);
                let events = world.past[before..].iter().map(|(event, _)| event.clone()).collect();
                let turn = Turn { events, ..Turn::default() };
                watch.see(&turn, world.state.operator_key.as_ref());
                // None of these may fail on any state.
                crate::engine::attention::waiting(&world.state, world.at);
                for subject in ["Code", "Code/dev", "TASK-001", "AP-001", "*"] {
                    crate::engine::explain::explain(&world.state, subject, world.at);
                }
            }
            let saved = serde_json::to_string(&world.state).expect("written");
            let read: crate::engine::state::State = serde_json::from_str(&saved).expect("read");
            prop_assert_eq!(read, world.state);
        }

        /// Whoever comes up twice asks for the same: nothing is used up by asking.
        #[test]
        fn coming_up_once_more_asks_for_the_same_again(
            happenings in prop::collection::vec(any::<(u8, u8, u8)>(), 1..60)
        ) {
            let mut world = World::running();
            for happening in happenings {
                happen(&mut world, happening);
            }
            let mut work = || -> Vec<Effect> {
                let turn = world.feed_alone(Input::Woke { pid: 1, version: String::new() });
                let is_work = |effect: &Effect| !matches!(
                    effect,
                    Effect::TypeMessage { .. } | Effect::TypeNudge { .. } | Effect::WakeAt { .. }
                        | Effect::Bury { .. }
                );
                turn.effects.into_iter().filter(is_work).collect()
            };
            let (first, second) = (work(), work());
            prop_assert_eq!(first, second);
        }
    }
}
