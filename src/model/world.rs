//! What a sequence has made so far, as AWS would have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::SignedDuration;

use super::transition::Transition;
use crate::kms::{KeySpec, KeyState, KeyUsage, WrappingAlgorithm};
use crate::states::Way;

/// Import parameters are good for so long (TOK-24H).
pub(super) const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// No source says how long after `ValidTo` the material is deleted (EXP-LATENCY), or how exactly `ValidTo` and a token's
/// end are met: so near to such an instant nothing is judged.
pub(super) const LATENCY: SignedDuration = SignedDuration::from_secs(20);
/// A rotation is over after so long at the latest (ROT-OD-TIMING); a replica is made in about half of it.
pub(super) const SETTLING: SignedDuration = SignedDuration::from_secs(120);
/// A key may outlive its deletion date by so much (SKD-SLACK).
pub(super) const DELETION_SLACK: SignedDuration = SignedDuration::from_hours(24);

/// A name for what a transition makes: unique within a sequence, and the same when others are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u32);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The kinds of key that sequences are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `SYMMETRIC_DEFAULT` with imported material.
    Symmetric,
    /// `HMAC_256` with imported material.
    Hmac,
    /// `ECC_NIST_P256` for signatures, with imported material.
    Ecc,
    /// `SYMMETRIC_DEFAULT` with material that AWS generates.
    Generated,
}

impl Kind {
    /// `KeySpec`.
    #[must_use]
    pub const fn spec(self) -> KeySpec {
        match self {
            Self::Symmetric | Self::Generated => KeySpec::SymmetricDefault,
            Self::Hmac => KeySpec::Hmac256,
            Self::Ecc => KeySpec::EccNistP256,
        }
    }

    /// `KeyUsage`.
    #[must_use]
    pub const fn usage(self) -> KeyUsage {
        match self {
            Self::Symmetric | Self::Generated => KeyUsage::EncryptDecrypt,
            Self::Hmac => KeyUsage::GenerateVerifyMac,
            Self::Ecc => KeyUsage::SignVerify,
        }
    }
}

/// Everything that a sequence has made, and the time.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The time since the sequence began.
    pub now: SignedDuration,
    /// The keys.
    pub keys: BTreeMap<Name, Key>,
    /// The answers of `GetParametersForImport`.
    pub tokens: BTreeMap<Name, Token>,
    /// The answers of `Encrypt`.
    pub ciphertexts: BTreeMap<Name, Ciphertext>,
    /// The successful imports, and the key and material of each.
    pub imports: BTreeMap<Name, (Name, usize)>,
    pub(super) next: u32,
}

/// How a key is related to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Related {
    /// It is a single-Region key.
    Alone,
    /// It is a multi-Region primary key, in the sequence's own Region.
    Primary,
    /// It is the replica of this key, in the other Region.
    ReplicaOf(Name),
}

/// A key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its kind.
    pub kind: Kind,
    /// Its relatives.
    pub related: Related,
    /// How it came to be in its state.
    pub way: Way,
    /// The materials that belong to it, and the one that waits.
    pub materials: Vec<Held>,
    /// When it may be deleted.
    pub deletion: Option<SignedDuration>,
    /// A rotation, or the making of a replica, may last until then.
    pub settles: Option<SignedDuration>,
    /// Whether it was disabled when it lost its material (DIS-DEL-REIMP is open).
    pub was_disabled: bool,
    /// Materials that waited and were deleted: whether they still belong to it is not stated.
    pub(super) forgotten: BTreeSet<usize>,
    /// Whether the model knows its state. It does not after an outcome that is open, until it has seen the key.
    pub state_known: bool,
    /// Whether the model knows its materials. It does not after the target did what it must not do.
    pub certain: bool,
    /// The way in which it showed an `Enabled` that its state does not have.
    pub(super) odd_enabled: Option<Way>,
}

/// A material of a key.
#[derive(Debug, Clone)]
pub struct Held {
    /// Which of the materials of the key's kind.
    pub material: usize,
    /// An import that answered its `KeyMaterialId`.
    pub import: Name,
    /// What it is to the key.
    pub standing: Standing,
    /// Whether it is there, or was deleted or expired.
    pub present: bool,
    /// When it expires, and the import that said so.
    pub expires: Option<(SignedDuration, Name)>,
}

/// What a material is to its key (`KeyMaterialState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// `CURRENT`.
    Current,
    /// `NON_CURRENT`.
    Former,
    /// `PENDING_ROTATION`, or `PENDING_MULTI_REGION_IMPORT_AND_ROTATION`.
    Waiting,
}

/// A token with its public key.
#[derive(Debug, Clone)]
pub struct Token {
    /// The key that it is for.
    pub key: Name,
    /// What its wrapping key was asked for.
    pub algorithm: WrappingAlgorithm,
    /// When it was issued.
    pub issued: SignedDuration,
    /// Whether an import with it succeeded.
    pub used: bool,
    /// Whether an import with it was refused for something else than a missing `ValidTo`.
    pub refused: bool,
    /// Whether another was asked for at the same time, so that either may be the newer one.
    pub raced: bool,
}

