//! How a person has arranged the panes of our windows: seen without asking for more, kept, put back.
//!
//! A window carries the layout that we gave it last. One that is as large as it was and shows the same panes
//! otherwise was arranged by a person; one that only follows another terminal's size was not. What is kept
//! names agents and not panes, whose ids end with their server.

use std::collections::HashMap;
use std::sync::Mutex;

use super::command::Cmd;
use super::link::lock;
use super::settling;
use super::snapshot::{PaneRow, Snapshot, WindowRow};
use crate::domain::name::Name;
use crate::ports::terminals::Arrangement;

/// Where a window carries the layout that it got from us.
pub(super) const MARK: &str = "@agency_layout";

/// What the mark says of a window that is a person's to arrange.
pub(super) const PERSON: &str = "person";

/// Where a window carries the layout that it got when a person's arrangement was put back, and that arrangement.
const PUT: &str = "@agency_put";

/// The last word of a chain that arranges a window.
pub(super) fn remember(window: &str) -> Cmd {
    let set = Cmd::new("set-option").flag("-w").flag("-F").option("-t", window);
    set.param(MARK).param("#{window_layout}")
}

/// What was seen of each window, by its id.
#[derive(Default)]
pub(super) struct Arranged {
    windows: Mutex<HashMap<String, Seen>>,
}

#[derive(Debug, Clone)]
struct Seen {
    shape: Shape,
    /// The layout that we gave it last.
    made: Option<Shape>,
    /// The last layout that a person gave it.
    chosen: Option<Shape>,
}

impl Arranged {
    /// Takes in what is there now; gives what people have arranged, with its agency.
    pub(super) fn take_in(&self, snapshot: &Snapshot) -> Vec<(Name, Arrangement)> {
        let mut windows = lock(&self.windows);
        windows.retain(|id, _| snapshot.windows.iter().any(|row| row.id == *id));
        let mut arranged = Vec::new();
        for row in &snapshot.windows {
            let panes: Vec<&PaneRow> = snapshot.panes_of(&row.id).collect();
            let Some(shape) = Shape::of(&row.layout).filter(|_| is_whole(row, &panes)) else {
                windows.remove(&row.id);
                continue;
            };
            let before = windows.get(&row.id);
            // The server is about to arrange it again.
            let is_settling = row.is_full && row.is_bent;
            let seen = match (is_settling, before) {
                (true, Some(before)) => before.clone(),
                (true, None) => continue,
                (false, before) => Seen::next(before, shape, Shape::of(&row.made)).at_full(row),
            };
            arranged.extend(seen.chosen.as_ref().and_then(|shape| named(shape, &panes)));
            windows.insert(row.id.clone(), seen);
        }
        arranged
    }
}

/// Whether a window holds several panes, and nobody's but agents'.
fn is_whole(row: &WindowRow, panes: &[&PaneRow]) -> bool {
    row.panes == panes.len() && panes.len() > 1 && panes.iter().all(|pane| pane.owner.is_some())
}

impl Seen {
    fn next(before: Option<&Self>, shape: Shape, made: Option<Shape>) -> Self {
        // What we have made anew since, or what had this id on an earlier server, tells nothing.
        let before = before.filter(|before| before.made == made && before.shape.holds_what(&shape));
        if made.as_ref() == Some(&shape) {
            // A person who goes back to what we made has chosen that.
            let chosen = before.and_then(|it| it.chosen.as_ref()).map(|_| shape.clone());
            return Self { shape, made, chosen };
        }
        // A window that this process sees for the first time may have been arranged before.
        let last = before.map(|before| &before.shape).or(made.as_ref());
        let is_moved = last.is_some_and(|last| last.size == shape.size && last.holds_what(&shape));
        let chosen = match before {
            _ if is_moved && last != Some(&shape) => Some(shape.clone()),
            before => before.and_then(|before| before.chosen.clone()),
        };
        Self { shape, made, chosen }
    }

    /// What was arranged on another screen, or around a new pane, is at the plan's size as it is there now.
    fn at_full(self, row: &WindowRow) -> Self {
        let is_persons = row.is_full
            && match &self.chosen {
                Some(chosen) => chosen.size != self.shape.size,
                None => row.made == PERSON,
            };
        let chosen = if is_persons { Some(self.shape.clone()) } else { self.chosen };
        Self { chosen, ..self }
    }
}

/// The arrangement of a window, with its agency; none if its panes are not all of one.
fn named(shape: &Shape, panes: &[&PaneRow]) -> Option<(Name, Arrangement)> {
    let first = panes.first()?;
    let agency = first.owner.as_ref()?.0.agency.clone();
    let agent = |id: &u32| {
        let pane = panes.iter().find(|row| row.pane == format!("%{id}"))?;
        let owner = &pane.owner.as_ref()?.0;
        (owner.agency == agency).then(|| owner.agent.clone())
    };
    let agents: Option<Vec<Name>> = shape.panes.iter().map(agent).collect();
    let window = first.place.clone();
    Some((agency, Arrangement { window, agents: agents?, shape: shape.text.clone() }))
}

