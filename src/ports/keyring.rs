//! Keys: the operator's signing key, and the credentials of agents that follow from one secret.
//!
//! Private keys never leave it; it signs and derives.

#[cfg(test)]
pub mod contract;
#[cfg(test)]
pub mod fake;

use std::path::PathBuf;

use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;

/// Signs and checks.
pub trait Keyring: Send + Sync {
    /// The operator's public key, 64 hexadecimal digits; makes the key pair if there is none.
    fn operator_key(&self) -> Result<String, KeyringError>;
    /// The operator's Ed25519 signature, 128 hexadecimal digits.
    fn sign(&self, bytes: &[u8]) -> Result<String, KeyringError>;
    /// An agent's token for one life: HMAC-SHA-256 of its address and spawn under the workbench's secret.
    fn agent_token(&self, agent: &AgentAddress, spawn: SpawnId) -> Result<String, KeyringError>;
    /// The key with which the operator's own messages at the door are signed.
    fn operator_token(&self) -> Result<String, KeyringError>;
}

/// What can go wrong with keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The system refused.
    #[error("`{path}`: {problem}", path = path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The file is there and is no key.
    #[error("`{path}` is not a key", path = path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
}
