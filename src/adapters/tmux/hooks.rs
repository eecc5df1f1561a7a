//! Deaths pushed by the server: from 3.4 on a hook can send a message to our persistent client.
//!
//! The hook stands on our windows only, under an index of its own, and names the client of this
//! connection, so it is set again after each connect. It starts no process. Older servers know nothing
//! like it; there, and wherever setting it fails, the regular look finds the dead pane.

use std::collections::BTreeSet;

use super::command::{Cmd, to_line};
use super::server::Server;
use super::snapshot::Snapshot;
use super::version;

/// First version whose messages reach control clients.
const FIRST: (u32, u32) = (3, 4);

/// Any index that a person's configuration is unlikely to use.
const HOOK: &str = "pane-died[4077]";

/// Sets the hook on our windows, if that is due and the server can use it.
pub(super) fn refresh(server: &Server, snapshot: &Snapshot) {
    if !server.take_hooks_due() || !can_push(server) {
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
    let ours = snapshot.panes.iter().filter(|row| !row.place.is_empty());
    let windows: BTreeSet<&str> = ours.map(|row| row.window.as_str()).collect();
    let hook = |window: &str| {
        let set = Cmd::new("set-hook").flag("-w").option("-t", window).param(HOOK);
        let tell = Cmd::new("display-message").option("-c", client).param("agency pane-died");
        set.param(to_line(&[tell]))
    };
    windows.into_iter().map(hook).collect()
}
