//! Reads one step: a table with exactly one verb and the fields of that verb.
//!
//! Every field is looked at even when an earlier one was wrong, so that all problems come at once.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::LONGEST_MS;
use super::fields::{Fields, Reading};
use super::step::{Expect, Misbehaviour, NewTask, Step, TaskRef};
use crate::domain::message::MessageType;
use crate::domain::name::{Address, Name};

/// Each verb with the other fields that it takes.
const VERBS: &[(&str, &[&str])] = &[
    ("say", &[]),
    ("start", &[]),
    ("write", &["text", "executable"]),
    ("replace", &["old", "new"]),
    ("run", &["expect", "limit_ms"]),
    ("commit", &[]),
    ("progress", &["note"]),
    ("block", &["reason"]),
    ("complete", &["summary"]),
    ("add_task", &["as"]),
    ("assign", &["to"]),
    ("send", &["type", "body"]),
    ("reply", &["type"]),
    ("accept", &["as"]),
    ("ask", &["to", "wait"]),
    ("submit", &["rationale", "rollback"]),
    ("wait_ms", &[]),
    ("misbehave", &["lasting_ms"]),
];

/// Two minutes: a project's tests in a rehearsal are small.
const RUN_LIMIT_MS: u32 = 120_000;
/// Three seconds: long enough to be seen, short enough to wait for.
const LIMITED_MS: u32 = 3_000;

/// Reads one step.
pub(super) fn read(
    reading: &mut Reading<'_>,
    path: &str,
    value: &Spanned<DeValue<'_>>,
) -> Option<Step> {
    let Some(table) = value.get_ref().as_table() else {
        reading.report(Some(value.span()), path, "must be a table such as { say = \"…\" }".into());
        return None;
    };
    let mut found = VERBS.iter().filter(|(verb, _)| table.contains_key(*verb));
    let (Some((verb, others)), None) = (found.next(), found.next()) else {
        let verbs = VERBS.iter().map(|(verb, _)| *verb).collect::<Vec<_>>().join("`, `");
        let message = format!("must have exactly one of `{verbs}`");
        reading.report(Some(value.span()), path, message);
        return None;
    };
    let accepted: Vec<&str> = std::iter::once(*verb).chain(others.iter().copied()).collect();
    let fields = Fields::open(reading, path, value, &accepted)?;
    match *verb {
        "write" | "replace" | "run" | "commit" => work(reading, &fields, verb),
        "add_task" => add_task(reading, &fields),
        "send" | "reply" | "ask" | "accept" => talk(reading, &fields, verb),
        "say" | "wait_ms" | "misbehave" => show(reading, &fields, verb),
        _ => on_task(reading, &fields, verb),
    }
}

fn work(reading: &mut Reading<'_>, fields: &Fields<'_, '_>, verb: &str) -> Option<Step> {
    match verb {
        "write" => {
            let executable = fields.is_set(reading, "executable").unwrap_or(false);
            let text = fields.value("text").map(|_| fields.text(reading, "text"));
            if text.is_none() {
                fields.report(reading, "text", "is missing, the file's content is needed".into());
            }
            Some(Step::Write { path: inner_path(reading, fields, verb)?, text: text??, executable })
        }
        "replace" => {
            let (old, new) = (fields.require_text(reading, "old"), fields.text(reading, "new"));
            let path = inner_path(reading, fields, verb)?;
            Some(Step::Replace { path, old: old?, new: new.unwrap_or_default() })
        }
        "commit" => fields.require_text(reading, verb).map(Step::Commit),
        _ => {
            let argv = fields.texts(reading, verb);
            if argv.is_empty() {
                fields.report(reading, verb, "must name a program".into());
            }
            let limit = fields.number(reading, "limit_ms", 1..=LONGEST_MS).unwrap_or(RUN_LIMIT_MS);
            let choices = [("pass", Expect::Pass), ("fail", Expect::Fail), ("any", Expect::Any)];
            let expect = choice(reading, fields, "expect", &choices).unwrap_or(Expect::Pass);
            Some(Step::Run { argv, expect, limit: Duration::from_millis(u64::from(limit)) })
        }
    }
}

fn on_task(reading: &mut Reading<'_>, fields: &Fields<'_, '_>, verb: &str) -> Option<Step> {
    if verb == "progress" {
        let note = fields.text(reading, "note");
        return Some(Step::Progress { percent: fields.number(reading, verb, 0..=100)?, note });
    }
    let task = fields.require_text(reading, verb);
    let task = task.and_then(|text| task_ref(reading, fields, verb, &text));
    match verb {
        "start" => Some(Step::Start(task?)),
        "block" => {
            let reason = fields.require_text(reading, "reason");
            Some(Step::Block { task: task?, reason: reason? })
        }
        "complete" => {
            let summary = fields.text(reading, "summary");
            Some(Step::Complete { task: task?, summary })
        }
        "assign" => {
            let to = address(reading, fields, "to")?;
            let Address::Agent(to) = to else {
                fields.report(reading, "to", "must be one agent, `Agency/agent`".into());
                return None;
            };
            Some(Step::Assign { task: task?, to })
        }
        _ => {
            let rationale = fields.text(reading, "rationale");
            let rollback = fields.text(reading, "rollback");
            Some(Step::Submit { task: task?, rationale, rollback })
        }
    }
}

