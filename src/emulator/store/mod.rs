//! What an account owns: per Region, its keys and their aliases.
//!
//! An account is behind one lock, so that requests of different accounts never wait for each other. [`Books`] is the
//! open account of one request, at one instant: whoever looks at a key through it sees what time has made of it.

mod key;
mod lookup;
mod material;
mod time;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use jiff::Timestamp;

pub(crate) use key::{Grant, GrantTerms, Key, Life, Role, Switch, Use};
pub(crate) use material::{Expiry, Held, Material, MaterialId, Standing};
pub(crate) use time::{REPLICATION_TAKES, ROTATION_SHOWN};

use super::clock::AccountClock;
use super::defects::Memory;
use super::failure::Failure;
use super::wrapping_pool::Taken;
use crate::kms::{AccountId, KeyId, Operation, Region};

/// One account.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) clock: AccountClock,
    pub(crate) pairs: Taken,
    pub(crate) memory: Memory,
    holdings: Mutex<HashMap<Region, Holding>>,
}

/// What an account owns in one Region.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    /// In order of creation.
    pub(crate) keys: IndexMap<KeyId, Key>,
    pub(crate) aliases: BTreeMap<String, Alias>,
}

/// A name for a key.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    pub(crate) target: KeyId,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

/// The open account of one request, at one instant.
pub(crate) struct Books<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) region: &'a Region,
    pub(crate) operation: Operation,
    pub(crate) now: Timestamp,
    holdings: MutexGuard<'a, HashMap<Region, Holding>>,
}

impl Account {
    /// Opens the books. The instant is read while nobody else has them open, so that it never goes back.
    pub(crate) fn open<'a>(&'a self, account: &'a AccountId, region: &'a Region, operation: Operation) -> Books<'a> {
        let holdings = self.holdings.lock().unwrap_or_else(PoisonError::into_inner);
        Books { account, region, operation, now: self.clock.now(), holdings }
    }
}

impl Books<'_> {
    /// All that the account owns in the request's Region.
    pub(crate) fn here(&mut self) -> &mut Holding {
        let ids: Vec<KeyId> = self.holdings.get(self.region).into_iter().flat_map(|h| h.keys.keys().cloned()).collect();
        for id in ids {
            self.let_time_pass(&id);
        }
        self.holdings.entry(self.region.clone()).or_default()
    }

    /// The key of this id in the request's Region.
    pub(crate) fn key(&mut self, id: &KeyId) -> Option<&mut Key> {
        self.let_time_pass(id);
        self.holdings.get_mut(self.region)?.keys.get_mut(id)
    }

    /// The key again, in the course of one request.
    pub(crate) fn key_again(&mut self, id: &KeyId) -> Result<&mut Key, Failure> {
        self.key(id).ok_or_else(|| Failure::internal("a key went away in the course of a request"))
    }

    /// The key and, if it is a multi-Region key, all keys related to it, by Region.
    pub(crate) fn family(&self, id: &KeyId) -> Vec<&Key> {
        let mut family: Vec<&Key> = self.holdings.values().filter_map(|holding| holding.keys.get(id)).collect();
        family.sort_by(|a, b| a.arn.region.cmp(&b.arn.region));
        family
    }

    /// As [`family`](Self::family), to change them.
    pub(crate) fn family_mut(&mut self, id: &KeyId) -> impl Iterator<Item = &mut Key> {
        self.holdings.values_mut().filter_map(move |holding| holding.keys.get_mut(id))
    }

    /// Adds a key to the Region that its ARN names.
    pub(crate) fn add(&mut self, key: Key) {
        self.holdings.entry(key.arn.region.clone()).or_default().keys.insert(key.id.clone(), key);
    }
}
