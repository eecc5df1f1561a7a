//! `agency schema`: the JSON Schemas of messages, for whoever writes programs that send some.
//!
//! They are made from the types that the program itself reads, so they cannot lie; needs no workbench.

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::domain::nearest::nearest;
use crate::domain::protocol::document::{self, TypeInfo};
use crate::domain::refusal::{Refusal, RefusalKind};

/// What `agency schema` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "A message may carry `\"version\": 1`. What was written for an older version is taken; a newer first \
    number is refused. Other words pass as types too, with any body.\n\n\
    Examples:\n  agency schema                  every type, with what it needs\n  \
    agency schema message          the envelope\n  \
    agency schema message handoff  a whole message, as an envelope and flat\n  \
    agency schema message blocker > blocker.schema.json"
)]
pub struct SchemaArgs {
    /// Of what; alone: list the types
    #[command(subcommand)]
    pub subject: Option<SchemaSubject>,
}

/// What has a schema.
#[derive(Debug, Subcommand)]
pub enum SchemaSubject {
    /// A message: the envelope, or the whole message of one type
    #[command(after_help = "Examples:\n  agency schema message\n  agency schema message handoff")]
    Message {
        /// The type
        #[arg(value_name = "TYPE", value_parser = Words, hide_possible_values = true)]
        kind: Option<String>,
    },
}

/// Any word is read, so that an unknown one is answered with the nearest; completions know them all.
#[derive(Debug, Clone, Copy)]
struct Words;

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |info: TypeInfo| PossibleValue::new(info.name).help(info.about);
        Some(Box::new(document::types().into_iter().map(value)))
    }
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(rename = "type")]
    name: &'static str,
    schema: String,
    body: &'static str,
    required: Vec<String>,
    description: String,
}

/// Lists the types or prints a schema.
pub fn run(args: &SchemaArgs, desk: &mut Desk<'_>) -> Ending {
    match &args.subject {
        None => desk.answer(rows().as_slice(), list),
        Some(SchemaSubject::Message { kind: None }) => desk.answer(&document::envelope(), whole),
        Some(SchemaSubject::Message { kind: Some(kind) }) => {
            let schema = document::message(kind).ok_or_else(|| unknown(kind))?;
            desk.answer(&schema, whole)
        }
    }
}

fn rows() -> Vec<Row> {
    let row = |info: TypeInfo| Row {
        name: info.name,
        schema: info.schema,
        body: info.body,
        required: info.required,
        description: info.about,
    };
    document::types().into_iter().map(row).collect()
}

fn unknown(kind: &str) -> Refusal {
    let names: Vec<&str> = document::types().iter().map(|info| info.name).collect();
    let message = format!("there is no schema of the message type `{kind}`");
    let hint = match nearest(kind, &names) {
        Some(near) => format!("try: agency schema message {near}"),
        None => "any word is a type; see those that have a schema: agency schema".to_owned(),
    };
    Refusal::new(RefusalKind::NotFound, "schema_not_found", message).with_hint(hint)
}

fn list(rows: &[Row], scene: &Scene) -> String {
    let mut table = Table::new(&["TYPE", "BODY", "NEEDS", "WHAT"]);
    for row in rows {
        table.row(vec![
            Cell::toned(Tone::Heading, row.name),
            Cell::toned(Tone::Muted, row.body),
            Cell::text(row.required.join(", ")),
            Cell::text(&row.description),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn whole(schema: &Value, _: &Scene) -> String {
    let text = serde_json::to_string_pretty(schema).unwrap_or_default();
    format!("{text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn the_types_are_listed_with_what_they_need() {
        insta::assert_snapshot!(list(&rows(), &testing::scene()));
    }

    #[test]
    fn a_schema_is_printed_whole() {
        let schema = document::message("blocker").expect("a schema");
        insta::assert_snapshot!(whole(&schema, &testing::scene()));
    }

    #[test]
    fn an_unknown_type_is_answered_with_the_nearest() {
        let refusal = unknown("handof");
        assert_eq!(refusal.kind, RefusalKind::NotFound);
        assert_eq!(refusal.hint.as_deref(), Some("try: agency schema message handoff"));
        assert!(unknown("zzzzzzzz").hint.is_some_and(|hint| hint.ends_with("agency schema")));
    }
}
