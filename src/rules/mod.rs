//! The rule catalogue: what KMS does with imported key material, one sentence each, and how that is known.
//!
//! The rules are data, one file per subject in `src/rules/catalogue/`; nothing else in this crate states a rule. A
//! scenario cites the rule that it judges by its id, and the verdict on a target is a verdict on that rule.
//!
//! ```
//! use kms_conformance::rules::{Evidence, Subject, catalogue};
//!
//! let rule = catalogue().get("TOK-KEYBOUND").unwrap();
//! assert_eq!(rule.subject, Subject::ImportToken);
//! assert_eq!(rule.evidence, Evidence::Documented);
//! assert!(rule.is_judged());
//! ```

mod pages;
mod quotas;
mod source;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use indexmap::IndexMap;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use pages::{Promise, Standing, promises};
pub use quotas::{Quota, quotas};
pub use source::{Page, Source};

/// One statement about KMS.
#[derive(Debug, Clone, Serialize)]
pub struct Rule {
    /// The name by which scenarios and reports cite the rule.
    pub id: RuleId,
    /// The part of an imported key's life that the rule is about.
    pub subject: Subject,
    /// The rule, in one sentence.
    pub says: String,
    /// What must be seen; for an open rule, what is observed.
    pub expect: String,
    /// How well the rule is known.
    pub evidence: Evidence,
    /// Where it is known from. Never empty.
    pub sources: Vec<Source>,
    /// The day on which the sources were last compared with the rule.
    pub checked: Date,
    /// The text of the error as it was recorded, with placeholders such as `<arn>`.
    pub message: Option<String>,
    /// Which source says otherwise, which one wins, and why.
    pub conflict: Option<String>,
    /// Why no scenario checks the rule, where none can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<String>,
}

/// The id of a rule: capital letters and digits in groups joined by dashes, such as `TOK-KEYBOUND`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct RuleId(String);

/// Text that is not the id of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a rule id (capital letters and digits in groups joined by dashes, such as TOK-KEYBOUND)")]
pub struct ParseRuleIdError {
    found: String,
}

/// How well a rule is known, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Seen on AWS in a public recording with a date.
    Recorded,
    /// AWS's current text says so.
    Documented,
    /// Nobody says, or the sources disagree: the target is observed, never judged.
    Open,
}

/// The rules, in the order of their files.
#[derive(Debug)]
pub struct Catalogue {
    rules: IndexMap<RuleId, Rule>,
}

/// The rules that this crate knows.
#[must_use]
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::built_in);
    &CATALOGUE
}

/// Defines the subjects, and binds each to the file that holds its rules.
macro_rules! subjects {
    ($($(#[$meta:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// The part of an imported key's life that a rule is about. Each has a file in `src/rules/catalogue/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Subject {
            $($(#[$meta])* $variant,)+
        }

        impl Subject {
            /// Every subject, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The subject's name in files and reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            const fn file(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("catalogue/", $name, ".yaml"))),+
                }
            }
        }
    };
}

subjects! {
    /// `CreateKey` with origin `EXTERNAL`.
    Create = "create",
    /// `GetParametersForImport`.
    Parameters = "parameters",
    /// Which material may be wrapped how.
    Wrapping = "wrapping",
    /// `ImportKeyMaterial`.
    Import = "import",
    /// `ValidTo` and `ExpirationModel` in a request.
    ValidTo = "valid_to",
    /// What an import token is bound to.
    ImportToken = "import_token",
    /// Importing the same material again.
    Reimport = "reimport",
    /// What happens at `ValidTo`.
    Expiry = "expiry",
    /// `DeleteImportedKeyMaterial`.
    Delete = "delete",
    /// Disabling, scheduling deletion, and what each state shows.
    KeyStates = "key_states",
    /// Key ids, ARNs, aliases, accounts and Regions.
    Identifiers = "identifiers",
    /// What a key does with its material.
    Crypto = "crypto",
    /// Several materials in one key, and rotating between them.
    Rotation = "rotation",
    /// Imported material in multi-Region keys.
    MultiRegion = "multi_region",
    /// The form of requests and errors.
    Validation = "validation",
}

/// A rule as its file has it: the subject is the file's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: RuleId,
    says: String,
    expect: String,
    evidence: Evidence,
    sources: Vec<Source>,
    checked: Date,
    message: Option<String>,
    conflict: Option<String>,
    unchecked: Option<String>,
}

impl Rule {
    /// Whether a target that breaks the rule deviates: open rules are observed only.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        match self.evidence {
            Evidence::Recorded | Evidence::Documented => true,
            Evidence::Open => false,
        }
    }
}

