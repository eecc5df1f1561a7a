//! Identifiers that people read and scripts keep.
//!
//! Messages, events and spawns carry UUIDv7 (sorted by time, made by whoever first needs one);
//! tasks, submissions and approvals carry short counted ids that a person can say aloud.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A message's id; the key for deduplication.
pub type MessageId = Uuid;

/// One life of an agent's program in its pane; a new one for each start.
pub type SpawnId = Uuid;

/// Makes the `n`-th id that follows from `seed`, for a moment given in milliseconds since 1970.
///
/// The same arguments give the same id, so that a decision that is made again after a crash
/// names the same things. The layout is UUIDv7 (RFC 9562, section 5.7).
pub fn derived_id(at_ms: u64, seed: Uuid, n: u32) -> Uuid {
    let mut hasher = Sha256::new();
    hasher.update(seed.as_bytes());
    hasher.update(n.to_be_bytes());
    let digest = hasher.finalize();
    let mut random = [0_u8; 10];
    random.copy_from_slice(digest.get(..10).unwrap_or(&[0; 10]));
    uuid::Builder::from_unix_timestamp_millis(at_ms, &random).into_uuid()
}

/// Why a text is not a counted id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind} id; it looks like `{prefix}001`")]
pub struct CountedIdError {
    text: String,
    kind: &'static str,
    prefix: &'static str,
}

macro_rules! counted_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!(concat!($prefix, "{:03}"), self.0))
            }
        }

        impl FromStr for $name {
            type Err = CountedIdError;
            fn from_str(text: &str) -> Result<Self, CountedIdError> {
                let digits = text.strip_prefix($prefix).unwrap_or(text);
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                match digits.parse::<u32>() {
                    Ok(number) if plain => Ok(Self(number)),
                    Ok(_) | Err(_) => Err(CountedIdError {
                        text: text.to_owned(),
                        kind: $kind,
                        prefix: $prefix,
                    }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = CountedIdError;
            fn try_from(text: String) -> Result<Self, CountedIdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

counted_id!(
    /// A task: `TASK-042`.
    TaskId, "TASK-", "task"
);
counted_id!(
    /// A submission: `SUB-007`.
    SubmissionId, "SUB-", "submission"
);
counted_id!(
    /// An approval: `AP-007`; the number the operator types.
    ApprovalId, "AP-", "approval"
);
counted_id!(
    /// A lock, or a request for one: `lock-007`.
    LockId, "lock-", "lock"
);
counted_id!(
    /// An act that can be taken back: `UNDO-007`.
    ActId, "UNDO-", "act"
);
counted_id!(
    /// A handoff: `HO-007`.
    HandoffId, "HO-", "handoff"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_id_is_read_with_and_without_its_prefix() {
        assert_eq!("TASK-042".parse::<TaskId>(), Ok(TaskId(42)));
        assert_eq!("42".parse::<TaskId>(), Ok(TaskId(42)));
        assert_eq!(TaskId(1234).to_string(), "TASK-1234");
        for text in ["", "TASK-", "TASK-+1", "task-1", "TASK-4x", "../1"] {
            assert!(text.parse::<TaskId>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_derived_id_is_the_same_each_time_and_differs_by_number() {
        let seed = Uuid::from_u128(7);
        assert_eq!(derived_id(1, seed, 0), derived_id(1, seed, 0));
        assert_ne!(derived_id(1, seed, 0), derived_id(1, seed, 1));
        assert_eq!(derived_id(1, seed, 0).get_version_num(), 7);
    }
}
