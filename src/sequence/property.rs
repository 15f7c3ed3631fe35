//! The properties: what sequences are about, and how a seed becomes a sequence.

use proptest::strategy::Strategy as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sha2::{Digest as _, Sha256};

use super::opening::Opening::{self, Create, Encrypt, Import, Pair, Replicate, Rotate, Settle};
use super::strategy::Focus;
use super::tree::{SequenceTree, Sequences};
use crate::model::Kind;

/// What sequences may do on a target, and how long they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope {
    /// So many transitions at most.
    pub(crate) length: usize,
    /// Whether the target's clock can be turned.
    pub(crate) turned: bool,
    /// How many clients call at the same time.
    pub(crate) clients: usize,
}

/// A claim about all sequences of a kind: the target does what the model allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its name, as a test: `sequences/expiry`.
    pub name: &'static str,
    /// What holds, as one fact.
    pub title: &'static str,
    /// Which bug it would find.
    pub why: &'static str,
    /// What its sequences are made of.
    pub focus: Focus,
}

const ONE_KEY: &[&[Opening]] = &[&[Create, Pair(0), Import(0, 0), Encrypt(0), Pair(0)]];
const TWO_KEYS: &[&[Opening]] =
    &[&[Create, Pair(0), Import(0, 0), Encrypt(0), Create, Pair(1), Import(1, 1), Encrypt(1), Pair(0), Pair(1)]];
const WITH_ROTATIONS: &[&[Opening]] = &[&[
    Create,
    Pair(0),
    Import(0, 0),
    Encrypt(0),
    Pair(0),
    Import(0, 1),
    Rotate(0),
    Settle,
    Encrypt(0),
    Pair(0),
    Import(0, 2),
]];
const SEVERAL_PAIRS: &[&[Opening]] =
    &[&[Create, Pair(0), Pair(0)], &[Create, Pair(0), Import(0, 0), Encrypt(0), Pair(0), Pair(0)]];
#[rustfmt::skip]
const WITH_REPLICA: &[&[Opening]] = &[
    &[Create, Pair(0), Import(0, 0), Encrypt(0), Replicate(0), Settle, Pair(1), Import(1, 0),
      Pair(0), Import(0, 1), Pair(1), Import(1, 1), Pair(1)],
    // It cannot be replicated before it has material.
    &[Create, Replicate(0), Pair(0), Import(0, 0), Replicate(0), Settle, Pair(1), Import(1, 0), Pair(1)],
];

const BASE: Focus = Focus {
    kinds: &[Kind::Symmetric],
    keys: 2,
    related: false,
    openings: ONE_KEY,
    faults: 20,
    rotations: 0,
    time: 0,
    together: 0,
    states: 1,
};

/// Mostly symmetric keys, which have more to get wrong between Regions.
const MULTI_REGION: &[Kind] = &[Kind::Symmetric, Kind::Symmetric, Kind::Hmac];

/// Every property.
pub const PROPERTIES: [Property; 7] = [
    Property {
        name: "sequences/imports",
        title: "imports, good and faulty, into several keys do what AWS does, whatever came before",
        why: "A token that is good for another key, or a key that changes its material, shows in one order of many.",
        focus: Focus {
            kinds: &[Kind::Symmetric, Kind::Generated],
            keys: 3,
            openings: TWO_KEYS,
            faults: 40,
            time: 1,
            rotations: 1,
            ..BASE
        },
    },
    Property {
        name: "sequences/expiry",
        title: "material and tokens expire when they must, and no sooner, whatever is done meanwhile",
        why: "A timer that outlives its material, or is lost with a reimport, strikes long after the tests are over.",
        focus: Focus { kinds: &[Kind::Symmetric, Kind::Hmac], faults: 10, time: 4, ..BASE },
    },
    Property {
        name: "sequences/other_key_types",
        title: "HMAC and asymmetric keys keep the one material that they were given",
        why: "Tags and signatures that nobody can verify any more are found by those who rely on them.",
        focus: Focus { kinds: &[Kind::Hmac, Kind::Ecc], keys: 3, time: 2, states: 2, rotations: 1, ..BASE },
    },
    Property {
        name: "sequences/key_states",
        title: "keys are enabled, disabled, scheduled for deletion and saved from it, and do what their state allows",
        why: "A state that is left by the wrong door lets a key be used that its owner had taken out of use.",
        focus: Focus { kinds: &[Kind::Symmetric, Kind::Ecc, Kind::Generated], keys: 3, time: 2, states: 6, ..BASE },
    },
    Property {
        name: "sequences/rotation",
        title: "new material waits, is rotated to, and leaves everything that was encrypted readable",
        why: "With each rotation there is one material more to lose, to mix up, or to encrypt with by mistake.",
        focus: Focus { keys: 1, openings: WITH_ROTATIONS, faults: 8, time: 3, rotations: 8, ..BASE },
    },
    Property {
        name: "sequences/multi_region",
        title: "replicas take the material of their primary key, each with tokens and an expiry of its own",
        why: "What is shared between Regions and what is not is got wrong in both directions.",
        focus: Focus {
            kinds: MULTI_REGION,
            keys: 1,
            related: true,
            openings: WITH_REPLICA,
            faults: 10,
            time: 2,
            rotations: 4,
            ..BASE
        },
    },
    Property {
        name: "sequences/concurrency",
        title: "what calls at the same time come to is explained by some order of them",
        why: "Two imports that both see the key as it was leave it with material that nobody chose.",
        focus: Focus { keys: 3, openings: SEVERAL_PAIRS, faults: 2, rotations: 4, together: 30, ..BASE },
    },
];

