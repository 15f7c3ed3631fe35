//! Which transitions come next: proptest strategies over the model, so that what is tried makes sense where it is tried,
//! and rare states are reached.

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, Union};

use super::opening::Opening;
use super::property::Scope;
use super::write::other_hash;
use crate::kms::WrappingAlgorithm;
use crate::model::{Expiry, Import, Key, Kind, Name, Related, Standing, Token, Transition, Use, World, Wrapping};
use crate::scenario::{Damage, Place};
use crate::states::Way;

/// What a property's sequences are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Focus {
    /// The kinds of key.
    pub kinds: &'static [Kind],
    /// How many keys at most.
    pub keys: usize,
    /// Whether keys are multi-Region keys and have replicas.
    pub related: bool,
    /// What sequences begin with: with one of these, the whole or less of it.
    pub openings: &'static [&'static [Opening]],
    /// How much weight imports with something wrong get, beside 12 for those without.
    pub faults: u32,
    /// How much weight new material and rotations get.
    pub rotations: u32,
    /// How much weight expiring material, and the passing of time, get.
    pub time: u32,
    /// How much weight calls get that are made at the same time.
    pub together: u32,
    /// How much weight states beside Enabled and PendingImport get.
    pub states: u32,
}

/// So many materials of each kind.
pub(crate) const MATERIALS: usize = 3;

/// A token this old is no longer taken for good; it may be, for an hour.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(23);

type Choices = Vec<(u32, BoxedStrategy<Transition>)>;

/// Names that the next transition may give. Only one of them is used, whichever it is.
pub(super) fn fresh(world: &World) -> Name {
    world.clone().next_name()
}

/// What may come next in a world.
pub(crate) fn transitions(world: &World, focus: &Focus, scope: &Scope) -> BoxedStrategy<Transition> {
    let mut choices: Choices = Vec::new();
    let alive = world.keys.values().filter(|key| !key.is_gone(world.now)).count();
    if alive < focus.keys {
        let wanted = if focus.together > 0 { 20 } else { 3 };
        choices.push((if alive == 0 { 40 } else { wanted }, create(world, focus)));
    }
    for (name, key) in &world.keys {
        if !key.is_gone(world.now) {
            for_key(world, focus, *name, key, &mut choices);
            // Two pairs at hand are what a race of imports takes.
            let ready = if usable_tokens(world, *name) > 1 { 5 } else { 1 };
            choices.push((focus.together * ready, together(world, focus, *name, key, scope)));
        }
    }
    if scope.turned && focus.time > 0 {
        choices.extend(times(world).map(|duration| (focus.time, Just(Transition::Pass(duration)).boxed())));
        // Nothing is judged of a key that is being rotated, or made.
        let settles = world.keys.values().filter_map(|key| key.settles).filter(|until| *until < SignedDuration::MAX);
        let settled = settles.max().map(|until| until - world.now + SignedDuration::from_secs(30));
        choices.extend(settled.map(|duration| (20, Just(Transition::Pass(duration)).boxed())));
    }
    weighted(choices)
}

/// One of these; what has no weight is left out.
fn weighted<T: std::fmt::Debug + 'static>(mut choices: Vec<(u32, BoxedStrategy<T>)>) -> BoxedStrategy<T> {
    choices.retain(|(weight, _)| *weight > 0);
    Union::new_weighted(choices).boxed()
}

/// Calls on one key, each by a client of its own, and now and then time that goes by meanwhile.
fn together(world: &World, focus: &Focus, name: Name, key: &Key, scope: &Scope) -> BoxedStrategy<Transition> {
    let mut choices = Choices::new();
    for_key(world, focus, name, key, &mut choices);
    let next = fresh(world).0;
    let apart = move |calls: Vec<Transition>| {
        let named = (next..).zip(calls).map(|(number, call)| call.renamed(Name(number)));
        Transition::Together(named.collect())
    };
    let any = proptest::collection::vec(weighted(choices), scope.clients);
    let mut races = races(world, name, key);
    // Two imports are what has most to get wrong.
    races.extend(races.first().cloned());
    if races.is_empty() {
        return any.prop_map(apart).boxed();
    }
    prop_oneof![1 => any, 4 => select(races)].prop_map(apart).boxed()
}

