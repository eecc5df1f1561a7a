//! Answering queries: from the state on the loop, or with a look outside from the caller's thread.
//!
//! The loop is asked only for what is in memory; whatever may block is read in the caller's thread.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::id::{ApprovalId, MessageId};
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::integration_branch;
use crate::engine::explain;
use crate::engine::mail::Mail;
use crate::engine::mail::door::{Held, Hold};
use crate::engine::state::State;
use crate::ports::ledger::LedgerReader;
use crate::service::outside::Outside;
use crate::service::preflight::{folder_refusal, repository_refusal};
use crate::service::query::{LogFilter, Query, TaskFilter};
use crate::service::reading::history::Recall;
use crate::service::views::queues::QueuesView;
use crate::service::views::{BranchView, LogView, MessageView};
use crate::service::{board, briefing, launching, plans};

mod answering;
mod cadence;
mod handoffs;
pub mod history;
mod locks;
pub mod queues;
mod requests;
mod saved;
mod story;

mod talk;

/// Bytes of a proof's output that are shown: the end, where the summary is.
const LOG_TAIL: usize = 256 * 1024;

/// What is left to do outside after the state was asked.
pub enum Partial {
    /// Nothing: this is the answer.
    Answer(Value),
    /// A diff between two trees.
    Diff {
        /// The project.
        project: PathBuf,
        /// From this commit.
        from: String,
        /// To this tree.
        to: String,
    },
    /// The end of a file.
    Tail {
        /// The file.
        path: PathBuf,
    },
    /// Branches of several projects.
    Branches(Vec<BranchPlan>),
    /// A briefing without its role file.
    Briefing {
        /// Whose.
        agent: AgentAddress,
        /// What the state knows.
        facts: briefing::Facts,
    },
    /// A launch without its briefing.
    Launch {
        /// Whose.
        agent: AgentAddress,
        /// What the state knows for the briefing.
        facts: briefing::Facts,
        /// The launch.
        order: Box<launching::Order>,
    },
    /// Messages, of which some have left the state.
    Recalled {
        /// What the state has.
        mail: Box<Mail>,
        /// What is asked.
        what: Recall,
    },
    /// Something of which the state knows nothing.
    Explain {
        /// What.
        subject: String,
    },
    /// Queues without the door.
    Queues {
        /// What files wait for there.
        held: Vec<(Hold, Held)>,
        /// The rest.
        view: Box<QueuesView>,
    },
    /// Dead letters.
    Dead,
    /// A part of the ledger.
    Log(LogFilter),
    /// What the ledger tells of one request.
    Story(String),
    /// A message that the state does not have any more.
    OldMessage {
        /// Which.
        id: MessageId,
    },
    /// A message without its way.
    MessageWhole {
        /// Which.
        id: MessageId,
        /// It, if the state has it.
        view: Option<Box<MessageView>>,
        /// Its conversation, as far as the state has it.
        conversation: Vec<MessageView>,
        /// The mail, if more of it may be in the ledger.
        mail: Option<Box<Mail>>,
    },
    /// What has happened with messages.
    Talk {
        /// After this position; none: only the position as it is now.
        after: Option<u64>,
        /// Changes of state too.
        changes: bool,
    },
}

/// Branches of one project to look at.
pub struct BranchPlan {
    project: PathBuf,
    target: String,
    wanted: Vec<BranchView>,
    worktrees: Vec<Option<PathBuf>>,
}

