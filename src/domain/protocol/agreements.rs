//! What agents and agencies agree on: assignments, requests, handoffs with their answers, alerts.
//!
//! Field names are those of the protocol; a promise to every program that writes them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::protocol::{Extra, Severity, schema};

/// `task_assignment`: somebody is to do a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskAssignment {
    /// The task.
    #[schemars(schema_with = "schema::words")]
    pub task_id: String,
    /// Its agent, as `Agency/agent` or a name in the sender's agency; none: whom the message is for.
    #[serde(default)]
    pub assigned_to: Option<String>,
    /// The branch that the sender has in mind; the workbench names branches itself.
    #[serde(default)]
    pub branch: Option<String>,
    /// Any word: a batch or an urgency.
    #[serde(default)]
    pub priority: Option<String>,
    /// Whether to begin at once.
    #[serde(default)]
    pub start_immediately: bool,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `coordination_request`: a question that is chased until it is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoordinationRequest {
    /// What it is about.
    #[schemars(schema_with = "schema::words")]
    pub regarding: String,
    /// What is asked.
    #[schemars(schema_with = "schema::words")]
    pub request: String,
    /// How soon; decides the timers of the escalation.
    #[serde(default)]
    pub urgency: Severity,
    /// How things are.
    #[serde(default)]
    pub current_state: Option<String>,
    /// What the asker would do.
    #[serde(default)]
    pub proposed_solution: Option<String>,
    /// By when, in words; an RFC 3339 time in it counts as the deadline.
    #[serde(default)]
    pub timeline: Option<String>,
    /// The task it is about.
    #[serde(default)]
    pub task_id: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `handoff`: one agency gives finished work to another. It is answered by `accept` or `decline`, and when it
/// was looked at by `results`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Handoff {
    /// Id or title of what is handed over.
    #[schemars(schema_with = "schema::words")]
    pub task: String,
    /// What was made.
    #[serde(default)]
    pub deliverable: Option<String>,
    /// Where it is: files, an address, a commit.
    #[serde(default)]
    pub place: Option<String>,
    /// The branch it is on.
    #[serde(default)]
    pub branch: Option<String>,
    /// Files that belong to it.
    #[serde(default)]
    pub artifacts: Vec<String>,
    /// When the receiver may call it good.
    #[serde(default)]
    pub acceptance_criteria: Vec<String>,
    /// What is to be done with it.
    #[serde(default)]
    pub next_steps: Vec<String>,
    /// By when it has to be accepted or declined; none: as configured.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub answer_by: Option<Timestamp>,
    /// Any word: `low`, `normal`, `high` and `critical` count.
    #[serde(default)]
    pub priority: Option<String>,
    /// Remarks.
    #[serde(default)]
    pub notes: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `accept`: the handoff that it answers is taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// When it will be looked at.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub estimated_completion: Option<Timestamp>,
    /// Remarks.
    #[serde(default)]
    pub notes: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `decline`: the handoff that it answers is not taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decline {
    /// Why.
    #[schemars(schema_with = "schema::words")]
    pub reason: String,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `results`: what came of work that was handed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// Id or title of what was handed over.
    #[schemars(schema_with = "schema::words")]
    pub task: String,
    /// The verdict.
    pub status: Verdict,
    /// Bugs found.
    #[serde(default, deserialize_with = "schema::read_optional_count")]
    #[schemars(schema_with = "schema::count")]
    pub bugs: Option<u32>,
    /// Where they are described.
    #[serde(default)]
    pub report: Option<String>,
    /// The worst of them.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Remarks.
    #[serde(default)]
    pub notes: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What somebody thinks of work that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Verdict {
    /// It is good.
    Approved,
    /// Something has to be mended first.
    IssuesFound,
    /// It could not be looked at.
    Blocked,
    /// It is not wanted.
    Rejected,
}

impl Verdict {
    /// Every word that is understood; the first of each verdict is the one that is written.
    const WORDS: [(&'static str, Self); 7] = [
        ("approved", Self::Approved),
        ("issues_found", Self::IssuesFound),
        ("blocked", Self::Blocked),
        ("rejected", Self::Rejected),
        ("passed", Self::Approved),
        ("ok", Self::Approved),
        ("failed", Self::IssuesFound),
    ];
}

impl TryFrom<String> for Verdict {
    type Error = String;
    fn try_from(word: String) -> Result<Self, String> {
        let known = Self::WORDS.iter().find(|(known, _)| *known == word);
        known.map(|(_, verdict)| *verdict).ok_or_else(|| format!("`{word}` is no verdict"))
    }
}

impl From<Verdict> for String {
    fn from(verdict: Verdict) -> Self {
        verdict.as_str().to_owned()
    }
}

impl JsonSchema for Verdict {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Verdict".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words = Self::WORDS.map(|(word, _)| word);
        schemars::json_schema!({ "type": "string", "enum": words })
    }
}

/// `alert`: something that everybody has to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// How bad it is.
    #[serde(default)]
    pub severity: Severity,
    /// What happened, or will.
    #[schemars(schema_with = "schema::words")]
    pub message: String,
    /// What everyone has to do: then it has to be acknowledged.
    #[serde(default)]
    pub action_required: Option<String>,
    /// By when; none: as configured.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub deadline: Option<Timestamp>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}
