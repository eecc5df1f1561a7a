//! Reading the cadence and what it wrote down.
//!
//! When something comes is asked of the engine's own rules, so that what is shown is what will be.

use std::path::PathBuf;

use jiff::Timestamp;

use super::Partial;
use crate::domain::cadence::Beat;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::cadence::deciding::{next_hourly, owed, running};
use crate::engine::state::State;
use crate::service::outside::Outside;
use crate::service::views::{BeatView, CadenceView, CollectingView, MeetingView};

/// What comes when.
pub(super) fn cadence(state: &State, now: Timestamp) -> CadenceView {
    let config = &state.config.cadence;
    let collecting = state.cadence.open.iter().map(|(agency, open)| CollectingView {
        agency: agency.clone(),
        until: open.until,
        asked: count(open.agents.len()),
        answered: count(open.agents.values().filter(|answer| !answer.words.is_empty()).count()),
    });
    let unanswered = state.cadence.asked.iter().filter(|(_, asked)| !asked.is_answered);
    CadenceView {
        time_zone: config.time_zone.clone(),
        quiet: config.quiet.iter().map(ToString::to_string).collect(),
        quiet_until: config.is_quiet(now),
        beats: Beat::ALL.into_iter().map(|beat| self::beat(state, beat, now)).collect(),
        collecting: collecting.collect(),
        unanswered: unanswered.map(|(agent, _)| agent.clone()).collect(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn beat(state: &State, beat: Beat, now: Timestamp) -> BeatView {
    let config = &state.config.cadence;
    let is_on = match beat {
        Beat::Hourly => config.hourly,
        Beat::Daily => config.daily.is_some(),
        Beat::Agenda | Beat::Weekly => config.weekly.is_some(),
    };
    let next = if running(state).is_empty() { None } else { next(state, beat, now) };
    let next = next.map(|at| config.is_quiet(at).unwrap_or(at));
    let ran = state.cadence.ran.get(&beat);
    let told = state.cadence.told.values().max();
    let asked = state.cadence.asked.values().map(|asked| &asked.at).max();
    let last = match beat {
        Beat::Hourly => told.max(asked).copied(),
        Beat::Daily | Beat::Agenda | Beat::Weekly => ran.map(|ran| ran.at),
    };
    BeatView {
        beat,
        about: about(beat).to_owned(),
        is_on,
        next,
        next_local: next.map(|at| config.zone.local(at).strftime("%Y-%m-%d %H:%M").to_string()),
        last_period: ran.map(|ran| ran.period.clone()),
        last,
    }
}

fn next(state: &State, beat: Beat, now: Timestamp) -> Option<Timestamp> {
    match beat {
        Beat::Hourly => next_hourly(state, now).map(|at| at.max(now)),
        Beat::Daily | Beat::Agenda | Beat::Weekly => {
            owed(state, beat, now).map(|_| now).or_else(|| state.config.cadence.next_due(beat, now))
        }
    }
}

fn about(beat: Beat) -> &'static str {
    match beat {
        Beat::Hourly => "asks silent agents for their status, tells coordinators what is stuck",
        Beat::Daily => "asks every agent with open work, collects what they answer",
        Beat::Agenda => "what the week's digest will be about",
        Beat::Weekly => "what the week has brought, from the ledger",
    }
}

/// What was written down, newest first.
pub(super) fn meetings(state: &State) -> Vec<MeetingView> {
    let view = |(name, held): (&String, &crate::engine::cadence::Meeting)| MeetingView {
        name: name.clone(),
        beat: held.beat,
        agency: held.agency.clone(),
        at: held.at,
        summary: held.summary.clone(),
        file: held.file.as_ref().map(|file| file.display().to_string()),
    };
    let mut views: Vec<MeetingView> = state.cadence.meetings.iter().map(view).collect();
    views.sort_by(|one, two| (two.at, &two.name).cmp(&(one.at, &one.name)));
    views
}

/// Where the text of one lies.
pub(super) fn meeting(state: &State, outside: &Outside, name: &str) -> Result<Partial, Refusal> {
    let held = state.cadence.meetings.get(name);
    let held = held.ok_or_else(|| super::not_found("meeting", &name, "agency meetings list"))?;
    let file = held.file.as_ref().ok_or_else(|| {
        let message = format!("`{name}` is not written yet");
        Refusal::new(RefusalKind::Conflict, "not_written", message)
            .with_hint("see `agency meetings list`")
    })?;
    Ok(Partial::Tail { path: PathBuf::from(&outside.home).join(file) })
}
