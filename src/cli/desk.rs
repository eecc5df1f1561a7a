//! What every command works at: the house, the output and what was said for all commands.
//!
//! A command asks and answers through its desk, so that form, colours, questions and `--yes`
//! are decided in one place.

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::args::Globals;
use crate::cli::house::House;
use crate::cli::output::{Form, Output};
use crate::cli::style::Paint;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::workbench::{Identity, Workbench};

/// How a command ends: its exit status, or why it was not done.
pub type Ending = Result<u8, Refusal>;

/// Done.
pub const DONE: u8 = 0;

/// How a rendering looks: all it needs beside the view, so that it is pure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// Now; ages are counted from here.
    pub now: Timestamp,
    /// Colours or none.
    pub paint: Paint,
    /// Columns of the terminal; none in a pipe, where nothing is cut.
    pub width: Option<usize>,
}

/// The desk.
pub struct Desk<'a> {
    /// What is around.
    pub house: &'a dyn House,
    /// What holds for every command.
    pub globals: &'a Globals,
    /// Where answers go.
    pub output: &'a mut Output,
}

impl Desk<'_> {
    /// Opens the workbench.
    pub fn open(&mut self) -> Result<Workbench, Refusal> {
        let home = self.globals.home.as_deref().or(self.house.surroundings().home.as_deref());
        let workbench = self.house.open(home)?;
        self.output.detail(&format!("workbench {}", workbench.home().display()));
        Ok(workbench)
    }

    /// How a rendering looks here and now.
    pub fn scene(&self) -> Scene {
        let surroundings = self.house.surroundings();
        let width = surroundings.width.filter(|_| surroundings.stdout.is_terminal());
        Scene { now: self.house.now(), paint: self.output.paint, width: width.map(usize::from) }
    }

    /// Whether the answer is to be JSON.
    pub fn is_json(&self) -> bool {
        self.output.form == Form::Json
    }

    /// Whether somebody still reads the answer: asked by what goes on until nobody does.
    pub fn is_heard(&mut self) -> bool {
        if !self.house.is_heard() {
            self.output.remember(Err(std::io::ErrorKind::BrokenPipe.into()));
        }
        !self.output.is_closed()
    }

    /// Whether a person can be asked.
    pub fn is_interactive(&self) -> bool {
        let surroundings = self.house.surroundings();
        surroundings.stdin.is_terminal() && surroundings.stdout.is_terminal() && !self.is_json()
    }

    /// Answers with the view as JSON, or as text for people.
    pub fn answer<T: Serialize + ?Sized>(
        &mut self,
        view: &T,
        human: impl FnOnce(&T, &Scene) -> String,
    ) -> Ending {
        if self.is_json() {
            self.output.json(view);
        } else {
            let text = human(view, &self.scene());
            self.output.text(&text);
        }
        Ok(DONE)
    }

    /// Asks a person before something is done that cannot be taken back. In a pipe, `unattended`
    /// says what holds; `--yes` always agrees.
    pub fn confirm(&mut self, question: &str, unattended: Unattended) -> Result<(), Refusal> {
        if self.globals.yes {
            return Ok(());
        }
        if !self.is_interactive() {
            return match unattended {
                Unattended::GoAhead => Ok(()),
                Unattended::Refuse { hint } => Err(Refusal::new(
                    RefusalKind::Usage,
                    "not_confirmed",
                    "this wants a confirmation and nobody can be asked",
                )
                .with_hint(hint)),
            };
        }
        if self.ask(&format!("{question} [y/N] "))?.is_some_and(|line| is_yes(&line)) {
            return Ok(());
        }
        Err(Refusal::new(RefusalKind::Failed, "not_confirmed", "nothing was done"))
    }

    /// One line from the person; none at the end of input.
    pub fn ask(&mut self, prompt: &str) -> Result<Option<String>, Refusal> {
        self.output.prompt(prompt);
        self.house.read_line()
    }

    /// A text argument, `-` meaning standard input.
    pub fn text_argument(&self, text: &str) -> Result<String, Refusal> {
        if text == "-" { self.house.read_input() } else { Ok(text.to_owned()) }
    }
}

/// What holds where nobody can be asked.
pub enum Unattended {
    /// It is done.
    GoAhead,
    /// It is refused with this hint.
    Refuse {
        /// What to do.
        hint: String,
    },
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

/// The agent that this process is, or the one that the operator names.
pub fn agent_meant(
    workbench: &Workbench,
    named: Option<&AgentAddress>,
    usage: &str,
) -> Result<AgentAddress, Refusal> {
    resolve_agent(workbench.identity(), named, usage)
}

fn resolve_agent(
    identity: &Identity,
    named: Option<&AgentAddress>,
    usage: &str,
) -> Result<AgentAddress, Refusal> {
    match (identity, named) {
        (_, Some(address)) => Ok(address.clone()),
        (Identity::Agent { address, .. }, None) => Ok(address.clone()),
        (Identity::Operator, None) => Err(Refusal::new(
            RefusalKind::Usage,
            "no_agent",
            "no agent is named, and this is not an agent's pane",
        )
        .with_hint(format!("name one: `{usage}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_meant_by_name_or_by_its_pane() {
        let address: AgentAddress = "Code/dev".parse().expect("address");
        let agent = Identity::Agent {
            address: address.clone(),
            spawn: uuid::Uuid::nil(),
            token: String::new(),
        };
        assert_eq!(resolve_agent(&agent, None, "x"), Ok(address.clone()));
        assert_eq!(resolve_agent(&Identity::Operator, Some(&address), "x"), Ok(address));
        let refused = resolve_agent(&Identity::Operator, None, "agency inbox --agent Code/dev");
        assert_eq!(refused.map_err(|refusal| refusal.kind), Err(RefusalKind::Usage));
    }

    #[test]
    fn only_a_clear_yes_confirms() {
        assert!(is_yes("y") && is_yes(" YES "));
        assert!(!is_yes("") && !is_yes("yeah no") && !is_yes("n"));
    }
}
