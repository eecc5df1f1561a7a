//! The commands that any agent has, by running the agency program.
//!
//! Of the answers only the fields that are needed are read, so that new ones change nothing.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Settings;
use super::runner::{Call, Ran, Runner};
use super::wire::Report;
use super::worker::Stop;
use crate::domain::id::{MessageId, TaskId, derived_id};
use crate::domain::message::MessageType;
use crate::domain::name::AgentAddress;
use crate::domain::task::TaskState;
use crate::manifest::rehearsal::NewTask;

/// A message as `agency inbox --json` shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Incoming {
    /// Its id.
    pub(super) id: MessageId,
    /// Its type.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Its sender.
    pub(super) from: String,
    /// Text or object.
    pub(super) body: Value,
    /// Task id or title.
    pub(super) task: Option<String>,
    /// The message it answers.
    pub(super) in_reply_to: Option<MessageId>,
}

impl Incoming {
    /// The task it is about, if that is a task's id: in its envelope, or in its body.
    pub(super) fn task_id(&self) -> Option<TaskId> {
        let in_body = self.body.get("task").and_then(Value::as_str);
        let texts = self.task.as_deref().into_iter().chain(in_body);
        // The whole id with its prefix: a bare number in a foreign body is no task.
        texts.filter(|text| text.starts_with("TASK-")).find_map(|text| text.parse().ok())
    }

    /// What a script's `contains` is looked for in.
    pub(super) fn searched(&self) -> String {
        match &self.body {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// A task as `agency task show --json` shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct TaskSeen {
    /// Its id.
    pub(super) id: TaskId,
    /// One line.
    pub(super) title: String,
    /// Its state.
    pub(super) state: TaskState,
    /// Its agency.
    pub(super) agency: String,
    /// Its agent.
    pub(super) agent: Option<AgentAddress>,
    /// Its branch.
    pub(super) branch: Option<String>,
    /// Its worktree.
    pub(super) worktree: Option<std::path::PathBuf>,
}

/// A message to be sent.
pub(super) struct Outgoing<'a> {
    /// Its id: the same for the same step, so that it arrives once however often it is sent.
    pub(super) id: MessageId,
    /// Address.
    pub(super) to: &'a str,
    /// Its type.
    pub(super) kind: &'a MessageType,
    /// Its body.
    pub(super) body: &'a Value,
    /// The task it is about.
    pub(super) task: Option<TaskId>,
    /// The message it answers.
    pub(super) in_reply_to: Option<MessageId>,
}

/// The exit status of what was tried and did not work: it may work a moment later, while a refusal
/// (2 and more) stays one.
const FAILED: i32 = 1;
/// Half a minute: a supervisor that has to be started first answers well within it.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs the agency program for one agent.
pub(super) struct Commands<'a> {
    settings: &'a Settings,
    runner: &'a mut dyn Runner,
}

impl<'a> Commands<'a> {
    pub(super) fn new(settings: &'a Settings, runner: &'a mut dyn Runner) -> Self {
        Self { settings, runner }
    }

    /// Messages that are not acknowledged, oldest first.
    pub(super) fn inbox(&mut self) -> Result<Vec<Incoming>, Stop> {
        self.read(&["inbox", "--json"])
    }

    /// Tells that a message was taken.
    pub(super) fn ack(&mut self, id: MessageId) -> Result<(), Stop> {
        self.tell(&["ack", &id.to_string()])
    }

    /// One task.
    pub(super) fn task(&mut self, id: TaskId) -> Result<TaskSeen, Stop> {
        self.read(&["task", "show", &id.to_string(), "--json"])
    }

    /// The tasks of a feature.
    pub(super) fn tasks(&mut self, feature: &str) -> Result<Vec<TaskSeen>, Stop> {
        self.read(&["task", "list", &format!("--feature={feature}"), "--json"])
    }

    /// `task start`, `task complete`, … with more arguments.
    pub(super) fn on_task(&mut self, verb: &str, id: TaskId, more: &[String]) -> Result<(), Stop> {
        let id = id.to_string();
        let mut args = vec!["task", verb, id.as_str()];
        args.extend(more.iter().map(String::as_str));
        self.tell(&args)
    }

    /// Says that a task cannot go on; whatever the reason begins with, it is no option.
    pub(super) fn block(&mut self, id: TaskId, reason: &str) -> Result<(), Stop> {
        self.on_task("block", id, &["--".to_owned(), reason.to_owned()])
    }

