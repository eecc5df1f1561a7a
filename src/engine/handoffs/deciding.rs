//! What is decided about handoffs: the receiver's task, its answer, and the verdict.
//!
//! What a message would do is checked before it is accepted (`check_…`); what follows then cannot fail. All
//! of it is events: there is nothing outside to be repeated after a crash.

use jiff::Timestamp;

use crate::domain::command::Actor;
use crate::domain::handoff::HandoffState;
use crate::domain::id::{HandoffId, TaskId};
use crate::domain::message::{Message, Priority};
use crate::domain::name::{Address, Name};
use crate::domain::protocol::{Acceptance, Decline, Handoff, Results, Verdict};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::domain::workbench::HandoffConfig;
use crate::engine::event::Event;
use crate::engine::handoffs::finding::{Work, party};
use crate::engine::handoffs::{HandoffRecord, Offer, contract, following, limits};
use crate::engine::requests::deciding::Opening;
use crate::engine::requests::{self, RequestKind};
use crate::engine::step::Step;
use crate::engine::tasks::deciding::{ready_dependants, require_same_project};
use crate::engine::tracing;

/// Refuses an offer that cannot be made.
///
/// # Errors
/// It is not for another agency, or names a task that does not exist or is not the sender's.
pub fn check_offer(step: &Step<'_>, message: &Message, terms: &Handoff) -> Result<(), Refusal> {
    let Some(to) = message.to.agency() else {
        let text = format!("a handoff goes to one agency, not to `{}`", message.to);
        return Err(Refusal::new(RefusalKind::Usage, "bad_recipient", text));
    };
    if message.from.agency() == Some(to) {
        let text = format!("`{to}` cannot hand work over to itself");
        return Err(Refusal::new(RefusalKind::Usage, "own_agency", text)
            .with_hint("give it to an agent with `agency task assign TASK AGENT`"));
    }
    limits::require_bounds(terms)?;
    require_origin(step, message, terms)?;
    let origin = contract::task_named(terms);
    let (from, title) = (party(&message.from), title_of(step, origin, terms));
    let work = Work { from: &from, to, origin, title: &title };
    let handoffs = &step.state().handoffs;
    let open = handoffs
        .first_of(&work)
        .and_then(|first| handoffs.rounds(first).find(|it| it.state.is_open()));
    match open {
        Some(record) if record.state == HandoffState::Accepted => Err(in_work(record)),
        // It takes the place of that one.
        Some(_) => Ok(()),
        None => limits::require_few(handoffs, &from, to),
    }
}

/// The receiver works on it: a new round would leave it working on nothing.
fn in_work(record: &HandoffRecord) -> Refusal {
    let Offer { id, to, task, .. } = &record.offer;
    let text = format!("`{to}` has taken this work ({id}) and has not said yet what came of it");
    Refusal::new(RefusalKind::Conflict, "in_work", text).with_hint(format!(
        "tell it what has changed with `agency send {to} \"…\" --task {task}`, and hand over again when its results are there"
    ))
}

/// Refuses the id of a task that is not there, or is somebody else's; other words are a title.
fn require_origin(step: &Step<'_>, message: &Message, terms: &Handoff) -> Result<(), Refusal> {
    let Some(task) = contract::task_named(terms) else { return Ok(()) };
    let Some(record) = step.state().tasks.tasks.get(&task) else {
        let text = format!("there is no task `{task}` to hand over");
        return Err(Refusal::new(RefusalKind::NotFound, "task_not_found", text)
            .with_hint("list them with `agency task list`"));
    };
    let owner = &record.contract.agency;
    if message.from.agency().is_some_and(|agency| agency != owner) {
        let text =
            format!("`{task}` is a task of `{owner}`, `{}` cannot hand it over", message.from);
        return Err(Refusal::new(RefusalKind::NotAllowed, "not_yours", text));
    }
    if record.state == TaskState::Cancelled {
        let text = format!("`{task}` was given up, there is nothing to hand over");
        return Err(Refusal::new(RefusalKind::Conflict, "not_open", text));
    }
    Ok(())
}

