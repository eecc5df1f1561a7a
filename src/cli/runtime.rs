//! `agency runtime`: which programs agents can be, and what is known of each.
//!
//! Only `check` starts programs, and those only to say their version.

use clap::{Args, Subcommand};

use crate::cli::desk::{DONE, Desk, Ending, Scene};
use crate::cli::doctor::PROBLEM;
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::domain::refusal::RefusalKind;
use crate::service::catalogue::{RuntimeCheckView, RuntimeView};

/// What `agency runtime` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "A runtime of your own is described in `templates/runtimes/NAME.toml`, or in `agency.toml` under \
    `[runtime.NAME]`: `like = \"claude\"` with another `command`, more `arguments` or `environment`.\n\n\
    Examples:\n  agency runtime list\n  agency runtime check claude codex"
)]
pub struct RuntimeArgs {
    /// What to do; alone: list
    #[command(subcommand)]
    pub verb: Option<RuntimeVerb>,
}

/// What can be done with runtimes.
#[derive(Debug, Subcommand)]
pub enum RuntimeVerb {
    /// List the runtimes
    List,
    /// Show one
    Show {
        /// Which
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Check descriptions and installed versions; exit status 1 if a description is broken
    Check {
        /// Which; none: all
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
}

/// Lists, shows or checks.
pub fn run(args: &RuntimeArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    match &args.verb {
        None | Some(RuntimeVerb::List) => desk.answer(workbench.runtimes()?.as_slice(), list),
        Some(RuntimeVerb::Show { name }) => desk.answer(&workbench.runtime(name)?, one),
        Some(RuntimeVerb::Check { names }) => {
            let checks = workbench.check_runtimes(names)?;
            desk.answer(checks.as_slice(), checked)?;
            let is_broken = checks.iter().any(|check| check.level == PROBLEM);
            Ok(if is_broken { RefusalKind::Failed.exit_status() } else { DONE })
        }
    }
}

fn checked(checks: &[RuntimeCheckView], scene: &Scene) -> String {
    let mut table = Table::new(&["NAME", "LEVEL", "WHAT"]);
    for check in checks {
        let tone = match check.level.as_str() {
            "ok" => Tone::Good,
            PROBLEM => Tone::Danger,
            _ => Tone::Warn,
        };
        let level = Cell::toned(tone, &check.level);
        table.row(vec![Cell::text(&check.name), level, Cell::text(&check.text)]);
    }
    table.render(scene.paint, None)
}

fn command(view: &RuntimeView) -> String {
    if view.command.is_empty() { "your own shell".to_owned() } else { view.command.join(" ") }
}

fn found(view: &RuntimeView) -> Cell {
    match &view.found {
        Some(path) => Cell::text(path),
        None => Cell::toned(Tone::Warn, "not installed"),
    }
}

fn list(views: &[RuntimeView], scene: &Scene) -> String {
    let mut table =
        Table::new(&["NAME", "TITLE", "SOURCE", "STATE", "MESSAGES", "VERIFIED", "FOUND"]);
    for view in views {
        let problem =
            view.problem.as_ref().map(|_| Cell::toned(Tone::Danger, "broken description"));
        table.row(vec![
            Cell::text(&view.name),
            Cell::text(&view.title),
            Cell::toned(Tone::Muted, &view.source),
            Cell::text(&view.state),
            Cell::text(&view.messages),
            Cell::text(view.verified.as_deref().unwrap_or("no")),
            problem.unwrap_or_else(|| found(view)),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn one(view: &RuntimeView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    fact("runtime", Cell::toned(Tone::Heading, &view.name));
    fact("title", Cell::text(&view.title));
    fact("source", Cell::text(&view.source));
    if let Some(problem) = &view.problem {
        fact("problem", Cell::toned(Tone::Danger, problem));
    }
    fact("command", Cell::text(command(view)));
    fact("found", found(view));
    fact(
        "messages",
        Cell::text(match view.messages.as_str() {
            "channel" => "handed over through a channel of its own",
            "typed" => "typed into its pane when its input line is seen empty",
            _ => "never typed; they wait until it runs `agency inbox`",
        }),
    );
    fact(
        "state",
        Cell::text(match view.state.as_str() {
            "reports" => "reported by itself",
            "screen" => "read from its screen",
            _ => "known from its process",
        }),
    );
    for known in &view.facts {
        fact(&known.fact, Cell::text(&known.text));
    }
    facts.render(scene.paint, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;
    use crate::service::catalogue::FactView;

    #[test]
    fn a_runtime_that_is_not_installed_says_so() {
        let shell = RuntimeView {
            name: "shell".to_owned(),
            command: Vec::new(),
            source: "built-in".to_owned(),
            takes_typing: false,
            reports_state: false,
            found: Some("/bin/sh".to_owned()),
            title: "Your own shell".to_owned(),
            state: "process".to_owned(),
            messages: "fetched".to_owned(),
            verified: None,
            problem: None,
            facts: Vec::new(),
        };
        let own = RuntimeView {
            name: "claude".to_owned(),
            command: vec!["claude".to_owned()],
            source: "agency.toml".to_owned(),
            takes_typing: true,
            reports_state: true,
            found: None,
            title: "Claude Code".to_owned(),
            state: "reports".to_owned(),
            messages: "typed".to_owned(),
            verified: Some("2.1.330".to_owned()),
            problem: None,
            facts: vec![FactView { fact: "resume".to_owned(), text: "it cannot".to_owned() }],
        };
        let scene = testing::scene();
        insta::assert_snapshot!(list(&[shell, own.clone()], &scene) + "\n" + &one(&own, &scene));
    }
}
