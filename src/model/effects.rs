//! What calls and time do to the world.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::allowed::Allowed;
use super::transition::{Expiry, Import, Transition, Use};
use super::world::{Ciphertext, Held, Key, Kind, LATENCY, Name, Related, SETTLING, Standing, Token, World};
use crate::kms::KeyState;
use crate::states::Way;

impl World {
    /// Takes in that the target carried the call out, or refused it.
    pub fn take(&mut self, transition: &Transition, succeeded: bool) {
        self.next = self.next.max(transition.made().map_or(0, |Name(number)| number));
        match transition {
            Transition::Pass(duration) => self.pass(*duration),
            Transition::Together(calls) => calls.iter().for_each(|call| self.take(call, succeeded)),
            Transition::Import(import) if !succeeded => self.import_refused(import),
            _ if !succeeded => {}
            Transition::Create { key, kind, multi_region } => {
                let related = if *multi_region { Related::Primary } else { Related::Alone };
                self.keys.insert(*key, Key::new(*kind, related));
            }
            Transition::Replicate { key, replica } => self.replicate(*key, *replica),
            Transition::Parameters { key, token, algorithm } => {
                let (issued, used, refused, raced) = (self.now, false, false, false);
                let answer = Token { key: *key, algorithm: *algorithm, issued, used, refused, raced };
                self.tokens.insert(*token, answer);
            }
            Transition::Import(import) => {
                self.import(import);
                self.look_if_uncertain(import.key);
            }
            Transition::Rotate { key } => self.rotate(*key),
            Transition::Use { key, usage: Use::Encrypt(name) } => self.encrypt(*key, *name),
            Transition::Use { .. } | Transition::Describe { .. } => {}
            Transition::ScheduleDeletion { key, days } => {
                let related = self.family(*key).len() > 1;
                let at = self.now + SignedDuration::from_hours(24 * days);
                if let Some(key) = self.keys.get_mut(key) {
                    let waits = related && key.related == Related::Primary;
                    key.way = if waits { Way::PendingReplicaDeletion } else { Way::PendingDeletion };
                    key.deletion = (!waits).then_some(at);
                }
            }
            Transition::DeleteMaterial { key, id_of } => {
                self.delete_material(*key, *id_of);
                self.look_if_uncertain(*key);
            }
            Transition::Enable { key } => self.set_way(*key, Way::Enabled),
            Transition::Disable { key } => self.set_way(*key, Way::Disabled),
            Transition::CancelDeletion { key } => {
                self.set_way(*key, Way::Disabled);
                if let Some(key) = self.keys.get_mut(key) {
                    key.deletion = None;
                    // CKD-NOMATERIAL is open.
                    key.state_known = (key.is_complete() && key.certain) || key.kind == Kind::Generated;
                }
            }
        }
    }

    /// Lets time go by: material expires, rotations come to their end.
    pub fn pass(&mut self, duration: SignedDuration) {
        self.now = self.now.saturating_add(duration);
        let now = self.now;
        self.forget_expired_waiting();
        for key in self.keys.values_mut() {
            key.expire(now);
            if key.settles.is_some_and(|until| until < now) {
                key.settles = None;
            }
        }
        self.follow_replicas();
    }

    /// Takes in the state that a key shows, where the model does not know it or the target does not keep to it.
    pub fn adopt(&mut self, name: Name, state: KeyState) {
        let Some(key) = self.keys.get_mut(&name) else { return };
        let complete = key.is_complete() || key.kind == Kind::Generated;
        match state {
            KeyState::Enabled | KeyState::Disabled => {
                key.way = if state == KeyState::Enabled { Way::Enabled } else { Way::Disabled };
                key.certain &= complete;
                key.deletion = None;
                for held in key.materials.iter_mut().filter(|held| held.standing != Standing::Waiting) {
                    held.present = true;
                }
            }
            KeyState::PendingImport => {
                key.certain &= !complete;
                key.way = match key.materials.is_empty() {
                    true => Way::NeverImported,
                    false if key.way == Way::MaterialExpired => Way::MaterialExpired,
                    false => Way::MaterialDeleted,
                };
                key.deletion = None;
            }
            KeyState::PendingDeletion => {
                key.way = Way::PendingDeletion;
            }
            KeyState::PendingReplicaDeletion => key.way = Way::PendingReplicaDeletion,
            KeyState::Creating => key.way = Way::Creating,
            KeyState::Updating => key.way = Way::Updating,
            KeyState::Unavailable => return,
        }
        key.state_known = true;
    }

    /// Takes in whether a key whose state is known shows itself enabled. What does not go with the state is one deviation,
    /// and none of the calls that come after it, until another state is reached.
    pub fn adopt_enabled(&mut self, name: Name, enabled: bool) {
        if let Some(key) = self.keys.get_mut(&name) {
            let odd = enabled != (key.state() == KeyState::Enabled);
            key.odd_enabled = odd.then_some(key.way);
        }
    }

