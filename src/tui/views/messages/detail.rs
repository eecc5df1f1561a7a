//! One message: where it is on its way, what is known of it, what it says.
//!
//! Its way is one line, each step with the time since the one before; what did not go well stands below it.

use jiff::Timestamp;
use ratatui::layout::Rect;
use serde_json::Value;

use crate::domain::message::{MessageState, Priority};
use crate::service::views::MessageView;
use crate::tui::model::TalkStore;
use crate::tui::theme::Tone;
use crate::tui::views::frame::indented;
use crate::tui::views::{below, row_of};
use crate::tui::widgets::age::run_time;
use crate::tui::widgets::paint::{Paint, Row};
use crate::tui::widgets::text::{line, wrap};

/// Characters of a body that are looked at for a part of the screen: more than any screen holds.
const SHOWN: usize = 20_000;

/// Draws it, as much as there is room for.
pub fn draw(store: &TalkStore, message: &MessageView, paint: &mut Paint<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let title = format!("{} from {} to {}", message.kind, line(&message.from), line(&message.to));
    paint.heading(row_of(area, 0), &title, &facts(store, message));
    let area = below(area, 1);
    let mut row = paint.row(row_of(area, 0));
    row.gap(2);
    draw_way(message, &mut row);
    let area = indented(below(area, 1));
    let width = usize::from(area.width.saturating_sub(2));
    let why = message.reason.iter().map(|reason| (line(reason), Tone::Warn));
    let body = body(message, width, usize::from(area.height));
    let lines = why.chain(body.into_iter().map(|words| (words, Tone::Plain)));
    for (index, (words, tone)) in lines.take(usize::from(area.height)).enumerate() {
        paint.text(row_of(area, index), &words, tone);
    }
}

/// What is said of it beside its state, few words.
fn facts(store: &TalkStore, message: &MessageView) -> String {
    let mut facts = Vec::new();
    if message.priority != Priority::Normal {
        facts.push(message.priority.as_str().to_owned());
    }
    facts.extend(message.task.as_deref().map(line));
    if !message.verified {
        facts.push("unverified".to_owned());
    }
    if store.has_others(message.id) {
        facts.push("in a thread".to_owned());
    }
    facts.join(" · ")
}

/// The lines of a body, at most so many.
pub fn body(message: &MessageView, width: usize, rows: usize) -> Vec<String> {
    let text = match &message.body {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    let end = text.char_indices().nth(SHOWN).map_or(text.len(), |(at, _)| at);
    let text = text.get(..end).unwrap_or_default();
    let lines = text.lines().take(rows).flat_map(|text| {
        let blanks = text.len() - text.trim_start().len();
        let indent = " ".repeat(blanks.min(width / 2));
        let rows = wrap(text, width.saturating_sub(indent.len()).max(1));
        rows.into_iter().map(move |row| format!("{indent}{row}"))
    });
    lines.take(rows).collect()
}

/// Draws where it is on its way: `● accepted 3m ago → ● routed +0.0s → ○ delivered`.
pub fn draw_way(message: &MessageView, row: &mut Row<'_>) {
    let accepted = message.arrived_at();
    row.words("● accepted ", Tone::Ok).ago(accepted, Tone::Muted);
    let is_ended = matches!(message.state, MessageState::Expired | MessageState::Dead);
    let mut before = Some(accepted);
    let mut steps = vec![("routed", message.routed_at)];
    if message.delivered_at.is_some() || !is_ended {
        steps.push(("delivered", message.delivered_at));
        steps.push(("acknowledged", message.acknowledged_at));
    }
    let state = rank(message.state);
    for (number, (word, at)) in (1..).zip(steps) {
        row.words(" → ", Tone::Muted);
        if number > state && !is_ended {
            draw_open(message, number == state + 1, word, row);
            continue;
        }
        let time = at.zip(before).map(|(at, before)| since(before, at)).unwrap_or_default();
        row.words(&format!("● {word}"), Tone::Ok).words(&time, Tone::Muted);
        before = at.or(before);
    }
    match message.state {
        MessageState::Expired => {
            row.words(" → ", Tone::Muted).words("× expired", Tone::Warn);
        }
        MessageState::Dead => {
            row.words(" → ", Tone::Muted).words("✗ dead", Tone::Danger);
        }
        _ => {}
    }
}

/// Draws a step that is still to come; of the next one is said what keeps it.
fn draw_open(message: &MessageView, is_next: bool, word: &str, row: &mut Row<'_>) {
    if is_next && message.uncertain {
        row.words("? uncertain", Tone::Danger);
    } else if is_next && message.under_way {
        row.words("◌ being given", Tone::Accent);
    } else if is_next && message.deferrals > 0 {
        row.words(&format!("○ {word}"), Tone::Warn);
        row.words(&format!(" ({} tries)", message.deferrals), Tone::Warn);
    } else {
        row.words(&format!("○ {word}"), Tone::Muted);
    }
}

/// How many steps of its way a message has behind it.
fn rank(state: MessageState) -> usize {
    match state {
        MessageState::Accepted => 0,
        MessageState::Routed | MessageState::Expired | MessageState::Dead => 1,
        MessageState::Delivered => 2,
        MessageState::Acknowledged => 3,
    }
}

/// ` +0.4s`.
fn since(before: Timestamp, at: Timestamp) -> String {
    let millis = at.duration_since(before).as_millis().max(0);
    format!(" +{}", run_time(u64::try_from(millis).unwrap_or(u64::MAX)))
}
