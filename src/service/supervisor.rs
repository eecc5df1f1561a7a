//! The supervisor: one loop that turns whatever happens into inputs, records the events, and performs
//! the effects.
//!
//! ```text
//! socket, door, panes, timers, signals, outcomes ──► one channel ──► decide ──► ledger ──► effects, answers
//! ```
//!
//! All inputs that are ready share a transaction. Nothing is performed and nobody is answered before
//! the events are recorded; if they cannot be, the state is folded anew from what is, whoever asked is
//! told, and what nobody would tell a second time is kept and taken in again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Ticket, Timer};
use crate::engine::state::State;
use crate::engine::step::Now;
use crate::ports::ledger::{LedgerError, LedgerWriter, Record};
use crate::service::gate::Gate;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::screens::Screens;
use crate::service::supervisor::group::Group;
use crate::service::{perform, record, registry, reports};

pub use handle::{Followed, Handle, Reading, Wake};

mod group;
pub mod handle;

/// Closing sessions takes tmux milliseconds, and git too; one that hangs does not keep the supervisor from ending.
const LANES_LIMIT: std::time::Duration = std::time::Duration::from_secs(10);

/// Inputs that share one transaction at most: a group is a few milliseconds of work.
const GROUP: usize = 1024;

/// Events between two snapshots: folding so many takes some 20 ms at the next start.
const SNAPSHOT_EVERY: u64 = 5_000;

/// So many times rarer snapshots are made while more lies at the door: one of fifty thousand messages keeps everybody
/// waiting for a third of a second, and folding so many events instead takes a second after a crash.
const FLOODED: u64 = 50;

/// Folding an event takes some four microseconds.
const FOLD_US: u128 = 4;

/// A snapshot is made when it takes a quarter of the time that folding what came since the last one takes.
const SNAPSHOT_SHARE: u128 = 4;

/// Longest rest: clocks may be set and machines sleep, so a timer rings this much late at worst.
const REST: Duration = Duration::from_secs(5);

/// After the last step of a person who moves panes: a border that is dragged moves many times a second.
const ARRANGING: Duration = Duration::from_millis(1_500);

/// Pause before what could not be recorded is tried again: room is made by people, not in milliseconds.
const RECORD_AGAIN: Duration = Duration::from_secs(1);

/// The loop and all it owns.
pub struct Supervisor {
    state: State,
    seq: u64,
    ledger: Box<dyn LedgerWriter>,
    outside: Outside,
    gate: Arc<Gate>,
    handle: Handle,
    lanes: Lanes,
    tickets: HashMap<Ticket, Sender<Result<Answer, Refusal>>>,
    requests: HashMap<Ticket, Uuid>,
    next_ticket: u64,
    followers: Vec<SyncSender<Followed>>,
    timers: BTreeMap<Timer, Timestamp>,
    screens: Screens,
    unrecorded: Vec<Input>,
    record_again: std::time::Instant,
    views: registry::Views,
    snapshot_at: u64,
    snapshot_every: u64,
    next_look: std::time::Instant,
    /// When a person moved panes last, until a look after that has seen where they stay.
    arranged_at: Option<std::time::Instant>,
    is_ending: bool,
}

impl Supervisor {
    /// Opens the ledger's fold. The caller holds the workbench's lock.
    pub fn open(
        ledger: Box<dyn LedgerWriter>,
        outside: Outside,
        gate: Arc<Gate>,
        handle: Handle,
    ) -> Result<Self, LedgerError> {
        let (state, seq) = record::fold(ledger.as_ref(), u64::MAX)?;
        Ok(Self {
            state,
            seq,
            ledger,
            views: registry::Views::default(),
            outside,
            gate,
            handle,
            lanes: Lanes::default(),
            tickets: HashMap::new(),
            requests: HashMap::new(),
            next_ticket: 0,
            followers: Vec::new(),
            timers: BTreeMap::new(),
            screens: Screens::default(),
            unrecorded: Vec::new(),
            record_again: std::time::Instant::now(),
            snapshot_at: seq,
            snapshot_every: SNAPSHOT_EVERY,
            next_look: std::time::Instant::now(),
            arranged_at: None,
            is_ending: false,
        })
    }

