//! `agency demo`: one feature from goal to merge, on the rehearsal runtime.
//!
//! The demo itself is the house's; here are its words and its narration.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::house::{DemoAfterwards, DemoOperator, DemoOptions};
use crate::cli::init::shown;
use crate::domain::refusal::{Refusal, RefusalKind};

/// What `agency demo` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  agency demo                    watch it and approve on the screen\n  \
    agency demo --headless         let it approve by itself\n  \
    agency demo /tmp/demo --keep   keep everything, to look around"
)]
pub struct DemoArgs {
    /// The folder to use [default: a temporary one]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Approve by itself and print each step
    #[arg(long)]
    pub headless: bool,
    /// Keep the folder, the sessions and the supervisor
    #[arg(long)]
    pub keep: bool,
}

/// Runs the demo.
pub fn run(args: &DemoArgs, desk: &mut Desk<'_>) -> Ending {
    let options = options(args);
    if options.operator == DemoOperator::User && !desk.is_interactive() {
        return Err(Refusal::new(
            RefusalKind::Usage,
            "no_terminal",
            "the demo shows a screen, and this is not a terminal",
        )
        .with_hint("run `agency demo --headless`"));
    }
    let house = desk.house;
    let output = &mut *desk.output;
    let is_json = output.form == crate::cli::output::Form::Json;
    let folder = house.demo(&options, &mut |step| {
        if is_json { output.note(step) } else { output.line(step) }
    })?;
    if is_json {
        desk.output.json(&json!({ "folder": folder, "kept": args.keep, "merged": true }));
    } else if args.keep {
        desk.output.note(&format!("kept in {}", shown(&folder)));
    }
    Ok(DONE)
}

fn options(args: &DemoArgs) -> DemoOptions {
    DemoOptions {
        folder: args.folder.clone(),
        operator: if args.headless { DemoOperator::Headless } else { DemoOperator::User },
        afterwards: if args.keep { DemoAfterwards::Keep } else { DemoAfterwards::Clear },
    }
}
