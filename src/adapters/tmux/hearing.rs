//! What a listener has heard of its panes: which have printed, which are told, and which are too loud.
//!
//! Lines and moments in, panes to tell and words for the server out; no I/O. A pane that has printed is
//! told at once, and with all others at most once in [`GAP`]. One that prints more than anybody could look at
//! is paused at the server until its screen was read: its program runs on, only the listener is spared.
//! Panes that are not read are paused for good. None is ever turned `off`: tmux (3.3a) then frees what it is still
//! to send of that pane, and a busy server ends, with all that is on it, in the moment in which it sends that.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::domain::id::SpawnId;

/// Between two hints: a person sees no 15 ms, and a program's redraw comes in several pieces.
const GAP: Duration = Duration::from_millis(15);

/// Between two hints of a pane that is too loud: ten looks a second at what nobody can read are enough.
const LOUD_GAP: Duration = Duration::from_millis(100);

/// Printed bytes that nobody has looked at, as they are escaped: some eight redraws of a screen.
const LOUD: usize = 32_768;

/// A pane's number on its server.
pub(super) type Number = u32;

/// What a listener knows of a pane that is read.
#[derive(Debug, Default)]
struct Heard {
    spawn: Option<SpawnId>,
    unread: usize,
    is_due: bool,
    is_loud: bool,
    is_pausing: bool,
    is_paused: bool,
    told: Option<Instant>,
    progress: Option<bool>,
    /// The end of the last piece: a progress report may be cut.
    tail: Vec<u8>,
}

/// All panes of one listener.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    panes: HashMap<Number, Heard>,
    /// Panes that are not read, and were paused.
    spared: Vec<Number>,
    told: Option<Instant>,
}

impl Hearing {
    /// From now on these panes are read, each with the life in it; gives what to say to the server. A new
    /// life is told at once: what it printed before may not have been heard.
    pub(super) fn read_only(&mut self, panes: &[(Number, SpawnId)]) -> Vec<String> {
        self.panes.retain(|number, _| panes.iter().any(|(pane, _)| pane == number));
        for (number, spawn) in panes {
            let heard = self.panes.entry(*number).or_default();
            if heard.spawn != Some(*spawn) {
                let (is_paused, is_pausing) = (heard.is_paused, heard.is_pausing);
                let new = Heard { spawn: Some(*spawn), is_due: true, ..Heard::default() };
                *heard = Heard { is_paused, is_pausing, ..new };
                self.told = None;
            }
        }
        let wanted: Vec<Number> = self.spared.iter().copied().filter(|n| self.reads(*n)).collect();
        self.spared.retain(|number| !wanted.contains(number));
        wanted.into_iter().map(|number| say(number, "continue")).collect()
    }

    fn reads(&self, number: Number) -> bool {
        self.panes.contains_key(&number)
    }

    /// Takes one line; gives what to say to the server.
    pub(super) fn take(&mut self, line: &[u8]) -> Option<String> {
        let mut words = line.trim_ascii_end().splitn(3, |byte| *byte == b' ');
        let (word, pane) = (words.next()?, words.next()?);
        let number: Number = std::str::from_utf8(pane).ok()?.strip_prefix('%')?.parse().ok()?;
        match word {
            b"%output" => self.printed(number, words.next().unwrap_or_default()),
            b"%extended-output" => {
                let rest = words.next().unwrap_or_default();
                let at = rest.windows(3).position(|part| part == b" : ").map_or(0, |at| at + 3);
                self.printed(number, rest.get(at..).unwrap_or_default())
            }
            b"%pane-mode-changed" => self.changed(number),
            b"%pause" => self.paused(number),
            _ => None,
        }
    }

    fn printed(&mut self, number: Number, text: &[u8]) -> Option<String> {
        let Some(heard) = self.panes.get_mut(&number) else {
            let is_known = self.spared.contains(&number);
            return (!is_known).then(|| {
                self.spared.push(number);
                say(number, "pause")
            });
        };
        heard.is_due = true;
        heard.unread += text.len();
        heard.note_progress(text);
        if heard.unread <= LOUD || heard.is_pausing || heard.is_paused {
            return None;
        }
        (heard.is_pausing, heard.is_loud) = (true, true);
        Some(say(number, "pause"))
    }

    fn changed(&mut self, number: Number) -> Option<String> {
        if let Some(heard) = self.panes.get_mut(&number) {
            heard.is_due = true;
        }
        None
    }

    /// The server has paused it, for us or because we were slow: it is told once more, as nothing that it
    /// prints from here on is heard until it was read.
    fn paused(&mut self, number: Number) -> Option<String> {
        if let Some(heard) = self.panes.get_mut(&number) {
            (heard.is_paused, heard.is_pausing, heard.is_due) = (true, false, true);
        }
        None
    }

    /// The panes to tell now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Number> {
        if self.told.is_some_and(|told| now < told + GAP) {
            return Vec::new();
        }
        let due = self.panes.iter_mut().filter(|(_, heard)| heard.at().is_some_and(|at| at <= now));
        let mut numbers: Vec<Number> = due
            .map(|(number, heard)| {
                (heard.is_due, heard.told) = (false, Some(now));
                *number
            })
            .collect();
        if !numbers.is_empty() {
            numbers.sort_unstable();
            self.told = Some(now);
        }
        numbers
    }

    /// When there is next something to tell.
    pub(super) fn next(&self) -> Option<Instant> {
        let first = self.panes.values().filter_map(Heard::at).min()?;
        Some(self.told.map_or(first, |told| first.max(told + GAP)))
    }

    /// A pane's screen is about to be read; whether it must be continued first.
    pub(super) fn is_read_now(&mut self, number: Number) -> bool {
        let Some(heard) = self.panes.get_mut(&number) else { return false };
        // Quiet enough since it was last read: no longer a flood.
        heard.is_loud = heard.is_loud && (heard.is_paused || heard.unread > LOUD / 2);
        heard.unread = 0;
        std::mem::take(&mut heard.is_paused)
    }

    /// It could not be read, so it may not have been continued: the next reading does so, which harms none.
    pub(super) fn was_not_read(&mut self, number: Number) {
        if let Some(heard) = self.panes.get_mut(&number) {
            heard.is_paused = true;
        }
    }

    /// Whether a pane's program shows a progress; none if it never said.
    pub(super) fn progress(&self, number: Number) -> Option<bool> {
        self.panes.get(&number)?.progress
    }
}

