//! One folder per outside thing: each makes a port true with a real program, database or file system.
//!
//! Adapters know `ports` and `domain`, and nothing of each other but [`process`], the one place that
//! starts programs, and [`files`], the one place that replaces files.

pub mod process;

pub mod files;

pub mod clock;

pub mod tmux;

pub mod git;

pub mod sqlite;

pub mod queue;

pub mod folder;

pub mod keyring;

pub mod lives;

pub mod versions;

pub mod sandbox;

pub mod channels;
