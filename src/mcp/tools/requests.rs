//! Requests and broadcasts: what somebody still has to answer, and one message to many.
//!
//! What climbs when, and who may broadcast, is the workbench's to say.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::message::{Draft, MessageType, Priority};
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::tools::messages::Urgency;
use crate::mcp::words;
use crate::service::query::Query;
use crate::service::views::RequestView;

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "requests",
                title: "What has to be answered",
                description: "Lists what somebody still has to answer, one line each, with how to answer it: questions, handoffs, \
blockers, broadcasts. Without arguments those that you have to answer or that you wait for; with `all` everybody's. \
Answer yours first: what is not answered in time goes up to your coordinator and then to the operator.",
                hint: Hint::Reads,
            },
            list,
        ),
        tool(
            Sign {
                name: "broadcast",
                title: "Tell everyone",
                description: "Sends one message to the coordinators of all other agencies. For coordinators, and only for what everyone \
has to know. With `action_required` each of them has to acknowledge it, and you get a report. Example: {\"text\": \
\"Code freeze from 17:00\", \"action_required\": \"commit what you have\"}.",
                hint: Hint::Adds,
            },
            broadcast,
        ),
    ]
}

/// What `requests` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListArguments {
    /// Everybody's, not only those that concern you.
    #[serde(default)]
    pub all: bool,
}

/// What `broadcast` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BroadcastArguments {
    /// What everyone has to know, in plain words.
    #[schemars(length(min = 1))]
    pub text: String,
    /// What everyone has to do, and then to acknowledge.
    #[serde(default)]
    #[schemars(with = "String")]
    pub action_required: Option<String>,
    /// How urgent it is; `normal` without it.
    #[serde(default)]
    #[schemars(with = "Urgency")]
    pub priority: Option<Urgency>,
}

fn list(call: &Call, arguments: ListArguments) -> Outcome {
    let mut views: Vec<RequestView> = call.fetch(&Query::Requests { all: false })?;
    views.retain(|view| arguments.all || concerns(view, &call.me));
    let text = match views.as_slice() {
        [] => "nothing has to be answered\n".to_owned(),
        views => views.iter().map(|view| line(view, &call.me)).collect(),
    };
    Ok(Said::new(text, json!({ "requests": views })))
}

fn concerns(view: &RequestView, me: &AgentAddress) -> bool {
    let me = me.to_string();
    [&view.asker, &view.asked, &view.holder].contains(&&me)
}

fn line(view: &RequestView, me: &AgentAddress) -> String {
    let mut text = format!(
        "{} {} from {} to {}: {}\n",
        view.id,
        view.kind.as_str(),
        words::line(&view.asker),
        words::line(&view.asked),
        words::line(&view.text)
    );
    if view.holder == me.to_string() {
        text.push_str(&format!("  yours to answer: {}\n", words::line(&view.answer_with)));
    }
    text
}

fn broadcast(call: &Call, arguments: BroadcastArguments) -> Outcome {
    let kind = MessageType::parse("alert")
        .map_err(|error| Refusal::new(RefusalKind::Failed, "broadcast", error.to_string()))?;
    let mut body = json!({ "message": arguments.text });
    if let (Some(fields), Some(action)) = (body.as_object_mut(), arguments.action_required) {
        fields.insert("action_required".to_owned(), json!(action));
    }
    let mut draft = Draft::new(kind, Address::Everyone, body);
    draft.priority = arguments.priority.map(Priority::from).unwrap_or_default();
    let id = call.workbench.send(draft)?;
    Ok(Said::new(format!("sent to everyone, message {id}\n"), json!({ "id": id })))
}