    /// The gate it keeps up to date.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The state as it is folded.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Runs until the process is asked to end.
    pub fn run(mut self, wakes: &Receiver<Wake>) -> Result<(), LedgerError> {
        self.screens.keep_up(&self.state, std::time::Instant::now());
        while !self.is_ending {
            let first = match wakes.recv_timeout(self.pause()) {
                Ok(wake) => Some(wake),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let ready = first.into_iter().chain(wakes.try_iter()).take(GROUP);
            let ready: Vec<Wake> = ready.collect();
            self.turn(ready);
            self.views.write_if_due(&self.state, &self.outside, &self.lanes);
        }
        // A session that is stopped on the last word is closed, not left to run on its own, and git is
        // not left in the middle of something. A proof is not waited for: it is made anew.
        let git = [perform::work::PROJECT_LANES, perform::work::TASK_LANES];
        for lanes in [perform::SESSION_LANES].into_iter().chain(git) {
            self.lanes.settle(lanes, LANES_LIMIT);
        }
        if self.state.supervisor.is_some() {
            self.feed(vec![], |group, state, now| group.end(state, now));
        }
        self.views.write(&self.state, &self.outside, &self.lanes);
        self.lanes.settle("views", LANES_LIMIT);
        record::save_snapshot(self.ledger.as_mut(), &self.state, self.seq)
    }

    /// How long nothing needs to be done unless something happens.
    fn pause(&self) -> Duration {
        let now = self.outside.clock.now();
        let timer = self.timers.values().min().map_or(REST, |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
        });
        let look = self.next_look.saturating_duration_since(std::time::Instant::now());
        let look = if self.is_any_running() { look } else { REST };
        let again = match self.unrecorded.is_empty() {
            true => REST,
            false => self.record_again.saturating_duration_since(std::time::Instant::now()),
        };
        let screens = self.screens.pause(std::time::Instant::now());
        timer.min(look).min(screens).min(again).min(self.views.pause()).min(REST)
    }

    fn is_any_running(&self) -> bool {
        use crate::engine::sessions::Wanted;
        self.state.sessions.agencies.values().any(|agency| agency.wanted == Wanted::Running)
    }

    fn turn(&mut self, wakes: Vec<Wake>) {
        let mut inputs = self.take_unrecorded();
        let mut readers: Vec<Wake> = Vec::new();
        let mut is_door = false;
        for wake in wakes {
            match wake {
                Wake::Input(input) => inputs.push(self.settled(*input)),
                Wake::SeenLast(sighting) => inputs.push(Input::Sighted { sighting: *sighting }),
                Wake::Ask { actor, command, request, answer } => {
                    self.next_ticket += 1;
                    let ticket = Ticket(self.next_ticket);
                    self.tickets.insert(ticket, answer);
                    self.requests.extend(request.map(|request| (ticket, request)));
                    inputs.push(self.input_of(ticket, actor, command));
                }
                Wake::Door => is_door = true,
                Wake::Look => self.look_now(),
                Wake::Arranged => self.arranged(),
                Wake::Printed(panes) => self.screens.printed(panes, std::time::Instant::now()),
                Wake::ScreensRead(all) => {
                    inputs.extend(self.screens.noticed(all, std::time::Instant::now()));
                }
                Wake::End => self.is_ending = true,
                // Readers see what came before them in the same group.
                Wake::Read(_) | Wake::Follow(_) => readers.push(wake),
            }
        }
        if self.is_any_running() && self.next_look <= std::time::Instant::now() {
            self.look_now();
        }
        inputs.extend(self.rung());
        self.feed(inputs, |_, _, _| {});
        if is_door {
            // Whoever has asked for something is answered before the files of this turn are read.
            let inputs = perform::door::read_door(&self.state, &self.outside);
            self.feed(inputs, |_, _, _| {});
        }
        if is_door && self.outside.mailboxes.has_more_at_door() {
            // Behind whoever has asked for something meanwhile.
            self.handle.wake(Wake::Door);
        }
        let now = std::time::Instant::now();
        self.screens.read_due(&self.state, &self.outside, &self.handle, &self.lanes, now);
        readers.into_iter().for_each(|wake| self.show(wake));
    }

