//! `agency list` and `agency show`: the agencies, and one of them with its agents.
//!
//! States come from the service; one that is not known is shown as `unknown` with its reason.

use clap::Args;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::status::{alive, unread};
use crate::cli::style::{Tone, agency_tone, agent_tone};
use crate::cli::table::{Cell, Table};
use crate::cli::when::optional_age;
use crate::domain::agency::AgencyState;
use crate::domain::name::Name;
use crate::domain::text::to_line;
use crate::service::query::Query;
use crate::service::views::{AgencyView, AgentView};
use crate::service::workbench::Workbench;

/// What `agency list` takes.
#[derive(Debug, Args)]
pub struct ListArgs {}

/// What `agency show` takes.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which agency
    #[arg(value_name = "NAME")]
    pub name: Name,
}

/// Longest line shown of a description, in characters.
const MAX_LINE: usize = 300;

/// Lists the agencies.
pub fn run(_: &ListArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let views: Vec<AgencyView> = workbench.fetch(&Query::Agencies)?;
    tell_if_past(&workbench, &views, desk);
    desk.answer(views.as_slice(), render)
}

/// Shows one agency.
pub fn show(args: &ShowArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let view: AgencyView = workbench.fetch(&Query::Agency { name: args.name.clone() })?;
    tell_if_past(&workbench, std::slice::from_ref(&view), desk);
    desk.answer(&view, render_one)
}

/// States that nobody looks after are those of the last moment that is known.
fn tell_if_past(workbench: &Workbench, views: &[AgencyView], desk: &mut Desk<'_>) {
    let is_up =
        |view: &AgencyView| !matches!(view.state, AgencyState::Stopped | AgencyState::Archived);
    if views.iter().any(is_up) && workbench.supervisor_pid().is_none() {
        desk.output
            .note("no supervisor is running: these states are the last ones known; agency up");
    }
}

/// The agencies as a table.
pub fn render(views: &[AgencyView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no agencies yet; make one: agency create CodeAgency\n".to_owned();
    }
    let mut table = Table::new(&["NAME", "STATE", "AGENTS", "COORDINATOR", "CAPABILITIES"]);
    for view in views {
        table.row(vec![
            Cell::text(view.name.as_str()),
            Cell::toned(agency_tone(view.state), view.state.as_str()),
            Cell::number(alive(view)),
            Cell::text(view.coordinator.as_str()),
            Cell::toned(Tone::Muted, view.capabilities.join(", ")),
        ]);
    }
    table.render(scene.paint, scene.width)
}

/// One agency with its agents.
pub fn render_one(view: &AgencyView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let state = match &view.reason {
        Some(reason) => format!("{}: {}", view.state.as_str(), to_line(reason, MAX_LINE)),
        None => view.state.as_str().to_owned(),
    };
    let project = view.project.as_ref().map(|path| path.to_string_lossy().into_owned());
    let mut fact = |word: &str, cell: Cell| {
        facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    };
    fact("name", Cell::toned(Tone::Heading, view.name.as_str()));
    fact("state", Cell::toned(agency_tone(view.state), state));
    fact("about", Cell::text(&view.description));
    fact("template", Cell::text(view.template.as_deref().unwrap_or("none is named")));
    fact("session", Cell::text(&view.session));
    fact("project", Cell::text(project.unwrap_or_else(|| "none".to_owned())));
    fact("capabilities", Cell::text(view.capabilities.join(", ")));
    let mut agents =
        Table::new(&["AGENT", "STATE", "SINCE", "RUNTIME", "PANE", "TASK", "MAILBOX", "ROLE"]);
    for agent in &view.agents {
        agents.row(agent_row(agent, scene));
    }
    format!(
        "{}\n{}",
        facts.render(scene.paint, scene.width),
        agents.render(scene.paint, scene.width)
    )
}

fn agent_row(agent: &AgentView, scene: &Scene) -> Vec<Cell> {
    vec![
        Cell::text(agent.name.as_str()),
        Cell::toned(agent_tone(agent.state), agent.state.as_str()),
        Cell::number(optional_age(agent.state_since, scene.now)),
        Cell::text(agent.runtime.as_str()),
        Cell::text(agent.pane.as_deref().unwrap_or("-")),
        Cell::text(agent.task.map_or_else(|| "-".to_owned(), |task| task.to_string())),
        Cell::text(if agent.unread > 0 { unread(agent, scene) } else { "-".to_owned() }),
        Cell::text(role(agent)),
    ]
}

fn role(agent: &AgentView) -> String {
    let mark = if agent.temporary { " (temporary)" } else { "" };
    format!("{}{mark}", agent.role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn agencies_are_listed_with_how_many_of_their_agents_live() {
        insta::assert_snapshot!(render(&testing::status().agencies, &testing::scene()));
    }

    #[test]
    fn one_agency_is_shown_with_its_agents() {
        insta::assert_snapshot!(render_one(&testing::status().agencies[0], &testing::scene()));
    }
}
