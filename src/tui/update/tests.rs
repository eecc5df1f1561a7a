//! Key scripts through the real keymap: what is pressed, on which board, what is to be done.

use jiff::SignedDuration;

use crate::domain::agency::{AgencyState, AgentState};
use crate::domain::approval::ApprovalState;
use crate::domain::id::{ApprovalId, TaskId};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::views::Board;
use crate::tui::model::{DeskFocus, EntryStage, Overlay, Spot};
use crate::tui::msg::{Cmd, Msg, Paper};
use crate::tui::screens::approvals::seen;
use crate::tui::screens::{Screen, offers};
use crate::tui::testing::{
    Stage, a_busy_day, a_crowd, agency, agent, agent_of, approval, message, name, no_agencies, now,
    waiting,
};

pub mod messages;

mod pane;

/// Presses keys on a board; what is to be done afterwards must be this.
fn check(script: &str, board: Board, expected: &[Cmd]) -> Stage {
    let mut stage = Stage::new(board, 120, 40);
    stage.keys(script);
    assert_eq!(stage.cmds, expected, "after `{script}` the screen is\n{}", stage.text());
    stage
}

fn refused() -> Refusal {
    Refusal::new(RefusalKind::Failed, "gone", "the supervisor is gone").with_hint("agency up")
}

fn approve(id: u32) -> Cmd {
    let seen = seen(&approval(id, "any", ApprovalState::Waiting));
    Cmd::Approve { approval: ApprovalId(id), seen }
}

#[test]
fn an_approval_takes_two_keys_and_names_what_was_seen() {
    check("2 a y", a_busy_day(), &[approve(7)]);
    check("2 a n", a_busy_day(), &[]);
    check("2 a Esc", a_busy_day(), &[]);
    check("2 y", a_busy_day(), &[]);
}

#[test]
fn what_is_not_proven_cannot_be_approved_and_says_why() {
    let stage = check("2 j a y", a_busy_day(), &[]);
    let notice = stage.model.notice.expect("a reason");
    assert!(notice.text.contains("no check is configured"), "{}", notice.text);
    assert_eq!(notice.about, Some(ApprovalId(8)));
}

#[test]
fn a_held_a_failed_and_a_decided_one_cannot_be_approved() {
    let mut board = a_busy_day();
    board.approvals = vec![
        approval(1, "held", ApprovalState::Held),
        approval(2, "failed", ApprovalState::Waiting),
        approval(3, "merged", ApprovalState::Merged),
        approval(4, "a check failed", ApprovalState::Waiting),
    ];
    board.approvals[1].tests.as_mut().expect("tests").failed = 2;
    board.approvals[3].checks[0].exit_status = None;
    for script in ["2 a y", "2 j a y", "2 j j a y", "2 j j j a y"] {
        let stage = check(script, board.clone(), &[]);
        assert!(stage.model.notice.is_some(), "`{script}` says nothing");
    }
}

#[test]
fn a_change_that_is_another_one_meanwhile_is_not_approved() {
    let mut stage = Stage::new(a_busy_day(), 120, 40);
    stage.keys("2 a");
    let mut other = a_busy_day();
    other.approvals[0].tree = "another tree".to_owned();
    stage.send(Msg::Board(Box::new(other)));
    stage.keys("y");
    assert_eq!(stage.cmds, []);
    assert!(stage.text().contains("look again"), "{}", stage.text());
}

#[test]
fn a_decision_on_its_way_is_not_made_twice() {
    check("2 a y a y", a_busy_day(), &[approve(7)]);
}

#[test]
fn a_rejection_wants_words_and_may_have_several_lines() {
    check("2 r Ctrl-s", a_busy_day(), &[]);
    check("2 r \"  \" Enter Ctrl-s", a_busy_day(), &[]);
    let feedback = "too slow\nuse an index".to_owned();
    let reject = Cmd::Reject { approval: ApprovalId(7), feedback };
    check(
        "2 r \"too slow\" Enter \"use an index\" Ctrl-s",
        a_busy_day(),
        std::slice::from_ref(&reject),
    );
    check("2 r \"too slow\" Enter \"use an index\" Alt-Enter", a_busy_day(), &[reject]);
}

#[test]
fn words_that_were_not_taken_are_still_there() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("2 r \"too slow\" Ctrl-s");
    stage.send(Msg::Rejected { approval: ApprovalId(7), result: Err(refused()) });
    let Some(Overlay::Feedback { entry, .. }) = stage.model.overlays.last() else {
        panic!("the entry is closed");
    };
    assert_eq!(entry.editor.text(), "too slow");
    assert!(matches!(entry.stage, EntryStage::Refused(_)));
    stage.keys("Ctrl-s");
    stage.send(Msg::Rejected { approval: ApprovalId(7), result: Ok(String::new()) });
    assert!(stage.model.overlays.is_empty());
    assert_eq!(stage.cmds.len(), 2, "sent twice on the person's word");
}

