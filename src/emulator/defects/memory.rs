//! What an emulator has to remember in order to do something wrong that it would otherwise keep no record for.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::kms::Arn;

/// The memory of one account, or of the emulator. Without a defect that needs it, it stays empty.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    spent_tokens: Mutex<HashSet<Vec<u8>>>,
    newest_tokens: Mutex<HashMap<Arn, Vec<u8>>>,
    imports: AtomicUsize,
}

impl Memory {
    /// Whether the token comes for the first time.
    pub(crate) fn spend(&self, token: &[u8]) -> bool {
        self.spent_tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_vec())
    }

    /// Notes the token that was issued last for a key.
    pub(crate) fn issue(&self, key: &Arn, token: &[u8]) {
        self.newest_tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), token.to_vec());
    }

    /// Whether another token was issued for the key after this one.
    pub(crate) fn is_superseded(&self, key: &Arn, token: &[u8]) -> bool {
        let newest = self.newest_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        newest.get(key).is_some_and(|newest| newest != token)
    }

    /// The number of this import, from 1.
    pub(crate) fn count_import(&self) -> usize {
        self.imports.fetch_add(1, Ordering::Relaxed) + 1
    }
}
