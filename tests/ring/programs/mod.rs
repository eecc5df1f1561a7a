//! What the ring knows of each program: how it finds the model, what it asks at its first start, which keys
//! answer its dialog. How it is started, watched and typed into is no business of the ring: that is
//! what the shipped runtime says, and what is tested here.

mod aider;
mod claude;
mod codex;
mod copilot;
mod gemini;
mod opencode;
mod qwen;

use std::path::Path;

use agency::adapters::process::Invocation;

use crate::place::Place;

/// A program.
pub struct Program {
    /// Its name, which is also its runtime's.
    pub name: &'static str,
    /// What is looked for in PATH.
    pub binary: &'static str,
    /// Variables that lead it to the model and keep it quiet.
    pub environment: fn(&Place) -> Vec<(&'static str, String)>,
    /// Files in its home, so that nothing is asked at the first start: path and text.
    pub files: fn(&Place) -> Vec<(&'static str, String)>,
    /// Keys that say yes to "may I run this?".
    pub approve: &'static [&'static str],
    /// Keys that interrupt it.
    pub interrupt: &'static [&'static str],
    /// Whether it takes several lines as one message.
    pub multiline: bool,
    /// Checks that it has nothing for, and why.
    pub without: &'static [(&'static str, &'static str)],
}

/// All of them, in the order of the table.
pub const ALL: [&Program; 7] = [
    &claude::CLAUDE,
    &codex::CODEX,
    &gemini::GEMINI,
    &opencode::OPENCODE,
    &aider::AIDER,
    &copilot::COPILOT,
    &qwen::QWEN,
];

/// A name for a model that no program knows.
pub const MODEL: &str = "ring-model";

/// A key that opens nothing.
pub const KEY: &str = "ring-key";

impl Program {
    /// What it says of its version; none if it is not installed.
    pub fn version(&self, path: &str, home: &Path) -> Option<String> {
        let home = format!("HOME={}", home.display());
        let words = ["-i", &format!("PATH={path}"), &home, self.binary, "--version"];
        let run = Invocation::new("env", "/").args(words).run(std::time::Duration::from_secs(60));
        let run = run.ok().filter(|run| run.status.success())?;
        let text = run.text();
        let line = text.lines().find(|line| line.contains('.'))?;
        let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit() || c == 'v');
        let word = line.split_whitespace().find(is_version).unwrap_or(line);
        Some(word.trim_end_matches('.').to_owned())
    }
}
