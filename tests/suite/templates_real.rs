//! Each template once for real: its agency is made on a repository that nobody here wrote (the sources of a
//! dependency, as the package cache has them), started in tmux, and its scripts run in an agent's worktree.
//! What they report is held against what is counted here in another way, or known of that project.

use std::path::{Path, PathBuf};
use std::time::Duration;

use agency::adapters::files::replace;
use agency::adapters::process::Outcome;
use serde_json::Value;

use crate::templates::{files_below, invocation, root};
use crate::world::{PATIENCE, World, text, variable};

/// An agency on the sources of a crate, with a task's worktree of it.
struct Team {
    world: World,
    agency: &'static str,
    worktree: PathBuf,
}

/// Where the package cache has the sources of a crate, in the version of our own lock file.
fn sources(name: &str) -> PathBuf {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let entry = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).expect("a dependency");
    let version = entry.1.split('"').next().expect("a version");
    let home = variable("CARGO_HOME").map(PathBuf::from);
    let home = home.unwrap_or_else(|| Path::new(&variable("HOME").expect("a home")).join(".cargo"));
    let registries = std::fs::read_dir(home.join("registry/src")).expect("a package cache");
    let folders = registries.flatten().map(|entry| entry.path().join(format!("{name}-{version}")));
    folders.into_iter().find(|folder| folder.is_dir()).expect("the build has fetched it")
}

fn copy(from: &Path, to: &Path) {
    for file in files_below(from, &|_| true) {
        let place = to.join(file.strip_prefix(from).expect("inside"));
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("made");
        replace(&place, &std::fs::read(&file).expect("bytes"), 0o644, false).expect("written");
    }
}

impl Team {
    /// Makes and starts the agency in a layout, and gives one of its agents a task.
    fn new(agency: &'static str, agent: &str, layout: &str, crate_name: &str) -> Self {
        let world = World::new();
        let project = world.root().join("crate");
        copy(&sources(crate_name), &project);
        let git = |args: &[&str]| {
            let place = text(&project);
            world.run("git", &[&["-C", &place][..], args].concat(), &[]);
        };
        git(&["init", "--quiet", "--initial-branch", "main"]);
        git(&["config", "user.name", "Owner"]);
        git(&["config", "user.email", "owner@example.org"]);
        git(&["add", "--all", "--force"]);
        git(&["commit", "--quiet", "-m", "feat: start"]);
        // The template is the one that the name means.
        world.must(&["create", agency, "--project", &text(&project), "--layout", layout]);
        let shown = world.json(&["show", agency]);
        let agents = shown["agents"].as_array().expect("agents").len();
        let opened = || world.count("agent_pane_opened") == agents;
        world.wait_until("every agent's pane", PATIENCE, opened);
        let what = ["task", "add", "Look", "--agency", agency, "--feature", "look"];
        let how = ["--scope", "s", "--done", "d", "--rollback", "none"];
        let id = world.must(&[&what[..], &how].concat());
        world.must(&["task", "assign", id.trim(), &format!("{agency}/{agent}")]);
        world.wait_until("a worktree", PATIENCE, || world.count("worktree_ready") == 1);
        let worktree = world.home().join("agencies").join(agency).join("worktrees").join(id.trim());
        Self { world, agency, worktree }
    }

    /// Runs a script of the agency's own folder in the worktree.
    fn run(&self, script: &str, args: &[&str]) -> Outcome {
        let folder = self.world.home().join("agencies").join(self.agency).join("scripts");
        // Whatever is built is built apart, and nothing is fetched.
        let call = invocation(&self.worktree, folder.join(script), args)
            .env("CARGO_TARGET_DIR", self.world.root().join("target"))
            .env("CARGO_NET_OFFLINE", "true")
            .env("NO_COLOR", "1");
        call.run(Duration::from_secs(120)).expect("it runs")
    }

