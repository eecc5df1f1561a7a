//! Runs the commands of a proof one after the other, all output in one log.
//!
//! A failed command does not stop the next: what is wrong is to be seen at once. The time limit holds
//! for all together; the command that passes it is killed with everything it started, and no
//! other is begun. What the log says about tests is read after each command.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::guard::{Ended, guard};
use super::laid::{Laid, lay};
use super::reports::Reports;
use super::{environment, io_problem, watchdog};
use crate::domain::checks::{CheckCommand, TestCounts};
use crate::domain::hex;
use crate::domain::results;
use crate::domain::submission::CheckRun;
use crate::ports::proving::{CheckOrder, CheckReport, ProvingError};

/// How long a killed command's watchdog may take to say so; it has only to wait for the kernel.
const GRACE: Duration = Duration::from_secs(10);

/// Longer than any proof, and short enough for the system's clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The end of a command's output that is searched for results: summaries stand last.
const READ_LIMIT: u64 = 64 << 20;

/// A command that runs.
struct Running {
    /// It is killed when this is dropped.
    lifeline: Box<dyn Send>,
    /// How it ended.
    ended: mpsc::Receiver<Ended>,
}

/// Runs the commands.
pub(super) fn run(launcher: &[OsString], order: &CheckOrder) -> Result<CheckReport, ProvingError> {
    let problem = |error: std::io::Error| io_problem(&order.log, &error);
    let mut log = open_log(&order.log).map_err(problem)?;
    let mut reports = Reports::of(order)?;
    let deadline = Instant::now() + Duration::from_secs(order.config.time_limit_s).min(LONGEST);
    let mut runs = Vec::new();
    let mut timed_out = false;
    for command in &order.commands {
        if timed_out {
            break;
        }
        writeln!(log, "$ {}   (from {})", command.argv.join(" "), command.found_by)
            .map_err(problem)?;
        let begins_at = log.metadata().map_err(problem)?.len();
        let began = Instant::now();
        let laid = lay(order, command)?;
        let running = start(launcher, (command, &laid), order, &log)?;
        let ended = running.wait(deadline);
        drop(laid);
        let took = began.elapsed();
        timed_out = ended.is_none();
        let exit_status = exit_status(command, ended.as_ref())?;
        let tests = match reports.read_new() {
            Some(counts) => Some(counts),
            None => results_in(&order.log, begins_at).map_err(problem)?,
        };
        writeln!(log, "[{}]", epilogue(ended.as_ref(), took)).map_err(problem)?;
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        runs.push(CheckRun { command: command.clone(), exit_status, duration_ms, tests });
    }
    log.sync_all().map_err(problem)?;
    let log_sha256 = sha256(&order.log).map_err(problem)?;
    Ok(CheckReport { runs, log_sha256, timed_out })
}

fn open_log(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::create(path)?;
    // Appending, so that our lines and the command's own never overwrite each other.
    File::options().append(true).open(path)
}

fn exit_status(command: &CheckCommand, ended: Option<&Ended>) -> Result<Option<i32>, ProvingError> {
    match ended {
        Some(Ended::Exited(status)) => Ok(Some(*status)),
        Some(Ended::Killed(_)) | None => Ok(None),
        Some(Ended::NotStarted(problem)) => Err(cannot_start(command, problem)),
    }
}

fn epilogue(ended: Option<&Ended>, took: Duration) -> String {
    let how = match ended {
        Some(Ended::Exited(status)) => format!("exit status {status}"),
        Some(Ended::Killed(signal)) => format!("killed by signal {signal}"),
        Some(Ended::NotStarted(_)) => "not started".to_owned(),
        None => "killed at the time limit".to_owned(),
    };
    format!("{how}, {} ms", took.as_millis())
}

fn cannot_start(command: &CheckCommand, problem: &str) -> ProvingError {
    ProvingError::CannotStart { command: command.argv.join(" "), problem: problem.to_owned() }
}

fn start(
    launcher: &[OsString],
    (command, laid): (&CheckCommand, &Laid),
    order: &CheckOrder,
    log: &File,
) -> Result<Running, ProvingError> {
    let output = || log.try_clone().map_err(|error| io_problem(&order.log, &error));
    let words: Vec<&OsStr> =
        launcher.iter().map(AsRef::as_ref).chain(laid.argv.iter().map(AsRef::as_ref)).collect();
    let [program, args @ ..] = words.as_slice() else {
        return Err(cannot_start(command, "the command is empty"));
    };
    let invocation = match command.recipe() {
        Some(_) => environment::of_recipe(program, &order.folder),
        None => environment::invocation(program, &order.folder),
    };
    let mut process = invocation.args(args).to_command();
    process.stderr(Stdio::from(output()?));
    let started = if launcher.is_empty() {
        process.stdout(Stdio::from(output()?));
        start_here(process)
    } else {
        start_watched(process)
    };
    started.map_err(|error| cannot_start(command, &error.to_string()))
}

/// Starts a command under this process's own guard.
fn start_here(process: std::process::Command) -> std::io::Result<Running> {
    let (reader, writer) = std::io::pipe()?;
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(guard(process, reader)));
    Ok(Running { lifeline: Box::new(writer), ended })
}

/// Starts a command under a watchdog, in a group of its own so that no Ctrl-C ends it before the command.
fn start_watched(mut process: std::process::Command) -> std::io::Result<Running> {
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    let mut watchdog = process.spawn()?;
    let lifeline = watchdog.stdin.take();
    let answer = watchdog.stdout.take();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut answer) = answer {
            let _ = answer.read_to_string(&mut text);
        }
        let _ = watchdog.wait();
        let _ = sender.send(watchdog::parse(&text));
    });
    Ok(Running { lifeline: Box::new(lifeline), ended })
}

impl Running {
    /// Waits for its end; none: it was killed at the deadline.
    fn wait(self, deadline: Instant) -> Option<Ended> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.ended.recv_timeout(left) {
            Ok(ended) => Some(ended),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Some(Ended::NotStarted("its guard has died".to_owned()))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                drop(self.lifeline);
                let _ = self.ended.recv_timeout(GRACE);
                None
            }
        }
    }
}

/// What a command's part of the log says about tests.
fn results_in(log: &Path, begins_at: u64) -> std::io::Result<Option<TestCounts>> {
    let mut file = File::open(log)?;
    let ends_at = file.metadata()?.len();
    file.seek(SeekFrom::Start(begins_at.max(ends_at.saturating_sub(READ_LIMIT))))?;
    let mut bytes = Vec::new();
    file.take(READ_LIMIT).read_to_end(&mut bytes)?;
    Ok(results::read_output(&String::from_utf8_lossy(&bytes)))
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    // One page after the other: a log may be larger than the memory.
    let mut bytes = vec![0_u8; 1 << 16];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(hex::encode(&hash.finalize())),
            length => hash.update(bytes.get(..length).unwrap_or_default()),
        }
    }
}
