//! Every screen at four sizes, with nothing, one thing, many, and long and wide words.

use ratatui::style::Color;

use crate::domain::agency::{AgencyState, AgentState};
use crate::domain::approval::ApprovalState;
use crate::domain::id::ApprovalId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::views::{Board, LogView, MailboxView};
use crate::tui::msg::{Msg, Paper};
use crate::tui::testing::{
    Stage, a_busy_day, a_crowd, agency, agent, ago, approval, long_and_wide, no_agencies, now,
};
use crate::tui::theme::Theme;
use crate::tui::widgets::text::width;

mod pane;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 12), (200, 60)];

const DIFF: &str = "diff --git a/src/login.rs b/src/login.rs\nindex 11aa..22bb 100644\n--- a/src/login.rs\n+++ b/src/login.rs\n@@ -10,4 +10,5 @@ fn login()\n let state = random();\n-keep(state);\n+session.keep(state);\n+audit(\"login\");\n done()\ndiff --git a/tests/login.sh b/tests/login.sh\nnew file mode 100755\n--- /dev/null\n+++ b/tests/login.sh\n@@ -0,0 +1,2 @@\n+#!/bin/sh\n+\techo 1..1\n";

fn matches(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

fn matches_at_every_size(name: &str, board: fn() -> Board, keys: &str) {
    for (columns, rows) in SIZES {
        let mut stage = Stage::new(board(), columns, rows);
        let text = stage.keys(keys).text();
        assert!(text.lines().all(|line| width(line) <= usize::from(columns)), "too wide:\n{text}");
        matches(&format!("{name}_{columns}x{rows}"), &text);
    }
}

fn one_agent() -> Board {
    let mut board = no_agencies();
    let alone = agent("CodeAgency/code-coordinator", AgentState::Idle, 5);
    board.status.agencies = vec![agency("CodeAgency", AgencyState::Running, vec![alone])];
    board.approvals = vec![approval(1, "Log in", ApprovalState::Waiting)];
    board.status.approvals = 1;
    board
}

fn crowd() -> Board {
    a_crowd(30, 4)
}

fn loaded(keys: &str, paper: Paper, text: &str) -> Stage {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys(keys);
    let result = Ok(text.to_owned());
    stage.send(Msg::PaperLoaded { approval: ApprovalId(7), paper, result });
    stage
}

#[test]
fn the_dashboard_teaches_the_next_step_when_there_is_nothing() {
    matches_at_every_size("dashboard_none", no_agencies, "");
}

#[test]
fn the_dashboard_shows_one_agent() {
    matches_at_every_size("dashboard_one", one_agent, "");
}

fn a_temporary_agent() -> Board {
    let mut board = one_agent();
    let mut helper = agent("CodeAgency/helper", AgentState::Working, 70);
    helper.temporary = true;
    board.status.agencies.iter_mut().for_each(|agency| agency.agents.push(helper.clone()));
    board
}

#[test]
fn an_agent_that_leaves_after_its_last_task_is_marked() {
    matches_at_every_size("dashboard_temporary", a_temporary_agent, "");
}

#[test]
fn the_dashboard_shows_a_busy_day() {
    matches_at_every_size("dashboard_busy", a_busy_day, "j");
}

#[test]
fn the_dashboard_shows_a_crowd_scrolled() {
    matches_at_every_size("dashboard_crowd", crowd, "] ] ] ] ] ] ] ] ] ] j j");
}

#[test]
fn the_dashboard_cuts_long_and_wide_words_by_their_width() {
    matches_at_every_size("dashboard_long", long_and_wide, "");
}

#[test]
fn the_approval_queue_teaches_the_next_step_when_it_is_empty() {
    matches_at_every_size("approvals_none", no_agencies, "2");
}

#[test]
fn the_approval_queue_shows_what_proves_a_change() {
    matches_at_every_size("approvals_busy", a_busy_day, "2");
}

#[test]
fn the_approval_queue_says_why_something_cannot_be_approved() {
    matches_at_every_size("approvals_not_proven", a_busy_day, "2 j Enter");
}

#[test]
fn the_approval_queue_cuts_long_and_wide_words_by_their_width() {
    matches_at_every_size("approvals_long", long_and_wide, "2");
}

#[test]
fn the_question_before_approving_names_what_moves() {
    matches_at_every_size("confirm", a_busy_day, "2 a");
}

#[test]
fn the_help_lists_every_action_with_its_keys_and_its_reason() {
    matches_at_every_size("help", a_busy_day, "2 ?");
}

#[test]
fn a_rejection_is_written_in_several_lines() {
    let keys = "2 r \"The state is kept in a cookie, which is exactly what the contract says must not be.\" Enter \"Keep it in the session.\"";
    matches_at_every_size("feedback", a_busy_day, keys);
}

#[test]
fn a_message_to_an_agent_is_written_over_the_dashboard() {
    matches_at_every_size("compose", a_busy_day, "s \"how far are you?\"");
}

#[test]
fn the_message_list_shows_the_whole_of_one() {
    matches_at_every_size("messages", a_busy_day, "3 j");
}

fn talk() -> Board {
    let mut board = crate::tui::update::tests::messages::a_talk();
    let mailbox = |address: &str, waiting, since, uncertain| MailboxView {
        address: address.to_owned(),
        waiting,
        oldest_at: Some(ago(since)),
        uncertain,
    };
    board.status.mailboxes =
        vec![mailbox("operator", 1, 1700, 0), mailbox("QAAgency/tester", 1, 1500, 1)];
    let times = |n: i64| Some(ago(2000 - n * 100));
    for (n, message) in (1..).zip(&mut board.messages) {
        message.accepted_at = times(n);
        message.routed_at = times(n);
        message.delivered_at = (n != 5 && n != 3).then(|| ago(2000 - n * 100 - 4));
        message.acknowledged_at = message.delivered_at;
    }
    board
}

#[test]
fn the_message_list_shows_the_way_of_the_message_under_the_cursor() {
    matches_at_every_size("messages_uncertain", talk, "3");
}

#[test]
fn a_thread_shows_who_answered_whom() {
    matches_at_every_size("messages_thread", talk, "3 j Enter");
}

#[test]
fn what_is_looked_for_stands_above_the_list() {
    matches_at_every_size("messages_filtered", talk, "3 o / \"tester\" Enter");
}

#[test]
fn messages_are_chosen_over_the_list() {
    matches_at_every_size("messages_sieve", talk, "3 f l j");
}

#[test]
fn who_has_how_many_waiting_is_shown() {
    matches_at_every_size("messages_mailboxes", talk, "3 m");
}

#[test]
fn a_letter_is_written_with_what_can_be_filled_in() {
    matches_at_every_size("letter", talk, "3 s \"code\"");
    matches_at_every_size("reply", talk, "3 j r \"Use 9090.\" Enter \"Or none.\"");
}

#[test]
fn an_entry_grows_with_what_is_written_in_it() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("s");
    stage.send(Msg::Paste("§".repeat(200)));
    assert_eq!(stage.text().matches('§').count(), 200, "{}", stage.text());
    stage.send(Msg::Paste("more ".repeat(400)));
    assert!(stage.text().contains("Enter send"), "{}", stage.text());
}

