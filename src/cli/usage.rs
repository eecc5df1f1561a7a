//! Usage errors of the argument parser, in the words of every other refusal.
//!
//! `error:` says what is wrong, `hint:` is one command that can be pasted; the status is 2.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};

use crate::cli::args::Invocation;
use crate::domain::refusal::{Refusal, RefusalKind};

/// The refusal for what the parser found wrong in `argv`.
pub fn refusal(error: &clap::Error, argv: &[OsString]) -> Refusal {
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
    first.split_whitespace().collect::<Vec<_>>().join(" ").replace('\'', "`")
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
    kinds.iter().find_map(|kind| match error.get(*kind)? {
        ContextValue::String(word) => Some(format!("did you mean `{word}`?")),
        // The parser sorts the likeliest to the end.
        ContextValue::Strings(words) => words.last().map(|word| format!("did you mean `{word}`?")),
        _ => None,
    })
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