impl RuleId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Evidence {
    /// The name in files and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Documented => "documented",
            Self::Open => "open",
        }
    }
}

impl Catalogue {
    /// The rule with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// Every rule, in the order of the files.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.values()
    }

    fn built_in() -> Self {
        let mut rules = IndexMap::new();
        for subject in Subject::ALL {
            let entries: Vec<Entry> = serde_yaml::from_str(subject.file())
                .unwrap_or_else(|error| panic!("the built-in rules on `{subject}` are well-formed: {error}"));
            for entry in entries {
                let rule = entry.on(*subject);
                let earlier = rules.insert(rule.id.clone(), rule);
                assert!(earlier.is_none(), "the rules on `{subject}` use an id that another rule has: {earlier:?}");
            }
        }
        Self { rules }
    }
}

impl Entry {
    fn on(self, subject: Subject) -> Rule {
        let Self { id, says, expect, evidence, sources, checked, message, conflict, unchecked } = self;
        Rule { id, subject, says, expect, evidence, sources, checked, message, conflict, unchecked }
    }
}

impl FromStr for RuleId {
    type Err = ParseRuleIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let group = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let valid = s.contains('-') && s.split('-').all(group);
        valid.then(|| Self(s.to_owned())).ok_or_else(|| ParseRuleIdError { found: s.to_owned() })
    }
}

impl TryFrom<String> for RuleId {
    type Error = ParseRuleIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RuleId> for String {
    fn from(id: RuleId) -> Self {
        id.0
    }
}

/// Lets a map by id be asked with plain text; text and id compare and hash alike.
impl std::borrow::Borrow<str> for RuleId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_are_well_formed_and_their_ids_unique() {
        assert!(catalogue().iter().len() > 150);
    }

    #[test]
    fn every_subject_has_rules_under_its_own_name() {
        for subject in Subject::ALL {
            assert!(catalogue().iter().any(|rule| rule.subject == *subject), "{subject}");
            assert_eq!(serde_json::to_value(subject).unwrap(), subject.as_str());
        }
    }

    #[test]
    fn every_rule_is_a_sentence_with_a_source() {
        for rule in catalogue().iter() {
            assert!(!rule.sources.is_empty(), "{} has no source", rule.id);
            assert!(rule.says.ends_with('.'), "{}: a sentence ends with a full stop", rule.id);
            assert!(rule.says.starts_with(char::is_uppercase), "{}: a sentence begins with a capital", rule.id);
            assert!(!rule.says.contains(". "), "{}: one sentence, not two", rule.id);
            assert!(!rule.expect.is_empty() && !rule.expect.ends_with('.'), "{}: `expect` is a phrase", rule.id);
        }
    }

    #[test]
    fn a_recorded_rule_cites_a_recording_from_before_it_was_checked() {
        for rule in catalogue().iter().filter(|rule| rule.evidence == Evidence::Recorded) {
            let made: Vec<Date> = rule.sources.iter().filter_map(Source::recorded_on).collect();
            assert!(!made.is_empty(), "{} cites no recording", rule.id);
            assert!(made.iter().all(|date| *date <= rule.checked), "{} cites a recording from the future", rule.id);
        }
    }

    #[test]
    fn a_documented_rule_cites_a_text_of_aws() {
        for rule in catalogue().iter().filter(|rule| rule.evidence == Evidence::Documented) {
            assert!(rule.sources.iter().any(Source::is_aws_text), "{} cites none", rule.id);
        }
    }

    #[test]
    fn an_open_rule_is_observed_and_promises_no_text() {
        for rule in catalogue().iter().filter(|rule| rule.evidence == Evidence::Open) {
            assert!(!rule.is_judged());
            assert!(rule.message.is_none(), "{} is open, so its text is not recorded", rule.id);
        }
    }

    #[test]
    fn only_recorded_rules_know_the_text_of_an_error() {
        for rule in catalogue().iter().filter(|rule| rule.message.is_some()) {
            assert_eq!(rule.evidence, Evidence::Recorded, "{}", rule.id);
        }
    }

    #[test]
    fn ids_are_capitals_in_groups() {
        for good in ["TOK-24H", "CRE-EXT-STATE", "MRK-REPL-OF-REPL"] {
            assert_eq!(good.parse::<RuleId>().unwrap().to_string(), good);
        }
        for bad in ["", "TOK", "tok-24h", "TOK-", "-TOK", "TOK--A", "TOK 24H-A", "GPI-SPEC-vs-KEY"] {
            assert!(bad.parse::<RuleId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_id_is_no_rule() {
        assert!(catalogue().get("TOK-NONE").is_none());
        assert!(catalogue().get("").is_none());
    }
}
