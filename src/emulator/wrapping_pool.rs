//! RSA key pairs that are made before they are asked for.
//!
//! Making an RSA-4096 pair takes a third of a second. `GetParametersForImport` takes one from a shelf instead, and
//! background threads keep each shelf a little fuller than the busiest account needs it: nothing is made for a spec
//! that nobody asked for.
//!
//! Within an account a pair is handed out once. Different accounts walk along the same shelf and so get the same pairs:
//! that keeps a run of hundreds of accounts as cheap as a run of one. Accounts of an emulator are test fixtures; do not
//! take this as advice for anything else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use tokio::sync::{Notify, oneshot};

use super::failure::Failure;

/// How many pairs are kept beyond what the busiest account has taken.
const AHEAD: usize = 2;
/// The length of a shelf. An account that has emptied one waits for pairs made for it alone.
const SHELF: usize = 4096;

/// An RSA pair, as the documents that travel.
pub(crate) struct RsaPair {
    /// PKCS#8.
    pub(crate) private: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub(crate) public: Vec<u8>,
}

/// Opened private keys by the digest of their PKCS#8: to open one takes as long as to use it.
type Opened = HashMap<[u8; 32], Arc<OaepPrivateDecryptingKey>>;

/// The sizes of wrapping keys that AWS offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RsaSize {
    Bits2048,
    Bits3072,
    Bits4096,
}

/// How far an account has walked along each shelf.
#[derive(Debug, Default)]
pub(crate) struct Taken([AtomicUsize; SIZES.len()]);

/// The shelves, and the threads that fill them.
#[derive(Clone, Default)]
pub(crate) struct WrappingPool(Arc<Shared>);

#[derive(Default)]
struct Shared {
    shelves: Mutex<Shelves>,
    filled: Notify,
}

#[derive(Default)]
struct Shelves {
    pairs: [Vec<Arc<RsaPair>>; SIZES.len()],
    /// The private keys of all these pairs.
    opened: Opened,
    /// How many pairs the busiest account has taken or waits for.
    demand: [usize; SIZES.len()],
    workers: usize,
    broken: bool,
}

const SIZES: [RsaSize; 3] = [RsaSize::Bits2048, RsaSize::Bits3072, RsaSize::Bits4096];

impl WrappingPool {
    /// The pool of this process: emulators side by side share it, as accounts do.
    pub(crate) fn shared() -> Self {
        static POOL: LazyLock<WrappingPool> = LazyLock::new(WrappingPool::default);
        POOL.clone()
    }

    /// The next pair that this account has not had. It waits only if no such pair is ready.
    pub(crate) async fn take(&self, size: RsaSize, taken: &Taken) -> Result<Arc<RsaPair>, Failure> {
        let shelf = size.shelf();
        let index = taken.0[shelf].fetch_add(1, Ordering::Relaxed);
        if index >= SHELF {
            return generate_apart(size).await.map(Arc::new);
        }
        loop {
            // Registered before the look, so that a pair finished in between is not missed.
            let filled = self.0.filled.notified();
            {
                let mut shelves = self.0.lock();
                if shelves.broken {
                    return Err(Failure::internal("no RSA key can be generated"));
                }
                shelves.demand[shelf] = shelves.demand[shelf].max(index + 1);
                self.0.staff(&mut shelves);
                if let Some(pair) = shelves.pairs[shelf].get(index) {
                    return Ok(Arc::clone(pair));
                }
            }
            filled.await;
        }
    }
}

impl WrappingPool {
    /// The private key of a PKCS#8 document; if it is one of the pool's, it is open already.
    pub(crate) fn open(&self, private: &[u8]) -> Result<Arc<OaepPrivateDecryptingKey>, Failure> {
        if let Some(key) = self.0.lock().opened.get(&digest(private)) {
            return Ok(Arc::clone(key));
        }
        let key = PrivateDecryptingKey::from_pkcs8(private)
            .map_err(|_| Failure::internal("a wrapping key of our own is malformed"))?;
        Ok(Arc::new(OaepPrivateDecryptingKey::new(key)?))
    }
}

impl WrappingPool {
    /// The private keys of all pairs that are ready, for an emulator that takes any of them.
    pub(crate) fn all_open(&self) -> Vec<Arc<OaepPrivateDecryptingKey>> {
        self.0.lock().opened.values().map(Arc::clone).collect()
    }
}

