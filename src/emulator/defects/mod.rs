//! The emulator with one thing wrong: variants that show whether the harness finds what it is there to find.
//!
//! Each [`Defect`] breaks one rule in one place. [`list`](self::list) says what each of them does, which rule it breaks and
//! where such a bug was seen; the code that it changes asks [`Defect::is_on`] right where the correct rule stands.
//!
//! ```
//! use kms_conformance::emulator::{Config, Defect, Emulator};
//!
//! let defect: Defect = "token-ignores-key".parse()?;
//! assert_eq!(defect.about().rule, "TOK-KEYBOUND");
//! let emulator = Emulator::new(Config { defect: Some(defect), ..Config::default() });
//! assert_eq!(emulator.defect(), Some(Defect::TokenIgnoresKey));
//! # Ok::<(), kms_conformance::emulator::UnknownDefect>(())
//! ```

mod list;
mod memory;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

pub use list::Defect;
pub(crate) use memory::Memory;

use crate::kms::{AccountId, Arn, Operation};

/// What there is to know about a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct About {
    /// What the emulator does wrong, in one sentence.
    pub says: &'static str,
    /// The id of the rule that it breaks. It may break others besides.
    pub rule: &'static str,
    /// What can find it.
    pub reach: Reach,
    /// Where such a bug was seen, or why it is plausible.
    pub seen: &'static str,
}

/// What can find a defect; with the reason, where not everything can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Scenarios, and generated sequences of calls on keys that live and die.
    Both,
    /// Scenarios only.
    Scenarios(&'static str),
    /// Generated sequences only: it takes calls that overlap.
    Sequences(&'static str),
}

/// A name that no defect has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no defect `{found}`")]
pub struct UnknownDefect {
    /// The name.
    pub found: String,
    /// The defect whose name is most like it, if any is.
    pub closest: Option<Defect>,
}

/// Names less alike than this are not worth suggesting.
const ALIKE: f64 = 0.7;

tokio::task_local! {
    /// The defect of the emulator that answers the current request.
    static IN_FORCE: Defect;
}

/// Answers a request as an emulator with this defect does.
pub(super) async fn under<F: Future>(defect: Option<Defect>, request: F) -> F::Output {
    match defect {
        None => request.await,
        Some(defect) => IN_FORCE.scope(defect, request).await,
    }
}

impl Defect {
    /// Whether the current request is answered by an emulator that has this defect.
    pub(crate) fn is_on(self) -> bool {
        IN_FORCE.try_with(|defect| *defect == self).unwrap_or(false)
    }
}

/// The account that the request's key belongs to, for an emulator that looks the key up there (ID-XACCT, GPI-XACCT).
pub(super) fn account_of_the_key(operation: Operation, request: &Value) -> Option<AccountId> {
    let everyones = match operation {
        Operation::GetParametersForImport => Defect::ParametersAcrossAccounts.is_on(),
        Operation::ImportKeyMaterial | Operation::DeleteImportedKeyMaterial => Defect::ImportAcrossAccounts.is_on(),
        _ => false,
    };
    let arn: Arn = request.get("KeyId").filter(|_| everyones)?.as_str()?.parse().ok()?;
    Some(arn.account)
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(text: &str) -> Result<Self, UnknownDefect> {
        if let Some(defect) = Self::ALL.iter().find(|defect| defect.name() == text) {
            return Ok(*defect);
        }
        let likeness = |defect: &Self| strsim::jaro_winkler(defect.name(), text);
        let closest = Self::ALL.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        Err(UnknownDefect { found: text.to_owned(), closest: closest.filter(|defect| likeness(defect) > ALIKE) })
    }
}

impl Serialize for Defect {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_defect_is_in_force_in_its_own_requests_only() {
        assert!(!Defect::TokenIgnoresKey.is_on());
        under(Some(Defect::TokenIgnoresKey), async {
            assert!(Defect::TokenIgnoresKey.is_on());
            assert!(!Defect::TokenNeverExpires.is_on());
        })
        .await;
        under(None, async { assert!(!Defect::TokenIgnoresKey.is_on()) }).await;
    }

    #[test]
    fn a_name_reads_back_and_a_misspelt_one_is_corrected() {
        for defect in Defect::ALL {
            assert_eq!(defect.name().parse(), Ok(*defect));
        }
        assert_eq!("token-ignore-key".parse::<Defect>().unwrap_err().closest, Some(Defect::TokenIgnoresKey));
        assert_eq!("xyz".parse::<Defect>().unwrap_err().closest, None);
    }
}