    /// Takes in that the target did to a key what the model does not allow: of its state and its materials nothing is
    /// known any more.
    pub fn doubt(&mut self, name: Name) {
        if let Some(key) = self.keys.get_mut(&name) {
            key.certain = false;
            key.state_known = false;
        }
    }

    /// Takes in that a key uses other material than the model has: of its materials nothing is known any more.
    pub fn distrust(&mut self, name: Name) {
        if let Some(key) = self.keys.get_mut(&name) {
            key.certain = false;
        }
    }

    /// Takes in when a key is to be deleted that the model does not know to be; of one that does not say, nothing is
    /// known any more.
    pub fn adopt_deletion(&mut self, name: Name, date: Option<SignedDuration>) {
        let Some(key) =
            self.keys.get_mut(&name).filter(|key| key.way == Way::PendingDeletion && key.deletion.is_none())
        else {
            return;
        };
        key.deletion = date;
        if date.is_none() {
            key.settles = Some(SignedDuration::MAX);
        }
    }

    /// Takes in that these were made at the same time: which of two tokens is the newer one is not known.
    pub fn race(&mut self, made: &[Name]) {
        let mut tokens = made.to_vec();
        tokens.retain(|name| self.tokens.contains_key(name));
        if tokens.len() > 1 {
            for name in tokens {
                self.tokens.entry(name).and_modify(|token| token.raced = true);
            }
        }
    }

    /// Which state follows depends on materials that the model does not know.
    fn look_if_uncertain(&mut self, name: Name) {
        if let Some(key) = self.keys.get_mut(&name) {
            key.state_known &= key.certain;
        }
    }

    fn set_way(&mut self, name: Name, way: Way) {
        if let Some(key) = self.keys.get_mut(&name) {
            key.way = way;
        }
    }

    fn replicate(&mut self, name: Name, replica: Name) {
        let until = self.now + SETTLING;
        let Some(primary) = self.keys.get_mut(&name) else { return };
        primary.settles = Some(until);
        let copy = |held: &Held| Held { present: false, expires: None, ..held.clone() };
        let materials = primary.materials.iter().map(copy).collect();
        let (kind, settles) = (primary.kind, Some(until));
        let key = Key { materials, settles, ..Key::new(kind, Related::ReplicaOf(name)) };
        self.keys.insert(replica, key);
    }

    fn import_refused(&mut self, import: &Import) {
        // Only of a request that was refused for a missing ValidTo is it known that its token is still good, and so only
        // where nothing else was wrong; a damaged token is another token.
        let corrected = Transition::Import(Import { expiry: Expiry::Never, ..import.clone() });
        let missing = matches!(import.expiry, Expiry::Neither | Expiry::ModelAlone);
        let harmless = missing && matches!(self.allows(&corrected), Allowed::Success { .. });
        if let Some(token) = self.tokens.get_mut(&import.token).filter(|_| import.damaged_token.is_none()) {
            token.refused |= !harmless;
        }
    }

    fn import(&mut self, import: &Import) {
        if let Some(token) = self.tokens.get_mut(&import.token) {
            token.used = true;
        }
        self.imports.insert(import.import, (import.key, import.material));
        let expires = import.expiry.valid_to().map(|later| (self.now + later, import.import));
        let Some(key) = self.keys.get_mut(&import.key) else { return };
        let held = Held {
            material: import.material,
            import: import.import,
            standing: Standing::Current,
            present: true,
            expires,
        };
        let waits = key.take_material(held);
        let complete = key.is_complete();
        match key.way {
            Way::NeverImported | Way::MaterialDeleted | Way::MaterialExpired if complete => {
                key.state_known &= !key.was_disabled;
                key.way = Way::Enabled;
                key.was_disabled = false;
            }
            // Which state follows is open (IMP-STATE-DISABLED, IMP-STATE-PENDDEL).
            Way::Disabled | Way::PendingDeletion | Way::PendingReplicaDeletion => key.state_known = false,
            _ => {}
        }
        if waits && key.related == Related::Primary {
            self.share_waiting(import);
        }
    }

    /// New material of a primary key is what its replicas wait for, too (MRK-PENDING-STATES).
    fn share_waiting(&mut self, import: &Import) {
        for name in self.family(import.key) {
            if let Some(key) = self.keys.get_mut(&name).filter(|key| key.holds(import.material).is_none()) {
                let (material, import) = (import.material, import.import);
                key.materials.push(Held {
                    material,
                    import,
                    standing: Standing::Waiting,
                    present: false,
                    expires: None,
                });
            }
        }
    }

    fn rotate(&mut self, name: Name) {
        let until = self.now + SETTLING;
        for relative in self.family(name) {
            let Some(key) = self.keys.get_mut(&relative) else { continue };
            key.settles = Some(until);
            if key.waiting().is_none() {
                // The target rotated what there was nothing to rotate to.
                key.certain = false;
                continue;
            }
            for held in &mut key.materials {
                held.standing = match held.standing {
                    Standing::Waiting => Standing::Current,
                    Standing::Current | Standing::Former => Standing::Former,
                };
            }
        }
    }

