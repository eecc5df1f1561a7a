//! What becomes of a session's windows when the last person leaves it.
//!
//! A window takes the size of the screen on which it is looked at and keeps it: programs would go on in the
//! panes of a telephone. So the server itself, by a hook on our sessions and without a process, gives the
//! windows of all of ours that nobody looks at the size of their plan again, arranges them as they were (`settling`), and
//! shows all panes where one was shown alone for somebody. Clients that are no terminal do not count.

use super::command::Cmd;
use super::settling::{self, SIZE};

/// The window option of a window in which one pane was brought to fill it, for somebody who attached.
pub(super) const ZOOMED: &str = "@agency_zoomed";

/// When a terminal goes, and when it turns to another session.
pub(super) const HOOKS: [&str; 2] = ["client-detached", "client-session-changed"];

/// Has the server do so for a session.
pub(super) fn marks(target: &str, home: &str) -> Vec<Cmd> {
    let runs = restore(home);
    let hook = |name| {
        let set = Cmd::new("set-hook").option("-t", target);
        set.param(settling::ours(name)).param(runs.as_str())
    };
    HOOKS.into_iter().map(hook).collect()
}

/// The commands of the hook: formats that become the commands for exactly what is to be done. What is arranged is asked
/// only after the windows have their size.
fn restore(home: &str) -> String {
    let at = "-t #{window_id}";
    let unzoom = format!(
        "#{{?#{{&&:#{{window_zoomed_flag}},#{{{ZOOMED}}}}},resize-pan -Z {at} ; set-optio -w -u {at} {ZOOMED} ; ,}}"
    );
    // Setting a size says that it is to stay: the option goes back to following who looks.
    let resize = format!(
        "#{{?#{{==:#{{window_width}}x#{{window_height}},#{{{SIZE}}}}},,resize-windo {at} -x #{{s/x.*//:{SIZE}}} -y #{{s/.*x//:{SIZE}}} ; set-optio -w -u {at} window-size ; }}"
    );
    let is_left = format!(
        "#{{&&:#{{==:#{{@agency_home}},{home}}},#{{?#{{m:*/*,#{{session_attached_list}}}},0,1}}}}"
    );
    // Programs come and go on their control clients all the time.
    let is_terminal = "#{m:*/*,#{hook_client}}";
    // A window that somebody moved here has no size of ours.
    let is_ours = format!("#{{{SIZE}}}");
    let run = |each: &str| {
        let windows = format!("#{{S:#{{?{is_left},#{{W:#{{?{is_ours},{each},}}}},}}}}");
        format!("run-shel -C \"#{{?{is_terminal},{windows},}}\"")
    };
    [run(&format!("{unzoom}{resize}")), run(&settling::settle())].join(" ; ")
}
