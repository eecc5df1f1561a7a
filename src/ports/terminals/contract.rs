//! What every implementation of [`Terminals`] must do: one set of assertions for the fake and the real.
//!
//! A world gives the terminals and the hands of somebody else: who kills panes, sessions and servers,
//! makes a session of the same name, or leaves half a line typed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{
    Launch, PaneId, PaneLife, PanePlan, PaneSeen, SessionPlan, SessionSeen, StopPlan, TerminalHint,
    Terminals, Typed, TypingOrder,
};
use crate::domain::agency::Layout;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::runtime::InputLine;

mod viewing;

pub use viewing::*;

/// An implementation, with the hands of somebody else.
pub trait World {
    /// What is tested.
    fn terminals(&self) -> &dyn Terminals;
    /// A plan for agents whose programs take text at the prompt `› `.
    fn plan(&self, agents: &[&str]) -> SessionPlan;
    /// Closes a pane.
    fn kill_pane(&self, pane: &PaneId);
    /// Ends the program in a pane.
    fn end_program(&self, seen: &PaneSeen);
    /// Closes a session.
    fn kill_session(&self, name: &Name);
    /// Ends the server.
    fn kill_server(&self);
    /// Makes a session that is not ours.
    fn add_foreign_session(&self, name: &str);
    /// Types without submitting.
    fn type_half_a_line(&self, pane: &PaneId);
    /// Has the program in a pane print a text.
    fn print(&self, pane: &PaneId, text: &str);
    /// What the program in a pane was given.
    fn received(&self, seen: &PaneSeen) -> Vec<String>;
}

/// A plan of panes that all run `argv`, with lives of their own.
pub fn plan(agency: &str, agents: &[&str], argv: &[String]) -> SessionPlan {
    let agency = Name::parse(agency).expect("a name");
    let launch = |argv: &[String]| Launch {
        argv: argv.to_vec(),
        env: BTreeMap::from([("AGENCY_TEST".to_owned(), "it's; here".to_owned())]),
        folder: PathBuf::from("/"),
    };
    let pane = |name: &&str| PanePlan {
        agent: AgentAddress::new(agency.clone(), Name::parse(name).expect("a name")),
        spawn: fresh_spawn(),
        title: format!("{name} #1"),
        launch: launch(argv),
        is_read: true,
        stop: StopPlan::default(),
    };
    SessionPlan {
        layout: Layout::Panes,
        size: (200, 50),
        panes: agents.iter().map(pane).collect(),
        tools: launch(&["/bin/sh".to_owned()]),
        sandbox: launch(&["/bin/sh".to_owned()]),
        agency,
        arranged: Vec::new(),
    }
}

/// A life that no other plan of this test run has.
pub fn fresh_spawn() -> uuid::Uuid {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    crate::domain::id::derived_id(1, uuid::Uuid::from_u128(9), number)
}

/// Waits for a stated condition; panics with its name when it does not come.
pub fn wait_for(what: &str, condition: impl FnMut() -> bool) {
    wait_up_to(what, Duration::from_secs(20), condition);
}

fn wait_up_to(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let (_open, never) = std::sync::mpsc::channel::<()>();
    let until = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < until, "waited in vain: {what}");
        let _ = never.recv_timeout(Duration::from_millis(5));
    }
}

/// An order for the pane, with a text of one token.
pub fn order(seen: &PaneSeen, text: &str, token: &str) -> TypingOrder {
    TypingOrder {
        agent: seen.agent.clone(),
        spawn: seen.spawn,
        pane: seen.pane.clone(),
        input_line: InputLine {
            prompt: "\u{203a} ".to_owned(),
            home_column: 2,
            multiline: true,
            ..InputLine::default()
        },
        text: text.to_owned(),
        short: text.to_owned(),
        token: token.to_owned(),
        left_over: Vec::new(),
        deadline_ms: 10_000,
    }
}

/// Types as soon as the program shows its prompt.
pub fn type_when_ready(world: &dyn World, order: &TypingOrder) -> Typed {
    let mut result = None;
    wait_for("the program is ready", || {
        let typed = world.terminals().type_text(order).expect("the server answers");
        let is_ready =
            !matches!(&typed, Typed::NotReady { reason } if reason == "not at its prompt");
        result = Some(typed);
        is_ready
    });
    result.expect("it was typed")
}

/// A second ensure makes nothing; a planned new life leaves a living pane alone.
pub fn what_lives_is_left_alone(world: &dyn World) {
    let plan = world.plan(&["lead", "dev"]);
    let made = world.terminals().ensure(&plan).expect("it is made");
    assert_eq!(made.iter().map(|seen| seen.spawn).collect::<Vec<_>>(), spawns(&plan));
    let again = world.terminals().ensure(&world.plan(&["lead", "dev"])).expect("nothing to do");
    assert_eq!(again, made);
    let sighting = world.terminals().look().expect("it answers");
    assert_eq!((sighting.sessions, sighting.panes), (sessions(&[&plan.agency]), made));
}

