//! Runs one program and lets it outlive neither its end nor its lifeline.
//!
//! The program leads a process group. When the lifeline closes, or when the program has ended and
//! left others behind, the whole group is killed. The group's id is ours as long as its leader
//! has not been waited for, so nothing else is ever hit.

use std::io::Read;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It was never started.
    NotStarted(String),
}

/// Runs a program to its end, or kills it when the lifeline closes.
pub(super) fn guard(mut command: Command, lifeline: impl Read + Send + 'static) -> Ended {
    let mut child = match command.process_group(0).spawn() {
        Ok(child) => child,
        Err(error) => return Ended::NotStarted(error.to_string()),
    };
    // The command holds the log open.
    drop(command);
    let group = Pid::from_child(&child);
    let is_over = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&is_over);
    std::thread::spawn(move || {
        await_end(lifeline);
        let is_over = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_over {
            let _ = kill_process_group(group, Signal::KILL);
        }
    });
    await_exit(group);
    let mut is_over = is_over.lock().unwrap_or_else(PoisonError::into_inner);
    *is_over = true;
    let _ = kill_process_group(group, Signal::KILL);
    match child.wait() {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Exited(code),
            (None, signal) => Ended::Killed(signal.unwrap_or_default()),
        },
        Err(error) => Ended::NotStarted(error.to_string()),
    }
}

fn await_end(mut lifeline: impl Read) {
    let mut bytes = [0_u8; 64];
    loop {
        match lifeline.read(&mut bytes) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Waits until a program has ended, and leaves it to be waited for.
fn await_exit(program: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(program), options) {}
}
