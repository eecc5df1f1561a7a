//! What every tool has in common: its schema, its hints, how its arguments are read, how a refusal is told.
//!
//! A refusal and wrong arguments are results that the model sees (`isError`), never errors of the protocol: a
//! program shows those to nobody who could do better.

use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::handler::server::router::tool::ToolRoute;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, JsonObject, ProgressNotificationParam, Tool,
    ToolAnnotations,
};
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, interval_at};

use crate::domain::refusal::{Refusal, RefusalKind};
use crate::failure::Failure;
use crate::mcp::call::Call;
use crate::mcp::server::Server;

/// How often a call that lasts says that it lives: programs give up on what is silent for a minute or less.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// For the model to read; everything it needs is in it, since some programs show it nothing else.
    pub text: String,
    /// The same as an object; what to do next is in it too, since other programs show the model only this.
    pub content: Value,
}

impl Said {
    /// A text, and the same as an object.
    pub fn new(text: impl Into<String>, content: Value) -> Self {
        Self { text: text.into(), content }
    }
}

/// What a tool comes to.
pub type Outcome = Result<Said, Refusal>;

/// No arguments at all.
#[derive(Debug, Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What a tool does to the workbench, for the hints that programs go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    Reads,
    /// Something new each time.
    Adds,
    /// The same however often it is called.
    Sets,
}

impl Hint {
    fn annotations(self, title: &str) -> ToolAnnotations {
        // Nothing that an agent can do destroys anything, and all of it stays in the workbench.
        ToolAnnotations::from_raw(
            Some(title.to_owned()),
            Some(self == Self::Reads),
            Some(false),
            Some(self != Self::Adds),
            Some(false),
        )
    }
}

/// What a tool is called and what a model reads of it.
pub struct Sign {
    /// Short, in snake case.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// When to use it, what it gives, what to do next.
    pub description: &'static str,
    /// What it does.
    pub hint: Hint,
}

/// A tool: its sign, and what it does with arguments of type `A`.
pub fn tool<A, F>(sign: Sign, act: F) -> ToolRoute<Server>
where
    A: JsonSchema + DeserializeOwned + Send + 'static,
    F: Fn(&Call, A) -> Outcome + Send + Sync + 'static,
{
    let attributes = Tool::new(sign.name, sign.description, schema::<A>())
        .with_title(sign.title)
        .with_annotations(sign.hint.annotations(sign.title));
    let act = Arc::new(act);
    ToolRoute::new_dyn(attributes, move |context: ToolCallContext<'_, Server>| {
        let act = Arc::clone(&act);
        Box::pin(async move {
            let arguments = context.arguments.unwrap_or_default();
            let outcome = match read::<A>(arguments) {
                Ok(arguments) => {
                    carry_out(context.service, context.request_context, move |call| {
                        act(call, arguments)
                    })
                    .await
                }
                Err(refusal) => Err(refusal),
            };
            Ok(result(outcome))
        })
    })
}

/// Runs a call beside the conversation, and gives signs of life meanwhile if the program wants them. Who has
/// gone away or does not want the answer any more is not waited for.
async fn carry_out(
    server: &Server,
    context: RequestContext<RoleServer>,
    act: impl FnOnce(&Call) -> Outcome + Send + 'static,
) -> Outcome {
    let call = server.call();
    let interest = call.interest.clone();
    let mut gone = server.gone();
    let mut work = tokio::task::spawn_blocking(move || act(&call));
    let began = Instant::now();
    let mut signs = interval_at(began + SIGN_OF_LIFE, SIGN_OF_LIFE);
    loop {
        tokio::select! {
            done = &mut work => return done.unwrap_or_else(|error| Err(broken(&error))),
            () = context.ct.cancelled() => break,
            () = until(&mut gone) => break,
            _ = signs.tick() => give_sign(&context, began.elapsed()).await,
        }
    }
    interest.lose();
    Err(Refusal::new(RefusalKind::Failed, "cancelled", "the call was cancelled"))
}

/// Returns when the other end has gone away.
async fn until(gone: &mut watch::Receiver<bool>) {
    let _ = gone.wait_for(|is_gone| *is_gone).await;
}

async fn give_sign(context: &RequestContext<RoleServer>, since: Duration) {
    if let Some(token) = context.meta.get_progress_token() {
        let seconds = since.as_secs();
        let sign = ProgressNotificationParam::new(token, since.as_secs_f64())
            .with_message(format!("waiting for {seconds} s"));
        // Nobody hears it: the call itself will find out.
        let _ = context.peer.notify_progress(sign).await;
    }
}

fn broken(problem: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(RefusalKind::Failed, "internal", format!("the call broke off: {problem}"))
}

/// What a program is told of an outcome.
fn result(outcome: Outcome) -> CallToolResponse {
    let (said, is_error) = match outcome {
        Ok(said) => (said, false),
        Err(refusal) => (told(&refusal), true),
    };
    let mut result = CallToolResult::success(vec![ContentBlock::text(said.text)]);
    result.structured_content = Some(said.content);
    result.is_error = Some(is_error);
    result.into()
}

fn told(refusal: &Refusal) -> Said {
    let failure = Failure::from(refusal);
    let hint = failure.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    Said::new(format!("refused: {}{hint}", failure.message), json!({ "error": failure }))
}

/// The schema of arguments, without anything that programs stumble over: no references, no nulls, no formats.
pub fn schema<A: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<A>().to_value();
    plain(&mut schema);
    let mut object = match schema {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.remove("title");
    object.remove("description");
    object.entry("properties").or_insert_with(|| json!({}));
    object
}

fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("format").is_some_and(Value::is_string) {
                fields.remove("format");
            }
            fields.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Arguments as they are wanted; what is wrong is told with the field's name.
pub fn read<A: DeserializeOwned>(arguments: JsonObject) -> Result<A, Refusal> {
    let attempt = |fields: JsonObject| serde_json::from_value::<A>(Value::Object(fields));
    let problem = match attempt(arguments.clone()) {
        Ok(read) => return Ok(read),
        Err(error) => error.to_string(),
    };
    // What is missing or too much is named already.
    if problem.contains(" field `") {
        return Err(bad_arguments(&problem));
    }
    // They are read in order: the first with which this becomes the problem is the wrong one.
    let mut part = JsonObject::new();
    let guilty = arguments.into_iter().find_map(|(field, value)| {
        part.insert(field.clone(), value);
        let is_it = attempt(part.clone()).is_err_and(|error| error.to_string() == problem);
        is_it.then_some(field)
    });
    let named = guilty.map(|field| format!("`{field}`: {problem}"));
    Err(bad_arguments(&named.unwrap_or(problem)))
}

fn bad_arguments(problem: &str) -> Refusal {
    Refusal::new(RefusalKind::Usage, "bad_arguments", format!("the arguments are wrong: {problem}"))
        .with_hint("call it again with arguments that fit the tool's schema")
}
