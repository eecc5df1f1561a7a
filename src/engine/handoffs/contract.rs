//! The contracts that follow from a handoff: what its receiver is to do, and what its sender has to mend.
//!
//! What was not said is named as such and never made up: whoever reads the task sees what to ask for.

use serde_json::Value;

use crate::domain::id::TaskId;
use crate::domain::message::Priority;
use crate::domain::name::Name;
use crate::domain::protocol::{Handoff, Results, Severity};
use crate::domain::task::{Dependency, DependencyKind, TaskContract};
use crate::domain::text::to_line;
use crate::engine::handoffs::Offer;

/// Longest title of a task that is made of somebody's words, in characters.
const TITLE: usize = 100;

/// Longest words of somebody's in a sentence of the workbench's own, in characters; all of them are in their message.
const WORDS: usize = 160;

/// Longest words of whoever hands over in the receiver's task, in characters: it has to work by them.
const TERM: usize = 2_000;

/// The parts of a handoff that were not given, as its fields are called.
pub fn not_said(terms: &Handoff) -> Vec<&'static str> {
    let is_blank = |text: &Option<String>| text.as_deref().is_none_or(|t| t.trim().is_empty());
    let is_placed =
        !is_blank(&terms.place) || !is_blank(&terms.branch) || !terms.artifacts.is_empty();
    let parts = [
        ("deliverable", is_blank(&terms.deliverable)),
        ("place", !is_placed),
        ("acceptance_criteria", terms.acceptance_criteria.is_empty()),
        ("next_steps", terms.next_steps.is_empty()),
    ];
    parts.into_iter().filter(|(_, is_missing)| *is_missing).map(|(part, _)| part).collect()
}

/// What the receiver is to do.
pub fn received(offer: &Offer, feature: Name, priority: Priority) -> TaskContract {
    let terms = &offer.terms;
    let (from, id) = (&offer.from, offer.id);
    let round = if offer.round > 1 { format!(", round {}", offer.round) } else { String::new() };
    let what = to_line(terms.deliverable.as_deref().unwrap_or(&offer.title), TERM);
    let mut scope = format!("Look at what {from} hands over ({id}{round}): {what}.");
    if !terms.next_steps.is_empty() {
        scope.push_str(&format!(" Next steps: {}.", to_line(&terms.next_steps.join("; "), TERM)));
    }
    if let Some(notes) = &terms.notes {
        scope.push_str(&format!(" Notes: {}", to_line(notes, TERM)));
    }
    let mut done = terms.acceptance_criteria.clone();
    done.push(format!("{from} has the results: agency handoff results {id} --status STATUS"));
    TaskContract {
        title: titled(&offer.title, &format!("from {from}{round}")),
        scope,
        inputs: inputs(offer),
        done,
        priority,
        ..blank(offer.to.clone(), feature)
    }
}

fn inputs(offer: &Offer) -> Vec<String> {
    let terms = &offer.terms;
    let mut inputs = Vec::new();
    inputs.extend(offer.origin.map(|origin| format!("{origin} of {}", offer.from)));
    inputs.extend(terms.place.clone());
    inputs.extend(terms.branch.as_ref().map(|branch| format!("branch {branch}")));
    inputs.extend(terms.artifacts.iter().cloned());
    let missing = not_said(terms);
    if !missing.is_empty() {
        inputs.push(format!("not said by {}: {}", offer.from, missing.join(", ")));
    }
    inputs
}

/// What the sender has to mend.
pub fn fix(offer: &Offer, results: &Results, agency: Name, feature: Name) -> TaskContract {
    let found = findings(results);
    let mut inputs: Vec<String> =
        results.report.iter().map(|report| format!("report {}", quoted(report))).collect();
    inputs.extend(offer.terms.branch.as_ref().map(|branch| format!("branch {branch}")));
    inputs.push(format!("{} of {}, which looked at it", offer.task, offer.to));
    let mut done = offer.terms.acceptance_criteria.clone();
    done.push(format!("what {} found is mended and handed over again", offer.to));
    let depends_on = offer.origin.map(|task| Dependency { task, kind: DependencyKind::Info });
    TaskContract {
        title: titled(
            &format!("Fix {}", offer.title),
            &format!("{} round {}", offer.id, offer.round),
        ),
        scope: format!("Mend what {} found in {}: {found}.", offer.to, quoted(&offer.title)),
        inputs,
        done,
        depends_on: depends_on.into_iter().collect(),
        ..blank(agency, feature)
    }
}

/// Somebody's words in a sentence of ours: one bounded line as a JSON string, so that they cannot end and pass for ours.
pub fn quoted(text: &str) -> String {
    Value::from(to_line(text, WORDS)).to_string()
}

/// What was found, in one line.
pub fn findings(results: &Results) -> String {
    let bugs = results.bugs.map(|count| match count {
        1 => "1 bug".to_owned(),
        count => format!("{count} bugs"),
    });
    let severity = results.severity.map(|severity| format!("severity {}", word_of(severity)));
    let report = results.report.as_ref().map(|report| format!("report {}", quoted(report)));
    let parts: Vec<String> = [bugs, severity, report, results.notes.as_deref().map(quoted)]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() { "nothing more was said".to_owned() } else { parts.join(", ") }
}

fn word_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// A feature for work that belongs to none yet: the title in lowercase words.
pub fn feature_of(title: &str, fallback: &str) -> Option<Name> {
    let words: String = title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let parts: Vec<&str> = words.split('-').filter(|part| !part.is_empty()).take(6).collect();
    let text: String = parts.join("-").chars().take(Name::MAX_LENGTH).collect();
    Name::parse(text.trim_end_matches('-')).or_else(|_| Name::parse(fallback)).ok()
}

/// The feature that a branch of ours belongs to: the part before `/integration` or `/agent/`.
pub fn feature_of_branch(branch: &str) -> Option<Name> {
    let (feature, rest) = branch.split_once('/')?;
    let is_ours = rest == "integration" || rest.starts_with("agent/");
    is_ours.then(|| Name::parse(feature).ok()).flatten()
}

/// The urgency that the words of a handoff name, else that of its message.
pub fn urgency(terms: &Handoff, message: Priority) -> Priority {
    match terms.priority.as_deref() {
        Some("low") => Priority::Low,
        Some("normal" | "medium") => Priority::Normal,
        Some("high") => Priority::High,
        Some("critical") => Priority::Critical,
        _ => message,
    }
}

fn titled(title: &str, more: &str) -> String {
    format!("{} ({more})", to_line(title, TITLE))
}

fn blank(agency: Name, feature: Name) -> TaskContract {
    TaskContract {
        title: String::new(),
        agency,
        feature,
        scope: String::new(),
        non_goals: None,
        inputs: Vec::new(),
        depends_on: Vec::new(),
        done: Vec::new(),
        tests: None,
        rollback: "revert the commits of this task".to_owned(),
        paths: Vec::new(),
        skill: None,
        role: None,
        priority: Priority::Normal,
        estimate_h: None,
    }
}

/// The task that a handoff names, if it is the id of one.
pub fn task_named(terms: &Handoff) -> Option<TaskId> {
    let words = terms.task.trim();
    words.starts_with("TASK-").then(|| words.parse().ok()).flatten()
}
