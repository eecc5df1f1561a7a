//! `agency handoff offer`: what is handed over, where it is, when it is good, what comes next.
//!
//! Everything but the task may be left out; what is not said is named to whoever gets it.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::desk::{Desk, Ending};
use crate::cli::send::{check_sender, parse_priority};
use crate::domain::message::Priority;
use crate::domain::name::{Address, Name};

/// What `agency handoff offer` takes.
#[derive(Debug, Args)]
pub struct OfferArgs {
    /// Which agency gets it
    #[arg(value_name = "TO")]
    pub to: Name,
    /// A task of the offering agency, or a title
    #[arg(long, value_name = "TASK|TITLE")]
    pub task: String,
    /// What was made
    #[arg(long, value_name = "TEXT")]
    pub deliverable: Option<String>,
    /// Where it is: files, an address, a commit
    #[arg(long, value_name = "TEXT")]
    pub place: Option<String>,
    /// The branch it is on: the receiver's work starts there
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// A file that belongs to it; may be given again
    #[arg(long, value_name = "PATH")]
    pub artifact: Vec<String>,
    /// When the receiver may call it good; may be given again
    #[arg(long, value_name = "TEXT")]
    pub criteria: Vec<String>,
    /// What is to be done with it; may be given again
    #[arg(long, value_name = "TEXT")]
    pub next: Vec<String>,
    /// Remarks
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// By when it has to be accepted or declined, RFC 3339, at most a day from now
    #[arg(long, value_name = "TIME")]
    pub answer_by: Option<Timestamp>,
    /// low, normal, high or critical
    #[arg(long, value_name = "P", value_parser = parse_priority)]
    pub priority: Option<Priority>,
    /// Which agency offers it; the operator's to say
    #[arg(long, value_name = "A")]
    pub from: Option<Name>,
}

/// Offers it; prints the handoff's id.
pub fn run(args: &OfferArgs, desk: &mut Desk<'_>) -> Ending {
    let terms = json!({
        "task": args.task, "deliverable": args.deliverable, "place": args.place,
        "branch": args.branch, "artifacts": args.artifact, "acceptance_criteria": args.criteria,
        "next_steps": args.next, "notes": args.note, "answer_by": args.answer_by,
    });
    let workbench = desk.open()?;
    let from = args.from.clone().map(Address::Agency);
    check_sender(workbench.identity(), from.as_ref())?;
    let priority = args.priority.unwrap_or_default();
    let view = workbench.offer_handoff(args.to.clone(), args.from.clone(), priority, terms)?;
    desk.answer(&view, |view, _| format!("{}\n", view.id))
}