/// Imports of different material, each with a pair of its own, and an import beside what takes material away.
fn races(world: &World, name: Name, key: &Key) -> Vec<Vec<Transition>> {
    let tokens = tokens(world, |token| token.key == name && is_fresh(world, token));
    let current = key.current().map_or(0, |held| held.material);
    let new = (key.kind == Kind::Symmetric && !key.materials.is_empty()).then_some(true);
    let import = |token: Name, material: usize, new: Option<bool>| {
        let base = plain_import(name, key.kind, token);
        Transition::Import(Import { material: material % MATERIALS, new, ..base })
    };
    let mut races = Vec::new();
    if let [one, other, ..] = tokens.as_slice() {
        races.push(vec![import(*one, current + 1, new), import(*other, current + 2, new)]);
    }
    if let [token, ..] = tokens.as_slice() {
        races.push(vec![import(*token, current, None), Transition::DeleteMaterial { key: name, id_of: None }]);
        races.push(vec![import(*token, current + 1, new), Transition::Rotate { key: name }]);
    }
    races
}

pub(super) fn plain_import(key: Name, kind: Kind, token: Name) -> Import {
    Import {
        key,
        import: Name(0),
        token,
        damaged_token: None,
        wrapping: Wrapping::Right,
        material: 0,
        kind,
        expiry: Expiry::Never,
        new: None,
        id_of: None,
    }
}

pub(super) fn create(world: &World, focus: &Focus) -> BoxedStrategy<Transition> {
    let (key, related) = (fresh(world), focus.related);
    let make = move |kind| Transition::Create { key, kind, multi_region: related && kind != Kind::Generated };
    select(focus.kinds).prop_map(make).boxed()
}

fn for_key(world: &World, focus: &Focus, name: Name, key: &Key, choices: &mut Choices) {
    let mut add = |weight: u32, transition: Transition| choices.push((weight, Just(transition).boxed()));
    let (waits, enabled) = (waits(key), key.way == Way::Enabled);
    let pending = matches!(key.way, Way::PendingDeletion | Way::PendingReplicaDeletion);
    let external = key.kind != Kind::Generated;
    add(1, Transition::Describe { key: name });
    add(if enabled { focus.states } else { 1 }, Transition::Disable { key: name });
    add(if enabled || waits { 1 } else { 2 * focus.states }, Transition::Enable { key: name });
    add(if pending { 6 * focus.states } else { 1 }, Transition::CancelDeletion { key: name });
    let primary = u32::from(key.related == Related::Primary && enabled);
    add(if pending { 2 } else { focus.states + 2 * primary }, Transition::ScheduleDeletion { key: name, days: 7 });
    add(1, Transition::ScheduleDeletion { key: name, days: 31 });
    add(if external && enabled { 3 } else { 1 }, Transition::DeleteMaterial { key: name, id_of: None });
    add_rotations(focus, name, key, &mut add);
    add_replicas(world, focus, name, key, &mut add);
    let ids: Vec<Name> = world.imports.keys().copied().collect();
    if !ids.is_empty() && focus.rotations > 0 {
        let delete = select(ids).prop_map(move |id| Transition::DeleteMaterial { key: name, id_of: Some(id) });
        choices.push((if key.materials.len() > 1 { 6 } else { 2 }, delete.boxed()));
    }
    choices.push((if key.way == Way::NeverImported { 3 } else { 8 }, uses(world, name, key)));
    choices.extend(decryptions(world, name).map(|decrypt| (3, decrypt)));
    let usable = usable_tokens(world, name);
    let wanted = if focus.together > 0 { 2 } else { 1 };
    // Without material there is little to see: a key is to have some soon.
    let missing = if waits || focus.together > 0 { 40 } else { 10 };
    choices.push((if usable < wanted && external { missing } else { 2 }, parameters(world, name, key)));
    imports(world, focus, name, key, choices);
}

