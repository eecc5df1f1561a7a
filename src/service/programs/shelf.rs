//! The catalogue as it was read last, for everybody who needs a description in the middle of things.
//!
//! Whoever reads `agency.toml` puts the catalogue up; until then it holds what comes with the program. It is
//! made when it is first looked at: most commands never do.

use std::sync::{Arc, PoisonError, RwLock};

use super::Programs;

/// A shelf with one catalogue on it; clones share it.
#[derive(Clone, Default)]
pub struct Shelf {
    current: Arc<RwLock<Option<Arc<Programs>>>>,
}

impl Shelf {
    /// The catalogue.
    pub fn current(&self) -> Arc<Programs> {
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.unwrap_or_else(|| {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(current.get_or_insert_with(|| Arc::new(Programs::shipped())))
        })
    }

    /// Puts up another one.
    pub fn put(&self, programs: impl Into<Arc<Programs>>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(programs.into());
    }
}
