//! What agents report: how far they are, what blocks them, what is finished.
//!
//! Field names are those of the protocol; a promise to every program that writes them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::message::Priority;
use crate::domain::protocol::{Extra, schema};

/// `status_update`: how far a task is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatusUpdate {
    /// The task; none: the one that the sender has open.
    #[serde(default)]
    pub task_id: Option<String>,
    /// `in_progress`, `blocked`, … in the sender's words.
    #[serde(default)]
    pub status: Option<String>,
    /// 0 to 100.
    #[serde(default)]
    #[schemars(schema_with = "schema::percent")]
    pub progress: Option<Percent>,
    /// What is done.
    #[serde(default)]
    pub completed_items: Vec<String>,
    /// What is being done.
    #[serde(default)]
    pub current_item: Option<String>,
    /// What comes next.
    #[serde(default)]
    pub next_items: Vec<String>,
    /// When it will be finished.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub estimated_completion: Option<Timestamp>,
    /// What is in the way.
    #[serde(default)]
    pub blockers: Vec<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A whole number from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "u64")]
pub struct Percent(u8);

impl Percent {
    /// The number, at most 100.
    pub fn value(self) -> u8 {
        self.0
    }
}

/// JSON knows one kind of number: `65.0` is the same as `65`.
impl TryFrom<f64> for Percent {
    type Error = String;
    fn try_from(number: f64) -> Result<Self, String> {
        (0..=100)
            .find(|whole| f64::from(*whole) == number)
            .map(Self)
            .ok_or_else(|| format!("{number} is no percentage; a whole number from 0 to 100 is"))
    }
}

impl From<Percent> for u64 {
    fn from(percent: Percent) -> Self {
        Self::from(percent.0)
    }
}

/// How bad something is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Can wait.
    Low,
    /// As usual.
    #[default]
    Medium,
    /// Soon.
    High,
    /// Now.
    Critical,
}

impl Severity {
    /// How urgent a message about it is.
    pub fn priority(self) -> Priority {
        match self {
            Self::Low => Priority::Low,
            Self::Medium => Priority::Normal,
            Self::High => Priority::High,
            Self::Critical => Priority::Critical,
        }
    }
}

/// `blocker`: a task cannot go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Blocker {
    /// The task; none: the one that the sender has open.
    #[serde(default)]
    pub task_id: Option<String>,
    /// What is in the way.
    #[schemars(schema_with = "schema::words")]
    pub blocker_description: String,
    /// How bad it is; decides the timers of the escalation.
    #[serde(default)]
    pub severity: Severity,
    /// The agent whose work is in the way, as `Agency/agent` or a name in the sender's agency.
    #[serde(default)]
    pub blocking_agent: Option<String>,
    /// Whether work goes on meanwhile: then the task is not blocked.
    #[serde(default)]
    pub can_proceed_with_workaround: bool,
    /// How.
    #[serde(default)]
    pub workaround: Option<String>,
    /// By when it has to be out of the way.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub needs_resolution_by: Option<Timestamp>,
    /// What it costs.
    #[serde(default)]
    pub impact: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `task_complete`: a task is finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskComplete {
    /// The task; none: the one that the sender has open.
    #[serde(default)]
    pub task_id: Option<String>,
    /// The branch it was done on.
    #[serde(default)]
    pub branch: Option<String>,
    /// When it was finished.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub completion_time: Option<Timestamp>,
    /// One line.
    #[serde(default)]
    pub summary: Option<String>,
    /// What was made.
    #[serde(default)]
    pub deliverables: Vec<String>,
    /// What its own tests said; proves nothing.
    #[serde(default)]
    pub test_results: Option<TestResults>,
    /// Whether somebody may look at it.
    #[serde(default)]
    pub ready_for_review: bool,
    /// Whether it is to be handed in: then the feature is submitted, else the task only closed.
    #[serde(default)]
    pub ready_for_merge: bool,
    /// Remarks.
    #[serde(default)]
    pub notes: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What an agent says that its tests said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestResults {
    /// Passed.
    #[serde(deserialize_with = "schema::read_count")]
    #[schemars(schema_with = "schema::count")]
    pub passed: u32,
    /// Failed.
    #[serde(deserialize_with = "schema::read_count")]
    #[schemars(schema_with = "schema::count")]
    pub failed: u32,
    /// Covered lines, in percent.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub coverage: Option<f64>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}
