//! Reads examples out of a Markdown text: fenced blocks, commands in them, and messages written as Python.

use std::fmt::Write as _;

/// A text and its name.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// For messages.
    pub name: &'static str,
    /// As it stands.
    pub text: &'static str,
}

/// A text of that name.
pub const fn text(name: &'static str, text: &'static str) -> Text {
    Text { name, text }
}

impl Text {
    /// The fenced blocks of one language; a fence within another one counts too.
    pub fn blocks(&self, language: &str) -> Vec<String> {
        let fence = format!("```{language}");
        let mut blocks = Vec::new();
        let mut block: Option<String> = None;
        for line in self.text.lines() {
            match &mut block {
                None if line.trim() == fence => block = Some(String::new()),
                None => {}
                Some(_) if line.trim() == "```" => blocks.extend(block.take()),
                Some(block) => writeln!(block, "{line}").expect("written"),
            }
        }
        blocks
    }

    /// The commands of all shell blocks, each as it is written, with its further lines.
    pub fn commands(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        let mut is_open = false;
        for line in self.blocks("bash").iter().flat_map(|block| block.lines()) {
            if is_open {
                let command = commands.last_mut().expect("one that is not at its end");
                write!(command, "\n{line}").expect("written");
            } else if line.starts_with("./") || line.starts_with("tmux ") {
                commands.push(line.to_owned());
            } else {
                // A comment, or what a command shows.
                continue;
            }
            let command = commands.last().expect("just put there");
            is_open = command.ends_with('\\') || command.matches('\'').count() % 2 == 1;
        }
        commands
    }
}

/// The messages that a piece of Python makes, as JSON: names stand for values.
pub fn message_dicts(python: &str) -> Vec<String> {
    let mut dicts = Vec::new();
    let mut dict: Option<Vec<String>> = None;
    for line in python.lines().map(str::trim) {
        match &mut dict {
            None if line.ends_with("= {") => dict = Some(Vec::new()),
            None => {}
            Some(_) if line == "}" => {
                let fields = dict.take().unwrap_or_default();
                dicts.push(format!("{{{}}}", fields.join(", ")));
            }
            Some(fields) => {
                let (key, value) = line.trim_end_matches(',').split_once(": ").expect("a field");
                fields.push(format!("{key}: {}", json(value)));
            }
        }
    }
    dicts.retain(|dict| dict.contains("\"type\""));
    dicts
}

fn json(python: &str) -> String {
    match python {
        "True" => "true".to_owned(),
        "False" => "false".to_owned(),
        "None" => "null".to_owned(),
        "task.id" => "\"TASK-002\"".to_owned(),
        "agent.id" => "\"backend-dev-001\"".to_owned(),
        text => text.strip_prefix('f').unwrap_or(text).to_owned(),
    }
}
