//! When to draw: the first change at once, further ones at most 30 times a second, ages when they
//! read differently, and otherwise never.
//!
//! Pure: it is told what time it is. The loop in [`mod@crate::tui::run`] sleeps for as long as it says.

use std::time::{Duration, Instant};

/// At most 30 drawings a second: more cannot be seen, and cost the terminal.
const FRAME: Duration = Duration::from_millis(33);
/// While somebody waits for the echo of a key: what a fast terminal shows itself.
const ECHO: Duration = Duration::from_millis(8);
/// Ages are redrawn at most once a second, however many of them change.
const AGES: Duration = Duration::from_secs(1);

/// What was drawn when, and whether it is still right.
#[derive(Debug)]
pub struct Pace {
    stale: bool,
    is_awaited: bool,
    drawn_at: Option<Instant>,
}

impl Pace {
    /// Nothing was drawn yet.
    pub fn new() -> Self {
        Self { stale: true, is_awaited: false, drawn_at: None }
    }

    /// The screen shows something old.
    pub fn changed(&mut self) {
        self.stale = true;
    }

    /// Somebody has pressed a key whose echo comes from elsewhere: the next change is not to wait long.
    pub fn awaits(&mut self) {
        self.is_awaited = true;
    }

    /// The screen shows nothing of ours any more.
    pub fn lost(&mut self) {
        *self = Self::new();
    }

    /// The screen shows what is.
    pub fn drawn(&mut self, now: Instant) {
        *self = Self { stale: false, is_awaited: false, drawn_at: Some(now) };
    }

    /// Whether to draw now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.stale && self.since(now) >= self.frame()
    }

    /// How long there is nothing to draw; none: until something arrives. `until_age` is how long all
    /// visible ages stay as they are, none when nothing on the screen ages.
    pub fn patience(&self, now: Instant, until_age: Option<Duration>) -> Option<Duration> {
        let since = self.since(now);
        if self.stale {
            return Some(self.frame().saturating_sub(since));
        }
        Some(until_age?.max(AGES.saturating_sub(since)))
    }

    fn frame(&self) -> Duration {
        if self.is_awaited { ECHO } else { FRAME }
    }

    fn since(&self, now: Instant) -> Duration {
        self.drawn_at.map_or(Duration::MAX, |at| now.saturating_duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> (Pace, Instant) {
        let now = Instant::now();
        let mut pace = Pace::new();
        assert!(pace.is_due(now), "the first drawing is due at once");
        pace.drawn(now);
        (pace, now)
    }

    #[test]
    fn the_first_change_after_a_quiet_time_is_drawn_at_once() {
        let (mut pace, now) = drawn();
        let later = now + Duration::from_millis(200);
        assert!(!pace.is_due(later));
        pace.changed();
        assert!(pace.is_due(later));
        assert_eq!(pace.patience(later, None), Some(Duration::ZERO));
    }

    #[test]
    fn a_change_right_after_a_drawing_waits_for_the_next_frame() {
        let (mut pace, now) = drawn();
        pace.changed();
        let later = now + Duration::from_millis(10);
        assert!(!pace.is_due(later));
        assert_eq!(pace.patience(later, None), Some(Duration::from_millis(23)));
    }

    #[test]
    fn what_somebody_waits_for_is_drawn_sooner_and_once() {
        let (mut pace, now) = drawn();
        pace.awaits();
        assert_eq!(pace.patience(now, None), None, "nothing has changed yet");
        pace.changed();
        assert_eq!(pace.patience(now, None), Some(Duration::from_millis(8)));
        let later = now + Duration::from_millis(8);
        assert!(pace.is_due(later));
        pace.drawn(later);
        pace.changed();
        assert_eq!(pace.patience(later, None), Some(Duration::from_millis(33)));
    }

    #[test]
    fn a_screen_on_which_nothing_ages_sleeps_until_something_arrives() {
        let (pace, now) = drawn();
        assert_eq!(pace.patience(now, None), None);
    }

    #[test]
    fn ages_are_redrawn_when_they_change_but_once_a_second_at_most() {
        let (pace, now) = drawn();
        let minute = Duration::from_secs(60);
        assert_eq!(pace.patience(now, Some(minute)), Some(minute));
        assert_eq!(pace.patience(now, Some(Duration::from_millis(2))), Some(AGES));
    }

    #[test]
    fn a_screen_that_was_lent_out_is_drawn_at_once() {
        let (mut pace, now) = drawn();
        pace.lost();
        assert!(pace.is_due(now));
    }
}
