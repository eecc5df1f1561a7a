//! The tools, one file per noun; each gives its own part of the whole by one line in [`all`].
//!
//! A tool holds no rule: it makes a command or a query of its arguments, and words of the answer.

pub mod asking;
pub mod handoffs;
pub mod locks;
pub mod messages;
pub mod planning;
pub mod requests;
pub mod saving;
pub mod submit;
pub mod tasks;
pub mod who;
pub mod work;

use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};

use crate::mcp::server::Server;

/// The tools of one noun.
pub type Tools = Vec<ToolRoute<Server>>;

/// All of them. A noun that comes later is a file and a line here.
pub fn all() -> ToolRouter<Server> {
    [
        messages::tools(),
        asking::tools(),
        tasks::tools(),
        work::tools(),
        saving::tools(),
        submit::tools(),
        who::tools(),
        planning::tools(),
        handoffs::tools(),
        locks::tools(),
        requests::tools(),
    ]
    .into_iter()
    .flatten()
    .fold(ToolRouter::new(), |router, route| router.with_route(route))
}
