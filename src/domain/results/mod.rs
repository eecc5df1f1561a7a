//! Readers of test results: what the output of a check says about its tests.
//!
//! They read text and nothing else, never fail, and never guess: output in no known format gives no
//! counts. Whether a check passed is decided by its exit status as well, never by these counts alone.

pub mod cargo;

pub mod junit;

pub mod tap;

use std::borrow::Cow;

use crate::domain::checks::TestCounts;

/// Reads a command's output in whichever known format it is; none: in no known one.
pub fn read_output(text: &str) -> Option<TestCounts> {
    let text = without_colours(text);
    junit::read(&text).or_else(|| cargo::read(&text)).or_else(|| tap::read(&text))
}

/// The text without the escape sequences that terminals take for colours.
fn without_colours(text: &str) -> Cow<'_, str> {
    const ESCAPE: char = '\u{1b}';
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter == ESCAPE && rest.peek() == Some(&'[') {
            // A sequence ends with the first letter.
            rest.by_ref().skip(1).find(|found| ('@'..='~').contains(found));
        } else {
            plain.push(letter);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines that the readers look at, whole and broken, in any order.
    fn lines() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            "TAP version 14",
            "1..3",
            "1..4294967295",
            "1..99999999999999999999",
            "1..0 # SKIP none",
            "ok 1 - a",
            "ok",
            "not ok 2 - b",
            "not ok 3 # TODO later",
            "Bail out! gone",
            "test result: FAILED. 4294967295 passed; 4294967295 failed; 1 ignored;",
            "test result: ok. x passed",
            "test a::b ... FAILED",
            "     Summary [   0.1s] 3/10 tests run: 2 passed, 1 failed, 4294967295 skipped",
            "        FAIL [   0.1s] (1/3) crate a::b",
            "<testsuite failures=\"9999999999\">",
            "<testcase name=\"&amp;&x;\">",
            "<failure/>",
            "</testcase>",
            "</testsuite>",
            "\u{1b}[31m",
        ]);
        prop::collection::vec(prop_oneof![known.prop_map(str::to_owned), ".{0,30}"], 0..12)
            .prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_the_names_never_outnumber_the_failures(text in lines()) {
            let readers = [read_output, tap::read, cargo::read, junit::read];
            let mut total = TestCounts::default();
            for counts in readers.iter().filter_map(|read| read(&text)) {
                prop_assert!(counts.failures.len() <= TestCounts::MAX_FAILURES);
                prop_assert!(counts.failures.len() as u64 <= u64::from(counts.failed));
                total.add(&counts);
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in "\\PC*") {
            let _ = (read_output(&text), tap::read(&text), cargo::read(&text), junit::read(&text));
        }
    }

    #[test]
    fn colours_do_not_hide_a_result() {
        let text = "test result: \u{1b}[32mok\u{1b}[0m. 2 passed; 0 failed; 0 ignored";
        assert_eq!(read_output(text).expect("known").passed, 2);
    }

    #[test]
    fn output_in_no_known_format_says_nothing_about_tests() {
        for text in
            ["", "ok", "ok  \texample.com/pkg\t0.01s", "all good\n", "<html></html>", "1 passed"]
        {
            assert_eq!(read_output(text), None, "{text:?}");
        }
    }
}
