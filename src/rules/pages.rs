//! What each of five public pages promises of the import operations, sentence by sentence, and how that stands today.
//!
//! The promises are data, one file per page in `src/rules/pages/`. Each stands for a sentence of the page that can be
//! checked against an endpoint, in other words than the page's; the rules say what is known about it now.
//!
//! ```
//! use kms_conformance::rules::{Page, Standing, promises};
//!
//! let outdated = promises(Page::DotnetV3).iter().filter(|promise| promise.today == Standing::Superseded);
//! assert_eq!(outdated.map(|promise| promise.says.as_str()).collect::<Vec<_>>(), [
//!     "Asymmetric keys and HMAC keys take no imported material.",
//! ]);
//! ```

use std::fmt;
use std::sync::LazyLock;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Page, RuleId};

/// One sentence of a page that can be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// What the page promises, in one sentence of ours.
    pub says: String,
    /// The rules on the same subject. Never empty.
    pub rules: Vec<RuleId>,
    /// How the promise stands today.
    pub today: Standing,
    /// What is true today and which rules say so; only for a promise that does not hold as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How a promise of a page stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is true as the page has it.
    Holds,
    /// It is not true: a newer text or a recording says otherwise.
    Superseded,
    /// It is true of fewer cases than the page has it.
    Narrowed,
    /// It leaves cases out: KMS allows more, or the same thing has more causes, than the page has it.
    Widened,
    /// Nobody can tell: AWS's texts disagree, or do not say enough to judge a target by.
    Open,
}

/// What a page promises, in the order of the page.
#[must_use]
pub fn promises(page: Page) -> &'static [Promise] {
    static PROMISES: LazyLock<IndexMap<Page, Vec<Promise>>> =
        LazyLock::new(|| Page::ALL.iter().map(|page| (*page, built_in(*page))).collect());
    &PROMISES[&page]
}

impl Standing {
    /// Every standing.
    pub const ALL: &'static [Self] = &[Self::Holds, Self::Superseded, Self::Narrowed, Self::Widened, Self::Open];