/// Whether the key is PendingImport, however it came to be.
fn waits(key: &Key) -> bool {
    matches!(key.way, Way::NeverImported | Way::MaterialDeleted | Way::MaterialExpired)
}

fn add_rotations(focus: &Focus, name: Name, key: &Key, add: &mut impl FnMut(u32, Transition)) {
    if focus.rotations == 0 {
        return;
    }
    let waiting = key.materials.iter().any(|held| held.standing == Standing::Waiting);
    let replica = matches!(key.related, Related::ReplicaOf(_));
    let weight = match key.kind {
        Kind::Symmetric if waiting => 3 * focus.rotations,
        Kind::Symmetric if replica && key.way == Way::Enabled => 4,
        Kind::Symmetric => 1,
        Kind::Hmac | Kind::Ecc | Kind::Generated => 4,
    };
    add(weight, Transition::Rotate { key: name });
}

fn add_replicas(world: &World, focus: &Focus, name: Name, key: &Key, add: &mut impl FnMut(u32, Transition)) {
    if key.related == Related::Alone {
        return;
    }
    let first = key.related == Related::Primary && world.keys.len() < focus.keys + 1;
    let weight = match first {
        true if waits(key) => 24,
        true if key.way == Way::Enabled => 12,
        _ => 6,
    };
    add(weight, Transition::Replicate { key: name, replica: fresh(world) });
}

fn parameters(world: &World, key: Name, of: &Key) -> BoxedStrategy<Transition> {
    use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256};
    let token = fresh(world);
    let algorithms: &[WrappingAlgorithm] = match of.kind {
        Kind::Ecc => &[RsaesOaepSha256, RsaesOaepSha1, RsaAesKeyWrapSha256, RsaAesKeyWrapSha1],
        Kind::Symmetric | Kind::Hmac | Kind::Generated => &[RsaesOaepSha256, RsaesOaepSha1],
    };
    select(algorithms).prop_map(move |algorithm| Transition::Parameters { key, token, algorithm }).boxed()
}

fn uses(world: &World, key: Name, of: &Key) -> BoxedStrategy<Transition> {
    let usages = match of.kind {
        Kind::Symmetric | Kind::Generated => vec![Use::Encrypt(fresh(world)), Use::GenerateDataKey],
        Kind::Hmac => vec![Use::GenerateMac],
        Kind::Ecc => vec![Use::Sign, Use::GetPublicKey],
    };
    select(usages).prop_map(move |usage| Transition::Use { key, usage }).boxed()
}

/// Decryptions of what the key encrypted, the oldest among it, and of what another key did.
fn decryptions(world: &World, key: Name) -> impl Iterator<Item = BoxedStrategy<Transition>> + use<> {
    let made_by = |own: bool| world.ciphertexts.iter().filter(move |(_, made)| (made.key == key) == own);
    let own: Vec<Name> = made_by(true).map(|(name, _)| *name).collect();
    let chosen = own.first().into_iter().chain(own.last()).chain(made_by(false).map(|(name, _)| name).next_back());
    let chosen: Vec<Name> = chosen.copied().collect();
    chosen.into_iter().map(move |ciphertext| Just(Transition::Use { key, usage: Use::Decrypt(ciphertext) }).boxed())
}

/// How many tokens of a key would be accepted now.
fn usable_tokens(world: &World, key: Name) -> usize {
    world.tokens.values().filter(|token| token.key == key && is_fresh(world, token)).count()
}

fn is_fresh(world: &World, token: &Token) -> bool {
    !token.used && !token.refused && world.now < token.issued + TOKEN_LIFE
}

