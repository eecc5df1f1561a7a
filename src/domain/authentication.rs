//! Message authentication: the `mac` in a message's `auth` field, made and checked.
//!
//! The code is HMAC-SHA-256 over the canonical JSON of the message without its `auth` field:
//! keys sorted, no white space, so that every program that holds the token computes the same.
//! Which token belongs to whom is the keyring's business; nothing here knows a file or a clock.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::domain::hex;

/// The message's code under this token: 64 hexadecimal digits. Its `auth` field is left out.
pub fn mac(token: &str, message: &Value) -> String {
    hex::encode(&keyed_hash(token.as_bytes(), canonical_message(message).as_bytes()))
}

/// Whether `claimed` is the message's code under this token; takes equally long for any wrong one.
pub fn verify_mac(token: &str, message: &Value, claimed: &str) -> bool {
    let right = keyed_hash(token.as_bytes(), canonical_message(message).as_bytes());
    match hex::decode(claimed) {
        Some(bytes) => right.ct_eq(bytes.as_slice()).into(),
        None => false,
    }
}

/// HMAC-SHA-256 (RFC 2104).
pub fn keyed_hash(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut hmac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(hmac) => hmac,
        // HMAC takes keys of every length, so this arm is never taken.
        Err(_) => Hmac::<Sha256>::new(&Default::default()),
    };
    hmac.update(bytes);
    hmac.finalize().into_bytes().into()
}

/// A message without its `auth` field, in canonical form.
pub fn canonical_message(message: &Value) -> String {
    let mut text = String::new();
    match message {
        Value::Object(fields) => write_object(fields, Some("auth"), &mut text),
        other => write_canonical(other, &mut text),
    }
    text
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => write_object(fields, None, out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
    }
}

fn write_object(fields: &serde_json::Map<String, Value>, without: Option<&str>, out: &mut String) {
    // Sorted here: the map's own order depends on a feature that any crate may switch on.
    let mut sorted: Vec<_> =
        fields.iter().filter(|(key, _)| Some(key.as_str()) != without).collect();
    sorted.sort_by_key(|(key, _)| key.as_str());
    out.push('{');
    for (place, (key, value)) in sorted.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        write_canonical(value, out);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_code_is_that_of_rfc_4231() {
        let code = keyed_hash(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            hex::encode(&code),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn order_of_fields_and_the_auth_field_do_not_change_the_code() {
        let plain: Value = serde_json::from_str(r#"{"b":[1,{"z":null,"y":"ü\n"}],"a":2}"#).unwrap();
        let signed: Value = serde_json::from_str(
            r#"{ "a": 2, "auth": {"mac": "00"}, "b": [1, {"y": "ü\n", "z": null}] }"#,
        )
        .unwrap();
        assert_eq!(canonical_message(&signed), r#"{"a":2,"b":[1,{"y":"ü\n","z":null}]}"#);
        assert_eq!(mac("token", &plain), mac("token", &signed));
        assert!(verify_mac("token", &signed, &mac("token", &plain)));
    }

    #[test]
    fn an_auth_field_deeper_in_the_message_counts() {
        let one = json!({"body": {"auth": 1}});
        let two = json!({"body": {"auth": 2}});
        assert_ne!(mac("token", &one), mac("token", &two));
    }

    #[test]
    fn another_token_another_text_or_half_a_code_is_refused() {
        let message = json!({"from": "Code/dev", "body": "hello"});
        let code = mac("token", &message);
        assert!(!verify_mac("other", &message, &code));
        assert!(!verify_mac("token", &json!({"from": "Code/dev", "body": "hallo"}), &code));
        for claimed in ["", "zz", &code[..32], &format!("{code}00")] {
            assert!(!verify_mac("token", &message, claimed), "{claimed:?} was taken");
        }
    }
}
