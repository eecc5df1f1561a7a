//! `agency.toml`: the workbench's own settings, read, and written once as a commented start.
//!
//! Every field has a default, so an empty file is valid. Whether a path or a program exists is not
//! looked at here; whoever uses it says so when it does not.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::checks::ChecksConfig;
use crate::domain::name::Name;
use crate::domain::runtime::Runtime;
use crate::domain::workbench::{
    DocumentsConfig, GitConfig, ProjectConfig, TmuxConfig, WorkbenchConfig,
};
use crate::manifest::fields::{Fields, Notes, items_of, text_of};
use crate::manifest::problem::Problems;
use crate::manifest::runtime::own::{self, Described, OwnRuntime};
use crate::manifest::tree::{self, Node, NodeValue};

mod cadence;
mod escalation;
mod handoffs;
mod messages;
mod queue;

/// Largest side of a window that tmux makes (`WINDOW_MAXIMUM`).
const MAX_SIDE: i64 = 10_000;
/// A day: a check that runs longer is a service, not a check.
pub(super) const MAX_TIME_LIMIT_S: i64 = 86_400;

/// A week: work that may lie longer is not to be reminded of at all.
const MAX_REMIND_S: u64 = 604_800;
/// What is larger is held in memory by nobody.
const MAX_FILE_MIB: i64 = 2_048;

/// Reads the settings; `file` is their name for messages.
pub fn parse(file: &str, text: &str) -> Result<WorkbenchConfig, Problems> {
    let root = tree::from_toml(file, text)?;
    let mut notes = Notes::new(file, text);
    let config = Fields::of(&root, "", &mut notes).map(|fields| config(fields, &mut notes));
    notes.finish(config)
}