    /// What somebody asks, as an input; a report is read with the rules of the reporter's runtime first.
    fn input_of(&mut self, ticket: Ticket, actor: Actor, command: Box<Command>) -> Input {
        let (Actor::Agent(agent), Command::ReportEvent { spawn, event, payload }) =
            (&actor, command.as_ref())
        else {
            return Input::Asked { ticket, actor, command };
        };
        let now = self.outside.clock.now().to_zoned(jiff::tz::TimeZone::system());
        let programs = self.outside.programs.current();
        let told = reports::told(&programs, &self.state, agent, event, payload, &now);
        let spawn = *spawn;
        self.screens.told(&self.state, agent, told.state, std::time::Instant::now());
        Input::Told { ticket, actor, spawn, told }
    }

    /// What could not be recorded, in front of whatever came later.
    fn take_unrecorded(&mut self) -> Vec<Input> {
        match self.record_again <= std::time::Instant::now() {
            true => std::mem::take(&mut self.unrecorded),
            false => Vec::new(),
        }
    }

    /// Panes are being moved: where they stay is looked at when that has ended.
    fn arranged(&mut self) {
        let now = std::time::Instant::now();
        self.arranged_at = Some(now);
        self.next_look = self.next_look.min(now + ARRANGING);
    }

    /// An arrangement that is still being made is not looked at.
    fn settled(&self, mut input: Input) -> Input {
        if let Input::Sighted { sighting } = &mut input
            && self.arranged_at.is_some()
        {
            sighting.arranged.clear();
        }
        input
    }

    fn look_now(&mut self) {
        let now = std::time::Instant::now();
        self.arranged_at.take_if(|at| now.saturating_duration_since(*at) >= ARRANGING);
        self.next_look = now + self.outside.terminals.look_every();
        if let Some(at) = self.arranged_at {
            self.next_look = self.next_look.min(at + ARRANGING);
        }
        perform::look(&self.outside, &self.handle, &self.lanes);
    }

    fn show(&mut self, wake: Wake) {
        match wake {
            Wake::Read(read) => read(&self.state, self.seq),
            Wake::Follow(follower) => {
                let state = Box::new(self.state.clone());
                if follower.try_send(Followed::State(state, self.seq)).is_ok() {
                    self.followers.push(follower);
                }
            }
            Wake::Input(_)
            | Wake::SeenLast(_)
            | Wake::Ask { .. }
            | Wake::Door
            | Wake::Look
            | Wake::Arranged
            | Wake::Printed(_)
            | Wake::ScreensRead(_)
            | Wake::End => {}
        }
    }

