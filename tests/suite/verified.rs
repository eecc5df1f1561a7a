//! The table of what was seen run.
//!
//! `docs/runtimes.md` says what the shipped descriptions say, word for word.

use std::path::Path;

use agency::domain::runtime::description::{ChannelKind, Description};
use agency::manifest::runtime::{CHECKS, parse};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every shipped description with its name.
fn shipped() -> Vec<(String, Description)> {
    let folder = std::fs::read_dir(root().join("templates/runtimes")).expect("a folder");
    let mut all: Vec<(String, Description)> = folder
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("text");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let description = parse(&path.display().to_string(), &text);
            (name, description.unwrap_or_else(|problems| panic!("{problems}")))
        })
        .collect();
    all.sort_by(|one, two| one.0.cmp(&two.0));
    all
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// What was seen run, a line for each version of each program.
fn seen_run(all: &[(String, Description)]) -> String {
    let heads: Vec<String> =
        ["program", "version", "on"].iter().chain(&CHECKS).map(|head| (*head).to_owned()).collect();
    let mut lines = vec![row(&heads), format!("|{}", "---|".repeat(heads.len()))];
    for (_, description) in all {
        for verified in &description.verified {
            let mut cells =
                vec![description.title.clone(), verified.version.clone(), verified.on.clone()];
            let was_seen = |check: &&str| verified.what.iter().any(|what| what == check);
            let marks = CHECKS.iter().map(|check| if was_seen(check) { "ok" } else { "" });
            cells.extend(marks.map(str::to_owned));
            lines.push(row(&cells));
        }
    }
    lines.join("\n")
}

/// How each program takes text and how its state is known.
fn ways(all: &[(String, Description)]) -> String {
    let heads =
        ["runtime", "program", "channel", "typed into", "state", "goes on with its conversation"];
    let mut lines =
        vec![row(&heads.map(str::to_owned)), format!("|{}", "---|".repeat(heads.len()))];
    for (name, description) in all {
        let channel = match description.channel.as_ref().map(|channel| &channel.kind) {
            Some(ChannelKind::Command(_)) => "a command of its own",
            Some(ChannelKind::Http { .. }) => "its server on loopback",
            Some(ChannelKind::Hook) => "a hook that waits",
            Some(ChannelKind::File { .. }) => "a file that it watches",
            None => "",
        };
        let yes = |is_so: bool, word: &str| if is_so { word.to_owned() } else { String::new() };
        let reports = description.report.events.iter().any(|event| event.state.is_some());
        let state = [yes(reports, "reports"), yes(!description.screens.is_empty(), "screen")];
        let state: Vec<String> = state.into_iter().filter(|word| !word.is_empty()).collect();
        lines.push(row(&[
            format!("`{name}`"),
            description.title.clone(),
            channel.to_owned(),
            yes(description.input_line.is_some(), "yes"),
            state.join(", "),
            yes(description.resume.is_some(), "yes"),
        ]));
    }
    lines.join("\n")
}

#[test]
fn the_document_of_runtimes_says_what_their_descriptions_say() {
    let document = std::fs::read_to_string(root().join("docs/runtimes.md")).expect("a document");
    let all = shipped();
    for table in [seen_run(&all), ways(&all)] {
        assert!(document.contains(&table), "docs/runtimes.md should say:\n\n{table}\n");
    }
}

#[test]
fn a_description_that_promises_the_agents_tools_starts_them() {
    for (name, description) in shipped() {
        let (start, resume) = (description.start.join(" "), description.resume.clone());
        let elsewhere = format!("{:?} {:?}", description.environment, description.files);
        let gives = |arguments: &str| {
            let all = format!("{arguments} {elsewhere}");
            ["{agency", "mcp"].iter().all(|word| all.contains(word))
        };
        assert_eq!(description.has_tools, gives(&start), "{name}");
        let goes_on = resume.is_none_or(|resume| gives(&resume.join(" ")));
        assert!(!description.has_tools || goes_on, "{name} loses them when it goes on");
    }
}