    /// The name in files and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Superseded => "superseded",
            Self::Narrowed => "narrowed",
            Self::Widened => "widened",
            Self::Open => "open",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

fn built_in(page: Page) -> Vec<Promise> {
    let file = match page {
        Page::CliV1 => include_str!("pages/cli-v1.yaml"),
        Page::DotnetV3 => include_str!("pages/dotnet-v3.yaml"),
        Page::CliV2 => include_str!("pages/cli-v2.yaml"),
        Page::Powershell => include_str!("pages/powershell.yaml"),
        Page::Paws => include_str!("pages/paws.yaml"),
    };
    serde_yaml::from_str(file)
        .unwrap_or_else(|error| panic!("the built-in promises of {} are well-formed: {error}", page.title()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::{Evidence, Rule, Source, catalogue};

    /// The rules that hold a page to its word without citing the page, and why they do not cite it.
    const UNCITED: &[(&str, &str)] = &[
        ("CRE-EXT-STATE", "recorded; the pages tell parts of it in passing"),
        ("CRY-BAD-CIPHERTEXT", "recorded; on this page Decrypt is an aside"),
        ("DESC-IMPORTED-SYM", "recorded; the page shows the request, not the key after it"),
        ("GPI-CREATING", STATES),
        ("GPI-DISABLED", STATES),
        ("GPI-EC", "the pages name eventual consistency, not this case of it"),
        ("GPI-ENABLED", STATES),
        ("GPI-PENDDEL", STATES),
        ("GPI-UPDATING", STATES),
        ("ID-FORMS", "cites other pages with the same words"),
        ("ID-MISSING", "recorded; the page names the exception, not the identifiers"),
        ("IMP-STATE-CREATING", STATES),
        ("TOK-KEYBOUND", "most pages ask for the same key without saying what meets another one"),
        ("VAL-ENUM-IMPORT", "the page lists the expiration models, but knows no import types"),
        ("WRAP-SYM-OAEP", "the page knows one wrapping key spec"),
    ];

    const STATES: &str = "the page leaves the states to the table of key states";

    fn rule(id: &RuleId) -> &'static Rule {
        catalogue().get(id.as_str()).unwrap_or_else(|| panic!("{id} is no rule"))
    }

    fn cites(rule: &Rule, page: Page) -> bool {
        rule.sources.contains(&Source::Page(page))
    }

    fn every_promise() -> impl Iterator<Item = (Page, &'static Promise)> {
        Page::ALL.iter().flat_map(|page| promises(*page).iter().map(|promise| (*page, promise)))
    }

    #[test]
    fn every_page_has_promises_and_makes_none_twice() {
        for page in Page::ALL {
            let says: BTreeSet<&str> = promises(*page).iter().map(|promise| promise.says.as_str()).collect();
            assert!(says.len() > 20, "{}", page.title());
            assert_eq!(says.len(), promises(*page).len(), "{} says something twice", page.title());
        }
    }

    #[test]
    fn every_promise_is_a_sentence_on_rules_that_exist() {
        for (page, promise) in every_promise() {
            let says = &promise.says;
            assert!(says.ends_with('.') && !says.contains(". "), "{}: one sentence: {says}", page.title());
            assert!(says.starts_with(char::is_uppercase), "{}: a capital: {says}", page.title());
            assert!(!promise.rules.is_empty(), "{}: no rule: {says}", page.title());
            let distinct: BTreeSet<&str> = promise.rules.iter().map(|id| rule(id).id.as_str()).collect();
            assert_eq!(distinct.len(), promise.rules.len(), "{}: a rule named twice: {says}", page.title());
        }
    }

    #[test]
    fn a_note_stands_exactly_where_a_promise_does_not_hold() {
        for (page, promise) in every_promise() {
            let holds = promise.today == Standing::Holds;
            assert_eq!(promise.note.is_none(), holds, "{}: {}", page.title(), promise.says);
        }
    }

    #[test]
    fn a_note_ends_with_a_full_stop_and_names_only_rules_of_its_promise() {
        for (page, promise) in every_promise() {
            let Some(note) = &promise.note else { continue };
            assert!(note.ends_with('.'), "{}: {note}", page.title());
            let named: Vec<RuleId> = note
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .filter_map(|word| word.parse().ok())
                .filter(|id: &RuleId| catalogue().get(id.as_str()).is_some())
                .collect();
            assert!(!named.is_empty(), "{}: no rule says so: {note}", page.title());
            for id in named {
                assert!(promise.rules.contains(&id), "{}: {id} is not among the rules: {note}", page.title());
            }
        }
    }

    #[test]
    fn what_holds_rests_on_judged_rules_and_what_is_open_on_an_open_one() {
        for (page, promise) in every_promise() {
            let open = |id: &RuleId| rule(id).evidence == Evidence::Open;
            match promise.today {
                Standing::Holds => assert!(!promise.rules.iter().any(open), "{}: {}", page.title(), promise.says),
                Standing::Open => assert!(promise.rules.iter().any(open), "{}: {}", page.title(), promise.says),
                Standing::Superseded | Standing::Narrowed | Standing::Widened => {
                    assert!(!promise.rules.iter().all(open), "{}: {}", page.title(), promise.says);
                }
            }
        }
    }

    #[test]
    fn a_rule_that_cites_a_page_is_promised_by_it() {
        for page in Page::ALL {
            for rule in catalogue().iter().filter(|rule| cites(rule, *page)) {
                let promised = promises(*page).iter().any(|promise| promise.rules.contains(&rule.id));
                assert!(promised, "{} cites {}, which does not promise it", rule.id, page.title());
            }
        }
    }

    #[test]
    fn a_rule_by_which_a_page_still_holds_cites_it_or_has_a_reason_not_to() {
        let mut excused = BTreeSet::new();
        for (page, promise) in every_promise().filter(|(_, promise)| promise.today == Standing::Holds) {
            for id in promise.rules.iter().filter(|id| !cites(rule(id), page)) {
                let excuse = UNCITED.iter().find(|(uncited, _)| *uncited == id.as_str());
                assert!(excuse.is_some(), "{id} does not cite {}, which says: {}", page.title(), promise.says);
                excused.insert(id.as_str());
            }
        }
        for (id, why) in UNCITED {
            assert!(excused.contains(id), "{id} needs no excuse any more ({why})");
        }
    }

    #[test]
    fn a_page_that_a_rule_contradicts_makes_a_promise_that_does_not_hold() {
        for rule in catalogue().iter() {
            let Some(conflict) = &rule.conflict else { continue };
            for page in Page::ALL.iter().filter(|page| conflict.contains(page.as_str())) {
                let on_it = promises(*page).iter().filter(|promise| promise.rules.contains(&rule.id));
                let standings: Vec<Standing> = on_it.map(|promise| promise.today).collect();
                assert!(!standings.is_empty(), "{} contradicts {}", rule.id, page.title());
                assert!(!standings.contains(&Standing::Holds), "{} contradicts {}", rule.id, page.title());
            }
        }
    }

    #[test]
    fn a_standing_is_written_as_it_is_shown() {
        for standing in Standing::ALL {
            assert_eq!(serde_json::to_value(standing).unwrap(), standing.to_string());
        }
    }

    #[test]
    fn a_promise_with_an_unknown_member_or_name_is_refused() {
        let parse = |text: &str| serde_yaml::from_str::<Promise>(text);
        assert!(parse("{ says: A key exists., rules: [ID-FORMS], today: holds }").is_ok());
        for bad in [
            "{ says: A key exists., rules: [ID-FORMS], today: holds, why: because }",
            "{ says: A key exists., rules: [ID-FORMS], today: Holds }",
            "{ says: A key exists., rules: [id-forms], today: holds }",
            "{ says: A key exists., rules: [ID-FORMS] }",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
