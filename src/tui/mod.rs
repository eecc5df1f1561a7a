//! The screen: one workbench, live, in one terminal.
//!
//! Elm at the top, plain structs inside: [`update::update`] turns a [`msg::Msg`] into a changed
//! [`model::Model`] and [`msg::Cmd`]s, and does no I/O; [`views::draw`] paints a model; [`run()`] is the
//! loop between the two, the terminal and the workbench. Start reading at [`model::Model`].

pub mod model;

pub mod msg;

pub mod update;

pub mod keymap;

pub mod screens;

pub mod theme;

pub mod widgets;

pub mod views;

mod decode;

mod keys;

mod pace;

pub mod shot;

mod strokes;

mod terminal;

mod viewer;

mod workers;

mod run;

#[cfg(test)]
mod testing;

pub use run::{Outside, run};
pub use views::{Viewport, draw};
