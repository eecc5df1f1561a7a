//! The corpus: a stand-in for agent programs is given every kind of text in every kind of situation.
//!
//! The stand-in (`tests/fixtures/standin`) is a program of the user's own, known to the workbench by its description
//! alone. It has the habits of the real ones and writes down what really reached it; what the workbench says is
//! compared with that. Each file here says at its head which failure of other programs its tests are about.

mod bodies;
mod channel;
mod dialogs;
mod drafts;
mod gone;
mod hooks;
mod keys;
mod kills;
mod limits;
pub mod stage;
mod states;
mod transcripts;
