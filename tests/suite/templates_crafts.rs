//! The scripts of the DevOps, security and docs templates on planted cases: each rule fires where it should
//! and nowhere else, and nothing that lies in a repository can harm whoever looks at it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

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
    std::fs::write(outside.path().join("key.md"), &secret).expect("written");
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

/// A token in GitHub's form: the CRC-32 of its thirty characters stands behind them, in base 62.
fn github_token(body: &str) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = body.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    }) ^ u32::MAX;
    let mut check = [b'0'; 6];
    for place in check.iter_mut().rev() {
        *place = DIGITS[crc as usize % 62];
        crc /= 62;
    }
    format!("{}_{body}{}", "ghp", String::from_utf8_lossy(&check))
}

#[test]
fn secrets_are_found_by_shape_checksum_and_chance_and_are_not_repeated() {
    let repository = Repository::new();
    // One that its owner published and revoked, in two halves.
    assert_eq!(
        github_token("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"),
        ["ghp_zQWBuTSOoRi4A9spHcVY", "5ncnsDkxkJ0mLq17"].concat()
    );
    let real = github_token("a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5");
    let fake = format!("{}x", &real[..real.len() - 1]);
    repository.write("a b.py", &format!("A = 1\nTOKEN = \"{real}\"\nOTHER = \"{fake}\"\n"));
    repository.write("settings.env", "DB_PASSWORD=kT9#vQ2m!xLw8z\nNAME=value\n");
    let plain = "password = os.environ[\"PASSWORD\"]\napi_key = \"your-api-key-here\"\nsecret_name = \"service-account\"\n";
    repository.write("plain.py", plain);
    let key = |body: &str| format!("-----BEGIN EC PRIVATE {}-----\n{body}\n", "KEY");
    repository.write("key.pem", &key(&"MHcCAQEEIJxr4bGkQ9".repeat(4)));
    repository.write("words.md", &format!("A file begins with {}", key("and then\n")));
    repository.commit("all");
    let (code, answer) = repository.answer("security/scripts/secret_scan.py", &[]);
    assert_eq!(code, 1);
    assert_eq!(
        found(&answer),
        sorted(
            "a b.py:2 github-token\na b.py:3 github-token\nkey.pem:1 private-key\nsettings.env:1 assigned"
        )
    );
    let severity = |line: i64| {
        let findings = answer["findings"].as_array().expect("a list");
        let found = findings.iter().find(|f| f["file"] == "a b.py" && f["line"] == line);
        text(&found.expect("found")["severity"]).to_owned()
    };
    assert_eq!(
        (severity(2).as_str(), severity(3).as_str()),
        ("high", "low"),
        "the checksum decides"
    );
    let said = answer.to_string();
    assert!(
        !said.contains(&real[8..]) && !said.contains("vQ2m!") && !said.contains("EEIJxr4bGk"),
        "{said}"
    );

    repository.write(".secret-allow", "key.pem private-key test key that was made for this file\nsettings.env * of no machine\n*.py github-token\n");
    assert_eq!(
        repository.script("security/scripts/secret_scan.py", &[]).0,
        2,
        "a reason is missing"
    );
    repository.write(".secret-allow", "key.pem private-key test key that was made for this file\nsettings.env * of no machine\nold/* * gone\n");
    let (_, answer) = repository.answer("security/scripts/secret_scan.py", &[]);
    assert_eq!(found(&answer), sorted("a b.py:2 github-token\na b.py:3 github-token"));
    assert!(text(&answer["unused"][0]).contains("`old/*` allows nothing"), "{answer}");

    std::fs::remove_file(repository.folder.path().join("a b.py")).expect("removed");
    repository.commit("taken away");
    let (code, answer) = repository.answer("security/scripts/secret_scan.py", &[]);
    assert_eq!((code, found(&answer).len()), (0, 0), "{answer}");
    let (code, answer) = repository.answer("security/scripts/secret_scan.py", &["--history"]);
    assert_eq!((code, found(&answer)), (1, sorted("a b.py:2 github-token\na b.py:3 github-token")));
    assert!(text(&answer["findings"][0]["commit"]).len() == 12, "{answer}");
}

/// An advisory about a package, in the OSV format.
fn advisory(id: &str, ecosystem: &str, name: &str, events: &str) -> String {
    let kind = if ecosystem == "PyPI" { "ECOSYSTEM" } else { "SEMVER" };
    format!(
        r#"{{"id": "{id}", "summary": "it breaks", "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}},
            "ranges": [{{"type": "{kind}", "events": [{events}]}}]}}]}}"#
    )
}