fn spawns(plan: &SessionPlan) -> Vec<uuid::Uuid> {
    plan.panes.iter().map(|pane| pane.spawn).collect()
}

/// A dead program and a closed pane get the planned life; the neighbour keeps its own.
pub fn a_dead_or_closed_pane_is_made_again(world: &dyn World) {
    let plan = world.plan(&["lead", "dev"]);
    let made = world.terminals().ensure(&plan).expect("it is made");
    world.end_program(&made[1]);
    let life = |at: usize| world.terminals().look().expect("it answers").panes[at].life;
    wait_for("the program is seen dead", || life(1) != PaneLife::Alive);
    let next = world.plan(&["lead", "dev"]);
    let after = world.terminals().ensure(&next).expect("it comes back");
    assert_eq!((&after[0], after[1].spawn), (&made[0], next.panes[1].spawn));
    assert_eq!(after[1].life, PaneLife::Alive);
    world.kill_pane(&after[0].pane);
    let last = world.plan(&["lead", "dev"]);
    let after = world.terminals().ensure(&last).expect("it comes back");
    let lead = after.iter().find(|seen| seen.agent == last.panes[0].agent).expect("it is there");
    assert_eq!(lead.spawn, last.panes[0].spawn);
}

/// A closed session and an ended server are the same work again.
pub fn a_lost_session_or_server_comes_back(world: &dyn World) {
    let plan = world.plan(&["lead", "dev"]);
    world.terminals().ensure(&plan).expect("it is made");
    world.kill_session(&plan.agency);
    assert_eq!(world.terminals().look().expect("it answers"), super::Sighting::default());
    assert_eq!(world.terminals().ensure(&plan).expect("it comes back").len(), 2);
    world.kill_server();
    assert_eq!(world.terminals().look().expect("none is no error"), super::Sighting::default());
    assert_eq!(world.terminals().ensure(&plan).expect("it comes back").len(), 2);
}

/// A session of that name that somebody else made is neither used nor closed: ours stands beside it.
pub fn a_foreign_session_is_not_touched(world: &dyn World) {
    let plan = world.plan(&["lead"]);
    world.add_foreign_session(plan.agency.as_str());
    world.terminals().close_session(&plan.agency).expect("there is none of ours");
    assert!(world.terminals().attach_plan(&plan.agency, &Default::default()).is_err());
    assert_eq!(world.terminals().look().expect("it answers"), super::Sighting::default());
    assert_eq!(world.terminals().ensure(&plan).expect("it is made").len(), 1);
    let seen = world.terminals().look().expect("it answers").sessions;
    let beside =
        SessionSeen { agency: plan.agency.clone(), name: format!("{}~agency", plan.agency) };
    assert_eq!(seen.first(), Some(&beside));
    let attach =
        world.terminals().attach_plan(&plan.agency, &Default::default()).expect("it is there");
    assert_eq!(attach.argv.last(), Some(&format!("={}", beside.name)));
    world.terminals().close_session(&plan.agency).expect("it closes");
    assert_eq!(world.terminals().look().expect("it answers").sessions, []);
}

/// The pane of one agent is closed, and again without effect; the others keep theirs.
pub fn a_closed_agent_is_gone_and_the_others_stay(world: &dyn World) {
    let plan = world.plan(&["lead", "dev", "ops"]);
    let made = world.terminals().ensure(&plan).expect("it is made");
    let leaver = &plan.panes[1].agent;
    world.terminals().close_agent(leaver, Some(made[0].spawn)).expect("another life than that");
    assert_eq!(world.terminals().look().expect("it answers").panes, made);
    for life in [Some(made[1].spawn), None] {
        world.terminals().close_agent(leaver, life).expect("it is closed");
    }
    let sighting = world.terminals().look().expect("it answers");
    assert_eq!(sighting.panes, [made[0].clone(), made[2].clone()]);
}

/// Closing ends all of one session and nothing of another; closing again is fine.
pub fn a_closed_session_is_gone(world: &dyn World) {
    let plan = world.plan(&["lead"]);
    let mut other = world.plan(&["lead"]);
    other.agency = Name::parse("Other").expect("a name");
    other.panes[0].agent.agency = other.agency.clone();
    world.terminals().ensure(&plan).expect("it is made");
    world.terminals().ensure(&other).expect("it is made");
    world.terminals().close_session(&plan.agency).expect("it closes");
    world.terminals().close_session(&plan.agency).expect("nothing to do");
    let seen = world.terminals().look().expect("it answers").sessions;
    assert_eq!(seen, sessions(&[&other.agency]));
}

/// Sessions that are called like their agencies.
pub fn sessions(agencies: &[&Name]) -> Vec<SessionSeen> {
    let session =
        |agency: &&Name| SessionSeen { agency: (*agency).clone(), name: agency.to_string() };
    agencies.iter().map(session).collect()
}