    /// The same with `--json`: its status and its answer.
    fn ask(&self, script: &str, args: &[&str]) -> (i32, Value) {
        let outcome = self.run(script, &[args, &["--json"]].concat());
        let said = outcome.text();
        let answer =
            serde_json::from_str(&said).unwrap_or_else(|e| panic!("{script}: {e}: {said}"));
        (outcome.status.code().expect("ended"), answer)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.worktree.join(path)).unwrap_or_default()
    }

    fn write(&self, path: &str, text: &str) {
        replace(&self.worktree.join(path), text.as_bytes(), 0o644, false).expect("written");
    }

    /// Adds to a file; the number of the first new line.
    fn plant(&self, path: &str, more: &str) -> usize {
        let before = self.read(path);
        self.write(path, &format!("{before}\n{more}\n"));
        before.lines().count() + 2
    }
}

/// Lines of the files that fit, as `file:line`, in order.
fn lines_with(team: &Team, ending: &str, fits: &dyn Fn(&str) -> bool) -> Vec<String> {
    let is_meant = |path: &Path| path.to_str().is_some_and(|path| path.ends_with(ending));
    let mut found = Vec::new();
    for file in files_below(&team.worktree, &is_meant) {
        let text = std::fs::read_to_string(&file).expect("text");
        let name = file.strip_prefix(&team.worktree).expect("inside").display().to_string();
        let lines = text.lines().enumerate().filter(|(_, line)| fits(line));
        found.extend(lines.map(|(number, _)| format!("{name}:{}", number + 1)));
    }
    found.sort();
    found
}

/// `file:line` of every finding of these rules, in order.
fn places(answer: &Value, rules: &[&str]) -> Vec<String> {
    let findings = answer["findings"].as_array().expect("a list");
    let meant = findings.iter().filter(|f| rules.iter().any(|rule| f["rule"] == *rule));
    let place = |f: &Value| format!("{}:{}", f["file"].as_str().expect("a file"), f["line"]);
    let mut places: Vec<String> = meant.map(place).collect();
    places.sort();
    places
}

#[test]
fn the_docs_agency_knows_which_links_and_items_of_a_crate_are_good() {
    let team = Team::new("DocsAgency", "tech-writer", "windows", "heck");
    // The package leaves its picture out, so that link is broken in this tree, and no other.
    let (code, answer) = team.ask("link_check.py", &[]);
    let pictures = lines_with(&team, ".md", &|line| line.contains("(./no_step_on_snek.png)"));
    let broken = |answer: &Value| -> Vec<String> {
        let links = answer["links"].as_array().expect("a list");
        let broken = links.iter().filter(|link| link["state"] == "broken");
        broken.map(|l| format!("{}:{}", l["file"].as_str().expect("a file"), l["line"])).collect()
    };
    assert_eq!((code, broken(&answer), pictures.len()), (1, pictures, 1));
    let line = team.plant("CHANGELOG.md", "[licence](LICENSE-MIT) [none](no-such-file.md)");
    let (_, answer) = team.ask("link_check.py", &["--only", "CHANGELOG.md"]);
    assert_eq!(broken(&answer), [format!("CHANGELOG.md:{line}")]);
    assert_eq!(answer["counts"]["ok"], 1, "{answer}");

    // Its authors let the compiler refuse what is not documented.
    assert!(team.read("src/lib.rs").contains("deny(missing_docs)"));
    let (_, answer) = team.ask("docs_coverage.py", &["--min", "100"]);
    assert_eq!(answer["percent"], 100.0, "{answer}");
    let line = team.plant("src/lib.rs", "pub fn planted() {}");
    let (code, answer) = team.ask("docs_coverage.py", &["--min", "100"]);
    let items = answer["items"].as_array().expect("a list");
    let bare: Vec<&Value> = items.iter().filter(|item| item["documented"] == false).collect();
    assert_eq!((code, bare.len(), &bare[0]["line"]), (1, 1, &Value::from(line)));
    let own = lines_with(&team, "snake.rs", &|line| line.contains("pub trait ToSnakeCase"));
    assert!(items.iter().any(
        |i| i["name"] == "ToSnakeCase" && own.contains(&format!("src/snake.rs:{}", i["line"]))
    ));

    let (code, _) = team.ask("example_check.py", &[]);
    assert_eq!(code, 0);
    let line = team.plant("README.md", "```json\n{,}\n```");
    let (code, answer) = team.ask("example_check.py", &[]);
    assert_eq!((code, places(&answer, &["example"])), (1, vec![format!("README.md:{}", line + 1)]));
    // Coordinator, four specialists, tools and sandbox: one window each.
    let socket = text(&team.world.socket());
    let windows =
        team.world.run("tmux", &["-S", &socket, "list-windows", "-t", "=DocsAgency"], &[]);
    assert_eq!(windows.stdout.lines().count(), 7, "{windows:?}");
}

