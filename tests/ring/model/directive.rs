//! What the last user message tells the model to do: `RING:` and a word, up to the end of the line.
//!
//! | directive | answer |
//! |---|---|
//! | `RING:say TEXT` | the text |
//! | `RING:lines N` | that many lines |
//! | `RING:shell COMMAND` | a call of the program's shell tool; a shell block if it has none; "done" after its result |
//! | `RING:tool NAME JSON` | a call of that tool with those arguments |
//! | `RING:own NAME JSON` | a call of that tool of the server `agency`, as the program names it |
//! | `RING:slow SECONDS` | words, five a second, for so long |
//! | `RING:limit SECONDS` | 429 with `retry-after`, until so long after the first time; then "ok" |
//! | `RING:error [STATUS]` | this status (400) |
//!
//! Anything else is answered "ok".

use std::time::Duration;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    /// Say this.
    Say(String),
    /// Run this in the program's shell tool.
    Shell(String),
    /// Call this tool with these arguments, a JSON object.
    Tool(String, String),
    /// Call this tool of the workbench's own server with these arguments, a JSON object.
    Own(String, String),
    /// Speak for so long.
    Slow(Duration),
    /// Refuse for so long since the first time, then answer.
    Limit(Duration),
    /// Refuse with this status.
    Error(u16),
}

/// A limit without a number lasts longer than anybody waits here.
const LONG: Duration = Duration::from_secs(600);
/// A stream without a number: long enough to be seen working.
const SHORT: Duration = Duration::from_secs(5);
/// The request is at fault: programs do not try it again.
const BAD_REQUEST: u16 = 400;

impl Directive {
    /// The last directive of a text.
    pub fn of(text: &str) -> Self {
        let Some((before, rest)) = text.rsplit_once("RING:") else {
            return Self::Say("ok".to_owned());
        };
        let line = rest.lines().next().unwrap_or_default().trim();
        // Some programs put what was said into quotes.
        let line = if before.ends_with('"') { line.trim_end_matches('"') } else { line };
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let seconds = || rest.parse().ok().map(Duration::from_secs);
        match word {
            "say" => Self::Say(rest.to_owned()),
            "lines" => Self::Say(lines(rest.parse().unwrap_or(1))),
            "shell" => Self::Shell(rest.to_owned()),
            "tool" => {
                let (name, arguments) = rest.split_once(' ').unwrap_or((rest, "{}"));
                Self::Tool(name.to_owned(), arguments.to_owned())
            }
            "own" => {
                let (name, arguments) = rest.split_once(' ').unwrap_or((rest, "{}"));
                Self::Own(name.to_owned(), arguments.to_owned())
            }
            "slow" => Self::Slow(seconds().unwrap_or(SHORT)),
            "limit" => Self::Limit(seconds().unwrap_or(LONG)),
            "error" => Self::Error(rest.parse().unwrap_or(BAD_REQUEST)),
            _ => Self::Say("ok".to_owned()),
        }
    }
}

fn lines(count: usize) -> String {
    (1..=count).map(|number| format!("line {number}\n")).collect()
}