fn imports(world: &World, focus: &Focus, name: Name, key: &Key, choices: &mut Choices) {
    let good: Vec<Name> = tokens(world, |token| token.key == name && is_fresh(world, token));
    let all: Vec<Name> = tokens(world, |_| true);
    let Some(any) = all.last().copied() else { return };
    let import = fresh(world);
    let base = Import { import, ..plain_import(name, key.kind, any) };
    if !good.is_empty() {
        let valid = (select(good.clone()), expiries(focus), materials_and_types(key, focus));
        let plain = base.clone();
        let valid = valid.prop_map(move |(token, expiry, (material, new))| {
            Transition::Import(Import { token, expiry, material, new, ..plain.clone() })
        });
        choices.push((if waits(key) { 60 } else { 12 + focus.rotations }, valid.boxed()));
    }
    // A token that an import was refused with may be good for another: nothing is lost if that has a fault, too.
    let own = tokens(world, |token| token.key == name && !token.used && world.now < token.issued + TOKEN_LIFE);
    if !own.is_empty() {
        choices.push((focus.faults, faulty_requests(world, focus, key, &base, own)));
    }
    let with = |tokens: Vec<Name>| {
        let base = base.clone();
        (select(tokens), materials(key))
            .prop_map(move |(token, material)| Transition::Import(Import { token, material, ..base.clone() }))
            .boxed()
    };
    // Tokens that are too old, or that another import was refused with, or made.
    let stale = tokens(world, |token| token.key == name && !is_fresh(world, token));
    if !stale.is_empty() {
        choices.push((focus.faults / 2 + 4 * focus.time, with(stale)));
    }
    // Any token at all, another key's among them.
    choices.push((focus.faults / 2, with(all)));
}

fn tokens(world: &World, keep: impl Fn(&Token) -> bool) -> Vec<Name> {
    world.tokens.iter().rev().filter(|(_, token)| keep(token)).map(|(name, _)| *name).take(4).collect()
}

/// Requests with one thing wrong, or two.
fn faulty_requests(
    world: &World,
    focus: &Focus,
    key: &Key,
    base: &Import,
    good: Vec<Name>,
) -> BoxedStrategy<Transition> {
    let base = base.clone();
    let others: Vec<Name> = tokens(world, |_| true);
    let ids: Vec<Name> = world.imports.keys().copied().collect();
    let algorithms = world.tokens.iter().map(|(name, token)| (*name, token.algorithm));
    let algorithms: std::collections::BTreeMap<Name, WrappingAlgorithm> = algorithms.collect();
    let damage = prop_oneof![
        Just(Damage::Flip(Place::Start)),
        Just(Damage::Flip(Place::Middle)),
        Just(Damage::Flip(Place::End)),
        Just(Damage::Truncate(1)),
    ];
    let wrapping = prop_oneof![
        2 => select(others.clone()).prop_map(|other| (Wrapping::PublicKeyOf(other), false)),
        1 => Just((Wrapping::Right, true)),
        1 => Just((Wrapping::Damaged(Damage::Flip(Place::Middle)), false)),
    ];
    let kinds = (0..7_u32, 0..28_u32, damage, wrapping, faulty_expiries(), materials(key), any::<bool>());
    let choose = (select(good), kinds, expiries(focus), select_or_none(ids));
    type Faults = (u32, u32, Damage, (Wrapping, bool), Expiry, usize, bool);
    let make = move |(token, faults, valid, id): (Name, Faults, Expiry, Option<Name>)| {
        let (fault, second, damage, (wrapping, hash), expiry, material, new) = faults;
        let mut import = Import { token, expiry: valid, material, ..base.clone() };
        let algorithm: WrappingAlgorithm =
            algorithms.get(&token).copied().unwrap_or(WrappingAlgorithm::RsaesOaepSha256);
        for fault in [fault, second] {
            match fault {
                0 => import.damaged_token = Some(damage),
                1 | 2 => {
                    import.wrapping = if let (Wrapping::PublicKeyOf(chosen), Some(other)) =
                        (wrapping, others.iter().find(|other| **other != token))
                    {
                        // The token's own public key is no fault.
                        Wrapping::PublicKeyOf(if chosen == token { *other } else { chosen })
                    } else if hash {
                        Wrapping::OtherHash(other_hash(algorithm))
                    } else {
                        wrapping
                    }
                }
                3 | 4 => import.expiry = expiry,
                5 => import.id_of = id,
                6 => import.new = Some(new),
                // Mostly there is no second fault.
                _ => {}
            }
        }
        Transition::Import(import)
    };
    choose.prop_map(make).boxed()
}

