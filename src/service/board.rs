//! From the state to the views: what every face shows.
//!
//! Pure: the same state and moment give the same views, in a face as in the supervisor.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::approval::ApprovalState;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::submission::Evidence;
use crate::engine::approvals::ApprovalRecord;
use crate::engine::approvals::deciding::blocked_by;
use crate::engine::attention;
use crate::engine::sessions::{AgencyRecord, Wanted};
use crate::engine::state::State;
use crate::engine::tasks::TaskRecord;
use crate::service::preflight::project_of;
use crate::service::views::{
    self, AgencyView, AgentView, ApprovalView, Board, DependencyView, MessageView, StatusView,
    SupervisorView, TaskView, TestsView, WaitingView,
};

mod talk;

pub use talk::{conversation, mailboxes, message, message_in};

/// Closed tasks that a board still shows.
const CLOSED_TASKS: usize = 20;

/// Every agency that is not archived.
pub fn agencies(state: &State, home: &Path) -> Vec<AgencyView> {
    state.sessions.live().map(|(name, record)| agency(state, home, name, record)).collect()
}

/// One agency.
pub fn agency(state: &State, home: &Path, name: &Name, record: &AgencyRecord) -> AgencyView {
    let definition = &record.definition;
    AgencyView {
        name: name.clone(),
        session: record.session.clone().unwrap_or_else(|| name.to_string()),
        state: record.state(),
        reason: record
            .trouble
            .as_ref()
            .map(|trouble| trouble.problem.clone())
            .or_else(|| beside(record)),
        reason_code: reason_code(record),
        coordinator: definition.coordinator.clone(),
        description: definition.description.clone(),
        template: definition.template.clone(),
        capabilities: definition.capabilities.clone(),
        project: project(state, home, name, record),
        agents: definition
            .agents
            .iter()
            .map(|agent| {
                agent_view(state, home, &AgentAddress::new(name.clone(), agent.name.clone()))
            })
            .collect(),
    }
}

fn reason_code(record: &AgencyRecord) -> Option<String> {
    if record.wanted == Wanted::Removing {
        return Some(views::REMOVING.to_owned());
    }
    let trouble = record.trouble.as_ref().map(|trouble| trouble.code.clone());
    trouble.or_else(|| record.session.as_ref().map(|_| views::NAME_TAKEN.to_owned()))
}

/// Why a session is not called like its agency.
fn beside(record: &AgencyRecord) -> Option<String> {
    let session = record.session.as_ref()?;
    let name = &record.definition.name;
    Some(format!("its tmux session is `{session}`: a session `{name}` is there that is not ours"))
}

/// The project as it was bound by the first work, before that the one that is configured.
fn project(state: &State, home: &Path, name: &Name, record: &AgencyRecord) -> Option<PathBuf> {
    let bound = record.project.as_ref().map(|(project, _)| project.clone());
    let is_configured = record.definition.project.is_some() || state.config.project.path.is_some();
    bound.or_else(|| is_configured.then(|| project_of(state, home, name).components().collect()))
}

fn agent_view(state: &State, home: &Path, address: &AgentAddress) -> AgentView {
    let definition = state.sessions.definition(address);
    let record = state.sessions.agent(address).cloned().unwrap_or_default();
    let task = state.tasks.current_of(address);
    AgentView {
        address: address.clone(),
        name: address.agent.clone(),
        role: definition.map(|agent| agent.role.clone()).unwrap_or_default(),
        runtime: definition.map_or_else(|| address.agent.clone(), |agent| agent.runtime.clone()),
        state: record.state,
        state_source: record.source,
        state_since: record.since,
        state_reason: record.reason,
        state_rule: record.rule,
        state_evidence: record.evidence,
        limited_until: record.until,
        conversation: record.conversation.map(|known| known.id),
        task: task.map(|task| task.id),
        branch: task.and_then(|task| task.branch.clone()),
        worktree: task.and_then(|task| Some(home.join(task.worktree.as_ref()?))),
        pane: record.pane.map(|pane| pane.0),
        skills: definition.map(|agent| agent.skills.clone()).unwrap_or_default(),
        temporary: definition.is_some_and(|agent| agent.temporary),
        unread: state.mail.unread(address),
        unread_since: talk::unread_since(state, address),
    }
}

/// One task.
pub fn task(record: &TaskRecord, home: &Path) -> TaskView {
    let contract = &record.contract;
    TaskView {
        id: record.id,
        title: contract.title.clone(),
        feature: contract.feature.clone(),
        state: record.state,
        agency: contract.agency.clone(),
        agent: record.agent.clone(),
        depends_on: contract
            .depends_on
            .iter()
            .map(|dependency| DependencyView { task: dependency.task, kind: dependency.kind })
            .collect(),
        priority: contract.priority,
        estimate_h: contract.estimate_h,
        branch: record.branch.clone(),
        base: record.base.clone(),
        head: record.head.clone(),
        worktree: record
            .worktree
            .as_ref()
            .filter(|_| record.base.is_some() && !record.is_retired)
            .map(|path| home.join(path)),
        opened_at: record.opened_at,
        closed_at: record.closed_at,
        progress: record.progress,
        note: record.note.clone(),
        contract: contract.clone(),
    }
}

