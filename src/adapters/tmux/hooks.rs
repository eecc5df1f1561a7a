//! Hooks on our sessions and windows: deaths pushed by the server, and the user's own hooks beside ours.
//!
//! From 3.4 on a hook can send a message to our persistent client; it names the client of this connection, so it is set
//! again after each connect. It starts no process. Older servers know nothing like it; there, and wherever setting it
//! fails, the regular look finds the dead pane. tmux runs no hook of a user's for all where one stands on the session
//! or window itself: theirs are put beside ours, under their own numbers, but for those that end things.

use std::collections::BTreeSet;

use super::command::{Cmd, to_line};
use super::customs;
use super::leaving;
use super::server::Server;
use super::settling;
use super::snapshot::Snapshot;
use super::version;

/// First version whose messages reach control clients.
const FIRST: (u32, u32) = (3, 4);

/// What is pushed.
const HOOK: &str = "pane-died";

/// Sets the hook on our windows, if that is due and the server can use it.
pub(super) fn refresh(server: &Server, snapshot: &Snapshot) {
    if !server.take_hooks_due() {
        return;
    }
    stand_beside(server, snapshot);
    if !can_push(server) {
        return;
    }
    let name = Cmd::new("display-message").flag("-p").param("#{client_name}");
    let Ok(client) = server.ask(&[name]) else { return };
    let chain = to_chain(snapshot, client.trim());
    if !chain.is_empty() {
        // A hint is lost at worst, and a hint is never the only way.
        let _ = server.ask(&chain);
    }
}

fn can_push(server: &Server) -> bool {
    let found = server.version.get_or_init(|| version::ask(server).unwrap_or_default());
    version::is_at_least(found, FIRST)
}

pub(super) fn to_chain(snapshot: &Snapshot, client: &str) -> Vec<Cmd> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if client.is_empty() || !client.chars().all(is_plain) {
        return Vec::new();
    }
    let hook = |window: &str| {
        let set = Cmd::new("set-hook").flag("-w").option("-t", window).param(settling::ours(HOOK));
        let tell = Cmd::new("display-message").option("-c", client).param("agency pane-died");
        set.param(to_line(&[tell]))
    };
    windows(snapshot).into_iter().map(hook).collect()
}

fn windows(snapshot: &Snapshot) -> BTreeSet<&str> {
    let ours = snapshot.panes.iter().filter(|row| !row.place.is_empty());
    ours.map(|row| row.window.as_str()).collect()
}

/// Puts the user's hooks beside ours, as they are now. Without them, which is usual, nothing is to be done.
fn stand_beside(server: &Server, snapshot: &Snapshot) {
    let ask = |scope| Cmd::new("show-hooks").flag(scope);
    let Ok(text) = server.read(&[ask("-g"), ask("-gw")]) else { return };
    let theirs: Vec<(&str, &str)> = customs::harmless_hooks(&text).collect();
    let of = |names: &[&str]| -> Vec<(String, String)> {
        let is_one = |name: &str| names.iter().any(|it| name.split('[').next() == Some(it));
        let found = theirs.iter().filter(|(name, _)| is_one(name));
        found.map(|(name, runs)| ((*name).to_owned(), (*runs).to_owned())).collect()
    };
    let (on_sessions, on_windows) = (of(&leaving::HOOKS), of(&[settling::HOOK, HOOK]));
    let mut chain = Vec::new();
    if !on_sessions.is_empty() {
        for row in snapshot.sessions.iter().filter(|row| row.is_ours) {
            let set = || Cmd::new("set-hook").option("-t", row.id.as_str());
            chain.extend(replaced(&leaving::HOOKS, &on_sessions, set));
            chain.extend(leaving::marks(&row.id, server.home()));
        }
    }
    if !on_windows.is_empty() {
        for window in windows(snapshot) {
            let set = || Cmd::new("set-hook").flag("-w").option("-t", window);
            chain.extend(replaced(&[settling::HOOK, HOOK], &on_windows, set));
            chain.push(settling::hook(Some(window)));
        }
    }
    // At worst a hook of theirs does not run on a session of ours.
    if !chain.is_empty()
        && let Err(error) = server.ask(&chain)
    {
        tracing::warn!(%error, "hooks of the user's own do not run on the agencies' sessions");
    }
}

/// Takes all hooks of these names away, and puts those.
fn replaced(names: &[&'static str], hooks: &[(String, String)], set: impl Fn() -> Cmd) -> Vec<Cmd> {
    let none = names.iter().map(|name| set().flag("-u").param(*name));
    none.chain(hooks.iter().map(|(name, runs)| set().param(name).param(runs))).collect()
}
