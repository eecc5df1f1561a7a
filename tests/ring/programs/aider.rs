//! Aider: Chat Completions; it has no tools, but offers to run what the model writes as a shell block.
//! Its table of models comes from the network, or from its cache of the last day.

use serde_json::json;

use super::{KEY, Program};

/// A model that it knows to write edits and shell blocks; to one that it does not know it shows no shell.
const MODEL: &str = "openai/gpt-4o";

/// See the head of the file.
pub const AIDER: Program = Program {
    name: "aider",
    binary: "aider",
    environment: |place| {
        vec![
            ("OPENAI_API_BASE", place.url("/v1")),
            ("OPENAI_API_KEY", KEY.to_owned()),
            ("LITELLM_LOCAL_MODEL_COST_MAP", "True".to_owned()),
            ("AIDER_MODEL", MODEL.to_owned()),
            ("AIDER_ANALYTICS", "false".to_owned()),
            ("AIDER_CHECK_UPDATE", "false".to_owned()),
            ("AIDER_SHOW_MODEL_WARNINGS", "false".to_owned()),
            ("AIDER_SHOW_RELEASE_NOTES", "false".to_owned()),
            ("AIDER_GITIGNORE", "false".to_owned()),
        ]
    },
    files: |_| {
        let prices = ".aider/caches/model_prices_and_context_window.json";
        vec![(prices, json!({ MODEL: {} }).to_string())]
    },
    approve: &["y", "Enter"],
    interrupt: &["C-c"],
    multiline: true,
    without: &[("tools", "it has no servers for tools")],
};