    /// Adds a task to this agent's agency.
    pub(super) fn add_task(&mut self, task: &NewTask, after: &[TaskId]) -> Result<TaskId, Stop> {
        let mut args = vec!["task".to_owned(), "add".to_owned(), task.title.clone()];
        args.push(format!("--agency={}", self.settings.agent.agency));
        args.push(format!("--feature={}", task.feature));
        args.push(format!("--scope={}", task.scope));
        args.push(format!("--rollback={}", task.rollback));
        args.extend(task.done.iter().map(|done| format!("--done={done}")));
        args.extend(task.tests.iter().map(|tests| format!("--tests={tests}")));
        args.extend(task.paths.iter().map(|path| format!("--paths={path}")));
        args.extend(after.iter().map(|id| format!("--after={id}")));
        let said = self.output(&args)?;
        said.trim()
            .parse()
            .map_err(|error| format!("`agency task add` did not print an id: {error}").into())
    }

    /// Sends a message.
    pub(super) fn send(&mut self, message: &Outgoing<'_>) -> Result<(), Stop> {
        let mut envelope = json!({
            "id": message.id, "type": message.kind, "to": message.to, "body": message.body,
        });
        if let Some(fields) = envelope.as_object_mut() {
            if let Some(task) = message.task {
                fields.insert("task".to_owned(), json!(task));
            }
            if let Some(id) = message.in_reply_to {
                fields.insert("in_reply_to".to_owned(), json!(id));
            }
        }
        let kind = format!("--type={}", message.kind);
        self.tell(&["send", message.to, &envelope.to_string(), &kind])
    }

    /// Accepts a handoff; its task.
    pub(super) fn accept(&mut self, offer: MessageId, note: &str) -> Result<TaskId, Stop> {
        #[derive(Deserialize)]
        struct Taken {
            task: TaskId,
        }
        let note = format!("--note={note}");
        let taken: Taken =
            self.read(&["handoff", "accept", &offer.to_string(), &note, "--json"])?;
        Ok(taken.task)
    }

    /// Hands the feature in.
    pub(super) fn submit(&mut self, id: TaskId, more: &[String]) -> Result<(), Stop> {
        let mut args = vec!["submit".to_owned(), id.to_string()];
        args.extend_from_slice(more);
        self.output(&args).map(|_| ())
    }

    /// Reports its own state; false if that did not get through.
    pub(super) fn report(&mut self, report: Report, reason: &str) -> bool {
        let mut args = vec!["hook".to_owned(), format!("--state={}", report.as_str())];
        if !reason.is_empty() {
            args.push(format!("--reason={reason}"));
        }
        self.output(&args).is_ok()
    }

    /// Any other program in a folder.
    pub(super) fn program(&mut self, call: &Call) -> Result<Ran, String> {
        self.runner.run(call)
    }

    fn read<T: DeserializeOwned>(&mut self, args: &[&str]) -> Result<T, Stop> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let said = self.output(&args)?;
        serde_json::from_str(&said).map_err(|error| {
            Stop::Problem(format!("`agency {}` gave an unknown answer: {error}", args.join(" ")))
        })
    }

    fn tell(&mut self, args: &[&str]) -> Result<(), Stop> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        self.output(&args).map(|_| ())
    }

    fn output(&mut self, args: &[String]) -> Result<String, Stop> {
        let ran = self.run(args)?;
        match ran.status {
            Some(0) => Ok(ran.stdout),
            Some(status) if status != FAILED => Err(Stop::Problem(ran.problem())),
            Some(_) | None => Err(Stop::Trouble(ran.problem())),
        }
    }

    fn run(&mut self, args: &[String]) -> Result<Ran, Stop> {
        let Settings { home, agent, spawn, program } = self.settings;
        let call = Call {
            program: program.to_string_lossy().into_owned(),
            args: args.to_vec(),
            folder: home.clone(),
            env: vec![
                ("AGENCY_HOME", home.to_string_lossy().into_owned()),
                ("AGENCY_AGENT", agent.to_string()),
                ("AGENCY_SPAWN", spawn.to_string()),
            ],
            limit: LIMIT,
        };
        self.runner.run(&call).map_err(Stop::Trouble)
    }
}

/// The id of the message that a step sends: the same each time this agent comes to this step of
/// this message.
pub(super) fn message_id(agent: &AgentAddress, message: MessageId, step: usize) -> MessageId {
    let at_ms = message.get_timestamp().map_or(0, |at| {
        let (seconds, nanos) = at.to_unix();
        seconds * 1000 + u64::from(nanos / 1_000_000)
    });
    let address = agent.to_string();
    let seed = address.bytes().fold(message, |seed, byte| derived_id(at_ms, seed, byte.into()));
    derived_id(at_ms, seed, u32::try_from(step).unwrap_or(u32::MAX))
}
