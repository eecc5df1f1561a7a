//! `agency create`: makes an agency from a template and starts it; prints its name.
//!
//! An agency whose start fails stays made: the next `agency start` goes on from there.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::desk::{Desk, Ending};
use crate::cli::init::shown;
use crate::domain::agency::Layout;
use crate::domain::command::Command;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::AgencyView;
use crate::service::workbench::NewAgency;

/// What `agency create` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Templates: code, qa, devops, security, docs, and your own; see `agency template list`. With no \
    --template, the agency's own name decides: `CodeAgency` is made from `code`, `QAAgency` from `qa`; a name that \
    means no template gives a bare agency with a coordinator.\n\n\
    Examples:\n  agency create CodeAgency\n  \
    agency create Web --agents js-agent,css-agent --coordinator web-lead\n  \
    agency create Handbook --template docs --runtime claude --no-start"
)]
pub struct CreateArgs {
    /// Its name; also its tmux session's
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// The template to make it from
    #[arg(long, value_name = "T")]
    pub template: Option<String>,
    /// Its specialists, instead of the template's
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub agents: Vec<Name>,
    /// Its coordinator's name
    #[arg(long, value_name = "C")]
    pub coordinator: Option<Name>,
    /// What it can do
    #[arg(long, value_name = "X,Y", value_delimiter = ',')]
    pub capabilities: Vec<String>,
    /// The git repository it works on [default: the workbench's]
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
    /// The program that every agent is; see `agency runtime list`
    #[arg(long, value_name = "R")]
    pub runtime: Option<Name>,
    /// How agents are laid out in the session: panes or windows [default: panes]
    #[arg(long, value_enum, hide_possible_values = true)]
    pub layout: Option<LayoutWord>,
    /// Only make it
    #[arg(long)]
    pub no_start: bool,
}

/// The layouts, as they are written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LayoutWord {
    /// All agents side by side in one window
    Panes,
    /// One window for each agent
    Windows,
}

impl From<LayoutWord> for Layout {
    fn from(word: LayoutWord) -> Self {
        match word {
            LayoutWord::Panes => Self::Panes,
            LayoutWord::Windows => Self::Windows,
        }
    }
}

/// Makes an agency and starts it.
pub fn run(args: &CreateArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let made = workbench.create_agency(&new_agency(args)?)?;
    if args.no_start {
        return answer(&made, desk);
    }
    desk.output.note(&format!("made {}, starting it", made.name));
    workbench
        .ask(Command::StartAgencies { names: vec![made.name.clone()] })
        .map_err(|refusal| made_but_not_started(&made, refusal))?;
    let view: AgencyView = workbench.fetch(&Query::Agency { name: made.name.clone() })?;
    answer(&view, desk)
}

fn answer(view: &AgencyView, desk: &mut Desk<'_>) -> Ending {
    desk.answer(view, |view, _| format!("{}\n", view.name))
}

/// The agency exists now: making it again would be a conflict, so the hint says how to go on.
fn made_but_not_started(made: &AgencyView, refusal: Refusal) -> Refusal {
    let name = &made.name;
    let message = format!("{name} is made, but does not start: {}", refusal.message);
    let hint = refusal.hint.unwrap_or_else(|| format!("run `agency start {name}`"));
    Refusal::new(refusal.kind, &refusal.code, message).with_hint(hint)
}

fn new_agency(args: &CreateArgs) -> Result<NewAgency, Refusal> {
    Ok(NewAgency {
        name: args.name.clone(),
        template: args.template.clone(),
        agents: args.agents.clone(),
        coordinator: args.coordinator.clone(),
        capabilities: args.capabilities.iter().map(|word| word.trim().to_owned()).collect(),
        project: args.project.as_deref().map(absolute).transpose()?,
        runtime: args.runtime.clone(),
        layout: args.layout.map(Layout::from),
    })
}

/// A path is meant from where the command is typed, and is read later from elsewhere.
fn absolute(path: &Path) -> Result<PathBuf, Refusal> {
    path.canonicalize().map_err(|error| {
        let message = format!("`{}`: {error}", shown(path));
        Refusal::new(RefusalKind::NotFound, "no_project", message)
            .with_hint("name the folder of a git repository with --project")
    })
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;
    use crate::service::templates;

    #[test]
    fn the_help_names_every_template_that_comes_with_the_program() {
        let command = CreateArgs::augment_args(clap::Command::new("create"));
        let help = command.get_after_help().expect("a help").to_string();
        for (name, _) in templates::built_in_files() {
            assert!(help.contains(&format!(" {name},")), "{name}: {help}");
        }
    }
}