/// Asks the state.
#[expect(clippy::too_many_lines, reason = "a table: every query is in it")]
pub fn ask_state(
    state: &State,
    outside: &Outside,
    seq: u64,
    query: Query,
) -> Result<Partial, Refusal> {
    let home = &outside.home;
    let now = outside.clock.now();
    let answer = match query {
        Query::Status => json!(board::status(state, home, seq, now)),
        Query::Agencies => json!(board::agencies(state, home)),
        Query::Agency { name } => {
            let record = state
                .sessions
                .agency(&name)
                .ok_or_else(|| not_found("agency", &name, "agency list"))?;
            json!(board::agency(state, home, &name, record))
        }
        Query::Messages(filter) => return Ok(history::ask(state, Recall::List(filter))),
        Query::Message { id } => return Ok(talk::message(state, id)),
        Query::MessageWhole { id } => return Ok(talk::whole(state, id)),
        Query::Talk { after, changes } => return Ok(Partial::Talk { after, changes }),
        Query::Replies { question } => {
            let request = state.requests.find(question);
            let taken = request.and_then(|request| request.end.as_ref()?.with);
            return Ok(history::ask(state, Recall::Replies(question, taken)));
        }
        Query::Requests { all } => json!(requests::requests(state, all, now)),
        Query::Request { id } => json!(requests::request(state, id, now)?),
        Query::Broadcasts => json!(requests::broadcasts(state)),
        Query::Broadcast { id } => json!(requests::broadcast(state, id)?),
        Query::Inbox { agent, all } => {
            if state.sessions.agent(&agent).is_none() {
                return Err(not_found("agent", &agent, "agency list"));
            }
            return Ok(history::ask(state, Recall::Inbox(agent, all)));
        }
        Query::Queues => {
            let held = state.mail.door.held.clone().into_iter().collect();
            return Ok(Partial::Queues { held, view: Box::new(queues::queues(state, now)) });
        }
        Query::Dead => return Ok(Partial::Dead),
        Query::Tasks(filter) => json!(tasks(state, outside, &filter)),
        Query::Task { id } => {
            let record = state
                .tasks
                .tasks
                .get(&id)
                .ok_or_else(|| not_found("task", &id, "agency task list"))?;
            json!(board::task(record, home))
        }
        Query::Handoffs(filter) => json!(handoffs::list(state, &filter)),
        Query::Handoff { name } => json!(handoffs::one(state, &name)?),
        Query::Approvals { all } => {
            let mut views = board::approvals(state, now);
            views.retain(|view| all || view.state.is_waiting());
            json!(views)
        }
        Query::Approval { id } => json!(approval(state, id, now)?),
        Query::Diff { id } => return diff(state, outside, id),
        Query::ProofLog { id } => return proof_log(state, id),
        Query::Checkpoints { task } => json!(saved::checkpoints(state, task)),
        Query::CheckpointDiff { id } => return saved::diff(state, outside, id),
        Query::Acts => json!(saved::acts(state)),
        Query::Locks => json!(locks::locks(state, now)),
        Query::Cadence => json!(cadence::cadence(state, now)),
        Query::Meetings => json!(cadence::meetings(state)),
        Query::Meeting { name } => return cadence::meeting(state, outside, &name),
        Query::Branches => return Ok(Partial::Branches(branch_plans(state, outside))),
        Query::Log(filter) => return Ok(Partial::Log(filter)),
        Query::Story { id } => return Ok(Partial::Story(id)),
        Query::Briefing { agent } => {
            let facts = briefing::facts(state, home, &agent)
                .ok_or_else(|| not_found("agent", &agent, "agency list"))?;
            return Ok(Partial::Briefing { agent, facts });
        }
        Query::Launch { agent } => {
            let order = Box::new(launching::order(state, outside, &agent)?);
            let facts = briefing::facts(state, home, &agent)
                .ok_or_else(|| not_found("agent", &agent, "agency list"))?;
            return Ok(Partial::Launch { agent, facts, order });
        }
        Query::ProgramFolders => json!(outside.path),
        Query::Explain { subject } => match explain::explain(state, &subject, now) {
            Some(lines) => json!(lines),
            None => return Ok(Partial::Explain { subject }),
        },
    };
    Ok(Partial::Answer(answer))
}

