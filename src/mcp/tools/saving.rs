//! Saving: what is not committed in the worktree of an agent's own task, beside its branch.
//!
//! Nothing is brought back here: that is for the operator, who sees what it would replace.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::command::{Answer, Command};
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![tool(
        Sign {
            name: "checkpoint",
            title: "Save what is not committed",
            description: "Saves everything in the worktree of your task that is not committed, untracked files too, as a checkpoint beside \
the branch. Nothing in the worktree changes, and it replaces no commit. Use it before something risky: a rewrite, a merge, \
a reset. The operator can bring it back. Example: {\"note\": \"before the rewrite of the parser\"}.",
            hint: Hint::Adds,
        },
        checkpoint,
    )]
}

/// What `checkpoint` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointArguments {
    /// One line about it, so that it is found again.
    #[serde(default)]
    #[schemars(with = "String")]
    pub note: Option<String>,
}

fn checkpoint(call: &Call, arguments: CheckpointArguments) -> Outcome {
    let answer = call.ask(Command::TakeCheckpoint { task: None, note: arguments.note })?;
    let Answer::Id(id) = answer else {
        let text = "nothing to save: everything is committed\n".to_owned();
        return Ok(Said::new(text, json!({ "checkpoint": null })));
    };
    let text = format!(
        "saved as {id}; to have it brought back, ask the operator: agency branch restore {id}\n"
    );
    Ok(Said::new(text, json!({ "checkpoint": id })))
}
