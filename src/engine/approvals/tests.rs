//! From finished work to the project's branch: proofs, decisions, merges.

use crate::domain::approval::{ApprovalState, Decision, SignedStatement, Statement};
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::{ApprovalId, SubmissionId, TaskId};
use crate::domain::refusal::Refusal;
use crate::domain::submission::ProofOutcome;
use crate::domain::task::TaskState;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, LeftUndone, Offer, Purpose, Ticket, Timer};
use crate::engine::testing::samples::{evidence, preview, signed};
use crate::engine::testing::{Turn, World, agent, answer_of, code_of, contract, name};
use crate::ports::repositories::{Integrated, Kept, Merged, WorkState};

const DEV: &str = "Code/dev";
const FIRST: ApprovalId = ApprovalId(1);

fn submit(task: TaskId) -> Command {
    Command::SubmitTask { task, rationale: None, rollback: None, demo: None }
}

/// The work of a task is looked into, found clean and integrated, for that purpose.
fn integrate(world: &mut World, task: TaskId, head: &str, purpose: Purpose) -> Turn {
    let ticket = Some(Ticket(500));
    let work = WorkState { head: head.to_owned(), ahead: 1, dirty: Vec::new() };
    world.feed(Input::WorkInspected { ticket, task, purpose: purpose.clone(), result: Ok(work) });
    let result = Ok(Integrated::Merged { commit: head.to_owned() });
    world.feed(Input::WorkIntegrated { ticket, task, purpose, result })
}

fn hand_in(world: &mut World, task: TaskId, head: &str) -> Turn {
    integrate(world, task, head, Purpose::Submit(Offer::default()))
}

fn proven(world: &mut World, number: u32, outcome: ProofOutcome) -> Turn {
    let submission = SubmissionId(number);
    world.feed(Input::ProofFinished { submission, outcome: Box::new(outcome) })
}

fn passed(base: &str, change: &str) -> ProofOutcome {
    let merge = preview(base, change);
    ProofOutcome::Checked { evidence: evidence(&merge, 3, &[]), merge }
}

fn failed(names: &[&str]) -> ProofOutcome {
    let merge = preview("base", "change");
    ProofOutcome::Checked { evidence: evidence(&merge, 3, names), merge }
}

/// A world whose one task waits for approval.
fn waiting() -> (World, TaskId) {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), DEV);
    hand_in(&mut world, task, "head");
    proven(&mut world, 1, passed("base", "change"));
    (world, task)
}

/// The operator's word about an approval as it lies there now.
fn word(world: &World, id: ApprovalId, decision: Decision, feedback: Option<&str>) -> Statement {
    let record = &world.state.approvals.approvals[&id];
    let merge = record.merge.clone().unwrap_or_else(|| preview("", ""));
    Statement {
        approval: id,
        decision,
        change: merge.change,
        tree: merge.tree,
        evidence: record.evidence_digest(),
        feedback: feedback.map(str::to_owned),
        at: world.at,
    }
}

fn decide(world: &mut World, signed: SignedStatement) -> Turn {
    world.ask(Actor::Operator, Command::Decide { signed })
}

fn approve(world: &mut World) -> Turn {
    let statement = word(world, FIRST, Decision::Approve, None);
    decide(world, signed(statement))
}

fn merged(world: &mut World, result: Result<Merged, String>) -> Turn {
    world.feed(Input::MergeFinished { approval: FIRST, result })
}

fn state(world: &World) -> ApprovalState {
    world.state.approvals.approvals[&FIRST].state
}

fn merges(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::Merge { .. }))
}

fn proofs(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::Prove { .. }))
}

fn told(turn: &Turn, to: &str) -> Vec<String> {
    let told = turn.events.iter().filter_map(|event| match event {
        Event::MessageAccepted { message, to: Some(other), .. } if *other == agent(to) => {
            message.body.as_str().map(str::to_owned)
        }
        _ => None,
    });
    told.collect()
}

