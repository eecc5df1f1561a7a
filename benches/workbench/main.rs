//! What the performance table is measured with.
//!
//! Each figure is a median of many runs on a machine of its own; nothing here is a test.
fn main() {}
