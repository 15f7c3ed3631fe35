//! Writing a list of known deviations from a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::fold::without;
use super::names::{self, Names};
use super::{Entry, Fold, KnownDeviations, Matter, NO_REASON, answer, because};
use crate::judge::{Finding, Verdict};
use crate::kms::Operation;
use crate::report::RunLog;
use crate::rules::{self, RuleId};
use crate::runner::TestOutcome;

const HEAD: &str = "\
# An entry covers the cases that it names, or all of its scenario. It excuses the one answer that it lists: any other, and
# a pass, fails a run with `--known`. An answer that differs from run to run is a list of answers, which `known --from RUN
# --from RUN` makes of several runs. Say of each entry why it is so; `link` and `until` (a day) may be added.
";

/// The list of all that deviates in runs of a target, cannot be judged or is not offered: the same text for the same runs.
/// What answers now so and now otherwise is listed with all its answers.
///
/// Entries of `earlier` keep their reason, link and last day where they answer as they did; those of tests that the runs
/// say nothing of are kept as they are.
#[must_use]
pub fn generate(logs: &[RunLog], names: &Names, earlier: Option<&KnownDeviations>) -> String {
    let lists = Lists::of(logs, earlier);
    let from = |name: &str| lists.entries(name, names, earlier);
    let mut text = format!("# Known deviations of {}.\n{HEAD}", of_runs(logs));
    for (name, says) in [
        ("deviations", "What the target does otherwise than AWS."),
        ("unjudged", "Tests that cannot be judged, because the target does not let them set the scene."),
        ("unsupported", "Operations that the target does not know."),
    ] {
        let entries = from(name);
        if !entries.is_empty() {
            let _ =
                write!(text, "\n# {says}\n{name}:\n{}", entries.join(if name == "unsupported" { "" } else { "\n" }));
        }
    }
    if lists.is_empty() {
        text.push_str("\n# The run deviated in nothing.\ndeviations: []\n");
    }
    text
}

/// Which target, and which runs of it.
fn of_runs(logs: &[RunLog]) -> String {
    let Some(first) = logs.first().map(|log| &log.started) else { return "no run".to_owned() };
    let days: BTreeSet<Date> = logs.iter().map(|log| log.started.at.to_zoned(TimeZone::UTC).date()).collect();
    let days: Vec<String> = days.iter().map(ToString::to_string).collect();
    let runs = if logs.len() == 1 { "run".to_owned() } else { format!("{} runs", logs.len()) };
    let (target, version) = (first.target_and_version(), &first.suite_version);
    format!("{target}, from its {runs} of {} with kms-conformance {version}", days.join(", "))
}

/// What runs show, and the entries of the earlier list that they say nothing of.
#[derive(Default)]
struct Lists<'a> {
    /// By scenario, rule and answers, of which there are several where they differ from run to run.
    deviations: BTreeMap<(String, RuleId, BTreeSet<String>), Seen>,
    unjudged: BTreeMap<BTreeSet<String>, BTreeSet<String>>,
    unsupported: BTreeMap<Operation, BTreeSet<String>>,
    kept: Vec<&'a Entry>,
}

#[derive(Default)]
struct Seen {
    tests: BTreeSet<String>,
    title: String,
    expected: String,
}

/// A rule in a test: what deviates from it in each run that does, by answer.
type Deviating<'l> = BTreeMap<(&'l str, &'l RuleId), Vec<BTreeMap<String, (&'l TestOutcome, &'l Finding)>>>;

impl<'a> Lists<'a> {
    fn of(logs: &[RunLog], earlier: Option<&'a KnownDeviations>) -> Self {
        let mut lists = Self::default();
        let outcomes: Vec<Vec<TestOutcome>> =
            logs.iter().map(|log| log.outcomes.iter().map(without).collect()).collect();
        let mut deviating = Deviating::new();
        let mut unjudged: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for outcome in outcomes.iter().flatten() {
            let mut found = BTreeMap::new();
            for finding in outcome.findings.iter().filter(|finding| finding.verdict == Verdict::Deviation) {
                let answers: &mut BTreeMap<_, _> = found.entry(&finding.rule).or_default();
                answers.entry(answer(finding)).or_insert((outcome, finding));
            }
            for (rule, answers) in found {
                deviating.entry((&outcome.test, rule)).or_default().push(answers);
            }
            if let Some(because) = because(outcome) {
                unjudged.entry(&outcome.test).or_default().insert(because);
            }
            lists.add_unsupported(outcome);
        }
        for ((_, rule), runs) in &deviating {
            for (answers, (outcome, finding)) in united(runs) {
                lists.add_deviation(rule, answers, outcome, finding);
            }
        }
        for (test, because) in unjudged {
            lists.unjudged.entry(because).or_default().insert(test.to_owned());
        }
        if let Some(earlier) = earlier {
            let mut fold = Fold::new(earlier);
            for event in logs.iter().flat_map(RunLog::events) {
                fold.event(&event);
            }
            lists.kept = fold.not_seen().collect();
        }
        lists
    }

