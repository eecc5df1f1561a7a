//! The only place where adapters and faces meet: reads the environment once, opens the doors that
//! the command line asks for, and hands over.
//!
//! No decision is taken here.

use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
