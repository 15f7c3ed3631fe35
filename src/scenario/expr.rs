//! Values in requests: literals, references to earlier answers, and generated values.

use indexmap::IndexMap;
use jiff::SignedDuration;
use serde_json::Value;

use crate::kms::WrappingAlgorithm;

/// A value that is worked out when its step runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// This JSON value.
    Literal(Value),
    /// Text with references; a lone reference keeps the type of what it names.
    Template(Template),
    /// A JSON object.
    Object(IndexMap<String, Self>),
    /// A JSON array.
    Array(Vec<Self>),
    /// A value made on the spot.
    Generated(Box<Generator>),
}

/// Text in which `${…}` stands for values.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(pub Vec<Part>);

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// What the reference names.
    Reference(Reference),
}

/// Something that is known when the step runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A member of the answer that a step bound to `binding`.
    Answer {
        /// The name after `as`.
        binding: String,
        /// Member names and list indices.
        path: Vec<String>,
    },
    /// A member of the request behind that answer.
    Request {
        /// The name after `as`.
        binding: String,
        /// Member names and list indices.
        path: Vec<String>,
    },
    /// A name bound by a `set` step.
    Variable(String),
    /// The account that a client acts in: the test's own, or one of `clients`.
    Account(Option<String>),
    /// The Region that a client calls: the test's own, or one of `clients`.
    Region(Option<String>),
}

/// A value made on the spot.
#[derive(Debug, Clone, PartialEq)]
pub enum Generator {
    /// Key material, encrypted under the public key of a `GetParametersForImport` answer.
    Wrap {
        /// The material's name.
        material: String,
        /// The name of the answer whose public key wraps it.
        parameters: String,
        /// Instead of the algorithm that was asked for.
        algorithm: Option<WrappingAlgorithm>,
    },
    /// The text's bytes, as base64.
    Text(Template),
    /// Random bytes, as base64.
    Random(usize),
    /// A text, so many times.
    Repeat {
        /// What is repeated.
        text: String,
        /// How often.
        times: usize,
    },
    /// A blob, damaged.
    Damage {
        /// The blob.
        blob: Expr,
        /// How.
        damage: Damage,
    },
    /// An instant relative to the target's clock.
    Now(SignedDuration),
    /// An instant relative to another.
    Time {
        /// The other instant.
        base: Expr,
        /// How much later.
        plus: SignedDuration,
    },
}

/// How a blob is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// One bit is turned over.
    Flip(Place),
    /// So many bytes are cut off the end.
    Truncate(usize),
    /// So many zero bytes are appended.
    Extend(usize),
}

/// Where in a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first byte.
    Start,
    /// The byte in the middle.
    Middle,
    /// The last byte.
    End,
}

impl Place {
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("start", Self::Start), ("middle", Self::Middle), ("end", Self::End)];
}

impl Damage {
    /// Damages a blob. Every kind changes every blob, but an empty one has no bit to flip and nothing to cut.
    pub(crate) fn apply(self, blob: &mut Vec<u8>) {
        match self {
            Self::Flip(place) => {
                let last = blob.len().saturating_sub(1);
                let at = match place {
                    Place::Start => 0,
                    Place::Middle => blob.len() / 2,
                    Place::End => last,
                };
                if let Some(byte) = blob.get_mut(at) {
                    *byte ^= 1;
                }
            }
            Self::Truncate(by) => blob.truncate(blob.len().saturating_sub(by)),
            Self::Extend(by) => blob.resize(blob.len() + by, 0),
        }
    }
}

impl Expr {
    /// The reference that this value is, if it is nothing but one.
    pub(crate) fn as_reference(&self) -> Option<&Reference> {
        match self {
            Self::Template(Template(parts)) => match parts.as_slice() {
                [Part::Reference(reference)] => Some(reference),
                _ => None,
            },
            Self::Literal(_) | Self::Object(_) | Self::Array(_) | Self::Generated(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_changes_what_it_says() {
        let damaged = |damage: Damage| {
            let mut blob = vec![0; 5];
            damage.apply(&mut blob);
            blob
        };
        assert_eq!(damaged(Damage::Flip(Place::Start)), [1, 0, 0, 0, 0]);
        assert_eq!(damaged(Damage::Flip(Place::Middle)), [0, 0, 1, 0, 0]);
        assert_eq!(damaged(Damage::Flip(Place::End)), [0, 0, 0, 0, 1]);
        assert_eq!(damaged(Damage::Truncate(2)), [0; 3]);
        assert_eq!(damaged(Damage::Extend(2)), [0; 7]);
    }
}