/// Refuses an answer to what was not handed over, is answered otherwise, or is not the sender's to answer.
///
/// # Errors
/// As said.
pub fn check_answer(
    step: &Step<'_>,
    message: &Message,
    answer: Result<&Acceptance, &Decline>,
) -> Result<(), Refusal> {
    let Some(record) = meant(step, message, message.task.as_deref()) else {
        let text = format!("`{}` answers no handoff", message.from);
        return Err(Refusal::new(RefusalKind::NotFound, "handoff_not_found", text)
            .with_hint("list them with `agency handoff list`"));
    };
    require_receiver(step, record, message)?;
    require_named(step, message)?;
    let is_taken = matches!(record.state, HandoffState::Offered | HandoffState::Accepted);
    match (answer, record.state) {
        (Ok(_), _) if is_taken => Ok(()),
        (Err(_), HandoffState::Offered | HandoffState::Declined) => Ok(()),
        (Err(_), HandoffState::Accepted) => Err(answered_already(record).with_hint(format!(
            "say what came of it: agency handoff results {} --status blocked",
            record.offer.id
        ))),
        _ => Err(answered_already(record)),
    }
}

/// The handoff that a message speaks of; a reply to the workbench's own reminder of it counts as one to it.
fn meant<'s>(
    step: &'s Step<'_>,
    message: &Message,
    task: Option<&str>,
) -> Option<&'s HandoffRecord> {
    let state = step.state();
    let asked = message.in_reply_to.map(|id| requests::request_of(state, id).unwrap_or(id));
    state.handoffs.answered_by(message, asked, task)
}

/// Refuses an answer that names no handoff where it could be to several.
fn require_named(step: &Step<'_>, message: &Message) -> Result<(), Refusal> {
    let handoffs = &step.state().handoffs;
    let asked = message.in_reply_to.map(|id| requests::request_of(step.state(), id).unwrap_or(id));
    let is_named =
        message.task.is_some() || asked.is_some_and(|id| handoffs.messages.contains_key(&id));
    let open: Vec<String> =
        handoffs.open_between(message).map(|record| record.offer.id.to_string()).collect();
    if is_named || open.len() < 2 {
        return Ok(());
    }
    let text = format!("it could be an answer to {}", open.join(", "));
    Err(Refusal::new(RefusalKind::Usage, "ambiguous", text).with_hint(format!(
        "say to which: `agency handoff {} ID`, or `--in-reply-to MESSAGE`",
        message.kind
    )))
}

fn answered_already(record: &HandoffRecord) -> Refusal {
    let text = format!("`{}` is {} already", record.offer.id, record.state.as_str());
    Refusal::new(RefusalKind::Conflict, "already_answered", text)
}

/// An agency answers through its coordinator; the operator may in its place.
fn require_receiver(
    step: &Step<'_>,
    record: &HandoffRecord,
    message: &Message,
) -> Result<(), Refusal> {
    let (id, to) = (record.offer.id, &record.offer.to);
    let speaks_for_it = match &message.from {
        Address::Operator => true,
        Address::Agency(agency) => agency == to,
        Address::Agent(agent) => agent.agency == *to && step.state().sessions.is_coordinator(agent),
        Address::Workbench | Address::Everyone => false,
    };
    if speaks_for_it {
        return Ok(());
    }
    let text = format!("`{id}` is for `{to}` to answer, not for `{}`", message.from);
    let refusal = Refusal::new(RefusalKind::NotAllowed, "not_yours", text);
    Err(match message.from.agency() == Some(to) {
        true => refusal
            .with_hint(format!("its coordinator answers: tell it with `agency send {to} \"…\"`")),
        false => refusal,
    })
}

/// Refuses results of a handoff that is not the sender's to judge. Results of what was never handed over are
/// a message like others.
///
/// # Errors
/// As said, or it was declined or withdrawn.
pub fn check_results(step: &Step<'_>, message: &Message, results: &Results) -> Result<(), Refusal> {
    let Some(record) = meant_by(step, message, results) else { return Ok(()) };
    require_receiver(step, record, message)?;
    match record.state {
        HandoffState::Declined | HandoffState::Withdrawn => Err(answered_already(record)),
        _ => Ok(()),
    }
}