/// Does what is left outside.
pub fn finish(outside: &Outside, partial: Partial) -> Result<Value, Refusal> {
    match partial {
        Partial::Answer(answer) => Ok(answer),
        Partial::Diff { project, from, to } => {
            let diff = outside.repositories.diff(&project, &from, &to);
            diff.map(Value::String).map_err(|error| repository_refusal(&error))
        }
        Partial::Tail { path } => {
            outside.folder.read_tail(&path, LOG_TAIL).map(Value::String).map_err(folder_refusal)
        }
        Partial::Branches(plans) => Ok(json!(branches(outside, plans))),
        Partial::Briefing { agent, facts } => {
            let role = outside
                .folder
                .load_agency_file(&agent.agency, &facts.role_file)
                .map_err(folder_refusal)?;
            Ok(Value::String(facts.render(role.as_ref().map(|file| file.text.as_str()))))
        }
        Partial::Launch { agent, facts, mut order } => {
            // A role file that cannot be read keeps no agent from starting.
            let role = outside.folder.load_agency_file(&agent.agency, &facts.role_file);
            let role = role.map(|file| file.map(|file| file.text));
            let role = role.unwrap_or_else(|error| Some(format!("({error})")));
            order.brief(facts.render(role.as_deref()));
            Ok(json!(order))
        }
        Partial::Recalled { mail, what } => history::finish(outside, *mail, &what),
        Partial::Explain { subject } => {
            let lines = match subject.parse() {
                Ok(id) => history::explain(outside, id)?,
                Err(_) => None,
            };
            let lines = lines.ok_or_else(|| {
                not_found("agent, message, task or approval", &subject, "agency status")
            })?;
            Ok(json!(lines))
        }
        Partial::Queues { held, view } => Ok(json!(queues::finish(outside, held, *view))),
        Partial::Dead => Ok(json!(queues::dead(outside)?)),
        Partial::Log(filter) => {
            let ledger = (outside.open_reader)().map_err(|error| ledger_refusal(&error))?;
            Ok(json!(log(ledger.as_ref(), &filter)?))
        }
        Partial::Story(id) => {
            let ledger = (outside.open_reader)().map_err(|error| ledger_refusal(&error))?;
            Ok(json!(story::story(ledger.as_ref(), &id)?))
        }
        Partial::OldMessage { id } => Ok(json!(talk::old(outside, id)?)),
        Partial::MessageWhole { id, view, conversation, mail } => {
            Ok(json!(talk::finish_whole(outside, id, view, conversation, mail)?))
        }
        Partial::Talk { after, changes } => Ok(json!(talk::page(outside, after, changes)?)),
    }
}

fn not_found(what: &str, name: &dyn std::fmt::Display, list: &str) -> Refusal {
    let code = format!("{}_not_found", what.split([',', ' ']).next().unwrap_or(what));
    Refusal::new(RefusalKind::NotFound, &code, format!("there is no {what} `{name}`"))
        .with_hint(format!("see what there is with `{list}`"))
}

/// A ledger's error in the words of a refusal.
pub fn ledger_refusal(error: &crate::ports::ledger::LedgerError) -> Refusal {
    use crate::ports::ledger::LedgerError;
    let (kind, code, hint) = match error {
        LedgerError::Absent { .. } => {
            (RefusalKind::NotFound, "no_ledger", "start the workbench with `agency up`")
        }
        LedgerError::NewerSchema { .. } => {
            (RefusalKind::Conflict, "newer_ledger", "use the newer program that wrote it")
        }
        LedgerError::Full { .. } => {
            (RefusalKind::Failed, "disk_full", "make room on the disk and try again")
        }
        LedgerError::ReadOnly { .. } => {
            (RefusalKind::Failed, "read_only", "make the workbench's folder writable")
        }
        LedgerError::Damaged { .. } | LedgerError::Failed { .. } => (
            RefusalKind::Failed,
            "ledger",
            "keep a copy of registry/, then put a good ledger.db there",
        ),
    };
    Refusal::new(kind, code, error.to_string()).with_hint(hint)
}

fn tasks(
    state: &State,
    outside: &Outside,
    filter: &TaskFilter,
) -> Vec<crate::service::views::TaskView> {
    let wanted = |task: &&crate::engine::tasks::TaskRecord| {
        filter.feature.as_ref().is_none_or(|feature| task.contract.feature == *feature)
            && filter.state.is_none_or(|state| task.state == state)
            && filter.agency.as_ref().is_none_or(|agency| task.contract.agency == *agency)
    };
    state.tasks.tasks.values().filter(wanted).map(|task| board::task(task, &outside.home)).collect()
}

fn approval(
    state: &State,
    id: ApprovalId,
    now: Timestamp,
) -> Result<crate::service::views::ApprovalView, Refusal> {
    let record = state.approvals.approvals.get(&id);
    record
        .and_then(|record| board::approval(state, record, now))
        .ok_or_else(|| not_found("approval", &id, "agency approvals list --all"))
}

fn diff(state: &State, outside: &Outside, id: ApprovalId) -> Result<Partial, Refusal> {
    let view = approval(state, id, outside.clock.now())?;
    if view.tree.is_empty() {
        let reason = view.reason.unwrap_or_else(|| "it was not merged in memory".to_owned());
        return Err(Refusal::new(
            RefusalKind::Conflict,
            "no_merge",
            format!("`{id}` has no diff: {reason}"),
        ));
    }
    let (project, _) = plans::project(state, outside, &view.agency);
    Ok(Partial::Diff { project, from: view.base, to: view.tree })
}

