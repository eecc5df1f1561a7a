//! What is decided about locks: who gets one, who waits, and what ends one.
//!
//! Whoever waits is granted in order, as soon as nothing of another holder is in the way; nobody overtakes who
//! wants the same. A wait that could never end is refused.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::SignedDuration;

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::{LockId, MessageId, TaskId};
use crate::domain::lock::{IfHeld, LONGEST, LockClaim, Resource, USUAL, parse_length};
use crate::domain::message::{Message, Priority};
use crate::domain::name::{Address, Name};
use crate::domain::protocol::{LockRelease, LockRequest};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::locks::{Lock, Locks, Wish, telling};
use crate::engine::sessions::deciding::require_agency;
use crate::engine::step::Step;
use crate::engine::traffic::deciding::require_pace_to_have_told;

/// Locks that one agent has or waits for, at most: nobody works in more places at once, and each is looked through
/// whenever somebody asks.
const PER_AGENT: usize = 50;

/// Carries out a command about locks.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    match command {
        Command::RequestLock { claim, if_held } => {
            require_pace_to_have_told(step)?;
            let wish = wish_of(step, claim, None)?;
            let is_hindered = require_reachable(step, &wish)?;
            if is_hindered && if_held == IfHeld::Refuse {
                return Err(held(&step.state().locks, &wish));
            }
            Ok(Answer::Id(claim_paths(step, wish).to_string()))
        }
        Command::ReleaseLock { lock } => {
            require_own(step, lock)?;
            release(step, lock, None, false);
            Ok(Answer::Done)
        }
        _ => Ok(Answer::Done),
    }
}

/// Refuses a request that says nothing that could be granted.
pub fn check_request(step: &Step<'_>, request: &LockRequest) -> Result<(), Refusal> {
    let claim = claim_of(step, Priority::default(), request)?;
    wish_of(step, claim, None).map(|_| ())
}

/// A message asks for a lock; the answer is a message too.
pub fn requested(
    step: &mut Step<'_>,
    message: &Message,
    request: &LockRequest,
) -> Result<(), Refusal> {
    let claim = claim_of(step, message.priority, request)?;
    let wish = wish_of(step, claim, Some(message.id))?;
    if let Err(refusal) = require_reachable(step, &wish) {
        let (lock, reason) = (wish.id, refusal.message);
        step.record(Event::LockRequested { wish: Box::new(wish.clone()) });
        step.record(Event::LockDenied { lock, reason: reason.clone(), waits: false });
        telling::denied(step, &wish, reason);
        return Ok(());
    }
    claim_paths(step, wish);
    Ok(())
}

/// Refuses to give back what the actor does not have.
pub fn check_release(step: &Step<'_>, release: &LockRelease) -> Result<(), Refusal> {
    meant(step, release).map(|_| ())
}

/// A message gives a lock back.
pub fn released(step: &mut Step<'_>, said: &LockRelease) -> Result<(), Refusal> {
    let lock = meant(step, said)?;
    release(step, lock, None, said.changes_made);
    Ok(())
}

/// Locks whose time has run out end, and the next one rings again.
pub fn rang(step: &mut Step<'_>) {
    let now = step.now.at;
    let held = step.state().locks.held.values();
    let over: Vec<Lock> = held.filter(|lock| lock.expires_at <= now).cloned().collect();
    for lock in &over {
        step.record(Event::LockExpired { lock: lock.wish.id });
        telling::expired(step, lock);
    }
    grant_waiting(step, None);
    if let Some(at) = step.state().locks.held.values().map(|lock| lock.expires_at).min() {
        step.perform(Effect::WakeAt { at, timer: Timer::Locks });
    }
}

/// Locks of agents who left and of tasks that are finished end with them.
pub fn follow(step: &mut Step<'_>) {
    let is_about = |event: &Event| {
        matches!(
            event,
            Event::AgentDismissed { .. }
                | Event::AgencyDefined { .. }
                | Event::AgencyRemoving { .. }
                | Event::AgencyArchived { .. }
                | Event::TaskIntegrated { .. }
                | Event::TaskCancelled { .. }
        )
    };
    if !step.events.iter().any(|(_, event)| is_about(event)) {
        return;
    }
    let locks = &step.state().locks;
    let wishes = locks.held.values().map(|lock| &lock.wish).chain(locks.waiting.values());
    let ended: Vec<(LockId, String)> =
        wishes.filter_map(|wish| Some((wish.id, reason_to_end(step, wish)?))).collect();
    for (lock, reason) in ended {
        release(step, lock, Some(reason), false);
    }
}

