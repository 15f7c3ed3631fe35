//! The reference model: what AWS allows, for keys with imported material, in any order of operations.
//!
//! The model is pure: it makes no call and has no clock. A [`World`] holds the keys, materials, tokens and ciphertexts
//! that a sequence has made so far, in two Regions, and the time that has passed. Of the next [`Transition`] it says what
//! AWS allows, with the rules that say so ([`World::allows`]); it takes in what the target did ([`World::take`]); and it
//! says how the key must look afterwards ([`World::looks`]). Where no source says, it says so too, and takes in what the
//! target shows ([`World::adopt`]).
//!
//! It shares no logic with the emulator, so that their agreement means something: each is written from the rules alone.
//! What a key allows in each state it takes from the key-state table ([`crate::states`]).
//!
//! ```
//! use kms_conformance::model::{Allowed, Kind, Transition, World};
//!
//! let mut world = World::default();
//! let key = world.next_name();
//! let create = Transition::Create { key, kind: Kind::Symmetric, multi_region: false };
//! assert!(matches!(world.allows(&create), Allowed::Success { .. }));
//! world.take(&create, true);
//! // A key that waits for its first import cannot be enabled.
//! let Allowed::Refusal { rule, .. } = world.allows(&Transition::Enable { key }) else { panic!("it is refused") };
//! assert_eq!(rule, "ENA-PENDINGIMPORT");
//! ```

mod allowed;
mod effects;
mod import;
mod looks;
mod operations;
mod orders;
#[cfg(test)]
mod tests;
mod transition;
mod world;

pub use allowed::{Allowed, Objection};
pub use looks::{Look, MESSAGE, Seen};
pub use orders::{Happened, Orders};
pub use transition::{Expiry, Import, Transition, Use, Wrapping};
pub use world::{Ciphertext, Held, Key, Kind, Name, Related, Standing, Token, World};
