//! The message screen with ten thousand messages: one that arrives, one frame of 200×60 cells, words looked for.
//!
//! Drawn into a terminal that is only memory, with a filter on, the list and then a thread in front.

use std::time::{Duration, Instant};

use agency::adapters::clock::SystemClock;
use agency::ports::clock::Clock as _;
use agency::service::query::MessageFilter;
use agency::service::replica::Replica;
use agency::service::views::{MessageView, Talk};
use agency::tui::model::{Model, TalkPage};
use agency::tui::msg::Msg;
use agency::tui::screens::Screen;
use agency::tui::theme::Theme;
use agency::tui::update::update;
use agency::tui::{Viewport, draw};
use jiff::SignedDuration;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;

use crate::crowd;
use crate::figures::{Goal, Row, Samples};

const MESSAGES: u32 = 10_000;
const FRAMES: u32 = 300;

/// One of them; every tenth answers the one ten before.
fn message(number: u32) -> MessageView {
    let sent_at = SystemClock.now() + SignedDuration::from_millis(i64::from(number));
    let parent = number.checked_sub(10).filter(|_| number.is_multiple_of(10));
    let id = |number: u32| uuid::Uuid::from_u128(u128::from(number) + 1);
    serde_json::from_value(json!({
        "id": id(number), "type": if number.is_multiple_of(3) { "status" } else { "note" },
        "from": format!("Agency-{:03}/agent-{:02}", number % 100, number % 10),
        "to": format!("Agency-{:03}/coordinator", number % 100),
        "body": format!("message {number}: the form is posted, {} of its tests pass. ", number % 77).repeat(4),
        "priority": "normal", "task": format!("TASK-{:03}", number % 50),
        "in_reply_to": parent.map(id), "state": if number.is_multiple_of(7) { "routed" } else { "acknowledged" },
        "sent_at": sent_at, "accepted_at": sent_at, "routed_at": sent_at, "delivered_at": null,
        "acknowledged_at": null, "reason": null, "verified": true,
    }))
    .expect("a message")
}

/// How long it takes until the list holds what has these words.
fn look_for(model: &mut Model, words: String) -> Duration {
    let filter = MessageFilter { search: Some(words), ..MessageFilter::default() };
    let began = Instant::now();
    model.talk.set_filter(filter);
    began.elapsed()
}

/// Measures what a person waits for on the message screen.
pub fn measure() -> Vec<Row> {
    let (state, seq) = crowd::state();
    let board = Replica::new(state, seq).board(std::path::Path::new("/bench"), SystemClock.now());
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal");
    let mut viewport = Viewport::new(Theme::Colours);
    let mut model = Model::new("bench".to_owned(), "/bench".to_owned(), SystemClock.now());
    let all: Vec<MessageView> = (0..MESSAGES).map(message).collect();
    let began = Instant::now();
    update(&mut model, Msg::Talk(Box::new(Talk { is_whole: true, messages: all })));
    let mut whole = Samples::default();
    whole.add(began.elapsed());
    update(&mut model, Msg::Board(Box::new(board)));
    model.screen = Screen::Messages;
    model.talk.selected = Some(message(MESSAGES / 2).id);
    let [mut arrivals, mut frames, mut searches, mut threads] =
        std::array::from_fn(|_| Samples::default());
    for number in 0..FRAMES {
        let messages = vec![message(MESSAGES + number)];
        let began = Instant::now();
        update(&mut model, Msg::Talk(Box::new(Talk { is_whole: false, messages })));
        arrivals.add(began.elapsed());
        let began = Instant::now();
        terminal.draw(|frame| draw(&model, &mut viewport, frame)).expect("drawn");
        frames.add(began.elapsed());
    }
    for number in 0..20 {
        searches.add(look_for(&mut model, format!("tests message {number}")));
    }
    let at = message(MESSAGES - 10).id;
    model.talk.page = TalkPage::Thread { of: at, at };
    for _ in 0..50 {
        let began = Instant::now();
        terminal.draw(|frame| draw(&model, &mut viewport, frame)).expect("drawn");
        threads.add(began.elapsed());
    }
    vec![
        Row::times(
            "message screen, one frame 200×60, 10000 messages",
            &frames,
            None,
            Goal::Median(5.0),
        ),
        Row::times(
            "message screen, one message taken in, 10000 messages",
            &arrivals,
            None,
            Goal::None,
        ),
        Row::times(
            "message screen, words looked for in 10000 messages",
            &searches,
            None,
            Goal::None,
        ),
        Row::times("message screen, a thread of 500, one frame", &threads, None, Goal::Median(5.0)),
        Row::times("message screen, 10000 messages taken in at once", &whole, None, Goal::None),
    ]
}
