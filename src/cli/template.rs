//! `agency template`: what agencies can be made of.
//!
//! It makes no agency; `agency create` does. A template with an error ends `check` with status 1.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::service::catalogue::{TemplateCheckView, TemplateView};

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
    /// Make one of your own in the workbench; prints its folder
    #[command(
        after_help = "Examples:\n  agency template new web\n  agency template new api --from code"
    )]
    New {
        /// Its name
        #[arg(value_name = "NAME")]
        name: Name,
        /// The template to copy; none: a small whole one
        #[arg(long, value_name = "T")]
        from: Option<String>,
    },
    /// Say everything that is wrong with templates, or could be better
    #[command(
        after_help = "Exit status: 1 if any has an error.\n\nExamples:\n  agency template check\n  \
        agency template check web\n  agency template check ./my-template"
    )]
    Check {
        /// Names, or folders [default: every template that is known]
        #[arg(value_name = "NAME|PATH")]
        which: Vec<String>,
    },
}

/// Lists, shows, makes or checks.
pub fn run(args: &TemplateArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    match &args.verb {
        None | Some(TemplateVerb::List) => desk.answer(workbench.templates()?.as_slice(), list),
        Some(TemplateVerb::New { name, from }) => {
            let folder = workbench.new_template(name, from.as_deref())?;
            let view = json!({ "template": name, "folder": folder });
            desk.answer(&view, |_, _| format!("{}\n", folder.display()))
        }
        Some(TemplateVerb::Check { which }) => {
            let views = workbench.check_templates(which)?;
            desk.answer(views.as_slice(), checked)?;
            Ok(status(&views))
        }
        Some(TemplateVerb::Show { name }) => {
            let views = workbench.templates()?;
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
            match &view.problem {
                Some(problem) => {
                    Cell::toned(Tone::Danger, format!("broken: {}", to_line(problem, BROKEN)))
                }
                None => Cell::text(&view.description),
            },
        ]);
    }
    table.render(scene.paint, scene.width)
}

/// What the source of a template is that has no folder.
const BUILT_IN: &str = "built-in";

/// Longest problem that a list shows, in characters.
const BROKEN: usize = 200;

/// 1 if any template has an error.
fn status(views: &[TemplateCheckView]) -> u8 {
    u8::from(views.iter().any(|view| view.errors > 0))
}

/// One line for each finding, then one for each template.
fn checked(views: &[TemplateCheckView], _: &Scene) -> String {
    let mut text = String::new();
    for view in views {
        for finding in &view.findings {
            let place = [finding.line, finding.column].into_iter().flatten();
            let place: String = place.map(|number| format!(":{number}")).collect();
            // A path that can be opened as it stands, in the folder where templates are written.
            let folder = if view.source == BUILT_IN { &view.template } else { &view.source };
            text.push_str(&format!(
                "{}: {folder}/{}{place}: {}\n",
                finding.severity, finding.file, finding.message
            ));
        }
        text.push_str(&format!("{} ({}): {}\n", view.template, view.source, verdict(view)));
    }
    text
}

fn verdict(view: &TemplateCheckView) -> String {
    let count = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    match (view.errors, view.warnings) {
        (0, 0) => "nothing wrong".to_owned(),
        (errors, warnings) => {
            format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
        }
    }
}

fn one(view: &TemplateView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    fact("template", Cell::toned(Tone::Heading, &view.name));
    if let Some(problem) = &view.problem {
        fact("source", Cell::text(&view.source));
        fact("broken", Cell::toned(Tone::Danger, problem));
        return facts.render(scene.paint, None);
    }
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
    use crate::service::catalogue::TemplateFindingView;

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
            problem: None,
        };
        let scene = testing::scene();
        insta::assert_snapshot!(
            list(std::slice::from_ref(&view), &scene) + "\n" + &one(&view, &scene)
        );
        assert_eq!(unknown("x").kind.exit_status(), 3);
    }

    #[test]
    fn findings_are_one_line_each_and_an_error_ends_with_1() {
        let finding = |severity: &str, line: Option<usize>, message: &str| TemplateFindingView {
            severity: severity.to_owned(),
            file: "agency.json".to_owned(),
            line,
            column: line,
            field: None,
            message: message.to_owned(),
        };
        let view = |name: &str, findings: Vec<TemplateFindingView>| TemplateCheckView {
            template: name.to_owned(),
            source: format!("templates/{name}"),
            errors: findings.iter().filter(|finding| finding.severity == "error").count(),
            warnings: findings.iter().filter(|finding| finding.severity == "warning").count(),
            findings,
        };
        let error = finding("error", Some(3), "not JSON: expected value");
        let warning = finding("warning", None, "`description` is empty");
        let views = [view("api", vec![error, warning.clone()]), view("web", Vec::new())];
        insta::assert_snapshot!(checked(&views, &testing::scene()));
        assert_eq!((status(&views), status(&[view("x", vec![warning])])), (1, 0));
    }
}
