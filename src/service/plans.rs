//! Plans: from the state to what a port is asked for, with paths resolved and credentials filled in.
//!
//! Pure but for the credentials, which the keyring derives; nothing is done here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::agency::AgentDefinition;
use crate::domain::handoff::is_branch_name;
use crate::domain::id::{ApprovalId, SubmissionId, TaskId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::recipe::Recipe;
use crate::domain::runtime::description as domain;
use crate::domain::task::integration_branch;
use crate::engine::effect::Retirement;
use crate::engine::sessions::runtime_of;
use crate::engine::state::State;
use crate::engine::tasks::TaskRecord;
use crate::ports::repositories::{IntegrationOrder, MergeOrder, RetireOrder, WorktreeOrder};
use crate::ports::terminals::{Launch, PanePlan, SessionPlan, StopPlan, StopSignal};
use crate::service::outside::Outside;
use crate::service::preflight::project_of;

/// A session as an agency's record wants it, or why it cannot be planned.
pub fn session(state: &State, outside: &Outside, agency: &Name) -> Result<SessionPlan, String> {
    let record =
        state.sessions.agency(agency).ok_or_else(|| format!("there is no agency `{agency}`"))?;
    let folder = outside.home.join("agencies").join(agency.as_str());
    let mut panes = Vec::new();
    for agent in &record.definition.agents {
        let address = AgentAddress::new(agency.clone(), agent.name.clone());
        let Some(spawn) = state.sessions.agent(&address).and_then(|record| record.spawn) else {
            continue;
        };
        let launch = launch(state, outside, &address, agent, spawn, folder.clone())?;
        let (is_read, stop) = read_and_stop(outside, agent);
        panes.push(PanePlan {
            title: format!("{} · {}", agent.name, agent.role),
            agent: address,
            spawn,
            launch,
            is_read,
            stop,
        });
    }
    let shell = |folder: PathBuf| Launch { argv: Vec::new(), env: plain_env(outside), folder };
    let sandbox = outside.home.join("sandbox");
    Ok(SessionPlan {
        agency: agency.clone(),
        layout: record.definition.layout,
        size: (state.config.tmux.width, state.config.tmux.height),
        panes,
        tools: shell(folder.clone()),
        sandbox: shell(if sandbox.is_dir() { sandbox } else { folder }),
        arranged: record.arranged.values().cloned().collect(),
    })
}

/// Whether an agent's screen is read, and how its program is ended.
fn read_and_stop(outside: &Outside, agent: &AgentDefinition) -> (bool, StopPlan) {
    let programs = outside.programs.current();
    let Ok((_, description)) = programs.require_described(agent.runtime.as_str()) else {
        return (false, StopPlan::default());
    };
    let signal = match description.stop.signal {
        domain::StopSignal::Hangup => StopSignal::Hup,
        domain::StopSignal::Interrupt => StopSignal::Int,
        domain::StopSignal::Terminate => StopSignal::Term,
    };
    (!description.screens.is_empty(), StopPlan { signal, grace_ms: description.stop.grace_ms })
}

fn plain_env(outside: &Outside) -> BTreeMap<String, String> {
    let home = outside.home.display().to_string();
    let program = outside.program.display().to_string();
    BTreeMap::from([("AGENCY_HOME".to_owned(), home), ("AGENCY_BIN".to_owned(), program)])
}

/// Longest `PATH` that is handed on, in bytes: all of a command may have 16,383.
const LONGEST_PATH: usize = 8_192;

fn launch(
    state: &State,
    outside: &Outside,
    address: &AgentAddress,
    agent: &AgentDefinition,
    spawn: uuid::Uuid,
    folder: PathBuf,
) -> Result<Launch, String> {
    let programs = outside.programs.current();
    // A file that broke since is the problem, and not that its runtime is unknown.
    programs.require_described(agent.runtime.as_str()).map_err(|refusal| refusal.message)?;
    let runtime = runtime_of(state, address).ok_or_else(|| {
        format!("`{address}` has the runtime `{}`, which is not known", agent.runtime)
    })?;
    // The pane asks for the rest itself: a tmux command is short, and seen by every user.
    let mut argv = vec![outside.program.display().to_string(), "enter".to_owned()];
    if runtime.command.is_empty() {
        argv.push(Launch::SHELL.to_owned());
    }
    let mut env = plain_env(outside);
    env.insert("AGENCY_AGENT".to_owned(), address.to_string());
    env.insert("AGENCY_SPAWN".to_owned(), spawn.to_string());
    let path = std::env::join_paths(&outside.path).unwrap_or_default();
    let path = path.to_string_lossy().into_owned();
    if path.len() <= LONGEST_PATH {
        env.insert("AGENCY_PATH".to_owned(), path);
    }
    Ok(Launch { argv, env, folder })
}

/// The project and the target branch of an agency, once looked at.
pub fn project(state: &State, outside: &Outside, agency: &Name) -> (PathBuf, Option<String>) {
    let bound = state.sessions.agencies.get(agency).and_then(|record| record.project.clone());
    match bound {
        Some((project, target)) => (project, Some(target)),
        None => (project_of(state, &outside.home, agency), None),
    }
}

/// A task's worktree: a new branch starts from what was handed over for it, else from the feature's integration,
/// else from the target.
pub fn worktree(state: &State, outside: &Outside, task: TaskId) -> Option<WorktreeOrder> {
    let record = state.tasks.tasks.get(&task)?;
    let (project, target) = project(state, outside, &record.contract.agency);
    let mut start_from = handed_branches(state, record);
    start_from.push(integration_branch(&record.contract.feature));
    start_from.extend(target);
    Some(WorktreeOrder {
        project,
        path: outside.home.join(record.worktree.as_ref()?),
        branch: record.branch.clone()?,
        start_from,
    })
}

/// The branch that was handed over, and that of the handed task while its work is nowhere else.
fn handed_branches(state: &State, record: &TaskRecord) -> Vec<String> {
    let handed = state.handoffs.branch_for(record.id).map(str::to_owned);
    let origin = state.handoffs.of_task(record.id).and_then(|it| it.offer.origin);
    let origin = origin.and_then(|task| state.tasks.tasks.get(&task));
    let alone = origin.filter(|task| task.state.is_open()).and_then(|task| task.branch.clone());
    handed.into_iter().chain(alone).filter(|branch| is_branch_name(branch)).collect()
}

/// A task's integration; none if it has nothing to integrate, or no project to do it in.
pub fn integration(
    state: &State,
    outside: &Outside,
    task: TaskId,
    at: jiff::Timestamp,
) -> Option<IntegrationOrder> {
    let record = state.tasks.tasks.get(&task)?;
    let (project, target) = project(state, outside, &record.contract.agency);
    Some(IntegrationOrder {
        project,
        into: integration_branch(&record.contract.feature),
        start_from: target?,
        head: record.head.clone()?,
        message: format!("Integrate {task}: {}", record.contract.title),
        at,
    })
}

/// A worktree to keep and remove.
pub fn retirement(state: &State, outside: &Outside, retirement: &Retirement) -> RetireOrder {
    let agency = state.tasks.tasks.get(&retirement.task).map(|task| task.contract.agency.clone());
    let project = agency
        .map_or_else(|| retirement.project.clone(), |agency| project(state, outside, &agency).0);
    RetireOrder {
        project,
        path: outside.home.join(&retirement.worktree),
        branch: retirement.branch.clone(),
        keep_as: retirement.keep_as.clone(),
    }
}

/// What a proof works with.
pub struct ProofPlan {
    /// The project.
    pub project: PathBuf,
    /// The branch it would go into.
    pub target: String,
    /// The submitted commit.
    pub head: String,
    /// What the agency that hands in adds to the checks, as it was recorded.
    pub recipe: Option<(Name, Recipe)>,
    /// Where the tree is checked out.
    pub folder: PathBuf,
    /// Where the output goes, relative to the workbench.
    pub log: PathBuf,
}

/// A submission's proof.
pub fn proof(state: &State, outside: &Outside, id: SubmissionId) -> Option<ProofPlan> {
    let work = &state.submissions.submissions.get(&id)?.submission;
    let (project, target) = project(state, outside, &work.agent.agency);
    let record = state.sessions.agency(&work.agent.agency);
    let recipe = record.and_then(|record| record.recipe.clone());
    let log = PathBuf::from("sandbox").join("testing").join(format!("{id}.log"));
    Some(ProofPlan {
        project,
        target: target?,
        head: work.head.clone(),
        recipe: recipe.map(|recipe| (work.agent.agency.clone(), recipe)),
        folder: proof_folder(outside, id),
        log,
    })
}

/// Where a submission is checked out.
pub fn proof_folder(outside: &Outside, id: SubmissionId) -> PathBuf {
    outside.home.join("sandbox").join("testing").join(id.to_string())
}

/// An approved merge.
pub fn merge(state: &State, outside: &Outside, id: ApprovalId) -> Option<MergeOrder> {
    let record = state.approvals.approvals.get(&id)?;
    let work = &state.submissions.submissions.get(&record.submission)?.submission;
    let merge = record.merge.as_ref()?;
    let signed = record.signed.as_ref()?;
    let (project, target) = project(state, outside, &work.agent.agency);
    let tasks: Vec<String> = work
        .tasks
        .iter()
        .filter_map(|task| state.tasks.tasks.get(task))
        .map(|task| format!("- {}: {}", task.id, task.contract.title))
        .collect();
    let rationale = work
        .rationale
        .as_deref()
        .map(|text| format!("\n{}\n", crate::domain::text::to_plain(text)));
    let message = format!(
        "Merge {}\n{}\n{}\n\nApproval: {id}\nSubmission: {}\nEvidence: sha256:{}\nOperator: ed25519:{}\n",
        work.title,
        rationale.unwrap_or_default(),
        tasks.join("\n"),
        work.id,
        record.evidence_digest(),
        signed.key,
    );
    Some(MergeOrder {
        project,
        target: target?,
        base: merge.base.clone(),
        head: merge.head.clone(),
        tree: merge.tree.clone(),
        message,
        at: signed.statement.at,
    })
}
