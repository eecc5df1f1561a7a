//! Approvals: the operator's signed decision about one change and its evidence.
//!
//! The signature (Ed25519, RFC 8032) covers the statement's JSON. It is checked when it is given and
//! again before anything is merged.

use ed25519_dalek::{Signature, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::hex;
use crate::domain::id::ApprovalId;

/// What the operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Merge it.
    Approve,
    /// Send it back.
    Reject,
}

/// The sentence that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Which approval.
    pub approval: ApprovalId,
    /// What is decided.
    pub decision: Decision,
    /// Patch id of the change; empty if it was never made.
    pub change: String,
    /// The tree that was proven; empty if none was.
    pub tree: String,
    /// Digest of the evidence; empty if there is none.
    pub evidence: String,
    /// What the agent is told on rejection.
    pub feedback: Option<String>,
    /// When it was signed.
    pub at: Timestamp,
}

impl Statement {
    /// The bytes that are signed: its JSON, fields in the order above.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A statement with the operator's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedStatement {
    /// What was signed.
    pub statement: Statement,
    /// The operator's public key, 64 hexadecimal digits.
    pub key: String,
    /// The signature, 128 hexadecimal digits.
    pub signature: String,
}

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not a public key.
    #[error("the public key is malformed")]
    BadKey,
    /// Not a signature, or one of something else or by someone else.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks an Ed25519 signature; `key` and `signature` are hexadecimal.
pub fn verify_signature(key: &str, bytes: &[u8], signature: &str) -> Result<(), SignatureError> {
    let key: [u8; 32] =
        hex::decode(key).and_then(|k| k.try_into().ok()).ok_or(SignatureError::BadKey)?;
    let key = VerifyingKey::from_bytes(&key).map_err(|_| SignatureError::BadKey)?;
    let signature: [u8; 64] =
        hex::decode(signature).and_then(|s| s.try_into().ok()).ok_or(SignatureError::Mismatch)?;
    key.verify_strict(bytes, &Signature::from_bytes(&signature))
        .map_err(|_| SignatureError::Mismatch)
}

impl SignedStatement {
    /// Checks that `operator_key` signed exactly this statement.
    pub fn verify(&self, operator_key: &str) -> Result<(), SignatureError> {
        if self.key != operator_key {
            return Err(SignatureError::Mismatch);
        }
        verify_signature(&self.key, &self.statement.to_bytes(), &self.signature)
    }

    /// Puts a statement and its raw signature together.
    pub fn new(statement: Statement, key: &[u8; 32], signature: &[u8; 64]) -> Self {
        Self { statement, key: hex::encode(key), signature: hex::encode(signature) }
    }
}

/// The state of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Waits for the operator.
    Waiting,
    /// Waits, but cannot be approved: nothing proves it.
    NotProven,
    /// Approved; the merge is being made.
    Approved,
    /// Approved; the merge waits for something that the user must do.
    Held,
    /// In the project's branch.
    Merged,
    /// Sent back with feedback.
    Rejected,
    /// No longer about what would be merged.
    Void,
}

impl ApprovalState {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::NotProven => "not_proven",
            Self::Approved => "approved",
            Self::Held => "held",
            Self::Merged => "merged",
            Self::Rejected => "rejected",
            Self::Void => "void",
        }
    }

    /// Whether it waits for a person.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Waiting | Self::NotProven | Self::Held)
    }
}
