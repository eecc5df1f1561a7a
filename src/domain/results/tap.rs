//! Reads the Test Anything Protocol, versions 12 to 14 (<https://testanything.org>).
//!
//! Only the top level counts: subtests are indented and their parent line says how they went. Tests
//! that the plan promised and that did not run have failed, and so has a run without a plan.

use crate::domain::checks::TestCounts;

/// Counts the tests of TAP output; several streams one after the other are added up.
///
/// None: it is not TAP, having neither a version line, nor a plan, nor a numbered test.
pub fn read(text: &str) -> Option<TestCounts> {
    let mut stream = Stream::default();
    text.lines().for_each(|line| stream.take(line.trim_end()));
    stream.finish()
}

#[derive(Default)]
struct Stream {
    counts: TestCounts,
    is_tap: bool,
    planned: Option<u64>,
    seen: u64,
}

/// What a test line says besides its result.
#[derive(PartialEq)]
enum Directive {
    None,
    Skip,
    Todo,
}

impl Stream {
    fn take(&mut self, line: &str) {
        if line.starts_with("TAP version ") {
            self.is_tap = true;
        } else if let Some(planned) = plan(line) {
            self.is_tap = true;
            self.planned = Some(self.planned.unwrap_or(0).saturating_add(planned));
        } else if let Some(reason) = line.strip_prefix("Bail out!") {
            self.counts.add_failure(format!("Bail out!{reason}"));
        } else if let Some(rest) = result(line, "not ok") {
            self.test(rest, false);
        } else if let Some(rest) = result(line, "ok") {
            self.test(rest, true);
        }
    }

    fn test(&mut self, rest: &str, is_ok: bool) {
        let (name, directive) = split_directive(rest);
        let digits = name.trim_start_matches(|letter: char| letter.is_ascii_digit());
        self.is_tap |= digits.len() < name.len();
        self.seen += 1;
        match (is_ok, directive) {
            (_, Directive::Skip) | (false, Directive::Todo) => {
                self.counts.skipped = self.counts.skipped.saturating_add(1);
            }
            (true, _) => self.counts.passed = self.counts.passed.saturating_add(1),
            (false, Directive::None) => {
                let name = digits.trim_start().trim_start_matches("- ").trim();
                let name =
                    if name.is_empty() { format!("test {}", self.seen) } else { name.to_owned() };
                self.counts.add_failure(name);
            }
        }
    }

    fn finish(mut self) -> Option<TestCounts> {
        if !self.is_tap {
            return None;
        }
        match self.planned {
            None => self.counts.add_failure("there is no plan: the tests did not run to their end"),
            Some(planned) if planned > self.seen => {
                let missing = planned - self.seen;
                let more = u32::try_from(missing - 1).unwrap_or(u32::MAX);
                self.counts.add_failure(format!("{missing} tests of the plan did not run"));
                self.counts.failed = self.counts.failed.saturating_add(more);
            }
            Some(planned) if planned < self.seen => {
                self.counts.add_failure(format!("{} tests ran, {planned} were planned", self.seen));
            }
            Some(_) => {}
        }
        Some(self.counts)
    }
}

/// The number of tests of a plan line.
fn plan(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("1..")?;
    let number = rest.split('#').next().unwrap_or_default().trim();
    // A number that does not fit is no plan that could be kept: the most tests there can be.
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| number.parse().unwrap_or(u64::MAX))
}

/// What follows the word on a test line.
fn result<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start())
}

/// A test line's description and directive; `\#` is no directive.
fn split_directive(rest: &str) -> (&str, Directive) {
    let marks = rest.match_indices('#').filter(|(at, _)| {
        rest.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with(' '))
    });
    for (at, _) in marks {
        let (name, mark) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let word: String = mark
            .trim_start_matches('#')
            .trim_start()
            .chars()
            .take(4)
            .collect::<String>()
            .to_ascii_lowercase();
        match word.as_str() {
            "skip" => return (name.trim_end(), Directive::Skip),
            "todo" => return (name.trim_end(), Directive::Todo),
            _ => {}
        }
    }
    (rest, Directive::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> (u32, u32, u32) {
        let counts = read(text).expect("it is TAP");
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn tests_pass_fail_and_are_skipped() {
        let text = "TAP version 13\n1..5\nok 1 - adds\nnot ok 2 - subtracts\r\n  ---\n  not ok 9\n  ...\nok 3 # SKIP no network\nnot ok 4 - later # TODO soon\nok\n";
        assert_eq!(counts(text), (2, 1, 2));
        assert_eq!(read(text).expect("TAP").failures, ["subtracts"]);
    }

    #[test]
    fn a_test_that_the_plan_promised_and_that_did_not_run_has_failed() {
        assert_eq!(counts("1..4\nok 1\nok 2\n"), (2, 2, 0));
        assert_eq!(counts("ok 1\nok 2\n1..2\n"), (2, 0, 0));
        assert_eq!(counts("ok 1\nok 2\n"), (2, 1, 0), "it died before the plan at its end");
        assert_eq!(counts("1..1\nok 1\nok 2\n"), (2, 1, 0));
        assert_eq!(counts("1..99999999999999999999999\n").1, u32::MAX);
    }

    #[test]
    fn a_bail_out_has_failed() {
        let text = "1..3\nok 1\nBail out! the database is gone\n";
        assert_eq!(counts(text), (1, 3, 0));
        assert_eq!(read(text).expect("TAP").failures[0], "Bail out! the database is gone");
    }

    #[test]
    fn subtests_are_counted_by_their_parent_alone() {
        let text = "TAP version 14\n1..1\n# Subtest: group\n    1..2\n    ok 1\n    not ok 2\nnot ok 1 - group\n";
        assert_eq!(counts(text), (0, 1, 0));
    }

    #[test]
    fn a_plan_of_nothing_is_no_failure_and_a_hash_in_a_name_is_no_directive() {
        assert_eq!(counts("1..0 # SKIP not on this system\n"), (0, 0, 0));
        assert_eq!(
            counts("1..2\nnot ok 1 - issue \\# todo\nnot ok 2 - #3 in the list\n"),
            (0, 2, 0)
        );
    }

    #[test]
    fn streams_one_after_the_other_are_added_up() {
        assert_eq!(counts("1..1\nok 1 - a\n1..2\nok 1 - b\nnot ok 2 - c\n"), (2, 1, 0));
    }
}
