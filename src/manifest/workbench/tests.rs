//! What `agency.toml` may say, and how its problems read.

use proptest::prelude::*;

use super::*;

#[test]
fn an_empty_file_is_a_workbench_with_defaults() {
    assert_eq!(parse("agency.toml", ""), Ok(WorkbenchConfig::default()));
}

#[test]
fn every_setting_is_read() {
    let text = r#"
        [project]
        path = "../shop"
        branch = "main"
        [tmux]
        socket = "agency"
        width = 80
        height = 20
        [checks]
        commands = [["sh", "run-tests.sh"], ["cargo", "test", ""]]
        time_limit = 60
        junit = ["out/*.xml"]
        [queue]
        open_from = ["ci", "Code/dev"]
        [documents]
        folder = "docs"
        [runtime.claude]
        command = ["claude", "--continue"]
        input_line = { prompt = "> ", enter_delay_ms = 150 }
        reports_state = true
    "#;
    let config = parse("agency.toml", text).expect("valid");
    assert_eq!(config.project.path, Some(PathBuf::from("../shop")));
    assert_eq!(config.project.branch.as_deref(), Some("main"));
    assert_eq!(
        config.tmux,
        TmuxConfig { socket: Some("agency".to_owned()), width: 80, height: 20 }
    );
    assert_eq!(config.checks.commands, [vec!["sh", "run-tests.sh"], vec!["cargo", "test", ""]]);
    assert_eq!(config.checks.time_limit_s, 60);
    assert_eq!(config.queue.open_from, ["ci", "Code/dev"]);
    let claude = &config.runtimes[&Name::parse("claude").expect("a name")];
    assert_eq!(claude.command, ["claude", "--continue"]);
    let line = claude.input_line.as_ref().expect("described");
    assert_eq!((line.home_column, line.enter_delay_ms), (2, 150));
    assert!(claude.reports_state);
}

#[test]
fn a_plain_list_of_texts_is_one_command() {
    let config = parse("agency.toml", "[checks]\ncommands = [\"make\", \"test\"]").expect("valid");
    assert_eq!(config.checks.commands, [["make", "test"]]);
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let text = r#"[projct]
path = "x"
[tmux]
width = 79
hight = 5
socket = ""
[checks]
commands = "sh run-tests.sh"
time_limit = 1.5
junit = "out.xml"
[queue]
open_from = ["operator", "a b", 4]
[runtime.shell]
command = []
[runtime.mine]
comand = ["x"]
reports_state = "yes"
input_line = { home_column = 2 }
"#;
    let problems = parse("agency.toml", text).expect_err("it was taken");
    insta::assert_snapshot!(problems.to_string(), @r#"
    agency.toml:1:2: `projct`: unknown field; did you mean `project`?
    agency.toml:4:9: `tmux.width`: 79 is not within 80 to 10000
    agency.toml:5:1: `tmux.hight`: unknown field; did you mean `height`?
    agency.toml:6:10: `tmux.socket`: is empty; leave the field out or fill it
    agency.toml:8:12: `checks.commands`: expected programs with their arguments; no shell is in between, so write `[["sh", "-c", "sh run-tests.sh"]]`
    agency.toml:9:14: `checks.time_limit`: expected a whole number from 1 to 86400, found a fraction
    agency.toml:10:9: `checks.junit`: expected a list, found a text
    agency.toml:12:14: `queue.open_from`: `operator` can never be let in without a credential
    agency.toml:12:26: `queue.open_from`: `a b` is not an address: the name `a b` holds ` `; letters, digits, `-` and `_` are allowed
    agency.toml:12:33: `queue.open_from[2]`: expected a text, found a number
    agency.toml:13:10: `runtime.shell`: `shell` is built in; choose another name
    agency.toml:14:11: `runtime.shell.command`: is empty; write the program, then its arguments
    agency.toml:15:1: `runtime.mine.command`: is missing; write the program with its arguments, say `["claude"]`
    agency.toml:16:1: `runtime.mine.comand`: unknown field; did you mean `command`?
    agency.toml:17:17: `runtime.mine.reports_state`: expected true or false, found a text
    agency.toml:18:14: `runtime.mine.input_line.prompt`: is missing; write what the input line begins with
    "#);
}

#[test]
fn a_syntax_error_has_line_and_column() {
    let problems = parse("agency.toml", "[tmux]\nwidth = = 3\n").expect_err("broken");
    assert_eq!(problems.problems[0].line, Some(2));
    assert!(problems.problems[0].column.is_some());
}

#[test]
fn the_first_settings_are_valid_and_so_is_every_example_in_them() {
    let config = parse("agency.toml", &render_default(None, None)).expect("valid");
    assert_eq!(config, WorkbenchConfig::default());
    let text = render_default(Some("/a \"b\"\\c"), Some("s"));
    let config = parse("agency.toml", &text).expect("valid");
    assert_eq!(config.project.path, Some(PathBuf::from("/a \"b\"\\c")));
    assert_eq!(config.tmux.socket.as_deref(), Some("s"));
    let is_example = |line: &&str| line.contains(" = ") || line.starts_with("# [");
    let examples: String = render_default(None, None)
        .lines()
        .filter(|line| is_example(line) || line.starts_with('['))
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    let config = parse("examples", &examples).expect("valid examples");
    assert_eq!(config.runtimes.len(), 1);
    assert_eq!(config.checks.time_limit_s, ChecksConfig::default().time_limit_s);
}

#[test]
fn times_of_the_escalation_are_read_by_priority_and_named_where_they_are_none() {
    let text = "[escalation]\nacknowledge = \"10m\"\n[escalation.chase]\nhigh = \"off\"\n[escalation.next]\nlow = \"3h\"\n";
    let escalation = parse("agency.toml", text).expect("valid").escalation;
    let default = WorkbenchConfig::default().escalation;
    assert_eq!(escalation.acknowledge_s, 600);
    assert_eq!((escalation.chase_s.high, escalation.chase_s.low), (u64::MAX, default.chase_s.low));
    assert_eq!((escalation.next_s.low, escalation.next_s.high), (10_800, default.next_s.high));
    let text = "[escalation]\nacknowledge = \"soon\"\n[escalation.chase]\nurgent = \"1m\"\n[escalation.next]\nlow = \"off\"\n";
    let problems = parse("agency.toml", text).expect_err("it was taken");
    insta::assert_snapshot!(problems.to_string(), @r#"
    agency.toml:2:15: `escalation.acknowledge`: `soon` is not a time; write `90s`, `15m` or `2h`, at most 7 days
    agency.toml:4:1: `escalation.chase.urgent`: unknown field; accepted: `low`, `normal`, `high`, `critical`
    agency.toml:6:7: `escalation.next.low`: `off` is not a time; write `90s`, `15m` or `2h`, at most 7 days
    "#);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ -~\n]{0,200}") {
        let _ = parse("agency.toml", &text);
    }
}
