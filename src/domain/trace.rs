//! Traces: which request something belongs to, and what led to it directly (W3C Trace Context, `traceparent`).
//!
//! ```text
//! 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//! version     the request                  this step     flags
//! ```
//!
//! Nothing here is random: a trace follows from the seed that its maker is given, so that a decision that is made
//! again after a crash gives the same trace. What has which trace is decided in the engine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::hex;

/// A `traceparent`: the request and the step of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Trace {
    request: [u8; 16],
    step: [u8; 8],
    flags: u8,
}

/// Why a text is not a [`Trace`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no traceparent; it looks like `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`"
)]
pub struct TraceError {
    text: String,
}

/// Set in the flags of what is made here: everything is recorded.
const SAMPLED: u8 = 1;

impl Trace {
    /// The first step of a new request.
    pub fn mint(seed: Uuid) -> Self {
        let request = some(digest(&[b"request", seed.as_bytes()]));
        Self { request, step: some(digest(&[b"first step", seed.as_bytes()])), flags: SAMPLED }
    }

    /// A step that this one led to.
    pub fn child(self, seed: Uuid) -> Self {
        Self { step: some(digest(&[b"step", &self.step, seed.as_bytes()])), ..self }
    }

    /// The request: 32 hexadecimal digits, the same for everything that belongs to it.
    pub fn request(self) -> String {
        hex::encode(&self.request)
    }

    /// The step: 16 hexadecimal digits.
    pub fn step(self) -> String {
        hex::encode(&self.step)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("00-{}-{}-{:02x}", self.request(), self.step(), self.flags))
    }
}

/// Strict: version `00`, lowercase digits, neither id all zeros (W3C Trace Context, 3.2.2).
impl FromStr for Trace {
    type Err = TraceError;
    fn from_str(text: &str) -> Result<Self, TraceError> {
        read(text).ok_or_else(|| TraceError { text: crate::domain::text::to_line(text, 80) })
    }
}

fn read(text: &str) -> Option<Trace> {
    let mut parts = text.split('-');
    let version = parts.next()?;
    let (request, step, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let is_lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    if version != "00" || parts.next().is_some() || !is_lower {
        return None;
    }
    let bytes = |digits: &str| hex::decode(digits);
    let request: [u8; 16] = bytes(request)?.try_into().ok()?;
    let step: [u8; 8] = bytes(step)?.try_into().ok()?;
    let [flags]: [u8; 1] = bytes(flags)?.try_into().ok()?;
    (request != [0; 16] && step != [0; 8]).then_some(Trace { request, step, flags })
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The first bytes of a digest; never all zeros, which would mean "none".
fn some<const N: usize>(digest: [u8; 32]) -> [u8; N] {
    let bytes = digest.get(..N).and_then(|bytes| bytes.try_into().ok()).unwrap_or([1; N]);
    if bytes == [0; N] { [1; N] } else { bytes }
}

impl TryFrom<String> for Trace {
    type Error = TraceError;
    fn try_from(text: String) -> Result<Self, TraceError> {
        text.parse()
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> Self {
        trace.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_the_standard_allows_is_a_trace() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(good.parse::<Trace>().expect("a trace").to_string(), good);
        for bad in [
            "",
            "00",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(bad.parse::<Trace>().is_err(), "{bad:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn a_child_belongs_to_the_same_request_and_is_another_step(
            seed in any::<u128>(), other in any::<u128>()
        ) {
            let first = Trace::mint(Uuid::from_u128(seed));
            prop_assert_eq!(first, Trace::mint(Uuid::from_u128(seed)));
            let child = first.child(Uuid::from_u128(other));
            prop_assert_eq!(child.request(), first.request());
            prop_assert_ne!(child.step(), first.step());
            prop_assert_eq!(child.to_string().parse::<Trace>(), Ok(child));
            prop_assert_eq!(seed == other, first.request() == Trace::mint(Uuid::from_u128(other)).request());
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), near in "[0-9a-f-]{50,60}") {
            let _ = (text.parse::<Trace>(), near.parse::<Trace>());
        }
    }
}
