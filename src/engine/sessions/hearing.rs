//! Hearing: what programs tell, what their screens show, and what agents say of themselves.
//!
//! Only the present life is heard, and of a life only its own conversation: a program that is run inside
//! an agent's tool inherits the hooks. An event is recorded when something that counts is another; which
//! source counts is judged in [`crate::engine::sessions::authority`] alone.

use crate::domain::agency::{AgentState, StateSource};
use crate::domain::command::{Actor, Answer};
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::runtime::report::Told;
use crate::domain::runtime::screen::Reading;
use crate::engine::delivery;
use crate::engine::event::Event;
use crate::engine::input::Ticket;
use crate::engine::sessions::signal::Signal;
use crate::engine::sessions::{AgentRecord, runtime_of};
use crate::engine::step::Step;
use crate::ports::terminals::{PaneLife, PaneSeen};

/// An agent's program told something.
pub fn told(step: &mut Step<'_>, ticket: Ticket, actor: Actor, spawn: SpawnId, told: Told) {
    step.actor = actor;
    let agent = match reporter(step) {
        Ok(agent) => agent,
        Err(refusal) => return step.reply(ticket, Err(refusal)),
    };
    if is_of_its_own(step, &agent, spawn, &told) {
        note_conversation(step, &agent, spawn, &told);
        if let Some(signal) = Signal::of_report(&told) {
            hear(step, agent.clone(), spawn, StateSource::Hook, signal);
        }
        if let Some(prompt) = &told.prompt {
            delivery::turn_began(step, &agent, prompt);
        }
    }
    step.reply(ticket, Ok(Answer::Done));
}

/// An agent's screen says something else than before.
pub fn screen_read(
    step: &mut Step<'_>,
    agent: AgentAddress,
    spawn: SpawnId,
    reading: Option<Reading>,
    is_settled: bool,
) {
    let is_read = runtime_of(step.state(), &agent).is_some_and(|runtime| runtime.reads_screen);
    let record = step.state().sessions.agent(&agent);
    if is_read && record.is_some_and(|record| record.spawn == Some(spawn)) {
        let signal = Signal::of_screen(reading, is_settled);
        hear(step, agent, spawn, StateSource::Screen, signal);
    }
}

/// An agent says how it is, in its own words.
pub fn report(
    step: &mut Step<'_>,
    spawn: SpawnId,
    state: AgentState,
    reason: Option<String>,
) -> Result<Answer, Refusal> {
    let agent = reporter(step)?;
    if !state.is_alive() {
        let message = format!("an agent that is {} cannot say so", state.as_str());
        return Err(Refusal::new(RefusalKind::Usage, "bad_state", message));
    }
    let record = step.state().sessions.agent(&agent);
    if record.is_some_and(|record| record.spawn == Some(spawn)) {
        let signal = Signal::of_own_word(state, reason);
        hear(step, agent, spawn, StateSource::Hook, signal);
    }
    Ok(Answer::Done)
}

/// The agent that reports: nobody else may.
fn reporter(step: &Step<'_>) -> Result<AgentAddress, Refusal> {
    let Actor::Agent(agent) = &step.actor else {
        let message = "only an agent reports its state";
        return Err(Refusal::new(RefusalKind::NotAllowed, "agent_only", message));
    };
    if step.state().sessions.agent(agent).is_none() {
        let message = format!("there is no agent `{agent}`");
        return Err(Refusal::new(RefusalKind::NotFound, "agent_not_found", message));
    }
    Ok(agent.clone())
}

fn hear(
    step: &mut Step<'_>,
    agent: AgentAddress,
    spawn: SpawnId,
    source: StateSource,
    signal: Signal,
) {
    let Some(record) = step.state().sessions.agent(&agent) else { return };
    if record.is_news(source, &signal, step.now.at) {
        step.record(Event::AgentSignalled { agent, spawn, source, signal });
    }
}

/// Whether a report is of the agent's present life and its own conversation. Another conversation is its own
/// from now on only while it does nothing: one that reports while it works runs inside of it.
fn is_of_its_own(step: &Step<'_>, agent: &AgentAddress, spawn: SpawnId, told: &Told) -> bool {
    let Some(record) = step.state().sessions.agent(agent) else { return false };
    let is_other = told.conversation.as_ref().is_some_and(|id| is_known_other(record, spawn, id));
    let is_busy =
        matches!(record.state, AgentState::Working | AgentState::Permission | AgentState::Waiting);
    record.spawn == Some(spawn) && !(is_other && is_busy)
}

