//! The one place that starts programs: explicit folder and environment, a deadline, a trace.
//!
//! No shell is ever in between. A program that passes its deadline is killed, with its process
//! group when it was given one; nothing else is ever signalled.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A program to run.
#[derive(Debug, Clone)]
pub struct Invocation {
    program: OsString,
    args: Vec<OsString>,
    folder: PathBuf,
    env: Vec<(OsString, OsString)>,
    unset: Vec<OsString>,
    stdin: Vec<u8>,
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Exit status.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// Standard output as text, without the last newline.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }

    /// The first lines of standard error, for messages.
    pub fn problem(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        text.lines().take(4).collect::<Vec<_>>().join("; ")
    }
}

/// Why a program gave no outcome.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not there.
    #[error("`{program}` is not installed, or not in PATH")]
    NotFound {
        /// The program.
        program: String,
    },
    /// It did not end in time and was killed.
    #[error("`{program}` did not end within {} ms", after.as_millis())]
    TimedOut {
        /// The program.
        program: String,
        /// How long was waited.
        after: Duration,
    },
    /// The system refused.
    #[error("`{program}`: {source}")]
    Io {
        /// The program.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Invocation {
    /// A program in a folder, with this process's environment.
    pub fn new(program: impl AsRef<OsStr>, folder: impl AsRef<Path>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            folder: folder.as_ref().to_owned(),
            env: Vec::new(),
            unset: Vec::new(),
            stdin: Vec::new(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Removes a variable.
    #[must_use]
    pub fn unset(mut self, key: impl AsRef<OsStr>) -> Self {
        self.unset.push(key.as_ref().to_owned());
        self
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// The same as a [`Command`], for programs that live on: the caller sets the pipes and waits.
    pub fn to_command(&self) -> Command {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.folder);
        self.unset.iter().for_each(|key| {
            command.env_remove(key);
        });
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null());
        tracing::debug!(program = ?self.program, args = ?self.args, folder = %self.folder.display(), "start");
        command
    }

    /// Runs it to its end, or kills it at the deadline.
    pub fn run(&self, deadline: Duration) -> Result<Outcome, RunError> {
        let began = Instant::now();
        let mut command = self.to_command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if !self.stdin.is_empty() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().map_err(|source| self.failed(source))?;
        let feeder = child.stdin.take().map(|mut pipe| {
            let bytes = self.stdin.clone();
            std::thread::spawn(move || {
                let _ = pipe.write_all(&bytes);
            })
        });
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let status = self.wait(&mut child, &stdout, deadline)?;
        if let Some(feeder) = feeder {
            let _ = feeder.join();
        }
        let (stdout, stderr) = (stdout.collect(), stderr.collect());
        tracing::debug!(program = ?self.program, ?status, took_ms = began.elapsed().as_millis(), "end");
        Ok(Outcome { status, stdout, stderr })
    }

    /// Waits until standard output closes, which is when nearly every program has ended.
    fn wait(
        &self,
        child: &mut Child,
        stdout: &Drain,
        deadline: Duration,
    ) -> Result<ExitStatus, RunError> {
        if !stdout.wait(deadline) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(RunError::TimedOut {
                program: self.program.to_string_lossy().into_owned(),
                after: deadline,
            });
        }
        child.wait().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> RunError {
        let program = self.program.to_string_lossy().into_owned();
        let folder_is_there = self.folder.is_dir();
        match source.kind() {
            std::io::ErrorKind::NotFound if folder_is_there => RunError::NotFound { program },
            _ => RunError::Io { program, source },
        }
    }
}

/// A pipe that a thread reads to its end.
struct Drain {
    done: mpsc::Receiver<Vec<u8>>,
    early: std::cell::RefCell<Option<Vec<u8>>>,
}

impl Drain {
    fn wait(&self, deadline: Duration) -> bool {
        match self.done.recv_timeout(deadline) {
            Ok(bytes) => {
                *self.early.borrow_mut() = Some(bytes);
                true
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => true,
            Err(mpsc::RecvTimeoutError::Timeout) => false,
        }
    }

    fn collect(self) -> Vec<u8> {
        let early = self.early.into_inner();
        // A grandchild may hold the pipe open after the program has ended: its output is not waited for.
        early.unwrap_or_else(|| self.done.recv_timeout(Duration::from_secs(1)).unwrap_or_default())
    }
}

fn drain<R: Read + Send + 'static>(pipe: Option<R>) -> Drain {
    let (sender, done) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    Drain { done, early: std::cell::RefCell::new(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gives_its_output_and_status() {
        let outcome = Invocation::new("sh", "/")
            .args(["-c", "cat; echo oops >&2; exit 3"])
            .stdin("hello")
            .run(Duration::from_secs(10))
            .expect("sh runs");
        assert_eq!(outcome.text(), "hello");
        assert_eq!(outcome.problem(), "oops");
        assert_eq!(outcome.status.code(), Some(3));
    }

    #[test]
    fn a_program_that_hangs_is_killed_at_the_deadline() {
        let result = Invocation::new("sleep", "/").args(["60"]).run(Duration::from_millis(50));
        assert!(matches!(result, Err(RunError::TimedOut { .. })));
    }

    #[test]
    fn a_missing_program_is_told_from_a_missing_folder() {
        let missing = Invocation::new("no-such-program-here", "/").run(Duration::from_secs(1));
        assert!(matches!(missing, Err(RunError::NotFound { .. })));
        let folder = Invocation::new("true", "/no/such/folder").run(Duration::from_secs(1));
        assert!(matches!(folder, Err(RunError::Io { .. })));
    }
}
