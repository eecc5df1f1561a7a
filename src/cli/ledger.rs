//! `agency ledger`: checks the chain of events, folds it anew, writes it out, or looks back.
//!
//! None of it can change an event; what is folded anew is derived.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::desk::{DONE, Desk, Ending, Scene};
use crate::cli::init::shown;
use crate::cli::status;
use crate::cli::style::Tone;
use crate::cli::when::{Since, SinceError};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::service::views::Board;
use crate::service::workbench::{Moment, Verified, Workbench};

/// What `agency ledger` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  agency ledger verify\n  agency ledger export events.jsonl\n  \
    agency ledger at 10m        the workbench as it was ten minutes ago\n  \
    agency ledger at 1042       as it was after event 1042"
)]
pub struct LedgerArgs {
    /// What to do
    #[command(subcommand)]
    pub verb: LedgerVerb,
}

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerVerb {
    /// Check that no event was changed, added or taken away
    Verify,
    /// Throw derived tables away and fold every event anew
    Rebuild,
    /// Write every event as one line of JSON
    Export {
        /// The file to write [default: standard output]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Show the workbench as it was
    At {
        /// An event's number, `10m`, `2h`, `3d` or RFC 3339
        #[arg(value_name = "SEQ|TIME")]
        point: Point,
    },
}

/// A point in the ledger as it is given on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// After this event.
    Seq(u64),
    /// At this time.
    Time(Since),
}

impl FromStr for Point {
    type Err = SinceError;
    fn from_str(text: &str) -> Result<Self, SinceError> {
        match text.parse() {
            Ok(seq) => Ok(Self::Seq(seq)),
            Err(_) => text.parse().map(Self::Time),
        }
    }
}

/// Checks, folds, writes or looks back.
pub fn run(args: &LedgerArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    match &args.verb {
        LedgerVerb::Verify => {
            let verified = workbench.verify_ledger()?;
            desk.answer(&verified, render_verified)?;
            Ok(if verified.broken.is_some() { RefusalKind::Failed.exit_status() } else { DONE })
        }
        LedgerVerb::Rebuild => rebuild(&workbench, desk),
        LedgerVerb::Export { file: Some(file) } => export_to(file, &workbench, desk),
        LedgerVerb::Export { file: None } => export(&workbench, desk),
        LedgerVerb::At { point } => {
            let moment = match point {
                Point::Seq(seq) => Moment::Seq(*seq),
                Point::Time(since) => Moment::Time(since.resolve(desk.house.now())),
            };
            desk.answer(&workbench.board_at(moment)?, render_board)
        }
    }
}

fn rebuild(workbench: &Workbench, desk: &mut Desk<'_>) -> Ending {
    let (events, equal) = workbench.rebuild_ledger()?;
    desk.answer(&json!({ "events": events, "equal": equal }), |_, scene| {
        let verdict = if equal {
            scene.paint.tone(Tone::Good, "equals the running state")
        } else {
            scene.paint.tone(Tone::Danger, "differs from the running state")
        };
        format!("{events} events folded, the result {verdict}\n")
    })?;
    Ok(if equal { DONE } else { RefusalKind::Failed.exit_status() })
}

fn export_to(file: &Path, workbench: &Workbench, desk: &mut Desk<'_>) -> Ending {
    let mut out = std::io::BufWriter::new(desk.house.create_file(file)?);
    let events = workbench.export_ledger(&mut out)?;
    out.flush().map_err(|error| {
        let message = format!("`{}`: {error}", file.display());
        Refusal::new(RefusalKind::Failed, "not_written", message)
    })?;
    desk.answer(&json!({ "events": events, "file": file }), |_, _| {
        format!("{events} events written to {}\n", shown(file))
    })
}

/// To standard output: one line each, or under `--json` one array.
fn export(workbench: &Workbench, desk: &mut Desk<'_>) -> Ending {
    if desk.is_json() {
        let mut lines = Vec::new();
        workbench.export_ledger(&mut lines)?;
        let text = String::from_utf8_lossy(&lines);
        let events: Vec<&str> = text.lines().collect();
        desk.output.text(&format!("[{}]\n", events.join(",\n")));
        return Ok(DONE);
    }
    let mut out = desk.output.stream();
    let exported = workbench.export_ledger(&mut out);
    if let Err(error) = out.flush() {
        drop(out);
        desk.output.remember(Err(error));
        return Ok(DONE);
    }
    drop(out);
    exported.map(|_| DONE)
}

fn render_verified(verified: &Verified, scene: &Scene) -> String {
    match &verified.broken {
        None => {
            let whole = scene.paint.tone(Tone::Good, "whole");
            format!("{} events, the chain is {whole}\ntip {}\n", verified.events, verified.tip)
        }
        Some(link) => {
            let broken = scene.paint.tone(Tone::Danger, "broken");
            // One line of what the check found.
            let problem = to_line(&link.problem, 400);
            format!("the chain is {broken} at event {}: {problem}\n", link.seq)
        }
    }
}

fn render_board(board: &Board, scene: &Scene) -> String {
    let at = board.at.map(|at| format!(", {at}")).unwrap_or_default();
    // Ages are those of that moment: "starting for 8 minutes" would not be how it was.
    let then = Scene { now: board.at.unwrap_or(scene.now), ..*scene };
    format!("after event {}{at}\n\n{}", board.seq, status::render(&board.status, &then))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn a_point_is_a_number_or_a_time() {
        assert_eq!("1042".parse(), Ok(Point::Seq(1042)));
        assert_eq!("10m".parse(), Ok(Point::Time(Since::Ago(600))));
        assert!("soon".parse::<Point>().is_err());
    }

    #[test]
    fn ages_are_counted_to_the_moment_that_is_shown() {
        let now = testing::now();
        let scene = Scene { now: now + jiff::SignedDuration::from_hours(9), ..testing::scene() };
        let status = testing::status();
        let shown = status::render(&status, &testing::scene());
        let board = Board {
            seq: 7,
            at: Some(now),
            status,
            approvals: Vec::new(),
            tasks: Vec::new(),
            messages: Vec::new(),
            branches: Vec::new(),
        };
        assert_eq!(render_board(&board, &scene), format!("after event 7, {now}\n\n{shown}"));
    }

    #[test]
    fn a_broken_chain_is_named_with_its_event() {
        let json =
            json!({"events": 7, "tip": "ab", "broken": {"seq": 8, "problem": "its hash\ndiffers"}});
        let mut verified: Verified = serde_json::from_value(json).expect("verified");
        let text = render_verified(&verified, &testing::scene());
        assert_eq!(text, "the chain is broken at event 8: its hash differs\n");
        verified.broken = None;
        let text = render_verified(&verified, &testing::scene());
        assert_eq!(text, "7 events, the chain is whole\ntip ab\n");
    }
}
