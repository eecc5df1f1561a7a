//! TOML, JSON and Markdown files that people write, made checked domain values.
//!
//! Nothing here opens a file: it is given the text and a name for its messages, and reports every
//! problem at once, each with its line and what is accepted.

pub mod problem;

pub mod tree;

pub mod fields;

pub mod agency;

pub mod workbench;

pub mod message;

pub mod runtime;

pub mod recipe;

pub mod template;

pub mod rehearsal;
