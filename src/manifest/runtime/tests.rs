//! What is taken of a description, and what is refused with its line.

use super::*;
use crate::domain::agency::AgentState;
use crate::domain::runtime::screen::Region;

const WHOLE: &str = r#"
title = "Chat"
command = ["chat"]
version = ["--version"]
[start]
arguments = ["--id", "{conversation}", "--settings", "{files}/s.json", ""]
conversation = "chosen"
first_prompt = ["{prompt}"]
[resume]
arguments = ["--resume", "{conversation}"]
[environment]
QUIET = "1"
[files."s.json"]
json = '{ "hooks": ["{agency} hook Stop"] }'
[input_line]
prompt = "> "
placeholder = ['Type']
pasted = ['\[Pasted \d+\]']
[report]
conversation = "session_id"
prompt = "prompt"
[[report.event]]
name = "Stop"
when = { kind = "^end$" }
state = "idle"
[[screen]]
name = "dialog"
state = "permission"
region = "bottom 9"
all = ['^Allow']
[channel]
kind = "command"
command = ["chat", "queue", "{conversation}", "{text}"]
states = ["idle", "working"]
[stop]
signal = "TERM"
[[verified]]
version = "1.2"
on = "2026-03-04"
what = ["start"]
"#;

#[test]
fn a_whole_description_is_read() {
    let chat = parse("chat.toml", WHOLE).expect("valid");
    assert_eq!((chat.title.as_str(), chat.start.len()), ("Chat", 5));
    assert_eq!(chat.conversation, Conversation::Chosen);
    assert_eq!(chat.screens[0].region, Region::Bottom(9));
    assert_eq!(chat.stop.signal, StopSignal::Terminate);
    assert_eq!(chat.verified[0].what, ["start"]);
    let runtime = chat.runtime();
    assert!(runtime.reports_state && runtime.reads_screen && runtime.confirms);
    let hand_over = runtime.hand_over.expect("a channel");
    assert!(hand_over.needs_conversation);
    assert_eq!(hand_over.states, [AgentState::Idle, AgentState::Working]);
    assert_eq!(runtime.input_line.expect("a line").home_column, 2, "as wide as the prompt");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let wrong = r#"title = "X"
command = ["x", "{spwan}"]
[start]
conversation = "choosen"
[environment]
AGENCY_HOME = "/"
[files."../x"]
json = '{'
[input_line]
prompt = " "
[[screen]]
name = "a"
state = "bussy"
region = "bottom"
all = ['a(']
[[screen]]
name = "b"
state = "idle"
none = ['busy']
[channel]
kind = "http"
"#;
    let problems = parse("x.toml", wrong).expect_err("refused").to_string();
    for line in [
        "x.toml:2:17: `command[1]`: `{spwan}` cannot be filled in; did you mean `spawn`?",
        "x.toml:4:16: `start.conversation`: `choosen` is not accepted; did you mean `chosen`?",
        "x.toml:6:1: `environment.AGENCY_HOME`: cannot be the name of a variable here",
        "is not a plain file name",
        "`files.../x.json`: is not JSON: EOF while parsing an object (its line 1)",
        "`input_line.prompt`: is empty",
        "`bussy` is not accepted",
        "`bottom` is not accepted; write `whole`",
        "`a(` is no pattern: unclosed group",
        "asks for nothing",
        "a channel by http needs `path` and `json`",
    ] {
        assert!(problems.contains(line), "`{line}` is missing in\n{problems}");
    }
}

#[test]
fn a_channel_by_file_is_a_file_of_the_lifes_own_folder() {
    let at = WHOLE.find("[channel]").expect("a channel");
    let end = WHOLE.find("[stop]").expect("after it");
    let with = |path: &str| {
        let channel = format!(
            "[channel]\nkind = \"file\"\npath = \"{path}\"\njson = '{{ \"text\": \"{{text}}\" }}'\nstates = [\"idle\"]\n"
        );
        parse("chat.toml", &format!("{}{channel}{}", &WHOLE[..at], &WHOLE[end..]))
    };
    let channel = with("{files}/input.jsonl").expect("valid").channel.expect("a channel");
    let line = serde_json::json!({ "text": "{text}" });
    assert_eq!(channel.kind, ChannelKind::File { name: "input.jsonl".to_owned(), line });
    for path in ["{files}/../x", "/etc/passwd", "input", "{files}/", "{files}/.x", "{home}/x"] {
        let problems = with(path).expect_err("refused").to_string();
        assert!(problems.contains("`{files}/` and a plain file name"), "{problems}");
    }
}
