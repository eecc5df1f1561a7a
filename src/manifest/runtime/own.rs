//! `[runtime.NAME]` of `agency.toml`: a program of the user's own.
//!
//! Either its command and input line, which is all that is then known of it, or `like = "NAME"`: all that is
//! known of a described program, started with another command, more arguments or more variables.

use std::collections::BTreeMap;

use super::{environment, input, words};
use crate::domain::runtime::Runtime;
use crate::domain::runtime::description::Description;
use crate::manifest::fields::{Fields, Notes, choices};

/// What `like` can name: descriptions by name, none where the description has problems of its own.
pub type Described = BTreeMap<String, Option<Description>>;

/// A program of the user's own.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnRuntime {
    /// Its command and its input line; nothing of it is filled in.
    Plain {
        /// What decisions need.
        runtime: Box<Runtime>,
        /// Variables of its pane.
        environment: BTreeMap<String, String>,
    },
    /// Like a described program.
    Like {
        /// That program's name.
        like: String,
        /// All that is known; none where the other's description has problems of its own.
        description: Option<Box<Description>>,
    },
}

/// Reads one. With `described`, a name under `like` must be in it; without, it is only read.
pub fn read(
    mut fields: Fields<'_>,
    described: Option<&Described>,
    notes: &mut Notes<'_>,
) -> OwnRuntime {
    let own = match fields.text("like", notes) {
        Some((at, like)) => similar(&mut fields, (at, like), described, notes),
        None => plain(&mut fields, notes),
    };
    fields.finish(notes);
    own
}

fn plain(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> OwnRuntime {
    let command = command(fields, notes).unwrap_or_else(|| {
        let message = "is missing; write the program with its arguments, say `[\"claude\"]`";
        notes.add(Some(fields.at()), &fields.path_of("command"), message);
        Vec::new()
    });
    let input_line = fields.table("input_line", notes).and_then(|f| input::read(f, notes));
    let reports_state = fields.flag("reports_state", notes).unwrap_or(false);
    let interrupts = fields.flag("interrupts", notes).unwrap_or(false);
    let runtime = Runtime { command, input_line, reports_state, interrupts, ..Runtime::default() };
    let runtime = Box::new(runtime);
    OwnRuntime::Plain { runtime, environment: environment(fields, notes) }
}

fn command(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> Option<Vec<String>> {
    let path = fields.path_of("command");
    fields.node("command").map(|node| crate::manifest::workbench::argv(node, &path, notes))
}

fn similar(
    fields: &mut Fields<'_>,
    (at, like): (usize, String),
    described: Option<&Described>,
    notes: &mut Notes<'_>,
) -> OwnRuntime {
    let path = fields.path_of("like");
    let command = command(fields, notes);
    let arguments = words(fields, "arguments", notes);
    let variables = environment(fields, notes);
    let input_line = fields.table("input_line", notes).and_then(|f| input::read(f, notes));
    let found = described.map(|described| described.get(&like));
    if let (Some(None), Some(described)) = (&found, described) {
        let names: Vec<&str> = described.keys().map(String::as_str).collect();
        let message = format!("no runtime is named `{like}`; {}", choices(&like, &names));
        notes.add(Some(at), &path, message);
    }
    let description = found.flatten().cloned().flatten().map(|mut description| {
        description.command = command.unwrap_or(description.command);
        // In front of what a start or a resume adds: behind it there may be a text for the program.
        description.command.extend(arguments);
        description.environment.extend(variables);
        description.input_line = input_line.or(description.input_line);
        Box::new(description)
    });
    OwnRuntime::Like { like, description }
}
