//! Problems of a file: all of them at once, each with its line, its field and what is accepted.
//!
//! A file with one problem is refused whole; half of it is never taken.

use std::fmt;

use crate::domain::refusal::{Refusal, RefusalKind};

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1; none if it is about the whole file.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// The field, `agents[1].runtime`; empty if it is about the whole file.
    pub field: String,
    /// What is wrong and what is accepted.
    pub message: String,
}

/// Everything that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// The file's name, for messages.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", self.file)?;
            if let Some(line) = problem.line {
                write!(f, ":{line}")?;
                if let Some(column) = problem.column {
                    write!(f, ":{column}")?;
                }
            }
            write!(f, ": ")?;
            if !problem.field.is_empty() {
                write!(f, "`{}`: ", problem.field)?;
            }
            write!(f, "{}", problem.message)?;
        }
        Ok(())
    }
}

impl From<Problems> for Refusal {
    fn from(problems: Problems) -> Self {
        let hint = format!("correct `{}` and try again", problems.file);
        Refusal::new(RefusalKind::Usage, "invalid_file", problems.to_string()).with_hint(hint)
    }
}
