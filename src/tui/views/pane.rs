//! One agent's pane as it is: who it is, whether keys go there, and its cells.
//!
//! The pane keeps its own size. Where it is larger than the room, the part with the cursor is shown and the
//! line above it says which part. Cells are copied one by one: nothing that a program printed reaches the
//! terminal in any other way.

use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use crate::service::views::AgentView;
use crate::service::workbench::viewing::PaneLife;
use crate::tui::model::Model;
use crate::tui::screens::{is_typing, pane};
use crate::tui::shot::{Shot, symbol};
use crate::tui::theme::{Theme, Tone, agent_badge};
use crate::tui::views::frame::indented;
use crate::tui::views::{Viewport, below, row_of};
use crate::tui::widgets::paint::{Paint, Row};
use crate::tui::widgets::text::{line, width};

/// Columns of a state with its symbol: `! permission`.
const STATE: u16 = 13;
/// Columns that stay in sight right of the cursor when a pane is wider than the room: a word.
const AHEAD: u16 = 8;

/// Draws the screen; returns where the cursor stands when keys go to the program.
pub fn draw(
    model: &Model,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) -> Option<Position> {
    let body = below(area, 2);
    viewport.room.list_rows = usize::from(body.height);
    match pane::agent(model) {
        Some(agent) => draw_agent(agent, paint, row_of(area, 0)),
        None => draw_nobody(model, paint, row_of(area, 0)),
    }
    let Some(shot) = model.pane.shot.as_deref() else {
        draw_rule(model, "", paint, row_of(area, 1));
        draw_unseen(model, paint, body);
        return None;
    };
    let part = Part::of(shot, body);
    draw_rule(model, &place(model, shot, part), paint, row_of(area, 1));
    draw_cells(shot, part, paint, body);
    let cursor = shot.cursor.and_then(|cursor| part.place_of(cursor, body))?;
    if is_typing(model) {
        return Some(cursor);
    }
    // Where keys do not go no cursor blinks.
    let cell = paint.buffer.cell_mut(cursor)?;
    cell.modifier.toggle(Modifier::REVERSED);
    None
}

fn draw_agent(agent: &AgentView, paint: &mut Paint<'_>, area: Rect) {
    let mut row = paint.row(area);
    row.gap(1).bold().words(&agent.address.to_string(), Tone::Accent).quiet().gap(2);
    row.badge(STATE, agent_badge(agent.state)).age(agent.state_since, Tone::Muted).gap(2);
    row.words(agent.state_source.as_str(), Tone::Muted).gap(2);
    row.words(agent.runtime.as_str(), Tone::Muted).gap(2);
    if let Some(task) = agent.task {
        row.words(&task.to_string(), Tone::Accent).gap(2);
    }
    if let Some(reason) = &agent.state_reason {
        row.rest(&line(reason), Tone::Warn);
    }
}

fn draw_nobody(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let mut row = paint.row(area);
    let name = model.pane.agent.as_ref().map_or("no agent".to_owned(), ToString::to_string);
    row.gap(1).bold().words(&name, Tone::Accent).quiet().gap(2);
    row.rest("is not there any more", Tone::Warn);
}

/// The line between the agent and its cells: where keys go, or which part is seen.
fn draw_rule(model: &Model, place: &str, paint: &mut Paint<'_>, area: Rect) {
    let mut row = paint.row(area);
    if is_typing(model) {
        let name = model.pane.agent.as_ref().map(ToString::to_string).unwrap_or_default();
        let long = format!("typing into {name} - Ctrl-] ends");
        let words = if width(&long) + 6 <= usize::from(area.width) {
            long
        } else {
            "typing - Ctrl-] ends".to_owned()
        };
        row.bold().words("━━━ ", Tone::Warn).words(&words, Tone::Warn).words(" ", Tone::Warn);
        fill(&mut row, "━", Tone::Warn);
        return;
    }
    let tone = if model.pane.trouble.is_some() { Tone::Danger } else { Tone::Muted };
    row.words("───", Tone::Muted);
    if !place.is_empty() {
        row.gap(1).words(place, tone).gap(1);
    }
    fill(&mut row, "─", Tone::Muted);
}

fn fill(row: &mut Row<'_>, stroke: &str, tone: Tone) {
    let rule = stroke.repeat(usize::from(row.left()));
    row.words(&rule, tone);
}

