//! Commands, queries, and the loop that feeds the engine and performs its effects.
//!
//! Faces hold a [`workbench::Workbench`] and see nothing behind it. The supervisor is
//! [`supervisor::Supervisor::run`]: one loop, one writer, everything that may block on lanes of its own.

pub mod views;

pub mod query;

pub mod outside;

pub mod wire;

pub mod describing;

pub mod gate;

pub mod board;

pub mod record;

pub mod preflight;

pub mod afterwards;

pub mod plans;

pub mod briefing;

pub mod lanes;

pub mod perform;

pub mod screens;

pub mod registry;

pub mod supervisor;

pub mod reading;

pub mod socket;

pub mod link;

pub mod replica;

pub mod workbench;

pub mod waiting;

pub mod catalogue;

pub mod templates;

pub mod recipes;

pub mod programs;

pub mod launching;

pub mod reports;

#[cfg(test)]
pub mod testing;
