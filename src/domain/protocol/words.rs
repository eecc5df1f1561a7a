//! Handoffs, their answers and alerts as people read them: each part on its line, in place of raw JSON.
//!
//! Nothing is left out: fields that nobody here knows stand at the end as JSON. Fences and marks are put
//! around by whoever shows it.

use serde_json::Value;

use crate::domain::protocol::{Acceptance, Alert, Decline, Extra, Handoff, Protocol, Results};

/// The readable text of a message of one of these types. None: it has another type or another shape.
pub fn block(kind: &str, body: &Value) -> Option<String> {
    if !body.is_object() || !["handoff", "accept", "decline", "results", "alert"].contains(&kind) {
        return None;
    }
    let parts = match Protocol::read(kind, body).ok()? {
        Protocol::Handoff(terms) => handoff(&terms),
        Protocol::Acceptance(answer) => acceptance(&answer),
        Protocol::Decline(answer) => decline(&answer),
        Protocol::Results(found) => results(&found),
        Protocol::Alert(alert) => self::alert(&alert, body),
        _ => return None,
    };
    let said = parts.into_iter().filter(|(_, text)| !text.trim().is_empty());
    let lines: Vec<String> = said.map(|(label, text)| format!("{label}: {text}")).collect();
    Some(lines.join("\n"))
}

type Parts = Vec<(&'static str, String)>;

fn handoff(terms: &Handoff) -> Parts {
    let branch = terms.branch.as_ref().map(|branch| format!("branch {branch}"));
    let place: Vec<String> = terms.place.iter().cloned().chain(branch).collect();
    vec![
        ("Handed over", terms.task.clone()),
        ("Deliverable", or_not_said(terms.deliverable.clone().unwrap_or_default())),
        ("Place", or_not_said(place.join(", "))),
        ("Files", terms.artifacts.join(", ")),
        ("Acceptance criteria", or_not_said(terms.acceptance_criteria.join("; "))),
        ("Next steps", or_not_said(terms.next_steps.join("; "))),
        ("Notes", terms.notes.clone().unwrap_or_default()),
        ("Answer by", terms.answer_by.map(|at| at.to_string()).unwrap_or_default()),
        ("More", more(&terms.extra)),
        // The id stands in the header, and only there: it is how the text is known again in a pane.
        ("Take it", "agency handoff accept ID, the id of this message".to_owned()),
        ("Or not", "agency handoff decline ID --reason \"…\"".to_owned()),
    ]
}

fn or_not_said(text: String) -> String {
    if text.trim().is_empty() { "(not said)".to_owned() } else { text }
}

fn acceptance(answer: &Acceptance) -> Parts {
    let when = answer.estimated_completion.map(|at| at.to_string());
    vec![
        ("Accepted", "results will follow".to_owned()),
        ("Until", when.unwrap_or_default()),
        ("Notes", answer.notes.clone().unwrap_or_default()),
        ("More", more(&answer.extra)),
    ]
}

fn decline(answer: &Decline) -> Parts {
    vec![("Declined", answer.reason.clone()), ("More", more(&answer.extra))]
}

fn results(found: &Results) -> Parts {
    let severity = found.severity.map(|it| serde_json::to_value(it).unwrap_or_default());
    let severity = severity.as_ref().and_then(Value::as_str).unwrap_or_default();
    vec![
        ("Looked at", found.task.clone()),
        ("Verdict", found.status.as_str().to_owned()),
        ("Bugs", found.bugs.map(|count| count.to_string()).unwrap_or_default()),
        ("Severity", severity.to_owned()),
        ("Report", found.report.clone().unwrap_or_default()),
        ("Notes", found.notes.clone().unwrap_or_default()),
        ("More", more(&found.extra)),
    ]
}

/// An alert that asks for something says how that is acknowledged; a severity that nobody wrote is not shown.
fn alert(alert: &Alert, body: &Value) -> Parts {
    let severity = body.get("severity").and_then(Value::as_str).unwrap_or_default();
    let done =
        alert.action_required.as_ref().map(|_| "agency ack ID, the id of this message".to_owned());
    vec![
        ("Alert", alert.message.clone()),
        ("Severity", severity.to_owned()),
        ("To do", alert.action_required.clone().unwrap_or_default()),
        ("By", alert.deadline.map(|at| format!("{at:.0}")).unwrap_or_default()),
        ("More", more(&alert.extra)),
        ("When done", done.unwrap_or_default()),
    ]
}

fn more(extra: &Extra) -> String {
    if extra.is_empty() { String::new() } else { serde_json::to_string(extra).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_handoff_is_one_readable_block_that_names_what_was_not_said() {
        let body = json!({
            "task": "FEAT-123", "branch": "feature/x", "artifacts": ["a.py", "b.md"],
            "acceptance_criteria": ["tests pass", "no secrets"], "ticket": 7,
        });
        let text = block("handoff", &body).expect("a block");
        assert_eq!(
            text,
            "Handed over: FEAT-123\nDeliverable: (not said)\nPlace: branch feature/x\nFiles: a.py, b.md\n\
             Acceptance criteria: tests pass; no secrets\nNext steps: (not said)\nMore: {\"ticket\":7}\n\
             Take it: agency handoff accept ID, the id of this message\n\
             Or not: agency handoff decline ID --reason \"…\""
        );
    }

    #[test]
    fn results_keep_every_field_that_was_sent() {
        let body = json!({ "task": "T", "status": "failed", "count": 2, "failing": ["x"] });
        let text = block("results", &body).expect("a block");
        assert_eq!(
            text,
            "Looked at: T\nVerdict: issues_found\nBugs: 2\nMore: {\"failing\":[\"x\"]}"
        );
    }

    #[test]
    fn what_has_another_shape_is_left_as_it_is() {
        assert_eq!(block("handoff", &json!("just words")), None);
        assert_eq!(block("handoff", &json!({ "no": "task" })), None);
        assert_eq!(block("note", &json!({ "task": "x" })), None);
    }

    #[test]
    fn an_alert_says_what_is_to_be_done_and_how_that_is_acknowledged() {
        let plain = block("alert", &json!({ "message": "build red", "agent_id": "ci" }));
        assert_eq!(plain.as_deref(), Some("Alert: build red\nMore: {\"agent_id\":\"ci\"}"));
        let body = json!({
            "message": "New keys", "severity": "high", "action_required": "rotate yours",
            "deadline": "2026-03-02T12:00:00.123Z",
        });
        let wanted = "Alert: New keys\nSeverity: high\nTo do: rotate yours\nBy: 2026-03-02T12:00:00Z\n\
                      When done: agency ack ID, the id of this message";
        assert_eq!(block("alert", &body).as_deref(), Some(wanted));
    }
}
