//! What an idle workbench costs: fifty panes, nobody does anything.
//!
//! Times are the kernel's own account (10 ms ticks), so the window is long. A process that was
//! started and waited for leaves page faults on its parent's account; none there means none started.

use std::time::{Duration, Instant};

use crate::figures::Row;
use crate::place::{Place, rest};

/// A tick is 0.04 % of this.
const WINDOW: Duration = Duration::from_secs(25);
/// Threads that had work end after 20 s; until then the workbench is not at rest.
const SETTLE: Duration = Duration::from_secs(3);
/// The kernel's ticks, `getconf CLK_TCK`: 100 on every Linux of the last twenty years.
pub const TICKS: f64 = 100.0;

/// One process's account at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    ticks: u64,
    /// Of its children that have ended.
    pub children_ticks: u64,
    children_faults: u64,
    resident_kib: u64,
}

/// Measures supervisor and tmux server.
pub fn measure(place: &Place) -> Vec<Row> {
    let pids = [place.supervisor(), place.tmux_server()];
    rest(SETTLE);
    let before = pids.map(Account::of);
    let busy_before = machine_ticks();
    let began = Instant::now();
    rest(WINDOW);
    let seconds = began.elapsed().as_secs_f64();
    let after = pids.map(Account::of);
    let others = (machine_ticks() - busy_before) as f64 / TICKS / seconds * 100.0;
    let cpu = |at: usize| {
        let spent = after[at].ticks - before[at].ticks;
        spent as f64 / TICKS / seconds * 100.0
    };
    let faults: u64 = (0..2).map(|at| after[at].children_faults - before[at].children_faults).sum();
    let resident = |at: usize| after[at].resident_kib as f64 / 1024.0;
    let total = cpu(0) + cpu(1);
    let memory = resident(0) + resident(1);
    vec![
        Row::figure(
            "idle, 50 panes: CPU of supervisor and tmux server",
            format!("{total:.2} % ({:.2} + {:.2}) of a core, {seconds:.0} s", cpu(0), cpu(1)),
            format!("whole machine meanwhile {others:.0} %"),
            "< 0.2 %",
            total < 0.2,
        ),
        Row::figure(
            "idle, 50 panes: processes started",
            if faults == 0 { "0".to_owned() } else { format!("some ({faults} page faults)") },
            String::new(),
            "0",
            faults == 0,
        ),
        Row::figure(
            "idle, 50 panes: memory of supervisor and tmux server",
            format!("{memory:.1} MiB ({:.1} + {:.1})", resident(0), resident(1)),
            String::new(),
            "< 40 MiB",
            memory < 40.0,
        ),
    ]
}

impl Account {
    /// The account of a process.
    pub fn of(pid: u32) -> Self {
        let read = |file: &str| {
            std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("the process lives")
        };
        let stat = read("stat");
        // The name is in parentheses and may hold anything.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|text| text.parse().ok()).unwrap_or(0_u64);
        let resident = read("status").lines().find_map(|line| {
            line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok()
        });
        // Counted from the state, which is field 3 of proc_pid_stat(5): cminflt 11, utime 14, stime 15,
        // cutime 16, cstime 17.
        Self {
            ticks: number(11) + number(12),
            children_ticks: number(13) + number(14),
            children_faults: number(8),
            resident_kib: resident.unwrap_or(0),
        }
    }
}

/// All busy ticks of the machine.
fn machine_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = stat.lines().next().unwrap_or_default();
    let numbers: Vec<u64> = first.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // user, nice, system, (idle, iowait,) irq, softirq, steal
    [0, 1, 2, 5, 6, 7].iter().filter_map(|at| numbers.get(*at)).sum()
}
