//! Agencies and their agents on the dashboard: who is stuck, since when and why.
//!
//! The state is a word and a symbol, so that nothing is said by colour alone.

use jiff::Timestamp;
use ratatui::layout::Rect;

use crate::domain::agency::AgentState;
use crate::service::views::{AgencyView, AgentView, Board};
use crate::tui::model::Model;
use crate::tui::screens::dashboard::{RowRef, crew};
use crate::tui::theme::{Tone, agency_badge, agent_badge};
use crate::tui::views::frame::indented;
use crate::tui::views::{Viewport, below, dashboard, row_of};
use crate::tui::widgets::paint::{Paint, Row};
use crate::tui::widgets::text::line;

/// Columns of a state with its symbol: `! permission`.
const STATE: u16 = 13;

/// A message that waits less long is on its way, and nothing has to be said of that.
const LONG_S: i64 = 60;

/// Columns of the section's rows, by what fits.
#[derive(Debug, Clone, Copy)]
struct Columns {
    name: u16,
    task: u16,
    runtime: u16,
    source: u16,
}

impl Columns {
    fn fit(board: &Board, width: u16) -> Self {
        let names = board.status.agencies.iter().flat_map(|agency| {
            let agents = agency.agents.iter().map(|agent| agent.name.as_str().len() + 2);
            agents.chain(std::iter::once(agency.name.as_str().len()))
        });
        let longest = u16::try_from(names.max().unwrap_or(0)).unwrap_or(u16::MAX);
        let name = longest.min(width / 3).max(8) + 1;
        let wide = width >= 90;
        Self {
            name,
            task: if width >= 50 { 10 } else { 0 },
            runtime: if wide { 11 } else { 0 },
            source: if wide { 11 } else { 0 },
        }
    }
}

/// Draws the section.
pub fn draw(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let agencies = board.status.agencies.len();
    let count = if agencies == 0 { String::new() } else { agencies.to_string() };
    paint.heading(row_of(area, 0), "Agencies", &count);
    let area = below(area, 1);
    if agencies == 0 {
        draw_empty(paint, area);
        return;
    }
    let columns = Columns::fit(board, area.width);
    let count = crew(board).count();
    viewport.room.list_rows = usize::from(area.height);
    dashboard::draw_list(model, crew(board), count, &mut viewport.crew, paint, area, |row, at| {
        match at {
            RowRef::Agency(agency) => draw_agency(agency, columns, row),
            RowRef::Agent(agent) => draw_agent(agent, columns, model.now, row),
            RowRef::Waiting(_) | RowRef::Task(_) => {}
        }
    });
}

fn draw_empty(paint: &mut Paint<'_>, area: Rect) {
    let lines = [
        ("There is no agency yet. Make one and start it:", Tone::Plain),
        ("  agency create CodeAgency", Tone::Accent),
        ("then tell it what you want:", Tone::Plain),
        ("  agency goal CodeAgency \"what you want\"", Tone::Accent),
    ];
    for (index, (words, tone)) in lines.into_iter().enumerate() {
        paint.text(indented(row_of(area, index)), words, tone);
    }
}

fn draw_agency(agency: &AgencyView, columns: Columns, row: &mut Row<'_>) {
    row.bold().cell(columns.name, agency.name.as_str(), Tone::Accent);
    row.quiet().gap(1).badge(STATE, agency_badge(agency.state));
    match &agency.reason {
        Some(reason) => row.gap(6).rest(&line(reason), Tone::Warn),
        None => row.gap(6).rest(&line(&agency.description), Tone::Muted),
    };
}

fn draw_agent(agent: &AgentView, columns: Columns, now: Timestamp, row: &mut Row<'_>) {
    row.gap(2).cell(columns.name - 2, agent.name.as_str(), Tone::Plain);
    row.gap(1).badge(STATE, agent_badge(agent.state));
    row.age(agent.state_since, Tone::Muted).gap(2);
    if columns.runtime > 0 {
        row.cell(columns.runtime - 1, agent.runtime.as_str(), Tone::Muted).gap(1);
        row.cell(columns.source - 1, agent.state_source.as_str(), Tone::Muted).gap(1);
    }
    match agent.task {
        Some(task) => row.cell(columns.task, &task.to_string(), Tone::Accent),
        None => row.gap(columns.task),
    };
    if agent.unread > 0 {
        row.words(&format!("{} unread", agent.unread), Tone::Warn);
        let is_long = |since: &Timestamp| now.duration_since(*since).as_secs() >= LONG_S;
        match agent.unread_since.filter(is_long) {
            Some(since) => row.age(Some(since), Tone::Warn).gap(2),
            None => row.gap(2),
        };
    }
    if agent.temporary {
        row.words("temporary", Tone::Muted).gap(2);
    }
    if let Some(until) = agent.limited_until.filter(|_| agent.state == AgentState::Limited) {
        row.words("for", Tone::Warn).gap(1).left_of(until, Tone::Warn).gap(2);
    }
    if let Some(words) = words(agent) {
        row.rest(&line(words), reason_tone(agent.state));
    }
}

/// Why it is in its state; where somebody has to look and nothing was said, what its screen shows.
fn words(agent: &AgentView) -> Option<&str> {
    let is_asking = matches!(
        agent.state,
        AgentState::Permission | AgentState::Waiting | AgentState::Limited | AgentState::Blocked
    );
    let evidence = agent.state_evidence.as_deref().filter(|_| is_asking);
    agent.state_reason.as_deref().or(evidence)
}

/// The reason of a state that needs nobody is quiet.
fn reason_tone(state: AgentState) -> Tone {
    match state {
        AgentState::Working | AgentState::Idle | AgentState::Starting | AgentState::Stopped => {
            Tone::Muted
        }
        AgentState::Waiting
        | AgentState::Permission
        | AgentState::Blocked
        | AgentState::Limited
        | AgentState::Crashed
        | AgentState::Exited
        | AgentState::Unknown => Tone::Warn,
    }
}
