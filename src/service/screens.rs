//! Screens: read when something was printed, judged by the rules of their program, and told to the engine
//! only when they tell something else.
//!
//! A screen is read soon after the first output, when the program has drawn, and not more often than a person can
//! follow. What it tells is settled when it has told the same for a while. All panes that are due are
//! read in one question, on a lane of their own; nothing here polls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::runtime::input_line::Place;
use crate::domain::runtime::screen::{Reading, Screen, judge};
use crate::engine::input::Input;
use crate::engine::sessions::runtime_of;
use crate::engine::state::State;
use crate::ports::terminals::{PaneId, ScreenSeen};
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::supervisor::{Handle, Wake};

/// From the first output to the look: a program draws in several writes.
const DRAWING: Duration = Duration::from_millis(10);

/// Least pause between two looks at a pane that keeps printing.
const LEAST_PAUSE: Duration = Duration::from_millis(150);

/// How long a screen must tell the same before it is settled and may correct a report: longer than a program
/// draws in parts, and short enough that with the look itself a correction is there within a second.
pub const SETTLING: Duration = Duration::from_millis(800);

/// Times of a limit that differ by less are the same: a countdown is read a moment later each time.
const SAME_TIME_S: i64 = 2;

/// Which panes are to be read when, and what each agent's screen told last.
#[derive(Default)]
pub struct Screens {
    due: BTreeMap<PaneId, Instant>,
    read_at: HashMap<PaneId, Instant>,
    known: HashMap<AgentAddress, Known>,
    is_reading: bool,
}

struct Known {
    spawn: SpawnId,
    reading: Option<Reading>,
    since: Instant,
    is_settled: bool,
}

/// What one screen told.
pub struct Noticed {
    agent: AgentAddress,
    spawn: SpawnId,
    pane: PaneId,
    reading: Option<Reading>,
}

impl Screens {
    /// Something was printed in these panes.
    pub fn printed(&mut self, panes: Vec<PaneId>, now: Instant) {
        for pane in panes {
            let soonest = self.read_at.get(&pane).map(|at| *at + LEAST_PAUSE);
            let at = soonest.map_or(now + DRAWING, |soonest| soonest.max(now + DRAWING));
            self.due_at(pane, at);
        }
    }

    fn due_at(&mut self, pane: PaneId, at: Instant) {
        let known = self.due.entry(pane).or_insert(at);
        *known = at.min(*known);
    }

    /// An agent's program told something: its screen is looked at once more after it, and what it then shows
    /// for a while counts again.
    pub fn told(&mut self, state: &State, agent: &AgentAddress, now: Instant) {
        let pane = state.sessions.agent(agent).and_then(|record| record.pane.clone());
        let (Some(pane), Some(known)) = (pane, self.known.get_mut(agent)) else { return };
        known.since = now;
        known.is_settled = false;
        self.due_at(pane, now + SETTLING);
    }

    /// Sees to it that every pane whose screen is read is read once, and forgets those that are gone.
    pub fn keep_up(&mut self, state: &State, now: Instant) {
        let panes: BTreeSet<PaneId> = readable(state).map(|(pane, _)| pane).collect();
        self.due.retain(|pane, _| panes.contains(pane));
        self.read_at.retain(|pane, _| panes.contains(pane));
        self.known.retain(|agent, known| {
            state.sessions.agent(agent).is_some_and(|record| record.spawn == Some(known.spawn))
        });
        let new: Vec<PaneId> =
            panes.into_iter().filter(|pane| !self.read_at.contains_key(pane)).collect();
        self.printed(new, now);
    }

    /// How long nothing is due.
    pub fn pause(&self, now: Instant) -> Duration {
        let next = self.due.values().min().filter(|_| !self.is_reading);
        next.map_or(Duration::MAX, |at| at.saturating_duration_since(now))
    }

    /// Reads what is due, unless a reading is under way: then it waits for that one's end.
    pub fn read_due(
        &mut self,
        state: &State,
        outside: &Outside,
        handle: &Handle,
        lanes: &Lanes,
        now: Instant,
    ) {
        if self.is_reading || self.due.values().all(|at| *at > now) {
            return;
        }
        let runtimes: BTreeMap<PaneId, Name> = readable(state).collect();
        let due = self.due.extract_if(.., |_, at| *at <= now).map(|(pane, _)| pane);
        let panes: Vec<PaneId> = due.filter(|pane| runtimes.contains_key(pane)).collect();
        if panes.is_empty() {
            return;
        }
        self.read_at.extend(panes.iter().map(|pane| (pane.clone(), now)));
        self.is_reading = true;
        let (outside, handle) = (outside.clone(), handle.clone());
        lanes.push(
            "screens",
            Box::new(move || {
                handle.wake(Wake::ScreensRead(read(&outside, &panes, &runtimes)));
            }),
        );
    }

    /// Takes in what was read; what is new of it is for the engine.
    pub fn noticed(&mut self, all: Vec<Noticed>, now: Instant) -> Vec<Input> {
        self.is_reading = false;
        all.into_iter().filter_map(|noticed| self.notice(noticed, now)).collect()
    }

