//! The dashboard's rows and what can be done on them.
//!
//! The cursor runs through what waits, then agencies with their agents, then tasks, in the order in
//! which they are drawn. Rows are borrowed from the board; only the cursor's own row is kept, by id.

use crate::domain::agency::AgencyState;
use crate::domain::id::ApprovalId;
use crate::domain::name::{Address, AgentAddress, Name};
use crate::service::views::{AgencyView, AgentView, Board, TaskView, WaitingView};
use crate::tui::keymap::{Action, Context};
use crate::tui::model::{Model, Spot};
use crate::tui::msg::Cmd;
use crate::tui::screens::{Offer, Rank, Screen, approvals, messages, offer, pane};
use crate::tui::widgets::list::step;

/// A row, borrowed from the board.
#[derive(Debug, Clone, Copy)]
pub enum RowRef<'a> {
    /// Something that waits.
    Waiting(&'a WaitingView),
    /// An agency.
    Agency(&'a AgencyView),
    /// An agent.
    Agent(&'a AgentView),
    /// A task.
    Task(&'a TaskView),
}

impl RowRef<'_> {
    /// Whether this is the row of that spot.
    pub fn is(&self, spot: &Spot) -> bool {
        match (self, spot) {
            (Self::Waiting(row), Spot::Waiting(kind, subject)) => {
                row.kind == *kind && row.subject == *subject
            }
            (Self::Agency(row), Spot::Agency(name)) => row.name == *name,
            (Self::Agent(row), Spot::Agent(address)) => row.address == *address,
            (Self::Task(row), Spot::Task(id)) => row.id == *id,
            (Self::Waiting(_) | Self::Agency(_) | Self::Agent(_) | Self::Task(_), _) => false,
        }
    }

    fn to_spot(self) -> Spot {
        match self {
            Self::Waiting(row) => Spot::Waiting(row.kind.clone(), row.subject.clone()),
            Self::Agency(row) => Spot::Agency(row.name.clone()),
            Self::Agent(row) => Spot::Agent(row.address.clone()),
            Self::Task(row) => Spot::Task(row.id),
        }
    }

    /// Whether the cursor stops here when it jumps from group to group.
    fn starts_group(&self, before: Option<&Self>) -> bool {
        match (self, before) {
            (Self::Agency(_), _) | (_, None) => true,
            (Self::Waiting(_), Some(Self::Waiting(_))) | (Self::Task(_), Some(Self::Task(_))) => {
                false
            }
            (Self::Agent(_), _) => false,
            (Self::Waiting(_) | Self::Task(_), Some(_)) => true,
        }
    }
}

/// What waits for a person, most urgent first.
pub fn waiting(board: &Board) -> impl Iterator<Item = RowRef<'_>> + Clone {
    board.status.waiting_for.iter().map(RowRef::Waiting)
}

/// Agencies, each followed by its agents.
pub fn crew(board: &Board) -> impl Iterator<Item = RowRef<'_>> + Clone {
    board.status.agencies.iter().flat_map(|agency| {
        std::iter::once(RowRef::Agency(agency)).chain(agency.agents.iter().map(RowRef::Agent))
    })
}

/// Tasks that are not closed.
pub fn tasks(board: &Board) -> impl Iterator<Item = RowRef<'_>> + Clone {
    board.tasks.iter().filter(|task| !task.state.is_closed()).map(RowRef::Task)
}

/// Every row that the cursor can be on, in order.
pub fn rows(board: &Board) -> impl Iterator<Item = RowRef<'_>> {
    waiting(board).chain(crew(board)).chain(tasks(board))
}

/// Where the cursor is among the rows.
pub fn position(board: &Board, spot: Option<&Spot>) -> Option<usize> {
    let spot = spot?;
    rows(board).position(|row| row.is(spot))
}

/// The row that the cursor is on.
pub fn selected(model: &Model) -> Option<RowRef<'_>> {
    let spot = model.spot.as_ref()?;
    rows(model.board.as_ref()?).find(|row| row.is(spot))
}

/// Keeps the cursor on a row that exists; `was` is where it stood before the board changed.
pub fn settle(model: &mut Model, was: Option<usize>) {
    let Some(board) = model.board.as_ref() else { return };
    if position(board, model.spot.as_ref()).is_some() {
        return;
    }
    let count = rows(board).count();
    let index = was.unwrap_or(0).min(count.saturating_sub(1));
    model.spot = rows(board).nth(index).map(RowRef::to_spot);
}

/// Moves the cursor by rows.
pub fn move_by(model: &mut Model, by: isize) {
    let Some(board) = model.board.as_ref() else { return };
    let at = step(position(board, model.spot.as_ref()), by, rows(board).count());
    if let Some(row) = at.and_then(|at| rows(board).nth(at)) {
        model.spot = Some(row.to_spot());
    }
}

/// Moves the cursor to the next agency or section, or to the one before.
pub fn move_group(model: &mut Model, direction: Direction) {
    let Some(board) = model.board.as_ref() else { return };
    let all: Vec<RowRef<'_>> = rows(board).collect();
    let at = position(board, model.spot.as_ref()).unwrap_or(0);
    let starts = |index: &usize| {
        let before = index.checked_sub(1).and_then(|before| all.get(before));
        all.get(*index).is_some_and(|row| row.starts_group(before))
    };
    let found = match direction {
        Direction::Forward => (at + 1..all.len()).find(starts),
        Direction::Back => (0..at).rev().find(starts),
    };
    if let Some(row) = found.and_then(|index| all.get(index)) {
        model.spot = Some(row.to_spot());
    }
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end.
    Forward,
    /// Towards the start.
    Back,
}