/// What `Encrypt` answered.
#[derive(Debug, Clone)]
pub struct Ciphertext {
    /// The key.
    pub key: Name,
    /// The import whose material was the current one; nothing where that is not known.
    pub import: Option<Name>,
    /// How many rotations and how many losses of material the key had been through.
    pub after: (usize, bool),
}

impl World {
    /// A name that nothing has yet.
    pub fn next_name(&mut self) -> Name {
        self.next += 1;
        Name(self.next)
    }

    /// Whether all that the transition uses is there.
    #[must_use]
    pub fn knows(&self, transition: &Transition) -> bool {
        let key = |name: &Name| self.keys.contains_key(name);
        match transition {
            Transition::Create { .. } | Transition::Pass(_) => true,
            Transition::Together(calls) => calls.iter().all(|call| self.knows(call)),
            Transition::Import(import) => {
                let wrapping = match import.wrapping {
                    super::Wrapping::PublicKeyOf(other) => self.tokens.contains_key(&other),
                    _ => true,
                };
                let id = import.id_of.is_none_or(|name| self.imports.contains_key(&name));
                key(&import.key) && self.tokens.contains_key(&import.token) && wrapping && id
            }
            Transition::DeleteMaterial { key: name, id_of } => {
                key(name) && id_of.is_none_or(|import| self.imports.contains_key(&import))
            }
            Transition::Use { key: name, usage: super::Use::Decrypt(ciphertext) } => {
                key(name) && self.ciphertexts.contains_key(ciphertext)
            }
            Transition::Replicate { key: name, .. }
            | Transition::Parameters { key: name, .. }
            | Transition::Enable { key: name }
            | Transition::Disable { key: name }
            | Transition::ScheduleDeletion { key: name, .. }
            | Transition::CancelDeletion { key: name }
            | Transition::Rotate { key: name }
            | Transition::Describe { key: name }
            | Transition::Use { key: name, .. } => key(name),
        }
    }

    /// The key and its relatives.
    pub(super) fn family(&self, name: Name) -> Vec<Name> {
        let primary = self.primary(name);
        let related = |(other, key): (&Name, &Key)| {
            (*other == primary || key.related == Related::ReplicaOf(primary)).then_some(*other)
        };
        self.keys.iter().filter_map(related).collect()
    }

    /// The primary key of its family: itself, unless it is a replica.
    pub(super) fn primary(&self, name: Name) -> Name {
        match self.keys.get(&name).map(|key| key.related) {
            Some(Related::ReplicaOf(primary)) => primary,
            _ => name,
        }
    }
}

impl Key {
    /// `KeyState`, as far as the model knows.
    #[must_use]
    pub const fn state(&self) -> KeyState {
        match self.way {
            Way::Enabled => KeyState::Enabled,
            Way::Disabled => KeyState::Disabled,
            Way::PendingDeletion => KeyState::PendingDeletion,
            Way::NeverImported | Way::MaterialDeleted | Way::MaterialExpired => KeyState::PendingImport,
            Way::Creating => KeyState::Creating,
            Way::Updating => KeyState::Updating,
            Way::PendingReplicaDeletion => KeyState::PendingReplicaDeletion,
        }
    }

    /// The material with that number, if it belongs to the key or waits.
    pub(super) fn holds(&self, material: usize) -> Option<&Held> {
        self.materials.iter().find(|held| held.material == material)
    }

    /// The material that waits for a rotation.
    pub(super) fn waiting(&self) -> Option<&Held> {
        self.materials.iter().find(|held| held.standing == Standing::Waiting)
    }

    /// The current material.
    #[must_use]
    pub fn current(&self) -> Option<&Held> {
        self.materials.iter().find(|held| held.standing == Standing::Current)
    }

    /// The materials that belong to it for good.
    pub(super) fn permanent(&self) -> impl Iterator<Item = &Held> {
        self.materials.iter().filter(|held| held.standing != Standing::Waiting)
    }

    /// Whether it has all its materials.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.current().is_some() && self.permanent().all(|held| held.present)
    }

    /// How many rotations it has been through.
    pub(super) fn rotations(&self) -> usize {
        self.permanent().count().saturating_sub(1)
    }

    /// Whether a rotation or its making may still be under way, or an expiry, or its deletion.
    #[must_use]
    pub fn is_unsettled(&self, now: SignedDuration) -> bool {
        let near = |instant: SignedDuration| (now - instant).abs() <= LATENCY;
        let expiring = self.materials.iter().any(|held| held.present && held.expires.is_some_and(|(at, _)| near(at)));
        let going = self.deletion.is_some_and(|at| now >= at - LATENCY && now <= at + DELETION_SLACK);
        self.settles.is_some_and(|until| now <= until) || expiring || going
    }

    /// Whether its deletion is certainly over.
    #[must_use]
    pub fn is_gone(&self, now: SignedDuration) -> bool {
        self.deletion.is_some_and(|at| now > at + DELETION_SLACK)
    }
}