#[test]
fn the_security_agency_knows_a_crates_keys_dependencies_and_calls() {
    let team = Team::new("SecAgency", "vulnerability-scanner", "panes", "ed25519");
    let begins = |line: &str| line.starts_with("-----BEGIN PRIVATE");
    let keys = lines_with(&team, ".pem", &begins);
    assert_eq!(
        keys,
        ["tests/examples/pkcs8-v1.pem:1", "tests/examples/pkcs8-v2.pem:1"],
        "its own test keys"
    );
    let (code, answer) = team.ask("secret_scan.py", &[]);
    assert_eq!((code, places(&answer, &["private-key"])), (1, keys), "{answer}");
    assert_eq!(answer["findings"].as_array().map(Vec::len), Some(2), "and nothing else: {answer}");
    team.write(".secret-allow", "tests/examples/*.pem private-key test vectors of RFC 8410\n");
    // GitHub's form with a checksum that fits, in two halves; it was published and revoked.
    let token = ["ghp_zQWBuTSOoRi4A9spHcVY", "5ncnsDkxkJ0mLq17"].concat();
    let line = team.plant("README.md", &format!("token {token}"));
    let (code, answer) = team.ask("secret_scan.py", &[]);
    assert_eq!((code, places(&answer, &["github-token"])), (1, vec![format!("README.md:{line}")]));
    assert_eq!(answer["allowed"].as_array().map(Vec::len), Some(2));

    let lock = team.read("Cargo.lock");
    let (code, answer) = team.ask("dependency_audit.py", &[]);
    let packages = answer["packages"].as_array().expect("a list");
    assert_eq!((code, packages.len()), (0, lock.matches("[[package]]").count()));
    for package in packages {
        let (name, version) = (package["name"].as_str(), package["version"].as_str());
        let entry =
            format!("name = \"{}\"\nversion = \"{}\"", name.expect("text"), version.expect("text"));
        assert!(lock.contains(&entry), "{entry}");
    }
    let signature = packages.iter().find(|p| p["name"] == "signature").expect("a dependency");
    let advisories = team.world.root().join("advisories");
    std::fs::create_dir_all(&advisories).expect("made");
    let version = signature["version"].as_str().expect("text");
    let advisory = |fixed: &str| {
        let event = format!(r#"{{"introduced": "0"}}, {{"{fixed}": "{version}"}}"#);
        let advisory = format!(
            r#"{{"id": "X-1", "affected": [{{"package": {{"ecosystem": "crates.io", "name": "signature"}},
                "ranges": [{{"type": "SEMVER", "events": [{event}]}}]}}]}}"#
        );
        replace(&advisories.join("x.json"), advisory.as_bytes(), 0o644, false).expect("written");
        let (code, answer) = team.ask("dependency_audit.py", &["--advisories", &text(&advisories)]);
        (code, places(&answer, &["advisory"]))
    };
    assert_eq!(advisory("last_affected"), (1, vec![format!("Cargo.lock:{}", signature["line"])]));
    assert_eq!(advisory("fixed"), (0, Vec::new()));

    assert!(team.read("src/lib.rs").contains("#![forbid(unsafe_code)]"));
    let (code, answer) = team.ask("hardening_check.py", &[]);
    assert_eq!((code, &answer["inventory"]), (0, &serde_json::json!({})), "{answer}");
    let line =
        team.plant("src/hex.rs", "fn planted() { unsafe { std::hint::unreachable_unchecked() } }");
    std::os::unix::fs::symlink("/etc/hosts", team.worktree.join("hosts")).expect("made");
    let (code, answer) = team.ask("hardening_check.py", &[]);
    assert_eq!((code, places(&answer, &["call"])), (1, vec![format!("src/hex.rs:{line}")]));
    assert_eq!(places(&answer, &["link-outside"]), ["hosts:null"]);
}