    fn add_deviation(&mut self, rule: &RuleId, answers: BTreeSet<String>, outcome: &TestOutcome, finding: &Finding) {
        let seen = self.deviations.entry((outcome.scenario.clone(), rule.clone(), answers)).or_default();
        if seen.tests.is_empty() {
            seen.title.clone_from(&outcome.title);
            let differing = finding.differences.iter().map(|d| format!("{} {}", d.path, d.expected));
            let members: Vec<String> = differing.collect();
            let whole = finding.expected.clone().unwrap_or_default();
            seen.expected =
                if finding.observed == "success" && !members.is_empty() { members.join("; ") } else { whole };
        }
        seen.tests.insert(outcome.test.clone());
    }

    fn add_unsupported(&mut self, outcome: &TestOutcome) {
        let names = outcome.unsupported.iter().filter(|_| outcome.verdict == Verdict::Unsupported);
        for operation in names.filter_map(|name| name.parse::<Operation>().ok()) {
            self.unsupported.entry(operation).or_default().insert(outcome.test.clone());
        }
    }

    fn is_empty(&self) -> bool {
        self.deviations.is_empty() && self.unjudged.is_empty() && self.unsupported.is_empty() && self.kept.is_empty()
    }

    /// The entries of one list as YAML, those of the run first.
    fn entries(&self, name: &str, names: &Names, earlier: Option<&KnownDeviations>) -> Vec<String> {
        let mut entries: Vec<String> = match name {
            "deviations" => self.deviations.iter().map(|(key, seen)| deviation(key, seen, names, earlier)).collect(),
            "unjudged" => {
                let entry = |(because, tests): (&BTreeSet<String>, &BTreeSet<String>)| {
                    let matter = Matter::Unjudged { tests: joined(tests, names), because: because.clone() };
                    written(&keep(matter, earlier))
                };
                self.unjudged.iter().map(entry).collect()
            }
            _ => {
                let tests =
                    |count: usize| if count == 1 { "1 test needs it".into() } else { format!("{count} tests need it") };
                self.unsupported.iter().map(|(name, all)| format!("  - {name} # {}\n", tests(all.len()))).collect()
            }
        };
        let belongs = |entry: &&&Entry| match entry.matter {
            Matter::Deviation { .. } => name == "deviations",
            Matter::Unjudged { .. } => name == "unjudged",
            Matter::Unsupported(_) => name == "unsupported",
        };
        let kept = self.kept.iter().filter(belongs);
        entries.extend(kept.map(|entry| format!("  # The run says nothing of this one.\n{}", written(entry))));
        entries
    }
}

/// The answers of several runs: each that all of them show by itself, and those that only some show together.
fn united<'l>(
    runs: &[BTreeMap<String, (&'l TestOutcome, &'l Finding)>],
) -> Vec<(BTreeSet<String>, (&'l TestOutcome, &'l Finding))> {
    let mut lists = Vec::new();
    let mut differing: BTreeMap<&String, (&'l TestOutcome, &'l Finding)> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for (answer, seen) in runs.iter().flatten().filter(|(answer, _)| told.insert(*answer)) {
        match runs.iter().all(|run| run.contains_key(answer)) {
            true => lists.push((BTreeSet::from([answer.clone()]), *seen)),
            false => _ = differing.insert(answer, *seen),
        }
    }
    if let Some(first) = differing.values().next().copied() {
        lists.push((differing.into_keys().cloned().collect(), first));
    }
    lists
}

fn deviation(
    (scenario, rule, answers): &(String, RuleId, BTreeSet<String>),
    seen: &Seen,
    names: &Names,
    earlier: Option<&KnownDeviations>,
) -> String {
    let says = rules::catalogue().get(rule.as_str()).map(|rule| rule.says.as_str()).unwrap_or_default();
    let mut text = String::new();
    for (label, content) in [("test", &seen.title), ("rule", &says.to_owned()), ("expected", &seen.expected)] {
        let content = super::answer::steady(content);
        let _ = writeln!(text, "  # {label}: {}", content.replace('\n', " "));
    }
    let all: BTreeSet<&str> = names.tests(scenario).collect();
    let whole = all.iter().all(|test| seen.tests.contains(*test));
    let tests = if whole { BTreeSet::from([scenario.clone()]) } else { seen.tests.clone() };
    let (operations, answers) = (BTreeSet::new(), answers.clone());
    let matter = Matter::Deviation { rule: rule.clone(), tests, operations, answers };
    text + &written(&keep(matter, earlier))
}

