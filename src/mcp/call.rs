//! One call of a tool: who makes it, on which workbench, and whether anybody still wants its answer.
//!
//! A call runs on a thread of its own and may block. What it may do is for the workbench to say: it asks
//! with the agent's own credential and has no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::domain::command::{Answer, Command};
use crate::domain::name::AgentAddress;
use crate::domain::refusal::Refusal;
use crate::service::query::Query;
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::Workbench;

/// Whether somebody still wants the answer.
#[derive(Debug, Clone, Default)]
pub struct Interest(Arc<AtomicBool>);

impl Interest {
    /// Nobody wants it any more.
    pub fn lose(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_lost(&self) -> bool {
        self.0.load(Ordering::Relaxed)
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

    /// Looks now and after every change until something is found; none when the time is over or nobody
    /// wants it any more.
    pub fn wait<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut() -> Result<Option<T>, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        let seen = wait_until(&self.workbench, Some(limit), || {
            if self.interest.is_lost() {
                return Ok(Some(None));
            }
            match look() {
                Ok(found) => Ok(found.map(Some)),
                Err(refusal) if has_gone_away(&refusal) => Ok(None),
                Err(refusal) => Err(refusal),
            }
        })?;
        Ok(match seen {
            Waited::Seen(found) => found,
            Waited::TimedOut => None,
        })
    }
}

/// A supervisor that ends while it is asked is no answer: the next look finds the next one, or the ledger.
fn has_gone_away(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), "supervisor_ended" | "unheard" | "link")
}
