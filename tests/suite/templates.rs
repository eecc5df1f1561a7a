//! What is committed and shipped loads, agrees with itself, and is what its documents say.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agency::adapters::files::replace;
use agency::adapters::process::{Invocation, Outcome};
use agency::domain::name::Name;
use agency::manifest::template::{NewAgencyOptions, REVIEW, Template, check, instantiate};
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

/// Files by name, with their texts.
type Texts = Vec<(String, String)>;

/// Every shipped template's agency with its names filled in: the agents' role files and the other Markdown.
fn filled_in() -> Vec<(String, Texts, Texts)> {
    let made = |template: &Template| {
        let name = template.definition.name.clone();
        let files = instantiate(template, &NewAgencyOptions::named(name)).expect("made");
        let is_role =
            |path: &Path| template.definition.agents.iter().any(|agent| agent.role_file == path);
        let files =
            files.into_iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "md"));
        let (roles, others): (Vec<_>, Vec<_>) = files.partition(|(path, _)| is_role(path));
        let named = |files: Vec<(PathBuf, String)>| {
            files.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect()
        };
        (template.name.clone(), named(roles), named(others))
    };
    built_in().iter().map(made).collect()
}

/// What stands under a heading, to the next one.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let rest = text.split_once(&format!("\n{heading}\n")).map_or("", |(_, rest)| rest);
    rest.split("\n## ").next().unwrap_or("").trim()
}

#[test]
fn every_shipped_template_is_whole() {
    for template in built_in() {
        let folder = root().join("templates").join(&template.name);
        let files: Vec<(PathBuf, String)> = files_below(&folder, &|_| true)
            .into_iter()
            .map(|path| (path.strip_prefix(&folder).expect("inside").to_owned(), text(&path)))
            .collect();
        let findings: Vec<String> =
            check(&template.name, &files).iter().map(ToString::to_string).collect();
        assert_eq!(findings, Vec::<String>::new(), "{}", template.name);
        let count =
            |folder: &str| files.iter().filter(|(path, _)| path.starts_with(folder)).count();
        assert_eq!(count("scripts"), 3, "{}", template.name);
        assert!((3..=5).contains(&(template.definition.agents.len() - 1)), "{}", template.name);
    }
}

#[test]
fn every_role_file_says_how_to_work_and_leaves_no_hole() {
    for (template, roles, _) in filled_in() {
        for (file, role) in roles {
            assert!(!role.contains("{{"), "{template}/{file} has a hole");
            for part in [
                "## Role",
                "## Responsibilities",
                "agency inbox",
                "agency task start",
                "agency task block",
                "agency send",
                "## Tools",
                "## Definition of done",
                "## When you are blocked",
                "## Security",
                "BLOCKED",
            ] {
                assert!(role.contains(part), "{template}/{file} does not say `{part}`");
            }
        }
    }
}

#[test]
fn the_templates_differ_where_their_crafts_do() {
    let mut seen: Vec<(String, String)> = Vec::new();
    for (template, roles, _) in filled_in() {
        for (file, role) in roles {
            let place = format!("{template}/{file}");
            for heading in
                ["## Role", "## Responsibilities", "## How you do your work", "## How you lead"]
            {
                let own = section(&role, heading);
                if own.is_empty() {
                    continue;
                }
                let same = seen.iter().find(|(_, other)| other == own);
                assert!(same.is_none(), "{place} and {same:?} say the same under {heading}");
                seen.push((place.clone(), own.to_owned()));
            }
        }
    }
    assert_eq!(seen.len(), 3 * 25 - 1 + 1, "three of each of the twenty-five agents");
    let mut words: Vec<String> =
        built_in().into_iter().flat_map(|template| template.definition.capabilities).collect();
    let all = words.len();
    words.sort();
    words.dedup();
    assert_eq!(words.len(), all, "a capability finds one template");
}

#[test]
fn every_review_list_can_be_answered_and_says_what_blocks() {
    for (template, roles, others) in filled_in() {
        let (_, list) = others.iter().find(|(file, _)| file == REVIEW).expect("a checklist");
        let points = list.lines().filter(|line| line.starts_with("- [ ] ")).count();
        assert!((15..=25).contains(&points), "{template}: {points} points");
        let groups: Vec<&str> = list.lines().filter(|line| line.starts_with("## ")).collect();
        let ends = |word: &str| groups.iter().filter(|group| group.ends_with(word)).count();
        assert!(ends("(blocks)") >= 2 && ends("(should)") >= 1, "{template}: {groups:?}");
        assert_eq!(ends("(blocks)") + ends("(should)") + ends("(could)"), groups.len());
        let reviewers = roles.iter().filter(|(file, role)| {
            file != "coordinator.md" && section(role, "## How you do your work").contains(REVIEW)
        });
        assert_eq!(reviewers.count(), 1, "{template}: one specialist reviews");
        assert!(roles.iter().any(|(file, role)| file == "coordinator.md" && role.contains(REVIEW)));
    }
}

#[test]
fn every_json_in_a_role_file_is_a_message_that_is_accepted() {
    use agency::domain::name::Address;
    use agency::manifest::message::parse_input;
    let to = Address::parse("CodeAgency").expect("an address");
    for (template, roles, _) in filled_in() {
        let mut seen = 0;
        for (file, role) in roles {
            for piece in role.split(['\'', '`']).filter(|piece| piece.starts_with('{')) {
                parse_input(piece, &to, None)
                    .unwrap_or_else(|error| panic!("{template}/{file}: {error}"));
                seen += 1;
            }
        }
        // Handoffs and their results are commands; what a reviewer says of a change is a message.
        assert!(seen >= 1, "{template}: none was found");
    }
}

#[test]
fn every_script_is_executable_and_its_syntax_is_right() {
    let scripts = scripts();
    assert_eq!(scripts.len(), 5 * 3 + 6 + 6);
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
