//! Terminals in memory, for tests of what stands above them.
//!
//! Programs in its panes live until a test ends them. What is typed is taken at once, unless the test
//! says that a pane is not ready or swallows its text. The same contract as for the real thing holds.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{
    AttachPlan, AttachWish, KeysOrder, Observation, PaneId, PaneLife, PanePlan, PaneSeen, Picture,
    Pressed, ScreenSeen, SessionPlan, SessionSeen, Sighting, TerminalError, TerminalHint,
    Terminals, Typed, TypingOrder,
};
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};

mod viewing;

/// How a pane takes what is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Temper {
    /// Takes it.
    Ready,
    /// Answers not ready, with this reason.
    Busy(String),
    /// Takes it and shows nothing of it.
    Swallowing,
}

#[derive(Debug, Clone)]
struct FakePane {
    session: Name,
    seen: PaneSeen,
    temper: Temper,
    is_read: bool,
    screen: ScreenSeen,
    received: Vec<String>,
    /// What a person has typed of a line.
    half: String,
    is_person_typing: bool,
}

#[derive(Default)]
struct State {
    /// Name, and whose it is if it is ours.
    sessions: BTreeMap<String, Option<Name>>,
    panes: Vec<FakePane>,
    made: u32,
    is_hung: bool,
    hint: Option<Box<dyn Fn(TerminalHint) + Send>>,
    lookers: Vec<viewing::Looker>,
}

/// The fake.
#[derive(Default)]
pub struct FakeTerminals {
    state: Mutex<State>,
}

impl FakeTerminals {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn awake(&self, command: &str) -> Result<MutexGuard<'_, State>, TerminalError> {
        let state = self.state();
        match state.is_hung {
            true => Err(TerminalError::Hung { command: command.to_owned(), after_ms: 2000 }),
            false => Ok(state),
        }
    }

    fn change(&self, change: impl FnOnce(&mut State), hint: TerminalHint) {
        let mut state = self.state();
        change(&mut state);
        if let Some(callback) = &state.hint {
            callback(hint);
        }
    }

    /// Every call fails as hung until it is woken.
    pub fn hang(&self) {
        self.state().is_hung = true;
    }

    /// Answers again.
    pub fn wake(&self) {
        self.state().is_hung = false;
    }

    /// The program in a pane ends.
    pub fn end_program(&self, pane: &PaneId, status: Option<i32>) {
        let dead = PaneLife::Dead { status, signal: None };
        let change = |state: &mut State| {
            state
                .panes
                .iter_mut()
                .filter(|p| p.seen.pane == *pane)
                .for_each(|p| p.seen.life = dead);
        };
        self.change(change, TerminalHint::Changed);
    }

    /// A pane is closed by somebody else.
    pub fn kill_pane(&self, pane: &PaneId) {
        self.change(|state| state.panes.retain(|p| p.seen.pane != *pane), TerminalHint::Changed);
    }

    /// A session is closed by somebody else.
    pub fn kill_session(&self, name: &Name) {
        let change = |state: &mut State| {
            state.sessions.remove(name.as_str());
            state.panes.retain(|pane| pane.session != *name);
        };
        self.change(change, TerminalHint::Changed);
    }

    /// The server ends with all that is in it.
    pub fn kill_server(&self) {
        let change = |state: &mut State| {
            state.sessions.clear();
            state.panes.clear();
        };
        self.change(change, TerminalHint::Lost);
    }

    /// Somebody else makes a session.
    pub fn add_foreign_session(&self, name: &str) {
        self.state().sessions.insert(name.to_owned(), None);
    }

    /// A program prints: another row on its screen, told if the pane is read.
    pub fn print(&self, pane: &PaneId, text: &str) {
        self.show(pane, |screen| screen.rows.extend(text.lines().map(str::to_owned)));
    }

    /// A program draws its screen, told if the pane is read.
    pub fn show(&self, pane: &PaneId, draw: impl FnOnce(&mut ScreenSeen)) {
        let mut state = self.state();
        let Some(found) = state.panes.iter_mut().find(|p| p.seen.pane == *pane) else { return };
        draw(&mut found.screen);
        let is_read = found.is_read;
        state.tell_lookers(pane);
        if is_read && let Some(callback) = &state.hint {
            callback(TerminalHint::Printed(vec![pane.clone()]));
        }
    }

    /// Says how a pane takes what is typed from now on.
    pub fn set_temper(&self, pane: &PaneId, temper: Temper) {
        let mut state = self.state();
        state.panes.iter_mut().filter(|p| p.seen.pane == *pane).for_each(|p| {
            p.temper = temper.clone();
        });
    }

    /// What was submitted in a pane, oldest first.
    pub fn received(&self, pane: &PaneId) -> Vec<String> {
        let state = self.state();
        let found = state.panes.iter().find(|p| p.seen.pane == *pane);
        found.map(|p| p.received.clone()).unwrap_or_default()
    }
}

