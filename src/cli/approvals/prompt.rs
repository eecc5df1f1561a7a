//! The interactive approval screen: a list, one approval, a decision; line by line, so that it
//! works over any connection.
//!
//! ```text
//! list ── number ──► one ── a ──► confirm ──► list
//!   │                 ├── r ──► feedback ──► list
//!   q                 └── b ──► list
//! ```
//! A refused decision is shown where it was made and the screen goes on. An unclear answer decides
//! nothing.

use crate::cli::approvals::render;
use crate::cli::brief::with_end;
use crate::cli::desk::{DONE, Desk, Ending};
use crate::domain::id::ApprovalId;
use crate::domain::refusal::Refusal;
use crate::service::query::Query;
use crate::service::views::ApprovalView;
use crate::service::workbench::Workbench;

/// What the screen asks of a workbench.
pub trait ApprovalDesk {
    /// What waits, longest first.
    fn pending(&self) -> Result<Vec<ApprovalView>, Refusal>;
    /// The diff of a change.
    fn diff(&self, id: ApprovalId) -> Result<String, Refusal>;
    /// The end of the checks' output.
    fn proof_log(&self, id: ApprovalId) -> Result<String, Refusal>;
    /// Approves and waits for the merge.
    fn approve(&self, id: ApprovalId) -> Result<ApprovalView, Refusal>;
    /// Sends it back.
    fn reject(&self, id: ApprovalId, feedback: &str) -> Result<ApprovalView, Refusal>;
}

impl ApprovalDesk for Workbench {
    fn pending(&self) -> Result<Vec<ApprovalView>, Refusal> {
        self.fetch(&Query::Approvals { all: false })
    }

    fn diff(&self, id: ApprovalId) -> Result<String, Refusal> {
        self.fetch(&Query::Diff { id })
    }

    fn proof_log(&self, id: ApprovalId) -> Result<String, Refusal> {
        self.fetch(&Query::ProofLog { id })
    }

    fn approve(&self, id: ApprovalId) -> Result<ApprovalView, Refusal> {
        Workbench::approve(self, id)?;
        super::wait_for_merge(self, id)
    }

    fn reject(&self, id: ApprovalId, feedback: &str) -> Result<ApprovalView, Refusal> {
        Workbench::reject(self, id, feedback)?;
        super::fetch(self, id)
    }
}

/// What becomes of the screen after one approval.
enum Then {
    List,
    Quit,
}

/// Runs the screen until the person leaves it or nothing waits.
pub fn interact(approvals: &dyn ApprovalDesk, desk: &mut Desk<'_>) -> Ending {
    loop {
        let pending = approvals.pending()?;
        if pending.is_empty() {
            desk.output.line("nothing waits for approval");
            return Ok(DONE);
        }
        let text = render::boxed(&pending, &desk.scene());
        desk.output.text(&text);
        let question = format!("\nSelect item [1-{}], or (q)uit: ", pending.len());
        let Some(answer) = desk.ask(&question)? else { return Ok(DONE) };
        match selection(&answer, &pending) {
            Selection::Quit => return Ok(DONE),
            Selection::Again => {}
            Selection::Unclear => desk.output.note("that is not on the list"),
            Selection::One(view) => match look_at(view, approvals, desk)? {
                Then::List => {}
                Then::Quit => return Ok(DONE),
            },
        }
    }
}

enum Selection<'a> {
    Quit,
    Again,
    Unclear,
    One(&'a ApprovalView),
}

/// A number of the list, an approval's full id, or a letter.
fn selection<'a>(answer: &str, pending: &'a [ApprovalView]) -> Selection<'a> {
    let answer = answer.trim();
    if answer.is_empty() {
        return Selection::Again;
    }
    if matches!(answer.to_lowercase().as_str(), "q" | "quit") {
        return Selection::Quit;
    }
    let by_number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let found = match by_number {
        Some(index) => pending.get(index),
        None => pending.iter().find(|view| view.id.to_string().eq_ignore_ascii_case(answer)),
    };
    found.map_or(Selection::Unclear, Selection::One)
}

fn look_at(
    view: &ApprovalView,
    approvals: &dyn ApprovalDesk,
    desk: &mut Desk<'_>,
) -> Result<Then, Refusal> {
    let text = render::one(view, &desk.scene());
    desk.output.text(&format!("\n{text}"));
    loop {
        let question = "\n(a)pprove, (d)iff, (l)og, (b)ack, (q)uit, or (r)eject: ";
        let Some(answer) = desk.ask(question)? else { return Ok(Then::Quit) };
        match answer.trim().to_lowercase().as_str() {
            "a" | "approve" => {
                if approve(view, approvals, desk)? {
                    return Ok(Then::List);
                }
            }
            "r" | "reject" => {
                if reject(view, approvals, desk)? {
                    return Ok(Then::List);
                }
            }
            "d" | "diff" => show_text(approvals.diff(view.id), desk),
            "l" | "log" => show_text(approvals.proof_log(view.id), desk),
            "b" | "back" => return Ok(Then::List),
            "q" | "quit" => return Ok(Then::Quit),
            "" => {}
            _ => desk.output.note("that is none of them"),
        }
    }
}

fn show_text(text: Result<String, Refusal>, desk: &mut Desk<'_>) {
    match text {
        Ok(text) => desk.output.text(&with_end(&text)),
        Err(refusal) => desk.output.refuse(&refusal),
    }
}

/// Whether a decision was made.
fn approve(
    view: &ApprovalView,
    approvals: &dyn ApprovalDesk,
    desk: &mut Desk<'_>,
) -> Result<bool, Refusal> {
    let question = format!("merge {} into {}? [y/N] ", view.branch, view.target);
    let agreed = desk.ask(&question)?.is_some_and(|line| is_agreed(&line));
    if !agreed {
        desk.output.note("nothing was decided");
        return Ok(false);
    }
    desk.output.note("merging");
    Ok(tell(approvals.approve(view.id), desk))
}

fn is_agreed(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

fn reject(
    view: &ApprovalView,
    approvals: &dyn ApprovalDesk,
    desk: &mut Desk<'_>,
) -> Result<bool, Refusal> {
    let feedback = desk.ask("feedback for its agent (empty: not now): ")?.unwrap_or_default();
    if feedback.trim().is_empty() {
        desk.output.note("nothing was decided");
        return Ok(false);
    }
    Ok(tell(approvals.reject(view.id, feedback.trim()), desk))
}

/// Shows what came of a decision; whether it was made.
fn tell(decided: Result<ApprovalView, Refusal>, desk: &mut Desk<'_>) -> bool {
    match decided {
        Ok(view) => {
            let text = render::outcome(&view, &desk.scene());
            desk.output.text(&format!("{text}\n"));
            true
        }
        Err(refusal) => {
            desk.output.refuse(&refusal);
            false
        }
    }
}

#[cfg(test)]
mod tests;
