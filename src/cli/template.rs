//! `agency template`: what agencies can be made of.
//!
//! It makes nothing; `agency create` does.

use clap::{Args, Subcommand};

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::catalogue::TemplateView;

/// What `agency template` takes.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// What to do; alone: list
    #[command(subcommand)]
    pub verb: Option<TemplateVerb>,
}

/// What can be done with templates.
#[derive(Debug, Subcommand)]
pub enum TemplateVerb {
    /// List the templates
    List,
    /// Show one with its agents and files
    Show {
        /// Which
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Lists or shows.
pub fn run(args: &TemplateArgs, desk: &mut Desk<'_>) -> Ending {
    let views = desk.open()?.templates()?;
    match &args.verb {
        None | Some(TemplateVerb::List) => desk.answer(views.as_slice(), list),
        Some(TemplateVerb::Show { name }) => {
            let view = views.iter().find(|view| view.name == *name).ok_or_else(|| unknown(name))?;
            desk.answer(view, one)
        }
    }
}

fn unknown(name: &str) -> Refusal {
    let message = format!("no template is named `{name}`");
    Refusal::new(RefusalKind::NotFound, "template_not_found", message)
        .with_hint("run `agency template list`")
}

fn list(views: &[TemplateView], scene: &Scene) -> String {
    let mut table = Table::new(&["NAME", "SOURCE", "AGENTS", "DESCRIPTION"]);
    for view in views {
        table.row(vec![
            Cell::text(&view.name),
            Cell::toned(Tone::Muted, &view.source),
            Cell::number(view.agents.len()),
            Cell::text(&view.description),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn one(view: &TemplateView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    fact("template", Cell::toned(Tone::Heading, &view.name));
    fact("about", Cell::text(&view.description));
    fact("source", Cell::text(&view.source));
    fact("coordinator", Cell::text(&view.coordinator));
    fact("agents", Cell::text(view.agents.join(", ")));
    fact("capabilities", Cell::text(view.capabilities.join(", ")));
    for (number, file) in view.files.iter().enumerate() {
        fact(if number == 0 { "files" } else { "" }, Cell::text(file));
    }
    facts.render(scene.paint, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn a_template_is_listed_and_shown() {
        let view = TemplateView {
            name: "code".to_owned(),
            description: "Builds features".to_owned(),
            source: "built-in".to_owned(),
            coordinator: "code-coordinator".to_owned(),
            agents: vec!["code-coordinator".to_owned(), "python-agent".to_owned()],
            capabilities: vec!["backend".to_owned()],
            files: vec!["agency.json".to_owned(), "scripts/linter.sh".to_owned()],
        };
        let scene = testing::scene();
        insta::assert_snapshot!(
            list(std::slice::from_ref(&view), &scene) + "\n" + &one(&view, &scene)
        );
        assert_eq!(unknown("x").kind.exit_status(), 3);
    }
}
