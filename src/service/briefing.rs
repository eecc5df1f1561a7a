//! Briefing: what an agent is told at its start.
//!
//! Made of the role file and the definition alone; no message can get into it.

use std::path::Path;

use crate::domain::name::AgentAddress;
use crate::domain::text::to_plain;
use crate::engine::sessions::runtime_of;
use crate::engine::state::State;

/// The facts of a briefing that the state knows; the role file is read apart from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its role file, relative to the agency's folder.
    pub role_file: std::path::PathBuf,
    text: String,
}

/// Collects what the state knows; none if there is no such agent.
pub fn facts(state: &State, home: &Path, address: &AgentAddress) -> Option<Facts> {
    let agency = state.sessions.agency(&address.agency)?;
    let own = state.sessions.definition(address)?;
    let is_coordinator = state.sessions.is_coordinator(address);
    let leads = if is_coordinator { "; you lead it" } else { "" };
    let mut lines = vec![
        format!("You are {address}: {}", own.role),
        format!("Your agency: {}{leads}", agency.definition.description),
        format!("Your folder: {}", home.join("agencies").join(address.agency.as_str()).display()),
        String::new(),
        "Your peers:".to_owned(),
    ];
    for peer in agency.definition.agents.iter().filter(|peer| peer.name != address.agent) {
        let mark = if peer.name == agency.definition.coordinator { " (coordinator)" } else { "" };
        lines.push(format!("  {}/{}{mark}: {}", address.agency, peer.name, peer.role));
    }
    for (name, other) in state.sessions.live().filter(|(name, _)| **name != address.agency) {
        lines.push(format!("  {name}: {}", other.definition.description));
    }
    lines.push(String::new());
    lines.extend(commands(is_coordinator).iter().map(|line| (*line).to_owned()));
    let runtime = runtime_of(state, address);
    if runtime.as_ref().is_some_and(|runtime| runtime.has_tools) {
        lines.push(TOOLS.to_owned());
    }
    lines.extend(open_work(state, home, address));
    if runtime.is_none_or(|runtime| runtime.input_line.is_none()) {
        lines.push(
            "Nothing is typed into this pane: fetch your messages with `agency inbox`.".to_owned(),
        );
    }
    Some(Facts { role_file: own.role_file.clone(), text: lines.join("\n") })
}

/// For an agent whose program was given the tools.
const TOOLS: &str = "Your tools of the MCP server `agency` do the same as these commands; \
    begin with `task_next`, and `ask` waits for an answer.";

fn commands(is_coordinator: bool) -> &'static [&'static str] {
    if is_coordinator {
        &[
            "How to work:",
            "  agency inbox                        your messages; agency ack ID when read",
            "  agency task add TITLE --agency A --feature F --scope … --done … --rollback …",
            "  agency task assign TASK A/AGENT     makes its worktree and branch",
            "  agency send A/AGENT TEXT            or an agency, or operator",
            "  agency handoff offer AGENCY --task TASK --deliverable … --criteria … --next …",
            "  agency handoff accept ID, decline ID --reason …, results ID --status approved|issues_found",
            "  agency submit TASK --rationale …    hands the feature in for proof and approval",
            "  agency status, agency task list     where everything stands",
            "You speak for your agency: only you write to other agencies. What is handed over to you must be",
            "accepted or declined in time, a question answered (agency send TO TEXT --in-reply-to ID).",
        ]
    } else {
        &[
            "How to work:",
            "  agency inbox                        your messages; agency ack ID when read",
            "  agency task show TASK               contract, branch and worktree",
            "  agency task start TASK, agency task progress TASK 60 --note …",
            "                                      at 25, 50, 75 %, and at least every hour",
            "  agency task block TASK \"WHY\"       when you cannot go on: it goes up until it is answered",
            "  agency task complete TASK           when all is committed: it is integrated",
            "  agency send A TEXT                  STATUS …, QUESTION …, to your coordinator A",
            "You write to your own agency and to the operator; your coordinator speaks to other agencies.",
        ]
    }
}

fn open_work(state: &State, home: &Path, address: &AgentAddress) -> Vec<String> {
    let mut lines = vec![String::new()];
    if let Some(task) = state.tasks.current_of(address) {
        lines.push(format!(
            "Your open task: {} ({}): {}",
            task.id,
            task.state.as_str(),
            task.contract.title
        ));
        if let Some(worktree) = task.worktree.as_ref().filter(|_| task.base.is_some()) {
            lines.push(format!("  in {}", home.join(worktree).display()));
        }
    }
    let unread = state.mail.unread(address);
    if unread > 0 {
        lines.push(format!("{unread} messages wait for you: agency inbox"));
    }
    lines
}

impl Facts {
    /// The whole briefing. The role file is the user's own text; control characters are dropped all the same.
    pub fn render(&self, role: Option<&str>) -> String {
        let role = role.map(to_plain).unwrap_or_default();
        let role = role.trim();
        if role.is_empty() {
            format!("{}\n", self.text)
        } else {
            format!("{role}\n\n{}\n", self.text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runtime::Runtime;
    use crate::engine::testing::program::{DEV, program};
    use crate::engine::testing::{World, agent};

    #[test]
    fn only_an_agent_whose_program_has_the_tools_is_told_of_them() {
        let told = |runtime: Runtime| {
            let world = World::of_program(runtime);
            facts(&world.state, Path::new("/w"), &agent(DEV)).expect("known").render(None)
        };
        assert!(told(Runtime { has_tools: true, ..program() }).contains("MCP server `agency`"));
        assert!(!told(program()).contains("MCP"));
    }
}
