//! A killed program: a new life comes, with the old conversation, and the message that waited.

use super::hearing::FIRST;
use super::letter::Letter;
use super::{SOON, START, Scene};
use crate::model::ask::Role;
use crate::model::log::{Entry, count};
use crate::report::{Shortfall, Verdict};

/// The words of the message that waits while the program dies.
const WAITING: &str = "for whoever lives";

/// What an agent is told when nobody can know whether a message reached it.
pub const HINT: &str = "may not have reached you";

/// Killed in the middle of a turn with a message waiting, the agent lives again and the message arrives once, or
/// the agent is told of it.
pub fn crash(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let long = Letter::new("RING:slow 90");
    long.send(scene)?;
    long.arrives(scene, SOON)?;
    scene.place.wait_for_state(&["working"], SOON)?;
    let letter = Letter::new(WAITING);
    letter.send(scene)?;
    let dead = scene.place.kill_program()?;
    scene
        .place
        .wait("a new life", START, || scene.place.process().is_some_and(|pid| pid != dead))?;
    let verdict = letter.arrives(scene, START);
    if letter.times(scene) == 0 && is_told_since(scene, &long) {
        let why = "the text itself was lost; the agent was told to look into its mailbox";
        return Err(Shortfall::Partly(why.to_owned()));
    }
    verdict?;
    scene.settle()?;
    letter.is_whole(scene)
}

/// Whether the hint reached the model after that letter.
fn is_told_since(scene: &Scene<'_>, letter: &Letter) -> bool {
    let log = scene.place.model().log();
    let since = log.first(letter.mark()).map_or(0, |entry| entry.number);
    let later = log.turns().into_iter().filter(|entry| entry.number > since);
    later
        .filter_map(|entry| entry.ask.last_words().map(str::to_owned))
        .any(|words| words.contains(HINT))
}

/// The first request of the new life, with that message or with word of it, holds the conversation from before the crash.
pub fn resume(scene: &Scene<'_>) -> Verdict {
    let log = scene.place.model().log();
    let after: Entry =
        log.first(WAITING).or_else(|| log.first(HINT)).ok_or("no message reached the new life")?;
    if count(&after.ask, Role::User, FIRST) == 1 {
        return Ok(());
    }
    Err("the new life does not know the old conversation".into())
}