fn reason_to_end(step: &Step<'_>, wish: &Wish) -> Option<String> {
    let state = step.state();
    if let Address::Agent(agent) = &wish.holder
        && state.sessions.definition(agent).is_none()
    {
        return Some(format!("`{agent}` is not there any more"));
    }
    let task = state.tasks.tasks.get(&wish.task?)?;
    let is_over = task.state.is_finished() || task.state.is_closed();
    is_over.then(|| format!("`{}` is {}", task.id, task.state.as_str()))
}

/// What a message claims.
fn claim_of(
    step: &Step<'_>,
    priority: Priority,
    request: &LockRequest,
) -> Result<LockClaim, Refusal> {
    let usage = |code: &str, text: String| Refusal::new(RefusalKind::Usage, code, text);
    let resource = Resource::parse(&request.resource)
        .map_err(|error| usage("bad_path", format!("`resource`: {error}")))?;
    let length = request.estimated_duration.as_deref().map(parse_length).transpose();
    let length =
        length.map_err(|error| usage("bad_duration", format!("`estimated_duration`: {error}")))?;
    let task: Option<TaskId> = request.task_id.as_deref().and_then(|text| text.parse().ok());
    let word = request.priority.as_deref().unwrap_or_default();
    let known = [Priority::Low, Priority::Normal, Priority::High, Priority::Critical];
    let said = known.into_iter().find(|priority| priority.as_str() == word);
    Ok(LockClaim {
        resource,
        kind: request.lock_type,
        reason: request.reason.clone(),
        length_s: length.map(|length| length.as_secs()),
        // A task that is not here is a word like any other.
        task: task.filter(|task| step.state().tasks.tasks.contains_key(task)),
        agency: None,
        priority: said.unwrap_or(priority),
    })
}

/// The request that a claim of the actor is. A holder who has these paths already keeps its number.
fn wish_of(step: &Step<'_>, claim: LockClaim, message: Option<MessageId>) -> Result<Wish, Refusal> {
    let holder = match &step.actor {
        Actor::Agent(agent) => Address::Agent(agent.clone()),
        Actor::Operator => Address::Operator,
        actor @ (Actor::Supervisor | Actor::Outside(_)) => {
            let text = format!("`{actor}` cannot have a lock");
            return Err(Refusal::new(RefusalKind::NotAllowed, "not_an_agent", text));
        }
    };
    if let Some(task) = claim.task {
        crate::engine::tasks::deciding::require_task(step, task)?;
    }
    require_length(claim.length_s)?;
    let project = project_of(step, &holder, &claim)?;
    let locks = &step.state().locks;
    let is_same = |wish: &Wish| {
        wish.holder == holder && wish.project == project && wish.resource == claim.resource
    };
    let wishes = locks.waiting.values().chain(locks.held.values().map(|lock| &lock.wish));
    let known = wishes.filter(|wish| is_same(wish)).min_by_key(|wish| wish.id);
    if known.is_none() {
        require_few(locks, &holder)?;
    }
    Ok(Wish {
        id: known.map_or_else(|| locks.next_id(), |wish| wish.id),
        project,
        resource: claim.resource,
        kind: claim.kind,
        holder,
        task: claim.task,
        reason: claim.reason.map(|reason| crate::domain::text::to_line(&reason, 200)),
        length_s: claim.length_s.unwrap_or_else(|| USUAL.as_secs()),
        priority: claim.priority,
        asked_at: step.now.at,
        message,
    })
}

fn require_length(seconds: Option<i64>) -> Result<(), Refusal> {
    match seconds {
        Some(seconds) if seconds < 1 || seconds > LONGEST.as_secs() => {
            let text =
                format!("a lock holds from 1 to {} seconds, not {seconds}", LONGEST.as_secs());
            Err(Refusal::new(RefusalKind::Usage, "bad_duration", text))
        }
        _ => Ok(()),
    }
}

fn require_few(locks: &Locks, holder: &Address) -> Result<(), Refusal> {
    let wishes = locks.waiting.values().chain(locks.held.values().map(|lock| &lock.wish));
    let own: BTreeSet<LockId> =
        wishes.filter(|wish| wish.holder == *holder).map(|wish| wish.id).collect();
    if !matches!(holder, Address::Agent(_)) || own.len() < PER_AGENT {
        return Ok(());
    }
    let text = format!("`{holder}` has or waits for {PER_AGENT} locks, which is the most");
    Err(Refusal::new(RefusalKind::Conflict, "too_many_locks", text)
        .with_hint("give some back first: agency lock list"))
}