    fn rung(&mut self) -> Vec<Input> {
        let now = self.outside.clock.now();
        let due: Vec<Timer> = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(timer, _)| timer.clone())
            .collect();
        due.into_iter()
            .map(|timer| {
                self.timers.remove(&timer);
                Input::Rang { timer }
            })
            .collect()
    }

    /// Feeds inputs, and what follows from effects that are performed at once, until nothing is left.
    fn feed(&mut self, inputs: Vec<Input>, extra: impl FnOnce(&mut Group, &mut State, Now)) {
        let mut group = Group::default();
        let now = self.now();
        extra(&mut group, &mut self.state, now);
        let mut inputs = inputs;
        loop {
            let told_once = inputs.iter().filter(|input| input.is_told_once()).cloned().collect();
            for input in inputs.drain(..) {
                let now = self.now();
                let clock = &self.outside.clock;
                group.take(&mut self.state, input, now, &self.requests, || clock.new_id());
            }
            let effects = std::mem::take(&mut group.effects);
            if let Err(error) = self.commit(&mut group) {
                self.take_back(&error, group, &effects, told_once);
                return;
            }
            let mut activity = perform::Activity::default();
            inputs = Vec::new();
            for effect in effects {
                match effect {
                    Effect::LogActivity { agency, line } => activity.add(agency, &line, now.at),
                    effect => inputs.extend(self.perform(effect)),
                }
            }
            activity.write(&self.outside, &self.lanes);
            if inputs.is_empty() {
                return;
            }
        }
    }

    fn now(&self) -> Now {
        Now { at: self.outside.clock.now(), seed: self.outside.clock.new_id() }
    }

    /// Records what was decided, then tells everybody; nobody if it could not be recorded.
    fn commit(&mut self, group: &mut Group) -> Result<(), LedgerError> {
        let entries = std::mem::take(&mut group.entries);
        let events = std::mem::take(&mut group.events);
        if !entries.is_empty() {
            let durability = record::durability_of(&events);
            let records = self.ledger.append(&entries, durability)?;
            self.published(records, &events);
        }
        for (ticket, answer) in group.replies.drain(..) {
            if self.requests.remove(&ticket).is_some() {
                crate::failpoint::hit("ask.recorded");
            }
            if let Some(waiting) = self.tickets.remove(&ticket) {
                let _ = waiting.send(answer);
            }
        }
        Ok(())
    }

    fn published(&mut self, records: Vec<Record>, events: &[Event]) {
        self.seq = records.last().map_or(self.seq, |last| last.seq);
        events.iter().filter_map(perform::fail_point_of).for_each(crate::failpoint::hit);
        let records = Arc::new(records);
        // One that does not read is left, or what waits for it would grow for ever: it begins anew when it can.
        self.followers
            .retain(|follower| follower.try_send(Followed::Records(Arc::clone(&records))).is_ok());
        self.views.touch();
        let changes_gate = |event: &Event| {
            matches!(
                event,
                Event::AgentPaneOpened { .. }
                    | Event::AgentPaneLost { .. }
                    | Event::AgencyStopped { .. }
                    | Event::AgencyRemoving { .. }
                    | Event::AgentSpawned { .. }
                    | Event::CrewWritten { .. }
                    | Event::OperatorKeyRegistered { .. }
            )
        };
        if events.iter().any(changes_gate) {
            perform::update_gate(&self.gate, &self.state);
            self.screens.keep_up(&self.state, std::time::Instant::now());
        }
        // While many wait at the door nobody waits for a snapshot too.
        let patience = if self.outside.mailboxes.has_more_at_door() { FLOODED } else { 1 };
        if self.seq - self.snapshot_at >= self.snapshot_every * patience {
            self.save_snapshot();
        }
    }

    /// The greater the state, the rarer: saving it must not take longer than folding what came since would.
    fn save_snapshot(&mut self) {
        let began = std::time::Instant::now();
        if record::save_snapshot(self.ledger.as_mut(), &self.state, self.seq).is_ok() {
            self.snapshot_at = self.seq;
            let events = began.elapsed().as_micros() / FOLD_US * SNAPSHOT_SHARE;
            self.snapshot_every = u64::try_from(events).unwrap_or(u64::MAX).max(SNAPSHOT_EVERY);
        }
    }

    /// The events could not be recorded: nobody may believe in them.
    fn take_back(
        &mut self,
        error: &LedgerError,
        group: Group,
        effects: &[Effect],
        told_once: Vec<Input>,
    ) {
        tracing::error!(%error, "the ledger refused");
        let refusal =
            Refusal::new(RefusalKind::Failed, "ledger", format!("nothing was done: {error}"))
                .with_hint("make room or make it writable, then try again");
        let answered = group.replies.into_iter().map(|(ticket, _)| ticket);
        for ticket in answered.chain(effects.iter().filter_map(Effect::ticket)) {
            self.requests.remove(&ticket);
            if let Some(waiting) = self.tickets.remove(&ticket) {
                let _ = waiting.send(Err(refusal.clone()));
            }
        }
        self.unrecorded.extend(told_once);
        self.record_again = std::time::Instant::now() + RECORD_AGAIN;
        match record::fold(self.ledger.as_ref(), u64::MAX) {
            Ok((state, seq)) => {
                self.state = state;
                self.seq = seq;
            }
            Err(error) => {
                tracing::error!(%error, "the ledger cannot be read either");
                self.is_ending = true;
            }
        }
    }

    fn perform(&mut self, effect: Effect) -> Vec<Input> {
        match effect {
            Effect::WakeAt { at, timer } => {
                let earliest = self.timers.get(&timer).map_or(at, |known| at.min(*known));
                self.timers.insert(timer, earliest);
                Vec::new()
            }
            Effect::Quit => {
                self.is_ending = true;
                Vec::new()
            }
            Effect::Look => {
                self.look_now();
                Vec::new()
            }
            effect => {
                perform::perform(&self.state, &self.outside, &self.handle, &self.lanes, effect)
            }
        }
    }
}

#[cfg(test)]
mod tests;
