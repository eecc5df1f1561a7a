//! `agency cadence` and `agency meetings`: what comes by the clock, and what it left.
//!
//! When something comes is for the engine to say; nothing is counted here.

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::{age, optional_age};
use crate::domain::cadence::Beat;
use crate::domain::command::Command;
use crate::service::query::Query;
use crate::service::views::{BeatView, CadenceView, MeetingView};

/// What `agency cadence` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Its times, its zone and quiet hours are set under `[cadence]` in agency.toml.\n\n\
    Examples:\n  agency cadence\n  agency cadence run daily\n  agency meetings show daily/2026-11-21-CodeAgency"
)]
pub struct CadenceArgs {
    /// What to do; alone: show
    #[command(subcommand)]
    pub verb: Option<CadenceVerb>,
}

/// What can be done with the cadence.
#[derive(Debug, Subcommand)]
pub enum CadenceVerb {
    /// Show what comes when, and when it came last
    Show,
    /// Have something come now, before its time
    #[command(
        after_help = "Exit status: 5 if nobody runs, or there is nobody to ask.\n\nExamples:\n  \
        agency cadence run hourly\n  agency cadence run weekly"
    )]
    Run {
        /// What: hourly, daily or weekly
        #[arg(value_name = "WHAT", value_enum, hide_possible_values = true)]
        what: Comes,
    },
}

/// What can be had before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Comes {
    /// Every agent with open work is asked for its status, coordinators are told what is stuck.
    Hourly,
    /// The check-in.
    Daily,
    /// The week's digest.
    Weekly,
}

/// What `agency meetings` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The files lie in registry/meetings. One that somebody has edited is never written over.\n\n\
    Examples:\n  agency meetings\n  agency meetings show weekly/2026-W47-digest"
)]
pub struct MeetingsArgs {
    /// What to do; alone: list
    #[command(subcommand)]
    pub verb: Option<MeetingsVerb>,
}

/// What can be done with what was written down.
#[derive(Debug, Subcommand)]
pub enum MeetingsVerb {
    /// List what was written down, newest first
    List,
    /// Print one
    Show {
        /// Which: its name in the list
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Shows, or has something come now.
pub fn run(args: &CadenceArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    if let Some(CadenceVerb::Run { what }) = &args.verb {
        let beat = match what {
            Comes::Hourly => Beat::Hourly,
            Comes::Daily => Beat::Daily,
            Comes::Weekly => Beat::Weekly,
        };
        workbench.ask(Command::RunCadence { beat })?;
    }
    let view: CadenceView = workbench.fetch(&Query::Cadence)?;
    match &args.verb {
        Some(CadenceVerb::Run { what }) => {
            desk.answer(&view, |view, scene| done(*what, view, scene))
        }
        None | Some(CadenceVerb::Show) => desk.answer(&view, render),
    }
}

/// Lists, or prints one.
pub fn meetings(args: &MeetingsArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    match &args.verb {
        None | Some(MeetingsVerb::List) => {
            let views: Vec<MeetingView> = workbench.fetch(&Query::Meetings)?;
            desk.answer(views.as_slice(), list)
        }
        Some(MeetingsVerb::Show { name }) => {
            let text: String = workbench.fetch(&Query::Meeting { name: name.clone() })?;
            desk.answer(&text, |text, _| format!("{}\n", text.trim_end()))
        }
    }
}

fn done(what: Comes, view: &CadenceView, scene: &Scene) -> String {
    match what {
        Comes::Hourly => "asked; see what comes with: agency messages\n".to_owned(),
        Comes::Weekly => "written down: agency meetings\n".to_owned(),
        Comes::Daily => {
            let line = |one: &crate::service::views::CollectingView| {
                let left = age(scene.now, one.until);
                format!("{}: {} asked, answers are collected for {left}\n", one.agency, one.asked)
            };
            view.collecting.iter().map(line).collect()
        }
    }
}

/// What comes when.
pub fn render(view: &CadenceView, scene: &Scene) -> String {
    let mut table = Table::new(&["WHAT", "NEXT", "LAST", "FOR", "ABOUT"]);
    for beat in &view.beats {
        let (tone, next) = next(beat);
        table.row(vec![
            Cell::text(beat.beat.as_str()),
            Cell::toned(tone, next),
            Cell::number(optional_age(beat.last, scene.now)),
            Cell::text(beat.last_period.as_deref().unwrap_or("-")),
            Cell::toned(Tone::Muted, &beat.about),
        ]);
    }
    let mut text = table.render(scene.paint, scene.width);
    text.push('\n');
    let zone = view.time_zone.as_deref().unwrap_or("this machine's");
    text.push_str(&format!("time zone: {zone}\n"));
    let quiet = if view.quiet.is_empty() { "never".to_owned() } else { view.quiet.join(", ") };
    text.push_str(&format!("quiet: {quiet}"));
    if let Some(until) = view.quiet_until {
        text.push_str(&format!(" (now, for {})", age(scene.now, until)));
    }
    text.push('\n');
    for one in &view.collecting {
        text.push_str(&format!(
            "check-in of {}: {} of {} answered, ends in {}\n",
            one.agency,
            one.answered,
            one.asked,
            age(scene.now, one.until)
        ));
    }
    if !view.unanswered.is_empty() {
        let agents: Vec<String> = view.unanswered.iter().map(ToString::to_string).collect();
        text.push_str(&format!("asked for their status, silent: {}\n", agents.join(", ")));
    }
    text
}

fn next(beat: &BeatView) -> (Tone, String) {
    match (&beat.next_local, beat.is_on) {
        (_, false) => (Tone::Muted, "off".to_owned()),
        (None, true) => (Tone::Muted, "when somebody works".to_owned()),
        (Some(local), true) => (Tone::Plain, local.clone()),
    }
}

/// What was written down, as a table.
pub fn list(views: &[MeetingView], scene: &Scene) -> String {
    if views.is_empty() {
        return "nothing was written down yet; what comes when: agency cadence\n".to_owned();
    }
    let mut table = Table::new(&["NAME", "AGE", "ABOUT", "FILE"]);
    for view in views {
        table.row(vec![
            Cell::text(&view.name),
            Cell::number(optional_age(Some(view.at), scene.now)),
            Cell::text(&view.summary),
            Cell::toned(Tone::Muted, view.file.as_deref().unwrap_or("not written yet")),
        ]);
    }
    table.render(scene.paint, scene.width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn what_comes_is_shown_with_when_and_for_what() {
        insta::assert_snapshot!(render(&testing::cadence(), &testing::scene()));
    }

    #[test]
    fn what_is_off_and_what_waits_for_work_say_so() {
        let mut view = testing::cadence();
        for beat in &mut view.beats {
            (beat.is_on, beat.next_local) = (beat.beat == Beat::Hourly, None);
        }
        (view.quiet, view.quiet_until, view.collecting) = (Vec::new(), None, Vec::new());
        view.unanswered.clear();
        insta::assert_snapshot!(render(&view, &testing::scene()));
    }

    #[test]
    fn meetings_are_listed_newest_first_with_their_files() {
        insta::assert_snapshot!(list(&testing::meetings(), &testing::scene()));
        assert!(list(&[], &testing::scene()).starts_with("nothing was written down yet"));
    }
}
