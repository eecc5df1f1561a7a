//! Copilot CLI: Chat Completions of a provider of one's own, offline; the folder is trusted in its settings.

use serde_json::json;

use super::{MODEL, Program};
use crate::place::text;

/// See the head of the file.
pub const COPILOT: Program = Program {
    name: "copilot",
    binary: "copilot",
    environment: |place| {
        vec![
            ("COPILOT_OFFLINE", "true".to_owned()),
            ("COPILOT_PROVIDER_BASE_URL", place.url("/v1")),
            ("COPILOT_MODEL", MODEL.to_owned()),
        ]
    },
    files: |place| {
        let folders = [text(&place.folder()), text(&place.project()), text(&place.home())];
        // Versions differ in how the key is spelt.
        let settings =
            json!({ "trusted_folders": folders, "trustedFolders": folders, "banner": "never" });
        vec![(".copilot/config.json", settings.to_string())]
    },
    approve: &["Enter"],
    // Once asks whether it is meant.
    interrupt: &["Escape", "Escape"],
    multiline: true,
    without: &[],
};