/// Puts an arrangement back; none if the window is not as we made it, does not hold exactly those agents' panes,
/// or is so already. It ends with the size of the plan.
pub(super) fn restore(
    arrangement: &Arrangement,
    plan: (u16, u16),
    window: &WindowRow,
    panes: &[&PaneRow],
) -> Option<Vec<Cmd>> {
    let shape = Shape::of(&arrangement.shape)?;
    let mut there: Vec<&PaneRow> = panes.to_vec();
    let fits = |count: usize| count == arrangement.agents.len();
    if window.made != window.layout || !fits(there.len()) || !fits(shape.panes.len()) {
        return None;
    }
    let mut chain = swaps(arrangement, &mut there)?;
    let is_put = window.put == format!("{} {}", window.layout, shape.text);
    let is_so = Shape::of(&window.layout).is_some_and(|it| it.text == shape.text);
    if chain.is_empty() && (is_put || is_so) {
        return None;
    }
    let window = window.id.as_str();
    let resize = |(columns, rows): (u16, u16)| {
        let size = Cmd::new("resize-window").option("-t", window);
        size.option("-x", columns.to_string()).option("-y", rows.to_string())
    };
    let select = Cmd::new("select-layout").option("-t", window).param(shape.text.as_str());
    chain.extend([resize(shape.size), select, resize(plan), remember(window)]);
    let put = Cmd::new("set-option").flag("-w").flag("-F").option("-t", window);
    chain.push(put.param(PUT).param(format!("#{{window_layout}} {}", shape.text)));
    chain.extend(settling::keep(window));
    // From now on it is as large as the terminal of whoever looks at it.
    let follow = Cmd::new("set-option").flag("-w").flag("-u").option("-t", window);
    chain.push(follow.param("window-size"));
    Some(chain)
}

/// Whether one of an agency's windows is arranged so now.
pub(super) fn stands(snapshot: &Snapshot, agency: &Name, wanted: &Arrangement) -> bool {
    let is_so = |row: &WindowRow| {
        let panes: Vec<&PaneRow> = snapshot.panes_of(&row.id).collect();
        let shape = Shape::of(&row.layout).filter(|_| is_whole(row, &panes));
        let found = shape.as_ref().and_then(|shape| named(shape, &panes));
        found.is_some_and(|(of, is)| {
            of == *agency
                && (&is.window, &is.agents) == (&wanted.window, &wanted.agents)
                && is_alike(&is.shape, &wanted.shape)
        })
    };
    snapshot.windows.iter().any(is_so)
}

/// Whether one shape is the other: to the cell, or divided in the same way in a window of another size.
fn is_alike(one: &str, other: &str) -> bool {
    let (Some(a), Some(b)) = (Shape::of(one), Shape::of(other)) else { return false };
    let divided = |text: &str| text.replace(|c: char| !"{}[]".contains(c), "");
    a.text == b.text || (a.size != b.size && divided(&a.text) == divided(&b.text))
}

/// Brings the panes into the arrangement's order; none if they are not its agents'.
fn swaps(arrangement: &Arrangement, there: &mut [&PaneRow]) -> Option<Vec<Cmd>> {
    let mut chain = Vec::new();
    for (at, agent) in arrangement.agents.iter().enumerate() {
        let is_its = |row: &&PaneRow| row.owner.as_ref().is_some_and(|(it, _)| it.agent == *agent);
        let found = at + there.iter().skip(at).position(is_its)?;
        if found != at {
            let (one, other) = (there.get(found)?.pane.as_str(), there.get(at)?.pane.as_str());
            chain.push(Cmd::new("swap-pane").flag("-d").option("-s", one).option("-t", other));
            there.swap(found, at);
        }
    }
    Some(chain)
}

/// A layout as tmux writes it, with its panes numbered from 0: pane ids mean nothing on another server.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    text: String,
    pub(super) size: (u16, u16),
    panes: Vec<u32>,
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.panes == other.panes
    }
}

impl Shape {
    /// Reads `CHECKSUM,WxH,X,Y…`; none if it is not that.
    pub(super) fn of(layout: &str) -> Option<Self> {
        let (_, body) = layout.split_once(',')?;
        let (columns, rest) = body.split_once('x')?;
        let (rows, _) = rest.split_once(',')?;
        let mut reading = Reading { rest: body, text: String::new(), panes: Vec::new() };
        reading.cell()?;
        if !reading.rest.is_empty() {
            return None;
        }
        let text = format!("{:04x},{}", checksum(&reading.text), reading.text);
        let size = (columns.parse().ok()?, rows.parse().ok()?);
        Some(Self { text, size, panes: reading.panes })
    }

