//! Sequences as proptest generates and shrinks them.
//!
//! Each transition is drawn from a strategy that depends on the model's world after those before it. proptest's own
//! runner for state machines ties these strategies to types; here they depend on what a property is about and on whether
//! the target's clock can be turned, and a failing sequence is first cut in large pieces, since each attempt costs calls.

use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::{Just, NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::property::Scope;
use super::strategy::{Focus, transitions};
use crate::model::{Allowed, Transition, World};

/// Sequences of transitions.
#[derive(Debug, Clone)]
pub(crate) struct Sequences {
    pub(crate) focus: Focus,
    pub(crate) scope: Scope,
}

/// A sequence that can shrink.
pub(crate) struct SequenceTree {
    elements: Vec<Box<dyn ValueTree<Value = Transition>>>,
    included: Vec<bool>,
    phase: Phase,
}

impl std::fmt::Debug for SequenceTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SequenceTree").field("included", &self.included).field("phase", &self.phase).finish()
    }
}

#[derive(Debug, Clone)]
enum Phase {
    /// Leaving out `size` elements that end before `end`; `last` was left out by the latest attempt.
    Cut {
        size: usize,
        end: usize,
        last: Vec<usize>,
        shrunk: bool,
    },
    /// Making the element at the index simpler.
    Simplify {
        index: usize,
    },
    Done,
}

impl Strategy for Sequences {
    type Tree = SequenceTree;
    type Value = Vec<Transition>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let length = self.scope.length;
        let mut world = World::default();
        let mut elements: Vec<Box<dyn ValueTree<Value = Transition>>> = Vec::with_capacity(length);
        let opening = select(self.focus.openings).new_tree(runner)?.current();
        let whole = opening.len();
        let mut opening = opening.iter().take(prop_oneof![Just(whole), 0..whole].new_tree(runner)?.current());
        while elements.len() < length {
            let next = match opening.next() {
                Some(step) => step.transition(&world, &self.focus, &self.scope),
                None => Some(transitions(&world, &self.focus, &self.scope)),
            };
            let Some(next) = next else { continue };
            let tree = next.new_tree(runner)?;
            suppose(&mut world, &tree.current());
            elements.push(Box::new(tree));
        }
        let phase = Phase::Cut { size: length.div_ceil(2), end: length, last: Vec::new(), shrunk: false };
        Ok(SequenceTree { included: vec![true; length], elements, phase })
    }
}

/// Goes on as if the target kept to the model, and refused what is open.
fn suppose(world: &mut World, transition: &Transition) {
    if let Transition::Together(calls) = transition {
        return calls.iter().for_each(|call| suppose(world, call));
    }
    let succeeds = matches!(world.allows(transition), Allowed::Success { .. });
    world.take(transition, succeeds);
    let unknown: Vec<_> = world.keys.iter().filter(|(_, key)| !key.state_known).map(|(name, _)| *name).collect();
    for name in unknown {
        if let Some(state) = world.keys.get(&name).map(crate::model::Key::state) {
            world.adopt(name, state);
        }
    }
}

impl SequenceTree {
    /// Leaves out the next piece, from the end, in ever smaller pieces; single elements until none can be spared.
    fn cut(&mut self) -> bool {
        let Phase::Cut { size, end, shrunk, .. } = self.phase else { return false };
        let (mut size, mut end, mut shrunk) = (size, end, shrunk);
        loop {
            let there: Vec<usize> = (0..end).rev().filter(|index| self.included[*index]).take(size).collect();
            if let Some(lowest) = there.last().copied() {
                for index in &there {
                    self.included[*index] = false;
                }
                self.phase = Phase::Cut { size, end: lowest, last: there, shrunk };
                return true;
            }
            match (size, shrunk) {
                (0 | 1, false) => {
                    self.phase = Phase::Simplify { index: 0 };
                    return false;
                }
                (1, true) => shrunk = false,
                _ => size = size.div_ceil(2).min(size - 1),
            }
            end = self.included.len();
        }
    }

    fn simplify_element(&mut self) -> bool {
        let Phase::Simplify { mut index } = self.phase else { return false };
        while index < self.elements.len() {
            if self.included[index] && self.elements[index].simplify() {
                self.phase = Phase::Simplify { index };
                return true;
            }
            index += 1;
        }
        self.phase = Phase::Done;
        false
    }
}

impl ValueTree for SequenceTree {
    type Value = Vec<Transition>;

    fn current(&self) -> Self::Value {
        let included = self.elements.iter().zip(&self.included).filter(|(_, included)| **included);
        included.map(|(element, _)| element.current()).collect()
    }

    fn simplify(&mut self) -> bool {
        if let Phase::Cut { last, shrunk, .. } = &mut self.phase {
            // The latest attempt still failed: it stays cut.
            *shrunk |= !last.is_empty();
            last.clear();
            if self.cut() {
                return true;
            }
        }
        self.simplify_element()
    }

    /// Takes the latest attempt back and makes the next one.
    fn complicate(&mut self) -> bool {
        match &mut self.phase {
            Phase::Cut { last, .. } => {
                for index in std::mem::take(last) {
                    self.included[index] = true;
                }
                self.cut() || self.simplify_element()
            }
            Phase::Simplify { index } => {
                let index = *index;
                if self.elements[index].complicate() {
                    return true;
                }
                self.phase = Phase::Simplify { index: index + 1 };
                self.simplify_element()
            }
            Phase::Done => false,
        }
    }
}
