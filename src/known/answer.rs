//! A wrong answer in a form that does not differ from run to run, so that it can be listed and compared.

use std::sync::LazyLock;

use regex::Regex;

use crate::judge::{Finding, Verdict};
use crate::report::general;
use crate::runner::TestOutcome;

/// How the description of an unreadable answer begins; what follows the HTTP status is the target's own text.
const UNREADABLE: &str = "an answer that the SDK cannot read (HTTP ";

macro_rules! pattern {
    ($name:ident, $regex:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($regex).unwrap_or_else(|_| unreachable!("every test compiles it")));
    };
}

pattern!(LINE, r" \(line \d+\)");
pattern!(STEP, r"\bline \d+\b");
pattern!(LENGTH, r" \(it is \d+\)");
pattern!(OBJECTS, r"\[\{.*\}\]");
pattern!(OBJECT, r"\{.*\}");

/// What the target answers where a rule does not hold: success or the exception, and what is found where members differ.
///
/// Texts of exceptions are left out, and so are ids, instants and blobs.
pub(crate) fn answer(finding: &Finding) -> String {
    let head = head(&finding.observed);
    let said = |path: &str| {
        path == "the exception" || (path == "the HTTP status" && head.contains(" (HTTP ")) || path == "the text"
    };
    let members = finding.differences.iter().filter(|difference| !said(&difference.path));
    let members = members.map(|difference| format!("{} {}", difference.path, short(&difference.found)));
    general(&std::iter::once(head.clone()).chain(members).collect::<Vec<_>>().join("; "))
}

/// Text without what differs from run to run.
pub(super) fn steady(text: &str) -> String {
    general(&short(text))
}

/// Why a test could not be judged: the verdict and the reason, without lines and texts of exceptions.
pub(crate) fn because(outcome: &TestOutcome) -> Option<String> {
    let reason = outcome.reason.as_deref()?;
    match outcome.verdict {
        Verdict::Blocked | Verdict::Vacuous => {}
        Verdict::NotRun
        | Verdict::Pass
        | Verdict::Observed
        | Verdict::KnownDeviation
        | Verdict::Unsupported
        | Verdict::Inconclusive
        | Verdict::UnexpectedPass
        | Verdict::Deviation
        | Verdict::HarnessError => return None,
    }
    let reason = LINE.replace_all(reason, "");
    let reason = STEP.replace_all(&reason, "a step");
    let reason = match reason.split_once(" came to ") {
        Some((what, outcome)) => format!("{what} came to {}", head(outcome)),
        None => reason.into_owned(),
    };
    Some(format!("{}: {}", outcome.verdict, steady(&reason)))
}

/// An outcome without the target's own text.
fn head(outcome: &str) -> String {
    if let Some(rest) = outcome.strip_prefix(UNREADABLE) {
        let status: String = rest.chars().take_while(char::is_ascii_digit).collect();
        return format!("{UNREADABLE}{status})");
    }
    outcome.split(": ").next().unwrap_or(outcome).to_owned()
}

/// Objects, and their number, are whatever else the target keeps, such as the keys of other tests.
fn short(found: &str) -> String {
    let found = LENGTH.replace_all(found, "");
    OBJECT.replace_all(&OBJECTS.replace_all(&found, "[…]"), "{…}").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Difference;

    fn finding(observed: &str, differences: &[(&str, &str)]) -> Finding {
        let difference = |(path, found): &(&str, &str)| Difference {
            path: (*path).to_owned(),
            expected: "something else".to_owned(),
            found: (*found).to_owned(),
        };
        Finding {
            rule: "TOK-KEYBOUND".parse().expect("a rule"),
            verdict: Verdict::Deviation,
            line: 1,
            expected: None,
            observed: observed.to_owned(),
            differences: differences.iter().map(difference).collect(),
            notes: Vec::new(),
            listed: None,
        }
    }

    #[test]
    fn an_answer_is_the_same_in_every_run() {
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let cases = [
            (finding("success", &[]), "success"),
            (
                finding(&format!("NotFoundException: key {key}"), &[("the exception", "NotFoundException")]),
                "NotFoundException",
            ),
            (
                finding(
                    "InternalError (HTTP 500): x",
                    &[("the exception", "InternalError"), ("the HTTP status", "500")],
                ),
                "InternalError (HTTP 500)",
            ),
            (
                finding("an answer that the SDK cannot read (HTTP 500, HTTP status 500 without a name)", &[]),
                "an answer that the SDK cannot read (HTTP 500)",
            ),
            (
                finding("success", &[("A.State", "\"Enabled\""), ("A.Id", &format!("\"{}\"", "ab".repeat(32)))]),
                "success; A.State \"Enabled\"; A.Id \"<key material 1>\"",
            ),
            (finding("success", &[("Keys", &format!("[{{\"KeyId\":\"{key}\"}}]"))]), "success; Keys […]"),
            (finding("success", &[("Keys", "[{\"KeyId\":\"a\"},{… 258 more}]")]), "success; Keys […]"),
            (finding("success", &[("ValidTo", "1795313519")]), "success; ValidTo <instant>"),
        ];
        for (finding, expected) in cases {
            assert_eq!(answer(&finding), expected);
        }
    }
}
