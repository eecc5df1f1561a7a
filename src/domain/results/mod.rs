//! Readers of test results: what the output of a check says about its tests.

pub mod cargo;

pub mod junit;

pub mod tap;
