//! One agent: its life, its pane, and its state with where that is known from.
//!
//! The signals of a life end with it; its conversation outlives it. How two signals become one state is in
//! [`crate::engine::sessions::authority`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::agency::{AgentState, StateSource};
use crate::domain::id::SpawnId;
use crate::domain::name::Name;
use crate::engine::sessions::authority::{self, Verdict, is_asking};
use crate::engine::sessions::signal::{Conversation, Heard, OWN_WORD, Signal};
use crate::ports::terminals::PaneId;

/// A life that ended within this many seconds counts as short: its next start waits longer.
const SHORT_LIFE_S: i64 = 60;

/// One agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentRecord {
    /// Its life: the one that is, or is being made.
    pub spawn: Option<SpawnId>,
    /// Its pane, once it was seen.
    pub pane: Option<PaneId>,
    /// Its program's process.
    pub pid: Option<u32>,
    /// What tells that process from a later one with the same id; none: not known.
    #[serde(default)]
    pub born: Option<String>,
    /// Its state.
    pub state: AgentState,
    /// Where that is known from.
    pub source: StateSource,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// The rule that told the state.
    pub rule: Option<String>,
    /// What that rule met.
    pub evidence: Option<String>,
    /// When a limit is over.
    pub until: Option<Timestamp>,
    /// What its program said last.
    pub told: Option<Heard>,
    /// What its screen said last.
    pub read: Option<Heard>,
    /// Whether its program's hooks have told anything in this life: then their silence means something.
    pub has_reported: bool,
    /// Its conversation, over lives, restarts and stops.
    pub conversation: Option<Conversation>,
    /// The runtime of its present life; its definition may name another one by now.
    pub runtime: Option<Name>,
    /// When its present life began.
    pub spawned_at: Option<Timestamp>,
    /// Lives in a row that ended soon after their start.
    pub short_lives: u32,
    /// Those of them in a row that its program ended by itself: the conversation may be why. A pane that somebody
    /// closed, or that went with its server, says nothing of it.
    #[serde(default)]
    pub short_runs: u32,
    /// Its last lives that were ended on purpose, until the pane of a new one stands: whoever ended them may have
    /// been killed before their pane was closed. Such a life is closed when it is seen, and never taken for the present one.
    #[serde(default)]
    pub ended: Vec<SpawnId>,
}

/// Ended lives that are remembered: so many stops in a row without one pane in between are not met.
const ENDED: usize = 4;

/// Why a life ended whose pane is not there any more.
pub const PANE_GONE: &str = "its pane is gone";

impl Default for AgentRecord {
    fn default() -> Self {
        Self {
            spawn: None,
            pane: None,
            pid: None,
            born: None,
            state: AgentState::Stopped,
            source: StateSource::Supervisor,
            since: None,
            reason: None,
            rule: None,
            evidence: None,
            until: None,
            told: None,
            read: None,
            has_reported: false,
            conversation: None,
            runtime: None,
            spawned_at: None,
            short_lives: 0,
            short_runs: 0,
            ended: Vec::new(),
        }
    }
}

impl AgentRecord {
    /// Takes a state that no rule told.
    pub fn turn(
        &mut self,
        state: AgentState,
        source: StateSource,
        reason: Option<String>,
        at: Timestamp,
    ) {
        let verdict =
            Verdict { state, source, reason, rule: None, evidence: None, until: None, because: "" };
        self.take(verdict, at);
    }

    fn take(&mut self, verdict: Verdict, at: Timestamp) {
        if self.state != verdict.state {
            self.since = Some(at);
        }
        self.state = verdict.state;
        self.source = verdict.source;
        self.reason = verdict.reason;
        self.rule = verdict.rule;
        self.evidence = verdict.evidence;
        self.until = verdict.until;
    }

    /// A new life begins.
    pub fn begin(&mut self, spawn: SpawnId, runtime: Option<Name>, at: Timestamp) {
        self.end();
        self.spawn = Some(spawn);
        self.runtime = runtime;
        self.spawned_at = Some(at);
        self.turn(AgentState::Starting, StateSource::Supervisor, None, at);
    }

