//! Reads JUnit XML reports, as pytest, jest, gradle, maven and others write them.
//!
//! Test cases are counted where they stand, in suites nested at will. Limits on size and depth keep a
//! hostile report from costing more than its reading; a report that is cut off or malformed
//! gives no counts at all. No entity but the five of XML is resolved, and nothing is fetched.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::domain::checks::TestCounts;

/// Longest report that is read, in bytes: a hundred thousand test cases with some output.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Deepest nesting: suites in suites go to five or six, and failures hold text.
const MAX_DEPTH: usize = 64;

/// Counts the tests of a JUnit report; none: it is not one, or not a whole one.
pub fn read(text: &str) -> Option<TestCounts> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') || text.len() > MAX_BYTES {
        return None;
    }
    let mut report = Report::default();
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => report.open(&element)?,
            Event::Empty(element) => {
                report.open(&element)?;
                report.close();
            }
            Event::End(_) => report.close(),
            Event::Eof => return report.finish(),
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

#[derive(Default)]
struct Report {
    counts: TestCounts,
    depth: usize,
    is_junit: bool,
    /// Failures and errors that the outermost element claims.
    claimed: u32,
    /// The test case that is open, and the depth of its element.
    case: Option<(Case, usize)>,
}

struct Case {
    name: String,
    verdict: Verdict,
}

#[derive(Clone, Copy)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Report {
    fn open(&mut self, element: &BytesStart<'_>) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        match element.local_name().into_inner() {
            "testsuites" | "testsuite" if self.depth == 1 => {
                self.is_junit = true;
                self.claimed =
                    number(element, "failures").saturating_add(number(element, "errors"));
            }
            _ if self.depth == 1 => return None,
            "testcase" if self.case.is_none() => {
                let case = Case { name: name(element), verdict: Verdict::Passed };
                self.case = Some((case, self.depth));
            }
            "failure" | "error" => self.judge(Verdict::Failed),
            "skipped" => self.judge(Verdict::Skipped),
            _ => {}
        }
        Some(())
    }

    /// A failure outweighs everything else that a case says.
    fn judge(&mut self, verdict: Verdict) {
        let depth = self.depth;
        if let Some((case, at)) = &mut self.case
            && depth == *at + 1
            && !matches!(case.verdict, Verdict::Failed)
        {
            case.verdict = verdict;
        }
    }

    fn close(&mut self) {
        if let Some((case, _)) = self.case.take_if(|(_, at)| *at == self.depth) {
            match case.verdict {
                Verdict::Passed => self.counts.passed = self.counts.passed.saturating_add(1),
                Verdict::Skipped => self.counts.skipped = self.counts.skipped.saturating_add(1),
                Verdict::Failed => self.counts.add_failure(case.name),
            }
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn finish(mut self) -> Option<TestCounts> {
        if !self.is_junit || self.depth > 0 {
            return None;
        }
        // A suite that failed to start has no case to show for it, only the number.
        self.counts.failed = self.counts.failed.max(self.claimed);
        Some(self.counts)
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok()??;
    // A name with an entity that XML does not know is shown as it stands.
    let value =
        found.normalized_value(XmlVersion::Implicit1_0).unwrap_or_else(|_| found.value.clone());
    Some(value.into_owned())
}

fn number(element: &BytesStart<'_>, name: &str) -> u32 {
    attribute(element, name).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn name(element: &BytesStart<'_>) -> String {
    let name = attribute(element, "name").unwrap_or_default();
    match attribute(element, "classname").filter(|class| !class.is_empty()) {
        Some(class) => format!("{class}.{name}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_in_nested_suites_are_counted_and_errors_are_failures() {
        let text = r#"<?xml version="1.0"?>
<testsuites><testsuite name="a"><testsuite name="b">
  <testcase classname="x" name="passes"/>
  <testcase classname="x" name="boom &amp; bust"><failure message="m">a &lt; b</failure><error/></testcase>
  <testcase name="errs"><error><![CDATA[<failure/>]]></error></testcase>
  <testcase name="later"><skipped/></testcase>
</testsuite><testcase name="prints"><system-out><x><failure/></x></system-out></testcase></testsuite></testsuites>"#;
        let counts = read(text).expect("a report");
        assert_eq!((counts.passed, counts.failed, counts.skipped), (2, 2, 1));
        assert_eq!(counts.failures, ["x.boom & bust", "errs"]);
    }

    #[test]
    fn a_suite_that_failed_to_start_is_counted_by_its_number() {
        let counts = read(r#"<testsuite errors="1" failures="0" tests="0"/>"#).expect("a report");
        assert_eq!(counts.failed, 1);
    }

    #[test]
    fn a_report_that_is_cut_off_or_malformed_or_too_deep_says_nothing() {
        let deep = format!("{}{}", "<testsuite>".repeat(100), "</testsuite>".repeat(100));
        for text in [
            "<testsuite><testcase name='a'/>",
            "<testsuite><testcase></testsuite>",
            "<project><testcase/></project>",
            "no report",
            &deep,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
