//! The steps that a rehearsal script can have.
//!
//! A text may hold `{task}` and the names that the script itself gave to tasks; whatever else
//! stands in braces stays as it is. File contents are never touched.

use std::time::Duration;

use serde_json::Value;

use crate::domain::message::MessageType;
use crate::domain::name::{Address, AgentAddress, Name};

/// Which task a step is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskRef {
    /// The one that the message is about: `{task}`.
    OfMessage,
    /// One that this script added: `{one}`.
    Named(String),
}

/// What a command's exit status must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Zero.
    Pass,
    /// Not zero.
    Fail,
    /// Either.
    Any,
}

/// How an agent can be told to be a bad one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Ends with a failure.
    Crash,
    /// Ends without a failure.
    Exit,
    /// Stays as it is and takes no key any more.
    Hang,
    /// Stays at its prompt and does nothing any more.
    Silent,
    /// Asks for a permission and goes on when a person has decided.
    Permission,
    /// Is held back by its provider for a while.
    Limit,
}

/// A task to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// One line.
    pub title: String,
    /// Its feature.
    pub feature: Name,
    /// What is to be done.
    pub scope: String,
    /// When it counts as done.
    pub done: Vec<String>,
    /// How it is taken back.
    pub rollback: String,
    /// Tests and evidence to hand in.
    pub tests: Option<String>,
    /// Globs of the paths it owns.
    pub paths: Vec<String>,
    /// Tasks that come before it.
    pub after: Vec<TaskRef>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Shows a line.
    Say(String),
    /// Begins a task.
    Start(TaskRef),
    /// Writes a file in the task's worktree.
    Write {
        /// Relative to the worktree.
        path: String,
        /// Its whole content.
        text: String,
        /// Whether it can be run.
        executable: bool,
    },
    /// Replaces one piece of a file in the task's worktree.
    Replace {
        /// Relative to the worktree.
        path: String,
        /// What is there.
        old: String,
        /// What comes in its place.
        new: String,
    },
    /// Runs a program in the task's worktree, no shell in between.
    Run {
        /// Program and arguments.
        argv: Vec<String>,
        /// What its exit status must be.
        expect: Expect,
        /// How long it may take.
        limit: Duration,
    },
    /// Commits everything in the task's worktree, if there is anything.
    Commit(String),
    /// Tells how far the task is.
    Progress {
        /// 0 to 100.
        percent: u32,
        /// One line.
        note: Option<String>,
    },
    /// Says that the task cannot go on.
    Block {
        /// Which.
        task: TaskRef,
        /// Why.
        reason: String,
    },
    /// Says that the task is finished.
    Complete {
        /// Which.
        task: TaskRef,
        /// One line.
        summary: Option<String>,
    },
    /// Writes a task down and remembers its id.
    AddTask {
        /// What is asked for.
        task: Box<NewTask>,
        /// The name for its id.
        name: String,
    },
    /// Gives a task to an agent.
    Assign {
        /// Which.
        task: TaskRef,
        /// To whom.
        to: AgentAddress,
    },
    /// Sends a message.
    Send {
        /// To whom.
        to: Address,
        /// Its type.
        kind: MessageType,
        /// Its body.
        body: Value,
    },
    /// Answers the message.
    Reply {
        /// Its body.
        body: Value,
        /// Its type; none: `answer` to a question, else `note`.
        kind: Option<MessageType>,
    },
    /// Accepts the handoff that the message is, and remembers its task.
    Accept {
        /// One line about it.
        note: String,
        /// The name for the task's id.
        name: String,
    },
    /// Asks a person or the coordinator.
    Ask {
        /// The question.
        question: String,
        /// Whom; none: the coordinator, and as the coordinator the operator.
        to: Option<Address>,
        /// Whether the next step waits for the answer.
        waits: bool,
    },
    /// Hands the feature in.
    Submit {
        /// The task.
        task: TaskRef,
        /// Why it is done this way.
        rationale: Option<String>,
        /// How it is taken back.
        rollback: Option<String>,
    },
    /// Does nothing for a while.
    Wait(Duration),
    /// Is a bad agent.
    Misbehave {
        /// How.
        how: Misbehaviour,
        /// How long, for [`Misbehaviour::Limit`].
        lasting: Duration,
    },
}
