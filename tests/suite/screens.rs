//! Recorded screens of real agent programs, read by the shipped rules.
//!
//! Each file under `tests/fixtures/screens/RUNTIME/VERSION/` is a screen of that program in a state that is
//! known because it was caused. No screen may be read as another state; above all, a screen that
//! waits for a person is never `idle` or `working`.

use std::path::{Path, PathBuf};

use agency::domain::agency::AgentState;
use agency::domain::runtime::description::Description;
use agency::domain::runtime::input_line::Place;
use agency::domain::runtime::screen::{Reading, Screen, judge};
use agency::manifest::runtime::parse;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One recorded screen.
struct Recorded {
    path: PathBuf,
    runtime: String,
    state: String,
    cursor: (u16, u16),
    title: String,
    rows: Vec<String>,
    ghost: Vec<bool>,
}

fn recorded() -> Vec<Recorded> {
    let mut files = Vec::new();
    collect(&root().join("tests/fixtures/screens"), &mut files);
    files.sort();
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "screen") {
            files.push(path);
        }
    }
}

fn read(path: PathBuf) -> Recorded {
    let text = std::fs::read_to_string(&path).expect("text");
    let (header, screen) = text.split_once("\n---\n").unwrap_or_else(|| panic!("{path:?}: no ---"));
    let field = |key: &str| {
        let lines = header.lines();
        let found = lines.filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == key);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let cursor = field("cursor");
    let (x, y) = cursor.split_once(',').unwrap_or_else(|| panic!("{path:?}: no cursor"));
    let folder = path.strip_prefix(root().join("tests/fixtures/screens")).expect("inside");
    Recorded {
        runtime: folder.iter().next().expect("a runtime").to_string_lossy().into_owned(),
        state: field("state"),
        cursor: (x.parse().expect("a column"), y.parse().expect("a row")),
        title: field("title"),
        rows: screen.lines().map(|line| line.trim_end().to_owned()).collect(),
        ghost: ghost_of(&field("styled")),
        path,
    }
}

/// Which characters of a styled row are dim, grey or in the colours that programs write hints in.
fn ghost_of(styled: &str) -> Vec<bool> {
    agency::adapters::tmux::ghost::flags(&styled.replace("\\e", "\u{1b}").replace("\\\\", "\\"))
}

fn description(runtime: &str) -> Description {
    let file = format!("templates/runtimes/{runtime}.toml");
    let text =
        std::fs::read_to_string(root().join(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    parse(&file, &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn reading(screen: &Recorded, description: &Description) -> Option<Reading> {
    let place = Place { rows: &screen.rows, cursor: screen.cursor, ghost: &screen.ghost };
    let now = "2026-03-04T13:00:00+00:00[UTC]".parse().expect("a time");
    let seen = Screen { place, title: &screen.title, progress: None };
    judge(&description.screens, description.input_line.as_ref(), seen, &now)
}

fn word(reading: Option<&Reading>) -> &'static str {
    reading.map_or("unknown", |reading| reading.state.as_str())
}

#[test]
fn every_recorded_screen_is_read_as_the_state_it_was_in() {
    let screens = recorded();
    let mut wrong = Vec::new();
    for screen in &screens {
        let reading = reading(screen, &description(&screen.runtime));
        if word(reading.as_ref()) != screen.state {
            let rule =
                reading.map(|reading| format!("{} by `{}`", reading.state.as_str(), reading.rule));
            let said = rule.unwrap_or_else(|| "unknown".to_owned());
            wrong.push(format!("{}: is {}, read as {said}", screen.path.display(), screen.state));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong:\n{}",
        wrong.len(),
        screens.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_screen_that_waits_for_a_person_is_never_shown_as_idle_nor_typed_into() {
    let screens = recorded();
    assert!(screens.len() > 60, "only {} screens", screens.len());
    for screen in screens.iter().filter(|s| matches!(s.state.as_str(), "permission" | "waiting")) {
        let description = description(&screen.runtime);
        let state = reading(screen, &description).map(|reading| reading.state);
        let is_quiet = matches!(state, Some(AgentState::Idle | AgentState::Working));
        assert!(!is_quiet, "{} is read as {state:?}", screen.path.display());
        let place = Place { rows: &screen.rows, cursor: screen.cursor, ghost: &screen.ghost };
        let is_open = description.input_line.is_some_and(|line| line.is_empty_at(place));
        assert!(!is_open, "{}: text would be typed into it", screen.path.display());
    }
}
