//! Drawing: a model in, cells out. Each screen has its file here, mirrored from `screens/`.
//!
//! Only visible rows are looked at, so that a frame costs the same with ten agents and with a
//! thousand. What drawing has to remember (where a list was scrolled to) is in the [`Viewport`].

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::tui::model::Model;
use crate::tui::msg::Room;
use crate::tui::screens::Screen;
use crate::tui::theme::Theme;
use crate::tui::widgets::list::Window;
use crate::tui::widgets::paint::Paint;

mod activity;

mod approvals;

mod crew;

mod dashboard;

mod entry;

mod frame;

mod help;

mod log;

mod messages;

mod overlays;

mod pane;

mod papers;

mod summary;

/// What drawing remembers from one time to the next.
#[derive(Debug)]
pub struct Viewport {
    /// The colours.
    pub theme: Theme,
    /// How much room the last drawing had: goes into the model as [`crate::tui::msg::Msg::Drawn`].
    pub room: Room,
    /// When an age that is visible will read differently; none: nothing on the screen ages.
    pub next_change: Option<Timestamp>,
    waiting: Window,
    crew: Window,
    tasks: Window,
    queue: Window,
    messages: Window,
    log: Window,
}

impl Viewport {
    /// A viewport at the top of everything.
    pub fn new(theme: Theme) -> Self {
        let top = Window::default();
        Self {
            theme,
            room: Room::default(),
            next_change: None,
            waiting: top,
            crew: top,
            tasks: top,
            queue: top,
            messages: top,
            log: top,
        }
    }
}

/// Draws the whole screen.
pub fn draw(model: &Model, viewport: &mut Viewport, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: viewport.theme,
        now: model.now,
        next_change: None,
    };
    viewport.room = Room::default();
    let body = frame::draw(model, &mut paint, area);
    let typed = draw_body(model, viewport, &mut paint, body);
    let cursor = overlays::draw(model, viewport, &mut paint, area);
    let cursor = cursor.or(typed.filter(|_| model.overlays.is_empty()));
    viewport.next_change = paint.next_change;
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}

/// Draws the screen in front; returns where the cursor of a program stands, if keys go there.
fn draw_body(
    model: &Model,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) -> Option<Position> {
    let Some(board) = model.board.as_deref() else {
        frame::draw_before_first_board(model, paint, area);
        return None;
    };
    match model.screen {
        Screen::Dashboard => dashboard::draw(model, board, viewport, paint, area),
        Screen::Approvals => approvals::draw(model, board, viewport, paint, area),
        Screen::Messages => messages::draw(model, board, viewport, paint, area),
        Screen::Log => log::draw(model, viewport, paint, area),
        Screen::Pane => return pane::draw(model, viewport, paint, area),
    }
    None
}

/// The row `index` of an area, one cell high; empty when the area is not that high.
fn row_of(area: Rect, index: usize) -> Rect {
    let offset = u16::try_from(index).unwrap_or(u16::MAX);
    if offset >= area.height {
        return Rect { height: 0, ..area };
    }
    Rect { y: area.y + offset, height: 1, ..area }
}

/// An area without its first rows.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

#[cfg(test)]
mod tests;
