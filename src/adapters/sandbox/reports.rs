//! JUnit files of a tree: finds those that were asked for, and counts each once, after the command that wrote it.
//!
//! A report that lay in the tree before the checks ran proves nothing: it is removed first. Links
//! and paths that lead out of the tree are not followed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::io_problem;
use crate::domain::checks::{CheckCommand, TestCounts};
use crate::domain::results::junit;
use crate::ports::proving::{CheckOrder, ProvingError};

/// How a command names its report; pytest's word.
const REPORT_ARGUMENT: &str = "--junitxml=";

/// The reports of one run.
pub(super) struct Reports {
    folder: PathBuf,
    wanted: Vec<PathBuf>,
    read: HashMap<PathBuf, SystemTime>,
}

impl Reports {
    /// The reports that the configuration and the commands name; those that are there already are removed.
    pub(super) fn of(order: &CheckOrder) -> Result<Self, ProvingError> {
        let named = order.commands.iter().flat_map(named_by);
        let wanted: Vec<_> = order.config.junit.iter().cloned().chain(named).collect();
        if let Some(path) = wanted.iter().find(|path| !is_inside(path)) {
            let problem = "a report must lie inside the tree".to_owned();
            return Err(ProvingError::Io { path: path.clone(), problem });
        }
        let folder =
            order.folder.canonicalize().map_err(|error| io_problem(&order.folder, &error))?;
        let reports = Self { folder, wanted, read: HashMap::new() };
        for stale in reports.present() {
            std::fs::remove_file(&stale).map_err(|error| io_problem(&stale, &error))?;
        }
        Ok(reports)
    }

    /// Counts of the reports that were written since the last call; none: there are none.
    pub(super) fn read_new(&mut self) -> Option<TestCounts> {
        let mut total: Option<TestCounts> = None;
        for path in self.present() {
            let written = path
                .metadata()
                .and_then(|found| found.modified())
                .unwrap_or(SystemTime::UNIX_EPOCH);
            if self.read.insert(path.clone(), written) == Some(written) {
                continue;
            }
            if let Some(counts) = load(&path).as_deref().and_then(junit::read) {
                total.get_or_insert_default().add(&counts);
            }
        }
        total
    }

    fn present(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> =
            self.wanted.iter().flat_map(|pattern| self.matching(pattern)).collect();
        found.sort();
        found.dedup();
        found
    }

    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let parent = self.folder.join(pattern.parent().unwrap_or_else(|| Path::new("")));
        let stays_inside = parent.canonicalize().is_ok_and(|real| real.starts_with(&self.folder));
        let (Some(name), true, Ok(entries)) =
            (pattern.file_name(), stays_inside, std::fs::read_dir(&parent))
        else {
            return Vec::new();
        };
        entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter(|entry| matches_name(name, &entry.file_name()))
            .map(|entry| entry.path())
            .collect()
    }
}

fn named_by(command: &CheckCommand) -> Vec<PathBuf> {
    command
        .argv
        .iter()
        .filter_map(|word| word.strip_prefix(REPORT_ARGUMENT))
        .map(PathBuf::from)
        .collect()
}

fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn matches_name(pattern: &OsStr, name: &OsStr) -> bool {
    let (pattern, name) = (pattern.to_string_lossy(), name.to_string_lossy());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn load(path: &Path) -> Option<String> {
    let limit = u64::try_from(junit::MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part_of_a_name() {
        let fits = |pattern: &str, name: &str| matches_name(OsStr::new(pattern), OsStr::new(name));
        assert!(fits("TEST-*.xml", "TEST-a.b.xml"));
        assert!(fits("*", "anything") && fits("a*b*c", "a1b2b3c") && fits("x.xml", "x.xml"));
        assert!(!fits("TEST-*.xml", "TEST.xml"));
        assert!(!fits("x.xml", "x.xml2") && !fits("a*a", "a"));
    }

    #[test]
    fn a_report_outside_the_tree_is_refused() {
        assert!(is_inside(Path::new("target/report.xml")));
        assert!(!is_inside(Path::new("../report.xml")) && !is_inside(Path::new("/report.xml")));
    }
}
