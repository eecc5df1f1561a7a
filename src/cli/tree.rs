//! Reading a command line: by the one branch of the tree that is meant, or by the whole tree.
//!
//! Building the whole tree takes half a millisecond, a third of what a short command needs at all, and
//! agents give some commands all the time. For those their branch alone is built. What it does not
//! read, help and mistakes included, is read by the whole tree, so that both always say the same.

use std::ffi::OsString;

use clap::{Args as _, Command, CommandFactory as _, FromArgMatches as _};

use crate::cli::args::{Globals, Invocation};
use crate::cli::{ack, hook, inbox, send, status};

/// Reads a command line; `width` is how wide help is shown, in columns.
pub fn read(argv: &[OsString], width: u16) -> Result<Invocation, clap::Error> {
    match read_by_branch(argv) {
        Some(invocation) => Ok(invocation),
        None => read_by_tree(argv, width),
    }
}

fn read_by_tree(argv: &[OsString], width: u16) -> Result<Invocation, clap::Error> {
    let mut tree = Invocation::command().term_width(width.into());
    let matches = tree.try_get_matches_from_mut(argv)?;
    Invocation::from_arg_matches(&matches).map_err(|error| error.format(&mut tree))
}

fn read_by_branch(argv: &[OsString]) -> Option<Invocation> {
    let branch = branch(argv.get(1)?.to_str()?)?;
    let tree = Command::new("agency").disable_help_subcommand(true);
    let mut tree = Globals::augment_args(tree).subcommand(branch);
    let matches = tree.try_get_matches_from_mut(argv).ok()?;
    Invocation::from_arg_matches(&matches).ok()
}

/// The commands that programs give, and a person again and again.
fn branch(word: &str) -> Option<Command> {
    let branch = Command::new(word.to_owned());
    match word {
        "status" => Some(status::StatusArgs::augment_args(branch)),
        "send" => Some(send::SendArgs::augment_args(branch)),
        "inbox" => Some(inbox::InboxArgs::augment_args(branch)),
        "ack" => Some(ack::AckArgs::augment_args(branch)),
        "hook" => Some(hook::HookArgs::augment_args(branch)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_branch_reads_what_the_whole_tree_reads() {
        for line in [
            "agency status",
            "agency status --json --home /x -q",
            "agency send A/b TEXT --from C/d --type question --task 7 --priority high --wait",
            "agency send A/b -- --odd",
            "agency inbox --wait --all --color never",
            "agency ack 0195f000-0000-7000-8000-000000000001 --yes",
            "agency hook --state working --reason R",
        ] {
            let by_branch = read_by_branch(&words(line)).expect(line);
            let by_tree = read_by_tree(&words(line), 80).expect(line);
            assert_eq!(format!("{by_branch:?}"), format!("{by_tree:?}"), "{line}");
        }
    }

    #[test]
    fn mistakes_help_and_all_else_are_left_to_the_whole_tree() {
        for line in [
            "agency",
            "agency --json status",
            "agency status --help",
            "agency status extra",
            "agency send",
            "agency send help",
            "agency sent A/b TEXT",
            "agency hook --state asleep",
            "agency status --quiet --verbose",
        ] {
            assert!(read_by_branch(&words(line)).is_none(), "{line}");
        }
    }
}