    /// Whether both show the same panes, wherever.
    pub(super) fn holds_what(&self, other: &Self) -> bool {
        self.panes.len() == other.panes.len()
            && self.panes.iter().all(|pane| other.panes.contains(pane))
    }
}

struct Reading<'t> {
    rest: &'t str,
    text: String,
    panes: Vec<u32>,
}

impl Reading<'_> {
    /// `WxH,X,Y` and then `,PANE`, or cells side by side in `{}`, or above each other in `[]`.
    fn cell(&mut self) -> Option<()> {
        for after in ['x', ',', ','] {
            self.number(true)?;
            self.take(after)?;
        }
        self.number(true)?;
        let open = self.rest.chars().next()?;
        let close = match open {
            '{' => '}',
            '[' => ']',
            _ => {
                self.take(',')?;
                let pane = self.number(false)?;
                self.text.push_str(&self.panes.len().to_string());
                self.panes.push(pane);
                return Some(());
            }
        };
        self.take(open)?;
        loop {
            self.cell()?;
            match self.rest.chars().next()? {
                ',' => self.take(',')?,
                _ => return self.take(close),
            }
        }
    }

    fn number(&mut self, is_kept: bool) -> Option<u32> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end)?;
        if is_kept {
            self.text.push_str(digits);
        }
        self.rest = rest;
        digits.parse().ok()
    }

    fn take(&mut self, what: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(what)?;
        self.text.push(what);
        Some(())
    }
}

/// As tmux computes it (`layout_checksum`): without the right one it refuses the layout.
fn checksum(body: &str) -> u16 {
    body.bytes().fold(0_u16, |sum, byte| sum.rotate_right(1).wrapping_add(u16::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: &str =
        "61f0,200x50,0,0{150x50,0,0,0,49x50,151,0[49x16,151,0,1,49x16,151,17,2,49x16,151,34,3]}";

    fn shape(layout: &str) -> Shape {
        Shape::of(layout).expect("a layout")
    }

    #[test]
    fn a_layout_keeps_its_text_and_checksum_when_its_panes_are_counted_already() {
        let wide = shape(WIDE);
        assert_eq!((wide.text.as_str(), wide.size), (WIDE, (200, 50)));
        let renamed = WIDE.replace(",151,17,2", ",151,17,77");
        assert_eq!(
            (shape(&renamed).text.as_str(), shape(&renamed).panes),
            (WIDE, vec![0, 1, 77, 3])
        );
        for broken in
            ["", "61f0", "61f0,200x50,0,0", "61f0,200x50,0,0{1x1,0,0,1", "61f0,1x1,0,0,1]"]
        {
            assert!(Shape::of(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_window_of_another_size_is_arranged_so_when_it_is_divided_in_the_same_way() {
        let shape = "0000,200x50,0,0{100x50,0,0,0,99x50,101,0,1}";
        let moved = "0000,200x50,0,0{150x50,0,0,0,49x50,151,0,1}";
        let grown = "0000,230x50,0,0{115x50,0,0,0,114x50,116,0,1}";
        let other = "0000,230x50,0,0[230x25,0,0,0,230x24,0,26,1]";
        let alike = [shape, moved, grown, other, "nonsense"].map(|is| is_alike(is, shape));
        assert_eq!(alike, [true, false, true, false, false]);
    }

    #[test]
    fn only_what_changes_at_the_same_size_and_with_the_same_panes_was_arranged_by_a_person() {
        let made = "0000,200x50,0,0{100x50,0,0,1,99x50,101,0,2}";
        let moved = "0000,200x50,0,0{150x50,0,0,1,49x50,151,0,2}";
        let grown = "0000,230x50,0,0{115x50,0,0,1,114x50,116,0,2}";
        let other = "0000,200x50,0,0{100x50,0,0,1,99x50,101,0,3}";
        let chosen = |before: Option<&Seen>, now: &str| {
            Seen::next(before, shape(now), Some(shape(made))).chosen.map(|it| it.text)
        };
        assert_eq!(chosen(None, made), None);
        assert_eq!(chosen(None, moved), Some(shape(moved).text));
        assert_eq!(chosen(None, grown), None, "a client came with a larger terminal");
        assert_eq!(chosen(None, other), None, "another pane");
        let made_by_us = Some(shape(made));
        let by_hand =
            Seen { shape: shape(moved), made: made_by_us.clone(), chosen: Some(shape(moved)) };
        assert_eq!(chosen(Some(&by_hand), grown), Some(shape(moved).text), "it stays known");
        assert_eq!(chosen(Some(&by_hand), made), Some(shape(made).text), "they went back to it");
        let alone = Seen { shape: shape(made), made: made_by_us, chosen: None };
        assert_eq!(chosen(Some(&alone), made), None);
    }
}
