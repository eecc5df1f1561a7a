//! The processes of a pane: its program and whatever came of it, as far as the system still tells.
//!
//! Ties are parents, process groups and sessions (`setsid`), so a child whose parent has ended belongs as
//! well; one that has left its session after its parents ended does not, and is left alone. No process
//! is ever taken for a later one with the same id: its start time must be the same. Where
//! there is no `/proc`, there are none.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::pause::Pause;
use crate::domain::id::SpawnId;
use crate::ports::terminals::birth_mark;

/// How long programs may take to put their things in order after each signal.
const GRACE: Duration = Duration::from_secs(1);

/// A process that cannot be mistaken for a later one with the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pid: u32,
    started: String,
}

/// What the system tells of one process.
#[derive(Debug, Clone)]
struct Told {
    program: Program,
    /// Parent, process group, session.
    ties: [u32; 3],
}

/// What tells a live process from a later one with the same id, after a reboot too; none where there is no `/proc`.
pub(super) fn born(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    birth_mark(BOOT.get_or_init(|| std::fs::read_to_string(BOOT_ID).unwrap_or_default()), &stat)
}

/// Where Linux tells which start of the machine this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// It does not change while this process lives.
static BOOT: OnceLock<String> = OnceLock::new();

impl Program {
    pub(super) fn find(pid: u32) -> Option<Self> {
        Told::of(pid).map(|told| told.program)
    }

    fn is_there(&self) -> bool {
        Self::find(self.pid).is_some_and(|found| found.started == self.started)
    }

    pub(super) fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_there()) {
            // It may end by itself in this moment, which is as good.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Told {
    /// From `/proc/<pid>/stat`; none if there is no such process or it only waits to be reaped.
    fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name is in brackets and may hold anything: fields are counted after the last one.
        let mut fields = text.rsplit_once(')')?.1.split_whitespace();
        if fields.next()? == "Z" {
            return None;
        }
        let mut number = || fields.next()?.parse::<u32>().ok();
        let ties = [number()?, number()?, number()?];
        // Field 22 of them all.
        let started = fields.nth(15)?.to_owned();
        Some(Self { program: Program { pid, started }, ties })
    }

    fn all() -> Vec<Self> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(Self::of).collect()
    }
}

/// The programs that live in panes, by their ids, and all that came of them.
pub(super) fn of(roots: &[u32]) -> Vec<Program> {
    family(&Told::all(), roots.iter().copied().collect(), std::process::id())
}

/// What a pane's dead program has left behind; each of them carries the mark of that life.
pub(super) fn left_by(root: u32, spawn: SpawnId) -> Vec<Program> {
    let all = Told::all();
    if root == 0 || all.iter().any(|told| told.program.pid == root) {
        // The id is a later process's.
        return Vec::new();
    }
    let mark = format!("AGENCY_SPAWN={spawn}");
    let is_marked = |program: &Program| {
        let environment = std::fs::read(format!("/proc/{}/environ", program.pid));
        environment.is_ok_and(|text| text.split(|byte| *byte == 0).any(|it| it == mark.as_bytes()))
    };
    let left = family(&all, BTreeSet::from([root]), std::process::id());
    left.into_iter().filter(is_marked).collect()
}

/// Ends them: in order if they can, else at once.
pub(super) fn end(programs: &[Program]) {
    for signal in [Signal::TERM, Signal::KILL] {
        programs.iter().for_each(|program| program.send(signal));
        if all_gone_within(GRACE, programs) {
            return;
        }
    }
}

/// Waits until they have ended by themselves; false if one has not within the grace.
pub(super) fn have_ended(programs: &[Program]) -> bool {
    all_gone_within(GRACE, programs)
}

/// Waits until they have ended; false if one has not within the limit.
pub(super) fn all_gone_within(limit: Duration, programs: &[Program]) -> bool {
    let mut pause = Pause::up_to(limit);
    while programs.iter().any(Program::is_there) {
        if !pause.again() {
            return false;
        }
    }
    true
}

/// All that is tied to these ids, over any number of steps. This process and its own are never of it: a
/// supervisor may have been started in a pane.
fn family(all: &[Told], roots: BTreeSet<u32>, own: u32) -> Vec<Program> {
    let mut ids: BTreeSet<u32> = roots.into_iter().filter(|id| *id > 1 && *id != own).collect();
    let is_own = |told: &Told| told.program.pid == own || told.ties.contains(&own);
    let others: Vec<&Told> = all.iter().filter(|told| !is_own(told)).collect();
    loop {
        let known = ids.len();
        let tied = |told: &&&Told| told.ties.iter().any(|tie| ids.contains(tie));
        let found: Vec<u32> = others.iter().filter(tied).map(|told| told.program.pid).collect();
        ids.extend(found);
        if ids.len() == known {
            break;
        }
    }
    let of_it = others.into_iter().filter(|told| ids.contains(&told.program.pid));
    of_it.map(|told| told.program.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pid: u32, parent: u32, group: u32, session: u32) -> Told {
        let program = Program { pid, started: "7".to_owned() };
        Told { program, ties: [parent, group, session] }
    }

    #[test]
    fn this_process_is_there_and_a_later_one_is_not_taken_for_it() {
        let here = Program::find(std::process::id()).expect("it runs");
        assert!(here.is_there());
        assert!(!Program { started: "0".to_owned(), ..here }.is_there());
    }

    #[test]
    fn a_family_holds_children_of_ended_parents_and_never_strangers_or_this_process() {
        let all = [
            told(10, 5, 10, 10),
            told(11, 10, 11, 10),
            told(12, 1, 11, 10),
            told(13, 12, 13, 13),
            told(14, 1, 13, 13),
            told(20, 1, 20, 20),
            told(30, 10, 30, 30),
            told(31, 30, 31, 31),
        ];
        let of = |root| -> Vec<u32> {
            let found = family(&all, BTreeSet::from([root]), 30);
            found.into_iter().map(|program| program.pid).collect()
        };
        assert_eq!(of(10), [10, 11, 12, 13, 14]);
        assert_eq!((of(20), of(1), of(9)), (vec![20], vec![], vec![]));
    }
}
