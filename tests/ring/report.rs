//! What came out: a verdict per check, and the table of programs, versions and checks.

use std::fmt::Write as _;

/// Why a check did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortfall {
    /// It is so, and it must not be.
    Failed(String),
    /// It holds what must hold, but less is known than could be.
    Partly(String),
    /// The program has nothing of the kind.
    Impossible(String),
}

/// How a check ended.
pub type Verdict = Result<(), Shortfall>;

impl From<String> for Shortfall {
    fn from(what: String) -> Self {
        Self::Failed(what)
    }
}

impl From<&str> for Shortfall {
    fn from(what: &str) -> Self {
        Self::Failed(what.to_owned())
    }
}

/// One line of the table.
pub struct Row {
    /// The program.
    pub program: String,
    /// What it says of its version; none: it is not installed.
    pub version: Option<String>,
    /// The checks in order.
    pub checks: Vec<(&'static str, Verdict)>,
}

impl Row {
    /// Whether anything failed.
    pub fn has_failed(&self) -> bool {
        self.checks.iter().any(|(_, verdict)| matches!(verdict, Err(Shortfall::Failed(_))))
    }
}

/// The table as Markdown, with the reasons below it.
pub fn table(rows: &[Row], names: &[&str]) -> String {
    let mut text = format!("| program | version | {} |\n", names.join(" | "));
    text.push_str(&format!("|---|---{}|\n", "|---".repeat(names.len())));
    for row in rows {
        let version = row.version.as_deref().unwrap_or("NOT INSTALLED");
        let _ = write!(text, "| {} | {version} |", row.program);
        for name in names {
            let found = row.checks.iter().find(|(check, _)| check == name);
            let _ = write!(text, " {} |", found.map_or("", |(_, verdict)| word(verdict)));
        }
        text.push('\n');
    }
    text.push('\n');
    for row in rows {
        for (name, verdict) in &row.checks {
            if let Some(why) = reason(verdict) {
                let _ = writeln!(text, "{} {name}: {}: {why}", row.program, word(verdict));
            }
        }
    }
    text
}

/// A verdict in one word.
pub fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Ok(()) => "ok",
        Err(Shortfall::Failed(_)) => "FAILED",
        Err(Shortfall::Partly(_)) => "partly",
        Err(Shortfall::Impossible(_)) => "not possible",
    }
}

/// Why a verdict is not `ok`.
pub fn reason(verdict: &Verdict) -> Option<&str> {
    let shortfall = verdict.as_ref().err()?;
    match shortfall {
        Shortfall::Failed(why) | Shortfall::Partly(why) | Shortfall::Impossible(why) => Some(why),
    }
}
