//! The screen with a hundred agencies of ten agents: folding, the board, one frame of 200×60 cells.
//!
//! Drawn into a terminal that is only memory; the floor is a frame with nothing on it.

use std::path::Path;
use std::time::Instant;

use agency::adapters::clock::SystemClock;
use agency::ports::clock::Clock as _;
use agency::service::board;
use agency::service::replica::Replica;
use agency::tui::model::Model;
use agency::tui::msg::Msg;
use agency::tui::theme::Theme;
use agency::tui::update::update;
use agency::tui::{Viewport, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::crowd;
use crate::figures::{Goal, Row, Samples};

const FRAMES: u64 = 300;

/// Measures each stage of a change's way to the screen.
pub fn measure() -> Vec<Row> {
    let (state, seq) = crowd::state();
    let mut replica = Replica::new(state, seq);
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
    let mut viewport = Viewport::new(Theme::Colours);
    let mut model = Model::new("bench".to_owned(), "/bench".to_owned(), SystemClock.now());
    let floor = Samples::take(100, || {
        terminal.draw(|_| ()).expect("drawn");
    });
    let [mut folds, mut boards, mut updates, mut frames] =
        std::array::from_fn(|_| Samples::default());
    for number in 1..=FRAMES {
        let record = crowd::change(seq + number);
        let began = Instant::now();
        replica.apply(std::slice::from_ref(&record));
        folds.add(began.elapsed());
        let began = Instant::now();
        let board = Box::new(replica.board(Path::new("/bench"), SystemClock.now()));
        boards.add(began.elapsed());
        let began = Instant::now();
        update(&mut model, Msg::Tick(SystemClock.now()));
        update(&mut model, Msg::Board(board));
        updates.add(began.elapsed());
        let began = Instant::now();
        terminal.draw(|frame| draw(&model, &mut viewport, frame)).expect("drawn");
        frames.add(began.elapsed());
    }
    let (state, _) = crowd::state();
    let views = Samples::take(50, || {
        let agencies = board::agencies(&state, Path::new("/bench"));
        let text = format!("{:#}\n", serde_json::json!(agencies));
        assert!(text.len() > 100_000, "a thousand agents need more room than that");
    });
    let crowd = "1000 agents";
    vec![
        Row::times(
            &format!("screen, one frame 200×60, {crowd}"),
            &frames,
            Some(("empty frame", &floor)),
            Goal::Median(5.0),
        ),
        Row::times(&format!("screen, one record folded, {crowd}"), &folds, None, Goal::None),
        Row::times(&format!("screen, board built, {crowd}"), &boards, None, Goal::None),
        Row::times(&format!("screen, board taken in, {crowd}"), &updates, None, Goal::None),
        Row::times(&format!("active_agencies.json rendered, {crowd}"), &views, None, Goal::None),
    ]
}
