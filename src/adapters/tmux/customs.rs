//! The settings of the user's own server that sessions of ours or control clients cannot live with.
//!
//! Nothing of a user's is ever set, so what cannot be borne is found and named: before something is made where that would end the server
//! with all that is on it, before a client comes in where a hook would send others away, and after a failure to say
//! whose it was. What is not known here is tried.

use super::command::Cmd;
use super::server::Server;
use super::version;
use crate::ports::terminals::TerminalError;

/// First version in which a new window does not end a server whose windows are of `manual` size for all.
const MANUAL_IS_SAFE: (u32, u32) = (3, 7);

/// What a hook does that ends, empties or renames what was just made; the user's own programs are not read.
const ENDING: &[&str] =
    &["kill-", "killp", "killw", "kill-ses", "rename-session", "respawn", "break-pane", "move-"];

/// What a hook does that sends a client away, or leads it elsewhere.
const SENDING_AWAY: &[&str] =
    &["detach", "kill-", "suspend-client", "switch-client", "attach-session"];

/// The hook that runs within the chain that makes a session, right after its first command; what others rename is found.
const WITHIN: &str = "after-new-session";

/// Hooks that run when a client comes in.
const ON_CLIENTS: &[&str] = &["client-attached", "client-session-changed", "client-active"];

/// The settings that matter, as a server tells them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Customs {
    version: String,
    is_manual: bool,
    is_exiting: bool,
    /// Name with its index, and what it runs.
    hooks: Vec<(String, String)>,
}

/// What asks for them.
pub(super) fn questions() -> Vec<Cmd> {
    vec![
        Cmd::new("show-options").flag("-gqwv").param("window-size"),
        Cmd::new("show-options").flag("-sqv").param("exit-unattached"),
        Cmd::new("show-hooks").flag("-g"),
    ]
}

impl Customs {
    /// Reads what a server of that version answered to [`questions`].
    pub(super) fn parse(version: &str, text: &str) -> Self {
        let mut lines = text.lines();
        let is_manual = lines.next() == Some("manual");
        let is_exiting = lines.next() == Some("on");
        // A hook without a word is one that is not set.
        let hooks = lines.filter_map(|line| line.split_once(' '));
        let hooks = hooks.map(|(name, runs)| (name.to_owned(), runs.to_owned())).collect();
        Self { version: version.to_owned(), is_manual, is_exiting, hooks }
    }

    /// Why nothing may be made on this server.
    pub(super) fn forbid_making(&self) -> Result<(), TerminalError> {
        if self.is_manual && !version::is_at_least(&self.version, MANUAL_IS_SAFE) {
            return Err(unbearable(format!(
                "with `set -g window-size manual` tmux {} ends, and all that is on it, when a window is made",
                self.version
            )));
        }
        if self.is_exiting {
            let why = "with `set -g exit-unattached on` the server ends while nobody is attached";
            return Err(unbearable(why.to_owned()));
        }
        let renames = |(name, runs): &&(String, String)| {
            name.starts_with(WITHIN) && does(runs, &["rename-session", "renames"])
        };
        match self.hooks.iter().find(renames) {
            Some((name, runs)) => Err(unbearable(format!(
                "the hook `{name} {runs}` renames a session before it can be marked as the agency's"
            ))),
            None => Ok(()),
        }
    }

    /// The hook that would send our clients away, or by them the user's.
    pub(super) fn forbids_clients(&self) -> Option<String> {
        let is_on_clients =
            |name: &str| ON_CLIENTS.iter().any(|hook| name.split('[').next() == Some(hook));
        let hook =
            self.hooks.iter().find(|(name, runs)| is_on_clients(name) && does(runs, SENDING_AWAY));
        hook.map(|(name, runs)| format!("the hook `{name} {runs}`"))
    }

    /// What is most likely to have ended what was made.
    fn culprit(&self) -> Option<TerminalError> {
        if let Err(error) = self.forbid_making() {
            return Some(error);
        }
        let hook = self.hooks.iter().find(|(_, runs)| does(runs, ENDING));
        hook.map(|(name, runs)| {
            unbearable(format!("the hook `{name} {runs}` acts on what is made for the agency"))
        })
    }
}

/// The hooks in what `show-hooks` says, by name and number, but for those that end what they meet or send somebody away.
pub(super) fn harmless_hooks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let hooks = text.lines().filter_map(|line| line.split_once(' '));
    hooks.filter(|(_, runs)| !does(runs, ENDING) && !does(runs, SENDING_AWAY))
}

