//! `agency up`: makes the supervisor and the sessions run; what runs already is left alone.
//!
//! It can be said at any time and any number of times. After a crash or a reboot it says what it brought back.

use clap::Args;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::status;
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::domain::name::Name;
use crate::service::views::{AgentBackView, BackView, UpView, WorktreeBackView};

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
    if was_all_running(&view) {
        desk.output.note(if view.supervisor_started {
            "the supervisor is started; the agents had gone on without it"
        } else {
            "every agent runs already: nothing was to be started"
        });
    }
    desk.answer(&view, render)
}

/// What came back and what was started, then the status.
fn render(view: &UpView, scene: &Scene) -> String {
    let status = status::render(&view.status, scene);
    let sections = [("BROUGHT BACK", "brought_back"), ("STARTED", "started")];
    let mut text = String::new();
    for (heading, outcome) in sections {
        let agencies = view.brought_back.iter().filter(|back| back.outcome == outcome);
        let agencies: Vec<&BackView> = agencies.collect();
        if !agencies.is_empty() {
            let heading = scene.paint.tone(Tone::Heading, heading);
            text.push_str(&format!("{heading}\n{}\n", section(&agencies, scene)));
        }
    }
    text + &worktrees(&view.worktrees, scene) + &status
}

fn section(agencies: &[&BackView], scene: &Scene) -> String {
    let mut table = Table::bare(2);
    for agency in agencies {
        let shared = shared_reason(&agency.agents);
        let beside = shared.map(|why| format!("each: {why}")).into_iter().chain(beside(agency));
        table.row(vec![
            Cell::text(agency.agency.as_str()),
            Cell::text(how_many(&agency.agents)),
            Cell::text(beside.collect::<Vec<_>>().join(", ")),
        ]);
        let own = agency.agents.iter().filter(|agent| shared.is_none() && agent.why.is_some());
        for agent in own {
            let outcome = agent.outcome.replace('_', " ");
            let why = agent.why.clone().unwrap_or_default();
            let name = agent.agent.agent.as_str();
            table.row(vec![Cell::text(format!("  {name}")), Cell::text(outcome), Cell::text(why)]);
        }
    }
    table.render(scene.paint, scene.width)
}

/// Why all of them began anew, where that is the same for several: it is said once.
fn shared_reason(agents: &[AgentBackView]) -> Option<&str> {
    let (first, rest) = agents.split_first()?;
    let is_same =
        |agent: &AgentBackView| (&agent.outcome, &agent.why) == (&first.outcome, &first.why);
    let is_shared = !rest.is_empty() && rest.iter().all(is_same);
    first.why.as_deref().filter(|_| is_shared)
}

/// Whether this changed nothing at all.
fn was_all_running(view: &UpView) -> bool {
    let mut agencies = view.brought_back.iter();
    let is_any = !view.brought_back.is_empty() && view.worktrees.is_empty();
    is_any && agencies.all(|back| back.outcome == "was_running")
}

/// Worktrees that were gone, with what lies in them now; nothing where there was none.
fn worktrees(views: &[WorktreeBackView], scene: &Scene) -> String {
    if views.is_empty() {
        return String::new();
    }
    let mut table = Table::bare(2);
    for view in views {
        let what = match (view.outcome.as_str(), view.checkpoint, &view.why) {
            ("made_again", Some(from), _) => {
                format!("made again, with what was not committed as of {from}")
            }
            ("made_again", None, None) => "made again, with what was committed".to_owned(),
            ("made_again", None, Some(why)) => {
                format!("made again; what was saved could not be laid back: {why}")
            }
            (_, _, Some(why)) => why.clone(),
            _ => "is still being made again".to_owned(),
        };
        let agent = view.agent.as_ref().map(ToString::to_string).unwrap_or_default();
        table.row(vec![Cell::text(view.task.to_string()), Cell::text(agent), Cell::text(what)]);
    }
    let heading = scene.paint.tone(Tone::Heading, "WORKTREES");
    format!("{heading}\n{}\n", table.render(scene.paint, scene.width))
}

/// `2 go on with their conversation, 1 began anew`.
fn how_many(agents: &[AgentBackView]) -> String {
    let words = [
        ("resumed", "on with its conversation", "on with their conversations"),
        ("began_anew", "began anew", "began anew"),
        ("started", "started", "started"),
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

fn beside(agency: &BackView) -> impl Iterator<Item = String> {
    let waiting = match agency.waiting {
        0 => None,
        1 => Some("1 message waits".to_owned()),
        several => Some(format!("{several} messages wait")),
    };
    let layout = agency.layout.as_deref().filter(|layout| *layout == "restored");
    let layout = layout.map(|_| "panes as you arranged them".to_owned());
    waiting.into_iter().chain(layout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;
    use crate::domain::checkpoint::CheckpointId;
    use crate::domain::id::TaskId;

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
        UpView {
            status: testing::status(),
            brought_back: vec![back],
            supervisor_started: false,
            worktrees: Vec::new(),
            problems: Vec::new(),
        }
    }

    #[test]
    fn what_came_back_is_said_before_the_status() {
        let text = render(&view("brought_back"), &testing::scene());
        let head: Vec<&str> = text.lines().take(3).collect();
        insta::assert_snapshot!(head.join("\n"));
    }

    #[test]
    fn worktrees_that_were_gone_are_named_with_what_lies_in_them() {
        let one = |number, outcome: &str, checkpoint: bool, why: Option<&str>| WorktreeBackView {
            task: TaskId(number),
            agent: "CodeAgency/dev-1".parse().ok(),
            outcome: outcome.to_owned(),
            checkpoint: checkpoint.then_some(CheckpointId { task: TaskId(number), number: 3 }),
            why: why.map(str::to_owned),
        };
        let views = [
            one(1, "made_again", true, None),
            one(2, "made_again", false, None),
            one(3, "made_again", false, Some("the disk is full")),
            one(4, "missing", false, Some("its worktree does not stand: a folder is in its place")),
            one(5, "being_made", false, None),
        ];
        insta::assert_snapshot!(worktrees(&views, &testing::scene()));
    }

    #[test]
    fn what_was_stopped_is_started_not_brought_back_and_a_shared_reason_is_said_once() {
        let mut started = view("started");
        let reason = Some("its runtime cannot go on with a conversation");
        let agents = vec![agent("lead", "began_anew", reason), agent("dev", "began_anew", reason)];
        started.brought_back.iter_mut().for_each(|back| back.agents.clone_from(&agents));
        let text = render(&started, &testing::scene());
        let head: Vec<&str> = text.lines().take(3).collect();
        insta::assert_snapshot!(head.join("\n"));
        assert!(!was_all_running(&started) && was_all_running(&view("was_running")));
    }

    #[test]
    fn where_all_was_running_only_the_status_is_shown() {
        let view = view("was_running");
        let scene = testing::scene();
        assert_eq!(render(&view, &scene), status::render(&view.status, &scene));
    }
}
