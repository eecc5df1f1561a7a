//! What an idle workbench costs with the screen open: nobody does anything, and every screen is read by rules.
//!
//! Times are the kernel's own account (10 ms ticks), so the windows are long. A process that was
//! started and waited for leaves page faults on its parent's account; none there means none started. The
//! commands are counted by the tmux server itself, in its log of messages.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::crew::{AGENCY_SIZE, Crew};
use crate::figures::Row;
use crate::place::{Place, rest, run};
use crate::watched::Watched;

/// A tick is 0.03 % of this.
const LONG: Duration = Duration::from_secs(30);
/// Until then some agent's age is in seconds, and drawn anew each second.
const SECONDS_SHOWN: Duration = Duration::from_secs(62);
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

/// What all of ours did in a while.
pub struct Window {
    /// What each part used, in percent of a core.
    used: Vec<(&'static str, f64)>,
    /// The whole machine's use meanwhile, in percent of a core.
    pub machine: f64,
    seconds: f64,
    commands: usize,
    faults: u64,
    resident_mib: f64,
}

/// Measures a workbench of so many agencies.
pub fn measure(crew: &Crew, agencies: usize) -> Vec<Row> {
    let panes = agencies * AGENCY_SIZE;
    let began = Instant::now();
    let screen = Watched::start(&crew.place, "Crew00");
    let young = Window::over(&crew.place, &screen, LONG);
    rest(SECONDS_SHOWN.saturating_sub(began.elapsed()));
    let window = Window::over(&crew.place, &screen, LONG);
    let total = window.cpu();
    let memory = window.resident_mib;
    let pace = window.commands as f64 / window.seconds;
    let is_still = window.faults == 0;
    vec![
        Row::figure(
            &format!("idle, {panes} panes, screen open: CPU of all of ours and tmux"),
            format!("{total:.2} % of a core ({}), {:.0} s", window.parts(), window.seconds),
            format!("whole machine meanwhile {:.0} %", window.machine),
            "< 0.2 %",
            total < 0.2,
        ),
        Row::figure(
            &format!("the same in the first minute, {panes} panes: ages in seconds"),
            format!("{:.2} % of a core ({})", young.cpu(), young.parts()),
            format!("whole machine meanwhile {:.0} %", young.machine),
            "",
            true,
        ),
        Row::figure(
            &format!("idle, {panes} panes: tmux commands a second"),
            format!("{pace:.2} ({} in {:.0} s)", window.commands, window.seconds),
            String::new(),
            "",
            true,
        ),
        Row::figure(
            &format!("idle, {panes} panes: processes started"),
            if is_still { "0".to_owned() } else { format!("some ({} page faults)", window.faults) },
            String::new(),
            "0",
            is_still,
        ),
        Row::figure(
            &format!("idle, {panes} panes: memory of all of ours and tmux"),
            format!("{memory:.1} MiB"),
            String::new(),
            "",
            true,
        ),
    ]
}

impl Window {
    /// Looks on for a while.
    pub fn over(place: &Place, screen: &Watched, time: Duration) -> Self {
        let (tui, _) = screen.processes();
        let (supervisor, server) = (place.supervisor(), place.tmux_server());
        let mut processes = vec![("supervisor", supervisor), ("screen", tui), ("tmux", server)];
        processes.extend(children_of(supervisor).into_iter().map(|pid| ("clients", pid)));
        let accounts = || processes.iter().map(|(_, pid)| Account::of(*pid)).collect::<Vec<_>>();
        let socket = place.tmux_socket();
        let commands = commands_of(&socket);
        let (before, busy, began) = (accounts(), machine_ticks(), Instant::now());
        rest(time);
        let seconds = began.elapsed().as_secs_f64();
        let (after, busy) = (accounts(), machine_ticks() - busy);
        let percent = |ticks: u64| ticks as f64 / TICKS / seconds * 100.0;
        let mut used: Vec<(&'static str, f64)> = Vec::new();
        for (at, (name, _)) in processes.iter().enumerate() {
            let cpu = percent(after[at].ticks - before[at].ticks);
            match used.last_mut().filter(|(last, _)| last == name) {
                Some((_, sum)) => *sum += cpu,
                None => used.push((*name, cpu)),
            }
        }
        let faults = |all: &[Account]| all.iter().map(|one| one.children_faults).sum::<u64>();
        Self {
            used,
            machine: percent(busy),
            seconds,
            // The second count is one itself.
            commands: commands_of(&socket).saturating_sub(commands + 1),
            faults: faults(&after) - faults(&before),
            resident_mib: after.iter().map(|one| one.resident_kib).sum::<u64>() as f64 / 1024.0,
        }
    }

    /// All of it, in percent of a core.
    pub fn cpu(&self) -> f64 {
        self.used.iter().map(|(_, cpu)| cpu).sum()
    }

    /// Who used how much.
    pub fn parts(&self) -> String {
        let part = |(name, cpu): &(&str, f64)| format!("{name} {cpu:.2}");
        self.used.iter().map(part).collect::<Vec<_>>().join(", ")
    }
}

/// How many commands a tmux server has run. It keeps the last thousand, unless it is told to keep more.
fn commands_of(socket: &str) -> usize {
    let tmux = || {
        let mut tmux = Command::new("tmux");
        tmux.args(["-S", socket]).env_remove("TMUX");
        tmux
    };
    run(tmux().args(["set-option", "-s", "message-limit", "1000000"]));
    let said = run(tmux().arg("show-messages"));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    said.lines().filter(|line| line.contains(" command: ") && !line.contains("set-option")).count()
}

/// The process of a tmux server.
pub fn tmux_of(socket: &str) -> u32 {
    let mut ask = Command::new("tmux");
    ask.arg("-S").arg(socket).args(["display-message", "-p", "#{pid}"]);
    let said = run(ask.env_remove("TMUX"));
    String::from_utf8_lossy(&said.stdout).trim().parse().expect("a process id")
}

/// What a process uses in a while, in percent of a core.
pub fn cpu_of(pid: u32, time: Duration) -> f64 {
    let (before, began) = (Account::of(pid), Instant::now());
    rest(time);
    let ticks = Account::of(pid).ticks - before.ticks;
    ticks as f64 / TICKS / began.elapsed().as_secs_f64() * 100.0
}

/// The children of a process that are there now: of the supervisor, its clients of the tmux server.
fn children_of(parent: u32) -> Vec<u32> {
    let is_child = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
        fields.and_then(|mut fields| fields.nth(1)?.parse().ok()) == Some(parent)
    };
    let entries = std::fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_child).collect()
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
