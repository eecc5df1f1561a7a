//! Keys that are always the same, for tests.

use ed25519_dalek::{Signer as _, SigningKey};

use crate::domain::authentication::keyed_hash;
use crate::domain::hex;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::ports::keyring::{Keyring, KeyringError};

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub struct FakeKeyring;

impl FakeKeyring {
    fn signing_key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }
}

impl Keyring for FakeKeyring {
    fn operator_key(&self) -> Result<String, KeyringError> {
        Ok(hex::encode(Self::signing_key().verifying_key().as_bytes()))
    }

    fn sign(&self, bytes: &[u8]) -> Result<String, KeyringError> {
        Ok(hex::encode(&Self::signing_key().sign(bytes).to_bytes()))
    }

    fn agent_token(&self, agent: &AgentAddress, spawn: SpawnId) -> Result<String, KeyringError> {
        Ok(hex::encode(&keyed_hash(b"fake", format!("{agent}\n{spawn}").as_bytes())))
    }

    fn operator_token(&self) -> Result<String, KeyringError> {
        Ok(hex::encode(&keyed_hash(b"fake", b"operator")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::keyring::contract;

    #[test]
    fn the_fake_keeps_the_contract() {
        contract::holds(&|| Box::new(FakeKeyring));
    }
}
