//! Entering a pane: an agent's program with everything that it is started with.
//!
//! Asked of the supervisor, or of the ledger when none runs. The port and the password of a life are found
//! here, in the pane itself, and written into the life's folder and nowhere else.

use std::net::{Ipv4Addr, TcpListener};

use sha2::{Digest as _, Sha256};

use crate::domain::hex;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::launching::{LaunchView, Order, Secrets};
use crate::service::programs::Programs;
use crate::service::query::Query;
use crate::service::workbench::{Identity, Workbench, read_as};

impl Workbench {
    /// What this pane's agent is started with; its files are there when this returns.
    pub fn launch(&self) -> Result<LaunchView, Refusal> {
        let Identity::Agent { address, spawn, token } = &self.identity else {
            return Err(Refusal::new(
                RefusalKind::NotAllowed,
                "not_an_agent",
                "an agent's program is started in its own pane, and this is none",
            )
            .with_hint("start an agency with `agency start NAME`"));
        };
        let order = self.order(&Query::Launch { agent: address.clone() })?;
        if order.spawn != *spawn {
            let message = format!("`{address}` has begun another life than the one of this pane");
            return Err(Refusal::new(RefusalKind::Conflict, "ended_life", message)
                .with_hint("close this pane"));
        }
        let secrets = Secrets {
            port: order.wants("port").then(free_port).transpose()?,
            password: order.wants("password").then(|| password(token)),
        };
        let view = order.fill(&secrets);
        self.outside.lives.prepare(address, *spawn, &view.files).map_err(|error| {
            Refusal::new(RefusalKind::Failed, "files", error.to_string())
                .with_hint("make the workbench's registry/ writable")
        })?;
        Ok(view)
    }

    /// A supervisor that ends in the middle of the answer keeps no agent from starting.
    fn order(&self, query: &Query) -> Result<Order, Refusal> {
        let answer = match self.query(query) {
            Err(refusal) if ["link", "supervisor_ended"].contains(&refusal.code.as_str()) => {
                self.read_ledger(query.clone())
            }
            other => other,
        };
        read_as(answer?)
    }

    /// Reads the catalogue of runtimes where no supervisor has done so.
    pub(super) fn load_programs(&self) -> Result<(), Refusal> {
        self.outside.programs.put(Programs::load(self.outside.folder.as_ref())?);
        Ok(())
    }
}

/// A port that nobody listens on. Between this and the program's own start somebody could take it; then the
/// program says so and ends, and the next start finds another one.
fn free_port() -> Result<u16, Refusal> {
    let found = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    found.map(|address| address.port()).map_err(|error| {
        Refusal::new(RefusalKind::Failed, "no_port", format!("no port is free: {error}"))
    })
}

/// Follows from the life's own token, which nobody else can make.
fn password(token: &str) -> String {
    hex::encode(&Sha256::digest(format!("password {token}")))
}
