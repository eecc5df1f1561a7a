//! One agent's pane, live: whose is looked at, how far back, and whether keys go to its program.
//!
//! Keys are meant for what the person saw: the pane and the life in it when typing began. When either is another
//! one, or takes no keys, typing has ended, and the screen says why.

use crossterm::event::KeyEvent;

use crate::domain::agency::AgencyState;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::Refusal;
use crate::service::views::{AgentView, Board, NAME_TAKEN};
use crate::service::workbench::viewing::{PaneId, PaneLife, Stroke};
use crate::tui::keymap::{Action, Context};
use crate::tui::model::{Model, Notice, Outcome, Spot, Typing};
use crate::tui::msg::{Cmd, Keys, Target};
use crate::tui::screens::dashboard::{Direction, addressee};
use crate::tui::screens::{Offer, Rank, Screen, offer};
use crate::tui::shot::Shot;
use crate::tui::strokes::stroke;
use crate::tui::widgets::text::line;

/// What can be done while a pane is looked at.
pub fn actions(model: &Model) -> Vec<Offer> {
    let context = Context::Screen(Screen::Pane);
    let mut typing = offer(context, Action::Type, "type into it", Rank::Bar);
    typing.disabled = why_not_type(model);
    let mut attach = offer(context, Action::Attach, "attach", Rank::Bar);
    attach.disabled = why_not_attach(model);
    let next = offer(context, Action::NextAgent, "next agent", Rank::Bar);
    let previous = offer(context, Action::PreviousAgent, "agent before", Rank::Help);
    let mut compose = offer(context, Action::Compose, "message", Rank::Bar);
    compose.disabled = why_not_there(model);
    vec![typing, next, previous, compose, attach]
}

/// What can be done while keys go to a program: one thing.
pub fn typing_actions() -> Vec<Offer> {
    vec![offer(Context::Typing, Action::EndTyping, "end typing", Rank::Bar)]
}

/// Why nobody is looked at; none: somebody is.
fn why_not_there(model: &Model) -> Option<String> {
    match &model.pane.agent {
        None => Some("no agent is looked at".to_owned()),
        Some(address) if agent(model).is_none() => {
            Some(format!("`{address}` is not there any more"))
        }
        Some(_) => None,
    }
}

/// Whether what is shown is only what was seen last: the agent, or its pane, is gone.
pub fn is_past(model: &Model) -> bool {
    agent(model).is_none_or(|agent| agent.pane.is_none())
}

/// Why nothing can be typed into the pane now; none: it can.
fn why_not_type(model: &Model) -> Option<String> {
    if let Some(refusal) = &model.pane.forbidden {
        return Some(refusal.message.clone());
    }
    if is_past(model) {
        return why_not_there(model).or_else(|| Some("it has no pane now".to_owned()));
    }
    match &model.pane.shot {
        None => Some("nothing is seen of it yet".to_owned()),
        Some(_) if model.pane.trouble.is_some() => Some("it cannot be seen".to_owned()),
        Some(shot) => no_keys(shot),
    }
}

/// Why a pane as it is seen takes no keys.
fn no_keys(shot: &Shot) -> Option<String> {
    match shot.life {
        PaneLife::Dead { .. } => Some("its program has ended".to_owned()),
        PaneLife::Alive if shot.in_mode => Some("somebody looks back in it (copy mode)".to_owned()),
        PaneLife::Alive => None,
    }
}

fn why_not_attach(model: &Model) -> Option<String> {
    let agent = model.pane.agent.as_ref()?;
    let agencies = &model.board.as_ref()?.status.agencies;
    let agency = agencies.iter().find(|agency| agency.name == agent.agency);
    match agency.map(|agency| agency.state) {
        Some(AgencyState::Starting | AgencyState::Running | AgencyState::Degraded) => None,
        Some(AgencyState::Stopped | AgencyState::Archived) | None => {
            Some(format!("`{}` does not run: agency start {}", agent.agency, agent.agency))
        }
    }
}

/// The agent that is looked at, as the board has it.
pub fn agent(model: &Model) -> Option<&AgentView> {
    let address = model.pane.agent.as_ref()?;
    agents(model.board.as_deref()?).find(|agent| agent.address == *address)
}

fn agents(board: &Board) -> impl Iterator<Item = &AgentView> {
    board.status.agencies.iter().flat_map(|agency| &agency.agents)
}

/// Why the pane of the dashboard's row cannot be looked at; none: it can.
pub fn why_not_look(model: &Model) -> Option<String> {
    let Some(address) = addressee(model) else {
        return Some("this row is not about an agent".to_owned());
    };
    let found = model
        .board
        .as_deref()
        .and_then(|board| agents(board).find(|agent| agent.address == address));
    match found {
        None => Some(format!("`{address}` is not there any more")),
        Some(agent) if agent.pane.is_none() => Some(why_no_pane(model, &address.agency)),
        Some(_) => None,
    }
}

/// Why an agency's agent has no pane: what keeps its session from being made, if that is known.
fn why_no_pane(model: &Model, agency: &Name) -> String {
    let board = model.board.as_deref();
    let view = board.and_then(|board| board.status.agencies.iter().find(|it| it.name == *agency));
    // That another session has its name keeps nothing from being made.
    let view = view.filter(|view| view.reason_code.as_deref() != Some(NAME_TAKEN));
    match view.and_then(|view| view.reason.as_deref()) {
        Some(reason) => format!("it has no pane: {}; agency doctor says more", line(reason)),
        None => format!("it has no pane: agency start {agency}"),
    }
}

