//! The demo as a user starts it, and the same way on real input: a clone of this very repository.
//!
//! What counts besides the story's end is what is left behind: nothing, unless it was asked for.

use std::path::Path;
use std::time::Duration;

use crate::playground::{Playground, agency, git, processes_of, until};

/// The story takes two seconds; a loaded machine may need ten times as long.
const STORY: Duration = Duration::from_secs(110);
/// Processes that were told to end do so within this time.
const END: Duration = Duration::from_secs(5);

fn assert_nobody_is_left_in(folder: &Path) {
    until(END, "every process to end", || match processes_of(folder) {
        left if left.is_empty() => Ok(()),
        left => Err(left.join("\n")),
    });
}

#[test]
fn the_headless_demo_merges_tested_work_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (inside, keys) = (folder.path().join("tmp"), folder.path().join("keys"));
    std::fs::create_dir(&inside).expect("made");
    let demo = agency(folder.path(), &keys).env("TMPDIR", &inside).args(["demo", "--headless"]);
    let outcome = demo.run(STORY).expect("it ends");
    let said = format!("{}{}", outcome.text(), String::from_utf8_lossy(&outcome.stderr));
    assert!(outcome.status.success(), "{said}");
    assert!(said.contains("AP-001") && said.contains("merged into main"), "{said}");
    assert!(said.contains("main tested afresh: 7 passed, 0 failed"), "{said}");
    assert_nobody_is_left_in(&inside);
    let left: Vec<_> = std::fs::read_dir(&inside).expect("a list").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!keys.exists(), "the user's own key has nothing to do with it");
}

#[test]
fn a_kept_demo_runs_on_and_can_be_gone_on_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let (place, keys) = (folder.path().join("kept"), folder.path().join("keys"));
    let demo = agency(folder.path(), &keys).args(["demo", "--headless", "--keep"]).args([&place]);
    let outcome = demo.run(STORY).expect("it ends");
    let home = place.join("workbench");
    let then = |args: &[&str]| {
        let run = agency(folder.path(), &keys).env("AGENCY_HOME", &home).args(args);
        run.run(Duration::from_secs(60)).expect("it runs")
    };
    let status = then(&["status", "--json"]);
    then(&["down"]);
    assert!(outcome.status.success(), "{}", outcome.problem());
    assert!(status.status.success(), "{}", status.problem());
    let status: serde_json::Value = serde_json::from_str(&status.text()).expect("JSON");
    assert!(status["supervisor"]["pid"].is_u64(), "{status}");
    assert!(place.join("project/lib/greet.sh").exists(), "the merged work is checked out");
    assert_nobody_is_left_in(&place);
}

/// The checks of this repository that need no compiler: its formatting, and that each script that it
/// ships can be read by the shell or by Python, as TAP.
const CHECKS: &str = r#"[checks]
time_limit = 120
commands = [["cargo", "fmt", "--check"], ["sh", "-c", '''
count=0; status=0
say() { count=$((count + 1)); if "$@" 2>/dev/null; then echo "ok $count - $file"; else echo "not ok $count - $file"; status=1; fi; }
for file in $(find agencies scripts templates src -name '*.sh' | sort); do say sh -n "$file"; done
if command -v python3 >/dev/null; then
    for file in $(find agencies templates -name '*.py' | sort); do
        say python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$file"
    done
fi
echo "1..$count"; exit $status
''']]
"#;

const LEAD: &str = r#"
[[on]]
type = "goal"
steps = [
  { add_task = { title = "Count words", feature = "words", scope = "a function that counts words",
      done = ["it has a unit test"], rollback = "revert the merge commit" }, as = "it" },
  { assign = "{it}", to = "Crew/dev" },
]

[[on]]
type = "complete"
steps = [{ submit = "{task}", rationale = "a function and its test" }]
"#;

const DEV: &str = r#"
[[on]]
type = "task"
steps = [
  { start = "{task}" },
  { write = "src/domain/words.rs", text = '''
//! Counting the words of a text: how long a sentence is.
//!
//! It does not know what a word means: what stands between white space is one.

/// How many words a text has.
pub fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn words_stand_between_white_space() {
        assert_eq!(count("  one  two\nthree "), 3);
        assert_eq!(count(""), 0);
    }
}
''' },
  { replace = "src/domain/mod.rs", old = "pub mod text;", new = "pub mod text;\n\npub mod words;" },
  { commit = "domain: count words" },
  { complete = "{task}", summary = "a function and its test" },
]
"#;

#[test]
fn work_on_a_clone_of_this_repository_is_proven_by_its_own_checks_and_merged() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(own.join(".git").exists(), "the sources are a git repository");
    let clone = |project: &Path| {
        let (from, to) = (own.display().to_string(), project.display().to_string());
        git(own, &["clone", "--quiet", "--local", &from, &to]);
        git(project, &["checkout", "--quiet", "-B", "main"]);
    };
    let playground = Playground::with(clone, CHECKS, LEAD, DEV);
    let before = git(&playground.project(), &["rev-parse", "main"]);
    playground.ok(&["goal", "Crew", "Count words"]);
    let approval = until(STORY, "a proven submission", || {
        let list = playground.ok(&["approvals", "list", "--json"]);
        let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
        match list[0]["state"].as_str() {
            Some("waiting") => Ok(list[0].clone()),
            _ => Err(playground.ok(&["status"])),
        }
    });
    assert_eq!(approval["tests"]["failed"], 0, "{approval}");
    assert!(approval["tests"]["passed"].as_u64() >= Some(8), "{approval}");
    assert_eq!(
        git(&playground.project(), &["rev-parse", "main"]),
        before,
        "not before it is approved"
    );
    playground.ok(&["--yes", "approvals", "approve", "AP-001"]);
    until(END, "the merge", || {
        match git(&playground.project(), &["ls-tree", "--name-only", "main", "src/domain/words.rs"])
        {
            found if found.is_empty() => Err("it is not there".to_owned()),
            found => Ok(found),
        }
    });
    assert!(playground.project().join("src/domain/words.rs").exists(), "and checked out");
}