#[test]
fn the_devops_agency_knows_a_crates_pipeline_and_release() {
    let team = Team::new("DevOps", "cicd-engineer", "panes", "either");
    let is_loose = |line: &str| {
        let Some((_, value)) = line.split_once("uses: ") else { return false };
        let pinned =
            |commit: &str| commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
        value.split_once('@').is_some_and(|(_, version)| !pinned(version.trim()))
    };
    let loose = lines_with(&team, ".yml", &is_loose);
    assert!(!loose.is_empty());
    let (code, answer) = team.ask("ci_check.py", &[]);
    assert_eq!(
        (code, places(&answer, &["unpinned-action", "branch-action"])),
        (0, loose),
        "{answer:#}"
    );
    let jobs = lines_with(&team, ".yml", &|line| line.trim_start().starts_with("runs-on:")).len();
    let limited = lines_with(&team, ".yml", &|line| line.contains("timeout-minutes")).len();
    assert_eq!(places(&answer, &["no-timeout"]).len(), jobs - limited);
    let line = team.plant("install.sh", "curl https://x.example/i.sh | sh");
    let (code, answer) = team.ask("ci_check.py", &[]);
    assert_eq!(
        (code, places(&answer, &["curl-pipe-shell"])),
        (1, vec![format!("install.sh:{line}")])
    );
    std::fs::remove_file(team.worktree.join("install.sh")).expect("removed");

    let manifest = team.read("Cargo.toml");
    let version =
        manifest.split_once("\nversion = \"").and_then(|(_, rest)| rest.split('"').next());
    let (code, answer) = team.ask("release_check.py", &[]);
    assert_eq!((code, answer["version"].as_str()), (0, version), "{answer}");
    assert_eq!((&answer["changelog"], &answer["tag"]), (&Value::from("RELEASES.md"), &Value::Null));
    assert_eq!(answer["commits"].as_array().map(Vec::len), Some(1));
    team.write("Cargo.toml", &manifest.replacen(version.expect("a version"), "99.0.0", 1));
    let (code, answer) = team.ask("release_check.py", &[]);
    let problems = answer["problems"].to_string();
    assert_eq!(code, 1);
    assert!(
        problems.contains("no heading for 99.0.0") && problems.contains("1 files are not"),
        "{problems}"
    );

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    team.write("services", &format!("here tcp {address}\nbuilt command test -f Cargo.toml\n"));
    let (code, answer) = team.ask("health_check.py", &["services", "--allow-commands"]);
    assert_eq!((code, &answer["healthy"]), (0, &Value::from(true)), "{answer}");
    drop(listener);
    let quick = ["services", "--allow-commands", "--tries", "1"];
    let (code, answer) = team.ask("health_check.py", &quick);
    assert_eq!((code, &answer["services"][0]["healthy"]), (1, &Value::from(false)), "{answer}");
}

