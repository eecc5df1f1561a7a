//! Locks: claims on paths of a project, and which of them stand in each other's way.
//!
//! A lock is a word between agents: it keeps nobody's hands off a file. Which paths overlap and which kinds go
//! together is decided here; who holds what is the engine's.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::id::TaskId;
use crate::domain::message::Priority;
use crate::domain::name::Name;
use crate::domain::protocol::LockKind;

/// Longest lock: a week. Whoever needs longer asks again.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a lock lasts when nobody said.
pub const USUAL: SignedDuration = SignedDuration::from_hours(4);

/// Longest path, in bytes: the limit of most systems is above it.
const LONGEST_PATH: usize = 1024;

/// Paths of a project: one path with all below it, or a pattern of such.
///
/// `*` and `?` stand for any characters of one part of a path, `**` for any number of parts. Written relative to
/// the project's root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Resource(String);

/// Why a text is not a [`Resource`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Nothing is named.
    #[error("a path cannot be empty")]
    Empty,
    /// It is too long.
    #[error("the path has {length} bytes, at most {LONGEST_PATH} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// It is not relative to the project's root.
    #[error(
        "`{text}` is not inside the project; write the path as seen from the root of the project"
    )]
    Outside {
        /// The text as given.
        text: String,
    },
    /// A character that steers terminals.
    #[error("the path holds a control character")]
    Control,
}

