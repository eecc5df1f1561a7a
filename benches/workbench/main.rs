//! What the performance table is measured with: `cargo bench --bench workbench [-- PART…]`.
//!
//! Each part prints median, 99th percentile and number of samples beside the machine's own floor, taken
//! in the same run, and says whether the goal is met. Everything lies in one temporary folder with a tmux
//! server of its own; what was started is stopped at the end. Nothing is judged by the exit status: a
//! busy machine is no defect.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench is its own face, its own clock and its own operator"
)]

mod accepting;
mod bus;
mod commands;
mod crew;
mod crowd;
mod delivery;
mod drawing;
mod figures;
mod hooks;
mod idle;
mod ledger;
mod load;
mod pane;
mod place;
mod screen;
mod standin;
mod state;
mod survival;
mod talking;
mod tools;
mod watched;

use std::time::Instant;

use crew::{AGENCY_SIZE, Crew};
use figures::Row;
use place::Place;

/// A part: its name, and what measures it.
type Part = (&'static str, fn(&mut Stage) -> Vec<Row>);

/// In this order, so that the quiet parts are not disturbed by what the busy ones leave behind.
const PARTS: [Part; 20] = [
    ("frame", |_| [drawing::measure(), talking::measure()].concat()),
    ("ledger", |_| ledger::measure()),
    ("bus", |_| bus::many()),
    ("bus500", |_| bus::steady()),
    ("flood", |_| bus::flood()),
    ("version", |_| commands::version()),
    ("idle", |stage| idle::measure(stage.crew(), FIFTY)),
    ("idle200", |_| idle::measure(&Crew::set_up(TWO_HUNDRED), TWO_HUNDRED)),
    ("load", |stage| load::measure(stage.crew())),
    ("state", |stage| state::measure(stage.crew())),
    ("accept", |stage| accepting::measure(stage.crew())),
    ("hook", |stage| hooks::measure(stage.crew())),
    ("fleet", |stage| survival::fleet(stage.crew())),
    ("restore", |stage| survival::restore(stage.crew())),
    ("status", |stage| commands::status(stage.place())),
    ("send", |stage| commands::send(stage.place())),
    ("mcp", |stage| tools::measure(stage.place())),
    ("door", |stage| delivery::measure(stage.place())),
    ("screen", |stage| screen::measure(stage.place())),
    ("pane", |stage| pane::measure(stage.place())),
];

/// Agencies of ten each.
const FIFTY: usize = 50 / AGENCY_SIZE;
const TWO_HUNDRED: usize = 200 / AGENCY_SIZE;

/// The running workbenches, each made when the first part needs it: stand-ins of real programs, and rehearsal agents.
#[derive(Default)]
struct Stage {
    crew: Option<Crew>,
    place: Option<Place>,
}

impl Stage {
    fn crew(&mut self) -> &Crew {
        self.crew.get_or_insert_with(|| Crew::set_up(FIFTY))
    }

    fn place(&mut self) -> &Place {
        // One after the other: an idle workbench costs little, but not nothing.
        self.crew = None;
        self.place.get_or_insert_with(Place::set_up)
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((standin::WORD, rest)) =
        words.split_first().map(|(word, rest)| (word.as_str(), rest))
    {
        return standin::run(rest);
    }
    // Test runners start benches too, to list or to try them: there is nothing to try here.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let is_known = |word: &&&String| !PARTS.iter().any(|(name, _)| name == &word.as_str());
    if let Some(odd) = wanted.iter().find(is_known) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        eprintln!("there is no part `{odd}`; use some of: {}", names.join(", "));
        return;
    }
    let mut stage = Stage::default();
    Row::print_head();
    for (name, measure) in PARTS {
        if !wanted.is_empty() && !wanted.iter().any(|word| *word == name) {
            continue;
        }
        let began = Instant::now();
        measure(&mut stage).iter().for_each(Row::print);
        eprintln!("{name}: {:.1} s", began.elapsed().as_secs_f64());
    }
}
