//! Whole command lines: the documented forms are read, help is there, refusals have their form and status.

mod shapes;

use std::ffi::OsString;

use clap::{Command, CommandFactory as _, Parser as _};

use super::*;
use crate::cli::testing::{FakeHouse, Streams};

fn run_line(line: &[&str], house: &FakeHouse) -> (u8, Streams) {
    let argv: Vec<OsString> =
        std::iter::once("agency").chain(line.iter().copied()).map(OsString::from).collect();
    let (mut output, streams) = testing::output();
    (run_on(&argv, house, &mut output), streams)
}

/// The forms that scripts rely on; a new one is added, none is taken away.
const FORMS: &str = "
agency
agency init
agency init bench --project ../app
agency init bench --scripts
agency demo
agency demo bench --headless --keep
agency up
agency up CodeAgency QAAgency
agency down
agency down CodeAgency --yes
agency status
agency --json status
agency create CodeAgency
agency create Web --template code --agents a,b --coordinator c --capabilities x,y --project . --runtime shell --layout windows --no-start
agency list --json
agency show CodeAgency
agency attach CodeAgency
agency attach CodeAgency python-agent
agency attach CodeAgency/python-agent
agency start CodeAgency
agency stop CodeAgency
agency restart CodeAgency
agency remove CodeAgency --yes
agency brief CodeAgency/python-agent
agency goal CodeAgency TEXT
agency goal TEXT
agency handoff
agency handoff list --agency A --all
agency handoff show HO-001
agency handoff accept HO-001 --until 2026-03-02T12:00:00Z --note T
agency handoff decline HO-001 --reason R
agency handoff results HO-001 --status issues_found --bugs 2 --severity high --report R --note T
agency handoff offer QA --task T --deliverable D --place P --branch B --artifact A --artifact B --criteria C --next N --note N --answer-by 2026-03-02T12:00:00Z --priority high --from A
agency template new web --from code
agency template check web ./folder
agency match GOAL --limit 3
agency hire CodeAgency helper --role R --skills a,b --runtime claude --temporary
agency dismiss CodeAgency helper --yes
agency send CodeAgency/python-agent TEXT
agency send CodeAgency -
agency send * TEXT --from MetaOrchestrator/lead
agency send operator TEXT --type question --task TASK-001 --priority high --wait --timeout 5
agency inbox --wait --all
agency inbox --agent CodeAgency/python-agent
agency ack 0195f000-0000-7000-8000-000000000001 0195f000-0000-7000-8000-000000000002
agency messages --agency A --type handoff --task TASK-001 --since 10m --follow
agency schema
agency schema message
agency schema message handoff --json
agency messages --trace TASK-001
agency submit TASK-001 --rationale R --rollback B --demo http://localhost:3000
agency approvals
agency approvals list --json
agency approvals show AP-007
agency approvals approve AP-007
agency approvals approve 7 --no-wait
agency approvals reject AP-007 --feedback TEXT
agency approvals prove AP-007
agency log --follow --since 2h --subject TASK-001
agency task add TITLE --agency A --feature F --scope S --non-goals N --input I --input J --after TASK-001:soft --after 2 --done D --done E --tests T --rollback R --paths src/** --skill S --role R --priority low --estimate 2.5
agency task list --feature F --state in_progress --json
agency task show TASK-001
agency task assign TASK-001 A/x
agency task start TASK-001
agency task progress TASK-001 60% --note N
agency task block TASK-001 REASON
agency task block TASK-001 -- --json
agency task unblock TASK-001
agency task complete TASK-001 --summary=S
agency task cancel TASK-001 --reason R
agency branch list --json
agency branch checkpoint
agency branch checkpoint TASK-001 --note N
agency branch checkpoint login/agent/dev/TASK-001 --json
agency branch checkpoints
agency branch checkpoints TASK-001 --json
agency branch show TASK-001/2
agency branch restore TASK-001/2
agency branch restore 2 src/a.rs docs --task TASK-001 --exact --yes
agency lock request src/** --type exclusive --reason R --for 2 --task TASK-001 --agency A --priority high --wait --timeout 5
agency lock request src --type shared
agency lock release lock-001
agency lock release 1
agency lock list --json
agency lock check src/a.rs --type shared
agency cadence
agency cadence show --json
agency cadence run daily
agency meetings
agency meetings list --json
agency meetings show daily/2026-11-21-CodeAgency
agency send CodeAgency/dev hello --ttl 10m
agency queue
agency queue status --json
agency queue dead --code expired --json
agency queue show note.json
agency queue retry note.json
agency queue retry 0195f000-0000-7000-8000-000000000001 --ttl 1h
agency queue retry --all --code mailbox_full
agency queue release CodeAgency/dev QAAgency/lead
agency undo
agency undo --list --json
agency undo UNDO-001 --yes
agency ledger verify
agency ledger rebuild
agency ledger export events.jsonl
agency ledger export
agency ledger at 1042
agency ledger at 2026-01-01T00:00:00Z
agency template
agency template list
agency template show code
agency runtime list
agency runtime show shell
agency runtime check
agency runtime check shell rehearsal --json
agency runtimes
agency doctor
agency explain TASK-001
agency completions bash
agency completions zsh
agency completions fish
agency man
agency man pages
agency supervise --home /x
agency rehearse
agency hook --state idle --reason R
agency hook Stop
agency hook wait
agency enter -- claude --resume
agency enter --
agency enter
agency enter --shell
agency check-run a --b -c
agency status --home /x --color never -v
agency list -q
";

#[test]
fn every_documented_form_is_read() {
    for form in FORMS.lines().filter(|line| !line.is_empty()) {
        let read = Invocation::try_parse_from(form.split_whitespace());
        assert!(read.is_ok(), "{form}: {}", read.map(|_| ()).expect_err("refused"));
    }
}

fn visit(command: &Command, name: &str, seen: &mut dyn FnMut(&str, &Command)) {
    for child in command.get_subcommands() {
        let name = format!("{name} {}", child.get_name());
        seen(&name, child);
        visit(child, &name, seen);
    }
}

#[test]
fn every_command_and_every_argument_has_help() {
    let mut lines = Vec::new();
    visit(&Invocation::command(), "agency", &mut |name, command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty(), "`{name}` has no help");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "`{name}`: {} has no help", argument.get_id());
        }
        let hidden = if command.is_hide_set() { " (hidden)" } else { "" };
        lines.push(format!("{name}{hidden}: {about}"));
    });
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_tree_of_commands_is_consistent() {
    Invocation::command().debug_assert();
}

#[test]
fn the_version_is_answered_at_once() {
    let house = FakeHouse::in_a_pipe();
    for word in ["--version", "-V"] {
        let (status, streams) = run_line(&[word], &house);
        assert_eq!((status, streams.out.text()), (0, "agency 0.1.0\n".to_owned()));
    }
}

#[test]
fn a_refusal_is_an_error_a_hint_and_its_status() {
    let (status, streams) = run_line(&["status"], &FakeHouse::in_a_pipe());
    assert_eq!(status, 3);
    assert_eq!(streams.out.text(), "");
    assert_eq!(streams.err.text(), "error: no workbench here\nhint: run `agency init`\n");
}

#[test]
fn under_json_a_refusal_is_one_document_and_nothing_else() {
    for (line, code, expected) in [
        (&["list", "--json"][..], "no_workbench", 3),
        (&["--json", "frobnicate"], "unknown_command", 2),
        (&["create", "--json"], "missing_argument", 2),
        (&["send", "A", "x", "--priority", "urgent", "--json"], "invalid_value", 2),
    ] {
        let (status, streams) = run_line(line, &FakeHouse::in_a_pipe());
        let json: serde_json::Value =
            serde_json::from_str(&streams.out.text()).expect("one document");
        assert_eq!((status, json["error"]["code"].as_str()), (expected, Some(code)), "{line:?}");
        assert!(json["error"]["hint"].is_string(), "{line:?}");
        assert_eq!(streams.err.text(), "", "{line:?}");
    }
}

#[test]
fn json_after_two_dashes_is_somebody_elses() {
    let (status, streams) = run_line(&["frobnicate", "--", "--json"], &FakeHouse::in_a_pipe());
    assert_eq!((status, streams.out.text()), (2, String::new()));
}

#[test]
fn without_a_terminal_no_command_means_status() {
    let (status, streams) = run_line(&[], &FakeHouse::in_a_pipe());
    assert_eq!(status, 3, "{}", streams.both());
}

#[test]
fn help_goes_to_standard_output_and_is_a_document_under_json() {
    let (status, streams) = run_line(&["task", "add", "--help"], &FakeHouse::in_a_pipe());
    assert_eq!(status, 0);
    assert!(streams.out.text().contains("--rollback"), "{}", streams.both());
    let (status, streams) = run_line(&["--json", "--help"], &FakeHouse::in_a_pipe());
    let json: serde_json::Value = serde_json::from_str(&streams.out.text()).expect("json");
    assert!(status == 0 && json["help"].is_string());
}

#[test]
fn the_first_help_page_is_this() {
    let (_, streams) = run_line(&["--help"], &FakeHouse::in_a_pipe());
    insta::assert_snapshot!(streams.out.text());
}

#[test]
fn no_example_in_a_help_text_is_broken_by_a_terminal_of_80_columns() {
    visit(&Invocation::command(), "agency", &mut |name, command| {
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = after.split("Example").nth(1).unwrap_or_default();
        for line in examples.lines() {
            assert!(line.chars().count() <= 80, "`{name}`: {line}");
        }
    });
    let (_, streams) = run_line(&["create", "--help"], &FakeHouse::on_a_terminal(&[]));
    let help = streams.out.text();
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
}

#[test]
fn colours_are_for_terminals_or_on_demand() {
    let has_colour = |line: &[&str]| {
        let (_, streams) = run_line(line, &FakeHouse::in_a_pipe());
        streams.err.text().contains('\u{1b}')
    };
    assert!(!has_colour(&["status"]));
    assert!(has_colour(&["status", "--color", "always"]));
    assert!(!has_colour(&["status", "--color", "never"]));
}

#[test]
fn the_demo_narrates_and_needs_a_terminal_unless_headless() {
    let house = FakeHouse::in_a_pipe();
    let (status, streams) = run_line(&["demo", "--headless", "--keep"], &house);
    assert_eq!(status, 0);
    assert_eq!(streams.both(), "-- stdout\n0.1s goal set\n\n-- stderr\nkept in /tmp/demo\n");
    let (status, streams) = run_line(&["demo", "--headless", "--json"], &house);
    assert_eq!(status, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&streams.out.text()).is_ok());
    let (status, streams) = run_line(&["demo"], &house);
    assert_eq!(status, 2, "{}", streams.both());
}

#[test]
fn a_workbench_is_made_and_named() {
    let (status, streams) = run_line(&["init", "bench"], &FakeHouse::in_a_pipe());
    assert_eq!(status, 0);
    assert!(streams.out.text().starts_with("made a workbench in /home/me/bench\n"));
}

#[test]
fn an_agent_is_started_even_without_its_briefing() {
    let house = FakeHouse::in_a_pipe();
    let (status, streams) = run_line(&["enter", "--", "claude", "--resume"], &house);
    assert_eq!(status, 0);
    assert!(streams.err.text().contains("no workbench here"));
    assert_eq!(*house.asked.borrow(), [r#"exec ["claude", "--resume"]"#]);
}

#[test]
fn a_check_ends_with_its_own_status() {
    let house = FakeHouse::in_a_pipe();
    assert_eq!(run_line(&["check-run", "--limit", "3", "--", "sh"], &house).0, 7);
}

#[test]
fn the_doctor_answers_without_a_workbench() {
    let (status, streams) = run_line(&["doctor", "--json"], &FakeHouse::in_a_pipe());
    assert_eq!(status, 6);
    let json: serde_json::Value = serde_json::from_str(&streams.out.text()).expect("json");
    assert_eq!(json[0]["check"], "workbench");
}

#[test]
fn manual_pages_go_to_the_folder() {
    let house = FakeHouse::in_a_pipe();
    assert_eq!(run_line(&["man", "pages"], &house).0, 0);
    assert!(house.asked.borrow().contains(&"create pages/agency-send.1".to_owned()));
}

#[test]
fn a_removal_is_confirmed() {
    let globals = Globals::default();
    for (lines, agreed) in [(&["y"][..], true), (&["n"], false), (&[], false)] {
        let house = FakeHouse::on_a_terminal(lines);
        let (mut output, _) = testing::output();
        let mut desk = Desk { house: &house, globals: &globals, output: &mut output };
        assert_eq!(desk.confirm("sure?", desk::Unattended::GoAhead).is_ok(), agreed);
    }
    let house = FakeHouse::in_a_pipe();
    let (mut output, _) = testing::output();
    let mut desk = Desk { house: &house, globals: &globals, output: &mut output };
    assert!(desk.confirm("sure?", desk::Unattended::GoAhead).is_ok());
    let hint = "run `agency remove A --yes`".to_owned();
    let refused = desk.confirm("sure?", desk::Unattended::Refuse { hint: hint.clone() });
    assert_eq!(refused.map_err(|refusal| refusal.hint), Err(Some(hint)));
}
