//! The message screen by its keys: filters, threads, letters, and what can be done with a message.

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::message::{MessageState, Priority};
use crate::service::query::Standing;
use crate::service::views::MessageView;
use crate::tui::model::{EntryStage, Loaded, Past, TalkPage};
use crate::tui::msg::Posting;

/// A question that was answered, an answer to that, and other words.
pub fn a_talk() -> Board {
    let mut board = a_busy_day();
    let say =
        |n, from: &str, to: &str, kind: &str, text: &str| message(n, from, to, kind, json!(text));
    let mut all = vec![
        say(1, "CodeAgency/python-agent", "CodeAgency/code-coordinator", "question", "Which port?"),
        say(2, "CodeAgency/code-coordinator", "CodeAgency/python-agent", "answer", "8080"),
        say(3, "QAAgency/tester", "operator", "alert", "The coast is clear"),
        say(4, "CodeAgency/python-agent", "CodeAgency/code-coordinator", "note", "Thank you"),
        say(5, "operator", "QAAgency/tester", "task", "TASK-042: try the login"),
    ];
    all[1].in_reply_to = Some(Uuid::from_u128(1));
    all[3].in_reply_to = Some(Uuid::from_u128(2));
    all[2].state = MessageState::Routed;
    all[4].state = MessageState::Routed;
    all[4].uncertain = true;
    all[4].task = Some("TASK-042".to_owned());
    all[4].reason = Some("uncertain: the supervisor ended while it was typed".to_owned());
    board.messages = all;
    board
}

fn stage(keys: &str) -> Stage {
    let mut stage = Stage::new(a_talk(), 120, 40);
    stage.keys(keys);
    stage
}

fn listed(stage: &Stage) -> Vec<u128> {
    let talk = &stage.model.talk;
    (0..talk.count()).filter_map(|row| Some(talk.row(row)?.id.as_u128())).collect()
}

#[test]
fn words_are_looked_for_while_they_are_written_and_a_step_back_forgets_them() {
    let mut stage = stage("3 / \"PORT\"");
    assert_eq!(listed(&stage), [1]);
    stage.keys("Backspace Backspace Backspace Backspace \"tester\" Enter");
    assert_eq!(listed(&stage), [5, 3]);
    assert!(stage.text().contains("2 of 5"), "{}", stage.text());
    stage.keys("/ \" login\" Esc");
    assert_eq!(listed(&stage), [5, 3], "as before");
    stage.keys("Esc");
    assert_eq!((listed(&stage).len(), stage.model.screen), (5, Screen::Messages));
    stage.keys("Esc");
    assert_eq!(stage.model.screen, Screen::Dashboard);
}

#[test]
fn a_filter_stays_while_messages_arrive() {
    let mut stage = stage("3 o");
    assert_eq!(
        (listed(&stage), stage.model.talk.filter().state),
        (vec![5, 3], Some(Standing::Open))
    );
    let mut more = a_talk();
    more.messages.push(message(6, "operator", "CodeAgency/dev", "note", json!("done")));
    let mut open = message(7, "operator", "CodeAgency/dev", "note", json!("open"));
    open.state = MessageState::Routed;
    more.messages.push(open);
    more.messages[2].state = MessageState::Acknowledged;
    stage.send(Msg::Board(Box::new(more)));
    assert_eq!(listed(&stage), [7, 5], "3 is not open any more, 7 is");
    stage.keys("x");
    assert_eq!(listed(&stage).len(), 7);
}

#[test]
fn messages_are_chosen_by_agency_type_task_state_and_sender() {
    let mut stage = stage("3 f l l");
    assert!(stage.text().contains("QAAgency"), "{}", stage.text());
    assert_eq!(listed(&stage), [5, 3]);
    stage.keys("j j l");
    assert_eq!(listed(&stage), [5], "and about TASK-042");
    stage.keys("j j l");
    assert_eq!(listed(&stage), [] as [u128; 0], "its sender is proven");
    stage.keys("h Esc");
    assert_eq!((listed(&stage), stage.model.overlays.len()), (vec![5], 0));
    assert!(stage.text().contains("QAAgency · TASK-042"), "{}", stage.text());
}

#[test]
fn enter_opens_the_conversation_and_escape_goes_back_to_the_same_row() {
    let mut stage = stage("3 j j j Enter");
    let id = Uuid::from_u128;
    assert_eq!(stage.model.talk.page, TalkPage::Thread { of: id(2), at: id(2) });
    let text = stage.text();
    let places = ["Which port?", "8080", "Thank you"].map(|words| text.find(words));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    assert!(!text.contains("The coast"), "{text}");
    stage.keys("k");
    assert_eq!(stage.model.talk.page, TalkPage::Thread { of: id(2), at: id(1) });
    stage.keys("Esc");
    assert_eq!((stage.model.talk.page, stage.model.talk.selected), (TalkPage::List, Some(id(2))));
}

#[test]
fn an_answer_knows_whom_it_is_for_and_what_it_answers() {
    let mut stage = stage("3 j r \"9090\" Enter \"or 9091\"");
    assert_eq!(stage.cmds, [], "Enter is a new line");
    stage.keys("Ctrl-s");
    let posting = Posting {
        to: "CodeAgency/python-agent".to_owned(),
        kind: None,
        priority: Priority::Normal,
        task: None,
        text: "9090\nor 9091".to_owned(),
        in_reply_to: Some(Uuid::from_u128(4)),
    };
    assert_eq!(stage.cmds, [Cmd::Post(Box::new(posting))]);
}

