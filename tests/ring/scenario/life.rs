//! What an agent goes through by itself: it starts, it is interrupted, it is limited.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::letter::Letter;
use super::{QUIET, SOON, START, Scene};
use crate::report::{Shortfall, Verdict};

/// An interrupted program must be seen idle within seconds.
const AT_ONCE: Duration = Duration::from_secs(8);

/// After `up` the agent becomes idle, and stays so.
pub fn start(scene: &Scene<'_>) -> Verdict {
    scene.place.agency(&["up"])?;
    scene.place.wait_for_state(&["idle"], START)?;
    scene.place.holds("idle, once started", QUIET / 2, || scene.place.state() == "idle")
}

/// Escape in the middle of a turn makes it idle, and it takes messages again.
pub fn interrupt(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let long = Letter::new("RING:slow 60");
    long.send(scene)?;
    long.arrives(scene, SOON)?;
    scene.place.wait_for_state(&["working"], SOON)?;
    scene.place.press(scene.program.interrupt)?;
    scene.place.wait_for_state(&["idle"], AT_ONCE)?;
    let after = Letter::new("after the interrupt");
    after.send(scene)?;
    after.arrives(scene, SOON)
}

/// Refused for a while, an agent is not shown as idle; afterwards it takes messages again.
pub fn limit(scene: &Scene<'_>) -> Verdict {
    const LIMITED: Duration = Duration::from_secs(15);
    scene.settle()?;
    let letter = Letter::new(&format!("RING:limit {}", LIMITED.as_secs()));
    letter.send(scene)?;
    letter.arrives(scene, SOON)?;
    // The end belongs to the program: it may come back a little early.
    let (began, held) = (Instant::now(), LIMITED.saturating_sub(Duration::from_secs(2)));
    let mut states = BTreeSet::new();
    scene.place.holds("not idle while limited", held, || {
        let state = scene.place.state();
        // It may still be idle from before, as long as the refusal is on its way to the screen.
        let is_right = state != "idle" || began.elapsed() < QUIET;
        states.insert(state);
        is_right
    })?;
    let after = Letter::new("after the limit");
    after.send(scene)?;
    after.arrives(scene, START)?;
    if states.contains("limited") {
        return Ok(());
    }
    let seen = Vec::from_iter(states).join(", ");
    Err(Shortfall::Partly(format!("shown as {seen}, not as limited")))
}
