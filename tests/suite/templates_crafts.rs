//! The scripts of the DevOps, security and docs templates on planted cases: each rule fires where it should
//! and nowhere else, and nothing that lies in a repository can harm whoever looks at it.

mod docs;
mod hostile;
mod security;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use agency::adapters::files::replace;
use serde_json::Value;

use crate::templates::run;
use crate::templates_scripts::Repository;

/// Scripts that look at a folder and answer with `--json`.
const LOOKING: &[&str] = &[
    "devops/scripts/ci_check.py",
    "devops/scripts/release_check.py",
    "security/scripts/secret_scan.py",
    "security/scripts/dependency_audit.py",
    "security/scripts/hardening_check.py",
    "docs/scripts/link_check.py",
    "docs/scripts/docs_coverage.py",
    "docs/scripts/example_check.py",
];

/// `file:line rule` of every finding, in order.
fn found(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().expect("a list");
    let place = |f: &Value| format!("{}:{} {}", text(&f["file"]), f["line"], text(&f["rule"]));
    let mut found: Vec<String> = findings.iter().map(place).collect();
    found.sort();
    found
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn sorted(lines: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn nothing_in_a_repository_harms_whoever_looks_at_it() {
    let repository = Repository::new();
    let folder = repository.folder.path();
    let marker = folder.join("was-run");
    let hook = repository.write("hook.sh", &format!("#!/bin/sh\ntouch '{}'\n", marker.display()));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("set");
    for name in [
        "-rf.md",
        "--help.py",
        "a b.rs",
        "new\nline.md",
        "$(touch was-run).sh",
        "\u{1b}[31mred.yml",
    ] {
        repository.write(name, "# Title\n[x](#title)\n");
    }
    let odd = folder.join(OsStr::from_bytes(b"not-\xff-text.md"));
    std::fs::copy(folder.join("README.md"), odd).expect("written");
    let outside = tempfile::tempdir().expect("a folder");
    let secret =
        format!("-----BEGIN PRIVATE {}-----\n{}\n", "KEY", "MC4CAQAwBQYDK2VwBCIE".repeat(3));
    replace(&outside.path().join("key.md"), secret.as_bytes(), 0o644, false).expect("written");
    symlink(outside.path().join("key.md"), folder.join("link.md")).expect("made");
    symlink(outside.path(), folder.join("folder")).expect("made");
    symlink("loop", folder.join("loop")).expect("made");
    repository.write("large.md", &"x ".repeat(20 << 20));
    repository.write("binary.md", "a\0b");
    run(folder, "mkfifo", &["pipe.md"]);
    repository.git(&["config", "core.fsmonitor", hook.to_str().expect("text")]);
    for script in LOOKING {
        let (code, said) = repository.script(script, &["--json"]);
        assert!([0, 1, 3].contains(&code), "{script}: {code} {said}");
        let _: Value =
            serde_json::from_str(&said).unwrap_or_else(|e| panic!("{script}: {e}: {said}"));
        assert!(!said.contains("MC4CAQAw"), "{script} read what lies outside");
        let (_, plain) = repository.script(script, &[]);
        assert!(!plain.contains('\u{1b}'), "{script} spoke to the terminal: {plain:?}");
        assert!(!marker.exists(), "{script} ran something of the repository");
    }
    let (_, answer) = repository.answer("docs/scripts/link_check.py", &[]);
    let skipped = &answer["skipped"];
    assert_eq!(
        (&skipped["large"], &skipped["link"]),
        (&Value::from(1), &Value::from(1)),
        "{skipped}"
    );
    assert_eq!(skipped["binary"], 1, "{skipped}");
    let broken = answer["links"].as_array().expect("a list").iter().filter(|l| l["state"] != "ok");
    assert_eq!(broken.count(), 0, "{answer}");
}

#[test]
fn a_folder_that_is_empty_or_no_repository_is_no_problem() {
    let empty = tempfile::tempdir().expect("a folder");
    let templates = crate::templates::root().join("templates");
    for script in LOOKING {
        let expected = match *script {
            "devops/scripts/release_check.py" => 2,
            "security/scripts/dependency_audit.py" | "docs/scripts/docs_coverage.py" => 3,
            _ => 0,
        };
        let outcome = run(empty.path(), templates.join(script), &["--json"]);
        assert_eq!(outcome.status.code(), Some(expected), "{script}: {}", outcome.problem());
        let nowhere = run(empty.path(), templates.join(script), &["no such folder"]);
        assert_eq!(nowhere.status.code(), Some(2), "{script}");
        let wrong = run(empty.path(), templates.join(script), &["--no-such-option"]);
        assert_eq!(wrong.status.code(), Some(2), "{script}");
    }
}

const WORKFLOW: &str = r#"name: ci
on:
  pull_request_target:
permissions: write-all
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - uses: actions/cache@0123456789012345678901234567890123456789 # v4
      - uses: someone/tool@main
      - uses: ./local
      - run: |
          echo "${{ secrets.TOKEN }}"
          # curl https://x.example/i.sh | sh
          curl -sSf https://x.example/install.sh | sh
          echo "${{ secrets.TOKEN }}" | docker login
      - name: Say
        run: echo "${{ github.event.issue.title }}"
  quick:
    timeout-minutes: 5
    runs-on: ubuntu-latest
    steps:
      # ci-check: allow unpinned-action the tag is protected
      - uses: actions/checkout@v4
  called:
    uses: ./.github/workflows/other.yml
"#;

#[test]
fn pipelines_are_held_against_the_rules() {
    let repository = Repository::new();
    repository.write(".github/workflows/ci.yml", WORKFLOW);
    let dockerfile = "FROM rust:1 AS build\nRUN apt-get update && \\\n    apt-get install -y gcc\nFROM debian\n\
        ADD https://x.example/a.tar /a\nENV API_TOKEN=abc\nUSER root\nFROM build\nUSER 1000\n";
    repository.write("Dockerfile", dockerfile);
    repository.write(
        "compose.yml",
        "services:\n  db:\n    image: postgres\n    privileged: true\n  web:\n    image: web:1.2\n",
    );
    repository.write("good.sh", "#!/bin/sh\nset -eu\n");
    repository.write("bad.sh", "#!/bin/sh\nwget -qO- https://x.example/i | sudo bash\n");
    let (code, answer) = repository.answer("devops/scripts/ci_check.py", &[]);
    let expected = "
        .github/workflows/ci.yml:4 write-all
        .github/workflows/ci.yml:6 no-timeout
        .github/workflows/ci.yml:9 unpinned-action
        .github/workflows/ci.yml:11 untrusted-checkout
        .github/workflows/ci.yml:13 branch-action
        .github/workflows/ci.yml:16 secret-echoed
        .github/workflows/ci.yml:18 curl-pipe-shell
        .github/workflows/ci.yml:21 script-injection
        Dockerfile:2 apt-leftovers
        Dockerfile:4 latest-image
        Dockerfile:5 add-url
        Dockerfile:6 secret-in-image
        bad.sh:1 no-errexit
        bad.sh:2 curl-pipe-shell
        compose.yml:3 latest-image
        compose.yml:4 privileged";
    assert_eq!(found(&answer), sorted(expected));
    assert_eq!((code, &answer["allowed"]), (1, &Value::from(1)));
    std::fs::remove_dir_all(repository.folder.path().join(".github")).expect("removed");
    std::fs::remove_file(repository.folder.path().join("bad.sh")).expect("removed");
    repository.write("Dockerfile", "FROM debian\n");
    assert_eq!(repository.script("devops/scripts/ci_check.py", &[]).0, 0, "warnings pass");
    assert_eq!(repository.script("devops/scripts/ci_check.py", &["--fail-on", "warning"]).0, 1);
}

#[test]
fn a_release_is_ready_when_version_tag_log_and_tree_agree() {
    let repository = Repository::new();
    let check = |args: &[&str]| repository.answer("devops/scripts/release_check.py", args);
    repository.write(
        "Cargo.toml",
        "[package]\nname = \"x\"\nversion = \"1.2.0\" # next\n\n[dependencies]\nversion = \"9\"\n",
    );
    repository.write("CHANGELOG.md", "# Changes\n\n## [1.2.0] - 2026-01-01\n");
    repository.commit("chore: start");
    repository.git(&["tag", "v1.1.9"]);
    repository.write("a", "a");
    repository.commit("feat(parser): reads lists");
    repository.write("b", "b");
    repository.commit("fix!: a name is never empty");
    let (code, answer) = check(&[]);
    assert_eq!((code, &answer["problems"]), (0, &Value::Array(Vec::new())), "{answer}");
    assert_eq!((text(&answer["tag"]), text(&answer["suggested"])), ("v1.1.9", "2.0.0"));
    let (_, notes) = repository.script("devops/scripts/release_check.py", &["--notes"]);
    for words in
        ["## 1.2.0", "### Breaking", "- a name is never empty (", "- **parser**: reads lists ("]
    {
        assert!(notes.contains(words), "{notes}");
    }
    repository.write("package.json", "{\"version\": \"1.2.1\"}");
    let (code, answer) = check(&[]);
    let problems = answer["problems"].to_string();
    assert_eq!(code, 1);
    assert!(problems.contains("Cargo.toml 1.2.0, package.json 1.2.1"), "{problems}");
    assert!(problems.contains("1 files are not committed"), "{problems}");
    repository.write("package.json", "{\"version\": \"1.2.0\"}");
    repository.commit("chore: same version");
    repository.git(&["tag", "v1.10.0"]);
    repository.write("c", "c");
    repository.commit("more");
    let problems = check(&[]).1["problems"].to_string();
    assert!(problems.contains("v1.10.0 is tagged already"), "10 is more than 2: {problems}");
}

#[test]
fn services_are_asked_and_what_is_not_well_is_named() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap_or(0);
            let path = String::from_utf8_lossy(&request[..read]).into_owned();
            let (status, body) = if path.starts_with("GET /well") {
                ("200 OK", "all ok")
            } else {
                ("503 Busy", "no")
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let repository = Repository::new();
    let quick = ["--interval", "0.01", "--tries", "2"];
    let check = |list: &str, more: &[&str]| {
        repository.write("list", list);
        let args: Vec<&str> = ["list"].iter().chain(&quick).chain(more).copied().collect();
        repository.answer("devops/scripts/health_check.py", &args)
    };
    let well = format!(
        "web http http://127.0.0.1:{port}/well contains=ok # the page\nport tcp 127.0.0.1:{port}\nok command sh -c 'exit 0'\n"
    );
    let (code, answer) = check(&well, &["--samples", "5", "--allow-commands"]);
    assert_eq!((code, &answer["healthy"]), (0, &Value::from(true)), "{answer}");
    let web = &answer["services"][0];
    let latency = |name: &str| web["latency_ms"][name].as_f64().expect("a time");
    assert!(latency("p50") <= latency("p95") && latency("p95") <= latency("max"), "{web}");
    assert_eq!((&web["samples"], &web["questions"]), (&Value::from(5), &Value::from(5)));
    let ill = format!(
        "web http http://127.0.0.1:{port}/ill\nwords http http://127.0.0.1:{port}/well contains=never\nnobody tcp 127.0.0.1:1\n"
    );
    let (code, answer) = check(&ill, &[]);
    let problems: Vec<&str> = answer["services"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|s| text(&s["problem"]))
        .collect();
    assert_eq!((code, problems[0]), (1, "status 503, expected 200"));
    assert_eq!(problems[1], "the answer does not contain `never`");
    assert!(problems[2].contains("refused"), "{problems:?}");
    assert_eq!(answer["services"][0]["questions"], 2, "it was asked again");
    for bad in ["", "web http file:///etc/passwd\n", "a tcp x\n", "a smtp x\n", "a command true\n"]
    {
        repository.write("list", bad);
        assert_eq!(repository.script("devops/scripts/health_check.py", &["list"]).0, 2, "{bad:?}");
    }
}
