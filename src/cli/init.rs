//! `agency init`: makes a workbench.
//!
//! Files that are there already are left as they are.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::doctor::PROBLEM;
use crate::domain::text::to_line;

/// What `agency init` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  agency init                              here\n  \
    agency init ~/bench --project ~/src/app   beside a repository of yours")]
pub struct InitArgs {
    /// The folder to make it in
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// The git repository that agencies work on [default: the folder itself]
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
    /// With short names of common commands: `scripts/create_agency.sh` and others
    #[arg(long)]
    pub scripts: bool,
}

#[derive(Debug, Serialize)]
struct Made {
    home: PathBuf,
    project: Option<PathBuf>,
}

/// Makes a workbench.
pub fn run(args: &InitArgs, desk: &mut Desk<'_>) -> Ending {
    let home = desk.house.make_workbench(&args.folder, args.project.as_deref())?;
    if args.scripts {
        desk.house.lay_scripts(&home)?;
    }
    warn_of_project(&home, desk);
    desk.answer(&Made { home, project: args.project.clone() }, render)
}

/// The workbench stands all the same: its project can be mended before the first task.
fn warn_of_project(home: &Path, desk: &mut Desk<'_>) {
    let Ok(workbench) = desk.house.open(Some(home)) else { return };
    for finding in workbench.examine_projects().iter().filter(|found| found.level == PROBLEM) {
        desk.output.note(&format!("warning: {}", finding.text));
        if let Some(hint) = &finding.hint {
            desk.output.note(&format!("hint: {hint}"));
        }
    }
}

fn render(made: &Made, _: &Scene) -> String {
    let home = shown(&made.home);
    format!("made a workbench in {home}\nnext: cd {home} && agency create CodeAgency\n")
}

/// A path for people; it may hold anything, so it is made safe.
pub fn shown(path: &Path) -> String {
    // Longer than any path a system allows is cut.
    to_line(&path.to_string_lossy(), 4096)
}