#[test]
fn a_feature_is_handed_in_as_a_whole() {
    let mut world = World::running();
    let first = world.begin(contract("Code", "login", "One"), DEV);
    let second = world.begin(contract("Code", "login", "Two"), "Code/ops");
    assert_eq!(code_of(world.agent(DEV, submit(first))), "feature_open");
    integrate(&mut world, second, "two", Purpose::Complete { summary: None });
    let asked = world.ask(Actor::Agent(agent(DEV)), submit(first));
    assert!(asked.replies.is_empty(), "the answer comes later");
    let turn = hand_in(&mut world, first, "one");
    assert_eq!(proofs(&turn), 1);
    assert_eq!(answer_of(turn), Ok(Answer::Id("SUB-001".to_owned())));
    let work = &world.state.submissions.submissions[&SubmissionId(1)].submission;
    assert_eq!((work.tasks.len(), work.head.as_str()), (2, "one"));
    assert_eq!(work.title, "login: One (+1 more)");
    for task in [first, second] {
        assert_eq!(world.task(task), TaskState::Proving);
        assert_eq!(code_of(world.operator(submit(task))), "already_submitted");
    }
}

#[test]
fn what_is_handed_in_twice_at_once_is_one_submission() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), DEV);
    hand_in(&mut world, task, "head");
    let again = hand_in(&mut world, task, "head");
    assert_eq!(code_of(answer_of(again)), "already_submitted");
    assert_eq!(world.state.submissions.submissions.len(), 1);
}

#[test]
fn without_a_commit_there_is_nothing_to_hand_in_and_the_task_stays_open() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), DEV);
    let work = WorkState { head: "base".to_owned(), ahead: 0, dirty: Vec::new() };
    let purpose = Purpose::Submit(Offer::default());
    let turn = world.feed(Input::WorkInspected {
        ticket: Some(Ticket(500)),
        task,
        purpose,
        result: Ok(work),
    });
    assert_eq!(turn.events.len(), 0);
    assert_eq!(code_of(answer_of(turn)), "nothing_to_submit");
    assert_eq!(world.task(task), TaskState::InProgress);
}

#[test]
fn a_failing_proof_goes_back_with_the_names_of_the_failed_tests() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), DEV);
    hand_in(&mut world, task, "head");
    let turn = proven(&mut world, 1, failed(&["the form shows", "it\nsends"]));
    let words = "TASK-001 was sent back: 2 of 5 tests failed: the form shows; it";
    assert!(told(&turn, DEV)[0].starts_with(words), "{:?}", told(&turn, DEV));
    assert_eq!(told(&turn, "Code/lead").len(), 1);
    assert_eq!(world.task(task), TaskState::Rejected);
    assert!(world.state.approvals.approvals.is_empty());
    // Mended and handed in again, it is another submission.
    let turn = hand_in(&mut world, task, "mended");
    assert_eq!(answer_of(turn), Ok(Answer::Id("SUB-002".to_owned())));
}

#[test]
fn a_conflict_with_the_projects_branch_goes_back_too() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), DEV);
    hand_in(&mut world, task, "head");
    let paths = vec!["a.txt".to_owned()];
    let turn = proven(&mut world, 1, ProofOutcome::Conflict { base: "b".to_owned(), paths });
    assert!(told(&turn, DEV)[0].contains("a.txt"));
    assert_eq!(world.task(task), TaskState::Rejected);
}

#[test]
fn what_is_not_proven_waits_visibly_and_cannot_be_approved() {
    let merge = preview("base", "change");
    let hint = "add a check to agency.toml".to_owned();
    for outcome in [
        ProofOutcome::NoChecks { merge, hint: hint.clone() },
        ProofOutcome::Broken { reason: hint.clone() },
    ] {
        let mut world = World::running();
        let task = world.begin(contract("Code", "login", "A form"), DEV);
        hand_in(&mut world, task, "head");
        proven(&mut world, 1, outcome);
        assert_eq!(state(&world), ApprovalState::NotProven);
        assert!(crate::engine::attention::waiting(&world.state, world.at)[0].text.contains(&hint));
        assert_eq!(code_of(answer_of(approve(&mut world))), "not_proven");
        let again = world.ask(Actor::Operator, Command::ProveAgain { approval: FIRST });
        assert_eq!(proofs(&again), 1);
        assert_eq!(world.task(task), TaskState::Proving);
        assert_eq!(code_of(world.operator(submit(task))), "already_submitted");
        proven(&mut world, 1, passed("base", "change"));
        assert_eq!(world.task(task), TaskState::AwaitingApproval);
        assert_eq!(world.state.approvals.approvals.len(), 2);
    }
}

#[test]
fn only_the_operator_decides() {
    let (mut world, _) = waiting();
    let statement = word(&world, FIRST, Decision::Approve, None);
    for command in
        [Command::Decide { signed: signed(statement) }, Command::ProveAgain { approval: FIRST }]
    {
        assert_eq!(code_of(world.agent("Code/lead", command)), "operator_only");
    }
}

