//! The environment of a check: that of this process without what would lead it back to the workbench.
//!
//! A check must not talk to our tmux server, use an agent's credential, or find a repository further
//! up: the tree that it proves has none.

use std::ffi::OsStr;
use std::path::Path;

use crate::adapters::process::Invocation;

/// Beginnings of the names of variables that a check does not see.
const HIDDEN: &[&str] = &["AGENCY_", "TMUX", "GIT_"];

/// Beginnings of the names of variables by which an interpreter runs or finds more than the script that it is
/// given: in a recipe's script that may be something that lies in the tree.
const LOADING: &[&str] =
    &["PYTHON", "PERL5", "PERLLIB", "RUBYLIB", "RUBYOPT", "NODE_OPTIONS", "NODE_PATH", "BASH_ENV"];

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

/// Whether a script of a recipe does not see a variable that other checks do see.
fn is_loading(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    LOADING.iter().any(|start| name.starts_with(start))
}

/// The same for a command of a recipe: only what it names is run.
pub(super) fn of_recipe(program: &OsStr, folder: &Path) -> Invocation {
    let loading = std::env::vars_os().map(|(name, _)| name).filter(|name| is_loading(name));
    loading.fold(invocation(program, folder), Invocation::unset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_back_to_the_workbench_is_hidden() {
        for name in ["AGENCY_TOKEN", "TMUX", "TMUX_PANE", "GIT_DIR", "GIT_INDEX_FILE"] {
            assert!(is_hidden(OsStr::new(name)), "{name}");
        }
        for name in ["PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "BASH_ENV", "NODE_OPTIONS"] {
            assert!(is_loading(OsStr::new(name)) && !is_hidden(OsStr::new(name)), "{name}");
        }
        for name in ["HOME", "PATH", "CARGO_HOME", "LANG"] {
            let name = OsStr::new(name);
            assert!(!is_hidden(name) && !is_loading(name), "{name:?}");
        }
    }
}
