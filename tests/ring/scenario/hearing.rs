//! What reaches the model: messages, the briefing, a person's own line; and that a turn is seen.

use super::letter::Letter;
use super::{QUIET, SOON, Scene};
use crate::model::ask::Role;
use crate::model::log::Log;
use crate::place::AGENT;
use crate::report::Verdict;

/// The first words the model ever hears, found again by `briefing` and `resume`.
pub const FIRST: &str = "the first words of all";

/// Several lines with letters of every kind reach the model whole and once.
pub fn message(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let letter = Letter::new(FIRST).and(&[
        "second «line»: naïve, 世界, 🦀 'quotes' \"both\" $HOME `id` #{pane_id} ; %1",
        "\tafter a tab, and # ! / @ in the middle",
        "RING:say hello from the ring",
    ]);
    letter.send(scene)?;
    letter.arrives(scene, SOON)?;
    scene.settle()?;
    letter.is_whole(scene)
}

/// The briefing stands in the very request that carries the first message.
pub fn briefing(scene: &Scene<'_>) -> Verdict {
    let told = format!("You are {AGENT}: ");
    let entry = scene.place.model().log().first(FIRST).ok_or("the model never heard a message")?;
    if Log::told(&entry, &told) {
        return Ok(());
    }
    Err(format!("`{told}` is nowhere in the model's first request").into())
}

/// While the model speaks the agent is working, afterwards it is idle.
pub fn turn(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let letter = Letter::new("RING:slow 6");
    letter.send(scene)?;
    letter.arrives(scene, SOON)?;
    scene.place.wait_for_state(&["working"], QUIET)?;
    scene
        .place
        .holds("working while the model speaks", QUIET / 2, || scene.place.state() == "working")?;
    scene.settle()
}

/// A line that a person has begun stays as it is; the message comes after it was sent.
pub fn typing(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let half = format!("half a {}", std::process::id());
    scene.place.type_text(&half)?;
    scene
        .place
        .wait("the person's line to be seen", SOON, || scene.place.screen().contains(&half))?;
    let letter = Letter::new("not into your line");
    letter.send(scene)?;
    // It may arrive meanwhile, if the program takes texts without a keystroke.
    scene
        .place
        .holds("the person's line untouched", QUIET, || scene.place.screen().contains(&half))?;
    scene.place.type_text(" line")?;
    let whole = format!("{half} line");
    scene
        .place
        .wait("the whole line to be seen", SOON, || scene.place.screen().contains(&whole))?;
    scene.place.press(&["Enter"])?;
    let log = scene.place.model().log();
    scene.place.wait("the person's line to reach the model", SOON, || log.heard(&whole) == 1)?;
    let entry = log.first(&whole).ok_or("the log lost an entry")?;
    let is_glued = |text: &str| text.contains(&whole) && text.contains(letter.mark());
    if entry.ask.texts(Role::User).any(is_glued) {
        return Err("the message was glued to the person's line".into());
    }
    letter.arrives(scene, SOON)
}
