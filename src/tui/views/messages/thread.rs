//! A conversation: who said what when, answers indented below what they answer, each with its state.
//!
//! The message under the cursor is shown whole, the others by their first lines.

use ratatui::layout::Rect;
use uuid::Uuid;

use crate::service::views::MessageView;
use crate::tui::model::{Model, Turn};
use crate::tui::theme::{Tone, message_badge};
use crate::tui::views::messages::detail;
use crate::tui::views::{Viewport, below, row_of};
use crate::tui::widgets::paint::{Cursor, Paint};
use crate::tui::widgets::text::line;

/// Lines of a message that is not under the cursor.
const FEW: usize = 3;
/// Lines of the one that is; more are read with `agency messages show`.
const MANY: usize = 200;
/// Answers further down are indented no more, so that words have room.
const DEEPEST: usize = 8;

/// A line of the conversation.
enum Line {
    /// Who, to whom, what kind, where it is.
    Head(Turn),
    /// Where the one under the cursor is on its way.
    Way(Turn),
    /// Why it is there, or what it says.
    Words(Turn, String, Tone),
}

/// Draws the conversation of a message with the cursor on one of it.
pub fn draw(
    model: &Model,
    of: Uuid,
    at: Uuid,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let store = model.talk.store();
    let turns = store.conversation(of);
    let answers = turns.iter().filter(|turn| !turn.is_of_trace).count();
    let others = turns.len() - answers;
    let count = match others {
        0 if answers == 1 => "1 message".to_owned(),
        0 => format!("{answers} messages"),
        _ => format!("{answers} messages · {others} more of the same request"),
    };
    paint.heading(row_of(area, 0), "Thread", &count);
    let area = below(area, 1);
    let rows = usize::from(area.height);
    viewport.room.list_rows = turns.len().min(rows);
    let (lines, chosen) = lay_out(model, &turns, at, area.width);
    // A third above it, so that what it answers is seen.
    let top = chosen.saturating_sub(rows / 3).min(lines.len().saturating_sub(rows));
    for (index, item) in lines.iter().skip(top).take(rows).enumerate() {
        draw_line(model, item, at, paint, row_of(area, index));
    }
}

/// Every line, and which one is the first of the message under the cursor.
fn lay_out(model: &Model, turns: &[Turn], at: Uuid, width: u16) -> (Vec<Line>, usize) {
    let mut lines = Vec::new();
    let mut chosen = 0;
    for turn in turns {
        let Some(message) = model.talk.store().get(turn.id) else { continue };
        let is_chosen = turn.id == at;
        if is_chosen {
            chosen = lines.len();
        }
        lines.push(Line::Head(*turn));
        if is_chosen {
            lines.push(Line::Way(*turn));
        }
        let reason = message.reason.iter().map(|reason| (line(reason), Tone::Warn));
        let across = usize::from(width).saturating_sub(indent(turn) + 4).max(10);
        let said = detail::body(message, across, if is_chosen { MANY } else { FEW });
        let said = said.into_iter().map(|words| (words, Tone::Plain));
        lines.extend(reason.chain(said).map(|(words, tone)| Line::Words(*turn, words, tone)));
    }
    (lines, chosen)
}

fn indent(turn: &Turn) -> usize {
    turn.depth.min(DEEPEST) * 2
}

fn draw_line(model: &Model, item: &Line, at: Uuid, paint: &mut Paint<'_>, area: Rect) {
    let (Line::Head(turn) | Line::Way(turn) | Line::Words(turn, ..)) = item;
    let Some(message) = model.talk.store().get(turn.id) else { return };
    let inward = u16::try_from(indent(turn)).unwrap_or(0);
    let mut row = paint.row(area);
    row.marker(Cursor::on(turn.id == at)).gap(inward);
    match item {
        Line::Head(turn) => {
            let area = Rect {
                x: area.x + 1 + inward,
                width: area.width.saturating_sub(1 + inward),
                ..area
            };
            draw_head(message, turn, turn.id == at, paint, area);
        }
        Line::Way(_) => {
            row.quiet().gap(3);
            detail::draw_way(message, &mut row);
        }
        Line::Words(_, words, tone) => {
            row.quiet().gap(3).rest(words, *tone);
        }
    }
}

fn draw_head(
    message: &MessageView,
    turn: &Turn,
    is_chosen: bool,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let mut row = paint.row(area);
    if is_chosen {
        row.bold();
    }
    let badge = message_badge(message.state);
    row.gap(1).words(badge.symbol, badge.tone).gap(1);
    row.words(badge.word, badge.tone).gap(1).ago(message.sent_at, Tone::Muted).gap(2);
    row.words(&line(&message.from), Tone::Accent).words(" → ", Tone::Muted);
    row.words(&line(&message.to), Tone::Accent).gap(2);
    row.words(&message.kind, Tone::Plain).quiet();
    if !message.verified {
        row.words("  unverified", Tone::Warn);
    }
    if turn.is_of_trace {
        row.words("  same request", Tone::Muted);
    }
}