#[test]
fn a_refused_message_keeps_its_text_and_says_why() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("s \"how far are you?\" Enter");
    let refusal = Refusal::new(RefusalKind::Failed, "no_supervisor", "the supervisor is gone");
    let to = "CodeAgency/python-agent".parse().expect("an address");
    stage.send(Msg::Sent { to, result: Err(refusal.with_hint("agency up")) });
    matches("compose_refused", &stage.text());
}

#[test]
fn a_diff_is_read_file_by_file() {
    matches("diff", &loaded("2 l", Paper::Diff, DIFF).text());
    let mut small = loaded("2 l", Paper::Diff, DIFF);
    small.terminal.backend_mut().resize(80, 20);
    matches("diff_next_file", &small.keys("n").text());
}

#[test]
fn the_output_of_the_checks_cannot_speak_to_the_terminal() {
    let stage =
        loaded("2 h", Paper::Log, "TAP version 14\nok 1 - login\u{1b}]0;gotcha\u{7}\n\tnot a tab");
    assert!(stage.text().contains("ok 1 - login]0;gotcha"), "{}", stage.text());
    matches("proof_log", &stage.text());
}

#[test]
fn a_refused_approval_says_so_where_it_was_asked_for_until_it_is_dismissed() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("2 a y");
    let refusal =
        Refusal::new(RefusalKind::Conflict, "dirty", "the work tree of `main` has changes");
    let result = Err(refusal.with_hint("git stash"));
    stage.send(Msg::Approved { approval: ApprovalId(7), result });
    matches("approve_refused", &stage.text());
    stage.keys("k");
    assert!(stage.text().contains("hint: git stash"), "it stays");
    stage.keys("Esc");
    assert!(!stage.text().contains("hint: git stash"), "it was dismissed");
}

