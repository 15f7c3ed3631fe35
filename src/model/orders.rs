//! Calls made at the same time: which orders explain what they came to.

use super::allowed::Allowed;
use super::transition::Transition;
use super::world::World;
use crate::kms::ErrorCode;

/// A call that was made, and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// The call.
    pub transition: Transition,
    /// The exception, if it was refused.
    pub refused: Option<ErrorCode>,
}

/// What orders say of calls that were made at the same time.
#[derive(Debug, Clone)]
pub enum Orders {
    /// The worlds that some order leads to, in which each call may come to what it came to.
    Explained(Vec<World>),
    /// No order explains them: in the one that goes farthest, this call breaks this rule.
    Unexplained {
        /// The rule.
        rule: &'static str,
        /// The position of the call.
        call: usize,
        /// What the model allows it in that order.
        allowed: Allowed,
    },
}

impl World {
    /// Tries every order of the calls (linearizability): the calls took effect one after the other, whichever came first.
    #[must_use]
    pub fn orders(&self, calls: &[Happened]) -> Orders {
        let mut search = Search { calls, worlds: Vec::new(), farthest: None };
        search.extend(self, &mut Vec::new());
        match search.farthest {
            Some((_, rule, call, allowed)) if search.worlds.is_empty() => Orders::Unexplained { rule, call, allowed },
            _ => Orders::Explained(search.worlds),
        }
    }
}

struct Search<'c> {
    calls: &'c [Happened],
    worlds: Vec<World>,
    /// How many calls went well before which rule was broken, by which call.
    farthest: Option<(usize, &'static str, usize, Allowed)>,
}

impl Search<'_> {
    fn extend(&mut self, world: &World, order: &mut Vec<usize>) {
        if order.len() == self.calls.len() {
            self.worlds.push(world.clone());
            return;
        }
        for next in 0..self.calls.len() {
            if order.contains(&next) {
                continue;
            }
            let call = &self.calls[next];
            let allowed = world.allows(&call.transition);
            if let Some(rule) = broken(&allowed, call) {
                if self.farthest.as_ref().is_none_or(|(depth, ..)| *depth < order.len()) {
                    self.farthest = Some((order.len(), rule, next, allowed));
                }
                continue;
            }
            let mut after = world.clone();
            after.take(&call.transition, call.refused.is_none());
            if allowed == Allowed::Unstated
                && let Some(key) = call.transition.key()
            {
                after.doubt(key);
            }
            order.push(next);
            self.extend(&after, order);
            order.pop();
        }
    }
}

