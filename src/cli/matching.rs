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

/// Reasons that are shown of each agency: the rest is in the JSON document.
const REASONS: usize = 4;

/// Shows which agencies a goal is for.
pub fn run(args: &MatchArgs, desk: &mut Desk<'_>) -> Ending {
    let goal = desk.text_argument(&args.goal)?;
    let view = desk.open()?.match_goal(goal.trim(), args.limit)?;
    desk.answer(&view, render)
}

/// The agencies with their reasons, then what is to be known beside.
pub fn render(view: &MatchView, scene: &Scene) -> String {
    let mut text = if view.matches.is_empty() {
        "no agency fits this goal\n".to_owned()
    } else {
        table(&view.matches, scene)
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

fn table(matches: &[AgencyMatchView], scene: &Scene) -> String {
    let mut table = Table::new(&["AGENCY", "SCORE", "STATE", "IDLE", "TASKS", "WHY", "MISSING"]);
    for found in matches {
        table.row(vec![
            Cell::text(found.agency.as_str()),
            Cell::number(format!("{:.1}", found.score)),
            Cell::toned(agency_tone(found.state), found.state.as_str()),
            Cell::number(format!("{}/{}", found.idle, found.agents)),
            Cell::number(found.open_tasks),
            Cell::text(reasons(&found.reasons)),
            Cell::toned(Tone::Muted, found.missing.join(", ")),
        ]);
    }
    table.render(scene.paint, scene.width)
}

/// `vulnerabilities ← capability vulnerability-scanning`, the best first.
pub fn reasons(reasons: &[Reason]) -> String {
    let one = |reason: &Reason| {
        let whose = reason.agent.as_ref().map(|agent| format!(" of {agent}")).unwrap_or_default();
        format!("{} ← {} {}{whose}", reason.word, reason.source.as_str(), reason.matched)
    };
    reasons.iter().take(REASONS).map(one).collect::<Vec<_>>().join(", ")
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
    }
}