    /// The pane of a life stands; it may be another life than the one that was asked for.
    pub fn open(&mut self, spawn: SpawnId, pane: PaneId, pid: u32, born: Option<String>) {
        if self.spawn != Some(spawn) {
            self.forget_signals();
        }
        self.ended.clear();
        self.spawn = Some(spawn);
        self.pane = Some(pane);
        self.pid = Some(pid);
        self.born = born;
    }

    /// Its life is over.
    pub fn lose(&mut self, state: AgentState, reason: String, at: Timestamp) {
        let lived_s = self.spawned_at.map_or(0, |from| at.as_second() - from.as_second());
        let is_short = lived_s < SHORT_LIFE_S;
        self.short_lives = if is_short { self.short_lives + 1 } else { 0 };
        if !is_short {
            self.short_runs = 0;
        } else if reason != PANE_GONE {
            self.short_runs += 1;
        }
        self.end();
        self.turn(state, StateSource::Process, Some(reason), at);
    }

    /// It is not meant to run.
    pub fn stop(&mut self, at: Timestamp) {
        self.ended.extend(self.spawn);
        let surplus = self.ended.len().saturating_sub(ENDED);
        self.ended.drain(..surplus);
        self.end();
        self.short_lives = 0;
        self.short_runs = 0;
        self.turn(AgentState::Stopped, StateSource::Supervisor, None, at);
    }

    fn end(&mut self) {
        self.spawn = None;
        self.pane = None;
        self.pid = None;
        self.born = None;
        self.forget_signals();
    }

    fn forget_signals(&mut self) {
        self.told = None;
        self.read = None;
        self.has_reported = false;
    }

    /// Takes a signal in.
    pub fn hear(&mut self, source: StateSource, signal: &Signal, at: Timestamp) {
        let mut heard = Heard { signal: signal.clone(), at };
        if source == StateSource::Screen {
            // What no rule knows stays not known while it moves: it must not pass for idle meanwhile.
            heard.signal.settled |= self.state == AgentState::Unknown && signal.state.is_none();
            if let Some(last) = self.read.as_ref().filter(|last| last.is_over_in(signal, at)) {
                heard.signal.until = last.signal.until;
            }
            self.read = Some(heard);
        } else {
            self.has_reported |= signal.rule != OWN_WORD;
            self.told = Some(heard);
        }
        let verdict = authority::judge(self.told.as_ref(), self.read.as_ref());
        if let Some(verdict) = verdict.filter(|verdict| !self.outlasts(verdict)) {
            self.take(verdict, at);
        }
    }

    /// Whether a screen that no rule knows says nothing yet: a program that starts or draws shows halves.
    fn outlasts(&self, verdict: &Verdict) -> bool {
        let is_settled = self.read.as_ref().is_some_and(|read| read.signal.settled);
        let is_busy = matches!(self.state, AgentState::Starting | AgentState::Working);
        verdict.state == AgentState::Unknown && self.told.is_none() && !is_settled && is_busy
    }

    /// Whether a signal changes what anybody sees, or what will count later. A screen that flickers beneath a
    /// report does neither.
    pub fn is_news(&self, source: StateSource, signal: &Signal, at: Timestamp) -> bool {
        let mut next = self.clone();
        next.hear(source, signal, at);
        let last = if source == StateSource::Screen { &self.read } else { &self.told };
        let is_other_rule = last.as_ref().is_none_or(|heard| heard.signal.rule != signal.rule);
        let last = last.as_ref().and_then(|heard| heard.signal.state);
        // What a person has typed may be gone: a message may wait for that.
        let is_cleared = source == StateSource::Screen && signal.settled && is_other_rule;
        let counts = source != StateSource::Screen
            || signal.settled
            || is_asking(last)
            || is_asking(signal.state);
        self.shown() != next.shown() || (last != signal.state && counts) || is_cleared
    }

    fn shown(&self) -> (AgentState, StateSource, Option<&String>, Option<Timestamp>) {
        (self.state, self.source, self.reason.as_ref(), self.until)
    }

    /// Whether its limit is over: nobody has said what it does now.
    pub fn is_past_limit(&self, now: Timestamp) -> bool {
        self.state == AgentState::Limited && self.until.is_some_and(|until| until <= now)
    }
}