/// An agent claims paths of its own project only.
fn require_own_agency(holder: &Address, claim: &LockClaim) -> Result<(), Refusal> {
    match (holder, &claim.agency) {
        (Address::Agent(agent), Some(named)) if agent.agency != *named => {
            let text = format!("`{agent}` claims paths for `{}`, not for `{named}`", agent.agency);
            Err(Refusal::new(RefusalKind::NotAllowed, "other_agency", text)
                .with_hint("leave `--agency` out"))
        }
        _ => Ok(()),
    }
}

/// Whose paths are meant: those of the named agency, of the task's, of the holder's, else of the only project.
fn project_of(step: &Step<'_>, holder: &Address, claim: &LockClaim) -> Result<PathBuf, Refusal> {
    require_own_agency(holder, claim)?;
    let state = step.state();
    let of_task = claim.task.and_then(|task| state.tasks.tasks.get(&task));
    let of_task = of_task.map(|task| &task.contract.agency);
    let agency: Option<&Name> = claim.agency.as_ref().or(holder.agency()).or(of_task);
    if let Some(agency) = agency {
        require_agency(step, agency)?;
        let record = state.sessions.agency(agency);
        let project = record.and_then(|record| record.project.as_ref());
        return project.map(|(project, _)| project.clone()).ok_or_else(|| {
            let text = format!("`{agency}` has no project yet, there is nothing to lock");
            Refusal::new(RefusalKind::Missing, "no_project", text)
                .with_hint(format!("start it: agency start {agency}"))
        });
    }
    let projects: BTreeSet<&PathBuf> = state
        .sessions
        .live()
        .filter_map(|(_, record)| record.project.as_ref().map(|(project, _)| project))
        .collect();
    match projects.first() {
        Some(project) if projects.len() == 1 => Ok((*project).clone()),
        _ => {
            let text = "it is not clear whose paths are meant";
            Err(Refusal::new(RefusalKind::Usage, "which_project", text)
                .with_hint("name an agency of the project: --agency NAME"))
        }
    }
}

/// Whether something is in the way of a request.
///
/// # Errors
/// Whoever has it waits, in the end, for this holder: neither would ever get it.
fn require_reachable(step: &Step<'_>, wish: &Wish) -> Result<bool, Refusal> {
    let locks = &step.state().locks;
    let mut seen: BTreeSet<&Address> = BTreeSet::new();
    let mut next: Vec<&Address> = locks.awaited_by(wish);
    let is_hindered = !next.is_empty();
    while let Some(holder) = next.pop() {
        if *holder == wish.holder {
            let text = format!(
                "`{}` would wait for `{}`, and somebody there waits for `{}`",
                wish.holder,
                owner(locks, wish),
                wish.holder
            );
            return Err(Refusal::new(RefusalKind::Conflict, "lock_cycle", text)
                .with_hint("give back what you have first: agency lock list"));
        }
        if seen.insert(holder) {
            let waits = locks.waiting.values().filter(|other| other.holder == *holder);
            next.extend(waits.flat_map(|other| locks.awaited_by(other)));
        }
    }
    Ok(is_hindered)
}

/// Who has, or is before it with, what a request wants.
pub(super) fn owner(locks: &Locks, wish: &Wish) -> String {
    let owners: BTreeSet<String> =
        locks.awaited_by(wish).into_iter().map(ToString::to_string).collect();
    owners.into_iter().collect::<Vec<_>>().join(", ")
}

fn held(locks: &Locks, wish: &Wish) -> Refusal {
    let until = locks.in_the_way(wish).into_iter().map(|lock| lock.expires_at).max();
    let until = until.map(|at| format!(" until {at} at the latest")).unwrap_or_default();
    let text = format!("`{}` is locked by {}{until}", wish.resource, owner(locks, wish));
    Refusal::new(RefusalKind::Conflict, "lock_held", text).with_hint(format!(
        "wait for your turn: agency lock request {} --type {} --wait",
        wish.resource,
        wish.kind.as_str()
    ))
}