#[test]
fn enter_attaches_to_the_agent_under_the_cursor() {
    let attach = |agency: &str, agent: Option<&str>| Cmd::Attach {
        agency: name(agency),
        agent: agent.map(name),
    };
    check("Enter", a_busy_day(), &[attach("CodeAgency", Some("python-agent"))]);
    check("j j j Enter", a_busy_day(), &[attach("CodeAgency", None)]);
    check("j j j j Enter", a_busy_day(), &[attach("CodeAgency", Some("code-coordinator"))]);
    check("G k k Enter", a_busy_day(), &[attach("CodeAgency", Some("python-agent"))]);
}

#[test]
fn nobody_attaches_to_an_agency_that_does_not_run() {
    let mut board = no_agencies();
    let stopped = agent("CodeAgency/dev", AgentState::Stopped, 9);
    board.status.agencies = vec![agency("CodeAgency", AgencyState::Stopped, vec![stopped])];
    let stage = check("j Enter", board, &[]);
    assert!(stage.text().contains("agency start CodeAgency"), "{}", stage.text());
}

#[test]
fn enter_on_what_waits_goes_to_it() {
    let stage = check("j Enter", a_busy_day(), &[]);
    assert_eq!(stage.model.screen, Screen::Approvals);
    assert_eq!(stage.model.approvals.selected, Some(ApprovalId(7)));

    let mut board = a_busy_day();
    let stuck = board.messages[3].id.to_string();
    board.status.waiting_for = vec![
        waiting("uncertain_delivery", &stuck, "was it typed?", 9),
        waiting("blocked_task", "TASK-043", "the colours are not decided", 9),
        waiting("session", "QAAgency", "a foreign session is in the way", 9),
    ];
    let stage = check("Enter", board.clone(), &[]);
    assert_eq!(stage.model.screen, Screen::Messages);
    assert_eq!(stage.model.talk.selected, Some(board.messages[3].id));
    let stage = check("j Enter", board.clone(), &[]);
    assert_eq!(stage.model.spot, Some(Spot::Task(TaskId(43))));
    let stage = check("j j Enter", board, &[]);
    assert_eq!(stage.model.spot, Some(Spot::Agency(name("QAAgency"))));
}

#[test]
fn a_message_goes_to_the_agent_under_the_cursor() {
    let to = agent_of("CodeAgency/web-agent");
    let send = Cmd::Send { to, text: "how far?".to_owned() };
    let script = "j j j j j j s \"how fat\" Backspace \"r?\" Enter";
    let mut stage = check(script, a_busy_day(), &[send]);
    stage.send(Msg::Sent { to: agent_of("CodeAgency/web-agent"), result: Ok("id".to_owned()) });
    assert!(stage.model.overlays.is_empty());
    assert!(stage.text().contains("on its way"), "{}", stage.text());
    check("j s \"hello\" Enter", a_busy_day(), &[]);
    check("s Enter", a_busy_day(), &[]);
}

#[test]
fn a_pasted_text_never_sends_itself() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("s");
    stage.send(Msg::Paste("one\ntwo\u{1b}[A".to_owned()));
    assert_eq!(stage.cmds, []);
    let Some(Overlay::Compose { entry, .. }) = stage.model.overlays.last() else {
        panic!("the entry is closed");
    };
    assert_eq!(entry.editor.text(), "one two[A");
}

#[test]
fn a_letter_in_an_entry_is_a_letter() {
    check("s \"q?1\" Esc", a_busy_day(), &[]);
    check("q", a_busy_day(), &[Cmd::Quit]);
    check("s Ctrl-c", a_busy_day(), &[Cmd::Quit]);
}

#[test]
fn the_cursor_stays_on_its_row_when_rows_come_and_go() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("j j j j j");
    let spot = stage.model.spot.clone();
    assert_eq!(spot, Some(Spot::Agent(agent_of("CodeAgency/python-agent"))));
    let mut more = a_busy_day();
    more.status.waiting_for.insert(0, waiting("question", "QAAgency/tester", "which one?", 1));
    stage.send(Msg::Board(Box::new(more)));
    assert_eq!(stage.model.spot, spot);
    stage.send(Msg::Board(Box::new(no_agencies())));
    assert_eq!(stage.model.spot, None, "nothing is left to be on");
    stage.send(Msg::Board(Box::new(a_busy_day())));
    assert!(stage.model.spot.is_some());
}

#[test]
fn the_approval_under_the_cursor_is_still_it_when_another_comes_before() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("2 j");
    let mut more = a_busy_day();
    more.approvals.insert(0, approval(6, "older", ApprovalState::Waiting));
    stage.send(Msg::Board(Box::new(more)));
    assert_eq!(stage.model.approvals.selected, Some(ApprovalId(8)));
}