#[test]
fn a_signature_of_another_key_or_about_something_else_is_refused() {
    let (mut world, _) = waiting();
    let good = signed(word(&world, FIRST, Decision::Approve, None));
    let mut other_key = good.clone();
    other_key.key = "11".repeat(32);
    let mut other_words = good.clone();
    other_words.statement.feedback = Some("x".to_owned());
    for bad in [other_key, other_words] {
        assert_eq!(code_of(answer_of(decide(&mut world, bad))), "bad_signature");
    }
    type Change = fn(&mut Statement);
    let stale: [Change; 3] = [
        |statement| statement.change.push('x'),
        |statement| statement.tree.push('x'),
        |statement| statement.evidence.push('x'),
    ];
    for change in stale {
        let mut statement = good.statement.clone();
        change(&mut statement);
        assert_eq!(code_of(answer_of(decide(&mut world, signed(statement)))), "stale_decision");
    }
    let mut unknown = good.statement;
    unknown.approval = ApprovalId(9);
    assert_eq!(code_of(answer_of(decide(&mut world, signed(unknown)))), "approval_not_found");
}

#[test]
fn without_a_known_key_nobody_decides() {
    let (mut world, _) = waiting();
    let good = signed(word(&world, FIRST, Decision::Approve, None));
    world = World::of(world.state.clone(), world.past.clone());
    let mut keyless = world.state.clone();
    keyless.operator_key = None;
    let mut world = World::of(keyless, world.past);
    assert_eq!(code_of(answer_of(decide(&mut world, good))), "no_operator_key");
}

#[test]
fn an_approved_change_is_merged_documented_told_and_cleaned_up() {
    let (mut world, task) = waiting();
    let turn = approve(&mut world);
    assert_eq!((merges(&turn), state(&world)), (1, ApprovalState::Approved));
    assert_eq!(code_of(answer_of(approve(&mut world))), "decided");
    let turn = merged(&mut world, Ok(Merged::Done { commit: "c0ffee".to_owned() }));
    assert_eq!((state(&world), world.task(task)), (ApprovalState::Merged, TaskState::Merged));
    for kind in [
        |effect: &Effect| matches!(effect, Effect::Document { .. }),
        |effect: &Effect| matches!(effect, Effect::RetireWorktree { .. }),
        |effect: &Effect| matches!(effect, Effect::RetireBranch { .. }),
    ] {
        assert_eq!(turn.count(kind), 1);
    }
    assert_eq!((told(&turn, DEV).len(), told(&turn, "Code/lead").len()), (1, 1));
    let late = merged(&mut world, Ok(Merged::Done { commit: "c0ffee".to_owned() }));
    assert_eq!(late.events.len(), 0);
}

#[test]
fn a_merged_feature_has_nothing_left_to_hand_in_and_can_be_built_on() {
    let (mut world, _) = waiting();
    approve(&mut world);
    merged(&mut world, Ok(Merged::Done { commit: "c0ffee".to_owned() }));
    let retires = |turn: &Turn| turn.count(|e| matches!(e, Effect::RetireBranch { .. }));
    let woken = || Input::Woke { pid: 2, version: String::new() };
    assert_eq!(retires(&world.feed(woken())), 1, "its branch may still be there");
    let kept = Kept { branch_ref: None, uncommitted_ref: None };
    world.feed(Input::BranchRetired { feature: name("login"), kept });
    assert_eq!(retires(&world.feed(woken())), 0);
    let task = world.begin(contract("Code", "login", "More"), DEV);
    let work = WorkState { head: "base".to_owned(), ahead: 0, dirty: Vec::new() };
    let turn = world.feed(Input::WorkInspected {
        ticket: Some(Ticket(500)),
        task,
        purpose: Purpose::Submit(Offer::default()),
        result: Ok(work),
    });
    assert_eq!(code_of(answer_of(turn)), "nothing_to_submit");
    let turn = hand_in(&mut world, task, "more");
    assert_eq!(answer_of(turn), Ok(Answer::Id("SUB-002".to_owned())));
    let work = &world.state.submissions.submissions[&SubmissionId(2)].submission;
    assert_eq!(work.tasks, [task]);
}

#[test]
fn a_branch_that_has_more_work_by_now_is_not_retired() {
    let (mut world, _) = waiting();
    let more = world.begin(contract("Code", "login", "More"), "Code/ops");
    approve(&mut world);
    integrate(&mut world, more, "newer", Purpose::Complete { summary: None });
    let turn = merged(&mut world, Ok(Merged::Done { commit: "c0ffee".to_owned() }));
    assert_eq!(turn.count(|effect| matches!(effect, Effect::RetireBranch { .. })), 0);
    let feature = &world.state.tasks.features[&name("login")];
    assert_eq!(feature.integration.as_deref(), Some("newer"));
}

