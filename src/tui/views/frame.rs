//! What stands around every screen: the workbench and its supervisor on top, the screens, the
//! last notice and the key bar at the bottom.

use ratatui::layout::Rect;

use crate::domain::agency::AgentState;
use crate::service::views::Board;
use crate::tui::keymap::Action;
use crate::tui::model::{Model, Notice, Outcome};
use crate::tui::screens::{Offer, Rank, Screen, offers};
use crate::tui::theme::Tone;
use crate::tui::views::row_of;
use crate::tui::widgets::paint::Paint;
use crate::tui::widgets::text::{line, width};

/// Under this height the header shares its row with the screens.
const ROOMY_ROWS: u16 = 16;
/// Under this width the screens that are not in front are abbreviated.
const NARROW: u16 = 56;
/// Columns between two actions of the key bar.
const GAP: usize = 3;

/// Draws the frame; returns what is left for the screen.
pub fn draw(model: &Model, paint: &mut Paint<'_>, area: Rect) -> Rect {
    let roomy = area.height >= ROOMY_ROWS;
    let mut top = 0;
    if roomy {
        draw_header(model, paint, row_of(area, 0));
        top = 1;
    }
    draw_screens(model, paint, row_of(area, usize::from(top)), roomy);
    top += 1;
    let shown = notice_of(model);
    let notice_rows = shown.map_or(0, |notice| 1 + u16::from(notice.hint.is_some()));
    let bottom = area.bottom().saturating_sub(1);
    let notice_top = bottom.saturating_sub(notice_rows);
    if let Some(notice) = shown {
        draw_notice(notice, paint, Rect { y: notice_top, height: notice_rows, ..area });
    }
    if model.overlays.is_empty() {
        // An overlay has its own.
        draw_key_bar(&offers(model), paint, Rect { y: bottom, height: 1.min(area.height), ..area });
    }
    Rect { y: area.y + top, height: notice_top.saturating_sub(area.y + top), ..area }
}

/// The notice, unless the approval that it is about shows it itself.
fn notice_of(model: &Model) -> Option<&Notice> {
    let in_place = model.screen == Screen::Approvals && model.selected_approval().is_some();
    model.notice.as_ref().filter(|notice| {
        !(in_place && notice.about.is_some() && notice.about == model.approvals.selected)
    })
}

fn draw_header(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let (supervisor, tone) = supervisor(model);
    let counts = model.board.as_deref().map(counts).unwrap_or_default();
    let right = width(&supervisor) + width(&counts) + 1;
    let left = usize::from(area.width).saturating_sub(right + 1);
    let mut row = paint.row(area);
    row.gap(1);
    let name_width = u16::try_from(width(&model.name)).unwrap_or(u16::MAX);
    let left = u16::try_from(left).unwrap_or(0);
    row.bold().cell(name_width.min(left.saturating_sub(2)), &model.name, Tone::Plain);
    let path = left.saturating_sub(name_width.min(left) + 4);
    // A shorter rest of a path tells nothing.
    let path = if path < 8 { 0 } else { path };
    row.quiet().gap(2).cell_end(path, &model.path, Tone::Muted);
    let blank = row.left().saturating_sub(u16::try_from(right).unwrap_or(u16::MAX));
    row.gap(blank);
    row.words(&supervisor, tone);
    row.words(&counts, Tone::Muted);
}

fn supervisor(model: &Model) -> (String, Tone) {
    let Some(board) = model.board.as_deref() else {
        return ("no supervisor seen yet".to_owned(), Tone::Muted);
    };
    match (&board.status.supervisor, &model.lost) {
        (Some(supervisor), None) => (format!("supervisor {}", supervisor.pid), Tone::Ok),
        (Some(_) | None, _) => ("supervisor is not running: agency up".to_owned(), Tone::Danger),
    }
}

fn counts(board: &Board) -> String {
    let agencies = board.status.agencies.len();
    let agents = board.status.agencies.iter().map(|agency| agency.agents.len()).sum::<usize>();
    let all = board.status.agencies.iter().flat_map(|agency| &agency.agents);
    let working = all.filter(|agent| agent.state == AgentState::Working).count();
    let mut words = format!(
        " · {agencies} {} · {agents} {}",
        if agencies == 1 { "agency" } else { "agencies" },
        if agents == 1 { "agent" } else { "agents" },
    );
    if working > 0 {
        words.push_str(&format!(", {working} working"));
    }
    words
}

