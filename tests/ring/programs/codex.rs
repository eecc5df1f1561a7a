//! Codex: OpenAI Responses; the model is a provider of its own in its settings, the folder is trusted.

use super::{KEY, MODEL, Program};
use crate::place::text;

/// See the head of the file.
pub const CODEX: Program = Program {
    name: "codex",
    binary: "codex",
    environment: |_| vec![("RING_KEY", KEY.to_owned())],
    files: |place| {
        let trusted = |path| format!("[projects.\"{path}\"]\ntrust_level = \"trusted\"\n");
        let settings = format!(
            "model = \"{MODEL}\"\nmodel_provider = \"ring\"\ncheck_for_update_on_startup = false\n\n\
             [model_providers.ring]\nname = \"ring\"\nbase_url = \"{}\"\n\
             wire_api = \"responses\"\nenv_key = \"RING_KEY\"\n\n{}{}",
            place.url("/v1"),
            trusted(text(&place.folder())),
            trusted(text(&place.project())),
        );
        vec![(".codex/config.toml", settings)]
    },
    approve: &["Enter"],
    interrupt: &["Escape"],
    multiline: true,
    without: &[],
};
