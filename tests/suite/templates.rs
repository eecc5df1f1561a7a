//! What is committed and shipped loads, agrees with itself, and is what its documents say.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agency::adapters::files::replace;
use agency::adapters::process::{Invocation, Outcome};
use agency::domain::name::Name;
use agency::manifest::template::{NewAgencyOptions, instantiate};
use agency::manifest::{agency as definition, workbench};
use agency::service::templates::{built_in, for_agency};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a program in a folder, without any git settings of this machine's user.
pub fn run(folder: &Path, program: impl AsRef<Path>, args: &[&str]) -> Outcome {
    invocation(folder, program, args).run(Duration::from_secs(60)).expect("it runs")
}

/// The same, not yet started.
pub fn invocation(folder: &Path, program: impl AsRef<Path>, args: &[&str]) -> Invocation {
    Invocation::new(program.as_ref(), folder)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("PYTHONDONTWRITEBYTECODE", "1")
}

/// Every file below a folder that fits.
pub fn files_below(folder: &Path, fits: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_below(&path, fits));
        } else if fits(&path) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every script that is committed.
pub fn scripts() -> Vec<PathBuf> {
    let fits = |path: &Path| path.extension().is_some_and(|e| e == "sh" || e == "py");
    let folders =
        ["templates", "agencies/CodeAgency/scripts", "agencies/QAAgency/scripts", "scripts"];
    folders.iter().flat_map(|folder| files_below(&root().join(folder), &fits)).collect()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_committed_agency_loads_and_is_its_template_filled_in() {
    let templates = built_in();
    for agency in ["CodeAgency", "QAAgency"] {
        let name = Name::parse(agency).expect("a name");
        let template = for_agency(&templates, &name).expect("a template");
        let files = instantiate(template, &NewAgencyOptions::named(name)).expect("made");
        let folder = root().join("agencies").join(agency);
        for (path, expected) in &files {
            assert_eq!(&text(&folder.join(path)), expected, "{agency}/{}", path.display());
        }
        let file = folder.join("agency.json");
        let loaded = definition::parse(&file.to_string_lossy(), &text(&file));
        let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
        assert!(loaded.agents.iter().all(|agent| agent.runtime.as_str() == "shell"));
        assert_eq!(loaded.agents.len(), 5);
    }
}

#[test]
fn the_committed_settings_load_and_name_the_test_command() {
    let config = workbench::parse("agency.toml", &text(&root().join("agency.toml")));
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.checks.commands, [["sh", ".ci/test"]]);
}

#[test]
fn every_role_file_says_how_to_work_and_leaves_no_hole() {
    let is_markdown = |path: &Path| path.extension().is_some_and(|e| e == "md");
    for agency in ["CodeAgency", "QAAgency"] {
        let files = files_below(&root().join("agencies").join(agency), &is_markdown);
        assert_eq!(files.len(), 5);
        for file in files {
            let role = text(&file);
            assert!(!role.contains("{{"), "{} has a hole", file.display());
            for part in [
                "## Role",
                "## Responsibilities",
                "agency inbox",
                "agency task start",
                "agency task block",
                "agency send",
                "## Definition of done",
                "## Security",
                "BLOCKED",
            ] {
                assert!(role.contains(part), "{} does not say `{part}`", file.display());
            }
        }
    }
}

#[test]
fn every_json_in_a_role_file_is_a_message_that_is_accepted() {
    use agency::domain::name::Address;
    use agency::manifest::message::parse_input;
    let is_markdown = |path: &Path| path.extension().is_some_and(|e| e == "md");
    let to = Address::parse("CodeAgency").expect("an address");
    let mut seen = 0;
    for file in files_below(&root().join("agencies"), &is_markdown) {
        let role = text(&file);
        for piece in role.split(['\'', '`']).filter(|piece| piece.starts_with('{')) {
            parse_input(piece, &to, None).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            seen += 1;
        }
    }
    assert!(seen >= 6, "only {seen} were found");
}

