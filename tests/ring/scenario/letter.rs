//! A message that can be recognised wherever it turns up, and whether it reached the model whole and once.
//!
//! The workbench may put a header over it and a mark before each of its lines; between the marks every
//! byte must be the one that was sent.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Scene;
use crate::model::ask::Role;
use crate::place::AGENT;
use crate::report::{Shortfall, Verdict};

/// What the workbench puts before a line.
const MARK: &str = "| ";

/// See the head of the file.
pub struct Letter {
    mark: String,
    body: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Letter {
    /// A letter in one line with these words.
    pub fn new(words: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // With its end in it, since the first number is the beginning of the tenth.
        let mark = format!("letter-{}-{number}:", std::process::id());
        let body = format!("{mark} {words}");
        Self { mark, body }
    }

    /// The same with more lines.
    pub fn and(mut self, lines: &[&str]) -> Self {
        for line in lines {
            self.body.push('\n');
            self.body.push_str(line);
        }
        self
    }

    /// How often the model has heard of it.
    pub fn times(&self, scene: &Scene<'_>) -> usize {
        scene.place.model().log().heard(&self.mark)
    }

    /// Sends it to the agent.
    pub fn send(&self, scene: &Scene<'_>) -> Result<String, String> {
        self.send_to(scene, AGENT)
    }

    /// Sends it to any agent.
    pub fn send_to(&self, scene: &Scene<'_>, agent: &str) -> Result<String, String> {
        scene.place.send(agent, &self.body)
    }

    /// Waits until the model has it, and sees that it is whole and there once.
    pub fn arrives(&self, scene: &Scene<'_>, limit: Duration) -> Verdict {
        let what = format!("`{}` to reach the model", self.mark);
        scene.place.wait(&what, limit, || self.times(scene) > 0)?;
        self.is_whole(scene)
    }

    /// Sees that the model has it whole and once.
    pub fn is_whole(&self, scene: &Scene<'_>) -> Verdict {
        let times = self.times(scene);
        if times != 1 {
            return Err(format!("`{}` reached the model {times} times", self.mark).into());
        }
        let log = scene.place.model().log();
        let entry = log.first(&self.mark).ok_or("the log lost an entry")?;
        let mut said = entry.ask.texts(Role::User).filter(|text| text.contains(&self.mark));
        let text = said.next().unwrap_or_default();
        let is_in = |read: fn(&str) -> String| read(text).contains(&read(&self.body));
        match scene.program.multiline {
            true if is_in(plain) => Ok(()),
            false if is_in(one_line) => Ok(()),
            true if is_in(|text| plain(text).replace('\t', "    ")) => {
                Err(Shortfall::Partly("a tab arrives as blanks".to_owned()))
            }
            true if is_in(|text| plain(text).replace("\\@", "@")) => {
                Err(Shortfall::Partly("an @ arrives with a backslash before it".to_owned()))
            }
            _ => Err(format!("`{}` reached the model changed: {text:?}", self.mark).into()),
        }
    }

    /// What stands in the log for it.
    pub fn mark(&self) -> &str {
        &self.mark
    }
}

/// A text without the workbench's marks.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| line.strip_prefix(MARK).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The same in one line, for a program that takes just one.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| *word != MARK.trim());
    words.collect::<Vec<_>>().join(" ")
}
