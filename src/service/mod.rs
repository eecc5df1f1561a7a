//! Commands, queries, and the loop that feeds the engine and performs its effects.
//!
//! Faces hold a [`workbench::Workbench`] and see nothing behind it.

pub mod views;

pub mod query;

pub mod workbench;
