//! Small worlds, and what AWS allows in them, told as the key-state table tells it: "ok by RULE",
//! "Exception or Exception by RULE", "refused by RULE", "open by RULE"; and "unstated" where no rule is about it.

mod deletion;
mod expiry;
mod import;
mod looks;
mod multi_region;
mod names;
mod operations;
mod rotation;
mod sources;

use std::ops::{Deref, DerefMut};

use jiff::SignedDuration;

use super::world::LATENCY;
use super::{Allowed, Expiry, Import, Kind, Name, Transition, Use, World, Wrapping};
use crate::kms::WrappingAlgorithm;
use crate::rules;

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A world in which a test makes what it needs.
#[derive(Default)]
struct SmallWorld(World);

impl Deref for SmallWorld {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl DerefMut for SmallWorld {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.0
    }
}

impl SmallWorld {
    /// A world with one single-Region key that has its material number 0.
    fn with_material(kind: Kind) -> (Self, Name) {
        let mut world = Self::default();
        let key = world.key(kind);
        world.imports(key, 0);
        (world, key)
    }

    /// A world with a primary key that has its material number 0, and a replica that does not.
    fn with_replica() -> (Self, Name, Name) {
        let mut world = Self::default();
        let key = world.next_name();
        world.does(&Transition::Create { key, kind: Kind::Symmetric, multi_region: true });
        world.imports(key, 0);
        let replica = world.next_name();
        world.does(&Transition::Replicate { key, replica });
        world.pass(HOUR);
        (world, key, replica)
    }

    /// A world with a key that has material number 0, and number 1 waits for a rotation.
    fn with_waiting() -> (Self, Name) {
        let (mut world, key) = Self::with_material(Kind::Symmetric);
        let new = Import { new: Some(true), ..world.request(key, 1) };
        world.does(&Transition::Import(new));
        (world, key)
    }

    /// A world with a key that was rotated from material number 0 to number 1.
    fn rotated() -> (Self, Name) {
        let (mut world, key) = Self::with_waiting();
        world.does(&Transition::Rotate { key });
        world.pass(HOUR);
        (world, key)
    }

    fn key(&mut self, kind: Kind) -> Name {
        let key = self.next_name();
        self.does(&Transition::Create { key, kind, multi_region: false });
        key
    }

    fn token(&mut self, key: Name) -> Name {
        let token = self.next_name();
        let algorithm = WrappingAlgorithm::RsaesOaepSha256;
        self.take(&Transition::Parameters { key, token, algorithm }, true);
        token
    }

    /// A request with a token of its own, in which nothing is wrong, and which leaves out what can be left out.
    fn request(&mut self, key: Name, material: usize) -> Import {
        let token = self.token(key);
        let kind = self.keys[&key].kind;
        Import {
            key,
            import: self.next_name(),
            token,
            damaged_token: None,
            wrapping: Wrapping::Right,
            material,
            kind,
            expiry: Expiry::Never,
            new: None,
            id_of: None,
        }
    }

    /// A good import. Returns what names it.
    fn imports(&mut self, key: Name, material: usize) -> Name {
        let request = self.request(key, material);
        let import = request.import;
        self.does(&Transition::Import(request));
        import
    }

    /// A good import of material that expires.
    fn imports_for(&mut self, key: Name, material: usize, time: SignedDuration) -> Name {
        let request = Import { expiry: Expiry::After(time), ..self.request(key, material) };
        let import = request.import;
        self.does(&Transition::Import(request));
        import
    }

    /// The target did to the key what it must not do, and the key was looked at since: its state is known again.
    fn doubts(&mut self, key: Name) {
        let state = self.keys[&key].state();
        self.doubt(key);
        assert!(!self.keys[&key].state_known);
        self.adopt(key, state);
        assert!(self.keys[&key].state_known && !self.keys[&key].certain);
    }

    fn encrypts(&mut self, key: Name) -> Name {
        let ciphertext = self.next_name();
        self.does(&Transition::Use { key, usage: Use::Encrypt(ciphertext) });
        ciphertext
    }

    /// A call that must succeed, and does.
    fn does(&mut self, transition: &Transition) {
        let allowed = self.allows(transition);
        assert!(matches!(allowed, Allowed::Success { .. }), "{transition}: {allowed:?}");
        self.take(transition, true);
    }

    /// What is allowed, by a rule that may say so: only what is open is by an open rule.
    fn told(&self, transition: &Transition) -> String {
        let open = |rule: &str| rules::catalogue().get(rule).expect(rule).evidence == rules::Evidence::Open;
        match self.allows(transition) {
            Allowed::Success { rule } | Allowed::Refusal { rule, .. } if open(rule) => panic!("{rule} is open"),
            Allowed::Open { rule } if !open(rule) => panic!("{rule} is judged"),
            Allowed::Success { rule } => format!("ok by {rule}"),
            Allowed::Refusal { rule, codes } if codes.is_empty() => format!("refused by {rule}"),
            Allowed::Refusal { rule, codes } => {
                let codes: Vec<&str> = codes.iter().map(crate::kms::ErrorCode::as_str).collect();
                format!("{} by {rule}", codes.join(" or "))
            }
            Allowed::Open { rule } => format!("open by {rule}"),
            Allowed::Unstated => "unstated".to_owned(),
        }
    }

    fn told_import(&self, import: &Import) -> String {
        self.told(&Transition::Import(import.clone()))
    }
}
