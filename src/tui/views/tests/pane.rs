//! The pane screen at four sizes: nothing seen, a program at work, an end, typing, the past.

use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};

use super::{SIZES, Theme, matches, width};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::workbench::viewing::{PaneLife, Picture};
use crate::tui::msg::{Msg, Target};
use crate::tui::testing::{Stage, a_busy_day, a_program, picture};

const AGENT: &str = "CodeAgency/python-agent";

fn matches_at_every_size(name: &str, show: impl Fn(&mut Stage)) {
    for (columns, rows) in SIZES {
        let mut stage = Stage::new(a_busy_day(), columns, rows);
        stage.keys("v");
        show(&mut stage);
        let text = stage.text();
        assert!(text.lines().all(|line| width(line) <= usize::from(columns)), "too wide:\n{text}");
        matches(&format!("{name}_{columns}x{rows}"), &text);
    }
}

#[test]
fn a_pane_that_is_not_seen_yet_says_so() {
    matches_at_every_size("pane_none", |_| {});
}

#[test]
fn a_program_at_work_is_shown_as_it_is() {
    matches_at_every_size("pane_busy", |stage| {
        stage.show(a_program(AGENT));
    });
}

#[test]
fn a_program_that_has_ended_is_told_above_its_last_words() {
    matches_at_every_size("pane_dead", |stage| {
        let life = PaneLife::Dead { status: Some(3), signal: None };
        let rows = ["$ make", "make: *** [all] Error 3", "Pane is dead (status 3)"];
        stage.show(Picture { life, cursor: None, ..picture(AGENT, (80, 24), &rows) });
    });
}

#[test]
fn where_keys_go_is_told_all_the_time() {
    matches_at_every_size("pane_typing", |stage| {
        stage.show(a_program(AGENT)).keys("i");
    });
}

#[test]
fn the_past_is_told_from_now() {
    matches_at_every_size("pane_past", |stage| {
        stage.show(a_program(AGENT)).keys("PgUp k");
        let above = stage.model.pane.above;
        let rows: Vec<String> = (0..48).map(|row| format!("old row {row}")).collect();
        let past = Picture { cursor: None, above, rows, ..a_program(AGENT) };
        stage.show(past);
    });
}

#[test]
fn a_pane_that_is_gone_keeps_its_last_picture_and_says_so() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("v").show(a_program(AGENT)).keys("i");
    let target: Target = stage.model.pane.asked.clone().expect("it is asked for");
    let refusal = Refusal::new(RefusalKind::Conflict, "no_pane", "the pane is gone");
    stage.send(Msg::Pictured { target, result: Err(refusal) });
    let text = stage.text();
    assert!(text.contains("typing has ended: the pane is gone"), "{text}");
    assert!(text.contains("the pane is gone · ") && text.contains("Welcome back"), "{text}");
}

#[test]
fn colours_are_the_programs_own_and_none_without_colours() {
    let mut stage = Stage::new(a_busy_day(), 120, 40);
    stage.keys("v").show(a_program(AGENT));
    let buffer = stage.terminal.backend().buffer();
    let found = |symbol: &str| {
        buffer.content.iter().find(|cell| cell.symbol() == symbol).expect("it is shown").clone()
    };
    assert_eq!(found("\u{273b}").fg, Color::Rgb(215, 119, 87));
    assert!(found("\u{273b}").modifier.contains(Modifier::BOLD));
    assert!(buffer.content.iter().any(|cell| cell.bg == Color::Indexed(1)));
    stage.viewport.theme = Theme::Plain;
    stage.show(a_program(AGENT));
    let buffer = stage.terminal.backend().buffer();
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn the_cursor_is_where_the_program_has_it_and_is_followed() {
    let mut stage = Stage::new(a_busy_day(), 40, 12);
    stage.keys("v").show(a_program(AGENT)).keys("i");
    let position = stage.terminal.get_cursor_position().expect("one");
    let cell = &stage.terminal.backend().buffer()[Position { x: position.x - 1, ..position }];
    assert_eq!(cell.symbol(), "k", "it stands behind `ok`:\n{}", stage.text());
    let far = Picture { cursor: Some((110, 47)), ..a_program(AGENT) };
    stage.show(far);
    let position = stage.terminal.get_cursor_position().expect("one");
    assert_eq!((position.x, position.y), (31, 10), "{}", stage.text());
}

#[test]
fn any_size_of_pane_and_terminal_is_survived() {
    for (columns, rows) in [(0, 0), (1, 1), (3, 4), (9, 5), (40, 3), (300, 90)] {
        for size in [(0, 0), (1, 1), (2, 1), (500, 3), (7, 200)] {
            let mut stage = Stage::new(a_busy_day(), columns, rows);
            let rows = ["漢字漢字漢字 wide", "\u{1b}[7mx"];
            let cursor = Some((size.0, size.1));
            stage.keys("v").show(Picture { size, cursor, ..a_wide(&rows) });
            stage.keys("i Ctrl-] PgUp g G ? Esc");
        }
    }
}

fn a_wide(rows: &[&str]) -> Picture {
    picture(AGENT, (20, 5), rows)
}