/// A scenario for its tests, where all of them are there.
fn joined(tests: &BTreeSet<String>, names: &Names) -> BTreeSet<String> {
    let join = |test: &String| {
        let scenario = names::scenario(test);
        let whole = names.tests(scenario).all(|other| tests.contains(other));
        if whole { scenario.to_owned() } else { test.clone() }
    };
    tests.iter().map(join).collect()
}

/// An entry with the words of the earlier one that lists the same, if there is one.
fn keep(mut matter: Matter, earlier: Option<&KnownDeviations>) -> Entry {
    let old = earlier.and_then(|earlier| earlier.entries.iter().find(|entry| same(&entry.matter, &matter)));
    // What differs from run to run need not all be seen in this one.
    match (&mut matter, old.map(|entry| &entry.matter)) {
        (Matter::Deviation { answers: seen, .. }, Some(Matter::Deviation { answers: all, .. }))
        | (Matter::Unjudged { because: seen, .. }, Some(Matter::Unjudged { because: all, .. })) => seen.clone_from(all),
        _ => {}
    }
    let reason = old.map_or_else(|| NO_REASON.to_owned(), |entry| entry.reason.clone());
    let (link, until) = (old.and_then(|entry| entry.link.clone()), old.and_then(|entry| entry.until));
    Entry { line: 0, matter, reason, link, until }
}

fn same(old: &Matter, new: &Matter) -> bool {
    match (old, new) {
        (
            Matter::Deviation { rule: old_rule, tests: old_tests, answers: old_answers, .. },
            Matter::Deviation { rule, tests, answers, .. },
        ) => old_rule == rule && answers.is_subset(old_answers) && related(old_tests, tests),
        (Matter::Unjudged { tests: old_tests, because: old }, Matter::Unjudged { tests, because }) => {
            because.is_subset(old) && related(old_tests, tests)
        }
        _ => false,
    }
}

fn related(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let scenarios = |names: &BTreeSet<String>| names.iter().map(|name| names::scenario(name).to_owned()).collect();
    let (one, other): (BTreeSet<String>, BTreeSet<String>) = (scenarios(one), scenarios(other));
    !one.is_disjoint(&other)
}

/// An entry as YAML.
fn written(entry: &Entry) -> String {
    let mut lines: Vec<String> = Vec::new();
    let list = |lines: &mut Vec<String>, name: &str, items: &mut dyn Iterator<Item = &str>| {
        lines.push(format!("{name}:"));
        lines.extend(items.map(|item| format!("  - {}", scalar(item))));
    };
    let one_or_more = |lines: &mut Vec<String>, name: &str, items: &BTreeSet<String>| match items.first() {
        Some(only) if items.len() == 1 => lines.push(format!("{name}: {}", scalar(only))),
        _ => list(lines, name, &mut items.iter().map(String::as_str)),
    };
    match &entry.matter {
        Matter::Deviation { rule, tests, answers, .. } => {
            let scenario = tests.first().map_or("", |test| names::scenario(test));
            lines.push(format!("rule: {rule}"));
            lines.push(format!("scenario: {}", scalar(scenario)));
            if !tests.contains(scenario) {
                list(&mut lines, "cases", &mut tests.iter().filter_map(|test| names::case(test, scenario)));
            }
            one_or_more(&mut lines, "answers", answers);
        }
        Matter::Unjudged { tests, because } => {
            one_or_more(&mut lines, "because", because);
            list(&mut lines, "tests", &mut tests.iter().map(String::as_str));
        }
        Matter::Unsupported(operation) => return format!("  - {operation}\n"),
    }
    lines.push(format!("reason: {}", scalar(&entry.reason)));
    lines.extend(entry.link.iter().map(|link| format!("link: {}", scalar(link))));
    lines.extend(entry.until.iter().map(|until| format!("until: {until}")));
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let _ = writeln!(text, "  {} {line}", if index == 0 { "-" } else { " " });
    }
    text
}

/// Text as YAML: bare where that reads back as the same text.
fn scalar(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_/=,.-+[]()".contains(c);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(bare);
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !words.contains(&text.to_lowercase().as_str()) {
        text.to_owned()
    } else if text.contains(char::is_control) {
        serde_json::Value::from(text).to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
