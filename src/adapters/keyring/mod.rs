//! Keys in files that only their owner may read: the operator's, and the workbench's secret.
//!
//! The operator's key signs for every workbench of that person and lies outside of them; the secret
//! belongs to one workbench, and every token follows from it, so no token is ever stored. A key
//! that is missing is made; one that is there is never written again.

mod store;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ed25519_dalek::{Signer as _, SigningKey};

use crate::domain::authentication::keyed_hash;
use crate::domain::hex;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::ports::keyring::{Keyring, KeyringError};

/// The keys of one operator at one workbench.
pub struct FileKeyring {
    operator: PathBuf,
    secret: PathBuf,
    read_secret: OnceLock<[u8; 32]>,
}

impl FileKeyring {
    /// The operator's key lies in `key_folder`, the workbench's secret in its `registry/`.
    pub fn new(home: impl Into<PathBuf>, key_folder: impl Into<PathBuf>) -> Self {
        Self {
            operator: key_folder.into().join("operator.key"),
            secret: home.into().join("registry/secret.key"),
            read_secret: OnceLock::new(),
        }
    }

    fn signing_key(&self) -> Result<SigningKey, KeyringError> {
        Ok(SigningKey::from_bytes(&store::load_or_make(&self.operator)?))
    }

    fn token(&self, text: &str) -> Result<String, KeyringError> {
        let secret = match self.read_secret.get() {
            Some(secret) => *secret,
            None => {
                let secret = store::load_or_make(&self.secret)?;
                *self.read_secret.get_or_init(|| secret)
            }
        };
        Ok(hex::encode(&keyed_hash(&secret, text.as_bytes())))
    }
}

/// Has a workbench's damaged secret made anew: tokens of lives that are over are worth nothing anyway. Only whoever
/// holds the workbench's lock may ask for it.
pub fn mend_secret(home: &Path) {
    store::set_aside_if_broken(&home.join("registry/secret.key"));
}

impl Keyring for FileKeyring {
    fn operator_key(&self) -> Result<String, KeyringError> {
        Ok(hex::encode(self.signing_key()?.verifying_key().as_bytes()))
    }

    fn sign(&self, bytes: &[u8]) -> Result<String, KeyringError> {
        Ok(hex::encode(&self.signing_key()?.sign(bytes).to_bytes()))
    }

    fn agent_token(&self, agent: &AgentAddress, spawn: SpawnId) -> Result<String, KeyringError> {
        self.token(&format!("agent-token\n{agent}\n{spawn}"))
    }

    fn operator_token(&self) -> Result<String, KeyringError> {
        self.token("operator-token")
    }
}
