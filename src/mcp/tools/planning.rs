//! Planning: writing tasks down and handing them out. For coordinators; others are refused by the same rule
//! that holds for every face.
//!
//! Every mandatory part of a contract is mandatory in the schema too, so a model is told before it calls.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::command::{Answer, Command};
use crate::domain::id::TaskId;
use crate::domain::message::Priority;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::{Dependency, DependencyKind, TaskContract};
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::tools::messages::Urgency;
use crate::mcp::tools::work::change;
use crate::mcp::words;
use crate::service::query::Query;
use crate::service::views::TaskView;

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "task_add",
                title: "Write a task down",
                description: "Writes a task of your agency down with its whole contract and returns its id. Only a coordinator may; others are \
refused. One task is one agent's work on paths of its own. Then hand it out with task_assign. \
Example: {\"title\": \"Login form\", \"feature\": \"login\", \"scope\": \"a form that posts to /login\", \
\"done\": [\"tests/login.tap passes\"], \"rollback\": \"revert the merge\", \"paths\": [\"src/login/**\"]}.",
                hint: Hint::Adds,
            },
            add,
        ),
        tool(
            Sign {
                name: "task_assign",
                title: "Hand a task out",
                description: "Gives a task to an agent of your agency: makes its branch and worktree and tells the agent. Only a coordinator may. \
`who` shows the agents with their skills and states. Example: {\"task\": \"TASK-003\", \"agent\": \"CodeAgency/dev\"}.",
                hint: Hint::Sets,
            },
            assign,
        ),
    ]
}

/// How strictly another task comes before one.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Strictness {
    /// It must be finished.
    #[default]
    Hard,
    /// Its API contract must be approved.
    Soft,
    /// Good to know.
    Info,
}

/// A task that comes before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Before {
    /// Its id, as `TASK-001`.
    #[schemars(with = "String")]
    pub task: TaskId,
    /// How strictly: `hard` (without it), `soft` or `info`.
    #[serde(default)]
    pub kind: Strictness,
}

/// What `task_add` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddArguments {
    /// One line.
    #[schemars(length(min = 1))]
    pub title: String,
    /// The feature it is integrated with, one word; tasks of one feature are handed in together.
    #[schemars(with = "String")]
    pub feature: Name,
    /// What is to be done.
    #[schemars(length(min = 1))]
    pub scope: String,
    /// When it counts as done: each a thing that can be checked.
    #[schemars(length(min = 1))]
    pub done: Vec<String>,
    /// How it is taken back.
    #[schemars(length(min = 1))]
    pub rollback: String,
    /// What is not to be done.
    #[serde(default)]
    #[schemars(with = "String")]
    pub non_goals: Option<String>,
    /// What it starts from: documents, decisions, other work.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// Tasks that come before it.
    #[serde(default)]
    pub after: Vec<Before>,
    /// Tests and evidence to hand in.
    #[serde(default)]
    #[schemars(with = "String")]
    pub tests: Option<String>,
    /// Paths it owns, as globs; tasks that are worked on side by side own different ones.
    #[serde(default)]
    pub paths: Vec<String>,
    /// The skill it needs.
    #[serde(default)]
    #[schemars(with = "String")]
    pub skill: Option<String>,
    /// The role it needs.
    #[serde(default)]
    #[schemars(with = "String")]
    pub role: Option<String>,
    /// How urgent it is; `normal` without it.
    #[serde(default)]
    #[schemars(with = "Urgency")]
    pub priority: Option<Urgency>,
    /// Estimated hours, above 0.
    #[serde(default)]
    #[schemars(with = "f64", range(min = 0.0))]
    pub estimate_h: Option<f64>,
}

/// What `task_assign` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignArguments {
    /// The task's id, as `TASK-001`.
    #[schemars(with = "String")]
    pub task: TaskId,
    /// The agent, as `Agency/agent`.
    #[schemars(with = "String")]
    pub agent: AgentAddress,
}

fn add(call: &Call, arguments: AddArguments) -> Outcome {
    let answer = call.ask(Command::AddTask { contract: contract(call, arguments)? })?;
    let Answer::Id(id) = answer else {
        return Err(odd());
    };
    let id: TaskId = id.parse().map_err(|_| odd())?;
    let view: TaskView = call.fetch(&Query::Task { id })?;
    Ok(Said::new(words::task_line(&view), json!({ "task": view })))
}

fn odd() -> Refusal {
    Refusal::new(RefusalKind::Failed, "version", "the supervisor named no task")
}

fn contract(call: &Call, arguments: AddArguments) -> Result<TaskContract, Refusal> {
    if arguments.estimate_h.is_some_and(|hours| !hours.is_finite() || hours <= 0.0) {
        let message = "`estimate_h` is a number of hours above 0";
        return Err(Refusal::new(RefusalKind::Usage, "bad_arguments", message));
    }
    Ok(TaskContract {
        title: arguments.title,
        agency: call.me.agency.clone(),
        feature: arguments.feature,
        scope: arguments.scope,
        non_goals: arguments.non_goals,
        inputs: arguments.inputs,
        depends_on: arguments.after.iter().map(dependency).collect(),
        done: arguments.done,
        tests: arguments.tests,
        rollback: arguments.rollback,
        paths: arguments.paths,
        skill: arguments.skill,
        role: arguments.role,
        priority: arguments.priority.map(Priority::from).unwrap_or_default(),
        estimate_h: arguments.estimate_h,
    })
}

fn dependency(before: &Before) -> Dependency {
    let kind = match before.kind {
        Strictness::Hard => DependencyKind::Hard,
        Strictness::Soft => DependencyKind::Soft,
        Strictness::Info => DependencyKind::Info,
    };
    Dependency { task: before.task, kind }
}

fn assign(call: &Call, arguments: AssignArguments) -> Outcome {
    let AssignArguments { task, agent } = arguments;
    change(call, task, Command::AssignTask { task, agent })
}