    fn encrypt(&mut self, name: Name, ciphertext: Name) {
        let Some(key) = self.keys.get(&name) else { return };
        let known = key.certain && !key.is_unsettled(self.now);
        let import = key.current().filter(|_| known).map(|held| held.import);
        let after = (key.rotations(), false);
        self.ciphertexts.insert(ciphertext, Ciphertext { key: name, import, after });
    }

    fn delete_material(&mut self, name: Name, id_of: Option<Name>) {
        let named = id_of.and_then(|import| self.imports.get(&import)).map(|(_, material)| *material);
        let Some(key) = self.keys.get_mut(&name) else { return };
        let number = if id_of.is_some() { named } else { key.current().map(|held| held.material) };
        let Some(held) = key.materials.iter_mut().find(|held| Some(held.material) == number) else { return };
        let (was_present, material) = (held.present, held.material);
        if held.standing == Standing::Waiting {
            key.materials.retain(|held| held.material != material);
            key.forgotten.insert(material);
            // Material that is gone from the primary key is gone from its replicas, and the other way round it is not stated.
            if key.related != Related::Alone {
                self.family(name).into_iter().for_each(|relative| self.doubt(relative));
            }
            return;
        }
        held.present = false;
        held.expires = None;
        match key.way {
            Way::Enabled | Way::Disabled => {
                key.was_disabled = key.way == Way::Disabled;
                key.way = Way::MaterialDeleted;
            }
            Way::MaterialExpired if was_present => key.way = Way::MaterialDeleted,
            _ => {}
        }
        for ciphertext in self.ciphertexts.values_mut().filter(|ciphertext| ciphertext.key == name) {
            ciphertext.after.1 = true;
        }
    }

    /// What becomes of material that expires while it waits is not stated, least of all in the other Regions.
    fn forget_expired_waiting(&mut self) {
        let over = |held: &Held| held.present && held.expires.is_some_and(|(at, _)| at <= self.now);
        let names: Vec<Name> =
            self.keys.iter().filter(|(_, key)| key.waiting().is_some_and(over)).map(|(name, _)| *name).collect();
        let relatives: BTreeSet<Name> = names.into_iter().flat_map(|name| self.family(name)).collect();
        for relative in relatives {
            if let Some(key) = self.keys.get_mut(&relative) {
                key.certain = false;
            }
        }
    }

    /// A primary key that waits for its replicas goes on to PendingDeletion once they are gone; when that is seen is not
    /// stated.
    fn follow_replicas(&mut self) {
        let now = self.now;
        let over = |key: &Key| key.deletion.is_some_and(|at| now >= at - LATENCY);
        let going = self.keys.values().filter(|key| over(key)).filter_map(|key| match key.related {
            Related::ReplicaOf(primary) => Some(primary),
            Related::Alone | Related::Primary => None,
        });
        let going: BTreeSet<Name> = going.collect();
        for name in going {
            if let Some(key) = self.keys.get_mut(&name) {
                key.settles = Some(SignedDuration::MAX);
            }
        }
    }
}

impl Key {
    fn new(kind: Kind, related: Related) -> Self {
        Self {
            kind,
            related,
            way: if kind == Kind::Generated { Way::Enabled } else { Way::NeverImported },
            materials: Vec::new(),
            deletion: None,
            settles: None,
            was_disabled: false,
            forgotten: BTreeSet::new(),
            state_known: true,
            certain: true,
            odd_enabled: None,
        }
    }

    /// Takes a material in. Returns whether it is new and waits for a rotation.
    fn take_material(&mut self, new: Held) -> bool {
        self.forgotten.remove(&new.material);
        if let Some(held) = self.materials.iter_mut().find(|held| held.material == new.material) {
            *held = Held { standing: held.standing, ..new };
            return false;
        }
        if self.materials.is_empty() {
            self.materials.push(new);
            return false;
        }
        if self.kind != Kind::Symmetric {
            // The target let the key change its material.
            self.certain = false;
            return false;
        }
        self.materials.push(Held { standing: Standing::Waiting, ..new });
        true
    }

    fn expire(&mut self, now: SignedDuration) {
        let over = |held: &Held| held.present && held.expires.is_some_and(|(at, _)| at <= now);
        // What becomes of material that expires while it waits is not stated, nor whether a rotation that may be under way
        // has brought it into force.
        let rotating = |at: SignedDuration| self.settles.is_some_and(|until| at <= until);
        let doubtful =
            |held: &Held| held.standing == Standing::Waiting || held.expires.is_some_and(|(at, _)| rotating(at));
        self.certain &= !self.materials.iter().any(|held| over(held) && doubtful(held));
        let lost = self.permanent().any(over);
        for held in self.materials.iter_mut().filter(|held| over(held)) {
            held.present = false;
        }
        if !lost {
            return;
        }
        self.state_known &= self.certain;
        match self.way {
            Way::Enabled => self.way = Way::MaterialExpired,
            Way::Disabled => {
                // Whether a disabled key then waits for an import is not stated.
                self.was_disabled = true;
                self.way = Way::MaterialExpired;
                self.state_known = false;
            }
            _ => {}
        }
    }
}
