//! OpenCode: Chat Completions through a provider of its own; asked about the shell because the settings
//! say so.

use serde_json::json;

use super::{KEY, MODEL, Program};

/// See the head of the file.
pub const OPENCODE: Program = Program {
    name: "opencode",
    binary: "opencode",
    environment: |_| vec![("OPENCODE_DISABLE_AUTOUPDATE", "1".to_owned())],
    files: |place| {
        let name = format!("ring/{MODEL}");
        let provider = json!({
            "npm": "@ai-sdk/openai-compatible", "name": "ring",
            "options": { "baseURL": place.url("/v1"), "apiKey": KEY },
            "models": { MODEL: { "name": MODEL } },
        });
        let settings = json!({
            "autoupdate": false, "share": "disabled", "model": name, "small_model": name,
            "provider": { "ring": provider }, "permission": { "bash": "ask" },
        });
        // It wants to install a package of its own at the first start; so it gives up at once.
        let npm = "offline=true\nfetch-retries=0\n".to_owned();
        vec![(".config/opencode/opencode.json", settings.to_string()), (".npmrc", npm)]
    },
    approve: &["Enter"],
    // The first asks whether it is meant.
    interrupt: &["Escape", "Escape"],
    multiline: true,
    without: &[],
};
