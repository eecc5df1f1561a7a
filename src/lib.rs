//! The map of the house: modules in reading order, from nouns to faces.
//!
//! Who may know whom is written in `ARCHITECTURE.md` and held by a test that reads the sources.

pub mod domain;

pub mod manifest;

pub mod engine;

pub mod ports;

pub mod service;

pub mod adapters;

pub mod cli;

pub mod rehearsal;

pub mod demo;

pub mod tui;

pub mod mcp;

pub mod bootstrap;

pub mod failure;

pub mod failpoint;
