//! The architecture holds: the sources are read and compared with the rules of the house.
//!
//! The rules are in `rules`, what is read of a file in `source`. Each rule is also shown a text that
//! breaks it, because a check that cannot fail checks nothing.

mod rules;
mod source;

use std::collections::BTreeSet;

use crate::templates::{files_below, root};
use source::Source;

fn sources(folders: &[&str]) -> Vec<Source> {
    let is_rust = |path: &std::path::Path| path.extension().is_some_and(|end| end == "rs");
    let paths = folders.iter().flat_map(|folder| files_below(&root().join(folder), &is_rust));
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source");
        let path = path.strip_prefix(root()).expect("inside").to_string_lossy().into_owned();
        Source::new(&path, &text)
    };
    paths.map(read).collect()
}

/// The files of the program itself, without those for tests.
fn program() -> Vec<Source> {
    let all = sources(&["src"]);
    let tests = rules::test_only(&all);
    all.into_iter().filter(|source| !tests.contains(&source.path)).collect()
}

fn require_none(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn no_layer_knows_what_it_may_not_know() {
    require_none(program().iter().flat_map(rules::forbidden_edges).collect());
}

#[test]
fn every_crate_is_used_only_where_it_lives() {
    require_none(program().iter().flat_map(rules::homeless_crates).collect());
}

#[test]
fn every_file_keeps_the_habits_of_the_house() {
    let all = sources(&["src", "tests", "benches"]);
    let tests = rules::test_only(&all);
    require_none(all.iter().flat_map(|source| rules::bad_habits(source, &tests)).collect());
}

#[test]
fn only_the_output_of_the_command_line_prints() {
    require_none(program().iter().flat_map(rules::printing).collect());
}

#[test]
fn every_dependency_is_used() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = text.parse().expect("toml");
    // Named by no code: it makes libgit2 carry its zlib with it.
    let by_feature = "libz-sys";
    let program = program();
    let dependencies = manifest["dependencies"].as_table().expect("a table").keys();
    let unused = dependencies.filter(|name| *name != by_feature).filter(|name| {
        !program.iter().any(|source| source.roots.contains(&name.replace('-', "_")))
    });
    require_none(unused.map(|name| format!("`{name}` is used nowhere")).collect());
}

#[test]
fn the_program_is_found_whole() {
    let program = program();
    for path in ["src/main.rs", "src/engine/mod.rs", "src/tui/views/dashboard.rs"] {
        assert!(program.iter().any(|source| source.path == path), "`{path}` is read");
    }
    assert!(program.iter().all(|source| !source.path.ends_with("/fake.rs")), "fakes are tests");
}

fn edges(path: &str, text: &str) -> Vec<String> {
    rules::forbidden_edges(&Source::new(path, text))
}

#[test]
fn a_forbidden_edge_is_seen_in_every_way_to_write_it() {
    for text in [
        "use crate::adapters::git::Git;",
        "use crate::{domain, adapters::{files, git}};",
        "use super::super::adapters::git;",
        "fn f() { crate::adapters::git::open() }",
        "use crate :: adapters\n    :: git;",
    ] {
        let found = edges("src/tui/run.rs", text);
        assert!(found.iter().any(|line| line.ends_with("may not know `adapters/git`")), "{text}");
    }
    assert_eq!(edges("src/adapters/git/run.rs", "use crate::adapters::tmux::X;").len(), 1);
    assert_eq!(edges("src/domain/task.rs", "use crate::manifest::X;").len(), 1);
    assert_eq!(edges("src/new/mod.rs", "").len(), 1, "a new layer needs a rule");
}

