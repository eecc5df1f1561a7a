//! Screens: read when something was printed, judged by the rules of their program, and told to the engine
//! only when they tell something else.
//!
//! A screen is read soon after the first output, when the program has drawn, and not more often than a person can
//! follow. What it tells is settled when it has told the same for a while. All panes that are due are
//! read in one question, on a lane of their own; nothing here polls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::domain::agency::AgentState;
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::runtime::input_line::Place;
use crate::domain::runtime::screen::{Reading, Screen, judge};
use crate::engine::input::Input;
use crate::engine::sessions::authority::is_asking;
use crate::engine::sessions::runtime_of;
use crate::engine::state::State;
use crate::ports::terminals::{PaneId, ScreenSeen};
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::supervisor::{Handle, Wake};

/// From the first output to the look: a program draws in several writes.
const DRAWING: Duration = Duration::from_millis(10);

/// What a look costs of a pane's time: one that keeps printing is read once in this, on average. Spinners turn
/// every 80 to 120 ms; a dialog that comes out of one must not wait for the spinner's next turn.
const PACE: Duration = Duration::from_millis(75);

/// How much of that time a pane may have used in advance: two looks more, whenever they are needed.
const CREDIT: Duration = Duration::from_millis(150);

/// What one reading of whatever is due stands for: with many panes that print all the time, a dozen readings
/// of several panes a second cost a third of one for each line.
const READING: Duration = Duration::from_millis(80);

/// How much may be read at once before readings wait for each other: a few panes never do.
const BURST: Duration = Duration::from_millis(800);

/// How long a screen must tell the same before it is settled and may correct a report: longer than a program
/// draws in parts, and short enough that with the look itself a correction is there within a second.
pub const SETTLING: Duration = Duration::from_millis(800);

/// When a screen that could not be had is asked for again: what it shows may be a dialog, which prints no more.
const AGAIN: Duration = Duration::from_secs(1);

/// How much longer it is believed of a question that was told but is not shown yet: programs report it before
/// they draw it, some more than 800 ms before.
const OPENING: Duration = Duration::from_millis(1_700);

/// A reading takes milliseconds, and a server that hangs is given up after two seconds.
const LOST: Duration = Duration::from_secs(10);

/// Times of a limit that differ by less are the same: a countdown is read a moment later each time.
const SAME_TIME_S: i64 = 2;

/// Which panes are to be read when, and what each agent's screen told last.
#[derive(Default)]
pub struct Screens {
    due: BTreeMap<PaneId, Instant>,
    /// Up to when the looks at a pane have used its time.
    used_until: HashMap<PaneId, Instant>,
    known: HashMap<AgentAddress, Known>,
    /// Since when a reading is under way.
    reading_since: Option<Instant>,
    /// What the reading that is under way has asked for.
    asked: Vec<PaneId>,
    /// Until when the readings so far last, each taken as long as [`READING`].
    taken: Option<Instant>,
}

struct Known {
    spawn: SpawnId,
    reading: Option<Reading>,
    since: Instant,
    is_settled: bool,
}

