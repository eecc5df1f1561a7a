//! The message screen: the list with the message under the cursor below it, a conversation, the mailboxes.
//!
//! A body is data: it is shown without control characters and never read as markup. Of a long list and of a long
//! body only what is visible is looked at.

use ratatui::layout::Rect;

use crate::service::views::Board;
use crate::tui::model::{Model, Past, TalkPage};
use crate::tui::screens::messages::sieving::in_words;
use crate::tui::theme::Tone;
use crate::tui::views::frame::indented;
use crate::tui::views::{Viewport, activity, below, row_of};
use crate::tui::widgets::list::identity;
use crate::tui::widgets::paint::{Cursor, Paint};

mod detail;

pub mod letter;

mod mailboxes;

pub mod sieve;

mod thread;

/// From this width on the mailboxes stand beside the list.
const SIDE_BY_SIDE: u16 = 150;
/// Columns of the mailboxes there.
const MAILBOXES: u16 = 48;
/// From this height on there is room for the message under the cursor.
const WITH_DETAIL: u16 = 12;

/// Draws the screen.
pub fn draw(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    if area.width < SIDE_BY_SIDE {
        draw_page(model, board, viewport, paint, area);
        return;
    }
    let left = Rect { width: area.width - MAILBOXES - 1, ..area };
    let right = Rect { x: left.right() + 1, width: MAILBOXES, ..area };
    match model.talk.page {
        // They stand beside it already.
        TalkPage::Mailboxes => draw_list(model, board, viewport, paint, left),
        TalkPage::List | TalkPage::Thread { .. } => draw_page(model, board, viewport, paint, left),
    }
    paint.vertical_rule(Rect { x: left.right(), width: 1, ..area });
    mailboxes::draw(board, paint, right);
}

fn draw_page(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    match model.talk.page {
        TalkPage::List => draw_list(model, board, viewport, paint, area),
        TalkPage::Thread { of, at } => thread::draw(model, of, at, viewport, paint, area),
        TalkPage::Mailboxes => mailboxes::draw(board, paint, area),
    }
}

fn draw_list(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let talk = &model.talk;
    paint.heading(row_of(area, 0), "Messages", &count(model, board, area.width));
    if talk.store().is_empty() {
        draw_empty(board, paint, below(area, 1));
        return;
    }
    draw_bar(model, paint, row_of(area, 1));
    let list = below(area, 2);
    if talk.count() == 0 {
        paint.text(indented(row_of(list, 0)), "No message fits. x lists all again.", Tone::Plain);
        return;
    }
    // Two fifths for the message itself, when there is room for both.
    let detail_rows = if list.height >= WITH_DETAIL { list.height * 2 / 5 } else { 0 };
    let list = Rect { height: list.height - detail_rows, ..list };
    viewport.room.list_rows = usize::from(list.height);
    let index = talk.position();
    let selected = index.zip(Some(talk.selected.map_or(0, identity)));
    let shown = viewport.messages.place(talk.count(), usize::from(list.height), selected);
    for at in shown.clone() {
        let Some(message) = talk.row(at) else { continue };
        let mut row = paint.row(row_of(list, at - shown.start));
        row.marker(Cursor::on(index == Some(at)));
        activity::draw_message(message, &mut row);
    }
    if let Some(message) = talk.chosen().or_else(|| talk.row(index?)) {
        let area = Rect { y: list.bottom(), height: detail_rows, ..list };
        detail::draw(talk.store(), message, paint, area);
    }
}

/// `12 of 340`, and where there is room what is on its way.
fn count(model: &Model, board: &Board, width: u16) -> String {
    let (count, all) = (model.talk.count(), model.talk.store().len());
    let shown = if count == all { all.to_string() } else { format!("{count} of {all}") };
    let queue = board.status.queue;
    if width < 70 {
        return shown;
    }
    format!(
        "{shown} · {} on their way · {} not acknowledged · {} dead",
        queue.new, queue.cur, queue.dead
    )
}

/// What is looked for, or how.
fn draw_bar(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let past = match model.talk.past {
        Past::Reading => "  reading what was before …",
        Past::Unread | Past::AtItsBeginning => "",
    };
    let mut row = paint.row(area);
    row.gap(1);
    match in_words(model.talk.filter()) {
        Some(words) => {
            row.words("only ", Tone::Muted);
            let room = row.left().saturating_sub(13);
            let used = u16::try_from(crate::tui::widgets::text::width(&words)).unwrap_or(room);
            row.bold().cell(used.min(room), &words, Tone::Accent);
            row.quiet().words("  x all again", Tone::Muted);
        }
        None => {
            row.words("all messages; / searches, f filters, o only open", Tone::Muted);
        }
    }
    row.words(past, Tone::Muted);
}

fn draw_empty(board: &Board, paint: &mut Paint<'_>, area: Rect) {
    paint.text(indented(row_of(area, 0)), "No message has been sent. Say something:", Tone::Plain);
    let name = board.status.agencies.first().map_or("CodeAgency", |agency| agency.name.as_str());
    let words = format!("  agency send {name} \"how far are you?\"");
    paint.text(indented(row_of(area, 1)), &words, Tone::Accent);
    paint.text(indented(row_of(area, 2)), "or press s.", Tone::Plain);
}