/// The rule that an outcome breaks.
fn broken(allowed: &Allowed, call: &Happened) -> Option<&'static str> {
    match (allowed, &call.refused) {
        (Allowed::Success { rule }, Some(_)) | (Allowed::Refusal { rule, .. }, None) => Some(rule),
        (Allowed::Refusal { rule, codes }, Some(code)) if !codes.is_empty() && !codes.contains(code) => Some(rule),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::WrappingAlgorithm;
    use crate::model::{Expiry, Import, Kind, Name, Wrapping};
    use crate::scenario::Damage;

    /// A key with its material, two tokens, and two imports of other new material.
    fn two_imports() -> (World, [Transition; 2]) {
        let mut world = World::default();
        let key = Name(1);
        world.take(&Transition::Create { key, kind: Kind::Symmetric, multi_region: false }, true);
        let import = |token: u32, material, new| {
            let (import, token) = (Name(token + 10), Name(token));
            let (damaged_token, wrapping, expiry, id_of) = (None, Wrapping::Right, Expiry::Never, None);
            let kind = Kind::Symmetric;
            Transition::Import(Import {
                key,
                import,
                token,
                damaged_token,
                wrapping,
                material,
                kind,
                expiry,
                new,
                id_of,
            })
        };
        for token in [2, 3, 4] {
            let algorithm = WrappingAlgorithm::RsaesOaepSha256;
            world.take(&Transition::Parameters { key, token: Name(token), algorithm }, true);
        }
        world.take(&import(2, 0, None), true);
        (world, [import(4, 1, Some(true)), import(3, 2, Some(true))])
    }

    fn happened(transition: &Transition, refused: Option<ErrorCode>) -> Happened {
        Happened { transition: transition.clone(), refused }
    }

    #[test]
    fn of_two_new_materials_either_may_win_but_not_both() {
        let (world, [one, other]) = two_imports();
        let conflict = || Some(ErrorCode::KMS_INVALID_STATE);
        for (first, second) in [(None, conflict()), (conflict(), None)] {
            let calls = [happened(&one, first), happened(&other, second)];
            assert!(matches!(world.orders(&calls), Orders::Explained(worlds) if worlds.len() == 1));
        }
        let both = [happened(&one, None), happened(&other, None)];
        let Orders::Unexplained { rule, .. } = world.orders(&both) else { panic!("no order lets both succeed") };
        assert_eq!(rule, "IMP-NEW-PENDING-CONFLICT");
        let neither = [happened(&one, conflict()), happened(&other, conflict())];
        let Orders::Unexplained { rule, .. } = world.orders(&neither) else { panic!("one of them has to succeed") };
        assert_eq!(rule, "IMP-NEW-ON-ENABLED");
    }

    #[test]
    fn of_calls_that_no_order_explains_the_order_that_goes_farthest_is_told() {
        let (world, _) = two_imports();
        let key = Name(1);
        let refused = happened(&Transition::Enable { key }, Some(ErrorCode::DISABLED));
        let (disable, look) = (Transition::Disable { key }, Transition::Describe { key });
        let (disable, look) = (happened(&disable, None), happened(&look, None));
        // That EnableKey is refused breaks another rule before DisableKey than after it.
        for (calls, position) in [([refused.clone(), look.clone(), disable.clone()], 0), ([disable, look, refused], 2)]
        {
            let Orders::Unexplained { rule, call, allowed } = world.orders(&calls) else { panic!("it is unexplained") };
            assert_eq!((rule, call), ("DIS-ENA-EXT", position));
            assert_eq!(allowed, Allowed::Success { rule });
        }
    }

    #[test]
    fn of_equally_far_orders_the_first_is_told() {
        let (world, _) = two_imports();
        let calls = [Transition::Disable { key: Name(1) }, Transition::Enable { key: Name(1) }]
            .map(|call| happened(&call, Some(ErrorCode::KMS_INVALID_STATE)));
        let Orders::Unexplained { rule, call, .. } = world.orders(&calls) else { panic!("it is unexplained") };
        assert_eq!((rule, call), ("DIS-ENA-EXT", 0));
    }

    #[test]
    fn a_refusal_must_be_with_an_exception_that_the_rule_has() {
        let (world, [import, _]) = two_imports();
        let Transition::Import(import) = import else { panic!("it is an import") };
        let rotate = Transition::Rotate { key: Name(1) };
        let named = |code| world.orders(&[happened(&rotate, Some(code))]);
        assert!(matches!(named(ErrorCode::KMS_INVALID_STATE), Orders::Explained(worlds) if worlds.len() == 1));
        assert!(matches!(named(ErrorCode::VALIDATION), Orders::Unexplained { rule: "ROT-OD-NOPENDING", call: 0, .. }));
        // Where no source names it, any will do.
        let any = Transition::Import(Import { wrapping: Wrapping::Damaged(Damage::Truncate(1)), ..import });
        let unnamed = world.orders(&[happened(&any, Some(ErrorCode::VALIDATION))]);
        assert!(matches!(unnamed, Orders::Explained(worlds) if worlds.len() == 1));
        assert!(matches!(world.orders(&[happened(&any, None)]), Orders::Unexplained { rule: "WRAP-SIZE", .. }));
    }

    #[test]
    fn after_a_call_of_which_nothing_is_stated_a_key_is_not_known_any_more() {
        let (mut world, _) = two_imports();
        let certain = |world: &World, call: &Transition| {
            let Orders::Explained(worlds) = world.orders(&[happened(call, None)]) else { panic!("it is explained") };
            worlds.iter().map(|world| world.keys[&Name(1)].certain).collect::<Vec<_>>()
        };
        let disable = Transition::Disable { key: Name(1) };
        assert_eq!(certain(&world, &disable), [true]);
        world.keys.get_mut(&Name(1)).expect("the key").state_known = false;
        assert_eq!(certain(&world, &disable), [false]);
    }

    #[test]
    fn no_calls_are_explained_by_the_world_as_it_is() {
        let (world, _) = two_imports();
        assert!(matches!(world.orders(&[]), Orders::Explained(worlds) if worlds.len() == 1));
    }

    #[test]
    fn calls_that_do_not_meet_are_explained_by_every_order() {
        let (world, _) = two_imports();
        let describe = Transition::Describe { key: Name(1) };
        let disable = Transition::Disable { key: Name(1) };
        let calls = [happened(&describe, None), happened(&disable, None)];
        assert!(matches!(world.orders(&calls), Orders::Explained(worlds) if worlds.len() == 2));
    }
}