impl Heard {
    /// When it may be told, if it is to be.
    fn at(&self) -> Option<Instant> {
        if !self.is_due {
            return None;
        }
        let gap = if self.is_loud { LOUD_GAP } else { GAP };
        // Never told: any moment in the past.
        Some(self.told.map_or_else(past, |told| told + gap))
    }

    /// Notes `OSC 9 ; 4 ; state`: 0 removes it, anything else shows it.
    fn note_progress(&mut self, text: &[u8]) {
        const REPORT: &[u8] = b"\\033]9;4;";
        if self.tail.is_empty() && !text.contains(&b'\\') {
            return;
        }
        let mut whole = std::mem::take(&mut self.tail);
        whole.extend_from_slice(text);
        let found = whole.windows(REPORT.len()).rposition(|part| part == REPORT);
        let state = found.and_then(|at| whole.get(at + REPORT.len()));
        if let Some(state) = state {
            self.progress = Some(*state != b'0');
        }
        let cut = whole.len().saturating_sub(REPORT.len());
        self.tail = whole.split_off(cut);
    }
}

fn past() -> Instant {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(1)).unwrap_or(now)
}

fn say(number: Number, word: &str) -> String {
    format!("refresh-client -A '%{number}:{word}'\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hearing() -> (Hearing, Instant) {
        let mut hearing = Hearing::default();
        let now = Instant::now();
        assert!(hearing.read_only(&[(3, SpawnId::nil()), (4, SpawnId::nil())]).is_empty());
        assert_eq!(hearing.due(now), [3, 4], "a new life is told at once");
        (hearing, now)
    }

    fn ms(after: u64) -> Duration {
        Duration::from_millis(after)
    }

    #[test]
    fn what_prints_is_told_at_once_and_then_at_most_once_in_a_while() {
        let (mut hearing, now) = hearing();
        assert_eq!((hearing.due(now + ms(50)), hearing.next()), (Vec::new(), None));
        hearing.take(b"%extended-output %3 0 : tick\n");
        assert_eq!(hearing.due(now + ms(50)), [3]);
        hearing.take(b"%output %4 x\n");
        hearing.take(b"%pane-mode-changed %3\n");
        assert_eq!(hearing.due(now + ms(51)), Vec::<Number>::new());
        assert_eq!(hearing.next(), Some(now + ms(65)));
        assert_eq!(hearing.due(now + ms(65)), [3, 4], "all in one hint");
    }

    #[test]
    fn a_flood_is_paused_told_and_continued_when_it_is_read() {
        let (mut hearing, now) = hearing();
        let line = [b"%extended-output %3 0 : ".as_slice(), &[b'y'; 20_000], b"\n"].concat();
        assert_eq!(hearing.take(&line), None);
        assert_eq!(hearing.take(&line).as_deref(), Some("refresh-client -A '%3:pause'\n"));
        assert_eq!(hearing.take(&line), None, "said once");
        assert_eq!(hearing.due(now + ms(200)), [3]);
        assert!(!hearing.is_read_now(3), "the server has not paused it yet");
        hearing.take(b"%pause %3\n");
        assert_eq!(hearing.due(now + ms(299)), Vec::<Number>::new(), "a flood is told less often");
        assert_eq!(hearing.due(now + ms(300)), [3], "nothing was heard since the pause");
        assert!(hearing.is_read_now(3));
        assert!(!hearing.is_read_now(3));
    }

    #[test]
    fn a_pane_that_is_not_read_is_paused_until_it_is() {
        let (mut hearing, now) = hearing();
        assert_eq!(
            hearing.take(b"%output %7 x\n").as_deref(),
            Some("refresh-client -A '%7:pause'\n")
        );
        assert_eq!(hearing.take(b"%output %7 x\n"), None);
        let said = hearing.read_only(&[(7, SpawnId::nil())]);
        assert_eq!(said, ["refresh-client -A '%7:continue'\n"]);
        assert_eq!(hearing.due(now + ms(20)), [7]);
        // Both words may be on their way together, and the pause come last.
        hearing.take(b"%pause %7\n");
        assert_eq!(hearing.due(now + ms(40)), [7]);
        assert!(hearing.is_read_now(7), "its next reading continues it");
    }

    #[test]
    fn progress_is_known_from_what_is_printed_however_it_is_cut() {
        let (mut hearing, _) = hearing();
        assert_eq!(hearing.progress(3), None);
        hearing.take(b"%extended-output %3 0 : a\\033]9;4\n");
        hearing.take(b"%extended-output %3 0 : ;3;0\\007 text\n");
        assert_eq!(hearing.progress(3), Some(true));
        hearing.take(b"%extended-output %3 0 : \\033]9;4;0;0\\007\n");
        assert_eq!(hearing.progress(3), Some(false));
        hearing.read_only(&[(3, SpawnId::max())]);
        assert_eq!(hearing.progress(3), None, "another life has said nothing");
    }
}