fn is_known_other(record: &AgentRecord, spawn: SpawnId, id: &str) -> bool {
    record.conversation.as_ref().is_some_and(|known| known.spawn == spawn && known.id != id)
}

fn note_conversation(step: &mut Step<'_>, agent: &AgentAddress, spawn: SpawnId, told: &Told) {
    let Some(record) = step.state().sessions.agent(agent) else { return };
    let known = record.conversation.as_ref();
    let is_same = |id: &String| known.is_some_and(|known| known.id == *id);
    let was_begun = |id: &String| is_same(id) && known.is_some_and(|known| known.begun);
    let begins = told.prompt.is_some();
    let is_news = |id: &String| {
        let is_of_this_life = known.is_some_and(|known| known.spawn == spawn);
        !is_same(id) || !is_of_this_life || (begins && !was_begun(id))
    };
    let Some(id) = told.conversation.clone().filter(is_news) else { return };
    let begun = begins || was_begun(&id);
    // A life of the runtime that the agent had before its definition changed.
    let defined = step.state().sessions.definition(agent).map(|definition| &definition.runtime);
    let Some(runtime) = record.runtime.clone().filter(|runtime| Some(runtime) == defined) else {
        return;
    };
    step.record(Event::ConversationSeen { agent: agent.clone(), spawn, runtime, id, begun });
}

/// Sets the state of an agent that neither reports its own nor shows it, by the program in front.
pub fn settle_state(step: &mut Step<'_>, seen: &PaneSeen) {
    let Some(runtime) = runtime_of(step.state(), &seen.agent) else { return };
    let Some(record) = step.state().sessions.agent(&seen.agent) else { return };
    let is_told = runtime.reports_state || runtime.reads_screen;
    if is_told || seen.life != PaneLife::Alive || record.spawn != Some(seen.spawn) {
        return;
    }
    let (state, reason) = match &seen.foreground {
        Some(program) if is_before_its_prompt(record.state, seen) => {
            let reason = format!("its shell is not at its prompt yet: `{program}` runs");
            (AgentState::Starting, Some(reason))
        }
        Some(program) if is_busy_itself(program, seen) => {
            (AgentState::Working, Some(format!("`{program}` runs a command of its own")))
        }
        Some(program) if is_shell(program) => (AgentState::Idle, None),
        // A program that stays in front the whole time: its input line alone tells.
        Some(_) if runtime.input_line.is_some() => {
            (AgentState::Unknown, Some(UNREPORTED.to_owned()))
        }
        Some(program) => (AgentState::Working, Some(format!("runs `{program}`"))),
        None => (AgentState::Unknown, Some(UNREPORTED.to_owned())),
    };
    if record.state != state || record.reason != reason {
        let agent = seen.agent.clone();
        step.record(Event::AgentStateChanged {
            agent,
            state,
            source: StateSource::Process,
            reason,
        });
    }
}

const UNREPORTED: &str = "its runtime does not report its state";

fn is_shell(program: &str) -> bool {
    let name = program.trim_start_matches('-');
    ["sh", "bash", "zsh", "fish", "dash", "ksh", "mksh", "ash", "nu", "tcsh", "csh", "agency"]
        .contains(&name)
}

/// Whether a shell's start-up files still run: it has not taken a key yet. One that does not edit its lines
/// itself is at its prompt at once.
fn is_before_its_prompt(state: AgentState, seen: &PaneSeen) -> bool {
    let is_plain = |program: &String| is_shell(program) && !edits_lines(program);
    let is_at_once = seen.foreground.as_ref().is_some_and(is_plain);
    state == AgentState::Starting && seen.reads_keys == Some(false) && !is_at_once
}

/// Whether a shell is in front and not at its prompt.
fn is_busy_itself(program: &str, seen: &PaneSeen) -> bool {
    seen.reads_keys == Some(false) && edits_lines(program)
}

/// Whether this is a shell that reads key by key at its prompt, or what becomes one in a moment.
fn edits_lines(program: &str) -> bool {
    let name = program.trim_start_matches('-');
    ["bash", "zsh", "fish", "ksh", "mksh", "nu", "tcsh", "agency"].contains(&name)
}

#[cfg(test)]
mod tests;
