//! Gemini CLI: generateContent; its first start asks how to log in and whether the folder is trusted.

use serde_json::json;

use super::{KEY, Program};

/// See the head of the file.
pub const GEMINI: Program = Program {
    name: "gemini",
    binary: "gemini",
    environment: |place| {
        vec![
            ("GEMINI_API_KEY", KEY.to_owned()),
            ("GOOGLE_GEMINI_BASE_URL", place.url("")),
            ("GEMINI_CLI_TRUST_WORKSPACE", "true".to_owned()),
        ]
    },
    files: |_| {
        let settings = json!({
            "security": { "auth": { "selectedType": "gemini-api-key" }, "folderTrust": { "enabled": false } },
            "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false },
            "privacy": { "usageStatisticsEnabled": false },
            // A plain name: any other is asked about by a second model.
            "model": { "name": "gemini-2.5-flash" },
        });
        vec![(".gemini/settings.json", settings.to_string())]
    },
    approve: &["Enter"],
    interrupt: &["Escape"],
    multiline: true,
    without: &[],
};
