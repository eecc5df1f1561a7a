//! What the fuzzers hold any bytes against, over their seeds and over texts that a fixed generator makes.
//!
//! The fuzzers themselves need a nightly compiler and time (`fuzz/`); the promises are the same functions.

#[path = "../../fuzz/promises.rs"]
mod promises;

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::templates::{files_below, root};

/// The words that make a text look like a message, with their marks.
fn words() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("fuzz/dictionaries/message.dict"));
    let text = text.expect("the dictionary");
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(|word| word.replace("\\\"", "\"").replace("\\\\", "\\")).collect()
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = root().join("fuzz/seeds").join(target);
    let is_file = |path: &Path| path.is_file();
    let files = files_below(&folder, &is_file);
    assert!(files.len() >= 5, "`{target}` has no seeds");
    files.iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

#[test]
fn every_seed_keeps_the_promises() {
    seeds("envelope").iter().for_each(|bytes| promises::envelope(bytes));
    seeds("flat").iter().for_each(|bytes| promises::flat(bytes));
    seeds("text").iter().for_each(|bytes| promises::text(bytes));
}

#[test]
fn whatever_a_fixed_generator_makes_keeps_the_promises() {
    let word = prop_oneof![
        4 => prop::sample::select(words()),
        2 => prop::sample::select(vec![":", ",", "{", "}", "[", "]", "\"", " ", "\n"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
        1 => any::<f64>().prop_map(|number| number.to_string()),
    ];
    let text = prop::collection::vec(word, 0..24).prop_map(|words| words.concat());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let config = Config { cases: 2_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&text, |text| {
        let object = format!("{{\"type\":\"note\",\"to\":\"Code\",\"body\":{{\"a\":\"{text}\"}}}}");
        for bytes in [text.as_bytes(), object.as_bytes()] {
            promises::envelope(bytes);
            promises::flat(bytes);
            promises::text(bytes);
        }
        Ok(())
    });
    result.expect("every promise is kept");
}

#[test]
fn a_seed_that_is_changed_anywhere_keeps_the_promises() {
    for target in ["envelope", "flat", "text"] {
        for seed in seeds(target) {
            for at in 0..seed.len() {
                for byte in [b'"', b'{', b'0', 0x00, 0xff] {
                    let mut changed = seed.clone();
                    changed[at] = byte;
                    promises::envelope(&changed);
                    promises::flat(&changed[at..]);
                    promises::text(&changed[..at]);
                }
            }
        }
    }
}