/// Which property each of so many sequences in a row is about: more of those whose states take long to reach.
const SCHEDULE: [usize; 12] = [0, 4, 5, 6, 1, 2, 5, 3, 6, 4, 0, 2];

/// The property that the sequence with this number is about.
pub(crate) fn scheduled(number: u32) -> &'static Property {
    &PROPERTIES[SCHEDULE[number as usize % SCHEDULE.len()]]
}

/// How many of so many sequences in a row are about one of these.
pub(crate) fn sequences_about(properties: &[&Property], cases: u32) -> u32 {
    let about = |number: &u32| properties.contains(&scheduled(*number));
    u32::try_from((0..cases).filter(about).count()).unwrap_or(u32::MAX)
}

/// How many sequences in a row it takes for so many of them to be about one of these.
pub(crate) fn cases_for(properties: &[&Property], sequences: u32) -> u32 {
    let numbers = 0..u32::MAX;
    let about = numbers.filter(|number| properties.contains(&scheduled(*number)));
    match (sequences.checked_sub(1), properties) {
        (None, _) | (_, []) => 0,
        (Some(before), _) => about.skip(before as usize).map(|number| number + 1).next().unwrap_or(u32::MAX),
    }
}

impl Property {
    /// The generator of its sequence number `case`. The same seed gives the same sequence on every machine, whatever the
    /// target answers; only whether time can be turned makes a difference, for sequences jump in time where it can.
    pub(crate) fn sequence(&self, seed: u64, case: u32, scope: Scope) -> Option<SequenceTree> {
        let mut digest = Sha256::new();
        digest.update(self.name.as_bytes());
        digest.update(seed.to_le_bytes());
        digest.update(case.to_le_bytes());
        let seed: [u8; 32] = digest.finalize().into();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
        Sequences { focus: self.focus, scope }.new_tree(&mut runner).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree as _;

    use super::*;

    const SCOPE: Scope = Scope { length: 40, turned: true, clients: 2 };

    fn first(property: &Property, seed: u64) -> Vec<crate::model::Transition> {
        property.sequence(seed, 0, SCOPE).expect("a sequence").current()
    }

    #[test]
    fn a_seed_says_which_sequence() {
        for property in &PROPERTIES {
            assert_eq!(first(property, 7), first(property, 7));
            assert_ne!(first(property, 7), first(property, 8));
        }
    }

    /// Other machines must come to the same sequence, so this one is pinned.
    #[test]
    fn the_sequence_of_a_seed_is_the_same_on_every_machine() {
        let told: Vec<String> = first(&PROPERTIES[0], 0).iter().take(12).map(ToString::to_string).collect();
        let pinned = concat!(
            "CreateKey k1; GetParametersForImport k1; ImportKeyMaterial k1; Encrypt k1; CreateKey k5; ",
            "GetParametersForImport k1; ImportKeyMaterial k1; ImportKeyMaterial k5; ImportKeyMaterial k1; ",
            "ImportKeyMaterial k1; EnableKey k1; ImportKeyMaterial k1",
        );
        assert_eq!(told.join("; "), pinned);
    }

    #[test]
    fn so_many_sequences_in_a_row_hold_so_many_about_a_property() {
        for property in &PROPERTIES {
            for sequences in [0, 1, 2, 7, 100] {
                let cases = cases_for(&[property], sequences);
                assert_eq!(sequences_about(&[property], cases), sequences);
                assert!(cases == 0 || sequences_about(&[property], cases - 1) == sequences - 1, "{}", property.name);
            }
        }
        let all: Vec<&Property> = PROPERTIES.iter().collect();
        assert_eq!((cases_for(&all, 256), sequences_about(&all, 256)), (256, 256));
        assert_eq!(cases_for(&[], 5), 0);
    }

    #[test]
    fn without_a_clock_that_can_be_turned_no_time_goes_by() {
        let jumps = |turned| {
            let sequences = (0..20).filter_map(|case| PROPERTIES[1].sequence(1, case, Scope { turned, ..SCOPE }));
            let transitions = sequences.flat_map(|tree| tree.current());
            transitions.filter(|transition| matches!(transition, crate::model::Transition::Pass(_))).count()
        };
        assert!(jumps(true) > 20);
        assert_eq!(jumps(false), 0);
    }
}