#[test]
fn a_letter_is_filled_in_field_by_field() {
    let mut stage = stage("3 s \"tester\" Tab \"que\" Tab");
    for _ in 0..2 {
        stage.send(Msg::Key(crossterm::event::KeyCode::Right.into()));
    }
    stage.keys("Tab \"42\" Tab \"Which browser?\" Alt-Enter");
    let posting = Posting {
        to: "QAAgency/tester".to_owned(),
        kind: Some("question".to_owned()),
        priority: Priority::Critical,
        task: Some("TASK-042".to_owned()),
        text: "Which browser?".to_owned(),
        in_reply_to: None,
    };
    assert_eq!(stage.cmds, [Cmd::Post(Box::new(posting))]);
}

#[test]
fn a_refused_letter_is_still_there_with_the_reason() {
    let mut stage = stage("3 s \"nobody\" Tab Tab Tab Tab \"hello\" Ctrl-s");
    stage.keys("Esc");
    assert_eq!(stage.model.overlays.len(), 1, "it may come back refused");
    stage.send(Msg::Posted { to: "nobody".to_owned(), result: Err(refused()) });
    let text = stage.text();
    assert!(text.contains("hello") && text.contains("the supervisor is gone"), "{text}");
    stage.keys("\"!\"");
    assert!(stage.text().contains("hello!"), "{}", stage.text());
    stage.keys("Ctrl-s");
    stage.send(Msg::Posted { to: "nobody".to_owned(), result: Ok("id".to_owned()) });
    assert!(stage.model.overlays.is_empty() && stage.model.notice.is_some());
}

#[test]
fn what_is_written_is_not_thrown_away_unasked() {
    let mut stage = stage("3 s \"QA\" Esc");
    assert!(stage.text().contains("Throw away"), "{}", stage.text());
    stage.keys("n");
    let Some(Overlay::Letter(letter)) = stage.model.overlays.last() else { panic!("a letter") };
    assert!(letter.to.text() == "QA" && matches!(letter.stage, EntryStage::Writing));
    stage.keys("Esc y");
    assert!(stage.model.overlays.is_empty());
    stage.keys("r Esc");
    assert!(stage.model.overlays.is_empty(), "nothing was written");
}

#[test]
fn a_delivery_is_tried_again_and_what_is_for_the_operator_acknowledged() {
    let mut stage = stage("3 t");
    assert_eq!(stage.cmds, [Cmd::Retry(Uuid::from_u128(5))]);
    stage.cmds.clear();
    stage.keys("a");
    assert_eq!(stage.cmds, []);
    let notice = stage.model.notice.as_ref().map(|notice| notice.text.clone());
    assert_eq!(notice.as_deref(), Some("acknowledge: it is not for you"));
    stage.keys("j j a");
    assert_eq!(stage.cmds, [Cmd::Acknowledge(Uuid::from_u128(3))]);
    stage.cmds.clear();
    stage.keys("t j t");
    assert_eq!(stage.cmds, [], "one is for the operator, one has arrived");
}

#[test]
fn a_dead_message_is_taken_once_more() {
    let mut board = a_talk();
    board.messages[4].state = MessageState::Dead;
    check("3 t", board, &[Cmd::Retake(Uuid::from_u128(5))]);
}

#[test]
fn why_a_message_is_where_it_is_is_asked_and_shown() {
    let mut stage = stage("3 w");
    let id = Uuid::from_u128(5);
    assert_eq!(stage.cmds, [Cmd::Explain(id)]);
    let told = vec!["message is routed".to_owned(), "the agent is working".to_owned()];
    stage.send(Msg::Explained { id: Uuid::nil(), result: Err(refused()) });
    stage.send(Msg::Explained { id, result: Ok(told) });
    assert!(stage.text().contains("the agent is working"), "{}", stage.text());
    let lines = |overlay: &Overlay| matches!(overlay, Overlay::Why { lines: Loaded::Here(_), .. });
    assert!(stage.model.overlays.last().is_some_and(lines));
    stage.keys("Esc");
    assert!(stage.model.overlays.is_empty());
}

#[test]
fn at_the_end_of_the_list_the_past_is_read_once_at_a_time() {
    let mut stage = stage("3 G G");
    let before = message(1, "a", "b", "note", json!("")).sent_at;
    assert_eq!(stage.cmds, [Cmd::LoadPast { before }]);
    let old = MessageView {
        sent_at: before - SignedDuration::from_secs(9),
        ..a_talk().messages[0].clone()
    };
    let old = MessageView { id: Uuid::from_u128(99), ..old };
    stage.send(Msg::PastLoaded(Ok(vec![old])));
    assert_eq!((listed(&stage).last(), stage.model.talk.past), (Some(&99), Past::Unread));
    stage.keys("G");
    stage.send(Msg::PastLoaded(Ok(Vec::new())));
    stage.keys("G G");
    assert_eq!(stage.cmds.len(), 2, "there is nothing before");
}

#[test]
fn a_message_that_is_filtered_out_is_shown_when_it_is_gone_to() {
    let mut board = a_talk();
    let stuck = board.messages[4].id.to_string();
    board.status.waiting_for = vec![waiting("uncertain_delivery", &stuck, "was it typed?", 9)];
    let mut stage = Stage::new(board, 120, 40);
    stage.keys("3 / \"port\" Enter 1 Enter");
    assert_eq!(stage.model.talk.selected, Some(Uuid::from_u128(5)));
    assert_eq!(listed(&stage).len(), 5);
}