fn digest(private: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, private).as_ref());
    digest
}

impl RsaSize {
    fn shelf(self) -> usize {
        match self {
            Self::Bits2048 => 0,
            Self::Bits3072 => 1,
            Self::Bits4096 => 2,
        }
    }

    pub(crate) fn bits(self) -> usize {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }

    fn key_size(self) -> KeySize {
        match self {
            Self::Bits2048 => KeySize::Rsa2048,
            Self::Bits3072 => KeySize::Rsa3072,
            Self::Bits4096 => KeySize::Rsa4096,
        }
    }
}

/// Makes a pair for one purpose only, on a thread of its own: a key of origin `AWS_KMS`, a data key pair.
pub(crate) async fn generate_apart(size: RsaSize) -> Result<RsaPair, Failure> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || sender.send(generate(size).map(|(pair, _)| pair)));
    receiver.await.unwrap_or_else(|_| Err(Failure::internal("the thread that made an RSA key is gone")))
}

fn generate(size: RsaSize) -> Result<(RsaPair, OaepPrivateDecryptingKey), Failure> {
    let key = PrivateDecryptingKey::generate(size.key_size())?;
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&key)?.as_ref().to_vec();
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(&key.public_key())?.as_ref().to_vec();
    Ok((RsaPair { private, public }, OaepPrivateDecryptingKey::new(key)?))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that somebody works as long as there is work. Workers go home when the shelves are full.
    fn staff(self: &Arc<Self>, shelves: &mut Shelves) {
        let most = thread::available_parallelism().map_or(1, usize::from).min(4);
        while shelves.workers < most && shelves.missing() > shelves.workers {
            shelves.workers += 1;
            let shared = Arc::clone(self);
            thread::spawn(move || shared.work());
        }
    }

    fn work(&self) {
        loop {
            let size = {
                let mut shelves = self.lock();
                let Some(size) = shelves.most_wanted() else {
                    shelves.workers -= 1;
                    return;
                };
                size
            };
            let pair = generate(size);
            let mut shelves = self.lock();
            match pair {
                Ok((pair, key)) => {
                    shelves.opened.insert(digest(&pair.private), Arc::new(key));
                    shelves.pairs[size.shelf()].push(Arc::new(pair));
                }
                Err(_) => shelves.broken = true,
            }
            drop(shelves);
            self.filled.notify_waiters();
        }
    }
}

impl Shelves {
    /// What to make next: first what somebody waits for, then what keeps the shelves ahead.
    fn most_wanted(&self) -> Option<RsaSize> {
        if self.broken {
            return None;
        }
        let shorter_than = |ahead: usize| {
            SIZES.into_iter().find(|size| {
                let shelf = size.shelf();
                let wanted = self.demand[shelf];
                wanted > 0 && self.pairs[shelf].len() < (wanted + ahead).min(SHELF)
            })
        };
        shorter_than(0).or_else(|| shorter_than(AHEAD))
    }

    fn missing(&self) -> usize {
        let wanted = self.demand.map(|demand| if demand == 0 { 0 } else { (demand + AHEAD).min(SHELF) });
        wanted.iter().zip(&self.pairs).map(|(wanted, pairs)| wanted.saturating_sub(pairs.len())).sum()
    }
}

impl std::fmt::Debug for WrappingPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ready = self.0.lock().pairs.each_ref().map(Vec::len);
        f.debug_struct("WrappingPool").field("ready", &ready).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_account_never_sees_a_pair_twice_and_accounts_share_pairs() {
        let pool = WrappingPool::default();
        let (one, other) = (Taken::default(), Taken::default());
        let first = pool.take(RsaSize::Bits2048, &one).await.unwrap();
        let second = pool.take(RsaSize::Bits2048, &one).await.unwrap();
        assert_ne!(first.public, second.public);
        assert_eq!(pool.take(RsaSize::Bits2048, &other).await.unwrap().public, first.public);
    }

    #[tokio::test]
    async fn nothing_is_made_for_a_size_that_nobody_asked_for() {
        let pool = WrappingPool::default();
        pool.take(RsaSize::Bits2048, &Taken::default()).await.unwrap();
        let shelves = pool.0.lock();
        assert!(shelves.pairs[RsaSize::Bits4096.shelf()].is_empty());
        assert_eq!(shelves.demand, [1, 0, 0]);
    }
}