#[test]
fn dependencies_are_listed_and_held_against_advisories() {
    let repository = Repository::new();
    let cargo = "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"one\",\n]\n\n\
        [[package]]\nname = \"one\"\nversion = \"1.2.0\"\nsource = \"registry+https://r.example/index\"\nchecksum = \"00\"\n\n\
        [[package]]\nname = \"one\"\nversion = \"2.0.0-rc.1\"\nsource = \"registry+https://r.example/index\"\n\n\
        [[package]]\nname = \"fork\"\nversion = \"0.3.0\"\nsource = \"git+https://g.example/fork?branch=x#0123\"\n";
    repository.write("Cargo.lock", cargo);
    let npm = r#"{"lockfileVersion": 3, "packages": {"": {"name": "own"},
        "node_modules/@a/left": {"version": "1.0.0", "resolved": "http://r.example/left.tgz", "integrity": "sha512-x"},
        "node_modules/b": {"version": "3.1.0", "resolved": "https://r.example/b.tgz"}}}"#;
    repository.write("web/package-lock.json", npm);
    repository.write("requirements.txt", "Flask_Thing==1.0rc1  # web\nloose>=2\n-r other.txt\n");
    repository.write("go.sum", "g.example/m v1.4.0 h1:abc=\ng.example/m v1.4.0/go.mod h1:def=\n");
    let db = tempfile::tempdir().expect("a folder");
    let one = |name: &str, advisory: &str| {
        std::fs::write(db.path().join(name), advisory).expect("written")
    };
    one(
        "1.json",
        &advisory(
            "A-1",
            "crates.io",
            "one",
            r#"{"introduced": "0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0-alpha"}, {"fixed": "2.0.0"}"#,
        ),
    );
    one(
        "2.json",
        &advisory(
            "A-2",
            "crates.io",
            "one",
            r#"{"introduced": "1.0.0"}, {"last_affected": "1.2.0"}"#,
        ),
    );
    one(
        "3.json",
        &advisory("A-3", "PyPI", "flask-thing", r#"{"introduced": "0.9"}, {"fixed": "1.0"}"#),
    );
    one("4.json", &advisory("A-4", "npm", "one", r#"{"introduced": "0"}"#));
    one("5.json", &advisory("A-5", "Go", "g.example/m", r#"{"introduced": "1.4.1"}"#));
    one(
        "6.json",
        &advisory("A-6", "npm", "b", r#"{"introduced": "0"}"#).replacen(
            "{\"id\"",
            "{\"withdrawn\": \"2026-01-01T00:00:00Z\", \"id\"",
            1,
        ),
    );
    one("7.json", "{");
    let folder = db.path().to_str().expect("text");
    let (code, answer) =
        repository.answer("security/scripts/dependency_audit.py", &["--advisories", folder]);
    assert_eq!(code, 1);
    let packages = answer["packages"].as_array().expect("a list");
    assert_eq!(packages.len(), 4 + 2 + 2 + 1, "{answer:#}");
    assert_eq!(
        found(&answer),
        sorted(
            "Cargo.lock:10 advisory\nCargo.lock:10 duplicate\nCargo.lock:16 advisory\nCargo.lock:16 no-integrity\nCargo.lock:21 git-source\n\
            requirements.txt:1 advisory\nrequirements.txt:2 unpinned\nweb/package-lock.json:null http-source\nweb/package-lock.json:null no-integrity"
        )
    );
    let said = answer["findings"].to_string();
    for words in [
        "`one` 1.2.0: A-2: it breaks",
        "`one` 2.0.0-rc.1: A-1: it breaks; fixed in 1.2.0, 2.0.0",
        "`Flask_Thing` 1.0rc1: A-3",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    repository.write("web/package-lock.json", "{");
    let (_, answer) = repository.answer("security/scripts/dependency_audit.py", &[]);
    assert!(found(&answer).contains(&"web/package-lock.json:null malformed".to_owned()));
    assert_eq!(answer["advisories"], Value::Null, "nothing was looked for");
}

#[test]
fn rights_links_and_calls_are_seen() {
    let repository = Repository::new();
    let folder = repository.folder.path();
    let set = |path: &str, mode: u32| {
        std::fs::set_permissions(folder.join(path), std::fs::Permissions::from_mode(mode))
            .expect("set");
    };
    for (path, mode) in
        [("open.txt", 0o666), ("run.sh", 0o4755), ("data.json", 0o755), ("fine.sh", 0o755)]
    {
        repository.write(path, "#!/bin/sh\n");
        set(path, mode);
    }
    repository.write("data.json", "{}");
    set("data.json", 0o755);
    repository.write("in/side.txt", "x");
    symlink("in/side.txt", folder.join("good")).expect("made");
    symlink("../../etc/hosts", folder.join("out")).expect("made");
    symlink("nowhere", folder.join("dangling")).expect("made");
    let rust = "// unsafe { }\nfn f<'a>(x: &'a str) -> char { let q = '\"'; \"unsafe {\"; r#\"unsafe \" {\"#; q }\nunsafe fn g() {}\nunsafe impl Send for X {}\nfn h() {\n    unsafe { g() }\n}\n";
    repository.write("a.rs", rust);
    let python = "import yaml, subprocess\neval(x)\nyaml.load(f)\nyaml.load(f, Loader=yaml.SafeLoader)\nsubprocess.run(c, shell=True)\nre.compile('x')\nmodel.eval()\n# eval(x)\n";
    repository.write("b.py", python);
    repository.write("c.js", "// eval(x)\nconst s = \"eval(x)\";\nel.innerHTML = s;\nif (el.innerHTML == s) {}\nsetTimeout(\"go()\", 1);\n");
    let (code, answer) = repository.answer("security/scripts/hardening_check.py", &[]);
    let expected = "a.rs:3 call\na.rs:4 call\na.rs:6 call\nb.py:2 call\nb.py:3 call\nb.py:5 call\nc.js:3 call\nc.js:5 call\n\
        dangling:null link-dangling\ndata.json:null executable-data\nopen.txt:null world-writable\nout:null link-outside\nrun.sh:null setuid";
    assert_eq!((code, found(&answer)), (1, sorted(expected)), "{answer:#}");
    assert_eq!(answer["inventory"]["unsafe block"], 1);
}

#[test]
fn links_anchors_and_images_lead_somewhere() {
    let repository = Repository::new();
    let page = "# A Title: with `code` & more!\n\nSetext one\n----------\n\n## Same\n\n## Same\n\n\
        [good](#a-title-with-code--more) [setext](#setext-one) [twice](#same-1) [never](#same-2)\n\
        [file](docs/b%20c.md#deep) [gone](docs/no.md) [case](docs/B%20C.md) [out](../x.md) [root](/docs/)\n\
        ![image](docs/i.png \"title\") `[code](no.md)` <!-- [comment](no.md) -->\n\n```\n[block](no.md)\n```\n\n\
        [ref][r] [undefined][u] [web](https://x.example/) [mail](mailto:a@b.example) <a href=\"docs/p.html#here\">p</a>\n\n\
        [r]: docs/b%20c.md#nowhere\n\
        [left out](no.md) <!-- link-check: ignore made at build time -->\n";
    repository.write("README.md", page);
    repository.write("docs/b c.md", "### Deep\n[up](../README.md#same)\n");
    repository.write("docs/i.png", "x");
    repository
        .write("docs/p.html", "<p id=\"here\"><a href=\"b%20c.md\">x</a><img src='no.png'></p>\n");
    repository.write("docs/q.rst", "Title\n=====\n\n.. _label:\n\n`x <p.html>`_ and `y <no.html>`_\n\n.. image:: i.png\n.. include:: no.txt\n");
    let (code, answer) = repository.answer("docs/scripts/link_check.py", &[]);
    let links = answer["links"].as_array().expect("a list");
    let of = |state: &str| {
        let some = links.iter().filter(|link| link["state"] == state);
        some.map(|link| format!("{}:{} {}", text(&link["file"]), link["line"], text(&link["link"])))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let expected = "README.md:10 #same-2\nREADME.md:11 ../x.md\nREADME.md:11 docs/B%20C.md\nREADME.md:11 docs/no.md\nREADME.md:20 docs/b%20c.md#nowhere\n\
        docs/p.html:1 no.png\ndocs/q.rst:6 no.html\ndocs/q.rst:9 no.txt";
    assert_eq!((code, sorted(&of("broken"))), (1, sorted(expected)), "{answer:#}");
    assert_eq!(of("undefined"), "README.md:18 [u]");
    assert_eq!(
        (of("external").as_str(), of("ignored").as_str()),
        ("README.md:18 https://x.example/", "README.md:21 no.md")
    );
    let good = "README.md:10 #a-title-with-code--more\nREADME.md:10 #same-1\nREADME.md:10 #setext-one\nREADME.md:11 /docs/\nREADME.md:11 docs/b%20c.md#deep\n\
        README.md:12 docs/i.png\nREADME.md:18 docs/p.html#here\ndocs/b c.md:2 ../README.md#same\ndocs/p.html:1 b%20c.md\ndocs/q.rst:6 p.html\ndocs/q.rst:8 i.png";
    assert_eq!(sorted(&of("ok")), sorted(good));
}

#[test]
fn what_is_not_documented_is_named_and_what_nobody_can_reach_is_not() {
    let repository = Repository::new();
    let lib = "//! A crate.\npub mod open;\nmod shut;\npub use shut::Named;\n/// Documented.\npub struct S {\n    pub field: u8,\n}\nimpl S {\n    pub fn bare(&self) {}\n    /// Good.\n    pub const fn good() {}\n    fn own() {}\n}\nimpl Clone for S {\n    fn clone(&self) -> S { S { field: 1 } }\n}\n\
        pub(crate) fn inner() {}\n#[doc(hidden)]\npub fn hidden() {}\n/// A trait.\npub trait T {\n    fn method(&self);\n}\n#[cfg(test)]\nmod tests {\n    pub fn helper() {}\n}\nconst X: &str = \"pub fn text() {}\";\n#[doc = \"By attribute.\"]\npub fn attribute() {}\n";
    repository.write("src/lib.rs", lib);
    repository
        .write("src/open.rs", "//! A module.\n\npub enum E { A }\n/* pub fn comment() {} */\n");
    repository.write(
        "src/shut.rs",
        "pub struct Named;\nimpl Named {\n    pub fn called() {}\n}\npub struct Unreached;\n",
    );
    repository.write("p.py", "\"\"\"A module.\"\"\"\nclass C:\n    \"\"\"Doc.\"\"\"\n    def m(self): pass\n    def _own(self): pass\ndef f():\n    \"\"\"Doc.\"\"\"\n    def local(): pass\n");
    repository.write("s.js", "/** Doc. */\nexport function f() {}\nexport const x = 1;\nfunction own() {}\n// export function no() {}\n");
    repository.write("tests/t.py", "def test(): pass\n");
    let (code, answer) = repository.answer("docs/scripts/docs_coverage.py", &[]);
    let items = answer["items"].as_array().expect("a list");
    let missing: Vec<String> = items
        .iter()
        .filter(|item| item["documented"] == false)
        .map(|item| format!("{}:{} {}", text(&item["file"]), item["line"], text(&item["name"])))
        .collect();
    let expected = "p.py:4 C.m\ns.js:3 x\nsrc/lib.rs:10 S::bare\nsrc/lib.rs:23 T::method\nsrc/open.rs:3 E\nsrc/shut.rs:1 Named\nsrc/shut.rs:3 Named::called";
    assert_eq!((code, sorted(&missing.join("\n"))), (0, sorted(expected)), "{answer:#}");
    let documented = items.len() - missing.len();
    assert_eq!(
        documented,
        6 + 3 + 1,
        "crate, open, S, good, T, attribute; module, C, f; f: {answer:#}"
    );
    assert_eq!(repository.script("docs/scripts/docs_coverage.py", &["--min", "90"]).0, 1);
}

#[test]
fn examples_that_cannot_be_read_and_pages_that_are_badly_built_are_named() {
    let repository = Repository::new();
    let page = "# One\n\n```python\nprint(1)\n```\n\n```python\ndef f(:\n```\n\n```json\n{\"a\": 1,}\n```\n\n\
        ```sh\nif true; then\n```\n\n```console\n$ if then\n```\n\n```\nplain\n```\n\n### Three\n\nthe the end\n\n\
        | a | b |\n|---|---|\n| 1 | 2 | 3 |\n\n# Two\n\n```sh\nagency <name>\n```\n\n```python\nopen\n";
    repository.write("page.md", page);
    let (code, answer) = repository.answer("docs/scripts/example_check.py", &[]);
    let expected = "page.md:8 example\npage.md:12 example\npage.md:17 example\npage.md:23 no-language\npage.md:27 heading-skips\npage.md:29 doubled-word\n\
        page.md:33 table\npage.md:35 second-title\npage.md:41 open-fence";
    assert_eq!((code, found(&answer)), (1, sorted(expected)), "{answer:#}");
    assert_eq!(answer["examples"]["python"], 2);
    repository.write("page.md", "# One\n\n```sh\ntouch was-run\n```\n");
    assert_eq!(repository.script("docs/scripts/example_check.py", &[]).0, 0);
    assert!(!repository.folder.path().join("was-run").exists(), "no example is run");
}
