//! Failures in words: what a face shows of a refusal, and the exit status that goes with it.
//!
//! Every refusal becomes `error: what` and, where there is one, `hint: what to do`, or one JSON
//! object. What came from outside loses its control characters here. Nothing is printed here.

use serde::Serialize;

use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::{to_line, to_plain};

/// Longest hint shown, in characters: it is one line that can be pasted.
const MAX_HINT: usize = 400;

/// A refusal, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// A stable word for scripts.
    pub code: String,
    /// What happened; may have several lines, one per problem.
    pub message: String,
    /// What to do, in one line.
    pub hint: Option<String>,
    /// The exit status, from 1 to 6.
    #[serde(skip)]
    pub status: u8,
}

/// The document of `--json`: `{"error": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailureDocument {
    /// The failure.
    pub error: Failure,
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.clone(),
            message: to_plain(&refusal.message).trim_end().to_owned(),
            hint: refusal.hint.as_ref().map(|hint| to_line(hint, MAX_HINT)),
            status: refusal.kind.exit_status(),
        }
    }
}

impl Failure {
    /// The message's lines; those after the first are indented to stand under it.
    pub fn indented_message(&self) -> String {
        self.message.replace('\n', "\n       ")
    }

    /// The refusal in a document that another process of this program printed, by its exit status.
    pub fn read(document: &str, status: Option<i32>) -> Option<Refusal> {
        let kind = KINDS.into_iter().find(|kind| Some(i32::from(kind.exit_status())) == status)?;
        let value: serde_json::Value = serde_json::from_str(document).ok()?;
        let word = |key: &str| value.get("error")?.get(key)?.as_str();
        let refusal = Refusal::new(kind, word("code")?, word("message")?);
        Some(match word("hint") {
            Some(hint) => refusal.with_hint(hint),
            None => refusal,
        })
    }

    /// The one document that `--json` prints.
    pub fn into_document(self) -> FailureDocument {
        FailureDocument { error: self }
    }
}

/// The word for a kind, as it stands in help and documents.
pub fn kind_words(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Failed => "failed",
        RefusalKind::Usage => "usage",
        RefusalKind::NotFound => "not found",
        RefusalKind::NotAllowed => "not allowed",
        RefusalKind::Conflict => "conflict: lock held, cycle, exists already",
        RefusalKind::Missing => "something needed is missing: tmux, git, an agent program",
    }
}

/// Every kind, by exit status.
pub const KINDS: [RefusalKind; 6] = [
    RefusalKind::Failed,
    RefusalKind::Usage,
    RefusalKind::NotFound,
    RefusalKind::NotAllowed,
    RefusalKind::Conflict,
    RefusalKind::Missing,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_documented_status() {
        let statuses: Vec<u8> = KINDS.iter().map(|kind| kind.exit_status()).collect();
        assert_eq!(statuses, [1, 2, 3, 4, 5, 6]);
        assert!(KINDS.iter().all(|kind| !kind_words(*kind).is_empty()));
    }

    #[test]
    fn words_from_outside_cannot_steer_the_terminal() {
        let refusal = Refusal::new(RefusalKind::Failed, "bad", "one\u{1b}[2J\ntwo")
            .with_hint("do\nthis\u{7}");
        let failure = Failure::from(&refusal);
        assert_eq!(failure.indented_message(), "one[2J\n       two");
        assert_eq!(failure.hint.as_deref(), Some("do this"));
    }

    #[test]
    fn what_another_process_said_is_read_back() {
        let told = Refusal::new(RefusalKind::Conflict, "newer_ledger", "one\ntwo").with_hint("do");
        let said = serde_json::to_string(&Failure::from(&told).into_document()).expect("json");
        assert_eq!(Failure::read(&said, Some(5)), Some(told));
        assert_eq!(Failure::read(&said, None), None, "a signal says nothing");
        assert_eq!(Failure::read("", Some(5)), None);
    }

    #[test]
    fn the_document_has_code_message_and_hint_and_null_for_none() {
        let refusal = Refusal::new(RefusalKind::NotFound, "agency_not_found", "no agency `X`");
        let json = serde_json::to_string(&Failure::from(&refusal).into_document()).expect("json");
        assert_eq!(
            json,
            r#"{"error":{"code":"agency_not_found","message":"no agency `X`","hint":null}}"#
        );
    }
}