/// A text arrives as it is, once, and can be found on the screen.
pub fn a_text_is_typed_and_submitted_once(world: &dyn World) {
    let plan = world.plan(&["lead"]);
    let seen = world.terminals().ensure(&plan).expect("it is made").remove(0);
    let text = "[agency] it's $HOME; #{x} \u{fc}\u{4e2d} tok-1;\n\n";
    assert_eq!(type_when_ready(world, &order(&seen, text, "tok-1")), Typed::Submitted);
    wait_for("the text is received", || !world.received(&seen).is_empty());
    assert_eq!(world.received(&seen), [text.trim_end()]);
    assert_eq!(world.terminals().is_on_screen(&seen.pane, "tok-1"), Ok(true));
    assert_eq!(world.terminals().is_on_screen(&seen.pane, "tok-2"), Ok(false));
}

/// Another life, a half-typed line, a dead program and a missing pane take nothing.
pub fn nothing_is_typed_where_it_does_not_belong(world: &dyn World) {
    let plan = world.plan(&["lead"]);
    let seen = world.terminals().ensure(&plan).expect("it is made").remove(0);
    let refused = |order: &TypingOrder| match type_when_ready(world, order) {
        Typed::NotReady { reason } => reason,
        other => panic!("{other:?}"),
    };
    let stranger = PaneSeen { spawn: uuid::Uuid::from_u128(7), ..seen.clone() };
    assert_eq!(refused(&order(&stranger, "x", "x")), "another life is in the pane");
    world.type_half_a_line(&seen.pane);
    assert_eq!(refused(&order(&seen, "x", "x")), "the input line is not empty");
    world.end_program(&seen);
    wait_for("the pane is dead", || refused(&order(&seen, "x", "x")) == "pane is dead");
    world.kill_server();
    assert_eq!(refused(&order(&seen, "x", "x")), "the pane is gone");
    assert_eq!(world.received(&seen), Vec::<String>::new());
}

/// What is printed in a pane that is read is told by its id, and stands on the screen that is read then; a
/// pane that is gone, or was never ours, is not in the answer.
pub fn what_is_printed_is_told_and_read(world: &dyn World) {
    let mut plan = world.plan(&["lead", "dev"]);
    plan.panes[1].is_read = false;
    let made = world.terminals().ensure(&plan).expect("it is made");
    let panes: Vec<PaneId> = made.iter().map(|seen| seen.pane.clone()).collect();
    let (sender, hints) = std::sync::mpsc::channel();
    world.terminals().watch(Box::new(move |hint| {
        let _ = sender.send(hint);
    }));
    let row = |name: &str, word: &str| {
        let seen = world.terminals().screens(&panes).expect("it answers");
        let found = seen.into_iter().find(|screen| screen.agent.agent.as_str() == name);
        let rows = found.expect("it is there").rows;
        rows.iter().any(|row| row.contains(word) && row.trim_end() == row)
    };
    world.print(&panes[1], "unheard");
    wait_for("it is shown", || row("dev", "unheard"));
    world.print(&panes[0], "hello");
    let mut printed = Vec::new();
    wait_for("it is told and read", || {
        for hint in hints.try_iter() {
            if let TerminalHint::Printed(panes) = hint {
                printed.extend(panes);
            }
        }
        printed.contains(&panes[0]) && row("lead", "hello")
    });
    assert!(!printed.contains(&panes[1]), "nobody listens to it");
    world.kill_pane(&panes[0]);
    let ask = [panes[0].clone(), PaneId("%9999".to_owned()), panes[1].clone()];
    let left = world.terminals().screens(&ask).expect("it answers");
    assert_eq!(left.iter().map(|seen| &seen.pane).collect::<Vec<_>>(), [&panes[1]]);
    world.kill_server();
    assert_eq!(world.terminals().screens(&ask), Ok(Vec::new()));
}

/// Makes one test of each assertion; the argument makes a fresh world.
macro_rules! terminals_contract {
    ($world:expr) => {
        $crate::ports::terminals::contract::terminals_contract! {
            $world;
            what_lives_is_left_alone,
            a_dead_or_closed_pane_is_made_again,
            a_lost_session_or_server_comes_back,
            a_foreign_session_is_not_touched,
            a_closed_session_is_gone,
            a_closed_agent_is_gone_and_the_others_stay,
            a_text_is_typed_and_submitted_once,
            nothing_is_typed_where_it_does_not_belong,
            what_is_printed_is_told_and_read,
            a_pane_that_is_looked_at_is_told_and_pictured,
            keys_reach_only_the_life_that_is_seen,
            keys_of_a_person_keep_texts_away,
        }
    };
    ($world:expr; $($name:ident,)*) => {
        $(#[test]
        fn $name() {
            $crate::ports::terminals::contract::$name(&$world);
        })*
    };
}
pub(crate) use terminals_contract;
