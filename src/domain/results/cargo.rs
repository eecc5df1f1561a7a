//! Reads the output of `cargo test` and `cargo nextest run`.
//!
//! The numbers come from the summary lines, one for each test binary, added up; names of failed
//! tests come from the lines above them. A build that fails has no summary and so no counts.

use crate::domain::checks::TestCounts;

/// Counts the tests of cargo output; none: there is no summary line in it.
pub fn read(text: &str) -> Option<TestCounts> {
    let mut total: Option<TestCounts> = None;
    let mut names = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(counts) = libtest(line).or_else(|| nextest(line)) {
            total.get_or_insert_default().add(&counts);
        } else if let Some(name) = failed_name(line) {
            names.push(name);
        }
    }
    let mut total = total?;
    for name in names {
        // Text that a test prints may look like a failed one; there are not more than the summary says.
        if total.failures.len() < usize::try_from(total.failed).unwrap_or(usize::MAX) {
            total.name_failure(name);
        }
    }
    Some(total)
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s`
fn libtest(line: &str) -> Option<TestCounts> {
    let rest = line.strip_prefix("test result: ")?;
    let (_, numbers) = rest.split_once(". ")?;
    count(numbers.split(';'))
}

/// `Summary [   0.1s] 3/10 tests run: 2 passed (1 slow), 1 failed, 4 skipped`
fn nextest(line: &str) -> Option<TestCounts> {
    let rest = line.strip_prefix("Summary [")?;
    let (head, numbers) = rest.split_once(" run: ")?;
    if !head.ends_with("test") && !head.ends_with("tests") {
        return None;
    }
    count(outside_brackets(numbers).split(','))
}

/// The text without what stands in round brackets: those numbers are part of others.
fn outside_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

fn count<'a>(parts: impl Iterator<Item = &'a str>) -> Option<TestCounts> {
    let mut counts = TestCounts::default();
    let mut is_known = false;
    for part in parts {
        let Some((number, word)) = part.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        let field = match word.trim() {
            "passed" => &mut counts.passed,
            "failed" | "timed out" | "exec failed" => &mut counts.failed,
            "ignored" | "skipped" => &mut counts.skipped,
            _ => continue,
        };
        *field = field.saturating_add(number);
        is_known = true;
    }
    is_known.then_some(counts)
}

/// The name on a line about a failed test.
fn failed_name(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix("test ") {
        return rest.strip_suffix(" ... FAILED").map(str::trim);
    }
    let (verdict, rest) = line.split_once(" [")?;
    let is_failure = ["FAIL", "TIMEOUT", "ABORT"].iter().any(|word| verdict.ends_with(word))
        || verdict.starts_with("SIG");
    if !is_failure {
        return None;
    }
    let (_, name) = rest.split_once(']')?;
    let name = name.trim();
    // Newer versions number the tests: `(1/3)`.
    let unnumbered = name.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    Some(unnumbered.map_or(name, |(_, name)| name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summaries_of_all_test_binaries_are_added_up() {
        let text = "\
running 2 tests
test a ... ok
test b::c ... FAILED

failures:
    b::c

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests x
test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.21s
";
        let counts = read(text).expect("known");
        assert_eq!((counts.passed, counts.failed, counts.skipped), (4, 1, 2));
        assert_eq!(counts.failures, ["b::c"]);
    }

    #[test]
    fn nextest_counts_what_timed_out_as_failed() {
        let text = "\
        PASS [   0.005s] (1/4) agency a::b
        FAIL [   0.005s] (2/4) agency c::d
     TIMEOUT [   1.005s] (3/4) agency::suite e
     SIGABRT [   0.005s] (4/4) agency f
------------
     Summary [   1.100s] 4/6 tests run: 1 passed (1 slow), 2 failed (1 leaky), 1 timed out, 2 skipped
        FAIL [   0.005s] (2/4) agency c::d
";
        let counts = read(text).expect("known");
        assert_eq!((counts.passed, counts.failed, counts.skipped), (1, 3, 2));
        assert_eq!(counts.failures, ["agency c::d", "agency::suite e", "agency f"]);
    }

    #[test]
    fn a_build_that_fails_says_nothing_about_tests() {
        assert_eq!(read("error[E0425]: cannot find value `x`\nerror: could not compile"), None);
    }
}
