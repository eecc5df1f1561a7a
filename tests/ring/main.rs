//! The ring: real agent programs on a real workbench, with a scripted model on loopback.
//!
//! Started by `sh tests/ring/run`, which gives it a network of its own; alone it serves as the model for
//! somebody who looks at a program by hand: `cargo test --test ring -- serve PORT [LOGFILE]`, and `selftest` tries it.
//! It is no part of the ordinary test run, since it needs programs that are not everywhere.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the ring is its own face, its own clock and its own operator"
)]

mod model;
mod place;
mod programs;
mod report;
mod scenario;
mod selftest;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::Model;
use place::Surroundings;
use programs::Program;
use report::Row;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", port] => serve(port, None),
        ["serve", port, log] => serve(port, Some(log)),
        ["selftest"] => try_model().err().unwrap_or(ExitCode::SUCCESS),
        ["run", ref names @ ..] => run(names),
        _ => {
            eprintln!(
                "usage: ring selftest\n       ring serve PORT [LOGFILE]\n       ring run [PROGRAM…] [CHECK…]"
            );
            ExitCode::from(2)
        }
    }
}

/// The model alone, until somebody ends the process.
fn serve(port: &str, log: Option<&str>) -> ExitCode {
    let Ok(port) = port.parse() else {
        eprintln!("error: `{port}` is no port");
        return ExitCode::from(2);
    };
    match Model::start(port, log.map(Path::new)) {
        Ok(model) => {
            println!("http://127.0.0.1:{}", model.port());
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tries the model before anything is believed of it.
fn try_model() -> Result<(), ExitCode> {
    selftest::run().map_err(|problem| {
        eprintln!("error: the ring's own model is broken: {problem}");
        ExitCode::FAILURE
    })
}

/// The story with every program that is meant and installed; or of it only the checks that are meant.
fn run(names: &[&str]) -> ExitCode {
    if let Err(failure) = try_model() {
        return failure;
    }
    let around = surroundings();
    let (checks, names): (Vec<&str>, Vec<&str>) =
        names.iter().partition(|name| scenario::names().contains(name));
    let is_meant = |program: &&&Program| names.is_empty() || names.contains(&program.name);
    let meant: Vec<&&Program> = programs::ALL.iter().filter(is_meant).collect();
    if meant.len() < names.len() {
        let names = names.join(" ");
        eprintln!("error: what the ring does not know, as program or check, is among: {names}");
        return ExitCode::from(2);
    }
    let rows: Vec<Row> = meant.into_iter().map(|program| play(program, &around, &checks)).collect();
    let table = report::table(&rows, &scenario::names());
    println!("\n{table}");
    let path = around.folder.join("table.md");
    std::fs::write(path, &table).expect("the table is kept");
    if rows.iter().any(Row::has_failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn play(program: &Program, around: &Surroundings, checks: &[&str]) -> Row {
    match program.version(&around.path, &around.folder) {
        Some(version) => scenario::play(program, &version, around, checks),
        None => {
            println!("{}: NOT INSTALLED, nothing of it is tested", program.name);
            Row { program: program.name.to_owned(), version: None, checks: Vec::new() }
        }
    }
}

/// Where everything lies: below cargo's own folder, or in `RING_FOLDER`. Some programs refuse settings
/// below a folder that anybody may write to; a checkout may lie in one.
fn surroundings() -> Surroundings {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let folder = match variable("RING_FOLDER").as_str() {
        "" => PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ring"),
        path => PathBuf::from(path),
    };
    std::fs::create_dir_all(&folder).expect("the ring's folder is made");
    let settings = match variable("RING_SETTINGS").as_str() {
        "" => String::new(),
        path => std::fs::read_to_string(path).expect("the settings are read"),
    };
    Surroundings { folder, path: variable("PATH"), settings }
}
