//! What lies in front: the box of the overlay on top, with its own keys in its last row.
//!
//! The screen below stays visible around it, so that one sees what is decided about.

use ratatui::layout::{Position, Rect};

use crate::domain::id::ApprovalId;
use crate::tui::model::{Loaded, Model, Overlay};
use crate::tui::screens::{Offer, offers};
use crate::tui::theme::Tone;
use crate::tui::views::approvals::{size, tests};
use crate::tui::views::frame::draw_key_bar;
use crate::tui::views::messages::{letter, sieve};
use crate::tui::views::{Viewport, entry, help, row_of};
use crate::tui::widgets::paint::Paint;
use crate::tui::widgets::text::{line, short_id, wrap};

/// Draws the overlay in front; returns where the text cursor stands, if it has one.
pub fn draw(
    model: &Model,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) -> Option<Position> {
    let overlay = model.overlays.last()?;
    match overlay {
        // The list shows at once what they change.
        Overlay::Search { entry, .. } => return sieve::draw_search(model, entry, paint, area),
        Overlay::Sieve(choice) => {
            sieve::draw(model, choice, paint, area);
            return None;
        }
        _ => paint.dim(area),
    }
    match overlay {
        Overlay::Help { scroll } => {
            help::draw(model, *scroll, viewport, paint, area);
            None
        }
        Overlay::Confirm { approval, .. } => {
            draw_confirm(model, *approval, paint, area);
            None
        }
        Overlay::Letter(written) => letter::draw(written, &offers(model), paint, area),
        Overlay::Discard => {
            draw_discard(model, paint, area);
            None
        }
        Overlay::Why { lines, scroll, .. } => {
            draw_why(model, lines, *scroll, viewport, paint, area);
            None
        }
        Overlay::Search { .. } | Overlay::Sieve(_) => None,
        Overlay::Compose { to, entry } => {
            let title = format!("Message to {to}");
            entry::draw(&title, Tone::Accent, entry, 1, &offers(model), paint, area)
        }
        Overlay::Feedback { approval, entry } => {
            let title = format!("Reject {approval}: what must be different?");
            entry::draw(&title, Tone::Danger, entry, 6, &offers(model), paint, area)
        }
    }
}

/// A box of that size in the middle, a little above it.
pub fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) * 2 / 5,
        width,
        height,
    }
}

/// The keys of an overlay, in the last row of its inside.
pub fn draw_keys(offers: &[Offer], paint: &mut Paint<'_>, inner: Rect) {
    let last = inner.height.saturating_sub(1);
    // The bar steps in by one; the box has its own margin.
    let row = row_of(inner, usize::from(last));
    draw_key_bar(offers, paint, Rect { x: row.x.saturating_sub(1), width: row.width + 1, ..row });
}

fn draw_discard(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let box_area = centered(area, 56.min(area.width), 5);
    let inner = paint.boxed(box_area, "Throw away what is written?", Tone::Danger);
    paint.text(row_of(inner, 0), "It was not sent, and is kept nowhere.", Tone::Plain);
    draw_keys(&offers(model), paint, inner);
}

fn draw_why(
    model: &Model,
    lines: &Loaded<Vec<String>>,
    scroll: usize,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let width = area.width.saturating_sub(4).min(96);
    let across = usize::from(width.saturating_sub(4)).max(1);
    let told: Vec<(String, Tone)> = match lines {
        Loaded::Not | Loaded::Loading => vec![("◌ asking …".to_owned(), Tone::Muted)],
        Loaded::Failed(refusal) => vec![(format!("✗ {}", line(&refusal.message)), Tone::Danger)],
        Loaded::Here(lines) => lines
            .iter()
            .flat_map(|text| if text.is_empty() { vec![String::new()] } else { wrap(text, across) })
            .map(|row| (row, Tone::Plain))
            .collect(),
    };
    let height = u16::try_from(told.len() + 4).unwrap_or(u16::MAX);
    let height = height.min(area.height.saturating_sub(2));
    let title = "Why it is where it is, and its way there";
    let inner = paint.boxed(centered(area, width, height), title, Tone::Accent);
    let rows = usize::from(inner.height.saturating_sub(2));
    (viewport.room.detail_rows, viewport.room.detail_lines) = (rows, told.len());
    for (index, (words, tone)) in told.iter().skip(scroll).take(rows).enumerate() {
        paint.text(row_of(inner, index), words, *tone);
    }
    draw_keys(&offers(model), paint, inner);
}

fn draw_confirm(model: &Model, id: ApprovalId, paint: &mut Paint<'_>, area: Rect) {
    let Some(approval) = model.approval(id) else { return };
    // As wide as a sentence is read easily.
    let width = area.width.saturating_sub(4).min(72);
    let across = usize::from(width.saturating_sub(4));
    let (tests, tone) = tests(approval);
    let moves = format!(
        "{} moves from {} to its merge with {} ({}).",
        line(&approval.target),
        short_id(&approval.base),
        line(&approval.branch),
        short_id(&approval.head),
    );
    let mut lines: Vec<(String, Tone)> = Vec::new();
    lines.extend(wrap(&line(&approval.title), across).into_iter().map(|row| (row, Tone::Focus)));
    lines.push((String::new(), Tone::Plain));
    lines.extend(wrap(&moves, across).into_iter().map(|row| (row, Tone::Plain)));
    lines.push((tests, tone));
    lines.push((size(approval), Tone::Plain));
    let offers = offers(model);
    let refused = offers.iter().find_map(|offer| offer.disabled.as_ref());
    if let Some(reason) = refused {
        lines.extend(wrap(reason, across).into_iter().map(|row| (row, Tone::Danger)));
    }
    let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
    let title = format!("Approve {id}?");
    let inner = paint.boxed(centered(area, width, height), &title, Tone::Ok);
    let room = usize::from(inner.height.saturating_sub(1));
    for (index, (words, tone)) in lines.iter().take(room).enumerate() {
        paint.text(row_of(inner, index), words, *tone);
    }
    draw_keys(&offers, paint, inner);
}
