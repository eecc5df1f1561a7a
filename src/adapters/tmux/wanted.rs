//! A session plan as a list of panes, each with its window, its marks and its program.
//!
//! The marks are what all later finding goes by: names and indexes belong to the user.

use super::closing;
use super::command::{Cmd, Scope, literal, set};
use super::reconcile::titled;
use crate::domain::agency::Layout;
use crate::ports::terminals::{Launch, PanePlan, SessionPlan};

/// Whose a pane is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner<'p> {
    /// An agent's.
    Agent(&'p PanePlan),
    /// `tools` or `sandbox`.
    Role(&'static str),
}

/// A pane that should be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'p> {
    pub(super) owner: Owner<'p>,
    pub(super) launch: &'p Launch,
    pub(super) is_coordinator: bool,
    layout: Layout,
}

/// All panes of a plan, in the order of their windows.
pub(super) fn wanted(plan: &SessionPlan) -> Vec<Wanted<'_>> {
    let agents = plan.panes.iter().enumerate().map(|(at, pane)| Wanted {
        owner: Owner::Agent(pane),
        launch: &pane.launch,
        is_coordinator: at == 0,
        layout: plan.layout,
    });
    let role = |role, launch| Wanted {
        owner: Owner::Role(role),
        launch,
        is_coordinator: false,
        layout: plan.layout,
    };
    agents.chain([role("tools", &plan.tools), role("sandbox", &plan.sandbox)]).collect()
}

impl Wanted<'_> {
    /// Whether its window holds panes of several agents.
    pub(super) fn is_shared(&self) -> bool {
        matches!((self.owner, self.layout), (Owner::Agent(_), Layout::Panes))
    }

    /// The mark of its window; shared windows are counted from 1.
    pub(super) fn place(&self, number: usize) -> String {
        match (self.owner, self.layout) {
            (Owner::Agent(_), Layout::Panes) => format!("agents:{number}"),
            (Owner::Agent(pane), Layout::Windows) => format!("agent:{}", pane.agent.agent),
            (Owner::Role(role), _) => role.to_owned(),
        }
    }

    /// The name of its window, for people.
    pub(super) fn window_name(&self, number: usize) -> String {
        match (self.owner, self.layout) {
            (Owner::Agent(_), Layout::Panes) if number == 1 => "agents".to_owned(),
            (Owner::Agent(_), Layout::Panes) => format!("agents-{number}"),
            (Owner::Agent(pane), Layout::Windows) => pane.agent.agent.to_string(),
            (Owner::Role(role), _) => role.to_owned(),
        }
    }
}

/// What our windows are told: names stay, dead panes stay to be seen, borders show who it is.
pub(super) fn window_marks(target: Option<&str>, place: &str) -> Vec<Cmd> {
    let border = " #{?@agency_title,#{@agency_title},#{pane_title}} ";
    let marks = [
        ("@agency_window", place),
        ("automatic-rename", "off"),
        ("allow-rename", "off"),
        ("remain-on-exit", "on"),
        // What is typed into one pane would reach them all, and an Enter answers a question.
        ("synchronize-panes", "off"),
        ("pane-border-status", "top"),
        ("pane-border-format", border),
    ];
    marks.into_iter().map(|(key, value)| set(Scope::Window, target, key, value)).collect()
}

/// Gives a new window the size of the plan, whoever is attached: tmux makes a new window as large as the
/// screen that was used last, even one of another session. Afterwards it follows who looks at it.
pub(super) fn window_size(target: Option<&str>, (columns, rows): (u16, u16)) -> Vec<Cmd> {
    let at = |cmd: Cmd| match target {
        Some(target) => cmd.option("-t", target),
        None => cmd,
    };
    let resize = Cmd::new("resize-window").option("-x", columns.to_string());
    let follow = Cmd::new("set-option").flag("-w").flag("-u");
    vec![at(resize.option("-y", rows.to_string())), at(follow).param("window-size")]
}

/// What a pane carries: home, role, and for an agent its address and life.
pub(super) fn pane_marks(target: Option<&str>, want: &Wanted<'_>, home: &str) -> Vec<Cmd> {
    let mark = |key, value: &str| set(Scope::Pane, target, key, value);
    let mut chain = vec![mark("@agency_home", home)];
    match want.owner {
        Owner::Role(role) => {
            chain.push(mark("@agency_role", role));
            chain.extend(titled(target, role));
        }
        Owner::Agent(pane) => {
            // Only a shell's foreground program says anything; other agents are known by name.
            let is_shell = pane.launch.is_shell();
            let shell = if is_shell { "1" } else { "0" };
            chain.push(mark("@agency_role", "agent"));
            chain.push(mark("@agency_agent", &pane.agent.to_string()));
            chain.push(mark("@agency_spawn", &pane.spawn.to_string()));
            chain.push(mark("@agency_shell", shell));
            chain.push(mark("@agency_read", if pane.is_read { "1" } else { "0" }));
            chain.push(mark("@agency_stop", &closing::to_mark(pane.stop)));
            chain.extend(titled(target, &pane.title));
        }
    }
    chain
}

/// Adds folder, environment and program to a command that makes a pane.
pub(super) fn launch(cmd: Cmd, launch: &Launch) -> Cmd {
    let cmd = cmd.option("-c", literal(&launch.folder.to_string_lossy()));
    // tmux shows true colour, but before 3.6 does not say so.
    let cmd = match launch.env.contains_key("COLORTERM") {
        true => cmd,
        false => cmd.option("-e", "COLORTERM=truecolor"),
    };
    let env = launch.env.iter();
    let cmd = env.fold(cmd, |cmd, (key, value)| cmd.option("-e", format!("{key}={value}")));
    match launch.argv.as_slice() {
        [] => cmd,
        // A single word would be read by the user's shell; two or more are run as they are.
        [program] => {
            let words = ["--", "/bin/sh", "-c", "exec \"$0\"", program.as_str()];
            words.into_iter().fold(cmd, |cmd, word| cmd.param(word))
        }
        argv => argv.iter().fold(cmd.param("--"), |cmd, word| cmd.param(word.as_str())),
    }
}
