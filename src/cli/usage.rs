//! Usage errors of the argument parser, in the words of every other refusal.
//!
//! `error:` says what is wrong, `hint:` is one command that can be pasted; the status is 2.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};

use crate::cli::args::Invocation;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;

/// The refusal for what the parser found wrong in `argv`.
pub fn refusal(error: &clap::Error, argv: &[OsString]) -> Refusal {
    if let Some(refusal) = later_work(error) {
        return refusal;
    }
    let place = place(argv);
    let hint = suggestion(error).unwrap_or_else(|| format!("run `{} --help`", place.name));
    Refusal::new(RefusalKind::Usage, code(error.kind()), message(error, &place)).with_hint(hint)
}

fn message(error: &clap::Error, place: &Place) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return format!("`{}` wants one of: {}", place.name, place.verbs.join(", "));
    }
    let rendered = error.render().to_string();
    let text = rendered.strip_prefix("error: ").unwrap_or(&rendered);
    let first = text.split("\n\n").next().unwrap_or_default();
    let line = first.split_whitespace().collect::<Vec<_>>().join(" ").replace('\'', "`");
    shorten_value(error, line)
}

/// Longest value that is repeated whole, in characters.
const MAX_VALUE: usize = 80;

/// A value that nobody could read is shown by its beginning.
fn shorten_value(error: &clap::Error, line: String) -> String {
    match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if value.chars().count() > MAX_VALUE => {
            line.replace(value, &to_line(value, MAX_VALUE))
        }
        _ => line,
    }
}

fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSubcommand => "unknown_command",
        ErrorKind::UnknownArgument => "unknown_argument",
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "missing_argument",
        ErrorKind::ArgumentConflict => "arguments_conflict",
        _ => "invalid_value",
    }
}

fn suggestion(error: &clap::Error) -> Option<String> {
    let kinds =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let word = kinds.iter().find_map(|kind| match error.get(*kind)? {
        ContextValue::String(word) => Some(word.as_str()).filter(|word| is_shown(word)),
        // The parser sorts the likeliest to the end.
        ContextValue::Strings(words) => {
            words.iter().rev().map(String::as_str).find(|word| is_shown(word))
        }
        _ => None,
    })?;
    Some(format!("did you mean `{word}`?"))
}

/// Whether people may type it: some commands are only for this program itself.
fn is_shown(word: &str) -> bool {
    !Invocation::command()
        .get_subcommands()
        .any(|verb| verb.get_name() == word && verb.is_hide_set())
}

/// Commands whose names are promised and that this version does not have.
const LATER: [&str; 13] = [
    "plan",
    "contract",
    "integrate",
    "rollback",
    "sandbox",
    "review",
    "skill",
    "route",
    "memory",
    "incident",
    "playbook",
    "drill",
    "report",
];

/// A promised name is no slip: it gets a plain word and, where there is one, what does the same now.
fn later_work(error: &clap::Error) -> Option<Refusal> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let word = LATER.into_iter().find(|later| later == word)?;
    let hint = match word {
        "sandbox" => {
            "`agency submit TASK` proves work in a sandbox of its own; see `agency approvals list`"
        }
        _ => "see what there is with `agency --help`",
    };
    let message = format!("this version has no `agency {word}` yet");
    Some(Refusal::new(RefusalKind::Usage, "not_in_this_version", message).with_hint(hint))
}

/// The innermost command that the arguments name.
struct Place {
    name: String,
    verbs: Vec<String>,
}

fn place(argv: &[OsString]) -> Place {
    let tree = Invocation::command();
    let mut command: &Command = &tree;
    let mut name = "agency".to_owned();
    for word in argv.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(child) = command.find_subcommand(word) {
            command = child;
            name.push(' ');
            name.push_str(child.get_name());
        }
    }
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    Place { verbs: verbs.map(|verb| verb.get_name().to_owned()).collect(), name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn refused(argv: &[&str]) -> (String, String, Option<String>) {
        let error = Invocation::try_parse_from(argv).map(|_| ()).expect_err("refused");
        let words: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let refusal = refusal(&error, &words);
        (refusal.code, refusal.message, refusal.hint)
    }

    #[test]
    fn a_usage_error_says_what_is_wrong_and_what_to_run() {
        insta::assert_debug_snapshot!([
            refused(&["agency", "creat", "Code"]),
            refused(&["agency", "create"]),
            refused(&["agency", "create", "../x"]),
            refused(&["agency", "create", "Code", "--layout", "tabs"]),
            refused(&["agency", "task"]),
            refused(&["agency", "status", "--frobnicate"]),
            refused(&["agency", "log", "--since", "yesterday"]),
        ]);
    }
}
