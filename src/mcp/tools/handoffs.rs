//! Handoffs: giving finished work to another agency, and answering what is given.
//!
//! Only a coordinator speaks for its agency; the workbench says so. Nothing here decides.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::message::Priority;
use crate::domain::name::Name;
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::tools::messages::Urgency;
use crate::mcp::words;
use crate::service::query::{HandoffFilter, Query};
use crate::service::views::HandoffView;

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "handoff_offer",
                title: "Hand work over",
                description: "Hands finished work of your agency to another agency: it gets a task with what you say here, and must \
accept or decline it in time. For coordinators. Say what was made, where it is, when it counts as good and what is to be \
done next: what you leave out the other side has to ask for. Offer the same task again after a fix: that is the next \
round. Example: {\"to\": \"QAAgency\", \"task\": \"TASK-003\", \"deliverable\": \"login with OAuth2\", \"branch\": \
\"login/integration\", \"acceptance_criteria\": [\"all tests pass\"], \"next_steps\": [\"try real names\"]}.",
                hint: Hint::Adds,
            },
            offer,
        ),
        tool(
            Sign {
                name: "handoff_accept",
                title: "Take what is handed over",
                description: "Accepts a handoff that was offered to your agency: its task becomes ready, assign it with `task_assign`. \
For coordinators. Example: {\"id\": \"HO-001\"}.",
                hint: Hint::Sets,
            },
            accept,
        ),
        tool(
            Sign {
                name: "handoff_decline",
                title: "Do not take what is handed over",
                description: "Declines a handoff that was offered to your agency, with the reason; its task is given up and the sender is \
told. For coordinators. Example: {\"id\": \"HO-001\", \"reason\": \"the branch does not build\"}.",
                hint: Hint::Sets,
            },
            decline,
        ),
        tool(
            Sign {
                name: "handoff_results",
                title: "Say what came of a handoff",
                description: "Tells the agency that handed work over what came of looking at it. `issues_found` gives it a task to mend \
them. For coordinators. Example: {\"id\": \"HO-001\", \"status\": \"issues_found\", \"bugs\": 2, \"report\": \
\"qa/report.md\"}.",
                hint: Hint::Sets,
            },
            results,
        ),
        tool(
            Sign {
                name: "handoff_list",
                title: "List handoffs",
                description: "Lists what was handed over from and to your agency and is not answered yet, one line each; with `all` the \
answered ones too. Use it to see what waits for your answer.",
                hint: Hint::Reads,
            },
            list,
        ),
    ]
}

/// What `handoff_offer` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferArguments {
    /// Which agency gets it.
    #[schemars(with = "String")]
    pub to: Name,
    /// The task of your agency, as `TASK-001`, or a title.
    #[schemars(length(min = 1))]
    pub task: String,
    /// What was made.
    #[serde(default)]
    #[schemars(with = "String")]
    pub deliverable: Option<String>,
    /// Where it is: files, an address, a commit.
    #[serde(default)]
    #[schemars(with = "String")]
    pub place: Option<String>,
    /// The branch it is on; the receiver's work starts there.
    #[serde(default)]
    #[schemars(with = "String")]
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
    /// Remarks.
    #[serde(default)]
    #[schemars(with = "String")]
    pub notes: Option<String>,
    /// How urgent it is; `normal` without it. Decides how soon it has to be answered.
    #[serde(default)]
    #[schemars(with = "Urgency")]
    pub priority: Option<Urgency>,
}

/// What `handoff_accept` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptArguments {
    /// The handoff, as `HO-001`; its task or the id of its message will do.
    #[schemars(length(min = 1))]
    pub id: String,
    /// When you mean to have looked at it, RFC 3339.
    #[serde(default)]
    #[schemars(with = "String")]
    pub estimated_completion: Option<Timestamp>,
    /// Remarks.
    #[serde(default)]
    #[schemars(with = "String")]
    pub notes: Option<String>,
}

/// What `handoff_decline` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineArguments {
    /// The handoff, as `HO-001`; its task or the id of its message will do.
    #[schemars(length(min = 1))]
    pub id: String,
    /// Why.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// What somebody thinks of work.
#[derive(Debug, Clone, Copy, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Judgement {
    /// It is good.
    Approved,
    /// Something has to be mended first.
    IssuesFound,
    /// It could not be looked at.
    Blocked,
    /// It is not wanted.
    Rejected,
}

/// What `handoff_results` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultsArguments {
    /// The handoff, as `HO-001`; its task or the id of its message will do.
    #[schemars(length(min = 1))]
    pub id: String,
    /// What you think of it.
    pub status: Judgement,
    /// How many bugs were found.
    #[serde(default)]
    #[schemars(with = "u32")]
    pub bugs: Option<u32>,
    /// Where they are described.
    #[serde(default)]
    #[schemars(with = "String")]
    pub report: Option<String>,
    /// Remarks.
    #[serde(default)]
    #[schemars(with = "String")]
    pub notes: Option<String>,
}

/// What `handoff_list` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListArguments {
    /// Also those that are answered.
    #[serde(default)]
    pub all: bool,
}

fn offer(call: &Call, arguments: OfferArguments) -> Outcome {
    let terms = json!({
        "task": arguments.task, "deliverable": arguments.deliverable, "place": arguments.place,
        "branch": arguments.branch, "artifacts": arguments.artifacts,
        "acceptance_criteria": arguments.acceptance_criteria,
        "next_steps": arguments.next_steps, "notes": arguments.notes,
    });
    let priority = arguments.priority.map(Priority::from).unwrap_or_default();
    shown(&call.workbench.offer_handoff(arguments.to, None, priority, terms)?)
}

fn accept(call: &Call, arguments: AcceptArguments) -> Outcome {
    let body = json!({
        "estimated_completion": arguments.estimated_completion, "notes": arguments.notes,
    });
    shown(&call.workbench.answer_handoff(&arguments.id, "accept", body)?)
}

fn decline(call: &Call, arguments: DeclineArguments) -> Outcome {
    let body = json!({ "reason": arguments.reason });
    shown(&call.workbench.answer_handoff(&arguments.id, "decline", body)?)
}

fn results(call: &Call, arguments: ResultsArguments) -> Outcome {
    let body = json!({
        "status": arguments.status, "bugs": arguments.bugs, "report": arguments.report,
        "notes": arguments.notes,
    });
    shown(&call.workbench.answer_handoff(&arguments.id, "results", body)?)
}

fn list(call: &Call, arguments: ListArguments) -> Outcome {
    let filter = HandoffFilter { agency: Some(call.me.agency.clone()), all: arguments.all };
    let views: Vec<HandoffView> = call.fetch(&Query::Handoffs(filter))?;
    let text = match views.as_slice() {
        [] => "no handoffs\n".to_owned(),
        views => views.iter().map(line).collect(),
    };
    Ok(Said::new(text, json!({ "handoffs": views })))
}

fn shown(view: &HandoffView) -> Outcome {
    Ok(Said::new(line(view), json!({ "handoff": view })))
}

fn line(view: &HandoffView) -> String {
    let fix = view.fix.map(|fix| format!(", {fix} is to mend it")).unwrap_or_default();
    format!(
        "{} {} round {} from {} to {}, task {}{fix}: {}\n",
        view.id,
        view.state.as_str(),
        view.round,
        words::line(&view.from),
        view.to,
        view.task,
        words::line(&view.title)
    )
}