impl Known {
    /// Its time to settle begins again.
    fn hear(&mut self, said: Option<AgentState>, now: Instant) {
        let is_open = is_asking(self.reading.as_ref().map(|reading| reading.state));
        self.since = if is_asking(said) && !is_open { now + OPENING } else { now };
        self.is_settled = false;
    }
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
            let used = self.used_until.get(&pane).map(|until| until.saturating_duration_since(now));
            let pause = used.unwrap_or_default().saturating_sub(CREDIT).max(DRAWING);
            self.due_at(pane, now + pause);
        }
    }

    fn due_at(&mut self, pane: PaneId, at: Instant) {
        let known = self.due.entry(pane).or_insert(at);
        *known = at.min(*known);
    }

    /// An agent's program told something, maybe a state: its screen is looked at once more after it, and what it
    /// then shows for a while counts again. What it showed before a question was told counts later: the question
    /// may not be drawn yet.
    pub fn told(
        &mut self,
        state: &State,
        agent: &AgentAddress,
        said: Option<AgentState>,
        now: Instant,
    ) {
        let pane = state.sessions.agent(agent).and_then(|record| record.pane.clone());
        let (Some(pane), Some(known)) = (pane, self.known.get_mut(agent)) else { return };
        known.hear(said, now);
        let settles_at = known.since + SETTLING;
        self.due_at(pane, settles_at);
    }

    /// Sees to it that every pane whose screen is read is read once, and forgets those that are gone.
    pub fn keep_up(&mut self, state: &State, now: Instant) {
        let panes: BTreeSet<PaneId> = readable(state).map(|(pane, _)| pane).collect();
        self.due.retain(|pane, _| panes.contains(pane));
        self.used_until.retain(|pane, _| panes.contains(pane));
        self.known.retain(|agent, known| {
            state.sessions.agent(agent).is_some_and(|record| record.spawn == Some(known.spawn))
        });
        let new: Vec<PaneId> =
            panes.into_iter().filter(|pane| !self.used_until.contains_key(pane)).collect();
        self.printed(new, now);
    }

    /// How long nothing is due.
    pub fn pause(&self, now: Instant) -> Duration {
        let next = self.due.values().min().filter(|_| !self.is_reading(now));
        let next = next.map(|at| self.soonest().map_or(*at, |soonest| soonest.max(*at)));
        next.map_or(Duration::MAX, |at| at.saturating_duration_since(now))
    }

    /// When the next reading may begin; none: at any time.
    fn soonest(&self) -> Option<Instant> {
        self.taken.and_then(|taken| taken.checked_sub(BURST))
    }

    /// Whether a reading is under way. One that has not come back for long will not: its lane may have died.
    fn is_reading(&self, now: Instant) -> bool {
        self.reading_since.is_some_and(|since| now.saturating_duration_since(since) < LOST)
    }

    fn takes_place(&mut self, now: Instant) {
        self.reading_since = Some(now);
        self.taken = Some(self.taken.map_or(now, |taken| taken.max(now)) + READING);
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
        let is_early = self.soonest().is_some_and(|soonest| now < soonest);
        if self.is_reading(now) || is_early || self.due.values().all(|at| *at > now) {
            return;
        }
        let runtimes: BTreeMap<PaneId, Name> = readable(state).collect();
        let due = self.due.extract_if(.., |_, at| *at <= now).map(|(pane, _)| pane);
        let panes: Vec<PaneId> = due.filter(|pane| runtimes.contains_key(pane)).collect();
        if panes.is_empty() {
            return;
        }
        for pane in &panes {
            let until = self.used_until.entry(pane.clone()).or_insert(now);
            *until = now.max(*until) + PACE;
        }
        self.takes_place(now);
        self.asked.clone_from(&panes);
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
        self.reading_since = None;
        for pane in std::mem::take(&mut self.asked) {
            if all.iter().all(|noticed| noticed.pane != pane) {
                self.due_at(pane, now + AGAIN);
            }
        }
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
            // The same words that are read a moment later mean the same moment, not a later one.
            let is_same_time = match (left.until, right.until) {
                (Some(one), Some(other)) => {
                    left.evidence == right.evidence
                        || one.duration_since(other).as_secs().abs() <= SAME_TIME_S
                }
                (one, other) => one == other,
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
    fn a_question_that_was_told_has_time_to_be_drawn() {
        let mut screens = Screens::default();
        let start = Instant::now();
        let at = |after_ms| start + Duration::from_millis(after_ms);
        let (agent, working) = ("Code/dev".parse().expect("an address"), Some(AgentState::Working));
        screens.noticed(vec![noticed(working)], start);
        let known: &mut Known = screens.known.get_mut(&agent).expect("it was seen");
        known.hear(Some(AgentState::Permission), at(100));
        let mut look = |state, ms| told(&screens.noticed(vec![noticed(state)], at(ms)));
        assert_eq!(look(working, 1_500), [], "it shows what it showed before");
        assert_eq!(look(working, 2_700), [(working, true)], "no question has come");
        let asking = Some(AgentState::Permission);
        assert_eq!(look(asking, 3_000), [(asking, false)]);
        assert_eq!(look(working, 3_500), [(working, false)]);
        assert_eq!(look(working, 4_400), [(working, true)], "it was answered");
    }

    #[test]
    fn a_new_screen_is_looked_at_again_when_it_should_have_settled() {
        let mut screens = Screens::default();
        let start = Instant::now();
        screens.noticed(vec![noticed(None)], start);
        assert_eq!(screens.pause(start), SETTLING);
    }

    #[test]
    fn a_screen_that_could_not_be_had_is_asked_for_again() {
        let mut screens = Screens::default();
        let start = Instant::now();
        screens.asked = vec![PaneId("%1".to_owned())];
        screens.noticed(Vec::new(), start);
        assert_eq!(screens.pause(start), AGAIN);
    }

    #[test]
    fn many_panes_that_print_all_the_time_are_read_together() {
        let mut screens = Screens::default();
        let start = Instant::now();
        let mut readings = 0;
        for ms in 0..4_000_u64 {
            let now = start + Duration::from_millis(ms);
            // Fifty panes, each once a second.
            if ms % 20 == 0 {
                screens.printed(vec![PaneId(format!("%{}", ms / 20 % 50))], now);
            }
            if screens.pause(now).is_zero() {
                screens.due.retain(|_, at| *at > now);
                screens.takes_place(now);
                screens.reading_since = None;
                readings += 1;
            }
            if ms == 150 {
                assert!(readings >= 7, "a few are read at once");
            }
        }
        assert!((45..=65).contains(&readings), "{readings} readings");
    }

    #[test]
    fn a_pane_that_keeps_printing_is_read_at_its_pace() {
        let mut screens = Screens::default();
        let start = Instant::now();
        let pane = || PaneId("%1".to_owned());
        screens.printed(vec![pane()], start);
        assert_eq!(screens.pause(start), DRAWING);
        screens.due.clear();
        // Its looks have used all the time that they may use in advance.
        screens.used_until.insert(pane(), start + CREDIT + PACE);
        for ms in [0, 20, 50] {
            screens.printed(vec![pane()], start + Duration::from_millis(ms));
        }
        assert_eq!(screens.pause(start), PACE);
    }

    #[test]
    fn what_comes_out_of_a_spinner_is_read_at_once() {
        let mut screens = Screens::default();
        let start = Instant::now();
        let pane = || PaneId("%1".to_owned());
        screens.used_until.insert(pane(), start + PACE);
        screens.printed(vec![pane()], start);
        assert_eq!(
            screens.pause(start),
            DRAWING,
            "a look was just taken, and one more is to be had"
        );
    }
}
