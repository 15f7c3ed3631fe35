//! How sequences begin: a walk by chance seldom makes the many right calls in a row that lead to the rarer states.

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

use super::property::Scope;
use super::strategy::{Focus, create, expiries, fresh, plain_import};
use crate::kms::WrappingAlgorithm;
use crate::model::{Import, Key, Kind, Name, Transition, Use, World};

/// A step of an opening. Keys are told by the order in which they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A key is created.
    Create,
    /// A token and its public key are asked for.
    Pair(usize),
    /// This material is imported, with the token that was asked for last.
    Import(usize, usize),
    /// Something is encrypted.
    Encrypt(usize),
    /// The key is rotated to the material that waits.
    Rotate(usize),
    /// The key is replicated.
    Replicate(usize),
    /// Rotations come to their end, and so does the making of replicas.
    Settle,
}

impl Opening {
    /// What it comes to in a world; nothing where its key is of a kind that this is not for.
    pub(super) fn transition(self, world: &World, focus: &Focus, scope: &Scope) -> Option<BoxedStrategy<Transition>> {
        let of = |index: usize| world.keys.iter().nth(index).filter(|(_, key)| key.kind != Kind::Generated);
        let symmetric = |index: usize| of(index).filter(|(_, key)| key.kind == Kind::Symmetric);
        let algorithm = WrappingAlgorithm::RsaesOaepSha256;
        let transition = match self {
            Self::Create => return Some(create(world, focus)),
            Self::Import(index, material) => {
                let (name, key) = of(index)?;
                return import(world, focus, *name, key, material);
            }
            Self::Pair(index) => Transition::Parameters { key: *of(index)?.0, token: fresh(world), algorithm },
            Self::Encrypt(index) => Transition::Use { key: *symmetric(index)?.0, usage: Use::Encrypt(fresh(world)) },
            Self::Rotate(index) => Transition::Rotate { key: *symmetric(index)?.0 },
            Self::Replicate(index) => Transition::Replicate { key: *of(index)?.0, replica: fresh(world) },
            Self::Settle if scope.turned => Transition::Pass(SignedDuration::from_secs(150)),
            Self::Settle => return None,
        };
        Some(Just(transition).boxed())
    }
}

fn import(world: &World, focus: &Focus, name: Name, key: &Key, material: usize) -> Option<BoxedStrategy<Transition>> {
    let (token, _) = world.tokens.iter().rev().find(|(_, token)| token.key == name)?;
    let known = key.materials.iter().any(|held| held.material == material);
    let further = !key.materials.is_empty();
    if key.kind != Kind::Symmetric && further && !known {
        return None;
    }
    let new = (key.kind == Kind::Symmetric && further).then_some(!known);
    let base = Import { import: fresh(world), material, new, ..plain_import(name, key.kind, *token) };
    Some(expiries(focus).prop_map(move |expiry| Transition::Import(Import { expiry, ..base.clone() })).boxed())
}
