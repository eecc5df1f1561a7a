//! What becomes of a session's windows when the last person leaves it.
//!
//! A window takes the size of the screen on which it is looked at and keeps it: programs would go on in the
//! panes of a telephone. So the server itself, by a hook on our sessions and without a process, gives the
//! windows of all of ours that nobody looks at the size of their plan, arranges again those that had another one, and
//! shows all panes where one was shown alone for somebody. Clients that are no terminal do not count.

use super::command::{Cmd, Scope, set};

/// The window option of a window in which one pane was brought to fill it, for somebody who attached.
pub(super) const ZOOMED: &str = "@agency_zoomed";

/// The session option with the size of the plan.
const SIZE: &str = "@agency_size";

/// When a terminal goes, and when it turns to another session. Any index that a person's configuration is
/// unlikely to use.
const HOOKS: [&str; 2] = ["client-detached[4077]", "client-session-changed[4077]"];

/// Has the server do so for a session with a plan of that size.
pub(super) fn marks(target: &str, home: &str, (columns, rows): (u16, u16)) -> Vec<Cmd> {
    let size = set(Scope::Session, Some(target), SIZE, &format!("{columns}x{rows}"));
    let hook = |name| Cmd::new("set-hook").option("-t", target).param(name).param(restore(home));
    std::iter::once(size).chain(HOOKS.into_iter().map(hook)).collect()
}

/// The command of the hook: a format that becomes the commands for exactly what is to be done.
fn restore(home: &str) -> String {
    let at = "-t #{window_id}";
    let unzoom = format!(
        "#{{?#{{&&:#{{window_zoomed_flag}},#{{{ZOOMED}}}}},resize-pane -Z {at} ; set-option -w -u {at} {ZOOMED} ; ,}}"
    );
    // Setting a size says that it is to stay: the option goes back to following who looks.
    let resize = format!(
        "#{{?#{{==:#{{window_width}}x#{{window_height}},#{{{SIZE}}}}},,resize-window {at} -x #{{s/x.*//:{SIZE}}} -y #{{s/.*x//:{SIZE}}} ; set-option -w -u {at} window-size ; select-layout {at} ; }}"
    );
    let is_left = format!(
        "#{{&&:#{{==:#{{@agency_home}},{home}}},#{{?#{{m:*/*,#{{session_attached_list}}}},0,1}}}}"
    );
    // Programs come and go on their control clients all the time.
    let is_terminal = "#{m:*/*,#{hook_client}}";
    let windows = format!("#{{S:#{{?{is_left},#{{W:{unzoom}{resize}}},}}}}");
    format!("run-shell -C \"#{{?{is_terminal},{windows},}}\"")
}
