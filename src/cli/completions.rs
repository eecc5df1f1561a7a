//! `agency completions`: a script that teaches a shell the commands; made from the same tree that
//! reads them.

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::Shell;
use serde_json::json;

use crate::cli::args::Invocation;
use crate::cli::desk::{Desk, Ending};

/// What `agency completions` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  agency completions bash > ~/.bash_completion.d/agency\n  \
    agency completions zsh > ~/.zfunc/_agency\n  \
    agency completions fish > ~/.config/fish/completions/agency.fish")]
pub struct CompletionsArgs {
    /// For which shell: bash, zsh or fish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    pub shell: ShellWord,
}

/// The shells that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShellWord {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs, desk: &mut Desk<'_>) -> Ending {
    let script = script(args.shell);
    desk.answer(&json!({ "script": script }), |_, _| script.clone())
}

fn script(shell: ShellWord) -> String {
    let shell = match shell {
        ShellWord::Bash => Shell::Bash,
        ShellWord::Zsh => Shell::Zsh,
        ShellWord::Fish => Shell::Fish,
    };
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Invocation::command(), "agency", &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_learns_the_commands() {
        for shell in ShellWord::value_variants() {
            let script = script(*shell);
            assert!(script.contains("approvals") && script.contains("rollback"), "{shell:?}");
        }
    }
}
