//! Expectations of an answer.

use indexmap::IndexMap;
use jiff::SignedDuration;
use regex::Regex;

use super::expr::Expr;
use crate::kms::{MacAlgorithm, SigningAlgorithm};

/// What a member of an answer must be.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// Equal to this.
    Equals(Expr),
    /// An object with at least these members.
    Object(IndexMap<String, Self>),
    /// A list of exactly these, in this order.
    List(Vec<Self>),
    /// Not there; `null` is there.
    Absent,
    /// There, with a value: not `null`.
    Present,
    /// There, with a value different from this.
    Not(Expr),
    /// Equal to one of these.
    OneOf(Vec<Expr>),
    /// A list of exactly these, in any order.
    SameItems(Vec<Expr>),
    /// A list with an item like this.
    Contains(Box<Self>),
    /// Text in which the regular expression matches.
    Matches(Regex),
    /// Text that starts so.
    StartsWith(Expr),
    /// So many bytes of a blob, characters of a text, items of a list.
    Length {
        /// The least length.
        min: usize,
        /// The greatest length.
        max: usize,
    },
    /// An instant near the target's time plus `offset`.
    Near {
        /// How much later than the target's time.
        offset: SignedDuration,
        /// The tolerance, either way.
        within: SignedDuration,
    },
    /// A DER SubjectPublicKeyInfo with an RSA key of so many bits.
    RsaPublicKey(usize),
    /// The DER SubjectPublicKeyInfo of this material.
    PublicKeyOf(String),
    /// The HMAC that this material gives.
    MacBy {
        /// The material's name.
        material: String,
        /// A blob.
        message: Expr,
        /// With which hash.
        algorithm: MacAlgorithm,
    },
    /// A signature that verifies under this material's public key.
    SignatureBy {
        /// The material's name.
        material: String,
        /// A blob.
        message: Expr,
        /// How it was signed.
        algorithm: SigningAlgorithm,
    },
}

impl Matcher {
    /// Whether an answer that meets this has a value at `path`.
    pub(crate) fn mentions(&self, path: &[&str]) -> bool {
        match (self, path) {
            (Self::Absent, []) => false,
            (_, []) => true,
            (Self::Object(members), [first, rest @ ..]) => members.get(*first).is_some_and(|m| m.mentions(rest)),
            _ => false,
        }
    }
}
