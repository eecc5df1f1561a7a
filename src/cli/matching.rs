//! `agency match`: which agency a goal is for, with the reasons.
//!
//! It sends nothing and starts nothing; how well an agency fits is the service's to say.

use clap::Args;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::{Tone, agency_tone};
use crate::cli::table::{Cell, Table};
use crate::domain::matching::Reason;
use crate::service::workbench::{AgencyMatchView, MatchView};

/// What `agency match` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The goal's words are compared with what the agencies say of themselves: capabilities, skills, roles \
    and descriptions. `agency goal` without a name sends a goal to the one that fits.\n\n\
    Examples:\n  agency match \"Check our dependencies for known vulnerabilities\"\n  \
    agency match - --json < goal.md"
)]
pub struct MatchArgs {
    /// The goal; `-` reads standard input
    #[arg(value_name = "GOAL")]
    pub goal: String,
    /// How many agencies to show
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub limit: usize,
}

/// Reasons, and words without an answer, that are shown of each agency: the rest is in the JSON document.
const REASONS: usize = 4;

/// Shows which agencies a goal is for.
pub fn run(args: &MatchArgs, desk: &mut Desk<'_>) -> Ending {
    let goal = desk.text_argument(&args.goal)?;
    let view = desk.open()?.match_goal(goal.trim(), args.limit)?;
    desk.answer(&view, render)
}

/// The agencies with their reasons, then what is to be known beside.
pub fn render(view: &MatchView, scene: &Scene) -> String {
    let mut text = match (view.matches.as_slice(), view.templates.as_slice()) {
        ([], []) => {
            "no agency fits this goal; give it to one by name: agency goal NAME \"…\"\n".to_owned()
        }
        ([], _) => "no agency fits this goal\n".to_owned(),
        (matches, _) => table(matches, scene),
    };
    if view.ambiguous {
        text.push_str("\nthe first two fit as well as each other: name the one that you mean\n");
    }
    for template in &view.templates {
        let why = reasons(&template.reasons);
        text.push_str(&format!(
            "\n{} would fit: {why}\n  {}\n",
            template.template, template.command
        ));
    }
    text
}

/// One line for each agency, with its reasons below it: side by side they would fit no terminal.
fn table(matches: &[AgencyMatchView], scene: &Scene) -> String {
    let mut table = Table::new(&["AGENCY", "SCORE", "STATE", "IDLE", "TASKS"]);
    for found in matches {
        table.row(vec![
            Cell::text(found.agency.as_str()),
            Cell::number(format!("{:.1}", found.score)),
            Cell::toned(agency_tone(found.state), found.state.as_str()),
            Cell::number(format!("{}/{}", found.idle, found.agents)),
            Cell::number(found.open_tasks),
        ]);
    }
    let text = table.render(scene.paint, scene.width);
    let heading = text.lines().take(1).map(|line| format!("{line}\n"));
    let rows = text.lines().skip(1).zip(matches);
    let rows = rows.map(|(line, found)| format!("{line}\n{}", details(found, scene)));
    heading.chain(rows).collect()
}

fn details(found: &AgencyMatchView, scene: &Scene) -> String {
    let mut table = Table::bare(2);
    for reason in found.reasons.iter().take(REASONS) {
        table.row(vec![Cell::text(&reason.word), Cell::text(format!("← {}", source(reason)))]);
    }
    for word in found.missing.iter().take(REASONS) {
        table.row(vec![Cell::text(word), Cell::toned(Tone::Muted, "is answered by nothing here")]);
    }
    table.render(scene.paint, scene.width)
}

/// `vulnerabilities ← capability vulnerability-scanning`, the best first.
pub fn reasons(reasons: &[Reason]) -> String {
    let one = |reason: &Reason| format!("{} ← {}", reason.word, source(reason));
    reasons.iter().take(REASONS).map(one).collect::<Vec<_>>().join(", ")
}

/// What an agency says of itself, and where.
fn source(reason: &Reason) -> String {
    let whose = reason.agent.as_ref().map(|agent| format!(" of {agent}")).unwrap_or_default();
    format!("{} {}{whose}", reason.source.as_str(), reason.matched)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cli::testing;

    /// Two agencies that fit alike, and a template that fits better.
    pub(crate) fn view() -> MatchView {
        let reason = |word: &str, source: &str, agent: Option<&str>| {
            serde_json::json!({"word": word, "matched": "test-automation", "source": source,
                "agent": agent, "weight": 2.5})
        };
        let found = |name: &str, state: &str, score: f64| {
            serde_json::json!({"agency": name, "score": score, "state": state, "open_tasks": 2,
                "reasons": [reason("tests", "skill", Some("qa-engineer")), reason("check", "capability", None)],
                "missing": ["payment"], "agents": 4, "alive": 4, "idle": 3})
        };
        let view = serde_json::json!({
            "goal": "Write tests for the payment check", "ambiguous": true,
            "matches": [found("QAAgency", "running", 5.0), found("OtherQA", "stopped", 4.8)],
            "templates": [{"template": "security", "score": 12.0, "command": "agency create SecurityAgency",
                "reasons": [reason("check", "capability", None)]}],
        });
        serde_json::from_value(view).expect("a view")
    }

    #[test]
    fn agencies_are_shown_with_their_reasons_and_what_is_in_doubt() {
        insta::assert_snapshot!(render(&view(), &testing::scene()));
    }

    #[test]
    fn that_none_fits_is_said() {
        let none = MatchView { matches: Vec::new(), ambiguous: false, ..view() };
        assert!(render(&none, &testing::scene()).starts_with("no agency fits this goal\n"));
        let nothing = MatchView { templates: Vec::new(), ..none };
        assert!(render(&nothing, &testing::scene()).contains("agency goal NAME"));
    }
}
