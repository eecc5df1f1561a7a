//! Seeing agents' panes and typing into them: attached, or on the screen of a face.
//!
//! A face goes to the terminals itself, without the supervisor: what is typed must not wait for anything, and
//! must work while no supervisor runs. Typing is the operator's alone. Keys name the pane and the life that
//! were seen; whether they are still there is asked where the keys are pressed.

use crate::domain::agency::AgencyState;
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::ports::terminals::viewing::KeysOrder;
pub use crate::ports::terminals::viewing::{
    Access, Extent, Held, Key, Observation, Picture, Pressed, Stroke,
};
pub use crate::ports::terminals::{AttachPlan, PaneId, PaneLife};
use crate::ports::terminals::{AttachWish, TerminalError};
use crate::service::perform::code_of;
use crate::service::query::Query;
use crate::service::views::{AgencyView, AgentView};
use crate::service::workbench::{
    INSTALL_TMUX, Identity, OWN_TMUX, Workbench, is_in_trouble, trouble,
};

/// How an agency is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Show {
    /// How much of it.
    pub extent: Extent,
    /// What may be done there.
    pub access: Access,
}

impl Workbench {
    /// How to attach to an agency's session, with one agent's pane in front.
    pub fn attach_plan(
        &self,
        agency: &Name,
        agent: Option<&Name>,
        show: Show,
    ) -> Result<AttachPlan, Refusal> {
        let view: AgencyView = self.fetch(&Query::Agency { name: agency.clone() })?;
        let is_coordinator = |name: &Name| name.as_str() == crate::domain::agency::COORDINATOR;
        let wanted = agent.map(|name| if is_coordinator(name) { &view.coordinator } else { name });
        let pane = wanted.map(|name| require_pane(&view, name)).transpose()?;
        let wish = AttachWish {
            pane: pane.as_ref(),
            extent: show.extent,
            access: show.access,
            inside: self.tmux.as_deref(),
        };
        let plan = self.outside.terminals.attach_plan(agency, &wish);
        plan.map_err(|error| cannot_attach(&error, &view))
    }

    /// The visible screen of an agent's pane, as text.
    pub fn screen(&self, agent: &AgentAddress) -> Result<String, Refusal> {
        let view: AgencyView = self.fetch(&Query::Agency { name: agent.agency.clone() })?;
        let pane = require_pane(&view, &agent.agent)?;
        let screen = self.outside.terminals.screen(&pane);
        screen.map_err(|error| Refusal::new(RefusalKind::Failed, "screen", error.to_string()))
    }

    /// What the pane of an agent shows, `above` rows further up in its history.
    pub fn picture(
        &self,
        agent: &AgentAddress,
        pane: &PaneId,
        above: usize,
    ) -> Result<Picture, Refusal> {
        let picture = self.outside.terminals.picture(pane, above);
        match picture.map_err(|error| unseen(&error))? {
            Some(picture) if picture.agent == *agent => Ok(picture),
            Some(_) | None => {
                let message = format!("the pane of `{agent}` is gone");
                Err(Refusal::new(RefusalKind::Conflict, "no_pane", message)
                    .with_hint(format!("agency explain {agent}")))
            }
        }
    }

    /// Calls `hint` from another thread whenever the pane has printed, as long as what is returned is held.
    pub fn observe(
        &self,
        pane: &PaneId,
        hint: Box<dyn Fn() + Send>,
    ) -> Result<Box<dyn Observation>, Refusal> {
        self.outside.terminals.observe(pane, hint).map_err(|error| unseen(&error))
    }

    /// Why this process may not type into panes; none: it may.
    pub fn why_not_type(&self) -> Option<Refusal> {
        let Identity::Agent { address, .. } = &self.identity else { return None };
        let message = format!("only the operator types into agents' panes, not `{address}`");
        Some(
            Refusal::new(RefusalKind::NotAllowed, "operator_only", message)
                .with_hint("send a message: agency send AGENT TEXT"),
        )
    }

    /// Presses keys in the pane of an agent, for exactly the life that was seen there.
    pub fn press(
        &self,
        pane: &PaneId,
        spawn: SpawnId,
        strokes: Vec<Stroke>,
    ) -> Result<(), Refusal> {
        if let Some(refusal) = self.why_not_type() {
            return Err(refusal);
        }
        let order = KeysOrder { pane: pane.clone(), spawn, at: self.outside.clock.now(), strokes };
        match self.outside.terminals.press(&order).map_err(|error| unseen(&error))? {
            Pressed::Taken => Ok(()),
            Pressed::Refused { reason } => {
                Err(Refusal::new(RefusalKind::Conflict, "keys_refused", reason))
            }
        }
    }
}