#[test]
fn a_lost_supervisor_is_told_and_the_last_board_stays() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.send(Msg::Lost { reason: "connection refused".to_owned() });
    assert!(stage.text().contains("supervisor is not running"), "{}", stage.text());
    assert!(stage.text().contains("python-agent"));
}

#[test]
fn the_end_of_the_ledger_is_shown_newest_first() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    let event = |seq: u64, kind: &str, subject: &str| LogView {
        seq,
        at: ago(400 - i64::try_from(seq).expect("small")),
        actor: "supervisor".to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        payload: serde_json::json!({"pane": "%7"}),
        hash: "a1b2c3d4e5f6a7b8".to_owned(),
    };
    stage.keys("4");
    let events = vec![
        event(309, "agent_started", "CodeAgency/web-agent"),
        event(310, "message_routed", "m"),
    ];
    stage.send(Msg::LogLoaded(Ok(events)));
    matches("log", &stage.text());
}

#[test]
fn without_colours_no_cell_has_one() {
    let mut stage = Stage::new(a_busy_day(), 120, 40);
    stage.viewport.theme = Theme::Plain;
    let talk = ["3", "f", "l", "Esc", "/", "Esc", "Enter", "r", "Esc", "w", "Esc", "m"];
    for keys in ["1", "2", "a", "Esc", "r", "Esc"].into_iter().chain(talk).chain(["4", "?"]) {
        stage.keys(keys);
        let buffer = stage.terminal.backend().buffer();
        let coloured = buffer.content.iter().filter(|cell| cell.fg != Color::Reset).count();
        // What was drawn in colour before is overwritten cell by cell.
        assert_eq!(coloured, 0, "after `{keys}`");
    }
}

#[test]
fn the_next_drawing_is_due_when_the_first_visible_age_changes() {
    let stage = Stage::new(one_agent(), 80, 24);
    let due = stage.viewport.next_change.expect("an age is visible");
    assert_eq!(due.duration_since(now()).as_secs(), 1, "5s becomes 6s");
    let still = Stage::new(no_agencies(), 80, 24);
    assert_eq!(still.viewport.next_change, None, "nothing on it ages");
}

#[test]
fn a_terminal_of_any_size_is_survived() {
    for columns in [0, 1, 2, 3, 5, 9, 17, 33] {
        for rows in [0, 1, 2, 3, 5, 9, 17] {
            let mut stage = Stage::new(long_and_wide(), columns, rows);
            stage.keys("? Esc s \"text\" Esc 2 a Esc r \"no\" Esc Enter l h Esc 3 j 4 1 j j j");
            stage.keys("3 Enter j k Esc f l j l Esc / \"x\" Esc s \"Code\" Tab Tab Tab Tab \"a\"");
            stage.keys("Enter \"b\" Esc y w Esc m m");
        }
    }
}
