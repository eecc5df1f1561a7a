//! The ledger, for people: checked, folded anew, written out, shown at a past moment.
//!
//! Works without a supervisor; only derived tables are ever thrown away.

use std::io::Write;

use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::state::State;
use crate::ports::ledger::{LedgerReader, Verified};
use crate::service::link::Link;
use crate::service::views::Board;
use crate::service::wire::{Ask, Reply};
use crate::service::workbench::{Moment, Workbench};
use crate::service::{reading, record, replica};

/// Records written out at once.
const PAGE: usize = 4096;

impl Workbench {
    fn ledger(&self) -> Result<Box<dyn LedgerReader>, Refusal> {
        (self.outside.open_reader)().map_err(|error| reading::ledger_refusal(&error))
    }

    /// Checks the ledger's chain.
    pub fn verify_ledger(&self) -> Result<Verified, Refusal> {
        self.ledger()?.verify().map_err(|error| reading::ledger_refusal(&error))
    }

    /// Folds the ledger anew from its first event, without any snapshot; returns the events read and
    /// whether the fold equals the running supervisor's state (or, without one, the fold from the snapshots).
    pub fn rebuild_ledger(&self) -> Result<(u64, bool), Refusal> {
        let ledger = self.ledger()?;
        let refuse = |error: crate::ports::ledger::LedgerError| reading::ledger_refusal(&error);
        let (state, seq) = self
            .running_state()?
            .map_or_else(|| record::fold(ledger.as_ref(), u64::MAX).map_err(refuse), Ok)?;
        let (anew, _) = record::fold_upto(ledger.as_ref(), seq).map_err(refuse)?;
        Ok((seq, anew == state))
    }

    /// The running supervisor's own state.
    fn running_state(&self) -> Result<Option<(State, u64)>, Refusal> {
        let Some(mut link) = Link::open(&self.outside.socket) else { return Ok(None) };
        link.send(&self.outside, &self.identity, Ask::Follow)?;
        match link.receive()? {
            Reply::State { seq, state } => {
                Ok(serde_json::from_value(*state).ok().map(|state| (state, seq)))
            }
            Reply::Refused(refusal) => Err(refusal),
            Reply::Answer(_) | Reply::Records(_) => Ok(None),
        }
    }

    /// Writes every event as one JSON line each; returns how many.
    pub fn export_ledger(&self, out: &mut dyn Write) -> Result<u64, Refusal> {
        let ledger = self.ledger()?;
        let failed = |error: std::io::Error| {
            Refusal::new(RefusalKind::Failed, "export", format!("the export stopped: {error}"))
        };
        let mut after = 0;
        loop {
            let page = ledger.read(after, PAGE).map_err(|error| reading::ledger_refusal(&error))?;
            let Some(last) = page.last() else { return Ok(after) };
            after = last.seq;
            for record in page {
                let line = serde_json::to_string(&reading::log_view(record)).unwrap_or_default();
                writeln!(out, "{line}").map_err(failed)?;
            }
        }
    }

    /// The board as it was: at a position, or at a moment.
    pub fn board_at(&self, moment: Moment) -> Result<Board, Refusal> {
        let seq = match moment {
            Moment::Seq(seq) => seq,
            Moment::Time(time) => self.position_at(time)?,
        };
        replica::board_at(&self.outside, seq)
    }

    /// The last event at or before a time.
    fn position_at(&self, time: jiff::Timestamp) -> Result<u64, Refusal> {
        let ledger = self.ledger()?;
        let mut after = 0;
        loop {
            let page = ledger.read(after, PAGE).map_err(|error| reading::ledger_refusal(&error))?;
            let inside =
                page.iter().take_while(|record| record.at <= time).last().map(|record| record.seq);
            let is_whole = inside == page.last().map(|record| record.seq) && inside.is_some();
            after = inside.unwrap_or(after);
            if !is_whole {
                return Ok(after);
            }
        }
    }
}