fn talk(reading: &mut Reading<'_>, fields: &Fields<'_, '_>, verb: &str) -> Option<Step> {
    match verb {
        "send" => {
            let kind = fields.require_text(reading, "type");
            let kind = kind.and_then(|word| message_type(reading, fields, &word));
            if fields.value("body").is_none() {
                fields.report(reading, "body", "is missing, a text or a table is needed".into());
            }
            let body = fields.body(reading, "body");
            Some(Step::Send { to: address(reading, fields, verb)?, kind: kind?, body: body? })
        }
        "reply" => {
            let kind = fields.text(reading, "type");
            let kind = kind.map(|word| message_type(reading, fields, &word));
            Some(Step::Reply { body: fields.body(reading, verb)?, kind: kind.flatten() })
        }
        "accept" => {
            let name = fields.require_text(reading, "as");
            Some(Step::Accept { note: fields.require_text(reading, verb)?, name: name? })
        }
        _ => {
            let to = fields.value("to").map(|_| address(reading, fields, "to"));
            let waits = fields.is_set(reading, "wait").unwrap_or(false);
            let question = fields.require_text(reading, verb)?;
            Some(Step::Ask { question, to: to.flatten(), waits })
        }
    }
}

fn message_type(
    reading: &mut Reading<'_>,
    fields: &Fields<'_, '_>,
    word: &str,
) -> Option<MessageType> {
    MessageType::parse(word).map_err(|error| fields.report(reading, "type", error.to_string())).ok()
}

fn show(reading: &mut Reading<'_>, fields: &Fields<'_, '_>, verb: &str) -> Option<Step> {
    match verb {
        "say" => fields.text(reading, verb).map(Step::Say),
        "wait_ms" => {
            let pause = fields.number(reading, verb, 0..=LONGEST_MS)?;
            Some(Step::Wait(Duration::from_millis(u64::from(pause))))
        }
        _ => {
            let choices = [
                ("crash", Misbehaviour::Crash),
                ("exit", Misbehaviour::Exit),
                ("hang", Misbehaviour::Hang),
                ("silent", Misbehaviour::Silent),
                ("permission", Misbehaviour::Permission),
                ("limit", Misbehaviour::Limit),
            ];
            let lasting = fields.number(reading, "lasting_ms", 0..=LONGEST_MS);
            let lasting = Duration::from_millis(u64::from(lasting.unwrap_or(LIMITED_MS)));
            Some(Step::Misbehave { how: choice(reading, fields, verb, &choices)?, lasting })
        }
    }
}

fn add_task(reading: &mut Reading<'_>, fields: &Fields<'_, '_>) -> Option<Step> {
    let name = fields.require_text(reading, "as");
    let accepted = ["title", "feature", "scope", "done", "rollback", "tests", "paths", "after"];
    let inner =
        Fields::open(reading, &fields.at("add_task"), fields.value("add_task")?, &accepted)?;
    let title = inner.require_text(reading, "title");
    let scope = inner.require_text(reading, "scope");
    let rollback = inner.require_text(reading, "rollback");
    let feature = inner.require_text(reading, "feature").and_then(|text| {
        Name::parse(&text).map_err(|error| inner.report(reading, "feature", error.to_string())).ok()
    });
    let done = inner.texts(reading, "done");
    if done.is_empty() {
        inner.report(reading, "done", "must name at least one thing".into());
    }
    let after: Vec<_> = inner
        .texts(reading, "after")
        .iter()
        .map(|text| task_ref(reading, &inner, "after", text))
        .collect();
    let task = NewTask {
        tests: inner.text(reading, "tests"),
        paths: inner.texts(reading, "paths"),
        after: after.into_iter().flatten().collect(),
        title: title?,
        feature: feature?,
        scope: scope?,
        rollback: rollback?,
        done,
    };
    Some(Step::AddTask { task: Box::new(task), name: name? })
}

fn task_ref(
    reading: &mut Reading<'_>,
    fields: &Fields<'_, '_>,
    key: &str,
    text: &str,
) -> Option<TaskRef> {
    let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match name {
        Some("task") => Some(TaskRef::OfMessage),
        Some(name) if reading.names().contains(name) => Some(TaskRef::Named(name.to_owned())),
        Some(_) | None => {
            let known: String =
                reading.names().iter().map(|name| format!(", `{{{name}}}`")).collect();
            let message =
                format!("`{text}` is no task of this script; accepted are `{{task}}`{known}");
            fields.report(reading, key, message);
            None
        }
    }
}

fn address(reading: &mut Reading<'_>, fields: &Fields<'_, '_>, key: &str) -> Option<Address> {
    let text = fields.require_text(reading, key)?;
    Address::parse(&text).map_err(|error| fields.report(reading, key, error.to_string())).ok()
}

fn choice<T: Copy>(
    reading: &mut Reading<'_>,
    fields: &Fields<'_, '_>,
    key: &str,
    choices: &[(&str, T)],
) -> Option<T> {
    let word = fields.text(reading, key)?;
    let chosen = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    if chosen.is_none() {
        let names = choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("`, `");
        fields.report(reading, key, format!("`{word}` is not accepted, use one of `{names}`"));
    }
    chosen
}

/// A path that stays in the worktree as far as its text tells; links are looked at when it is used.
fn inner_path(reading: &mut Reading<'_>, fields: &Fields<'_, '_>, key: &str) -> Option<String> {
    let text = fields.require_text(reading, key)?;
    let parts = text.split('/');
    let leaves = text.starts_with('/')
        || parts.clone().any(|part| matches!(part, "" | "." | ".."))
        || parts.clone().any(|part| part.eq_ignore_ascii_case(".git"));
    if leaves {
        let message =
            format!("`{text}` must be a path inside the worktree, without `..` or `.git`");
        fields.report(reading, key, message);
        return None;
    }
    Some(text)
}
