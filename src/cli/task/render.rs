//! How tasks look: the list, one with its contract, and what a change came to.
//!
//! Pure: views in, text out.

use crate::cli::desk::Scene;
use crate::cli::style::{Tone, task_tone};
use crate::cli::table::{Cell, Table};
use crate::cli::when::age;
use crate::domain::task::DependencyKind;
use crate::service::views::{DependencyView, TaskView};

/// Tasks as a table.
pub fn list(views: &[TaskView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no tasks\n".to_owned();
    }
    let mut table = Table::new(&["ID", "STATE", "%", "FEATURE", "AGENT", "AGE", "TITLE"]);
    for view in views {
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::toned(task_tone(view.state), words(view.state.as_str())),
            Cell::number(view.progress),
            Cell::text(view.feature.as_str()),
            Cell::text(holder(view)),
            Cell::number(age(view.opened_at, scene.now)),
            Cell::text(&view.title),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn words(state: &str) -> String {
    state.replace('_', " ")
}

/// Its agent, or the agency that has not given it to anyone yet.
fn holder(view: &TaskView) -> String {
    view.agent.as_ref().map_or_else(|| view.agency.to_string(), ToString::to_string)
}

/// One task with its contract.
pub fn one(view: &TaskView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    fact("task", Cell::toned(Tone::Heading, format!("{}  {}", view.id, view.title)));
    let state = format!("{}, {}%", words(view.state.as_str()), view.progress);
    fact("state", Cell::toned(task_tone(view.state), state));
    fact("agent", Cell::text(holder(view)));
    fact("feature", Cell::text(view.feature.as_str()));
    fact("opened", Cell::text(format!("{} ago", age(view.opened_at, scene.now))));
    let worktree = view.worktree.as_ref().map(|path| path.to_string_lossy().into_owned());
    for (word, text) in [("note", &view.note), ("branch", &view.branch), ("worktree", &worktree)] {
        if let Some(text) = text {
            fact(word, Cell::text(text));
        }
    }
    let after: Vec<String> = view.depends_on.iter().map(dependency).collect();
    if !after.is_empty() {
        fact("after", Cell::text(after.join(", ")));
    }
    for (word, text) in contract(view) {
        fact(word, Cell::text(text));
    }
    facts.render(scene.paint, None)
}

fn dependency(dependency: &DependencyView) -> String {
    let kind = match dependency.kind {
        DependencyKind::Hard => return dependency.task.to_string(),
        DependencyKind::Soft => "soft",
        DependencyKind::Info => "info",
    };
    format!("{} ({kind})", dependency.task)
}

fn contract(view: &TaskView) -> Vec<(&'static str, String)> {
    let contract = &view.contract;
    let mut lines = vec![("scope", contract.scope.clone())];
    let optional = |word, text: &Option<String>| text.clone().map(|text| (word, text));
    lines.extend(optional("non-goals", &contract.non_goals));
    lines.extend(contract.inputs.iter().map(|text| ("input", text.clone())));
    lines.extend(contract.done.iter().map(|text| ("done when", text.clone())));
    lines.extend(optional("tests", &contract.tests));
    lines.push(("rollback", contract.rollback.clone()));
    lines.extend(contract.paths.iter().map(|text| ("path", text.clone())));
    lines.extend(optional("skill", &contract.skill));
    lines.extend(optional("role", &contract.role));
    lines.push(("priority", contract.priority.as_str().to_owned()));
    lines.extend(contract.estimate_h.map(|hours| ("estimate", format!("{hours} h"))));
    lines
}

/// What a change came to, in one line.
pub fn outcome(view: &TaskView, scene: &Scene) -> String {
    let state = scene.paint.tone(task_tone(view.state), &words(view.state.as_str()));
    let branch = view.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
    format!("{} is {state}, {}{branch}\n", view.id, holder(view))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn tasks_are_listed_with_their_agents() {
        let mut waiting = testing::task();
        waiting.agent = None;
        waiting.state = crate::domain::task::TaskState::AwaitingApproval;
        insta::assert_snapshot!(list(&[testing::task(), waiting], &testing::scene()));
        assert_eq!(list(&[], &testing::scene()), "no tasks\n");
    }

    #[test]
    fn one_task_is_shown_with_its_whole_contract() {
        let text = one(&testing::task(), &testing::scene());
        insta::assert_snapshot!(text + &outcome(&testing::task(), &testing::scene()));
    }
}