impl State {
    /// What an agency's session is called.
    fn session(&self, agency: &Name) -> Option<&String> {
        let mut sessions = self.sessions.iter();
        sessions.find(|(_, owner)| owner.as_ref() == Some(agency)).map(|(name, _)| name)
    }

    fn pane(&mut self, pane: &PaneId) -> Result<&mut FakePane, TerminalError> {
        self.panes.iter_mut().find(|p| p.seen.pane == *pane).ok_or(TerminalError::Refused {
            command: "find".to_owned(),
            problem: format!("can't find pane: {}", pane.0),
        })
    }

    fn ensure_pane(&mut self, session: &Name, plan: &PanePlan) -> PaneSeen {
        let (made, shell) = (self.made + 1, plan.launch.argv.is_empty());
        if let Some(pane) = self.panes.iter_mut().find(|p| p.seen.agent == plan.agent) {
            if pane.seen.life != PaneLife::Alive {
                self.made = made;
                pane.seen.life = PaneLife::Alive;
                pane.seen.spawn = plan.spawn;
                pane.seen.pid = made;
                pane.temper = Temper::Ready;
                pane.is_read = plan.is_read;
                pane.screen = blank(&pane.seen);
            }
            return pane.seen.clone();
        }
        self.made = made;
        let seen = PaneSeen {
            agent: plan.agent.clone(),
            spawn: plan.spawn,
            pane: PaneId(format!("%{made}")),
            pid: made,
            life: PaneLife::Alive,
            foreground: shell.then(|| "sh".to_owned()),
            reads_keys: None,
            born: None,
        };
        self.panes.push(FakePane {
            session: session.clone(),
            seen: seen.clone(),
            temper: Temper::Ready,
            is_read: plan.is_read,
            screen: blank(&seen),
            received: Vec::new(),
            half: String::new(),
            is_person_typing: false,
        });
        seen
    }
}

fn blank(seen: &PaneSeen) -> ScreenSeen {
    ScreenSeen {
        pane: seen.pane.clone(),
        agent: seen.agent.clone(),
        spawn: seen.spawn,
        title: String::new(),
        size: (80, 24),
        cursor: (0, 0),
        in_mode: false,
        progress: None,
        rows: Vec::new(),
        ghost: Vec::new(),
    }
}

impl Terminals for FakeTerminals {
    fn version(&self) -> Result<String, TerminalError> {
        Ok("3.3a".to_owned())
    }

    fn ensure(&self, plan: &SessionPlan) -> Result<Vec<PaneSeen>, TerminalError> {
        let mut state = self.awake("new-session")?;
        if state.session(&plan.agency).is_none() {
            let is_taken = state.sessions.contains_key(plan.agency.as_str());
            let beside = if is_taken { "~agency" } else { "" };
            let name = format!("{}{beside}", plan.agency);
            state.sessions.insert(name, Some(plan.agency.clone()));
        }
        Ok(plan.panes.iter().map(|pane| state.ensure_pane(&plan.agency, pane)).collect())
    }

    fn look(&self) -> Result<Sighting, TerminalError> {
        let state = self.awake("list-panes")?;
        let to_session = |(name, agency): (&String, &Option<Name>)| {
            Some(SessionSeen { agency: agency.clone()?, name: name.clone() })
        };
        Ok(Sighting {
            sessions: state.sessions.iter().filter_map(to_session).collect(),
            panes: state.panes.iter().map(|pane| pane.seen.clone()).collect(),
            arranged: Vec::new(),
        })
    }

    fn look_every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn close_session(&self, agency: &Name) -> Result<(), TerminalError> {
        let mut state = self.awake("kill-session")?;
        state.sessions.retain(|_, owner| owner.as_ref() != Some(agency));
        state.panes.retain(|pane| pane.session != *agency);
        Ok(())
    }

    fn close_agent(
        &self,
        agent: &AgentAddress,
        life: Option<SpawnId>,
    ) -> Result<(), TerminalError> {
        let mut state = self.awake("kill-pane")?;
        state.panes.retain(|pane| {
            pane.seen.agent != *agent || life.is_some_and(|life| pane.seen.spawn != life)
        });
        Ok(())
    }

