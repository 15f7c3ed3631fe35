//! Shards: together they are the whole run, and whatever is not a run is refused.

use std::fs;
use std::path::Path;

use kms_conformance::judge::Verdict;
use kms_conformance::report::files::{self, Results};
use kms_conformance::report::{Digest, MergeError, Normaliser, RunLog};
use kms_conformance::runner::StopReason;
use regex::Regex;

use crate::common::{expect, human, log_of, outcome, read, run, scenarios, stderr, text, write_log};

const FILES: [&str; 4] = ["results.json", "report.md", "junit.xml", "badge.svg"];

/// The files of a report, by name.
fn written(runs: &[RunLog]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    files::write(dir.path(), runs, None).unwrap();
    FILES.iter().map(|name| read(dir.path(), name)).collect()
}

/// What two runs of the same never share: times, keys, requests.
fn lasting(text: &str) -> String {
    let times = Regex::new(r#"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)|\d\d:\d\d UTC|time="[0-9.]+""#).unwrap();
    Normaliser::default().apply(&times.replace_all(text, "<time>"))
}

/// Every fourth outcome of a log, from each start: as if it had been run in shards.
fn cut(log: &RunLog, count: usize) -> Vec<RunLog> {
    let part = |index: usize| {
        let mut part = log.clone();
        part.outcomes = log.outcomes.iter().skip(index).step_by(count).cloned().collect();
        part.started.tests = part.outcomes.len();
        part.started.shard = Some(format!("{}/{count}", index + 1).parse().unwrap());
        part
    };
    (0..count).map(part).collect()
}

#[test]
fn a_log_that_is_cut_and_put_together_gives_the_same_reports() {
    let dir = scenarios();
    let out = dir.path().join("out");
    expect(1, &["run", "--scenarios", text(dir.path()), "--sequences", "0", "--out", text(&out)]);
    let whole = RunLog::read(&out).unwrap();
    assert!(whole.outcomes.iter().any(|outcome| outcome.verdict == Verdict::Deviation));
    let mut parts = cut(&whole, 4);
    parts.reverse();
    parts[0].started.at = whole.started.at + jiff::SignedDuration::from_secs(60);
    let merged = RunLog::merge(parts).unwrap();
    assert_eq!(merged, whole);
    assert_eq!(written(std::slice::from_ref(&merged)), written(std::slice::from_ref(&whole)));
    assert_eq!(human(&merged), human(&whole));
}

#[test]
fn four_shards_put_together_are_the_whole_run() {
    let dir = tempfile::tempdir().unwrap();
    let chosen = ["--subject", "valid_to", "--subject", "create"];
    let whole = dir.path().join("whole");
    expect(0, &[&["run", "--out", text(&whole)], &chosen[..]].concat());
    for shard in 1..=4 {
        let out = dir.path().join(format!("shards/{shard}"));
        let shard = format!("{shard}/4");
        expect(0, &[&["run", "--shard", &shard, "--out", text(&out)], &chosen[..]].concat());
        assert!(read(&out, "report.md").contains(&format!("shard {shard}")), "a shard says that it is one");
    }
    let merged = dir.path().join("merged");
    let shown = expect(0, &["report", text(&dir.path().join("shards")), "--out", text(&merged)]);
    for name in FILES {
        assert_eq!(lasting(&read(&merged, name)), lasting(&read(&whole, name)), "{name}");
    }
    assert_eq!(lasting(&shown), lasting(&expect(0, &["report", text(&whole)])));
}

#[test]
fn shards_choose_among_what_the_filters_leave() {
    let listed = |more: &[&str]| {
        let names = expect(0, &[&["run", "--list", "--subject", "wrapping"], more].concat());
        names.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = listed(&[]);
    let shards: Vec<Vec<String>> = (1..=3).map(|k| listed(&["--shard", &format!("{k}/3")])).collect();
    assert_eq!(shards[0], listed(&["--shard", "1/3"]), "the same every time");
    assert!(shards.iter().all(|shard| shard.len().abs_diff(all.len() / 3) <= 1));
    let mut together = shards.concat();
    together.sort();
    let mut all = all;
    all.sort();
    assert_eq!(together, all);
}

#[test]
fn a_shard_that_would_be_empty_is_a_mistake() {
    let output = run(&["run", "--exact", "create/defaults", "--shard", "2/2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("shard 2/2 has no tests: only 1 are chosen"), "{}", stderr(&output));
    assert_eq!(run(&["run", "--shard", "3/2"]).status.code(), Some(2));
}

fn two_logs() -> (RunLog, RunLog) {
    let one = |test| log_of(vec![outcome(test, Verdict::Pass, "fine")]);
    (one("own/a"), one("own/b"))
}

/// What `report` says of two logs that are not of one run.
fn refusal(one: &RunLog, other: &RunLog) -> String {
    let dir = tempfile::tempdir().unwrap();
    write_log(&dir.path().join("one"), one);
    write_log(&dir.path().join("other"), other);
    let output = run(&["report", "--merge", text(dir.path())]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output).replace(text(dir.path()), "<dir>")
}

#[test]
fn logs_of_different_runs_are_refused_with_what_differs_and_where() {
    let (one, other) = two_logs();
    assert_eq!(RunLog::merge(vec![one.clone(), other.clone()]).unwrap().outcomes.len(), 2);
    let both = "<dir>/one/events.jsonl and <dir>/other/events.jsonl: ";
    type Change = fn(&mut RunLog);
    let cases: [(&str, Change); 5] = [
        ("the target differs: http://a.example and b", |log| log.started.target = "b".into()),
        ("the URL differs: http://a.example and none", |log| log.started.url = None),
        ("the Region differs: us-east-1 and eu-west-1", |log| log.started.region = "eu-west-1".into()),
        ("the suite version differs: 0.1.0 and 9.9.9", |log| log.started.suite_version = "9.9.9".into()),
        ("the folder of scenarios differs: the program's own and mine", |log| {
            log.started.scenarios = Some("mine".into());
        }),
    ];
    for (expected, change) in cases {
        let mut changed = other.clone();
        change(&mut changed);
        let said = refusal(&one, &changed);
        assert!(said.contains(&format!("{both}{expected}")), "{said}");
    }
    let said = refusal(&one, &one);
    assert!(said.contains(&format!("{both}both have the test own/a")), "{said}");
}

#[test]
fn shards_are_put_together_unless_one_is_missing_or_there_twice() {
    let whole = log_of((0..8).map(|i| outcome(&format!("own/{i}"), Verdict::Pass, "fine")).collect());
    let mut parts = cut(&whole, 4);
    let twice = RunLog::merge(vec![parts[0].clone(), parts[1].clone(), parts[1].clone()]).unwrap_err();
    assert_eq!(twice.to_string(), "logs 2 and 3: both are shard 2/4");
    parts.remove(2);
    let missing = RunLog::merge(parts.clone()).unwrap_err();
    assert_eq!(missing, MergeError::Incomplete { missing: vec![3], count: 4 });
    let dir = tempfile::tempdir().unwrap();
    for (position, part) in parts.iter().enumerate() {
        write_log(&dir.path().join(position.to_string()), part);
    }
    let output = run(&["report", text(dir.path())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("shard 3 of 4 is missing"), "{}", stderr(&output));
    assert_eq!(RunLog::merge(Vec::new()).unwrap_err(), MergeError::Nothing);
}

#[test]
fn logs_of_one_run_id_are_one_run_and_others_are_compared() {
    let (mut one, mut other) = two_logs();
    let count = |dir: &Path| {
        let results: serde_json::Value =
            serde_json::from_str(&expect(0, &["report", "--format", "json", text(dir)])).unwrap();
        results["runs"].as_array().map_or(1, Vec::len)
    };
    for (id, runs) in [(Some("x"), 1), (Some("y"), 2), (None, 2)] {
        let dir = tempfile::tempdir().unwrap();
        one.started.run_id = Some("x".to_owned());
        other.started.run_id = id.map(str::to_owned);
        write_log(&dir.path().join("one"), &one);
        write_log(&dir.path().join("other"), &other);
        assert_eq!(count(dir.path()), runs, "{id:?}");
    }
}

#[test]
fn a_run_of_which_a_part_was_stopped_was_stopped_itself() {
    let (one, mut other) = two_logs();
    other.finished.as_mut().unwrap().stopped = Some(StopReason::TargetGone);
    let merged = RunLog::merge(vec![one.clone(), other.clone()]).unwrap();
    assert_eq!(merged.finished.unwrap().stopped, Some(StopReason::TargetGone));
    other.finished = None;
    assert_eq!(RunLog::merge(vec![one, other]).unwrap().finished, None);
}

#[test]
fn a_log_that_ends_before_its_run_is_no_pass() {
    let mut log = log_of(vec![outcome("own/a", Verdict::Pass, "fine")]);
    assert!(human(&log).contains("is conformant"));
    log.started.tests = 2;
    let lacking = human(&log);
    assert!(lacking.contains("the outcomes of 1 of 2 tests are missing"), "{lacking}");
    assert!(lacking.ends_with("http://a.example is interrupted: 1 pass\n"), "{lacking}");
    log.started.tests = 1;
    log.finished = None;
    let digest = [Digest::of(&log)];
    assert!(Results::of(&digest).json().contains(r#""conclusion": "interrupted""#));
}

#[test]
fn what_is_no_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(&["report", text(dir.path())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no event log in this folder"), "{}", stderr(&output));
    fs::write(dir.path().join("x.jsonl"), "nonsense\n").unwrap();
    let output = run(&["report", text(dir.path())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("x.jsonl:1: not an event of a run"), "{}", stderr(&output));
}