    fn notice(&mut self, noticed: Noticed, now: Instant) -> Option<Input> {
        let Noticed { agent, spawn, pane, reading } = noticed;
        let known = self.known.get_mut(&agent).filter(|known| known.spawn == spawn);
        let input = |is_settled| {
            let (agent, reading) = (agent.clone(), reading.clone());
            Some(Input::ScreenRead { agent, spawn, reading, is_settled })
        };
        match known {
            Some(known) if is_same(known.reading.as_ref(), reading.as_ref()) => {
                if known.is_settled {
                    return None;
                }
                let settles_at = known.since + SETTLING;
                if now < settles_at {
                    self.due_at(pane, settles_at);
                    return None;
                }
                known.is_settled = true;
                input(true)
            }
            _ => {
                let news = input(false);
                let known = Known { spawn, reading, since: now, is_settled: false };
                self.known.insert(agent, known);
                self.due_at(pane, now + SETTLING);
                news
            }
        }
    }
}

/// The panes whose screen tells something, with the runtime of their agent.
fn readable(state: &State) -> impl Iterator<Item = (PaneId, Name)> + '_ {
    state.sessions.live().flat_map(move |(agency, record)| {
        record.agents.iter().filter_map(move |(name, agent)| {
            let address = AgentAddress::new(agency.clone(), name.clone());
            let is_read = runtime_of(state, &address)?.reads_screen;
            let runtime = state.sessions.definition(&address)?.runtime.clone();
            is_read.then_some((agent.pane.clone()?, runtime))
        })
    })
}

/// Whether two readings tell the same. What exactly was seen may differ.
fn is_same(left: Option<&Reading>, right: Option<&Reading>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => {
            let is_same_time = match (left.until, right.until) {
                (Some(left), Some(right)) => {
                    left.duration_since(right).as_secs().abs() <= SAME_TIME_S
                }
                (left, right) => left == right,
            };
            left.state == right.state && left.rule == right.rule && is_same_time
        }
        _ => false,
    }
}

/// Reads and judges screens; one that cannot be had now is not in the answer.
fn read(outside: &Outside, panes: &[PaneId], runtimes: &BTreeMap<PaneId, Name>) -> Vec<Noticed> {
    let screens = outside.terminals.screens(panes).unwrap_or_else(|error| {
        tracing::warn!(%error, "screens could not be read");
        Vec::new()
    });
    let programs = outside.programs.current();
    let now = outside.clock.now().to_zoned(TimeZone::system());
    let judged = |screen: ScreenSeen| {
        let program = programs.find(runtimes.get(&screen.pane)?.as_str())?;
        let description = program.description.as_ref().ok()?;
        let place = Place { rows: &screen.rows, cursor: screen.cursor, ghost: &screen.ghost };
        let seen = Screen { place, title: &screen.title, progress: screen.progress };
        let reading = judge(&description.screens, description.input_line.as_ref(), seen, &now);
        Some(Noticed { agent: screen.agent, spawn: screen.spawn, pane: screen.pane, reading })
    };
    screens.into_iter().filter_map(judged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::AgentState;

    fn noticed(state: Option<AgentState>) -> Noticed {
        let reading = state.map(|state| Reading {
            state,
            rule: "a rule".to_owned(),
            evidence: String::new(),
            until: None,
        });
        Noticed {
            agent: "Code/dev".parse().expect("an address"),
            spawn: uuid::Uuid::from_u128(1),
            pane: PaneId("%1".to_owned()),
            reading,
        }
    }

    fn told(inputs: &[Input]) -> Vec<(Option<AgentState>, bool)> {
        let of = |input: &Input| match input {
            Input::ScreenRead { reading, is_settled, .. } => {
                (reading.as_ref().map(|reading| reading.state), *is_settled)
            }
            other => panic!("{other:?}"),
        };
        inputs.iter().map(of).collect()
    }

    #[test]
    fn only_what_is_new_is_told_and_what_stays_is_settled_once() {
        let mut screens = Screens::default();
        let start = Instant::now();
        let mut look = |state, after_ms| {
            let now = start + Duration::from_millis(after_ms);
            told(&screens.noticed(vec![noticed(state)], now))
        };
        let working = Some(AgentState::Working);
        assert_eq!(look(working, 0), [(working, false)]);
        assert_eq!(look(working, 700), []);
        assert_eq!(look(working, 900), [(working, true)]);
        assert_eq!(look(working, 9_000), []);
        assert_eq!(look(None, 9_100), [(None, false)]);
        assert_eq!(look(working, 9_200), [(working, false)]);
    }

    #[test]
    fn a_new_screen_is_looked_at_again_when_it_should_have_settled() {
        let mut screens = Screens::default();
        let start = Instant::now();
        screens.noticed(vec![noticed(None)], start);
        assert_eq!(screens.pause(start), SETTLING);
    }

    #[test]
    fn a_pane_that_keeps_printing_is_read_at_its_pace() {
        let mut screens = Screens::default();
        let start = Instant::now();
        let pane = || vec![PaneId("%1".to_owned())];
        screens.printed(pane(), start);
        assert_eq!(screens.pause(start), DRAWING);
        screens.due.clear();
        screens.read_at.insert(PaneId("%1".to_owned()), start);
        for ms in [1, 20, 90] {
            screens.printed(pane(), start + Duration::from_millis(ms));
        }
        assert_eq!(screens.pause(start), LEAST_PAUSE);
    }
}