#[test]
fn every_script_is_executable_and_its_syntax_is_right() {
    let scripts = scripts();
    assert_eq!(scripts.len(), 6 + 6 + 6);
    for script in scripts {
        let mode = std::fs::metadata(&script).expect("there").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{} is not executable", script.display());
        let path = script.to_str().expect("text");
        let outcome = if path.ends_with(".py") {
            let check = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')";
            run(root(), "python3", &["-c", check, path])
        } else {
            run(root(), "sh", &["-n", path])
        };
        assert!(outcome.status.success(), "{path}: {}", outcome.problem());
    }
}

#[test]
fn every_script_of_a_template_explains_itself() {
    for script in scripts().iter().filter(|path| path.starts_with(root().join("templates"))) {
        let outcome = run(root(), script, &["--help"]);
        assert!(outcome.status.success(), "{}", script.display());
        assert!(outcome.text().contains("usage: "), "{}", script.display());
    }
}

#[test]
fn what_is_made_at_run_time_is_ignored_and_definitions_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    run(folder.path(), "git", &["init", "-q"]);
    let ignore = text(&root().join(".gitignore"));
    replace(&folder.path().join(".gitignore"), ignore.as_bytes(), 0o644, false).expect("written");
    let is_ignored =
        |path: &str| run(folder.path(), "git", &["check-ignore", "-q", path]).status.success();
    for path in [
        "registry/ledger.db",
        "registry/queue/new/a.json",
        "agencies/A/logs/activity.log",
        "agencies/A/mail/a/new/x.json",
        "agencies/A/worktrees/a/TASK-001/x",
        "agencies/.archive/A-1/x",
        "sandbox/testing/x/y",
        "sandbox/AP-001/x",
        "target/debug/agency",
    ] {
        assert!(is_ignored(path), "{path} would be committed");
    }
    for path in [
        "agencies/A/agency.json",
        "agencies/A/agents/x.md",
        "agencies/A/scripts/x.sh",
        "registry/.gitkeep",
        "sandbox/testing/.gitkeep",
        "sandbox/staging/.gitkeep",
        "agency.toml",
    ] {
        assert!(!is_ignored(path), "{path} would be lost");
    }
}

#[test]
fn the_documented_script_names_become_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("agency");
    let shows = b"#!/bin/sh\nfor a do printf '[%s]' \"$a\"; done\n";
    replace(&program, shows, 0o755, false).expect("written");
    let said = |script: &str, args: &[&str]| {
        let script = root().join("scripts").join(script);
        let call = invocation(folder.path(), script, args).env("AGENCY_BIN", &program);
        call.run(Duration::from_secs(10)).expect("it runs").text()
    };
    assert_eq!(
        said("create_agency.sh", &["CodeAgency", "--agents", "python-agent,js-agent"]),
        "[create][CodeAgency][--agents][python-agent,js-agent]"
    );
    assert_eq!(
        said("send-agency-message.sh", &["CodeAgency", "python-agent", "TASK-042: a \"b\" $c"]),
        "[send][--][CodeAgency/python-agent][TASK-042: a \"b\" $c]"
    );
    assert_eq!(
        said("send-inter-agency.sh", &["CodeAgency", "QAAgency", "{\n\"type\": \"handoff\"}"]),
        "[send][--from][CodeAgency][--][QAAgency][{\n\"type\": \"handoff\"}]"
    );
    assert_eq!(
        said("broadcast-agency.sh", &["MetaOrchestrator", "{}"]),
        "[send][--from][MetaOrchestrator][--][*][{}]"
    );
    let deployed = said("deploy-to-sandbox.sh", &["CodeAgency", "feature/user-profile"]);
    assert_eq!(deployed, "[sandbox][deploy][CodeAgency][feature/user-profile]");
    assert_eq!(said("approval-cli.sh", &[]), "[approvals]");
    assert_eq!(said("send-inter-agency.sh", &["CodeAgency"]), "");
}