impl Resource {
    /// Checks a path; `./`, doubled slashes and a slash at the end are left out.
    ///
    /// # Errors
    /// It is empty, too long, or leads out of the project.
    pub fn parse(text: &str) -> Result<Self, ResourceError> {
        let text = text.trim();
        if text.len() > LONGEST_PATH {
            return Err(ResourceError::TooLong { length: text.len() });
        }
        if text.chars().any(char::is_control) {
            return Err(ResourceError::Control);
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if text.starts_with('/') || text.starts_with('~') || parts.contains(&"..") {
            return Err(ResourceError::Outside { text: text.to_owned() });
        }
        if parts.is_empty() {
            return Err(ResourceError::Empty);
        }
        Ok(Self(parts.join("/")))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether some path belongs to both: what lies below a path belongs to it.
    pub fn overlaps(&self, other: &Self) -> bool {
        let parts = |it: &Self| it.0.split('/').map(str::to_owned).collect::<Vec<_>>();
        share(&parts(self), &parts(other))
    }
}

/// Whether two patterns share a path. Row by row over the parts of both: whichever ends first covers the rest.
fn share(one: &[String], other: &[String]) -> bool {
    // `reached[j]`: what was read of `one` so far fits the first `j` parts of `other`.
    let mut reached = vec![false; other.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    spread(&mut reached, other);
    for part in one {
        if reached.last() == Some(&true) {
            return true;
        }
        let mut next = vec![false; other.len() + 1];
        let is_any = part == "**";
        for (j, fits) in reached.iter().enumerate() {
            if !fits {
                continue;
            }
            if is_any {
                next.iter_mut().skip(j).for_each(|it| *it = true);
            }
            let Some(against) = other.get(j) else { continue };
            if against == "**" {
                // It takes this part and may take more.
                set(&mut next, j);
            } else if is_any || part_fits(part, against) {
                set(&mut next, j + 1);
            }
        }
        spread(&mut next, other);
        reached = next;
    }
    reached.contains(&true)
}

/// `**` may stand for no part at all.
fn spread(reached: &mut [bool], other: &[String]) {
    for (j, part) in other.iter().enumerate() {
        if part == "**" && reached.get(j) == Some(&true) {
            set(reached, j + 1);
        }
    }
}

fn set(row: &mut [bool], at: usize) {
    if let Some(cell) = row.get_mut(at) {
        *cell = true;
    }
}

/// Whether some name fits both patterns of one part.
fn part_fits(one: &str, other: &str) -> bool {
    if !one.contains(['*', '?']) && !other.contains(['*', '?']) {
        return one == other;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut reached = vec![false; other.len() + 1];
    set(&mut reached, 0);
    stretch(&mut reached, &other);
    for c in one {
        let mut next = vec![false; other.len() + 1];
        for (j, fits) in reached.iter().enumerate() {
            if !fits {
                continue;
            }
            if c == '*' {
                next.iter_mut().skip(j).for_each(|it| *it = true);
            }
            match other.get(j) {
                Some('*') => set(&mut next, j),
                Some(d) if c == '?' || *d == '?' || c == *d => set(&mut next, j + 1),
                _ => {}
            }
        }
        stretch(&mut next, &other);
        reached = next;
    }
    reached.last() == Some(&true)
}

/// `*` may stand for no character at all.
fn stretch(reached: &mut [bool], other: &[char]) {
    for (j, c) in other.iter().enumerate() {
        if *c == '*' && reached.get(j) == Some(&true) {
            set(reached, j + 1);
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for Resource {
    type Err = ResourceError;
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Resource {
    type Error = ResourceError;
    fn try_from(text: String) -> Result<Self, ResourceError> {
        Self::parse(&text)
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> Self {
        resource.0
    }
}

/// What somebody wants of the paths of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockClaim {
    /// The paths.
    pub resource: Resource,
    /// How.
    pub kind: LockKind,
    /// Why.
    pub reason: Option<String>,
    /// For how long, in seconds; none: [`USUAL`].
    pub length_s: Option<i64>,
    /// The task it is for.
    pub task: Option<TaskId>,
    /// Whose project; none: the asker's, or the task's.
    pub agency: Option<Name>,
    /// How urgent, among those who wait.
    pub priority: Priority,
}

/// What becomes of a request for paths that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IfHeld {
    /// It is refused.
    Refuse,
    /// It waits for its turn.
    Queue,
}

/// Whether two agents may have these on the same path at the same time.
pub fn go_together(one: LockKind, other: LockKind) -> bool {
    use LockKind::{Exclusive, Intent, None, Shared};
    match (one, other) {
        (Intent | None, _) | (_, Intent | None) | (Shared, Shared) => true,
        (Exclusive, Exclusive | Shared) | (Shared, Exclusive) => false,
    }
}

/// Why a text says no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no length of time; write `4 hours`, `30 minutes`, `2h` or `1.5h`, at most a week"
)]
pub struct LengthError {
    /// The text as given.
    pub text: String,
}

/// Reads `4 hours`, `30 minutes`, `2h`, `1.5h`, `90m`, `1 day`.
///
/// # Errors
/// It says something else, nothing, or more than a week.
pub fn parse_length(text: &str) -> Result<SignedDuration, LengthError> {
    let wrong = || LengthError { text: text.chars().take(80).collect() };
    let trimmed = text.trim();
    let digits = trimmed.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let unit = trimmed.get(digits.len()..).map(str::trim).unwrap_or_default();
    let seconds = match unit.to_ascii_lowercase().as_str() {
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return Err(wrong()),
    };
    let is_number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit());
    let number: f64 = digits.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
    let length = SignedDuration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    let fits = length > SignedDuration::ZERO && length <= LONGEST;
    if fits { Ok(length) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resource(text: &str) -> Resource {
        Resource::parse(text).expect("a resource")
    }

    #[test]
    fn what_lies_below_a_path_belongs_to_it_and_patterns_meet_where_a_path_fits_both() {
        for (one, other, meet) in [
            ("src/a.rs", "src/a.rs", true),
            ("src", "src/a.rs", true),
            ("src/a.rs", "src/b.rs", false),
            ("src/a", "src/ab", false),
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "src/a.ts", false),
            ("src/*.rs", "src/deep/a.rs", false),
            ("src/**", "src/deep/a.rs", true),
            ("src/**/a.rs", "src/a.rs", true),
            ("src/**/a.rs", "src/x/y/a.rs", true),
            ("**/tests", "src/a/tests/b.rs", true),
            ("src/**/b.rs", "docs/**", false),
            ("src/a*c", "src/*bc", true),
            ("src/a*", "src/b*", false),
            ("src/?.rs", "src/ab.rs", false),
            ("app/[id]/page.tsx", "app/[id]/page.tsx", true),
            ("app/[id]", "app/i", false),
            ("**", "x", true),
            ("a/**/z", "a/b", true),
        ] {
            assert_eq!(resource(one).overlaps(&resource(other)), meet, "{one} and {other}");
            assert_eq!(resource(other).overlaps(&resource(one)), meet, "{other} and {one}");
        }
    }

    #[test]
    fn a_path_that_leads_out_of_the_project_is_refused() {
        assert_eq!(resource("./src//types/").as_str(), "src/types");
        for text in ["/etc", "../x", "a/../b", "~/x"] {
            assert!(matches!(Resource::parse(text), Err(ResourceError::Outside { .. })), "{text}");
        }
        for text in ["", " ", ".", "./", "//"] {
            let read = Resource::parse(text);
            assert!(read.is_err(), "{text:?}: {read:?}");
        }
        assert_eq!(Resource::parse("a\u{1b}b"), Err(ResourceError::Control));
    }

    #[test]
    fn only_a_plan_and_nothing_hinder_nobody_and_readers_each_other() {
        use LockKind::{Exclusive, Intent, None, Shared};
        let all = [Exclusive, Shared, Intent, None];
        for one in all {
            for other in all {
                let apart =
                    matches!((one, other), (Exclusive, Exclusive | Shared) | (Shared, Exclusive));
                assert_eq!(go_together(one, other), !apart, "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn a_length_is_read_strictly() {
        for (text, minutes) in
            [("4 hours", 240), ("30 minutes", 30), ("2h", 120), ("1.5h", 90), ("1 day", 1440)]
        {
            assert_eq!(parse_length(text), Ok(SignedDuration::from_mins(minutes)), "{text}");
        }
        for text in
            ["", "4", "soon", "4 hours or so", "-1h", "0h", ".5h", "1e3h", "8 days", "hours"]
        {
            assert!(parse_length(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_meets_each_path_that_it_is_made_of(parts in prop::collection::vec("[a-c]{1,3}", 1..5), stars in prop::collection::vec(0..4_u8, 5)) {
            let path = parts.join("/");
            let pattern: Vec<String> = parts.iter().zip(&stars).map(|(part, star)| match star {
                0 => part.clone(),
                1 => "*".to_owned(),
                2 => "**".to_owned(),
                _ => format!("{}*", part.get(..1).unwrap_or_default()),
            }).collect();
            let pattern = resource(&pattern.join("/"));
            prop_assert!(pattern.overlaps(&resource(&path)), "{pattern} and {path}");
        }

        #[test]
        fn two_patterns_meet_where_a_path_fits_both(
            one in prop::collection::vec("[ab*]{1,2}", 1..4),
            other in prop::collection::vec("[ab*]{1,2}", 1..4),
            path in prop::collection::vec("[ab]{1,2}", 1..4),
        ) {
            let (one, other) = (resource(&one.join("/")), resource(&other.join("/")));
            let path = resource(&path.join("/"));
            // The path itself, not what lies above it, is in both.
            let holds = |it: &Resource| it.overlaps(&path) && it.as_str().split('/').count() <= path.as_str().split('/').count();
            if !one.as_str().contains("**") && !other.as_str().contains("**") && holds(&one) && holds(&other) {
                prop_assert!(one.overlaps(&other), "{one}, {other}, {path}");
            }
        }
    }
}
