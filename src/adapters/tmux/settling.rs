//! How a window's panes are arranged again when it has the plan's size again.
//!
//! On a smaller screen tmux moves all borders, and moves them back with errors. So the server itself, by a hook on our
//! windows and without a process, keeps the last layout of the plan's size, notes what became of it at another
//! one, and lays it out again exactly. Where a person has arranged the panes at another size, that counts and
//! only grows; what we have arranged there is arranged anew.

use super::arranged::MARK;
use super::command::{Cmd, Scope, set};

/// The window option with the size of the plan.
pub(super) const SIZE: &str = "@agency_size";

/// The window option with [`NOW`] as it was last at the plan's size.
const KEPT: &str = "@agency_kept";

/// The window option of a window that is not of the plan's size: how it came to its arrangement ([`AS_KEPT`], [`AS_MADE`],
/// [`BY_HAND`]) and, but for the last, [`NOW`] since.
pub(super) const BENT: &str = "@agency_bent";

/// What the server made of the one that is kept.
pub(super) const AS_KEPT: &str = "kept";
/// We have arranged it at this size.
const AS_MADE: &str = "made";
/// A person has.
pub(super) const BY_HAND: &str = "hand";

/// When a window's layout has changed.
pub(super) const HOOK: &str = "window-layout-changed";

/// Number of panes, size and layout.
const NOW: &str = "#{window_panes} #{window_width}x#{window_height} #{window_layout}";

/// A hook under an index of ours, which a person's configuration is unlikely to use.
pub(super) fn ours(hook: &str) -> String {
    format!("{hook}[4077]")
}

/// Has the server do so for a window with a plan of that size; without a target, for the one that the chain has just made.
pub(super) fn marks(target: Option<&str>, (columns, rows): (u16, u16)) -> Vec<Cmd> {
    let size = set(Scope::Window, target, SIZE, &format!("{columns}x{rows}"));
    vec![size, hook(target)]
}

/// Sets the hook on a window.
pub(super) fn hook(target: Option<&str>) -> Cmd {
    let hook = Cmd::new("set-hook").flag("-w");
    let hook = match target {
        Some(target) => hook.option("-t", target),
        None => hook,
    };
    hook.param(ours(HOOK)).param(format!("run-shel -C \"{}\"", settle()))
}

/// A window is arranged as it is to be: nothing that was before counts any more.
pub(super) fn keep(window: &str) -> Vec<Cmd> {
    let at = |flag| Cmd::new("set-option").flag("-w").flag(flag).option("-t", window);
    vec![at("-F").param(KEPT).param(NOW), at("-u").param(BENT)]
}

/// The layout that is kept, in a format.
pub(super) fn kept() -> String {
    format!("#{{s/.* //:{KEPT}}}")
}

/// How a window came to its arrangement, in a format; nothing at the plan's size.
pub(super) fn state() -> String {
    format!("#{{s/ .*//:{BENT}}}")
}

/// A format that becomes the commands for exactly what is to be done with its window.
pub(super) fn settle() -> String {
    let is_full = format!("#{{==:#{{window_width}}x#{{window_height}},#{{{SIZE}}}}}");
    choose(&is_full, &at_full_size(), &at_another_size())
}

fn at_full_size() -> String {
    let straight = format!("set-optio -w -u -t #{{window_id}} {BENT} ; ");
    let keeps = say(KEPT, NOW);
    let fits = format!("#{{m:#{{window_panes}} *,#{{{KEPT}}}}}");
    // A layout shows all panes; a person who looked at one still does.
    let zoom = "#{?window_zoomed_flag,resize-pan -Z -t #{window_id} ; ,}";
    let select = format!("select-layou -t #{{window_id}} '{}' ; {zoom}", kept());
    let again = choose(&fits, &choose(&same(KEPT, NOW), "", &select), &keeps);
    // What the server does last: what is so only then must not be put in before.
    let then = |option: &str, value: &str| {
        let value = value.replace("#{", "##{").replace('}', "#}");
        format!("set-optio -w -F -t #{{window_id}} {option} '{value}' ; ")
    };
    let anew = format!(
        "select-layou -t #{{window_id}} ; {zoom}{}{}",
        then(MARK, "#{window_layout}"),
        then(KEPT, NOW)
    );
    let is = |word: &str| format!("#{{m:{word}*,#{{{BENT}}}}}");
    let by_state = choose(&is(AS_KEPT), &again, &choose(&is(AS_MADE), &anew, &keeps));
    let straight_already = choose(&same(KEPT, NOW), "", &keeps);
    choose(&format!("#{{{BENT}}}"), &format!("{straight}{by_state}"), &straight_already)
}

fn at_another_size() -> String {
    let is = |pattern: &str| format!("#{{m:{pattern},#{{{BENT}}}}}");
    let made = format!("{AS_MADE} {NOW}");
    // Our own last word on it.
    let by_us = choose(&same(BENT, &made), "", &say(BENT, &made));
    let is_same_size = is("* #{window_panes} #{window_width}x#{window_height} *");
    let is_known = format!("#{{==:#{{s/^[a-z]* //:{BENT}}},{NOW}}}");
    let moved = choose(&is_known, "", &say(BENT, BY_HAND));
    // Another size once more, or other panes: no more is known than before.
    let further = say(BENT, &format!("{} {NOW}", state()));
    let later = choose(&is(BY_HAND), "", &choose(&is_same_size, &moved, &further));
    let first = say(BENT, &format!("{AS_KEPT} {NOW}"));
    let otherwise = choose(&format!("#{{{BENT}}}"), &later, &first);
    choose(&format!("#{{==:#{{window_layout}},#{{{MARK}}}}}"), &by_us, &otherwise)
}

fn choose(condition: &str, yes: &str, no: &str) -> String {
    format!("#{{?{condition},{yes},{no}}}")
}

fn same(option: &str, value: &str) -> String {
    format!("#{{==:#{{{option}}},{value}}}")
}

/// The command that sets a window's option to what the format says now.
fn say(option: &str, value: &str) -> String {
    format!("set-optio -w -t #{{window_id}} {option} '{value}' ; ")
}