/// Shows the pane of the dashboard's row.
pub fn open(model: &mut Model) {
    if let Some(agent) = addressee(model) {
        turn_to(model, agent);
        model.screen = Screen::Pane;
    }
}

/// Shows the pane of the next agent, or of the one before, round and round.
pub fn turn(model: &mut Model, direction: Direction) {
    let Some(board) = model.board.as_deref() else { return };
    let all: Vec<&AgentAddress> = agents(board).map(|agent| &agent.address).collect();
    let here = all.iter().position(|address| Some(*address) == model.pane.agent.as_ref());
    let by = match direction {
        Direction::Forward => 1,
        Direction::Back => all.len().saturating_sub(1),
    };
    let at = here.map_or(0, |at| at + by).checked_rem(all.len());
    if let Some(next) = at.and_then(|at| all.get(at)).map(|next| (*next).clone()) {
        turn_to(model, next);
    }
}

fn turn_to(model: &mut Model, agent: AgentAddress) {
    if model.pane.agent.as_ref() != Some(&agent) {
        (model.pane.shot, model.pane.trouble) = (None, None);
    }
    (model.pane.above, model.pane.typing) = (0, None);
    // Whoever goes back stands on the row of whom they saw last.
    model.spot = Some(Spot::Agent(agent.clone()));
    model.pane.agent = Some(agent);
}

/// Looks further back, or less far: down is towards now.
pub fn move_by(model: &mut Model, by: isize) {
    let most = model.pane.shot.as_ref().map_or(0, |shot| shot.history);
    model.pane.above = match by.checked_neg() {
        Some(up) => model.pane.above.saturating_add_signed(up).min(most),
        None => most,
    };
}

/// From here on keys go to the program.
pub fn begin_typing(model: &mut Model) {
    let Some(shot) = &model.pane.shot else { return };
    let number = model.pane.typings + 1;
    model.pane.typing = Some(Typing { pane: shot.pane.clone(), spawn: shot.spawn, number });
    (model.pane.typings, model.pane.above, model.notice) = (number, 0, None);
}

/// Keys are the screen's again, for a reason if it is not the person's wish.
pub fn end_typing(model: &mut Model, reason: Option<&str>) {
    if model.pane.typing.take().is_some()
        && let Some(reason) = reason
    {
        let text = format!("typing has ended: {}", line(reason));
        model.notice = Some(Notice { about: None, text, hint: None, outcome: Outcome::Refused });
    }
}

/// A key for the program.
pub fn type_key(model: &Model, key: KeyEvent) -> Vec<Cmd> {
    stroke(key).and_then(|stroke| press(model, stroke)).into_iter().collect()
}

/// A text that is pasted for the program.
pub fn paste(model: &Model, text: String) -> Vec<Cmd> {
    press(model, Stroke::Paste(text)).into_iter().collect()
}

fn press(model: &Model, stroke: Stroke) -> Option<Cmd> {
    let Typing { pane, spawn, number } = model.pane.typing.clone()?;
    Some(Cmd::Press(Keys { pane, spawn, typing: number, strokes: vec![stroke] }))
}

/// Takes in that keys were refused: what was typed after them went nowhere.
pub fn take_refusal(model: &mut Model, typing: u64, refusal: &Refusal) {
    if model.pane.typing.as_ref().is_some_and(|now| now.number == typing) {
        end_typing(model, Some(&refusal.message));
    }
}

/// Takes in what a pane shows.
pub fn take_picture(model: &mut Model, target: &Target, result: Result<Box<Shot>, Refusal>) {
    if model.pane.asked.as_ref() != Some(target) {
        return;
    }
    match result {
        Ok(shot) => take_shot(model, shot),
        Err(refusal) => {
            end_typing(model, Some(&refusal.message));
            model.pane.trouble = Some(refusal);
        }
    }
}

fn take_shot(model: &mut Model, shot: Box<Shot>) {
    let typing = model.pane.typing.as_ref();
    let reason = typing.and_then(|typing| match typing.spawn == shot.spawn {
        true => no_keys(&shot),
        false => Some("its program was started again".to_owned()),
    });
    if let Some(reason) = reason {
        end_typing(model, Some(&reason));
    }
    // What is looked back at keeps its place while more comes below it.
    let before = model.pane.shot.as_ref().filter(|old| old.spawn == shot.spawn);
    let more = before.map_or(0, |old| shot.history.saturating_sub(old.history));
    model.pane.above = if shot.above == 0 { 0 } else { (shot.above + more).min(shot.history) };
    (model.pane.shot, model.pane.trouble) = (Some(shot), None);
}

/// What is to be looked at now; none: nothing.
fn target(model: &Model) -> Option<Target> {
    if model.screen != Screen::Pane {
        return None;
    }
    let agent = agent(model)?;
    let pane = PaneId(agent.pane.clone()?);
    Some(Target { agent: agent.address.clone(), pane, above: model.pane.above })
}

/// Says what is to be looked at, when that is something else than before.
pub fn want_picture(model: &mut Model) -> Option<Cmd> {
    if model.screen != Screen::Pane && model.pane.asked.is_none() {
        return None;
    }
    let wanted = target(model);
    if model
        .pane
        .typing
        .as_ref()
        .is_some_and(|typing| wanted.as_ref().is_none_or(|wanted| wanted.pane != typing.pane))
    {
        end_typing(model, Some("another pane is the agent's now"));
    }
    if wanted == model.pane.asked {
        return None;
    }
    model.pane.asked.clone_from(&wanted);
    Some(Cmd::Look(wanted))
}
