//! Conversations with the interactive approval screen, with a desk of approvals that remembers.

use std::cell::RefCell;

use super::*;
use crate::cli::args::Globals;
use crate::cli::testing::{self, FakeHouse};
use crate::domain::approval::ApprovalState;
use crate::domain::refusal::RefusalKind;

#[derive(Default)]
struct Approvals {
    pending: RefCell<Vec<ApprovalView>>,
    decided: RefCell<Vec<String>>,
    refusal: Option<Refusal>,
}

impl Approvals {
    fn take(&self, id: ApprovalId, what: String) -> Result<ApprovalView, Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        self.decided.borrow_mut().push(format!("{what} {id}"));
        let mut pending = self.pending.borrow_mut();
        let index = pending.iter().position(|view| view.id == id).expect("pending");
        let mut view = pending.remove(index);
        view.state = ApprovalState::Merged;
        view.commit = Some("0123456789abcdef".to_owned());
        Ok(view)
    }
}

impl ApprovalDesk for Approvals {
    fn pending(&self) -> Result<Vec<ApprovalView>, Refusal> {
        Ok(self.pending.borrow().clone())
    }
    fn diff(&self, _: ApprovalId) -> Result<String, Refusal> {
        Ok("+fn login() {}\n".to_owned())
    }
    fn proof_log(&self, _: ApprovalId) -> Result<String, Refusal> {
        Ok("ok 1".to_owned())
    }
    fn approve(&self, id: ApprovalId) -> Result<ApprovalView, Refusal> {
        self.take(id, "approve".to_owned())
    }
    fn reject(&self, id: ApprovalId, feedback: &str) -> Result<ApprovalView, Refusal> {
        self.take(id, format!("reject `{feedback}`"))
    }
}

fn two() -> Approvals {
    let mut second = testing::approval();
    second.id = ApprovalId(8);
    Approvals { pending: RefCell::new(vec![testing::approval(), second]), ..Approvals::default() }
}

fn converse(approvals: &Approvals, lines: &[&str]) -> String {
    let house = FakeHouse::on_a_terminal(lines);
    let globals = Globals::default();
    let (mut output, streams) = testing::output();
    let mut desk = Desk { house: &house, globals: &globals, output: &mut output };
    assert_eq!(interact(approvals, &mut desk), Ok(DONE));
    streams.both()
}

#[test]
fn an_approval_is_selected_looked_at_confirmed_and_merged() {
    let approvals = two();
    insta::assert_snapshot!(converse(&approvals, &["1", "d", "a", "y", "q"]));
    assert_eq!(*approvals.decided.borrow(), ["approve AP-007"]);
}

#[test]
fn a_rejection_takes_feedback_at_the_prompt() {
    let approvals = two();
    converse(&approvals, &["2", "r", "  no test  ", "q"]);
    assert_eq!(*approvals.decided.borrow(), ["reject `no test` AP-008"]);
}

#[test]
fn whatever_is_not_a_clear_yes_decides_nothing() {
    let approvals = two();
    for lines in [
        &["1", "a", ""][..],
        &["1", "a", "n", "b"],
        &["1", "a"],
        &["1", "r", ""],
        &["1", "r"],
        &["9"],
        &["0"],
        &["x"],
        &[],
    ] {
        converse(&approvals, lines);
    }
    assert!(approvals.decided.borrow().is_empty());
}

#[test]
fn a_refused_decision_is_shown_and_the_screen_goes_on() {
    let approvals = Approvals {
        refusal: Some(Refusal::new(RefusalKind::Conflict, "void", "`AP-007` is void")),
        ..two()
    };
    let text = converse(&approvals, &["AP-007", "a", "y", "b", "q"]);
    assert!(text.contains("error: `AP-007` is void"), "{text}");
}