fn config(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> WorkbenchConfig {
    let config = WorkbenchConfig {
        project: fields.table("project", notes).map(|f| project(f, notes)).unwrap_or_default(),
        tmux: fields.table("tmux", notes).map(|f| tmux(f, notes)).unwrap_or_default(),
        checks: fields.table("checks", notes).map(|f| checks(f, notes)).unwrap_or_default(),
        queue: fields.table("queue", notes).map(|f| queue::read(f, notes)).unwrap_or_default(),
        runtimes: fields
            .table("runtime", notes)
            .map(|f| plain_runtimes(&f, notes))
            .unwrap_or_default(),
        documents: fields
            .table("documents", notes)
            .map(|f| documents(f, notes))
            .unwrap_or_default(),
        git: fields.table("git", notes).map(|f| git(f, notes)).unwrap_or_default(),
        messages: fields
            .table("messages", notes)
            .map(|f| messages::read(f, notes))
            .unwrap_or_default(),
        escalation: fields
            .table("escalation", notes)
            .map(|f| escalation::escalation(f, notes))
            .unwrap_or_default(),
        cadence: fields
            .table("cadence", notes)
            .map(|f| cadence::read(f, notes))
            .unwrap_or_default(),
        handoff: fields
            .table("handoff", notes)
            .map(|f| handoffs::read(f, notes))
            .unwrap_or_default(),
    };
    fields.finish(notes);
    config
}

fn project(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> ProjectConfig {
    let path = fields.text("path", notes).map(|(_, path)| PathBuf::from(path));
    let branch = fields.text("branch", notes).map(|(_, branch)| branch);
    fields.finish(notes);
    ProjectConfig { path, branch }
}

fn tmux(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> TmuxConfig {
    let default = TmuxConfig::default();
    let side = |number: Option<i64>| number.and_then(|number| u16::try_from(number).ok());
    let socket = fields.text("socket", notes).map(|(_, socket)| socket);
    let width = side(fields.number("width", 80..=MAX_SIDE, notes));
    let height = side(fields.number("height", 20..=MAX_SIDE, notes));
    fields.finish(notes);
    TmuxConfig {
        socket,
        width: width.unwrap_or(default.width),
        height: height.unwrap_or(default.height),
    }
}

fn checks(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> ChecksConfig {
    let path = fields.path_of("commands");
    let commands = fields.node("commands").map(|node| commands(node, &path, notes));
    let time_limit = fields.number("time_limit", 1..=MAX_TIME_LIMIT_S, notes);
    let junit = fields.texts("junit", notes);
    fields.finish(notes);
    ChecksConfig {
        commands: commands.unwrap_or_default(),
        time_limit_s: time_limit
            .and_then(|seconds| u64::try_from(seconds).ok())
            .unwrap_or(ChecksConfig::default().time_limit_s),
        junit: junit.into_iter().map(|(_, path)| PathBuf::from(path)).collect(),
    }
}

/// A list of commands, or one command as a plain list of texts.
pub(super) fn commands(node: &Node, path: &str, notes: &mut Notes<'_>) -> Vec<Vec<String>> {
    if let NodeValue::Text(line) = &node.value {
        let message = format!(
            "expected programs with their arguments; no shell is in between, so write `[[\"sh\", \"-c\", {line:?}]]`"
        );
        notes.add(Some(node.at), path, message);
        return Vec::new();
    }
    let items = items_of(node, path, notes);
    if items.iter().any(|(_, item)| matches!(item.value, NodeValue::Text(_))) {
        return vec![argv(node, path, notes)];
    }
    items.into_iter().map(|(path, item)| argv(item, &path, notes)).collect()
}

/// A program with its arguments: at least the program. Arguments may be empty, the program not.
pub(super) fn argv(node: &Node, path: &str, notes: &mut Notes<'_>) -> Vec<String> {
    let items = items_of(node, path, notes);
    if items.is_empty() && matches!(node.value, NodeValue::List(_)) {
        notes.add(Some(node.at), path, "is empty; write the program, then its arguments");
    }
    let word = |(number, (path, item)): (usize, (String, &Node))| match &item.value {
        NodeValue::Text(text) if number > 0 && text.is_empty() => Some(String::new()),
        _ => text_of(item, &path, notes).map(str::to_owned),
    };
    items.into_iter().enumerate().filter_map(word).collect()
}

fn documents(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> DocumentsConfig {
    let folder = fields.text("folder", notes).map(|(_, folder)| PathBuf::from(folder));
    fields.finish(notes);
    DocumentsConfig { folder }
}

fn git(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> GitConfig {
    let default = GitConfig::default();
    let remind_after_s = match fields.text("remind_after", notes) {
        None => default.remind_after_s,
        Some((_, text)) if text == "off" => None,
        Some((at, text)) => seconds_of(&text).or_else(|| {
            let message = format!("`{text}` is not a time; write `30m`, `2h`, `90s` or `off`");
            notes.add(Some(at), &fields.path_of("remind_after"), message);
            None
        }),
    };
    let checkpoints = fields.flag("checkpoints", notes).unwrap_or(default.checkpoints);
    let largest = fields.number("largest_file_mib", 1..=MAX_FILE_MIB, notes);
    fields.finish(notes);
    GitConfig {
        remind_after_s,
        checkpoints,
        largest_file_mib: largest
            .and_then(|mib| u64::try_from(mib).ok())
            .unwrap_or(default.largest_file_mib),
    }
}

/// A time as people write it, in seconds: more than none, at most a week.
fn seconds_of(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(split)?;
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit_s)?;
    (1..=MAX_REMIND_S).contains(&seconds).then_some(seconds)
}

/// Reads the runtimes of the settings; `described` is what `like` can name, none to only read them.
pub fn parse_runtimes(
    file: &str,
    text: &str,
    described: Option<&Described>,
) -> Result<BTreeMap<Name, OwnRuntime>, Problems> {
    let root = tree::from_toml(file, text)?;
    let mut notes = Notes::new(file, text);
    let own = Fields::of(&root, "", &mut notes).map(|mut fields| {
        let table = fields.table("runtime", &mut notes);
        table.map(|fields| runtimes(&fields, described, &mut notes)).unwrap_or_default()
    });
    notes.finish(own)
}

fn runtimes(
    fields: &Fields<'_>,
    described: Option<&Described>,
    notes: &mut Notes<'_>,
) -> BTreeMap<Name, OwnRuntime> {
    let mut runtimes = BTreeMap::new();
    for entry in fields.entries() {
        let path = fields.path_of(&entry.key);
        if Runtime::BUILT_IN.contains(&entry.key.as_str()) {
            let message = format!("`{}` is built in; choose another name", entry.key);
            notes.add(Some(entry.at), &path, message);
        }
        let own = Fields::of(&entry.node, &path, notes).map(|f| own::read(f, described, notes));
        match Name::parse(&entry.key) {
            Ok(name) => runtimes.extend(own.map(|own| (name, own))),
            Err(error) => notes.add(Some(entry.at), &path, error.to_string()),
        }
    }
    runtimes
}

/// The runtimes of which everything stands in the settings; the others are the catalogue's to add.
fn plain_runtimes(fields: &Fields<'_>, notes: &mut Notes<'_>) -> BTreeMap<Name, Runtime> {
    let plain = |(name, own)| match own {
        OwnRuntime::Plain { runtime, .. } => Some((name, *runtime)),
        OwnRuntime::Like { .. } => None,
    };
    runtimes(fields, None, notes).into_iter().filter_map(plain).collect()
}

/// A first `agency.toml` that says what can be set; `project` and `socket` are filled in if given.
pub fn render_default(project: Option<&str>, socket: Option<&str>) -> String {
    let line = |key: &str, value: Option<&str>, example: &str| match value {
        Some(value) => format!("{key} = {}", toml::Value::from(value)),
        None => format!("# {key} = \"{example}\""),
    };
    START
        .replace("{path}", &line("path", project, "../my-project"))
        .replace("{socket}", &line("socket", socket, "agency"))
}

/// The start, with two holes.
const START: &str = include_str!("workbench/start.toml");

#[cfg(test)]
mod tests;
