//! Qwen Code: Chat Completions; its first start asks how to log in.

use serde_json::json;

use super::{KEY, MODEL, Program};

/// See the head of the file.
pub const QWEN: Program = Program {
    name: "qwen",
    binary: "qwen",
    environment: |place| {
        vec![
            ("OPENAI_API_KEY", KEY.to_owned()),
            ("OPENAI_BASE_URL", place.url("/v1")),
            ("OPENAI_MODEL", MODEL.to_owned()),
        ]
    },
    files: |_| {
        let settings = json!({
            "security": { "auth": { "selectedType": "openai" }, "folderTrust": { "enabled": false } },
            "general": { "enableAutoUpdate": false, "disableAutoUpdate": true },
            "privacy": { "usageStatisticsEnabled": false },
            "model": { "name": MODEL },
        });
        vec![(".qwen/settings.json", settings.to_string())]
    },
    approve: &["Enter"],
    interrupt: &["Escape"],
    multiline: true,
    without: &[],
};