fn does(runs: &str, words: &[&str]) -> bool {
    words.iter().any(|word| runs.contains(word))
}

fn unbearable(problem: String) -> TerminalError {
    TerminalError::Unbearable { problem }
}

/// Asks the server; without one, a server is started for as long as it takes to ask it, as only that
/// reads the user's configuration.
fn ask(server: &Server) -> Result<Customs, TerminalError> {
    let mut chain = vec![Cmd::new("start-server")];
    let version = Cmd::new("display-message").flag("-p").param("#{version}");
    chain.push(version.clone());
    chain.extend(questions());
    let text = server.begin(&chain).or_else(|_| {
        // A server without a session has nobody to show a message to.
        let chain: Vec<Cmd> =
            std::iter::once(Cmd::new("start-server")).chain(questions()).collect();
        Ok(format!("{}\n{}", version::ask(server)?, server.begin(&chain)?))
    })?;
    let (version, rest) = text.split_once('\n').unwrap_or_default();
    Ok(Customs::parse(version, rest))
}

/// Refuses to make anything where that would end the user's server. A server of our own has no such setting.
pub(super) fn require_safe(server: &Server) -> Result<(), TerminalError> {
    match server.is_users() {
        true => ask(server)?.forbid_making(),
        false => Ok(()),
    }
}

/// Looks at a user's server that runs: what nothing can be made with, or keeps our clients out.
pub(super) fn examine(server: &Server) -> Result<(), TerminalError> {
    let mut chain = vec![Cmd::new("display-message").flag("-p").param("#{version}")];
    chain.extend(questions());
    // Without a server, or with one that hangs, there is nothing to say yet.
    let Ok(text) = server.ask_by_process(&chain) else { return Ok(()) };
    let (version, rest) = text.split_once('\n').unwrap_or_default();
    let customs = Customs::parse(version, rest);
    customs.forbid_making()?;
    match customs.forbids_clients() {
        Some(hook) => Err(unbearable(format!(
            "{hook} keeps the supervisor's own clients out: screens are read once a second only"
        ))),
        None => Ok(()),
    }
}

/// The error with the user's setting in it that it most likely comes from.
pub(super) fn explained(server: &Server, error: TerminalError) -> TerminalError {
    let may_be_of_a_setting = matches!(
        error,
        TerminalError::Died { .. } | TerminalError::NoServer | TerminalError::Refused { .. }
    );
    if !may_be_of_a_setting {
        return error;
    }
    let culprit = ask(server).ok().and_then(|customs| customs.culprit());
    culprit.unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customs(version: &str, text: &str) -> Customs {
        Customs::parse(version, text)
    }

    #[test]
    fn a_setting_that_would_end_the_server_forbids_making_anything() {
        assert!(customs("3.3a", "manual\noff\n").forbid_making().is_err());
        assert!(customs("3.6a", "manual\noff\n").forbid_making().is_err());
        assert!(customs("3.7c", "manual\noff\n").forbid_making().is_ok());
        assert!(customs("3.3a", "latest\noff\n").forbid_making().is_ok());
        assert!(customs("3.7c", "latest\non\n").forbid_making().is_err());
        let hook = |text: &str| customs("3.3a", &format!("latest\noff\n{text}\n")).forbid_making();
        assert!(hook("after-new-session[0] rename-session x").is_err());
        assert!(hook("after-new-session[0] split-window").is_ok());
        assert!(hook("session-created[0] rename-session x").is_ok());
    }

    #[test]
    fn a_hook_that_sends_clients_away_forbids_them() {
        let of = |hook: &str| customs("3.3a", &format!("latest\noff\nafter-kill-pane\n{hook}\n"));
        assert!(of("client-attached[0] detach-client -a").forbids_clients().is_some());
        assert!(of("client-attached[0] run-shell x").forbids_clients().is_none());
        assert!(of("pane-died[0] detach-client").forbids_clients().is_none());
    }

    #[test]
    fn the_setting_that_ended_a_session_is_named() {
        let said = |text: &str| customs("3.3a", text).culprit().map(|error| error.to_string());
        let exits = said("latest\non\n").expect("one");
        assert!(exits.contains("exit-unattached"), "{exits}");
        let hook = said("latest\noff\nsession-created[0] kill-session\n").expect("one");
        assert!(hook.contains("`session-created[0] kill-session`"), "{hook}");
        assert_eq!(
            said("latest\noff\nsession-created\nwindow-linked[0] display-message x\n"),
            None
        );
    }
}