/// What is to be known of the cells below, the most important first.
fn place(model: &Model, shot: &Shot, part: Part) -> String {
    let mut words = Vec::new();
    if let Some(refusal) = &model.pane.trouble {
        words.push(line(&refusal.message));
    }
    if pane::is_past(model) {
        words.push("as it was last seen".to_owned());
    }
    match shot.life {
        PaneLife::Alive => {}
        PaneLife::Dead { status: Some(status), .. } => {
            words.push(format!("its program has ended with status {status}"));
        }
        PaneLife::Dead { signal: Some(signal), .. } => {
            words.push(format!("its program was ended by signal {signal}"));
        }
        PaneLife::Dead { .. } => words.push("its program has ended".to_owned()),
    }
    if shot.in_mode {
        words.push("somebody looks back in it".to_owned());
    }
    if shot.above > 0 {
        words.push(format!("{} of {} rows back, G is now", shot.above, shot.history));
    }
    let (columns, rows) = shot.size;
    let is_whole = part.columns == columns && part.rows == rows;
    words.push(if is_whole {
        format!("{columns}×{rows}")
    } else {
        let (left, top) = (part.left + 1, part.top + 1);
        let (right, bottom) = (part.left + part.columns, part.top + part.rows);
        format!("columns {left}-{right}, rows {top}-{bottom} of {columns}×{rows}")
    });
    words.join(" · ")
}

/// Why there is nothing to see, and what to do.
fn draw_unseen(model: &Model, paint: &mut Paint<'_>, area: Rect) {
    let agent = pane::agent(model);
    let (words, hint) = match (&model.pane.trouble, agent) {
        (Some(refusal), _) => (line(&refusal.message), refusal.hint.clone()),
        (None, Some(agent)) if agent.pane.is_none() => {
            let hint = format!("agency start {}", agent.address.agency);
            (format!("it has no pane, it is {}", agent.state.as_str()), Some(hint))
        }
        (None, Some(_)) => ("looking at its pane …".to_owned(), None),
        (None, None) => ("there is nothing to see".to_owned(), None),
    };
    paint.text(indented(row_of(area, 1)), &words, Tone::Plain);
    if let Some(hint) = hint {
        paint.text(indented(row_of(area, 2)), &format!("hint: {}", line(&hint)), Tone::Muted);
    }
}

/// The part of a pane that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    left: u16,
    top: u16,
    columns: u16,
    rows: u16,
}

impl Part {
    /// The part with the cursor; of what is below the cursor as much as there is room for.
    fn of(shot: &Shot, room: Rect) -> Self {
        let (columns, rows) = shot.size;
        let (width, height) = (room.width.min(columns), room.height.min(rows));
        let (x, y) = shot.cursor.unwrap_or((0, 0));
        let lowest = shot.last_row().max(y);
        let top = lowest.saturating_add(1).saturating_sub(height);
        // The end is shown, unless the cursor would be above it.
        let top = if shot.cursor.is_some() { top.min(y) } else { top };
        let reach = x.saturating_add(AHEAD).min(columns.saturating_sub(1));
        let left = reach.saturating_add(1).saturating_sub(width).min(x);
        Self {
            left: left.min(columns - width),
            top: top.min(rows - height),
            columns: width,
            rows: height,
        }
    }

    /// Where a cell of the pane is drawn; none if it is not.
    fn place_of(self, (column, row): (u16, u16), room: Rect) -> Option<Position> {
        let (x, y) = (column.checked_sub(self.left)?, row.checked_sub(self.top)?);
        let is_inside = x < self.columns && y < self.rows;
        is_inside.then(|| Position { x: room.x + x, y: room.y + y })
    }
}

fn draw_cells(shot: &Shot, part: Part, paint: &mut Paint<'_>, room: Rect) {
    for y in 0..part.rows {
        for x in 0..part.columns {
            let place = Position { x: room.x + x, y: room.y + y };
            let cell = shot.cell(part.left + x, part.top + y);
            if let (Some(cell), Some(drawn)) = (cell, paint.buffer.cell_mut(place)) {
                // Half a wide character is none.
                let is_cut = cell.is_wide() && x + 1 == part.columns;
                if cell.is_wide_continuation() || is_cut {
                    drawn.set_symbol(" ");
                } else {
                    drawn.set_symbol(&symbol(cell, if cell.is_wide() { 2 } else { 1 }));
                }
                drawn.set_style(style(cell, paint.theme));
            }
        }
    }
}

fn style(cell: &vt100::Cell, theme: Theme) -> Style {
    let looks = [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ];
    let held = looks.into_iter().filter(|(is_so, _)| *is_so);
    let style = held.fold(Style::new(), |style, (_, look)| style.add_modifier(look));
    match theme {
        Theme::Colours => style.fg(colour(cell.fgcolor())).bg(colour(cell.bgcolor())),
        Theme::Plain => style,
    }
}

fn colour(colour: vt100::Color) -> Color {
    match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}