/// One of these, where there are any.
fn select_or_none(names: Vec<Name>) -> BoxedStrategy<Option<Name>> {
    if names.is_empty() { Just(None).boxed() } else { select(names).prop_map(Some).boxed() }
}

fn materials(key: &Key) -> BoxedStrategy<usize> {
    let known: Vec<usize> = key.materials.iter().map(|held| held.material).collect();
    if known.is_empty() {
        return (0..MATERIALS).boxed();
    }
    prop_oneof![3 => select(known), 1 => 0..MATERIALS].boxed()
}

/// Material and `ImportType`: mostly what goes together.
fn materials_and_types(key: &Key, focus: &Focus) -> BoxedStrategy<(usize, Option<bool>)> {
    if key.kind != Kind::Symmetric {
        return materials(key).prop_map(|material| (material, None)).boxed();
    }
    if matches!(key.related, Related::ReplicaOf(_)) {
        return weighted(vec![
            (6, materials(key).prop_map(|material| (material, Some(false))).boxed()),
            (1, materials(key).prop_map(|material| (material, None)).boxed()),
            (3, (0..MATERIALS).prop_map(|material| (material, Some(true))).boxed()),
        ]);
    }
    let unknown: Vec<usize> =
        (0..MATERIALS).filter(|number| key.materials.iter().all(|held| held.material != *number)).collect();
    let fresh = if unknown.is_empty() || key.materials.is_empty() { 0 } else { focus.rotations };
    let unknown = if unknown.is_empty() { vec![0] } else { unknown };
    weighted(vec![
        (5, materials(key).prop_map(|material| (material, None)).boxed()),
        (1, materials(key).prop_map(|material| (material, Some(false))).boxed()),
        (focus.rotations.min(1), materials(key).prop_map(|material| (material, Some(true))).boxed()),
        (fresh, select(unknown).prop_map(|material| (material, Some(true))).boxed()),
    ])
}

pub(super) fn expiries(focus: &Focus) -> BoxedStrategy<Expiry> {
    let hours = |hours| Expiry::After(SignedDuration::from_hours(hours));
    weighted(vec![
        (4, Just(Expiry::Never).boxed()),
        (focus.time, select(vec![hours(1), hours(30), hours(24 * 8), hours(364 * 24)]).boxed()),
        (1, Just(Expiry::AfterByDefault(SignedDuration::from_hours(2))).boxed()),
    ])
}

fn faulty_expiries() -> BoxedStrategy<Expiry> {
    let hours = SignedDuration::from_hours;
    prop_oneof![
        Just(Expiry::Neither),
        Just(Expiry::ModelAlone),
        Just(Expiry::NeverWithValidTo(hours(1))),
        Just(Expiry::After(hours(-1))),
        Just(Expiry::After(hours(366 * 24))),
        Just(Expiry::After(hours(24 * 365 * 3))),
    ]
    .boxed()
}

/// Jumps to just before and just after every instant at which something is to happen.
fn times(world: &World) -> impl Iterator<Item = SignedDuration> + use<> {
    let near = SignedDuration::from_secs(60);
    let hours = SignedDuration::from_hours;
    let mut instants: Vec<SignedDuration> = world.tokens.values().map(|token| token.issued + hours(24)).collect();
    for key in world.keys.values() {
        instants.extend(key.materials.iter().filter(|held| held.present).filter_map(|held| Some(held.expires?.0)));
        instants.extend(key.deletion);
        instants.extend(key.deletion.map(|at| at + hours(24)));
        instants.extend(key.settles.filter(|at| *at < SignedDuration::MAX));
    }
    instants.sort();
    instants.dedup();
    let now = world.now;
    let jumps = instants.into_iter().flat_map(move |at| [at - near - now, at + near - now]);
    jumps.filter(SignedDuration::is_positive).take(10)
}