/// The handoff that results are about. Of one that was declined or withdrawn by then only a reply speaks.
fn meant_by<'s>(
    step: &'s Step<'_>,
    message: &Message,
    results: &Results,
) -> Option<&'s HandoffRecord> {
    let found = meant(step, message, Some(&results.task))?;
    let is_over = matches!(found.state, HandoffState::Declined | HandoffState::Withdrawn);
    let is_reply = message.in_reply_to == Some(found.offer.message);
    (is_reply || !is_over).then_some(found)
}

/// A handoff was accepted as a message: the receiver's task is written down.
pub fn offered(step: &mut Step<'_>, message: &Message, terms: &Handoff) {
    if step.state().handoffs.messages.contains_key(&message.id) {
        return;
    }
    let Some(to) = message.to.agency().cloned() else { return };
    let from = party(&message.from);
    let origin = contract::task_named(terms).filter(|it| step.state().tasks.tasks.contains_key(it));
    let title = title_of(step, origin, terms);
    let work = Work { from: &from, to: &to, origin, title: &title };
    let id = step.state().handoffs.next_id();
    let first = step.state().handoffs.first_of(&work).unwrap_or(id);
    let round = step.state().handoffs.next_round(first);
    let before = step.state().handoffs.handoffs.get(&first);
    let title = before.map_or_else(|| title.clone(), |before| before.offer.title.clone());
    let replaces =
        step.state().handoffs.rounds(first).find(|it| it.state.is_open()).map(|it| it.offer.id);
    let priority = contract::urgency(terms, message.priority);
    let offer = Offer {
        id,
        message: message.id,
        task: step.state().tasks.next_id(),
        origin,
        title,
        terms: terms.clone(),
        first,
        round,
        answer_by: answer_by(step, terms, priority),
        replaces,
        from,
        to,
    };
    if let Some(old) = replaces {
        following::withdraw(step, old, &format!("{id} replaces it"));
    }
    write_down(step, offer, priority);
}

fn title_of(step: &Step<'_>, origin: Option<TaskId>, terms: &Handoff) -> String {
    let known = origin.and_then(|task| step.state().tasks.tasks.get(&task));
    known.map_or_else(|| terms.task.trim().to_owned(), |task| task.contract.title.clone())
}

fn answer_by(step: &Step<'_>, terms: &Handoff, priority: Priority) -> Timestamp {
    let now = step.now.at;
    let later = |by| now.saturating_add(by).unwrap_or(now);
    match terms.answer_by {
        Some(wanted) => wanted.clamp(now, later(HandoffConfig::longest())),
        None => later(step.state().config.handoff.answer_within(priority)),
    }
}

fn write_down(step: &mut Step<'_>, offer: Offer, priority: Priority) {
    let feature = feature_for(step, &offer);
    let Some(feature) = feature else { return };
    let contract = contract::received(&offer, feature, priority);
    let by = step.actor.clone();
    let (id, task) = (offer.task, Box::new(contract));
    let trace = tracing::of_task_from(step.state(), id, offer.message);
    step.record(Event::TaskAdded { id, contract: task, by, ready: false, trace });
    step.record(Event::HandoffOffered { offer: Box::new(offer.clone()) });
    requests::open(
        step,
        Opening {
            message: offer.message,
            kind: RequestKind::Handoff,
            asker: offer.from,
            asked: Address::Agency(offer.to),
            task: Some(offer.task),
            priority,
            due: Some(offer.answer_by),
            text: format!("{} is handed over: {}", offer.id, offer.title),
        },
    );
}

/// The feature of what was handed over, where the receiver works on the same project; else one of its own.
fn feature_for(step: &Step<'_>, offer: &Offer) -> Option<Name> {
    let tasks = &step.state().tasks;
    let of_origin = offer.origin.and_then(|task| tasks.tasks.get(&task));
    let of_branch = offer.terms.branch.as_deref().and_then(contract::feature_of_branch);
    let of_branch = of_branch.filter(|feature| tasks.features.contains_key(feature));
    let own = format!("handoff-{:03}", offer.id.0);
    let wanted = of_origin
        .map(|task| task.contract.feature.clone())
        .or(of_branch)
        .or_else(|| contract::feature_of(&offer.title, &own));
    let fits = |feature: &Name| require_same_project(step, &offer.to, feature).is_ok();
    wanted.filter(fits).or_else(|| Name::parse(&own).ok())
}

