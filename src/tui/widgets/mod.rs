//! Small pieces that every view is made of: text by width, rows by columns, ages, lists, entries.
//!
//! They know the theme and the buffer, and nothing of agencies or approvals.

pub mod age;

pub mod diff;

pub mod editor;

pub mod list;

pub mod paint;

pub mod text;
