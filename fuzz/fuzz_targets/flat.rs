//! Any bytes, held against the promises of `flat`.
#![no_main]

#[path = "../promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| promises::flat(bytes));
