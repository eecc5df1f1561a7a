//! `agency runtime`: which programs agents can be, and what is known of each.
//!
//! It looks for the programs and starts none.

use clap::{Args, Subcommand};

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::catalogue::RuntimeView;

/// What `agency runtime` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "A runtime of your own is written in `agency.toml` under `[runtimes.NAME]`."
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
}

/// Lists or shows.
pub fn run(args: &RuntimeArgs, desk: &mut Desk<'_>) -> Ending {
    let views = desk.open()?.runtimes()?;
    match &args.verb {
        None | Some(RuntimeVerb::List) => desk.answer(views.as_slice(), list),
        Some(RuntimeVerb::Show { name }) => {
            let view = views.iter().find(|view| view.name == *name).ok_or_else(|| unknown(name))?;
            desk.answer(view, one)
        }
    }
}

fn unknown(name: &str) -> Refusal {
    let message = format!("no runtime is named `{name}`");
    Refusal::new(RefusalKind::NotFound, "runtime_not_found", message)
        .with_hint("run `agency runtime list`")
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
    let mut table = Table::new(&["NAME", "SOURCE", "MESSAGES", "COMMAND", "FOUND"]);
    for view in views {
        table.row(vec![
            Cell::text(&view.name),
            Cell::toned(Tone::Muted, &view.source),
            Cell::text(if view.takes_typing { "typed" } else { "fetched" }),
            Cell::text(command(view)),
            found(view),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn one(view: &RuntimeView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    fact("runtime", Cell::toned(Tone::Heading, &view.name));
    fact("source", Cell::text(&view.source));
    fact("command", Cell::text(command(view)));
    fact("found", found(view));
    let typing = if view.takes_typing {
        "typed into its pane when its input line is seen empty"
    } else {
        "never typed; they wait until it runs `agency inbox`"
    };
    fact("messages", Cell::text(typing));
    let state = if view.reports_state { "reported by itself" } else { "known from its process" };
    fact("state", Cell::text(state));
    facts.render(scene.paint, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn a_runtime_that_is_not_installed_says_so() {
        let shell = RuntimeView {
            name: "shell".to_owned(),
            command: Vec::new(),
            source: "built-in".to_owned(),
            takes_typing: false,
            reports_state: false,
            found: Some("/bin/sh".to_owned()),
        };
        let own = RuntimeView {
            name: "claude".to_owned(),
            command: vec!["claude".to_owned()],
            source: "agency.toml".to_owned(),
            takes_typing: true,
            reports_state: true,
            found: None,
        };
        let scene = testing::scene();
        insta::assert_snapshot!(list(&[shell, own.clone()], &scene) + "\n" + &one(&own, &scene));
    }
}
