//! What the performance table is measured with.
fn main() {}
