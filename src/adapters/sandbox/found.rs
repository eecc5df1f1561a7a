//! Finds the checks of a tree: the configured commands, or those that well-known files call for.
//!
//! The first kind that applies wins, in the order of the list in `find`, so the same tree always has
//! the same checks. Nothing is run here, and no file says what is run but by being what it is.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::domain::checks::{CheckCommand, ChecksConfig};
use crate::ports::proving::ProvingError;

/// Where pytest writes its report, in the root of the tree.
const PYTEST_REPORT: &str = ".agency-junit.xml";

/// The configured commands, or those of the first kind that applies.
pub(super) fn find(
    folder: &Path,
    config: &ChecksConfig,
) -> Result<Vec<CheckCommand>, ProvingError> {
    let configured: Vec<CheckCommand> = config
        .commands
        .iter()
        .filter(|argv| !argv.is_empty())
        .map(|argv| CheckCommand { argv: argv.clone(), found_by: "agency.toml".to_owned() })
        .collect();
    if !configured.is_empty() {
        return Ok(configured);
    }
    let kinds: [fn(&Path) -> Vec<CheckCommand>; 6] = [cargo, npm, pytest, go, make, tap];
    let found = kinds.iter().map(|kind| kind(folder)).find(|found| !found.is_empty());
    Ok(found.unwrap_or_default())
}

fn one(argv: &[&str], found_by: &str) -> Vec<CheckCommand> {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    vec![CheckCommand { argv, found_by: found_by.to_owned() }]
}

fn cargo(folder: &Path) -> Vec<CheckCommand> {
    match folder.join("Cargo.toml").is_file() {
        true => one(&["cargo", "test"], "Cargo.toml"),
        false => Vec::new(),
    }
}

fn npm(folder: &Path) -> Vec<CheckCommand> {
    let script = text_of(&folder.join("package.json"))
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|json| json.pointer("/scripts/test")?.as_str().map(str::to_owned));
    match script {
        // What `npm init` writes is there to fail.
        Some(script) if !script.contains("no test specified") => {
            one(&["npm", "test"], "package.json")
        }
        _ => Vec::new(),
    }
}

fn pytest(folder: &Path) -> Vec<CheckCommand> {
    let mentions =
        |file: &&str| text_of(&folder.join(file)).is_some_and(|text| text.contains("pytest"));
    let settings = if folder.join("pytest.ini").is_file() {
        Some("pytest.ini")
    } else {
        ["pyproject.toml", "setup.cfg"].into_iter().find(mentions)
    };
    let has_tests = || {
        names(&folder.join("tests"))
            .iter()
            .any(|name| name.starts_with("test_") && name.ends_with(".py"))
    };
    let found_by = settings.or_else(|| has_tests().then_some("tests/test_*.py"));
    let report = format!("--junitxml={PYTEST_REPORT}");
    found_by.map(|file| one(&["python3", "-m", "pytest", &report], file)).unwrap_or_default()
}

fn go(folder: &Path) -> Vec<CheckCommand> {
    match folder.join("go.mod").is_file() {
        true => one(&["go", "test", "./..."], "go.mod"),
        false => Vec::new(),
    }
}

fn make(folder: &Path) -> Vec<CheckCommand> {
    // The order in which make looks for them.
    for file in ["GNUmakefile", "makefile", "Makefile"] {
        let Some(text) = text_of(&folder.join(file)) else { continue };
        let target = ["test", "check"].into_iter().find(|target| has_target(&text, target));
        return target.map(|target| one(&["make", target], file)).unwrap_or_default();
    }
    Vec::new()
}

fn has_target(makefile: &str, target: &str) -> bool {
    makefile.lines().any(|line| {
        let Some((names, rest)) = line.split_once(':') else { return false };
        let is_rule = !line.starts_with(['\t', ' ', '#', '.']) && !rest.starts_with(['=']);
        is_rule && names.split_whitespace().any(|name| name == target)
    })
}

fn tap(folder: &Path) -> Vec<CheckCommand> {
    for place in ["t", "tests"] {
        let mut scripts: Vec<String> =
            names(&folder.join(place)).into_iter().filter(|name| name.ends_with(".t")).collect();
        scripts.sort();
        if !scripts.is_empty() {
            let found_by = format!("{place}/*.t");
            let runs = |name: &String| script(folder, &format!("{place}/{name}"), &found_by);
            return scripts.iter().flat_map(runs).collect();
        }
    }
    Vec::new()
}

fn script(folder: &Path, path: &str, found_by: &str) -> Vec<CheckCommand> {
    let file = folder.join(path);
    let is_executable = file.metadata().is_ok_and(|found| found.permissions().mode() & 0o111 != 0);
    let names_its_program = || text_of(&file).is_some_and(|text| text.starts_with("#!"));
    if is_executable && names_its_program() {
        one(&[&format!("./{path}")], found_by)
    } else {
        one(&["sh", path], found_by)
    }
}

/// Names of the files in a folder; none if there is no such folder.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The beginning of a file: settings are not longer than a mebibyte.
fn text_of(path: &Path) -> Option<String> {
    const LIMIT: u64 = 1 << 20;
    if !path.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