#[test]
fn papers_are_fetched_when_looked_at_and_again_for_another_tree() {
    let load = |paper| Cmd::LoadPaper { approval: ApprovalId(7), paper };
    let mut stage = check("2 l", a_busy_day(), &[load(Paper::Diff)]);
    stage.keys("l l l");
    assert_eq!(stage.cmds, [load(Paper::Diff), load(Paper::Log)], "each is fetched once");
    let mut other = a_busy_day();
    other.approvals[0].tree = "another tree".to_owned();
    stage.send(Msg::Board(Box::new(other)));
    assert_eq!(stage.cmds.last(), Some(&load(Paper::Diff)));
    assert_eq!(stage.cmds.len(), 3);
}

#[test]
fn the_detail_scrolls_to_its_end_and_back_without_dead_keys() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("2 l Enter");
    let diff = "diff --git a/x b/x\n@@ -1 +1 @@\n".to_owned() + &"+line\n".repeat(100);
    let result = Ok(diff);
    stage.send(Msg::PaperLoaded { approval: ApprovalId(7), paper: Paper::Diff, result });
    stage.keys("G");
    let bottom = stage.model.approvals.scroll;
    assert_eq!(bottom, stage.model.room.detail_lines - stage.model.room.detail_rows);
    stage.keys("j j j k");
    assert_eq!(stage.model.approvals.scroll, bottom - 1);
}

#[test]
fn the_output_of_the_checks_is_read_from_its_end() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("2 h");
    let output: String = (1..=200).map(|n| format!("ok {n}\n")).collect();
    let result = Ok(output);
    stage.send(Msg::PaperLoaded { approval: ApprovalId(7), paper: Paper::Log, result });
    assert!(stage.text().contains("ok 200"), "{}", stage.text());
    stage.keys("l h");
    assert!(stage.text().contains("ok 200"), "and again when turned to");
    stage.keys("Enter g");
    assert!(stage.text().contains(" ok 1\n"), "{}", stage.text());
}

#[test]
fn escape_always_leads_back() {
    let mut stage = Stage::new(a_busy_day(), 120, 40);
    stage.keys("2 Enter ?");
    stage.keys("Esc");
    assert!(stage.model.overlays.is_empty());
    stage.keys("Esc");
    assert_eq!(stage.model.approvals.focus, DeskFocus::List);
    stage.keys("Esc");
    assert_eq!(stage.model.screen, Screen::Dashboard);
    stage.keys("Esc");
    assert_eq!(stage.cmds, [], "and never out of the program");
}

#[test]
fn the_newest_message_stays_in_front_until_another_is_chosen() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    stage.keys("3 j");
    let chosen = stage.model.talk.selected;
    let mut more = a_busy_day();
    more.messages.push(message(5, "operator", "CodeAgency/dev", "note", "news".into()));
    stage.send(Msg::Board(Box::new(more.clone())));
    assert_eq!(stage.model.talk.selected, chosen);
    stage.keys("g");
    more.messages.push(message(6, "operator", "CodeAgency/dev", "note", "newer".into()));
    stage.send(Msg::Board(Box::new(more)));
    let first = stage.text().lines().nth(4).map(str::to_owned).expect("a row");
    assert!(first.contains("newer") && first.contains('▌'), "{first}");
}

#[test]
fn groups_are_jumped_over() {
    let mut stage = Stage::new(a_crowd(9, 5), 80, 24);
    stage.keys("] ] ]");
    assert_eq!(stage.model.spot, Some(Spot::Agency(name("Agency-003"))));
    stage.keys("j j [");
    assert_eq!(stage.model.spot, Some(Spot::Agency(name("Agency-003"))));
    stage.keys("[ g");
    assert_eq!(stage.model.spot, Some(Spot::Agency(name("Agency-000"))));
}

#[test]
fn the_log_is_never_asked_for_twice_at_a_time() {
    let mut stage = check("4", a_busy_day(), &[Cmd::LoadLog]);
    for seq in [311, 312, 313] {
        let mut board = a_busy_day();
        board.seq = seq;
        stage.send(Msg::Board(Box::new(board)));
    }
    assert_eq!(stage.cmds.len(), 1, "it is being read");
    stage.send(Msg::LogLoaded(Ok(Vec::new())));
    assert_eq!(stage.cmds.len(), 2, "it was old");
    stage.send(Msg::LogLoaded(Ok(Vec::new())));
    assert_eq!(stage.cmds.len(), 2);
}

#[test]
fn every_offer_has_a_key() {
    let mut stage = Stage::new(a_busy_day(), 120, 40);
    for script in ["1", "2", "3", "4", "?", "Esc 2 a", "Esc r", "Esc 1 s"] {
        stage.keys(script);
        for offer in offers(&stage.model) {
            assert!(!offer.keys.is_empty(), "`{}` has no key after `{script}`", offer.name);
        }
    }
}

#[test]
fn ages_follow_the_clock_that_is_handed_in() {
    let mut stage = Stage::new(a_busy_day(), 80, 24);
    assert!(stage.text().contains("42s"));
    stage.send(Msg::Tick(now() + SignedDuration::from_secs(5)));
    assert!(stage.text().contains("47s"));
}
