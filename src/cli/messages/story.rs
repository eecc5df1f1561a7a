//! `agency messages --trace ID`: the story of one request, in the order of time; what led to what is shown by
//! indentation.

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::clock;
use crate::service::query::Query;
use crate::service::views::{StoryEntry, StoryView};

/// Deepest indentation: beyond it a line has no room left for its words.
const DEEPEST: usize = 12;

/// Tells the story of a request.
pub fn run(id: &str, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let view: StoryView = workbench.fetch(&Query::Story { id: id.to_owned() })?;
    desk.answer(&view, render)
}

/// A story as a table.
pub fn render(view: &StoryView, scene: &Scene) -> String {
    let mut table = Table::new(&["AT", "STATE", "WHO", "WHAT"]);
    for entry in &view.entries {
        table.row(vec![
            Cell::toned(Tone::Muted, clock(entry.at, scene.now)),
            Cell::text(&entry.state),
            Cell::text(parties(entry)),
            Cell::text(format!("{}{}", indent(entry.depth), what(entry))),
        ]);
    }
    let story = table.render(scene.paint, scene.width);
    format!("trace {}\n{story}", view.trace)
}

/// White space alone would be folded away.
fn indent(depth: usize) -> String {
    match depth.min(DEEPEST) {
        0 => String::new(),
        depth => format!("{}└ ", "· ".repeat(depth - 1)),
    }
}

fn parties(entry: &StoryEntry) -> String {
    let from = entry.from.as_deref().unwrap_or_default();
    let doubt = if entry.verified { "" } else { " (unverified)" };
    match &entry.to {
        Some(to) => format!("{from}{doubt} -> {to}"),
        None => format!("{from}{doubt}"),
    }
}

fn what(entry: &StoryEntry) -> String {
    match entry.kind.as_str() {
        "message" => entry.title.clone(),
        _ => format!("{} {}", entry.id, entry.title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;
    use crate::service::views::StoryState;

    fn entry(kind: &str, id: &str, depth: usize, title: &str, to: Option<&str>) -> StoryEntry {
        let at = testing::message().sent_at;
        StoryEntry {
            kind: kind.to_owned(),
            id: id.to_owned(),
            parent: None,
            depth,
            traceparent: None,
            at,
            title: title.to_owned(),
            from: Some("Code/lead".to_owned()),
            to: to.map(str::to_owned),
            state: "routed".to_owned(),
            states: vec![StoryState { at, state: "routed".to_owned() }],
            verified: depth != 2,
        }
    }

    #[test]
    fn a_story_is_told_with_what_led_to_what() {
        let view = StoryView {
            trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
            entries: vec![
                entry("message", "m1", 0, "goal: Add a login page", Some("Code/lead")),
                entry("task", "TASK-001", 1, "A form", None),
                entry("message", "m2", 2, "question: which browsers?", Some("QA/head")),
                entry("approval", "AP-001", 3, "A form", None),
            ],
        };
        insta::assert_snapshot!(render(&view, &testing::scene()));
    }
}