/// Grants a request, or lets it wait; gives its number.
fn claim_paths(step: &mut Step<'_>, wish: Wish) -> LockId {
    let lock = wish.id;
    let known = step.state().locks.waiting.get(&lock);
    let is_asked_again = known.is_some_and(|known| known.kind == wish.kind);
    // Whoever asks again keeps its place.
    let asked_at = known.filter(|_| is_asked_again).map_or(wish.asked_at, |known| known.asked_at);
    let wish = Wish { asked_at, ..wish };
    step.record(Event::LockRequested { wish: Box::new(wish.clone()) });
    grant_waiting(step, Some(lock));
    if step.state().locks.waiting.contains_key(&lock) {
        let reason = format!("Resource locked by {}", owner(&step.state().locks, &wish));
        step.record(Event::LockDenied { lock, reason: reason.clone(), waits: true });
        if wish.message.is_some() {
            telling::denied(step, &wish, reason);
        }
    } else if wish.message.is_some() {
        telling::granted(step, lock);
    }
    lock
}

/// Grants whatever nothing is in the way of any more; `fresh` was asked for just now and is answered by who asks.
fn grant_waiting(step: &mut Step<'_>, fresh: Option<LockId>) {
    while let Some(wish) = next_in_line(&step.state().locks) {
        let length = SignedDuration::from_secs(wish.length_s);
        let expires_at = step.now.at.saturating_add(length).unwrap_or(step.now.at);
        step.record(Event::LockGranted { lock: wish.id, expires_at });
        step.perform(Effect::WakeAt { at: expires_at, timer: Timer::Locks });
        telling::plans(step, &wish);
        if fresh != Some(wish.id) {
            telling::granted(step, wish.id);
        }
    }
}

fn next_in_line(locks: &Locks) -> Option<Wish> {
    locks.queue().into_iter().find(|wish| locks.awaited_by(wish).is_empty()).cloned()
}

/// Ends a lock, or a request for one.
fn release(step: &mut Step<'_>, lock: LockId, reason: Option<String>, changed: bool) {
    step.record(Event::LockReleased { lock, reason, changed });
    grant_waiting(step, None);
}

/// The lock that a message gives back: the one it names, else the sender's on those paths.
fn meant(step: &Step<'_>, release: &LockRelease) -> Result<LockId, Refusal> {
    if let Some(text) = &release.lock_id {
        let lock = text.parse().map_err(|_| not_found(text))?;
        return require_own(step, lock).map(|()| lock);
    }
    let Some(path) = &release.resource else {
        let text = "neither `lock_id` nor `resource` is named";
        return Err(Refusal::new(RefusalKind::Usage, "missing_field", text));
    };
    let locks = &step.state().locks;
    let wishes = locks.held.values().map(|lock| &lock.wish).chain(locks.waiting.values());
    let resource = Resource::parse(path).ok();
    let is_meant = |wish: &&Wish| {
        Some(&wish.resource) == resource.as_ref() && is_holder(&step.actor, &wish.holder)
    };
    wishes.filter(is_meant).map(|wish| wish.id).next().ok_or_else(|| not_found(path))
}

fn is_holder(actor: &Actor, holder: &Address) -> bool {
    match (actor, holder) {
        (Actor::Operator, Address::Operator) => true,
        (Actor::Agent(actor), Address::Agent(holder)) => actor == holder,
        _ => false,
    }
}

/// A lock is given back by its holder, its holder's coordinator or the operator.
fn require_own(step: &Step<'_>, lock: LockId) -> Result<(), Refusal> {
    let locks = &step.state().locks;
    let wish = locks.held.get(&lock).map(|lock| &lock.wish).or_else(|| locks.waiting.get(&lock));
    let wish = wish.ok_or_else(|| not_found(&lock.to_string()))?;
    let may = match &step.actor {
        Actor::Operator | Actor::Supervisor => true,
        Actor::Agent(agent) => {
            is_holder(&step.actor, &wish.holder)
                || (wish.holder.agency() == Some(&agent.agency)
                    && step.state().sessions.is_coordinator(agent))
        }
        Actor::Outside(_) => false,
    };
    if may {
        return Ok(());
    }
    let text = format!("`{lock}` is a lock of `{}`", wish.holder);
    Err(Refusal::new(RefusalKind::NotAllowed, "not_yours", text)
        .with_hint(format!("ask for it: agency send {} \"QUESTION …\"", wish.holder)))
}

fn not_found(what: &str) -> Refusal {
    let what = crate::domain::text::to_line(what, 80);
    Refusal::new(RefusalKind::NotFound, "lock_not_found", format!("there is no lock `{what}`"))
        .with_hint("list them with `agency lock list`")
}
