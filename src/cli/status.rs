//! `agency status`: one screen. First what waits for a person, then what each agency and agent does,
//! last the machinery.

use clap::Args;
use jiff::Timestamp;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::{Tone, agency_tone, agent_tone};
use crate::cli::table::{Cell, Table};
use crate::cli::when::{age, optional_age};
use crate::domain::agency::AgencyState;
use crate::domain::text::to_line;
use crate::service::views::{AgencyView, AgentView, QueueView, StatusView, WaitingView};

/// What `agency status` takes.
#[derive(Debug, Args)]
pub struct StatusArgs {}

/// A message that waits less long is on its way, and nothing has to be said of that.
const LONG_S: i64 = 60;

/// Longest line about one agency, in characters.
const MAX_LINE: usize = 300;

/// Shows the status.
pub fn run(_: &StatusArgs, desk: &mut Desk<'_>) -> Ending {
    let view = desk.open()?.status()?;
    desk.answer(&view, render)
}

/// The whole in one screen.
pub fn render(view: &StatusView, scene: &Scene) -> String {
    let mut parts = Vec::new();
    if !view.waiting_for.is_empty() {
        parts.push(render_waiting(&view.waiting_for, scene));
    }
    parts.extend(view.agencies.iter().map(|agency| render_agency(agency, scene)));
    if view.agencies.is_empty() {
        parts.push("no agencies yet; make one: agency create CodeAgency\n".to_owned());
    }
    parts.push(render_machinery(view, scene));
    parts.join("\n")
}

fn render_waiting(waiting: &[WaitingView], scene: &Scene) -> String {
    let heading = format!("WAITS FOR YOU ({})", waiting.len());
    let mut table = Table::bare(2);
    for entry in waiting {
        let blocks = if entry.blocks.is_empty() {
            String::new()
        } else {
            format!(" (blocks {})", entry.blocks.join(", "))
        };
        table.row(vec![
            Cell::toned(Tone::Warn, entry.kind.replace('_', " ")),
            Cell::text(&entry.subject),
            Cell::number(age(entry.since, scene.now)),
            Cell::text(format!("{}{blocks}", entry.text)),
        ]);
    }
    let heading = scene.paint.tone(Tone::Heading, &heading);
    format!("{heading}\n{}", table.render(scene.paint, scene.width))
}

fn render_agency(agency: &AgencyView, scene: &Scene) -> String {
    let name = scene.paint.tone(Tone::Heading, agency.name.as_str());
    let state = scene.paint.tone(agency_tone(agency.state), agency.state.as_str());
    let reason = agency.reason.as_ref().map(|reason| format!(": {}", to_line(reason, MAX_LINE)));
    let mut table = Table::bare(2);
    for agent in &agency.agents {
        table.row(agent_row(agent, scene));
    }
    let reason = reason.unwrap_or_default();
    format!("{name}  {state}{reason}\n{}", table.render(scene.paint, scene.width))
}

fn agent_row(agent: &AgentView, scene: &Scene) -> Vec<Cell> {
    let unread = (agent.unread > 0).then(|| unread(agent, scene));
    let words: Vec<String> = agent.state_reason.clone().into_iter().chain(unread).collect();
    vec![
        Cell::text(agent.name.as_str()),
        Cell::toned(agent_tone(agent.state), agent.state.as_str()),
        Cell::number(optional_age(agent.state_since, scene.now)),
        Cell::text(agent.task.map(|task| task.to_string()).unwrap_or_default()),
        Cell::text(words.join(", ")),
    ]
}

/// How many messages an agent has not got, and since when the oldest waits if that is long.
pub fn unread(agent: &AgentView, scene: &Scene) -> String {
    let is_long = |since: &Timestamp| scene.now.duration_since(*since).as_secs() >= LONG_S;
    match agent.unread_since.filter(is_long) {
        Some(since) => format!("{} unread since {}", agent.unread, age(since, scene.now)),
        None => format!("{} unread", agent.unread),
    }
}

fn render_machinery(view: &StatusView, scene: &Scene) -> String {
    let QueueView { new, cur, dead } = view.queue;
    let dead = if dead > 0 {
        scene.paint.tone(Tone::Danger, &format!("{dead} dead"))
    } else {
        "0 dead".to_owned()
    };
    let supervisor = match &view.supervisor {
        Some(supervisor) => format!(
            "pid {}, up {}, {} events",
            supervisor.pid,
            age(supervisor.since, scene.now),
            supervisor.events
        ),
        None => scene.paint.tone(Tone::Warn, "not running; start it: agency up"),
    };
    format!(
        "messages    {new} on their way, {cur} delivered, {dead}\n\
         requests    {} open\napprovals   {}\nincidents   {}\nsupervisor  {supervisor}\n",
        view.requests, view.approvals, view.incidents
    )
}

/// How many of an agency's agents are alive, `3/4`.
pub fn alive(agency: &AgencyView) -> String {
    let alive = agency.agents.iter().filter(|agent| agent.state.is_alive()).count();
    let all = agency.agents.len();
    match agency.state {
        AgencyState::Stopped | AgencyState::Archived => all.to_string(),
        AgencyState::Starting | AgencyState::Running | AgencyState::Degraded => {
            format!("{alive}/{all}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn the_status_begins_with_what_waits_for_a_person() {
        insta::assert_snapshot!(render(&testing::status(), &testing::scene()));
    }

    #[test]
    fn an_empty_workbench_teaches_the_next_step() {
        let mut view = testing::status();
        view.agencies.clear();
        view.waiting_for.clear();
        view.supervisor = None;
        insta::assert_snapshot!(render(&view, &testing::scene()));
    }

    #[test]
    fn a_narrow_terminal_is_not_exceeded() {
        let scene = Scene { width: Some(60), ..testing::scene() };
        let text = render(&testing::status(), &scene);
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    }
}
