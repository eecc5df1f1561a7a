//! `agency up`: makes the supervisor and the sessions run; what runs already is left alone.
//!
//! It can be said at any time and any number of times. After a crash or a reboot it says what it brought back.

use clap::Args;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::status;
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::domain::name::Name;
use crate::service::views::{AgentBackView, BackView, UpView};

/// What `agency up` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  agency up               everything, also after a crash or a reboot\n  agency up CodeAgency    one agency\n  agency up --json        with what was brought back, agent by agent"
)]
pub struct UpArgs {
    /// Agencies [default: every one]
    #[arg(value_name = "NAME")]
    pub names: Vec<Name>,
}

/// Makes the supervisor and the sessions run, then shows what came back and the status.
pub fn run(args: &UpArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let output = &mut desk.output;
    let view = workbench.bring_up(&args.names, &mut |step| output.detail(step))?;
    for problem in &view.problems {
        desk.output.note(&format!(
            "warning: {problem}\nhint: correct it; until then its agency goes on as it was"
        ));
    }
    desk.answer(&view, render)
}

/// What came back, then the status.
fn render(view: &UpView, scene: &Scene) -> String {
    let status = status::render(&view.status, scene);
    let back: Vec<&BackView> =
        view.brought_back.iter().filter(|back| back.outcome == "brought_back").collect();
    if back.is_empty() {
        return status;
    }
    let heading = scene.paint.tone(Tone::Heading, "BROUGHT BACK");
    let mut table = Table::bare(2);
    for agency in back {
        table.row(vec![
            Cell::text(agency.agency.as_str()),
            Cell::text(how_many(&agency.agents)),
            Cell::text(beside(agency)),
        ]);
        for agent in agency.agents.iter().filter(|agent| agent.why.is_some()) {
            let outcome = agent.outcome.replace('_', " ");
            let why = agent.why.clone().unwrap_or_default();
            let name = agent.agent.agent.as_str();
            table.row(vec![Cell::text(format!("  {name}")), Cell::text(outcome), Cell::text(why)]);
        }
    }
    format!("{heading}\n{}\n{status}", table.render(scene.paint, scene.width))
}

/// `2 go on with their conversation, 1 began anew`.
fn how_many(agents: &[AgentBackView]) -> String {
    let words = [
        ("resumed", "on with its conversation", "on with their conversations"),
        ("began_anew", "began anew", "began anew"),
        ("was_running", "was running", "were running"),
        ("down", "is down", "are down"),
    ];
    let count = |outcome: &str| agents.iter().filter(|agent| agent.outcome == outcome).count();
    let said = words.iter().filter_map(|(outcome, one, many)| match count(outcome) {
        0 => None,
        1 => Some(format!("1 {one}")),
        several => Some(format!("{several} {many}")),
    });
    said.collect::<Vec<_>>().join(", ")
}

fn beside(agency: &BackView) -> String {
    let waiting = match agency.waiting {
        0 => None,
        1 => Some("1 message waits".to_owned()),
        several => Some(format!("{several} messages wait")),
    };
    let layout = agency.layout.as_deref().filter(|layout| *layout == "restored");
    let layout = layout.map(|_| "panes as you arranged them".to_owned());
    waiting.into_iter().chain(layout).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    fn agent(name: &str, outcome: &str, why: Option<&str>) -> AgentBackView {
        AgentBackView {
            agent: format!("CodeAgency/{name}").parse().expect("an address"),
            outcome: outcome.to_owned(),
            conversation: None,
            why: why.map(str::to_owned),
        }
    }

    fn view(outcome: &str) -> UpView {
        let agents = vec![
            agent("lead", "resumed", None),
            agent("dev-1", "resumed", None),
            agent("dev-2", "began_anew", Some("nothing was said in its conversation")),
        ];
        let back = BackView {
            agency: Name::parse("CodeAgency").expect("a name"),
            session: "CodeAgency".to_owned(),
            outcome: outcome.to_owned(),
            agents,
            waiting: 2,
            layout: Some("restored".to_owned()),
        };
        UpView { status: testing::status(), brought_back: vec![back], problems: Vec::new() }
    }

    #[test]
    fn what_came_back_is_said_before_the_status() {
        let text = render(&view("brought_back"), &testing::scene());
        let head: Vec<&str> = text.lines().take(3).collect();
        insta::assert_snapshot!(head.join("\n"));
    }

    #[test]
    fn where_all_was_running_only_the_status_is_shown() {
        let view = view("was_running");
        let scene = testing::scene();
        assert_eq!(render(&view, &scene), status::render(&view.status, &scene));
    }
}
