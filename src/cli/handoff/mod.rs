//! `agency handoff`: finished work goes from one agency to another, and what that one says of it.
//!
//! Each verb is a message of the protocol, sent like any other; what may follow is the engine's to say. A
//! coordinator speaks for its agency; the operator may answer for the one that was asked.

pub mod offer;
pub mod render;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::desk::{Desk, Ending};
use crate::domain::name::Name;
use crate::domain::protocol::{Severity, Verdict};
use crate::service::query::{HandoffFilter, Query};
use crate::service::views::HandoffView;

/// What `agency handoff` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "ID is a handoff (HO-001), a task of it, or the message that offered it. Without a verb the open ones \
    are listed.\n\n\
    Examples:\n  agency handoff offer QAAgency --task TASK-042 --branch login/integration\n  \
    agency handoff offer QAAgency --task Login --criteria \"all tests pass\"\n  \
    agency handoff accept HO-001\n  agency handoff decline HO-001 --reason \"no machine until Monday\"\n  \
    agency handoff results HO-001 --status issues_found --report qa/report.md"
)]
pub struct HandoffArgs {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<HandoffVerb>,
}

/// What can be done with handoffs.
#[derive(Debug, Subcommand)]
pub enum HandoffVerb {
    /// List handoffs
    List {
        /// From or to this agency
        #[arg(long, value_name = "A")]
        agency: Option<Name>,
        /// Ended ones too
        #[arg(long)]
        all: bool,
    },
    /// Show one with all that was said of it
    Show {
        /// Which
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Offer finished work to another agency
    Offer(Box<offer::OfferArgs>),
    /// Take what was offered: its task is ready to be assigned
    Accept {
        /// Which
        #[arg(value_name = "ID")]
        id: String,
        /// When it will be looked at, RFC 3339
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        /// One line about it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Say that it is not taken: its task is given up
    Decline {
        /// Which
        #[arg(value_name = "ID")]
        id: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say what came of it
    Results(ResultsArgs),
}

/// What `agency handoff results` takes.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// Which
    #[arg(value_name = "ID")]
    pub id: String,
    /// approved, `issues_found`, blocked or rejected
    #[arg(long, value_name = "S", value_parser = parse_verdict)]
    pub status: Verdict,
    /// How many bugs were found
    #[arg(long, value_name = "N")]
    pub bugs: Option<u32>,
    /// The worst of them: low, medium, high or critical
    #[arg(long, value_name = "S", value_parser = parse_severity)]
    pub severity: Option<Severity>,
    /// Where they are described
    #[arg(long, value_name = "PATH")]
    pub report: Option<String>,
    /// One line about it
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

fn parse_verdict(text: &str) -> Result<Verdict, String> {
    serde_json::from_value(Value::from(text))
        .map_err(|_| "use approved, issues_found, blocked or rejected".to_owned())
}

fn parse_severity(text: &str) -> Result<Severity, String> {
    serde_json::from_value(Value::from(text))
        .map_err(|_| "use low, medium, high or critical".to_owned())
}

/// Does what the verb says.
pub fn run(args: &HandoffArgs, desk: &mut Desk<'_>) -> Ending {
    match &args.verb {
        None => list(HandoffFilter::default(), desk),
        Some(HandoffVerb::List { agency, all }) => {
            list(HandoffFilter { agency: agency.clone(), all: *all }, desk)
        }
        Some(HandoffVerb::Show { id }) => {
            let view: HandoffView = desk.open()?.fetch(&Query::Handoff { name: id.clone() })?;
            desk.answer(&view, render::one)
        }
        Some(HandoffVerb::Offer(args)) => offer::run(args, desk),
        Some(HandoffVerb::Accept { id, until, note }) => {
            let body = json!({ "estimated_completion": until, "notes": note });
            answer(id, "accept", body, desk)
        }
        Some(HandoffVerb::Decline { id, reason }) => {
            answer(id, "decline", json!({ "reason": reason }), desk)
        }
        Some(HandoffVerb::Results(args)) => {
            let body = json!({
                "status": args.status, "bugs": args.bugs, "severity": args.severity,
                "report": args.report, "notes": args.note,
            });
            answer(&args.id, "results", body, desk)
        }
    }
}

fn list(filter: HandoffFilter, desk: &mut Desk<'_>) -> Ending {
    let views: Vec<HandoffView> = desk.open()?.fetch(&Query::Handoffs(filter))?;
    desk.answer(views.as_slice(), render::list)
}

/// Answers a handoff in the name of whoever was asked.
fn answer(id: &str, kind: &str, body: Value, desk: &mut Desk<'_>) -> Ending {
    let view = desk.open()?.answer_handoff(id, kind, body)?;
    desk.answer(&view, render::outcome)
}