    fn type_text(&self, order: &TypingOrder) -> Result<Typed, TerminalError> {
        let mut state = self.awake("display-message")?;
        let not_ready = |reason: &str| Ok(Typed::NotReady { reason: reason.to_owned() });
        let Ok(pane) = state.pane(&order.pane) else { return not_ready("the pane is gone") };
        if pane.seen.spawn != order.spawn {
            return not_ready("another life is in the pane");
        }
        if pane.seen.life != PaneLife::Alive {
            return not_ready("pane is dead");
        }
        if pane.is_person_typing {
            return not_ready("a person is typing");
        }
        match pane.temper.clone() {
            Temper::Busy(reason) => not_ready(&reason),
            Temper::Swallowing => {
                Ok(Typed::Uncertain { reason: "the text was pasted but did not show".to_owned() })
            }
            Temper::Ready => {
                let text = crate::domain::text::to_plain(&order.text);
                let text = text.trim_end_matches('\n');
                pane.screen.rows.extend(text.lines().map(str::to_owned));
                pane.received.push(text.to_owned());
                Ok(Typed::Submitted)
            }
        }
    }

    fn is_on_screen(&self, pane: &PaneId, token: &str) -> Result<bool, TerminalError> {
        Ok(self.screen(pane)?.contains(token))
    }

    fn screen(&self, pane: &PaneId) -> Result<String, TerminalError> {
        Ok(self.awake("capture-pane")?.pane(pane)?.screen.rows.join("\n"))
    }

    fn screens(&self, panes: &[PaneId]) -> Result<Vec<ScreenSeen>, TerminalError> {
        let mut state = self.awake("capture-pane")?;
        let screen = |pane| state.pane(pane).ok().map(|found| found.screen.clone());
        Ok(panes.iter().filter_map(screen).collect())
    }

    fn watch(&self, hint: Box<dyn Fn(TerminalHint) + Send>) {
        self.state().hint = Some(hint);
    }

    fn picture(&self, pane: &PaneId, above: usize) -> Result<Option<Picture>, TerminalError> {
        let mut state = self.awake("capture-pane")?;
        Ok(state.pane(pane).ok().map(|found| found.picture(above)))
    }

    fn press(&self, order: &KeysOrder) -> Result<Pressed, TerminalError> {
        Ok(self.awake("send-keys")?.press(order))
    }

    fn observe(
        &self,
        pane: &PaneId,
        hint: Box<dyn Fn() + Send>,
    ) -> Result<Box<dyn Observation>, TerminalError> {
        let mut state = self.awake("attach-session")?;
        state.pane(pane)?;
        Ok(state.observe(pane, hint))
    }

    fn attach_plan(
        &self,
        agency: &Name,
        wish: &AttachWish<'_>,
    ) -> Result<AttachPlan, TerminalError> {
        let verb = if wish.inside.is_some() { "switch-client" } else { "attach-session" };
        match self.awake("attach-session")?.session(agency) {
            Some(name) => {
                let argv = ["tmux", verb, "-t", &format!("={name}")].map(str::to_owned).to_vec();
                Ok(AttachPlan { argv, unset: Vec::new(), doubled_prefix: None })
            }
            None => Err(TerminalError::Refused {
                command: "attach-session".to_owned(),
                problem: format!("there is no session `{agency}`"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::{World, plan};
    use super::*;

    #[derive(Default)]
    struct FakeWorld(FakeTerminals);

    impl World for FakeWorld {
        fn terminals(&self) -> &dyn Terminals {
            &self.0
        }
        fn plan(&self, agents: &[&str]) -> SessionPlan {
            plan("Code", agents, &["/bin/program".to_owned()])
        }
        fn kill_pane(&self, pane: &PaneId) {
            self.0.kill_pane(pane);
        }
        fn end_program(&self, seen: &PaneSeen) {
            self.0.end_program(&seen.pane, None);
        }
        fn kill_session(&self, name: &Name) {
            self.0.kill_session(name);
        }
        fn kill_server(&self) {
            self.0.kill_server();
        }
        fn add_foreign_session(&self, name: &str) {
            self.0.add_foreign_session(name);
        }
        fn type_half_a_line(&self, pane: &PaneId) {
            self.0.set_temper(pane, Temper::Busy("the input line is not empty".to_owned()));
        }
        fn print(&self, pane: &PaneId, text: &str) {
            self.0.print(pane, text);
        }
        fn received(&self, seen: &PaneSeen) -> Vec<String> {
            self.0.received(&seen.pane)
        }
    }

    crate::ports::terminals::contract::terminals_contract!(FakeWorld::default());
}