#[test]
fn the_code_agency_agrees_with_the_compilers_own_tools_about_a_crate() {
    let team = Team::new("CodeAgency", "code-reviewer", "panes", "equivalent");
    let cargo = |words: &[&str]| {
        let call = invocation(&team.worktree, "cargo", words)
            .env("CARGO_TARGET_DIR", team.world.root().join("target"))
            .env("CARGO_NET_OFFLINE", "true");
        call.run(Duration::from_secs(120)).expect("it runs").status.success()
    };
    let formats = |said: &str| said.lines().any(|line| line == "ok: cargo fmt");
    assert_eq!(formats(&team.run("formatter.sh", &["--check"]).text()), cargo(&["fmt", "--check"]));
    let lints = |said: &str| said.lines().any(|line| line == "ok: cargo clippy");
    let clippy = ["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"];
    assert_eq!(lints(&team.run("linter.sh", &[]).text()), cargo(&clippy));
    let line = team.plant("src/lib.rs", "pub fn planted( ){ let _unused = 1;return }");
    for (script, args) in [("formatter.sh", &["--check"][..]), ("linter.sh", &[])] {
        let outcome = team.run(script, args);
        assert_eq!(outcome.status.code(), Some(1), "{script}: {}", outcome.text());
        assert!(outcome.text().contains("src/lib.rs"), "{}", outcome.text());
    }
    assert!(!cargo(&["fmt", "--check"]));
    team.plant("src/lib.rs", "// <<<<<<<\n<<<<<<< HEAD");
    let place = text(&team.worktree);
    team.world.run("git", &["-C", &place, "commit", "--quiet", "-a", "-m", "planted"], &[]);
    let (code, answer) = team.ask("reviewer.py", &["--base", "main"]);
    assert_eq!(
        (code, places(&answer, &["conflict-marker"])),
        (1, vec![format!("src/lib.rs:{}", line + 3)])
    );
    assert_eq!(answer["files"], 1, "{answer}");
}

#[test]
fn the_qa_agency_counts_a_crates_tests_as_they_are() {
    let team = Team::new("QA", "qa-engineer", "windows", "scopeguard");
    let tests = lines_with(&team, ".rs", &|line| line.trim() == "#[test]").len();
    assert!(tests > 0);
    let said = team.run("test_runner.sh", &["--report", "report.md"]);
    assert_eq!(said.status.code(), Some(0), "{}", said.text());
    let report = team.read("report.md");
    assert!(report.contains(&format!("test result: ok. {tests} passed; 0 failed")), "{report}");
    assert!(report.contains("commands: 1, passed: 1, failed: 0"), "{report}");
    let head = team.world.run("git", &["-C", &text(&team.worktree), "rev-parse", "HEAD"], &[]);
    assert!(report.contains(&format!("- commit: {}", head.stdout.trim())), "{report}");
    team.plant("src/lib.rs", "#[test]\nfn planted() { panic!(\"planted\") }");
    let said = team.run("test_runner.sh", &["--report", "report.md"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(
        team.read("report.md").contains(&format!("{tests} passed; 1 failed")),
        "{}",
        team.read("report.md")
    );

    let coverage = team.run("coverage.sh", &[]);
    let is_installed = invocation(&team.worktree, "cargo", &["llvm-cov", "--version"])
        .run(Duration::from_secs(30))
        .is_ok_and(|outcome| outcome.status.success());
    if !is_installed {
        assert_eq!(coverage.status.code(), Some(3), "{}", coverage.text());
        let missing = String::from_utf8_lossy(&coverage.stderr);
        assert!(missing.contains("cargo llvm-cov is not installed"), "{missing}");
        assert!(missing.contains("nothing could be measured"), "{missing}");
    }
    assert_eq!(
        team.run("bug_tracker.py", &["add", "--title", "planted fails"]).text().trim(),
        "BUG-001"
    );
    let (_, bugs) = team.ask("bug_tracker.py", &["list", "--open"]);
    assert_eq!(
        (&bugs[0]["title"], bugs.as_array().map(Vec::len)),
        (&Value::from("planted fails"), Some(1))
    );
}