/// One approval.
pub fn approval(state: &State, record: &ApprovalRecord, now: Timestamp) -> Option<ApprovalView> {
    let work = &state.submissions.submissions.get(&record.submission)?.submission;
    let agency = state.sessions.agencies.get(&record.agent.agency);
    let target =
        agency.and_then(|agency| agency.project.as_ref()).map(|(_, target)| target.clone());
    let merge = record.merge.clone();
    let evidence = record.evidence.as_ref();
    let until = record.closed_at.unwrap_or(now);
    Some(ApprovalView {
        id: record.id,
        kind: "merge".to_owned(),
        title: work.title.clone(),
        agency: work.agent.agency.clone(),
        agent: work.agent.clone(),
        task: work.task,
        branch: work.branch.clone(),
        target: target.unwrap_or_default(),
        base: merge.as_ref().map(|merge| merge.base.clone()).unwrap_or_default(),
        head: work.head.clone(),
        tree: merge.as_ref().map(|merge| merge.tree.clone()).unwrap_or_default(),
        change: merge.as_ref().map(|merge| merge.change.clone()).unwrap_or_default(),
        state: record.state,
        risk: risk(record).to_owned(),
        tests: evidence.and_then(tests),
        coverage: None,
        diff: merge.map(|merge| merge.diff).unwrap_or_default(),
        demo: work.demo.clone(),
        waiting_s: u64::try_from(until.as_second() - record.opened_at.as_second()).unwrap_or(0),
        blocks: blocked_by(state, &work.tasks),
        tasks: work.tasks.clone(),
        rationale: work.rationale.clone(),
        rollback: work.rollback.clone(),
        checks: evidence.map(|evidence| evidence.runs.clone()).unwrap_or_default(),
        log_sha256: evidence.map(|evidence| evidence.log_sha256.clone()),
        evidence: evidence.map(Evidence::digest),
        reason: record.reason.clone(),
        opened_at: record.opened_at,
        commit: record.commit.clone(),
    })
}

/// How much can go wrong, from what is known: nothing proven is high, a large change or one without
/// counted tests is medium. 400 lines is where reviews stop finding defects (SmartBear, 2006).
fn risk(record: &ApprovalRecord) -> &'static str {
    const LARGE_LINES: u32 = 400;
    let Some(evidence) = &record.evidence else { return "high" };
    let lines =
        record.merge.as_ref().map_or(0, |merge| merge.diff.insertions + merge.diff.deletions);
    if lines > LARGE_LINES || evidence.tests().is_none() { "medium" } else { "low" }
}

fn tests(evidence: &Evidence) -> Option<TestsView> {
    let counts = evidence.tests()?;
    let commands: Vec<String> =
        evidence.runs.iter().map(|run| run.command.argv.join(" ")).collect();
    Some(TestsView {
        passed: counts.passed,
        failed: counts.failed,
        skipped: counts.skipped,
        command: commands.join(" && "),
    })
}

/// Every approval; those that wait first, then the newest.
pub fn approvals(state: &State, now: Timestamp) -> Vec<ApprovalView> {
    let mut views: Vec<ApprovalView> = state
        .approvals
        .approvals
        .values()
        .filter_map(|record| approval(state, record, now))
        .collect();
    views.sort_by_key(|view| {
        let is_settled = !view.state.is_waiting();
        let order =
            if is_settled { -view.opened_at.as_second() } else { view.opened_at.as_second() };
        (is_settled, order, view.id)
    });
    views
}

/// The whole in one screen. `seq` is the last event; a supervisor that does not live is left out by the caller.
pub fn status(state: &State, home: &Path, seq: u64, now: Timestamp) -> StatusView {
    let waiting_for: Vec<WaitingView> = attention::waiting(state, now)
        .into_iter()
        .map(|waiting| WaitingView {
            kind: waiting.kind.as_str().to_owned(),
            subject: waiting.subject,
            text: waiting.text,
            since: waiting.since,
            blocks: waiting.blocks,
        })
        .collect();
    let waits = |state: ApprovalState| state.is_waiting();
    StatusView {
        agencies: agencies(state, home),
        waiting: count(waiting_for.len()),
        waiting_for,
        queue: talk::queue(state),
        mailboxes: mailboxes(state),
        requests: count(state.requests.open.len()),
        approvals: count(
            state.approvals.approvals.values().filter(|record| waits(record.state)).count(),
        ),
        incidents: 0,
        supervisor: state.supervisor.as_ref().map(|supervisor| SupervisorView {
            pid: supervisor.pid,
            since: supervisor.since,
            events: seq,
        }),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Everything the screen shows, without branches.
pub fn board(state: &State, home: &Path, seq: u64, at: Option<Timestamp>, now: Timestamp) -> Board {
    let newest = state.mail.messages.values().rev().take(Board::MESSAGES);
    let mut messages: Vec<MessageView> =
        newest.map(|record| message_in(&state.mail, record)).collect();
    messages.reverse();
    let mut closed = 0;
    let mut tasks: Vec<TaskView> = state
        .tasks
        .tasks
        .values()
        .rev()
        .filter(|record| {
            closed += usize::from(record.state.is_closed());
            !record.state.is_closed() || closed <= CLOSED_TASKS
        })
        .map(|record| task(record, home))
        .collect();
    tasks.reverse();
    Board {
        seq,
        at,
        status: status(state, home, seq, now),
        approvals: approvals(state, now),
        tasks,
        messages,
        branches: Vec::new(),
    }
}
