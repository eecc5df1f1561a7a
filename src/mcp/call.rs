//! One call of a tool: who makes it, on which workbench, and whether anybody still wants its answer.
//!
//! A call runs on a thread of its own and may block. What it may do is for the workbench to say: it asks
//! with the agent's own credential and has no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;

use crate::domain::command::{Answer, Command};
use crate::domain::name::AgentAddress;
use crate::domain::refusal::Refusal;
use crate::service::query::Query;
use crate::service::workbench::Workbench;

/// Whether somebody still wants the answer.
#[derive(Debug, Clone, Default)]
pub struct Interest(Arc<AtomicBool>);

impl Interest {
    /// Nobody wants it any more.
    pub fn lose(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether anybody wants it still.
    pub fn is_there(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// One call; see the head of the file.
pub struct Call {
    /// The workbench, as the agent sees it.
    pub workbench: Workbench,
    /// Whose call it is.
    pub me: AgentAddress,
    /// Whether its answer is still wanted.
    pub interest: Interest,
}

impl Call {
    /// Asks the workbench to do something.
    pub fn ask(&self, command: Command) -> Result<Answer, Refusal> {
        self.workbench.ask(command)
    }

    /// Asks for what is to be read.
    pub fn fetch<T: DeserializeOwned>(&self, query: &Query) -> Result<T, Refusal> {
        self.workbench.fetch(query)
    }
}
