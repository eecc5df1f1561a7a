//! A ledger in memory, for tests: the same chain, no file.
//!
//! Clones share one content, so that a test can drop its writer and open "the same ledger" again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ports::ledger::chain::{GENESIS, Link, chain};
use crate::ports::ledger::{
    Durability, Entry, LedgerError, LedgerReader, LedgerWriter, Record, Snapshot, Verified,
};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct FakeLedger {
    content: Arc<Mutex<Content>>,
}

/// What is in it; open, so that a test can look at it and tamper with it.
#[derive(Debug, Default)]
pub struct Content {
    /// Every record.
    pub records: Vec<Record>,
    /// Every snapshot.
    pub snapshots: Vec<Snapshot>,
    /// How each append was asked to survive, with its number of entries.
    pub appends: Vec<(Durability, usize)>,
    /// When set, every write fails as on a full disk.
    pub full: bool,
}

impl FakeLedger {
    /// The content, locked.
    pub fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kinds of all records, in order.
    pub fn kinds(&self) -> Vec<String> {
        self.content().records.iter().map(|record| record.kind.clone()).collect()
    }

    fn path() -> PathBuf {
        PathBuf::from("/fake/ledger.db")
    }
}

impl LedgerReader for FakeLedger {
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let content = self.content();
        let later = content.records.iter().filter(|record| record.seq > after);
        Ok(later.take(limit).cloned().collect())
    }

    fn read_about(
        &self,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        let content = self.content();
        let later = content.records.iter().filter(|record| record.seq > after);
        Ok(later.filter(|record| record.subject == subject).take(limit).cloned().collect())
    }

    fn read_kind(&self, kind: &str, before: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let content = self.content();
        let fitting = content.records.iter().rev();
        let fitting = fitting.filter(|record| record.kind == kind && record.seq < before);
        Ok(fitting.take(limit).cloned().collect())
    }

    fn tip(&self) -> Result<(u64, String), LedgerError> {
        let content = self.content();
        let last = content.records.last();
        Ok(last.map_or((0, GENESIS.to_owned()), |record| (record.seq, record.hash.clone())))
    }

    fn verify(&self) -> Result<Verified, LedgerError> {
        let content = self.content();
        let mut verified = Verified { events: 0, tip: GENESIS.to_owned(), broken: None };
        for record in &content.records {
            let (id, at) = (record.id.to_string(), record.at.to_string());
            let link = Link {
                seq: record.seq,
                id: &id,
                at: &at,
                actor: &record.actor,
                kind: &record.kind,
                subject: &record.subject,
                payload: &record.payload,
            };
            let tip = (verified.events, verified.tip.as_str());
            verified.broken = link.misfit(tip, &record.prev_hash, &record.hash);
            if verified.broken.is_some() {
                break;
            }
            verified.events += 1;
            verified.tip.clone_from(&record.hash);
        }
        Ok(verified)
    }

    fn snapshot(&self, version: u32, seq: u64) -> Result<Option<Snapshot>, LedgerError> {
        let content = self.content();
        let fitting =
            content.snapshots.iter().filter(|saved| saved.version == version && saved.seq <= seq);
        Ok(fitting.max_by_key(|saved| saved.seq).cloned())
    }
}

impl LedgerWriter for FakeLedger {
    fn append(
        &mut self,
        entries: &[Entry],
        durability: Durability,
    ) -> Result<Vec<Record>, LedgerError> {
        let (mut seq, mut tip) = self.tip()?;
        let mut content = self.content();
        if content.full {
            return Err(LedgerError::Full { path: Self::path() });
        }
        let mut added = Vec::new();
        for entry in entries {
            seq += 1;
            let record = chain(entry, seq, &tip).map_err(|field| LedgerError::Failed {
                path: Self::path(),
                problem: format!("a line break in `{field}`"),
            })?;
            tip.clone_from(&record.hash);
            added.push(record);
        }
        content.appends.push((durability, entries.len()));
        content.records.extend(added.iter().cloned());
        Ok(added)
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), LedgerError> {
        let mut content = self.content();
        content.snapshots.retain(|saved| saved.seq != snapshot.seq);
        content.snapshots.push(snapshot.clone());
        Ok(())
    }

    fn drop_snapshots(&mut self) -> Result<(), LedgerError> {
        self.content().snapshots.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ledger::contract;

    #[test]
    fn the_fake_keeps_the_contract() {
        contract::holds(&|| Box::new(FakeLedger::default()));
    }

    #[test]
    fn a_changed_payload_is_found_in_the_fake_too() {
        let mut ledger = FakeLedger::default();
        ledger.append(&contract::entries(3), Durability::Process).unwrap();
        "{\"x\":1}".clone_into(&mut ledger.content().records[1].payload);
        assert_eq!(ledger.verify().unwrap().broken.unwrap().seq, 2);
    }
}
