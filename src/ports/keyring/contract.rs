//! What every keyring must do; run on the fake and on the real one.

use ed25519_dalek::{Signature, VerifyingKey};
use uuid::Uuid;

use crate::domain::hex;
use crate::domain::name::AgentAddress;
use crate::ports::keyring::Keyring;

/// Runs every assertion; each call of `make` opens the same keyring anew.
pub fn holds(make: &dyn Fn() -> Box<dyn Keyring>) {
    a_signature_fits_the_key_and_the_bytes(make().as_ref());
    tokens_differ_by_agent_and_by_life(make().as_ref());
    let (one, two) = (make(), make());
    assert_eq!(one.operator_key(), two.operator_key());
    assert_eq!(one.operator_token(), two.operator_token());
    assert_eq!(one.sign(b"change"), two.sign(b"change"));
}

fn a_signature_fits_the_key_and_the_bytes(keyring: &dyn Keyring) {
    let key = keyring.operator_key().unwrap();
    let signature = keyring.sign(b"change").unwrap();
    assert_eq!((key.len(), signature.len()), (64, 128));
    let key: [u8; 32] = hex::decode(&key).unwrap().try_into().unwrap();
    let key = VerifyingKey::from_bytes(&key).unwrap();
    let signature = Signature::from_slice(&hex::decode(&signature).unwrap()).unwrap();
    assert!(key.verify_strict(b"change", &signature).is_ok());
    assert!(key.verify_strict(b"chance", &signature).is_err());
}

fn tokens_differ_by_agent_and_by_life(keyring: &dyn Keyring) {
    let agent = |text: &str| text.parse::<AgentAddress>().expect("an address");
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let tokens = [
        keyring.agent_token(&agent("Code/dev"), first).unwrap(),
        keyring.agent_token(&agent("Code/dev"), second).unwrap(),
        keyring.agent_token(&agent("Code/qa"), first).unwrap(),
        keyring.operator_token().unwrap(),
    ];
    let different: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert_eq!(different.len(), tokens.len());
    assert!(tokens.iter().all(|token| token.len() == 64));
    assert_eq!(keyring.agent_token(&agent("Code/dev"), first).unwrap(), tokens[0]);
}
