//! Bootstrap: the only place where adapters and faces meet.
//!
//! Reads the environment once, puts the parts of a workbench together, and hands over to the command
//! line. It decides nothing. Start reading at [`main`].

pub mod environment;

pub mod hooking;

pub mod house;

pub mod opening;

mod scripts;

pub mod supervising;

use std::process::ExitCode;

use crate::bootstrap::environment::Environment;
use crate::bootstrap::house::RealHouse;

/// Runs the program.
pub fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    let mut environment = Environment::read();
    if argv.get(1).is_some_and(|verb| verb == "enter") {
        opening::take_credential(&mut environment);
    }
    let house = RealHouse::new(environment);
    ExitCode::from(crate::cli::run(&argv, &house))
}
