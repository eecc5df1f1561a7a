//! What is known to lie at the door and was not looked at yet, by name alone.
//!
//! Two lists: what arrived since the watching began, in that order, and what a listing found, by name. They take turns,
//! so that neither keeps the other waiting however long it is. Both are bounded: of a folder of any size a part is
//! known at a time, and what was not known in time is found by the next listing.

use std::collections::{BinaryHeap, VecDeque};
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// Arrivals that are kept by name, about 200 KB; more at once are found by a listing.
const MOST_FRESH: usize = 4_096;
/// Names that one listing keeps, about 2 MB; the rest is left to the next one.
pub(super) const MOST_LISTED: usize = 32_768;
/// Between two passes over the folder: what a lost event costs.
pub(super) const RESCAN: Duration = Duration::from_secs(2);
/// So many files that stay where they are make the pause longer by another [`RESCAN`].
const STAYING: u32 = 1_000;
/// Longest pause: what waits for room in a mailbox is looked at again this often at least.
const LONGEST: u32 = 30;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Names {
    fresh: VecDeque<OsString>,
    backlog: VecDeque<OsString>,
    is_turn_of_fresh: bool,
    /// The last name of the last listing, when more come after it.
    listed_up_to: Option<OsString>,
    /// Arrivals may have been missed.
    is_doubtful: bool,
    /// When the next pass over the whole folder is due; none: now.
    next_pass: Option<Instant>,
    /// Looked at in this pass, less what was taken away.
    stays: u32,
}

/// A part of a folder, by name.
#[derive(Debug, Default)]
pub(super) struct Listing {
    kept: BinaryHeap<OsString>,
    is_cut: bool,
}

impl Listing {
    /// Keeps a name, if it belongs to the first ones.
    pub(super) fn add(&mut self, name: OsString) {
        if self.kept.len() < MOST_LISTED {
            self.kept.push(name);
            return;
        }
        self.is_cut = true;
        if self.kept.peek().is_some_and(|last| name < *last) {
            self.kept.pop();
            self.kept.push(name);
        }
    }

    /// The names in their order.
    pub(super) fn into_names(self) -> Vec<OsString> {
        self.kept.into_sorted_vec()
    }
}

impl Names {
    /// Something of this name arrived.
    pub(super) fn arrived(&mut self, name: OsString) {
        match self.fresh.len() < MOST_FRESH {
            true => self.fresh.push_back(name),
            false => self.is_doubtful = true,
        }
    }

    /// Arrivals may have been missed.
    pub(super) fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// After which name the folder is to be listed; none: there is no need to now.
    pub(super) fn listing_due(&self, now: Instant) -> Option<OsString> {
        if !self.backlog.is_empty() {
            return None;
        }
        if let Some(name) = &self.listed_up_to {
            return Some(name.clone());
        }
        let is_due = self.is_doubtful || self.next_pass.is_none_or(|at| at <= now);
        is_due.then(OsString::new)
    }

    /// The folder was listed.
    pub(super) fn listed(&mut self, listing: Listing, now: Instant) {
        if self.listed_up_to.is_none() {
            // A pass begins: whatever was missed before is in it.
            self.is_doubtful = false;
            self.stays = 0;
        }
        let is_cut = listing.is_cut;
        self.backlog = listing.into_names().into();
        self.listed_up_to = self.backlog.back().filter(|_| is_cut).cloned();
        self.rest(now);
    }

    /// The next name to look at: what has just arrived and what was found take turns.
    pub(super) fn next(&mut self, now: Instant) -> Option<OsString> {
        let is_fresh = !self.fresh.is_empty() && (self.is_turn_of_fresh || self.backlog.is_empty());
        self.is_turn_of_fresh = !is_fresh;
        if is_fresh {
            return self.fresh.pop_front();
        }
        let name = self.backlog.pop_front()?;
        self.stays = self.stays.saturating_add(1);
        self.rest(now);
        Some(name)
    }

    /// A file was taken away from the door.
    pub(super) fn removed(&mut self) {
        self.stays = self.stays.saturating_sub(1);
    }

    /// Nothing is known to be there that was not looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.backlog.is_empty()
    }

    /// When a pass is over, the next one has time: the more files stay whatever is done, the more.
    fn rest(&mut self, now: Instant) {
        if self.backlog.is_empty() && self.listed_up_to.is_none() {
            let pauses = (1 + self.stays / STAYING).min(LONGEST);
            self.next_pass = Some(now + RESCAN * pauses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(names: &mut Names, limit: usize) -> Vec<OsString> {
        let now = Instant::now();
        std::iter::from_fn(|| names.next(now)).take(limit).collect()
    }

    fn listing(names: impl IntoIterator<Item = String>) -> Listing {
        let mut listing = Listing::default();
        names.into_iter().for_each(|name| listing.add(name.into()));
        listing
    }

    #[test]
    fn a_backlog_and_what_arrives_take_turns() {
        let (mut names, now) = (Names::default(), Instant::now());
        names.listed(listing((0..10).map(|n| format!("old-{n}"))), now);
        (0..3).for_each(|n| names.arrived(format!("new-{n}").into()));
        let order = take(&mut names, 8);
        let wanted = ["old-0", "new-0", "old-1", "new-1", "old-2", "new-2", "old-3", "old-4"];
        assert_eq!(order, wanted);
        assert_eq!(take(&mut names, 100).len(), 5);
        assert!(names.is_empty());
        names.arrived("alone".into());
        assert_eq!(take(&mut names, 2), ["alone"]);
    }

    #[test]
    fn a_folder_of_any_size_is_listed_in_parts_and_in_order() {
        let (mut names, now) = (Names::default(), Instant::now());
        let all = 2 * MOST_LISTED + 5;
        let mut seen = Vec::new();
        while let Some(after) = names.listing_due(now) {
            // Backwards, as a folder gives them in any order.
            let part = (0..all)
                .rev()
                .map(|n| format!("{n:08}"))
                .filter(|name| OsString::from(name) > after);
            names.listed(listing(part), now);
            assert!(names.backlog.len() <= MOST_LISTED);
            seen.extend(take(&mut names, usize::MAX));
        }
        assert_eq!(seen.len(), all);
        assert!(seen.is_sorted());
    }

    #[test]
    fn more_arrivals_than_are_kept_are_found_by_a_listing() {
        let (mut names, now) = (Names::default(), Instant::now());
        names.listed(Listing::default(), now);
        assert_eq!(names.listing_due(now), None);
        (0..=MOST_FRESH).for_each(|n| names.arrived(format!("{n}").into()));
        assert_eq!(take(&mut names, usize::MAX).len(), MOST_FRESH);
        assert_eq!(names.listing_due(now), Some(OsString::new()));
    }

    #[test]
    fn the_more_files_stay_the_rarer_they_are_looked_at_again() {
        let (mut names, now) = (Names::default(), Instant::now());
        let pause = |names: &mut Names, stay: usize| {
            names.listed(listing((0..5_000).map(|n| format!("{n:08}"))), now);
            let taken = take(names, 5_000).len();
            (stay..taken).for_each(|_| names.removed());
            names.rest(now);
            names.next_pass.map(|at| at.saturating_duration_since(now))
        };
        assert_eq!(pause(&mut names, 0), Some(RESCAN));
        assert_eq!(pause(&mut names, 5_000), Some(RESCAN * 6));
    }
}
