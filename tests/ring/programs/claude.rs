//! Claude Code: Anthropic Messages; its first start asks for a theme, a key and trust in the folder.

use serde_json::json;

use super::{KEY, Program};
use crate::place::text;

/// See the head of the file.
pub const CLAUDE: Program = Program {
    name: "claude",
    binary: "claude",
    environment: |place| {
        vec![
            ("ANTHROPIC_BASE_URL", place.url("")),
            ("ANTHROPIC_API_KEY", KEY.to_owned()),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
        ]
    },
    files: |place| {
        let known =
            json!({ "hasTrustDialogAccepted": true, "hasCompletedProjectOnboarding": true });
        let state = json!({
            "hasCompletedOnboarding": true, "theme": "dark", "numStartups": 5, "autoUpdates": false,
            "customApiKeyResponses": { "approved": [KEY], "rejected": [] },
            "fullscreenUpsellSeenCount": 9,
            "projects": { text(&place.folder()): known, text(&place.project()): known },
        });
        vec![(".claude.json", state.to_string())]
    },
    approve: &["Enter"],
    interrupt: &["Escape"],
    multiline: true,
    without: &[],
};