/// The agent that the row is about, if it is about one.
pub fn addressee(model: &Model) -> Option<AgentAddress> {
    match selected(model)? {
        RowRef::Agent(agent) => Some(agent.address.clone()),
        RowRef::Agency(agency) => {
            Some(AgentAddress::new(agency.name.clone(), agency.coordinator.clone()))
        }
        RowRef::Task(task) => task.agent.clone(),
        RowRef::Waiting(entry) => entry.subject.parse().ok(),
    }
}

/// What can be done on the dashboard's row.
pub fn actions(model: &Model) -> Vec<Offer> {
    let context = Context::Screen(Screen::Dashboard);
    let (name, disabled) = match opening(model) {
        Ok(opening) => (opening.name(), None),
        Err(reason) => ("open", Some(reason)),
    };
    let mut open = offer(context, Action::Open, name, Rank::Bar);
    open.disabled = disabled;
    let mut compose = offer(context, Action::Compose, "message", Rank::Bar);
    if addressee(model).is_none() {
        compose.disabled = Some("this row is not about an agent".to_owned());
    }
    let mut look = offer(context, Action::Look, "view", Rank::Bar);
    look.disabled = pane::why_not_look(model);
    let next = offer(context, Action::NextGroup, "next agency or section", Rank::Help);
    let previous = offer(context, Action::PreviousGroup, "previous agency or section", Rank::Help);
    vec![open, look, compose, next, previous]
}

/// What Enter does on a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Attach to an agency's session, with an agent's pane in front.
    Attach(Name, Option<Name>),
    /// Show an approval.
    Approval(ApprovalId),
    /// Show a message.
    Message(String),
    /// Move the cursor to another row.
    Row(Spot),
}

impl Opening {
    fn name(&self) -> &'static str {
        match self {
            Self::Attach(..) => "attach",
            Self::Approval(_) => "review",
            Self::Message(_) | Self::Row(_) => "show",
        }
    }
}

/// What Enter does on the row that the cursor is on, or why nothing.
pub fn opening(model: &Model) -> Result<Opening, String> {
    let board = model.board.as_deref().ok_or("nothing is there yet")?;
    match selected(model).ok_or("no row is selected")? {
        RowRef::Agent(agent) => attach(board, &agent.address.agency, Some(&agent.address.agent)),
        RowRef::Agency(agency) => attach(board, &agency.name, None),
        RowRef::Task(task) => match &task.agent {
            Some(agent) => attach(board, &agent.agency, Some(&agent.agent)),
            None => Err(format!("no agent has `{}` yet", task.id)),
        },
        RowRef::Waiting(entry) => open_waiting(board, entry),
    }
}

fn open_waiting(board: &Board, entry: &WaitingView) -> Result<Opening, String> {
    if let Some(approval) =
        board.approvals.iter().find(|approval| approval.id.to_string() == entry.subject)
    {
        return Ok(Opening::Approval(approval.id));
    }
    if let Some(task) = board.tasks.iter().find(|task| task.id.to_string() == entry.subject) {
        return Ok(Opening::Row(Spot::Task(task.id)));
    }
    match Address::parse(&entry.subject) {
        Ok(Address::Agent(agent)) => attach(board, &agent.agency, Some(&agent.agent)),
        Ok(Address::Agency(name)) => Ok(Opening::Row(Spot::Agency(name))),
        Ok(Address::Operator | Address::Workbench | Address::Everyone) | Err(_) => {
            Ok(Opening::Message(entry.subject.clone()))
        }
    }
}

fn attach(board: &Board, agency: &Name, agent: Option<&Name>) -> Result<Opening, String> {
    let view = board.status.agencies.iter().find(|view| view.name == *agency);
    match view.map(|view| view.state) {
        Some(AgencyState::Starting | AgencyState::Running | AgencyState::Degraded) => {
            Ok(Opening::Attach(agency.clone(), agent.cloned()))
        }
        Some(AgencyState::Stopped | AgencyState::Archived) => {
            Err(format!("`{agency}` does not run: agency start {agency}"))
        }
        None => Err(format!("`{agency}` is not there any more")),
    }
}

/// Attaches to the agent whose pane is looked at.
pub fn attach_to(agent: &AgentAddress) -> Vec<Cmd> {
    vec![Cmd::Attach { agency: agent.agency.clone(), agent: Some(agent.agent.clone()) }]
}

/// Does what Enter does.
pub fn open(model: &mut Model) -> Vec<Cmd> {
    match opening(model) {
        Ok(Opening::Attach(agency, agent)) => return vec![Cmd::Attach { agency, agent }],
        Ok(Opening::Approval(id)) => {
            model.approvals.selected = Some(id);
            model.screen = Screen::Approvals;
            approvals::to_beginning(model);
        }
        Ok(Opening::Message(id)) => messages::show(model, id.parse().ok()),
        Ok(Opening::Row(spot)) => model.spot = Some(spot),
        Err(_) => {}
    }
    Vec::new()
}