#[test]
fn a_rejection_needs_feedback_and_reopens_the_task() {
    let (mut world, task) = waiting();
    let silent = signed(word(&world, FIRST, Decision::Reject, Some("  ")));
    assert_eq!(code_of(answer_of(decide(&mut world, silent))), "no_feedback");
    let told_why = signed(word(&world, FIRST, Decision::Reject, Some("too slow")));
    let turn = decide(&mut world, told_why);
    assert_eq!(told(&turn, DEV), ["TASK-001 was sent back: the operator says: too slow"]);
    assert_eq!((state(&world), world.task(task)), (ApprovalState::Rejected, TaskState::Rejected));
    let again: Result<Answer, Refusal> = answer_of(hand_in(&mut world, task, "faster"));
    assert_eq!(again, Ok(Answer::Id("SUB-002".to_owned())));
    proven(&mut world, 2, passed("base", "faster"));
    assert_eq!(world.state.approvals.approvals.len(), 2);
}

#[test]
fn the_same_change_on_a_moved_branch_is_proven_again_and_carries_on() {
    let (mut world, task) = waiting();
    approve(&mut world);
    let turn = merged(&mut world, Ok(Merged::BaseMoved { now: "newbase".to_owned() }));
    assert_eq!((proofs(&turn), merges(&turn)), (1, 0));
    assert_eq!(world.task(task), TaskState::Approved);
    let turn = proven(&mut world, 1, passed("newbase", "change"));
    assert_eq!((merges(&turn), state(&world)), (1, ApprovalState::Approved));
    let merge = world.state.approvals.approvals[&FIRST].merge.clone();
    assert_eq!(merge.map(|merge| merge.base).as_deref(), Some("newbase"));
}

#[test]
fn another_change_on_a_moved_branch_voids_the_approval_and_asks_anew() {
    let (mut world, task) = waiting();
    approve(&mut world);
    merged(&mut world, Ok(Merged::BaseMoved { now: "newbase".to_owned() }));
    let turn = proven(&mut world, 1, passed("newbase", "other"));
    assert_eq!((merges(&turn), state(&world)), (0, ApprovalState::Void));
    assert_eq!(world.state.approvals.approvals[&ApprovalId(2)].state, ApprovalState::Waiting);
    assert_eq!(world.task(task), TaskState::AwaitingApproval);
}

#[test]
fn a_proof_that_fails_on_the_moved_branch_voids_the_approval_and_sends_the_work_back() {
    let (mut world, task) = waiting();
    approve(&mut world);
    merged(&mut world, Ok(Merged::BaseMoved { now: "newbase".to_owned() }));
    let turn = proven(&mut world, 1, failed(&["the form shows"]));
    assert_eq!((merges(&turn), state(&world)), (0, ApprovalState::Void));
    assert_eq!(world.task(task), TaskState::Rejected);
}

#[test]
fn a_held_merge_is_told_once_and_tried_until_it_lands() {
    let (mut world, _) = waiting();
    approve(&mut world);
    for attempt in 0..3 {
        let held = Ok(Merged::Held { reason: "the checkout is dirty".to_owned() });
        let turn = merged(&mut world, held);
        assert_eq!(turn.events.len(), usize::from(attempt == 0));
        let timer = Timer::Merge { approval: FIRST };
        assert!(
            turn.effects
                .iter()
                .any(|e| matches!(e, Effect::WakeAt { timer: t, .. } if *t == timer))
        );
        assert_eq!(merges(&world.feed(Input::Rang { timer })), 1);
    }
    assert_eq!(crate::engine::attention::waiting(&world.state, world.at).len(), 1);
    merged(&mut world, Ok(Merged::Done { commit: "c0ffee".to_owned() }));
    let timer = Timer::Merge { approval: FIRST };
    assert_eq!(merges(&world.feed(Input::Rang { timer })), 0);
}

#[test]
fn a_feature_handed_in_again_voids_what_waited() {
    let (mut world, first) = waiting();
    let more = world.begin(contract("Code", "login", "More"), "Code/ops");
    hand_in(&mut world, more, "newer");
    assert_eq!(state(&world), ApprovalState::Void);
    let work = &world.state.submissions.submissions[&SubmissionId(2)].submission;
    assert_eq!(work.tasks, [first, more]);
}

