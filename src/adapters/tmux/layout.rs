//! Where panes go: how many a window holds so that none is under 80x20, and how it is arranged.
//!
//! Pure arithmetic on the size that the session is made with. The first window shows the
//! coordinator large beside or above the others; the windows after it are plain grids.

use super::command::Cmd;
use super::command::{Scope, set};

/// Smallest pane, in columns: what programs are written for.
const LEAST_COLUMNS: u16 = 80;
/// Smallest pane, in rows.
const LEAST_ROWS: u16 = 20;

/// The usable size of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    columns: u16,
    rows: u16,
}

/// How the first window is arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Main {
    /// The coordinator left, the others stacked right of it.
    Left(u16),
    /// The coordinator above, one other below.
    Above(u16),
    /// The coordinator alone.
    Alone,
}

impl Room {
    /// The room in a session of that size; the status line takes a row when a person attaches.
    pub(super) fn new((columns, rows): (u16, u16)) -> Self {
        Self { columns, rows: rows.saturating_sub(1) }
    }

    /// How many panes the window of that number, from 1, holds.
    pub(super) fn capacity(self, number: usize) -> usize {
        if number > 1 {
            return self.grid_capacity();
        }
        match self.main() {
            Main::Left(_) => 1 + self.stack(),
            Main::Above(_) => 2,
            Main::Alone => 1,
        }
    }

    /// Arranges the window of that number.
    pub(super) fn arrange(self, number: usize, window: &str) -> Vec<Cmd> {
        let select = |layout: &str| Cmd::new("select-layout").option("-t", window).param(layout);
        if number > 1 {
            return vec![select("tiled")];
        }
        let size = |key, value: u16| set(Scope::Window, Some(window), key, &value.to_string());
        match self.main() {
            Main::Left(columns) => {
                vec![size("main-pane-width", columns), select("main-vertical")]
            }
            Main::Above(rows) => vec![size("main-pane-height", rows), select("main-horizontal")],
            Main::Alone => Vec::new(),
        }
    }

    fn main(self) -> Main {
        let spare = |total: u16, least: u16| {
            // Two fifths for the others, never less than they need: the coordinator is the largest.
            let others = (total / 5 * 2).max(least);
            total.checked_sub(others + 1).filter(|rest| *rest >= least)
        };
        // Each pane's title takes a row of its own.
        if let Some(columns) = spare(self.columns, LEAST_COLUMNS).filter(|_| self.stack() > 0) {
            return Main::Left(columns);
        }
        spare(self.rows, LEAST_ROWS + 1).map_or(Main::Alone, Main::Above)
    }

    fn stack(self) -> usize {
        usize::from(self.rows / (LEAST_ROWS + 1))
    }

    /// The largest number that tmux's own tiling keeps above the least size.
    fn grid_capacity(self) -> usize {
        let fits = |count: &usize| {
            let (columns, rows) = tiling(*count);
            usize::from(self.columns) + 1 >= columns * usize::from(LEAST_COLUMNS + 1)
                && usize::from(self.rows) >= rows * usize::from(LEAST_ROWS + 1)
        };
        (1..=64).take_while(fits).last().unwrap_or(1)
    }
}

/// Columns and rows that `tiled` uses: it adds a row first, then a column, until all fit.
fn tiling(count: usize) -> (usize, usize) {
    let (mut columns, mut rows) = (1, 1);
    while columns * rows < count {
        rows += 1;
        if columns * rows < count {
            columns += 1;
        }
    }
    (columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_window_shows_the_coordinator_beside_the_others() {
        let room = Room::new((200, 50));
        assert_eq!(room.main(), Main::Left(119));
        assert_eq!((room.capacity(1), room.capacity(2)), (3, 4));
    }

    #[test]
    fn a_narrow_window_shows_it_above_one_other() {
        let room = Room::new((100, 60));
        assert_eq!(room.main(), Main::Above(36));
        assert_eq!((room.capacity(1), room.capacity(2)), (2, 2));
    }

    #[test]
    fn a_small_window_holds_one_pane() {
        let room = Room::new((80, 24));
        assert_eq!((room.capacity(1), room.capacity(2)), (1, 1));
        assert!(room.arrange(1, "@1").is_empty());
    }
}