/// Why a pane cannot be seen or used.
fn unseen(error: &TerminalError) -> Refusal {
    match error {
        TerminalError::NotInstalled | TerminalError::TooOld { .. } => {
            Refusal::new(RefusalKind::Missing, code_of(error), error.to_string())
                .with_hint(INSTALL_TMUX)
        }
        TerminalError::Unbearable { .. } => settings(error),
        _ => Refusal::new(RefusalKind::Failed, code_of(error), error.to_string()),
    }
}

/// A setting of the person's tmux is in the way.
fn settings(error: &TerminalError) -> Refusal {
    Refusal::new(RefusalKind::Failed, code_of(error), error.to_string()).with_hint(OWN_TMUX)
}

/// Why there is nothing to attach to: tmux itself, else an agency without a session.
fn cannot_attach(error: &TerminalError, view: &AgencyView) -> Refusal {
    match error {
        TerminalError::NotInstalled | TerminalError::TooOld { .. } => {
            Refusal::new(RefusalKind::Missing, code_of(error), error.to_string())
                .with_hint(INSTALL_TMUX)
        }
        TerminalError::Unbearable { .. } => settings(error),
        // Why there is no session is known better than that there is none.
        _ if is_in_trouble(view) => trouble(view),
        _ if view.state == AgencyState::Stopped => {
            let message = format!("`{}` is stopped, it has no session", view.name);
            Refusal::new(RefusalKind::Conflict, "not_running", message)
                .with_hint(format!("start it with `agency start {}`", view.name))
        }
        TerminalError::Refused { command, problem } if command == "select-pane" => {
            Refusal::new(RefusalKind::Conflict, "no_pane", problem.clone())
                .with_hint(format!("it is made again by itself; agency attach {}", view.name))
        }
        _ => Refusal::new(RefusalKind::Failed, "attach", error.to_string())
            .with_hint(format!("start it with `agency start {}`", view.name)),
    }
}

fn require_pane(view: &AgencyView, name: &Name) -> Result<PaneId, Refusal> {
    let names =
        || view.agents.iter().map(|agent| agent.name.to_string()).collect::<Vec<_>>().join(", ");
    let found: Option<&AgentView> = view.agents.iter().find(|agent| agent.name == *name);
    let Some(agent) = found else {
        let message = format!("there is no agent `{name}` in `{}`", view.name);
        return Err(Refusal::new(RefusalKind::NotFound, "agent_not_found", message)
            .with_hint(format!("its agents are {}", names())));
    };
    agent.pane.clone().map(PaneId).ok_or_else(|| {
        if is_in_trouble(view) {
            return trouble(view);
        }
        let message = format!("`{}` has no pane, it is {}", agent.address, agent.state.as_str());
        Refusal::new(RefusalKind::Conflict, "no_pane", message)
            .with_hint(format!("agency start {}", view.name))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ports::terminals::Terminals as _;
    use crate::ports::terminals::contract::{line, plan};
    use crate::service::testing::Fakes;

    fn workbench(fakes: &Fakes, identity: Identity) -> Workbench {
        let start = || Err(Refusal::new(RefusalKind::Failed, "none", "no supervisor here"));
        Workbench::new(fakes.outside(), identity, None, Arc::new(start), Arc::new(|| None))
    }

    #[test]
    fn only_the_operator_types_into_a_pane() {
        let fakes = Fakes::empty();
        let made = fakes.terminals.ensure(&plan("Code", &["dev"], &[])).expect("made").remove(0);
        let address: AgentAddress = "Code/lead".parse().expect("an address");
        let agent =
            Identity::Agent { address, spawn: uuid::Uuid::nil(), token: "token".to_owned() };
        let refused = workbench(&fakes, agent).press(&made.pane, made.spawn, line("x"));
        assert_eq!(refused.map_err(|refusal| refusal.kind), Err(RefusalKind::NotAllowed));
        let operator = workbench(&fakes, Identity::Operator);
        assert_eq!(operator.press(&made.pane, made.spawn, line("x")), Ok(()));
        assert_eq!(fakes.terminals.received(&made.pane), ["x"]);
    }

    #[test]
    fn the_pane_of_another_agent_is_not_shown_for_it() {
        let fakes = Fakes::empty();
        let made = fakes.terminals.ensure(&plan("Code", &["dev"], &[])).expect("made").remove(0);
        let operator = workbench(&fakes, Identity::Operator);
        let seen = operator.picture(&made.agent, &made.pane, 0).expect("it is there");
        assert_eq!(seen.spawn, made.spawn);
        let other: AgentAddress = "Code/lead".parse().expect("an address");
        let refusal = operator.picture(&other, &made.pane, 0).expect_err("it is dev's");
        assert_eq!((refusal.code.as_str(), refusal.kind), ("no_pane", RefusalKind::Conflict));
    }
}
