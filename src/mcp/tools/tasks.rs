//! Tasks to look at: what to do now, which there are, one with its contract.
//!
//! Nothing here changes anything. What comes next is read off the state that everybody sees.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::id::TaskId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::task::TaskState;
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Nothing, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::words;
use crate::service::query::{Query, TaskFilter};
use crate::service::views::{AgencyView, TaskView};

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "task_next",
                title: "What to do now",
                description: "Says what you should do now: your open task with its contract, branch and worktree; else, for a coordinator, \
the tasks that can be handed out or handed in; else what you can ask your coordinator for. Use it first, and \
whenever a piece of work is finished.",
                hint: Hint::Reads,
            },
            next,
        ),
        tool(
            Sign {
                name: "task_list",
                title: "List tasks",
                description: "Lists tasks, one line each: id, state, progress, agent, feature, title. Without arguments those of your agency \
that are not closed. Example: {\"whose\": \"mine\"}.",
                hint: Hint::Reads,
            },
            list,
        ),
        tool(
            Sign {
                name: "task_show",
                title: "Show a task",
                description: "Shows one task with its whole contract: scope, when it is done, its branch and worktree, and the last words about \
it (why it is blocked, what the operator said). Example: {\"task\": \"TASK-003\"}.",
                hint: Hint::Reads,
            },
            show,
        ),
    ]
}

/// Whose tasks are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Whose {
    /// Those that you have.
    Mine,
    /// Those of your agency.
    #[default]
    Agency,
    /// Those of every agency.
    All,
}

/// What `task_list` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListArguments {
    /// Whose tasks: `mine`, `agency` (without it) or `all`.
    #[serde(default)]
    pub whose: Whose,
    /// Only of this feature.
    #[serde(default)]
    #[schemars(with = "String")]
    pub feature: Option<Name>,
    /// Also those that are merged or cancelled.
    #[serde(default)]
    pub closed: bool,
}

/// What a tool about one task takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneTask {
    /// The task's id, as `TASK-001`.
    #[schemars(with = "String")]
    pub task: TaskId,
}

fn list(call: &Call, arguments: ListArguments) -> Outcome {
    let agency = (arguments.whose != Whose::All).then(|| call.me.agency.clone());
    let filter = TaskFilter { feature: arguments.feature, state: None, agency };
    let mut views: Vec<TaskView> = call.fetch(&Query::Tasks(filter))?;
    views.retain(|view| {
        let is_meant = arguments.whose != Whose::Mine || view.agent.as_ref() == Some(&call.me);
        is_meant && (arguments.closed || !view.state.is_closed())
    });
    let text = match views.as_slice() {
        [] => "no tasks\n".to_owned(),
        views => views.iter().map(words::task_line).collect(),
    };
    Ok(Said::new(text, json!({ "tasks": views })))
}

fn show(call: &Call, arguments: OneTask) -> Outcome {
    let view: TaskView = call.fetch(&Query::Task { id: arguments.task })?;
    Ok(Said::new(words::task(&view), json!({ "task": view })))
}

fn next(call: &Call, _: Nothing) -> Outcome {
    let own = TaskFilter { agency: Some(call.me.agency.clone()), ..TaskFilter::default() };
    let tasks: Vec<TaskView> = call.fetch(&Query::Tasks(own))?;
    let agency: AgencyView = call.fetch(&Query::Agency { name: call.me.agency.clone() })?;
    let step = step(&call.me, agency.coordinator == call.me.agent, &tasks);
    let unread =
        agency.agents.iter().find(|agent| agent.address == call.me).map_or(0, |me| me.unread);
    let mut text = step.text();
    if unread > 0 {
        text.push_str(&format!("{unread} messages wait for you: read them first with inbox\n"));
    }
    let tasks: Vec<Value> = step.tasks.iter().map(|task| json!(task)).collect();
    let document =
        json!({ "step": step.word, "next": step.advice(), "tasks": tasks, "unread": unread });
    Ok(Said::new(text, document))
}

/// What is to be done now, and with which tasks.
#[derive(Debug, PartialEq)]
pub struct Step<'a> {
    /// A stable word: `start`, `go_on`, `blocked`, `hand_out`, `hand_in`, `ask_for_work`, `wait`.
    pub word: &'static str,
    /// Which tasks it is about.
    pub tasks: Vec<&'a TaskView>,
}

/// Reads off the tasks of an agency what one of its agents should do now.
pub fn step<'a>(me: &AgentAddress, leads: bool, tasks: &'a [TaskView]) -> Step<'a> {
    let all = |is_meant: &dyn Fn(&TaskView) -> bool| -> Vec<&'a TaskView> {
        tasks.iter().filter(|task| is_meant(task)).collect()
    };
    let own = |states: &'static [TaskState]| {
        all(&|task| task.agent.as_ref() == Some(me) && states.contains(&task.state))
    };
    let ready = all(&|task| task.state == TaskState::Ready);
    let finished = all(&|task| task.state == TaskState::Submitted);
    let first = |word, found: Vec<&'a TaskView>| {
        let tasks: Vec<&'a TaskView> = found.into_iter().take(1).collect();
        (!tasks.is_empty()).then_some(Step { word, tasks })
    };
    let some = |word, tasks: Vec<&'a TaskView>| (!tasks.is_empty()).then_some(Step { word, tasks });
    first("go_on", own(&[TaskState::InProgress, TaskState::Rejected]))
        .or_else(|| first("start", own(&[TaskState::Assigned])))
        .or_else(|| some("hand_out", if leads { ready.clone() } else { Vec::new() }))
        .or_else(|| some("hand_in", if leads { finished } else { Vec::new() }))
        .or_else(|| first("blocked", own(&[TaskState::Blocked])))
        .or_else(|| some("ask_for_work", if leads { Vec::new() } else { ready }))
        .unwrap_or(Step { word: "wait", tasks: Vec::new() })
}

impl Step<'_> {
    /// What to do about it.
    fn advice(&self) -> &'static str {
        match self.word {
            "go_on" => {
                "go on with your task; tell how far you are with task_progress, end it with task_complete"
            }
            "start" => "begin this task with task_start, and work in its worktree",
            "blocked" => "your task is blocked; when you can go on call task_unblock",
            "hand_out" => {
                "these tasks can be handed out: give each to a fitting agent with task_assign (`who` shows them)"
            }
            "hand_in" => {
                "these tasks are finished: if their feature is complete hand it in with submit, once per feature"
            }
            "ask_for_work" => {
                "you have no task; these are ready in your agency: tell your coordinator which one you would take"
            }
            _ => {
                "you have no task and nothing waits for you: read your inbox, then end your turn; you are told when there is work"
            }
        }
    }

    /// What the model is told.
    pub fn text(&self) -> String {
        let whole = matches!(self.word, "go_on" | "start" | "blocked");
        let words = if whole { words::task } else { words::task_line };
        let tasks = self.tasks.iter().map(|task| words(task));
        tasks.fold(format!("{}\n", self.advice()), |text, task| text + &task)
    }
}
