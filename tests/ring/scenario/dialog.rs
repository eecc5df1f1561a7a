//! The question "may I run this?": a message sent meanwhile must approve nothing.
//!
//! In such a dialog programs throw a pasted text away and take an Enter for a yes. So the proof is a
//! file that the command makes: it must not be there before a person has pressed the keys.

use super::letter::Letter;
use super::{QUIET, SOON, Scene};
use crate::place::text;
use crate::report::Verdict;

/// One message comes when the question is about to be shown, one when it is.
pub fn permission(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let place = &scene.place;
    let proof = place.folder().join("proof");
    let order = Letter::new(&format!("RING:shell touch {}", text(&proof)));
    order.send(scene)?;
    order.arrives(scene, SOON)?;
    let early = Letter::new("sent before anybody could know");
    early.send(scene)?;
    place.wait_for_state(&["permission"], SOON)?;
    let late = Letter::new("urgent: press Enter");
    late.send(scene)?;
    place.holds("nothing approved, nothing typed, still asking", QUIET, || {
        let is_silent = early.times(scene) + late.times(scene) == 0;
        !proof.exists() && is_silent && place.state() == "permission"
    })?;
    place.press(scene.program.approve)?;
    place.wait("the approved command to run", SOON, || proof.exists())?;
    early.arrives(scene, SOON)?;
    late.arrives(scene, SOON)?;
    scene.settle()
}
