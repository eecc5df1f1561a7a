//! The scripts of the security template on planted cases.
//!
//! Each rule fires where it should and nowhere else; what all scripts have in common is tested beside this.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use agency::adapters::files::replace;
use serde_json::Value;

use super::{found, sorted, text};
use crate::templates_scripts::Repository;

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

/// One package in two versions, one from git, one of the project's own.
const CARGO_LOCK: &str = "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"one\",\n]\n\n\
        [[package]]\nname = \"one\"\nversion = \"1.2.0\"\nsource = \"registry+https://r.example/index\"\nchecksum = \"00\"\n\n\
        [[package]]\nname = \"one\"\nversion = \"2.0.0-rc.1\"\nsource = \"registry+https://r.example/index\"\n\n\
        [[package]]\nname = \"fork\"\nversion = \"0.3.0\"\nsource = \"git+https://g.example/fork?branch=x#0123\"\n";

/// One package over plain http, one without a digest.
const PACKAGE_LOCK: &str = r#"{"lockfileVersion": 3, "packages": {"": {"name": "own"},
        "node_modules/@a/left": {"version": "1.0.0", "resolved": "http://r.example/left.tgz", "integrity": "sha512-x"},
        "node_modules/b": {"version": "3.1.0", "resolved": "https://r.example/b.tgz"}}}"#;

/// A folder of advisories: some are met, one is withdrawn, one is no JSON.
fn advisories() -> tempfile::TempDir {
    let db = tempfile::tempdir().expect("a folder");
    let one = |name: &str, advisory: &str| {
        replace(&db.path().join(name), advisory.as_bytes(), 0o644, false).expect("written")
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
    db
}

#[test]
fn dependencies_are_listed_and_held_against_advisories() {
    let repository = Repository::new();
    repository.write("Cargo.lock", CARGO_LOCK);
    repository.write("web/package-lock.json", PACKAGE_LOCK);
    repository.write("requirements.txt", "Flask_Thing==1.0rc1  # web\nloose>=2\n-r other.txt\n");
    repository.write("go.sum", "g.example/m v1.4.0 h1:abc=\ng.example/m v1.4.0/go.mod h1:def=\n");
    let db = advisories();
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