fn draw_screens(model: &Model, paint: &mut Paint<'_>, area: Rect, roomy: bool) {
    let narrow = area.width < NARROW;
    let mut row = paint.row(area);
    row.gap(1);
    for (number, screen) in (1..).zip(Screen::ALL) {
        let here = screen == model.screen;
        row.quiet();
        row.words(&format!("{number} "), Tone::Muted);
        if here {
            row.bold();
        }
        let title = screen.title();
        let shown = if narrow && !here { title.get(..4).unwrap_or(title) } else { title };
        row.words(shown, if here { Tone::Focus } else { Tone::Plain });
        if let Some((count, tone)) = badge_of(model, screen) {
            row.words(&format!(" {count}"), tone);
        }
        row.gap(if narrow { 1 } else { 2 });
    }
    if model.screen == Screen::Pane {
        row.quiet().words("v ", Tone::Muted).bold().words(Screen::Pane.title(), Tone::Focus);
        row.gap(1);
    }
    if model.lost.is_some() && !roomy {
        row.quiet().words("supervisor is not running", Tone::Danger);
    }
}

fn badge_of(model: &Model, screen: Screen) -> Option<(u32, Tone)> {
    let status = &model.board.as_ref()?.status;
    let (count, tone) = match screen {
        Screen::Dashboard => (status.waiting, Tone::Warn),
        Screen::Approvals => (status.approvals, Tone::Warn),
        Screen::Messages => (status.queue.dead, Tone::Danger),
        Screen::Log | Screen::Pane => (0, Tone::Muted),
    };
    (count > 0).then_some((count, tone))
}

/// Draws how an act went, with its hint below it.
pub fn draw_notice(notice: &Notice, paint: &mut Paint<'_>, area: Rect) {
    let (symbol, tone) = match notice.outcome {
        Outcome::Done => ("✓", Tone::Ok),
        Outcome::Refused => ("✗", Tone::Danger),
    };
    let mut row = paint.row(row_of(area, 0));
    row.gap(1).words(symbol, tone).gap(1);
    let room = row.left().saturating_sub(13);
    row.cell(room, &notice.text, tone).words("  Esc close", Tone::Muted);
    if let Some(hint) = &notice.hint {
        let mut row = paint.row(row_of(area, 1));
        row.gap(3).words("hint: ", Tone::Muted).rest(hint, Tone::Plain);
    }
}

/// Draws what can be done, what cannot dimmed; what is apart stands at the right end. What does not
/// fit is left out, but never the help.
pub fn draw_key_bar(offers: &[Offer], paint: &mut Paint<'_>, area: Rect) {
    let apart = || offers.iter().filter(|offer| offer.rank == Rank::BarEnd);
    let end: usize = apart().map(columns).sum();
    let is_help = |offer: &Offer| offer.action == Action::Help;
    let help: usize = offers.iter().filter(|offer| is_help(offer)).map(columns).sum();
    let mut row = paint.row(area);
    row.gap(1);
    for offer in offers.iter().filter(|offer| offer.rank == Rank::Bar) {
        let reserved = if is_help(offer) { end } else { end + help };
        // The gap behind the last one may be cut.
        if columns(offer) + reserved <= usize::from(row.left()) + GAP {
            draw_offer(offer, &mut row);
        }
    }
    let blank = row.left().saturating_sub(u16::try_from(end).unwrap_or(u16::MAX));
    row.gap(blank);
    apart().for_each(|offer| draw_offer(offer, &mut row));
}

fn draw_offer(offer: &Offer, row: &mut crate::tui::widgets::paint::Row<'_>) {
    let enabled = offer.disabled.is_none();
    let key = offer.keys.first().map_or("", String::as_str);
    if enabled {
        row.bold().words(key, Tone::Accent);
        row.quiet().gap(1).words(offer.name, Tone::Plain);
    } else {
        row.quiet().words(key, Tone::Muted).gap(1).words(offer.name, Tone::Muted);
    }
    row.gap(3);
}

fn columns(offer: &Offer) -> usize {
    offer.keys.first().map_or(0, |key| width(key)) + 1 + width(offer.name) + GAP
}

/// What is shown while nothing is known yet.
pub fn draw_before_first_board(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    match &model.lost {
        None => {
            paint.text(indented(row_of(area, 1)), "reading the ledger …", Tone::Muted);
        }
        Some(reason) => {
            paint.text(indented(row_of(area, 1)), "supervisor is not running", Tone::Danger);
            paint.text(indented(row_of(area, 2)), &line(reason), Tone::Plain);
            paint.text(indented(row_of(area, 4)), "hint: agency up", Tone::Muted);
        }
    }
}

/// The same row, one step in from the left.
pub fn indented(area: Rect) -> Rect {
    let step = 3.min(area.width);
    Rect { x: area.x + step, width: area.width - step, ..area }
}
