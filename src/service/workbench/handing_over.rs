//! Handing work over and answering: each is a message of the protocol, made of what a face was told.
//!
//! A face names a handoff by its id, one of its tasks or its message; whether it may be answered so is the
//! engine's to say.

use serde_json::{Value, json};

use crate::domain::message::{Draft, MessageType, Priority};
use crate::domain::name::{Address, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::HandoffView;
use crate::service::workbench::{Identity, Workbench};

impl Workbench {
    /// Offers work to an agency. `terms` has the fields of a `handoff`; those that are null are left out. `from` is
    /// the operator's to say.
    ///
    /// # Errors
    /// It cannot be offered, or nobody answers.
    pub fn offer_handoff(
        &self,
        to: Name,
        from: Option<Name>,
        priority: Priority,
        terms: Value,
    ) -> Result<HandoffView, Refusal> {
        let task = terms.get("task").and_then(Value::as_str).map(str::to_owned);
        let mut draft = protocol("handoff", Address::Agency(to), terms)?;
        draft.from = from.map(Address::Agency);
        draft.priority = priority;
        draft.task = task;
        // Only a supervisor knows what follows from it.
        self.require_supervisor()?;
        let message = self.send(draft)?;
        self.fetch(&Query::Handoff { name: message.to_string() })
    }

    /// Answers a handoff with a message of type `kind`: `accept`, `decline` or `results`. The operator answers in
    /// the name of the agency that was asked.
    ///
    /// # Errors
    /// There is no such handoff, or it cannot be answered so.
    pub fn answer_handoff(
        &self,
        name: &str,
        kind: &str,
        body: Value,
    ) -> Result<HandoffView, Refusal> {
        let view: HandoffView = self.fetch(&Query::Handoff { name: name.to_owned() })?;
        let to = Address::parse(&view.from).map_err(|error| unusable(&error.to_string()))?;
        // The name that its sender knows it by.
        let task = view.origin.map_or(view.title.clone(), |origin| origin.to_string());
        let mut draft = protocol(kind, to, named(kind, body, &task))?;
        draft.in_reply_to = Some(view.message);
        draft.task = Some(task);
        if matches!(self.identity(), Identity::Operator) {
            draft.from = Some(Address::Agency(view.to.clone()));
        }
        self.require_supervisor()?;
        self.send(draft)?;
        self.fetch(&Query::Handoff { name: view.id.to_string() })
    }
}

/// Results say what they are about.
fn named(kind: &str, mut body: Value, task: &str) -> Value {
    if let Some(fields) = body.as_object_mut().filter(|_| kind == "results") {
        fields.insert("task".to_owned(), json!(task));
    }
    body
}

fn protocol(kind: &str, to: Address, body: Value) -> Result<Draft, Refusal> {
    let kind = MessageType::parse(kind).map_err(|error| unusable(&error.to_string()))?;
    Ok(Draft::new(kind, to, without_nulls(body)))
}

fn unusable(problem: &str) -> Refusal {
    Refusal::new(RefusalKind::Failed, "handoff", problem)
}

/// An object without the fields that have no value.
fn without_nulls(body: Value) -> Value {
    match body {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}
