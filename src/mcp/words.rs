//! What models read of messages, tasks and people: short, whole, and what others said always marked as such.
//!
//! Pure: views in, text out. Control characters of others are dropped here.

use serde_json::Value;

use crate::domain::message::Priority;
use crate::domain::protocol::words::block;
use crate::domain::task::DependencyKind;
use crate::domain::text::{to_line, to_plain};
use crate::service::views::{AgentView, MessageView, TaskView};

/// Longest name, type or title shown, in characters.
const LINE: usize = 160;

/// A message in full: who says what, each line of it behind a bar, because it is somebody's words.
pub fn message(view: &MessageView) -> String {
    let mut text = format!("{} {} from {}", view.id, line(&view.kind), line(&view.from));
    if view.priority != Priority::Normal {
        text.push_str(&format!(", {}", view.priority.as_str()));
    }
    if let Some(task) = &view.task {
        text.push_str(&format!(", about {}", line(task)));
    }
    if let Some(question) = view.in_reply_to {
        text.push_str(&format!(", answers {question}"));
    }
    if !view.verified {
        text.push_str(" (unverified sender)");
    }
    text.push('\n');
    let block = block(&view.kind, &view.body).map(Value::String);
    text.push_str(&quoted(block.as_ref().unwrap_or(&view.body)));
    if view.kind == "question" {
        text.push_str(&format!(
            "  to answer: send with to=\"{}\", in_reply_to=\"{}\"\n",
            line(&view.from),
            view.id
        ));
    }
    text
}

/// Somebody's words, each line behind a bar.
pub fn quoted(body: &Value) -> String {
    let text = match body {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    to_plain(&text).lines().fold(String::new(), |out, line| format!("{out}  | {line}\n"))
}

/// A task in one line.
pub fn task_line(view: &TaskView) -> String {
    let agent = view.agent.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    format!(
        "{} {} {}% {agent} [{}] {}\n",
        view.id,
        view.state.as_str(),
        view.progress,
        view.feature,
        line(&view.title)
    )
}

/// A task with its whole contract.
pub fn task(view: &TaskView) -> String {
    let mut text = task_line(view);
    let mut fact = |word: &str, words: &str| {
        let words = to_plain(words);
        if !words.trim().is_empty() {
            text.push_str(&format!("{word}: {}\n", words.trim().replace('\n', "\n  ")));
        }
    };
    let contract = &view.contract;
    let path = |path: &std::path::Path| path.display().to_string();
    fact("scope", &contract.scope);
    fact("not part of it", contract.non_goals.as_deref().unwrap_or_default());
    fact("starts from", &contract.inputs.join("; "));
    fact("done when", &contract.done.join("; "));
    fact("tests", contract.tests.as_deref().unwrap_or_default());
    fact("rollback", &contract.rollback);
    fact("your paths", &contract.paths.join(" "));
    fact("needs", &needs(view));
    fact("after", &after(view));
    fact("branch", view.branch.as_deref().unwrap_or_default());
    fact("worktree", &view.worktree.as_deref().map(path).unwrap_or_default());
    fact("last words", view.note.as_deref().unwrap_or_default());
    text
}

fn needs(view: &TaskView) -> String {
    let role = view.contract.role.as_ref().map(|role| format!("role {role}"));
    let skill = view.contract.skill.as_ref().map(|skill| format!("skill {skill}"));
    role.into_iter().chain(skill).collect::<Vec<_>>().join(", ")
}

fn after(view: &TaskView) -> String {
    let kind = |kind| match kind {
        DependencyKind::Hard => "",
        DependencyKind::Soft => " (soft)",
        DependencyKind::Info => " (info)",
    };
    let words =
        view.depends_on.iter().map(|before| format!("{}{}", before.task, kind(before.kind)));
    words.collect::<Vec<_>>().join(", ")
}

/// An agent in one line.
pub fn agent(view: &AgentView) -> String {
    let task = view.task.map(|task| format!(", at {task}")).unwrap_or_default();
    let skills = match view.skills.is_empty() {
        true => String::new(),
        false => format!(" [{}]", line(&view.skills.join(", "))),
    };
    format!("{} ({}{task}): {}{skills}\n", view.address, view.state.as_str(), line(&view.role))
}

/// One line of somebody's.
pub fn line(text: &str) -> String {
    to_line(text, LINE)
}
