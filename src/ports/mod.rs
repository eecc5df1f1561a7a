//! What the effects need from the outside, in our own words.
//!
//! Each port has a real adapter and a fake, and one set of assertions that both must pass.

pub mod clock;

pub mod ledger;

pub mod lives;

pub mod terminals;

pub mod repositories;

pub mod proving;

pub mod mailboxes;

pub mod folder;

pub mod keyring;

pub mod channels;
