//! The hash chain: how a record follows from an entry and the record before it.
//!
//! The rule is the one that stands at the head of [`crate::ports::ledger`]. Fields are joined by
//! line breaks, so none but the last may hold one; otherwise text could be moved from one field to
//! the next without changing the hash.

use sha2::{Digest as _, Sha256};

use crate::domain::hex;
use crate::ports::ledger::{BrokenLink, Entry, Record};

/// `prev_hash` of the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A record's texts exactly as they are stored, before anything is parsed.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Position.
    pub seq: u64,
    /// Id.
    pub id: &'a str,
    /// Time, RFC 3339.
    pub at: &'a str,
    /// Actor.
    pub actor: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Subject.
    pub subject: &'a str,
    /// Payload.
    pub payload: &'a str,
}

impl Link<'_> {
    /// Its hash after a record with `prev_hash`.
    pub fn hash(&self, prev_hash: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(prev_hash.as_bytes());
        hasher.update(b"\n");
        hasher.update(self.seq.to_string().as_bytes());
        for (_, text) in self.fields() {
            hasher.update(b"\n");
            hasher.update(text.as_bytes());
        }
        hex::encode(&hasher.finalize())
    }

    /// The first field that holds a line break and may not.
    pub fn broken_field(&self) -> Option<&'static str> {
        let mut fields = self.fields().into_iter().filter(|(name, _)| *name != "payload");
        fields.find(|(_, text)| text.contains('\n')).map(|(name, _)| name)
    }

    /// What does not fit when this follows a record at `tip`, stored with these two hashes.
    pub fn misfit(&self, tip: (u64, &str), prev_hash: &str, hash: &str) -> Option<BrokenLink> {
        let expected = tip.0 + 1;
        let broken = |seq, problem: String| Some(BrokenLink { seq, problem });
        if self.seq != expected {
            let problem = format!("record {expected} is missing, {} follows", self.seq);
            return broken(expected, problem);
        }
        if let Some(field) = self.broken_field() {
            return broken(self.seq, format!("a line break in `{field}`"));
        }
        if prev_hash != tip.1 {
            return broken(self.seq, "it does not follow the record before it".to_owned());
        }
        if hash != self.hash(prev_hash) {
            return broken(self.seq, "its content does not match its hash".to_owned());
        }
        None
    }

    fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("id", self.id),
            ("at", self.at),
            ("actor", self.actor),
            ("kind", self.kind),
            ("subject", self.subject),
            ("payload", self.payload),
        ]
    }
}

/// Makes the record that follows `prev_hash` at `seq`; the name of the field when one may not be
/// recorded.
pub fn chain(entry: &Entry, seq: u64, prev_hash: &str) -> Result<Record, &'static str> {
    let (id, at) = (entry.id.to_string(), entry.at.to_string());
    let link = Link {
        seq,
        id: &id,
        at: &at,
        actor: &entry.actor,
        kind: &entry.kind,
        subject: &entry.subject,
        payload: &entry.payload,
    };
    if let Some(field) = link.broken_field() {
        return Err(field);
    }
    let hash = link.hash(prev_hash);
    Ok(Record {
        seq,
        id: entry.id,
        at: entry.at,
        actor: entry.actor.clone(),
        kind: entry.kind.clone(),
        subject: entry.subject.clone(),
        payload: entry.payload.clone(),
        prev_hash: prev_hash.to_owned(),
        hash,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_texts_joined_by_line_breaks() {
        let entry = Entry {
            id: Uuid::from_u128(1),
            at: "2026-01-02T03:04:05.5Z".parse().unwrap(),
            actor: "operator".to_owned(),
            kind: "agency_created".to_owned(),
            subject: "Code".to_owned(),
            payload: "{}".to_owned(),
        };
        let record = chain(&entry, 1, GENESIS).unwrap();
        let text = format!(
            "{GENESIS}\n1\n00000000-0000-0000-0000-000000000001\n2026-01-02T03:04:05.5Z\noperator\nagency_created\nCode\n{{}}"
        );
        assert_eq!(record.hash, hex::encode(&Sha256::digest(text.as_bytes())));
        assert_eq!(record.prev_hash, GENESIS);
    }

    #[test]
    fn text_cannot_be_moved_from_one_field_to_the_next() {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let entry = |subject: &str, payload: &str| Entry {
            id: Uuid::nil(),
            at,
            actor: "a".to_owned(),
            kind: "k".to_owned(),
            subject: subject.to_owned(),
            payload: payload.to_owned(),
        };
        assert!(chain(&entry("s", "p\nq"), 1, GENESIS).is_ok());
        assert_eq!(chain(&entry("s\np", "q"), 1, GENESIS), Err("subject"));
    }
}
