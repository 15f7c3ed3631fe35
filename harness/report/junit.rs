//! JUnit: what CI systems read.

use kms_conformance::judge::Verdict;
use kms_conformance::report::{Normaliser, RunLog, junit};
use proptest::prelude::*;
use roxmltree::{Document, Node};

use crate::common::{expect, log_of, outcome, scenarios, snapshot, text};

fn children<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

fn number(node: Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

/// Holds the document against the schema that Jenkins and others read JUnit by: elements, their order, what they must
/// have, and counts that are right.
fn assert_structure(document: &Document<'_>) {
    let root = document.root_element();
    assert!(root.has_tag_name("testsuites"));
    let mut total = 0;
    for suite in root.children().filter(Node::is_element) {
        assert!(suite.has_tag_name("testsuite") && suite.has_attribute("name") && suite.has_attribute("timestamp"));
        let cases: Vec<Node<'_, '_>> = children(suite, "testcase").collect();
        let with =
            |name: &str| cases.iter().filter(|case| case.children().any(|child| child.has_tag_name(name))).count();
        assert_eq!(number(suite, "tests"), cases.len());
        assert_eq!(number(suite, "failures"), with("failure"));
        assert_eq!(number(suite, "errors"), with("error"));
        assert_eq!(number(suite, "skipped"), with("skipped"));
        total += cases.len();
        for case in &cases {
            for name in ["name", "classname", "time"] {
                assert!(case.has_attribute(name), "{name}");
            }
            let order = ["properties", "skipped", "error", "failure", "system-out"];
            let places: Vec<usize> = case
                .children()
                .filter(Node::is_element)
                .map(|child| order.iter().position(|name| child.has_tag_name(*name)).expect("a known element"))
                .collect();
            assert!(places.is_sorted(), "{places:?}");
        }
    }
    assert_eq!(number(root, "tests"), total);
}

#[test]
fn verdicts_become_what_ci_systems_make_of_them() {
    let log = log_of(Verdict::ALL.iter().map(|verdict| outcome(verdict.words(), *verdict, "words")).collect());
    let xml = junit::render(&[log]).unwrap();
    let document = Document::parse(&xml).unwrap();
    assert_structure(&document);
    for case in document.descendants().filter(|node| node.has_tag_name("testcase")) {
        let verdict = case.attribute("name").unwrap();
        let expected = match verdict {
            "pass" | "observed" => None,
            "deviation" => Some(("failure", "CRE-EXT-STATE")),
            "unexpected pass" => Some(("failure", verdict)),
            "unsupported" | "not run" | "known deviation" => Some(("skipped", verdict)),
            _ => Some(("error", verdict)),
        };
        let outcomes = ["failure", "error", "skipped"];
        let found = case.children().find(|child| outcomes.contains(&child.tag_name().name()));
        let found = found.map(|child| (child.tag_name().name(), child.attribute("type").unwrap()));
        assert_eq!(found, expected, "{verdict}");
        let rule = case.descendants().find(|node| node.attribute("name") == Some("rule")).expect("its rules");
        assert_eq!(rule.attribute("value"), Some("CRE-EXT-STATE"), "even if it came to no finding");
    }
}

#[test]
fn a_report_is_what_was_seen() {
    let dir = scenarios();
    let out = dir.path().join("out");
    expect(1, &["run", "--scenarios", text(dir.path()), "--sequences", "0", "--out", text(&out)]);
    let xml = junit::render(&[RunLog::read(&out).unwrap()]).unwrap();
    assert_structure(&Document::parse(&xml).unwrap());
    let times = regex::Regex::new(r#"(time|timestamp)="[^"]*""#).unwrap();
    let xml = times.replace_all(&xml, r#"$1="…""#).replace(text(dir.path()), "<dir>");
    snapshot("junit", &Normaliser::default().apply(&xml));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_make_valid_xml(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        words in "[\\x00-\\x1f\u{7f}-\u{9f}\u{fffe}\u{ffff}<>&\"'a\\]]{0,20}",
    ) {
        let words = format!("{}{words}]]>\u{1b}[31m", String::from_utf8_lossy(&bytes));
        let outcomes = Verdict::ALL.iter().map(|verdict| {
            let mut outcome = outcome(&format!("{}{words}", verdict.words()), *verdict, &words);
            outcome.subject.clone_from(&words);
            outcome.scenario.clone_from(&words);
            outcome
        });
        let mut log = log_of(outcomes.collect());
        log.started.target.clone_from(&words);
        log.started.region.clone_from(&words);
        let xml = junit::render(&[log.clone(), log]).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let document = Document::parse(&xml).map_err(|error| TestCaseError::fail(format!("{error}: {xml:?}")))?;
        assert_structure(&document);
        // XML 1.0 has no place for these, whatever a parser lets pass.
        let invalid = |c: char| (c < ' ' && !"\n\t".contains(c)) || c == '\u{fffe}' || c == '\u{ffff}';
        prop_assert!(!xml.contains(invalid));
    }
}
