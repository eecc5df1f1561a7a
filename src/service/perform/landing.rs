//! Performing an approved merge, and writing down what was merged.
//!
//! The signature is checked here a last time, against the state and not against the order.

use std::path::PathBuf;

use crate::domain::approval::SignedStatement;
use crate::domain::id::ApprovalId;
use crate::domain::text::{to_line, to_plain};
use crate::engine::input::{Input, LeftUndone};
use crate::engine::state::State;
use crate::service::board;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::perform::work::project_lane;
use crate::service::plans;
use crate::service::supervisor::Handle;
use crate::service::views::ApprovalView;

/// Moves the project's branch to the proven merge, if the operator's signature covers it.
pub fn merge(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    approval: ApprovalId,
    signed: SignedStatement,
) {
    if let Err(problem) = require_signature(state, approval, &signed) {
        handle.input(Input::MergeFinished { approval, result: Err(problem) });
        return;
    }
    let Some(order) = plans::merge(state, outside, approval) else {
        let result = Err("there is no merge to make".to_owned());
        handle.input(Input::MergeFinished { approval, result });
        return;
    };
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&order.project.clone()),
        Box::new(move || {
            let result = outside.repositories.merge(&order).map_err(|error| error.to_string());
            handle.input(Input::MergeFinished { approval, result });
        }),
    );
}

/// The last gate before a branch moves: it trusts nothing that was checked before.
fn require_signature(
    state: &State,
    approval: ApprovalId,
    signed: &SignedStatement,
) -> Result<(), String> {
    let key = state.operator_key.as_deref().unwrap_or_default();
    signed
        .verify(key)
        .map_err(|error| format!("the approval's signature does not hold: {error}"))?;
    let record = state.approvals.approvals.get(&approval);
    let change = record.and_then(|record| record.merge.as_ref()).map(|merge| merge.change.as_str());
    let covers =
        signed.statement.approval == approval && change == Some(signed.statement.change.as_str());
    if covers { Ok(()) } else { Err("the signature covers another change".to_owned()) }
}

/// Writes the decision record and the change log entry; the checked-out tree has served its purpose.
pub fn document(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    approval: ApprovalId,
) {
    let Some(record) = state.approvals.approvals.get(&approval) else { return };
    let Some(view) = board::approval(state, record, outside.clock.now()) else { return };
    let key = record.signed.as_ref().map(|signed| signed.key.clone()).unwrap_or_default();
    let at = record.closed_at.unwrap_or(record.opened_at);
    let path = PathBuf::from("docs")
        .join("decisions")
        .join(format!("{approval}-{}.md", slug(&view.title)));
    let text = decision_record(&view, &key, at);
    let entry =
        format!("- {} ({approval}, {})", to_line(&view.title, 120), at.strftime("%Y-%m-%d"));
    // Not in an agent's hand: its title may say anything, and another workbench may write here too.
    let digest: String = record.evidence_digest().chars().take(12).collect();
    let marker = format!("agency {approval} {digest}");
    let folder = state.config.documents.folder.clone();
    let proof = plans::proof_folder(outside, record.submission);
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        "documents",
        Box::new(move || {
            let written = outside
                .folder
                .write_document(folder.as_deref(), &path, &text)
                .and_then(|_| outside.folder.add_change(folder.as_deref(), &marker, &entry));
            if let Err(error) = outside.proving.clear(&proof) {
                tracing::warn!(%error, "the checked-out tree stays");
            }
            match written {
                Ok(()) => handle.input(Input::Documented { approval }),
                Err(error) => {
                    tracing::error!(%approval, %error, "the decision could not be written down");
                    handle.input(Input::LeftUndone { what: LeftUndone::Work });
                }
            }
        }),
    );
}

fn slug(title: &str) -> String {
    let kept =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let words: String = kept.collect();
    let parts: Vec<&str> = words.split('-').filter(|part| !part.is_empty()).take(8).collect();
    parts.join("-")
}

fn decision_record(view: &ApprovalView, key: &str, at: jiff::Timestamp) -> String {
    let or_none =
        |text: &Option<String>| text.as_deref().map_or_else(|| "none given".to_owned(), to_plain);
    let tests = view.tests.as_ref().map_or_else(
        || "no test counts were found in the output".to_owned(),
        |tests| {
            format!(
                "{} passed, {} failed, {} skipped (`{}`)",
                tests.passed, tests.failed, tests.skipped, tests.command
            )
        },
    );
    let tasks: Vec<String> = view.tasks.iter().map(ToString::to_string).collect();
    format!(
        "# {}: {}\n\n- Decision: approved by the operator (ed25519 {key})\n- At: {at}\n- Branch: `{}` into `{}`\n- Commit: {}\n- Tree: {}\n- Change: {}\n- Evidence: sha256 {}\n- Log: sha256 {}\n- Tasks: {}\n- Handed in by: {}\n\n## Rationale\n\n{}\n\n## Proof\n\n{tests}\n\n## Rollback\n\n{}\n",
        view.id,
        to_line(&view.title, 200),
        view.branch,
        view.target,
        view.commit.as_deref().unwrap_or_default(),
        view.tree,
        view.change,
        view.evidence.as_deref().unwrap_or_default(),
        view.log_sha256.as_deref().unwrap_or_default(),
        tasks.join(", "),
        view.agent,
        or_none(&view.rationale),
        or_none(&view.rollback),
    )
}
