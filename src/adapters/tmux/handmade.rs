//! Whether a person has arranged the panes of a window of ours: then a new pane changes no more than it must.
//!
//! After each arrangement of ours the window carries its layout. A window that another screen has
//! resized, or that has lost a pane, has changed by itself; one of the same size with the same panes has not.

use super::arranged::{MARK, PERSON, Shape};
use super::command::{Cmd, Scope, set};
use super::server::Server;
use super::settling::{self, AS_KEPT, BY_HAND};
use crate::ports::terminals::TerminalError;

/// Notes that a window is a person's to arrange from now on.
pub(super) fn leave(window: &str) -> Cmd {
    set(Scope::Window, Some(window), MARK, PERSON)
}

/// Whether a window is a person's to arrange.
pub(super) fn is_a_persons(server: &Server, window: &str) -> Result<bool, TerminalError> {
    // None of them can hold a space.
    let (kept, state) = (settling::kept(), settling::state());
    let format = format!("#{{{MARK}}} #{{window_layout}} {kept} {state}");
    let ask = Cmd::new("display-message").flag("-p").option("-t", window).param(format);
    let answer = server.read(&[ask])?;
    let fields: Vec<&str> = answer.trim_end_matches('\n').split(' ').collect();
    Ok(match fields.as_slice() {
        [PERSON, ..] | [_, _, _, BY_HAND] => true,
        // On the screen of somebody: what it was before it took that screen's size.
        [was, _, kept, AS_KEPT] => is_rearranged(was, kept),
        [was, is, ..] => is_rearranged(was, is),
        _ => false,
    })
}

fn is_rearranged(was: &str, is: &str) -> bool {
    let (Some(was), Some(is)) = (Shape::of(was), Shape::of(is)) else { return false };
    was != is && was.size == is.size && was.holds_what(&is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_at_the_same_size_with_the_same_panes_is_a_persons_doing() {
        let made = "0000,200x50,0,0{100x50,0,0,0,99x50,101,0,1}";
        assert!(is_rearranged(made, "0000,200x50,0,0{150x50,0,0,0,49x50,151,0,1}"));
        assert!(is_rearranged(made, "0000,200x50,0,0{100x50,0,0,1,99x50,101,0,0}"), "swapped");
        assert!(!is_rearranged(made, made));
        assert!(!is_rearranged(made, "0000,120x50,0,0{60x50,0,0,0,59x50,61,0,1}"), "resized");
        assert!(!is_rearranged(made, "0000,200x50,0,0,1"), "a pane is gone");
        assert!(!is_rearranged("", made), "nothing was noted");
    }
}
