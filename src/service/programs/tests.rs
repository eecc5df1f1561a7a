//! Where descriptions come from, who wins, and what a broken one stops.

use super::*;
use crate::ports::folder::fake::FakeFolder;

fn load(settings: &str, files: &[(&str, &str)]) -> Result<Programs, Refusal> {
    let folder = FakeFolder::default();
    folder.put("agency.toml", settings);
    for (name, text) in files {
        folder.put(&format!("templates/runtimes/{name}.toml"), text);
    }
    Programs::load(&folder)
}

const CHAT: &str = "title = \"Chat\"\ncommand = [\"chat\"]\n[start]\narguments = [\"--new\"]\n[environment]\nA = \"1\"\n";

#[test]
fn every_shipped_description_loads() {
    let shipped = Programs::shipped();
    for program in shipped.iter() {
        if let Err(problem) = &program.description {
            panic!("{}: {problem}", program.name);
        }
    }
    for name in Runtime::BUILT_IN {
        let program = shipped.find(name).expect("it is shipped");
        assert_eq!(program.runtime(), Runtime::built_in(name));
        let description = program.description.as_ref().expect("it loads").runtime();
        let built_in = Runtime::built_in(name).expect("built in");
        assert_eq!(description.command, built_in.command);
        assert_eq!(description.input_line, built_in.input_line, "one input line in both places");
    }
}

#[test]
fn the_workbenchs_own_win_by_name_and_the_settings_over_them() {
    let own = load("", &[("rehearsal", CHAT), ("chat", CHAT)]).expect("loaded");
    assert_eq!(
        own.find("rehearsal").expect("there").source.to_string(),
        "templates/runtimes/rehearsal.toml"
    );
    assert_eq!(own.runtimes()[&Name::parse("rehearsal").expect("a name")].command, ["chat"]);
    let settings = "[runtime.chat]\ncommand = [\"cat\", \"{home}\"]\nreports_state = true\n";
    let set = load(settings, &[("chat", CHAT)]).expect("loaded");
    let chat = set.find("chat").expect("there");
    assert!(chat.is_literal() && chat.runtime().expect("usable").reports_state);
}

#[test]
fn a_runtime_like_another_is_that_with_another_program() {
    let settings = "[runtime.safe]\nlike = \"chat\"\ncommand = [\"jail\", \"chat\"]\narguments = [\"--mild\"]\nenvironment = { B = \"2\" }\n";
    let programs = load(settings, &[("chat", CHAT)]).expect("loaded");
    let (program, safe) = programs.require_described("safe").expect("usable");
    assert_eq!(program.source.to_string(), "agency.toml, like chat");
    assert_eq!(safe.command, ["jail", "chat", "--mild"]);
    assert_eq!(safe.start, ["--new"]);
    assert_eq!(safe.environment.keys().collect::<Vec<_>>(), ["A", "B"]);
    assert!(!program.is_literal());
}

#[test]
fn a_broken_file_stops_its_own_runtime_and_what_is_like_it() {
    let settings = "[runtime.mine]\nlike = \"bad\"\n";
    let files = [("bad", "title = \"Bad\"\ncomand = [\"x\"]\n"), ("chat", CHAT)];
    let programs = load(settings, &files).expect("the others load");
    assert!(programs.require_described("chat").is_ok());
    for name in ["bad", "mine"] {
        let refused = programs.require_described(name).expect_err("broken").message;
        assert!(
            refused.contains("templates/runtimes/bad.toml:2:1: `comand`: unknown field"),
            "{refused}"
        );
        assert!(!programs.runtimes().contains_key(&Name::parse(name).expect("a name")));
    }
}

#[test]
fn a_name_that_nobody_knows_is_answered_with_the_nearest() {
    let programs = Programs::shipped();
    let refused = programs.require("rehearsel").expect_err("unknown");
    assert_eq!(refused.message, "there is no runtime `rehearsel`");
    assert!(refused.hint.expect("a hint").starts_with("did you mean `rehearsal`?"));
    let refused = load("[runtime.x]\nlike = \"rehersal\"\n", &[]).expect_err("refused").message;
    assert!(
        refused.contains(
            ":2:8: `runtime.x.like`: no runtime is named `rehersal`; did you mean `rehearsal`?"
        ),
        "{refused}"
    );
}

/// What goes on with whatever was last in a folder, or asks which: two agents share a folder, and a person may
/// have used the program there.
const BY_FOLDER: [&str; 7] =
    ["--continue", "-c=", "--last", "latest", "last", "--fork", "continue"];

#[test]
fn every_shipped_runtime_goes_on_with_a_conversation_by_its_own_id_or_not_at_all() {
    for program in Programs::shipped().iter() {
        let description = program.description.as_ref().expect("it is valid");
        let Some(resume) = &description.resume else { continue };
        let names_it = resume.iter().any(|word| word.contains("{conversation}"));
        assert!(names_it, "{}: {resume:?}", program.name);
        let by_folder = resume.iter().chain(&description.start);
        let by_folder: Vec<_> =
            by_folder.filter(|word| BY_FOLDER.contains(&word.as_str())).collect();
        assert!(by_folder.is_empty(), "{}: {by_folder:?}", program.name);
        // What reads a history from a file is told which one.
        let history = resume.iter().any(|word| word == "--restore-chat-history");
        let own_file = |word: &String| word.contains("{conversation}.chat");
        assert!(!history || resume.iter().any(own_file), "{}: {resume:?}", program.name);
    }
}
