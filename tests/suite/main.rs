//! The integration suite: one binary, one file per subject.
//!
//! Nothing here runs in order or twice in the same place: every test has folders and servers of its own.

#[cfg(test)]
mod approval;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod attach;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod conversation;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod crew;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod door;
#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod handoff;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod meaning;
#[cfg(test)]
mod pacing;
#[cfg(test)]
mod playground;
#[cfg(test)]
mod queues;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod recipes;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod runtimes;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod screen_messages;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod source_document;
#[cfg(test)]
mod survival;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod templates_crafts;
#[cfg(test)]
mod templates_own;
#[cfg(test)]
mod templates_real;
#[cfg(test)]
mod templates_scripts;
#[cfg(test)]
mod verified;
#[cfg(test)]
mod world;
