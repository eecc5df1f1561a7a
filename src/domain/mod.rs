//! Nouns and rules: what an agency, a message, a task and an approval are.
//!
//! Nothing here does I/O, knows a clock or draws a random number; what needs the time or an
//! identity is given it. The words are those of the glossary in `ARCHITECTURE.md`.

pub mod name;

pub mod id;

pub mod refusal;

pub mod text;

pub mod hex;

pub mod nearest;

pub mod authentication;

pub mod workbench;

pub mod cadence;

pub mod runtime;

pub mod agency;

pub mod matching;

pub mod message;

pub mod protocol;

pub mod lock;

pub mod request;

pub mod trace;

pub mod task;

pub mod handoff;

pub mod checkpoint;

pub mod checks;

pub mod recipe;

pub mod results;

pub mod submission;

pub mod approval;

pub mod command;
