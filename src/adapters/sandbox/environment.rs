//! The environment of a check: that of this process without what would lead it back to the workbench.
//!
//! A check must not talk to our tmux server, use an agent's credential, or find a repository further
//! up: the tree that it proves has none.

use std::ffi::OsStr;
use std::path::Path;

use crate::adapters::process::Invocation;

/// Beginnings of the names of variables that a check does not see.
const HIDDEN: &[&str] = &["AGENCY_", "TMUX", "GIT_"];

/// Whether a check does not see a variable.
fn is_hidden(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name == "OLDPWD" || HIDDEN.iter().any(|start| name.starts_with(start))
}

/// A program in a tree, with the environment of a check.
pub(super) fn invocation(program: &OsStr, folder: &Path) -> Invocation {
    // Only names are read here, to take them away; no setting of ours comes from the environment.
    let hidden = std::env::vars_os().map(|(name, _)| name).filter(|name| is_hidden(name));
    let ceiling = folder.parent().unwrap_or(folder);
    hidden
        .fold(Invocation::new(program, folder), Invocation::unset)
        .env("CI", "true")
        .env("NO_COLOR", "1")
        .env("PWD", folder)
        .env("GIT_CEILING_DIRECTORIES", ceiling)
        .env("GIT_TERMINAL_PROMPT", "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_back_to_the_workbench_is_hidden() {
        for name in ["AGENCY_TOKEN", "TMUX", "TMUX_PANE", "GIT_DIR", "GIT_INDEX_FILE"] {
            assert!(is_hidden(OsStr::new(name)), "{name}");
        }
        for name in ["HOME", "PATH", "CARGO_HOME", "LANG"] {
            assert!(!is_hidden(OsStr::new(name)), "{name}");
        }
    }
}