#[test]
fn an_edge_in_a_text_in_a_test_or_to_oneself_is_none() {
    for text in [
        "//! See crate::adapters::git.\n/* crate::cli */",
        "const WORDS: &str = \"crate::cli\"; const RAW: &str = r#\"\"crate::cli\"\"#;",
        "#[cfg(test)]\nmod tests { use crate::cli::X; fn f() {} }",
        "#[cfg(test)]\nuse crate::{cli::X, tui};",
        "use super::name::Name; use self::inner::X; use crate::domain::task;",
        "fn f<'a>(x: &'a str) -> char { '\"' } // crate::cli",
    ] {
        assert_eq!(edges("src/domain/task.rs", text), Vec::<String>::new(), "{text}");
    }
    let after = "#[cfg(test)]\nmod tests { fn f() { if x { } } }\nuse crate::cli::X;";
    assert_eq!(edges("src/domain/task.rs", after).len(), 1, "what follows a test is seen again");
}

#[test]
fn a_file_of_a_test_module_and_all_below_it_is_for_tests_only() {
    let parent = Source::new("src/cli/mod.rs", "#[cfg(test)]\nmod testing;\npub mod up;");
    let below = ["src/cli/testing.rs", "src/cli/testing/parts.rs", "src/cli/up.rs"];
    let mut all: Vec<Source> = below.iter().map(|path| Source::new(path, "")).collect();
    all.push(parent);
    let found: Vec<String> = rules::test_only(&all).into_iter().collect();
    assert_eq!(found, ["src/cli/testing.rs", "src/cli/testing/parts.rs"]);
}

#[test]
fn a_crate_outside_its_home_is_seen() {
    let found = |path: &str, text: &str| rules::homeless_crates(&Source::new(path, text)).len();
    assert_eq!(found("src/cli/up.rs", "use ratatui::Frame;"), 1);
    assert_eq!(found("src/cli/up.rs", "fn f() { git2::open() }"), 1);
    assert_eq!(found("src/tui/run.rs", "use ratatui::Frame;"), 0);
    assert_eq!(found("src/cli/up.rs", "fn notify() {} fn f() { notify(); house::notify::x() }"), 0);
}

#[test]
fn a_bad_habit_is_seen() {
    let good = "//! What it is for.\n//! What it keeps true.\n";
    let found =
        |text: &str| rules::bad_habits(&Source::new("src/cli/up.rs", text), &BTreeSet::new()).len();
    let tests = BTreeSet::from(["src/cli/up/tests.rs".to_owned()]);
    let test = Source::new("src/cli/up/tests.rs", "//! One line.\nfn f() {}");
    assert!(rules::bad_habits(&test, &tests).is_empty(), "a file of tests may be shorter");
    assert_eq!(found(good), 0);
    assert_eq!(found("//! One line.\nfn f() {}"), 1);
    assert_eq!(found(&"//! Too many words.\n".repeat(17)), 1);
    assert_eq!(found(&format!("{good}{}", "\n".repeat(499))), 1);
    for bad in [
        concat!("// TO", "DO: later"),
        "fn f() { todo!() }",
        "#[allow(dead_code)] fn f() {}",
        "fn f() { std::thread::sleep(D) }",
        "fn f() { tempfile::tempdir() }",
        "#[ignore] fn f() {}",
        "#[ignore = \"slow\"] fn f() {}",
        "#[should_panic] fn f() {}",
    ] {
        assert_eq!(found(&format!("{good}{bad}")), 1, "{bad}");
    }
    assert_eq!(found(&format!("{good}// a word of `#[allow(`")), 0);
}

#[test]
fn whoever_prints_is_seen() {
    let found = |path: &str, text: &str| rules::printing(&Source::new(path, text)).len();
    assert_eq!(found("src/tui/run.rs", "fn f() { println!(\"x\") }"), 1);
    assert_eq!(found("src/tui/run.rs", "fn f() { eprint!(\"x\") }"), 1);
    assert_eq!(found("src/cli/output.rs", "fn f() { println!(\"x\") }"), 0);
    assert_eq!(found("src/tui/run.rs", "#[cfg(test)]\nfn f() { println!(\"x\") }"), 0);
    assert_eq!(found("src/tui/run.rs", "/// `println!` is not for us.\nfn print() {}"), 0);
}