fn proof_log(state: &State, id: ApprovalId) -> Result<Partial, Refusal> {
    let record = state
        .approvals
        .approvals
        .get(&id)
        .ok_or_else(|| not_found("approval", &id, "agency approvals list --all"))?;
    let log = record.evidence.as_ref().map(|evidence| evidence.log.clone());
    let log = log.ok_or_else(|| {
        Refusal::new(RefusalKind::Conflict, "no_log", format!("no check ran for `{id}`"))
    })?;
    Ok(Partial::Tail { path: PathBuf::from(log) })
}

fn branch_plans(state: &State, outside: &Outside) -> Vec<BranchPlan> {
    let mut plans: Vec<BranchPlan> = Vec::new();
    let mut add = |agency: &crate::domain::name::Name,
                   view: BranchView,
                   worktree: Option<PathBuf>| {
        let (project, target) = plans::project(state, outside, agency);
        let Some(target) = target else { return };
        let known = plans.iter_mut().find(|plan| plan.project == project && plan.target == target);
        if let Some(plan) = known {
            plan.wanted.push(view);
            plan.worktrees.push(worktree);
            return;
        }
        plans.push(BranchPlan { project, target, wanted: vec![view], worktrees: vec![worktree] });
    };
    for (feature, record) in
        state.tasks.features.iter().filter(|(_, record)| record.integration.is_some())
    {
        add(&record.agency, empty_view(integration_branch(feature)), None);
    }
    for task in state.tasks.tasks.values().filter(|task| !task.is_retired && task.base.is_some()) {
        let Some(branch) = task.branch.clone() else { continue };
        let mut view = empty_view(branch);
        view.agent.clone_from(&task.agent);
        view.task = Some(task.id);
        saved::describe(state, task.id, &mut view);
        add(
            &task.contract.agency,
            view,
            task.worktree.as_ref().map(|path| outside.home.join(path)),
        );
    }
    plans
}

fn empty_view(branch: String) -> BranchView {
    BranchView {
        branch,
        agent: None,
        task: None,
        ahead: 0,
        behind: 0,
        dirty: 0,
        insertions: 0,
        deletions: 0,
        last_commit_at: None,
        conflicts_with: Vec::new(),
        uncommitted_since: None,
        checkpoint: None,
        checkpoint_at: None,
    }
}

fn branches(outside: &Outside, plans: Vec<BranchPlan>) -> Vec<BranchView> {
    let mut views = Vec::new();
    for plan in plans {
        let wanted: Vec<(String, Option<PathBuf>)> =
            plan.wanted.iter().map(|view| view.branch.clone()).zip(plan.worktrees).collect();
        let Ok(seen) = outside.repositories.branches(&plan.project, &plan.target, &wanted) else {
            continue;
        };
        for mut view in plan.wanted {
            // A branch that is gone is not shown.
            let Some(seen) = seen.iter().find(|seen| seen.branch == view.branch) else { continue };
            view.ahead = seen.ahead;
            view.behind = seen.behind;
            view.dirty = seen.dirty;
            view.insertions = seen.insertions;
            view.deletions = seen.deletions;
            view.last_commit_at = seen.last_commit_at;
            views.push(view);
        }
    }
    views
}

/// A part of the ledger, oldest first.
pub fn log(ledger: &dyn LedgerReader, filter: &LogFilter) -> Result<Vec<LogView>, Refusal> {
    const PAGE: usize = 4096;
    let refuse = |error: crate::ports::ledger::LedgerError| ledger_refusal(&error);
    let mut views = std::collections::VecDeque::new();
    let mut after = filter.after;
    loop {
        let page = ledger.read(after, PAGE).map_err(refuse)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for record in page {
            let is_in_time = filter.since.is_none_or(|since| record.at >= since);
            if is_in_time
                && filter
                    .subject
                    .as_deref()
                    .is_none_or(|subject| is_about(&record.subject, subject))
            {
                views.push_back(log_view(record));
            }
            if filter.limit.is_some_and(|limit| views.len() > limit) {
                views.pop_front();
            }
        }
    }
    Ok(views.into())
}

fn is_about(subject: &str, wanted: &str) -> bool {
    subject.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A record as it is shown.
pub fn log_view(record: crate::ports::ledger::Record) -> LogView {
    LogView {
        seq: record.seq,
        at: record.at,
        actor: record.actor,
        kind: record.kind,
        subject: record.subject,
        payload: serde_json::from_str(&record.payload).unwrap_or(Value::String(record.payload)),
        hash: record.hash,
    }
}
