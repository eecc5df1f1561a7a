//! Lists that do not jump: the row under the cursor keeps its place on the screen while rows come
//! and go above it.
//!
//! The window remembers where the selected row was drawn. When the same row is drawn again at
//! another index, the window moves with it; when the cursor moved, the window moves as little as
//! it must.

use std::ops::Range;

/// Which rows of a list are visible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    top: usize,
    seen: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    identity: u64,
    index: usize,
}

impl Window {
    /// The rows to draw out of `count`, with room for `rows`; `selected` is the cursor's row and a number
    /// that is the same as long as it is the same thing.
    pub fn place(
        &mut self,
        count: usize,
        rows: usize,
        selected: Option<(usize, u64)>,
    ) -> Range<usize> {
        if let (Some(mark), Some((index, identity))) = (self.seen, selected)
            && mark.identity == identity
        {
            self.top = (self.top + index).saturating_sub(mark.index);
        }
        if let Some((index, _)) = selected {
            let lowest_top = (index + 1).saturating_sub(rows);
            self.top = self.top.clamp(lowest_top, index.max(lowest_top));
        }
        self.top = self.top.min(count.saturating_sub(rows));
        self.seen = selected.map(|(index, identity)| Mark { identity, index });
        self.top..count.min(self.top + rows)
    }
}

/// A number that tells one row from another.
pub fn identity(id: impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// The index `by` rows further, within the list; none in an empty one.
pub fn step(from: Option<usize>, by: isize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(from.map_or(0, |at| at.saturating_add_signed(by).min(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_place_on_the_screen_when_rows_come_above_it() {
        let mut window = Window::default();
        assert_eq!(window.place(20, 5, Some((7, 70))), 3..8);
        assert_eq!(window.place(23, 5, Some((10, 70))), 6..11, "three rows came above");
        assert_eq!(window.place(21, 5, Some((8, 70))), 4..9, "two of them went");
    }

    #[test]
    fn moving_the_cursor_moves_the_window_as_little_as_it_must() {
        let mut window = Window::default();
        assert_eq!(window.place(20, 5, Some((0, 0))), 0..5);
        assert_eq!(window.place(20, 5, Some((4, 4))), 0..5);
        assert_eq!(window.place(20, 5, Some((5, 5))), 1..6);
        assert_eq!(window.place(20, 5, Some((3, 3))), 1..6);
        assert_eq!(window.place(20, 5, Some((0, 0))), 0..5);
    }

    #[test]
    fn a_short_list_and_no_room_at_all_are_survived() {
        let mut window = Window::default();
        assert_eq!(window.place(0, 5, None), 0..0);
        assert_eq!(window.place(3, 0, Some((2, 2))).len(), 0);
        assert_eq!(window.place(3, 9, Some((2, 2))), 0..3);
    }
}