/// A handoff was answered.
pub fn answered(step: &mut Step<'_>, message: &Message, answer: Result<&Acceptance, &Decline>) {
    let record = meant(step, message, message.task.as_deref());
    let Some(record) = record.filter(|record| record.state == HandoffState::Offered) else {
        return;
    };
    let offer = record.offer.clone();
    match answer {
        Ok(acceptance) => accept(step, &offer, message, acceptance),
        Err(decline) => {
            let (by, reply) = (message.from.clone(), Some(message.id));
            following::decline(step, offer.id, by, reply, &decline.reason);
        }
    }
    following::tell_of_answer(step, offer.id, message);
}

fn accept(step: &mut Step<'_>, offer: &Offer, message: &Message, acceptance: &Acceptance) {
    step.record(Event::HandoffAccepted {
        id: offer.id,
        task: offer.task,
        by: message.from.clone(),
        message: Some(message.id),
        estimated_completion: acceptance.estimated_completion,
        notes: acceptance.notes.clone(),
    });
    ready_dependants(step);
    requests::answered(step, offer.message, &message.from, Some(message.id));
}

/// The receiver says what it thinks of what was handed over. Saying it without having taken it takes it.
pub fn results(step: &mut Step<'_>, message: &Message, results: &Results) {
    let Some(record) = meant_by(step, message, results).cloned() else { return };
    if matches!(record.state, HandoffState::Declined | HandoffState::Withdrawn) {
        return;
    }
    let id = record.offer.id;
    if record.state == HandoffState::Offered {
        accept(step, &record.offer, message, &Acceptance::default());
    }
    if record.results.as_ref().is_some_and(|known| known.status == results.status) {
        return;
    }
    let fix = (results.status == Verdict::IssuesFound).then(|| write_fix(step, &record, results));
    let (by, results) = (message.from.clone(), Box::new(results.clone()));
    step.record(Event::HandoffAnswered {
        id,
        by,
        message: message.id,
        results,
        fix: fix.flatten(),
    });
    following::close_task(step, id);
    if !following::tell_of_fix(step, id) {
        following::tell_of_answer(step, id, message);
    }
}

/// The task that mends what was found; none where nobody is there to do it, or it is written down already.
fn write_fix(step: &mut Step<'_>, record: &HandoffRecord, results: &Results) -> Option<TaskId> {
    let offer = &record.offer;
    let agency = offer.from.agency().cloned()?;
    let is_there = step.state().sessions.agency(&agency).is_some_and(|it| it.is_staying());
    if !is_there || record.fix.is_some_and(|fix| is_unfinished(step, fix)) {
        return None;
    }
    let feature = feature_of_fix(step, offer, &agency)?;
    let contract = Box::new(contract::fix(offer, results, agency, feature));
    let id = step.state().tasks.next_id();
    let by = Actor::Supervisor;
    let trace = tracing::of_task_from(step.state(), id, offer.message);
    step.record(Event::TaskAdded { id, contract, by, ready: true, trace });
    Some(id)
}

fn is_unfinished(step: &Step<'_>, task: TaskId) -> bool {
    let record = step.state().tasks.tasks.get(&task);
    record.is_some_and(|record| !record.state.is_finished() && !record.state.is_closed())
}

fn feature_of_fix(step: &Step<'_>, offer: &Offer, agency: &Name) -> Option<Name> {
    let tasks = &step.state().tasks.tasks;
    let of = |task: TaskId| tasks.get(&task).map(|record| record.contract.feature.clone());
    let wanted = offer.origin.and_then(of).or_else(|| of(offer.task));
    let own = Name::parse(&format!("handoff-{:03}-fix", offer.id.0)).ok();
    wanted.filter(|feature| require_same_project(step, agency, feature).is_ok()).or(own)
}

/// The branch that was handed over is not in the project: the task says so.
pub fn branch_missed(step: &mut Step<'_>, task: TaskId, branch: String) {
    let Some(record) = step.state().handoffs.of_task(task) else { return };
    if record.missing_branch.as_ref() == Some(&branch) {
        return;
    }
    let id: HandoffId = record.offer.id;
    step.record(Event::HandedBranchMissed { id, task, branch });
}