#[test]
fn an_agency_is_not_removed_under_a_merge_and_takes_open_approvals_along() {
    let (mut world, _) = waiting();
    approve(&mut world);
    let remove = || Command::RemoveAgency { name: name("Code") };
    assert_eq!(code_of(world.operator(remove())), "merge_pending");
    let (mut world, _) = waiting();
    world.operator(remove()).expect("removing");
    assert_eq!(state(&world), ApprovalState::Void);
    assert_eq!(code_of(answer_of(approve(&mut world))), "decided");
}

#[test]
fn a_proof_that_ends_after_its_agency_was_removed_opens_nothing() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), DEV);
    hand_in(&mut world, task, "head");
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removing");
    proven(&mut world, 1, passed("base", "change"));
    assert!(world.state.approvals.approvals.is_empty());
    assert_eq!(world.task(task), TaskState::Cancelled);
}

#[test]
fn whoever_comes_up_asks_for_everything_that_was_under_way_exactly_once() {
    let woken = || Input::Woke { pid: 2, version: String::new() };
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), DEV);
    let other = world.add(contract("Code", "logout", "A button"));
    world
        .operator(Command::AssignTask { task: other, agent: agent("Code/ops") })
        .expect("assigned");
    let count = |turn: &Turn| {
        let one = |is_kind: fn(&Effect) -> bool| turn.count(is_kind);
        [
            one(|e| matches!(e, Effect::EnsureSession { .. })),
            one(|e| matches!(e, Effect::PrepareWorktree { .. })),
            one(|e| matches!(e, Effect::IntegrateWork { .. })),
            one(|e| matches!(e, Effect::Prove { .. })),
            one(|e| matches!(e, Effect::Merge { .. })),
            one(|e| matches!(e, Effect::Document { .. })),
            one(|e| matches!(e, Effect::RetireWorktree { .. })),
            one(|e| matches!(e, Effect::Look)),
        ]
    };
    assert_eq!(count(&world.feed(woken())), [2, 1, 0, 0, 0, 0, 0, 1]);
    let work = WorkState { head: "head".to_owned(), ahead: 1, dirty: Vec::new() };
    let purpose = Purpose::Submit(Offer::default());
    world.feed(Input::WorkInspected { ticket: None, task, purpose, result: Ok(work) });
    assert_eq!(count(&world.feed(woken())), [2, 1, 1, 0, 0, 0, 0, 1]);
    let result = Ok(Integrated::Merged { commit: "head".to_owned() });
    let purpose = Purpose::Complete { summary: None };
    world.feed(Input::WorkIntegrated { ticket: None, task, purpose, result });
    world.agent(DEV, submit(task)).expect("handed in");
    assert_eq!(count(&world.feed(woken())), [2, 1, 0, 1, 0, 0, 0, 1]);
    proven(&mut world, 1, passed("base", "change"));
    assert_eq!(count(&world.feed(woken())), [2, 1, 0, 0, 0, 0, 0, 1]);
    approve(&mut world);
    assert_eq!(count(&world.feed(woken())), [2, 1, 0, 0, 1, 0, 0, 1]);
    merged(&mut world, Ok(Merged::BaseMoved { now: "newbase".to_owned() }));
    assert_eq!(count(&world.feed(woken())), [2, 1, 0, 1, 0, 0, 0, 1]);
    proven(&mut world, 1, passed("newbase", "change"));
    merged(&mut world, Ok(Merged::Done { commit: "c0ffee".to_owned() }));
    assert_eq!(count(&world.feed(woken())), [2, 1, 0, 0, 0, 1, 1, 1]);
    let undone = world.feed(Input::LeftUndone { what: LeftUndone::Work });
    let wakes = |effect: &Effect| matches!(effect, Effect::WakeAt { timer: Timer::TakeUp, .. });
    assert_eq!(undone.effects.iter().filter(|effect| wakes(effect)).count(), 1);
    assert_eq!(
        count(&world.feed(Input::Rang { timer: Timer::TakeUp })),
        [0, 0, 0, 0, 0, 1, 1, 0],
        "what follows a merge is asked for again, nothing else"
    );
    world.feed(Input::Documented { approval: FIRST });
    let kept = Kept { branch_ref: None, uncommitted_ref: None };
    world.feed(Input::WorktreeRetired { task, kept });
    assert_eq!(count(&world.feed(woken())), [2, 1, 0, 0, 0, 0, 0, 1]);
}
