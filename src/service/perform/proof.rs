//! Performing a proof: the merge made in memory, its tree checked out, the checks run on exactly that.
//!
//! What the checks say is passed on as evidence, not judged.

use crate::domain::checks::ChecksConfig;
use crate::domain::id::SubmissionId;
use crate::domain::submission::{Evidence, ProofOutcome};
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::failpoint;
use crate::ports::proving::CheckOrder;
use crate::ports::repositories::Previewed;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::plans::{self, ProofPlan};
use crate::service::recipes;
use crate::service::supervisor::Handle;

/// What to write when nothing says how the project is checked.
const NO_CHECKS: &str = "no check is configured or found: add `commands = [[\"sh\", \"run-tests.sh\"]]` under `[checks]` in agency.toml";

/// Proves a submission; proofs run one after the other, for each takes the whole machine.
pub fn prove(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    submission: SubmissionId,
) {
    let Some(plan) = plans::proof(state, outside, submission) else {
        let outcome =
            Box::new(ProofOutcome::Broken { reason: "the project was never looked at".to_owned() });
        handle.input(Input::ProofFinished { submission, outcome });
        return;
    };
    let config = state.config.checks.clone();
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        "proof",
        Box::new(move || {
            let outcome = carry_out(&outside, &plan, &config)
                .unwrap_or_else(|reason| ProofOutcome::Broken { reason });
            handle.input(Input::ProofFinished { submission, outcome: Box::new(outcome) });
        }),
    );
}

fn carry_out(
    outside: &Outside,
    plan: &ProofPlan,
    config: &ChecksConfig,
) -> Result<ProofOutcome, String> {
    let preview = outside.repositories.preview_merge(&plan.project, &plan.target, &plan.head);
    let merge = match preview.map_err(|error| error.to_string())? {
        Previewed::Clean(merge) => merge,
        Previewed::Conflict { base, paths } => return Ok(ProofOutcome::Conflict { base, paths }),
    };
    outside.proving.clear(&plan.folder).map_err(|error| error.to_string())?;
    let exported = outside.repositories.export_tree(&plan.project, &merge.tree, &plan.folder);
    exported.map_err(|error| error.to_string())?;
    failpoint::hit("submit.tree_made");
    let recipe = plan.recipe.as_ref();
    let named = recipe.map(|(agency, recipe)| (agency, recipe));
    let checks = recipes::checks(outside, &plan.folder, config, named)?;
    if checks.commands.is_empty() {
        return Ok(ProofOutcome::NoChecks { merge, hint: NO_CHECKS.to_owned() });
    }
    let order = CheckOrder {
        folder: plan.folder.clone(),
        log: outside.home.join(&plan.log),
        commands: checks.commands,
        recorded: checks.recorded,
        // The supervisor's own: neither a worktree nor an agency's folder, and beside no tree that is proven.
        private: outside.home.join("registry"),
        config: recipes::widened(config, recipe.map(|(_, recipe)| recipe)),
    };
    let report = outside.proving.run(&order).map_err(|error| error.to_string())?;
    failpoint::hit("submit.checked");
    let evidence = Evidence {
        tree: merge.tree.clone(),
        runs: report.runs,
        log: plan.log.display().to_string(),
        log_sha256: report.log_sha256,
        timed_out: report.timed_out,
    };
    Ok(ProofOutcome::Checked { merge, evidence })
}
