//! Markdown: what a pull request shows.

use std::fs;

use kms_conformance::judge::Verdict;
use kms_conformance::report::markdown::{COMMENT_LIMIT, render};
use kms_conformance::report::{Digest, Normaliser};
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::common::{expect, log_of, outcome, program, scenarios, snapshot, text, write_log};

#[test]
fn a_report_reads_well() {
    let dir = scenarios();
    let shown = expect(1, &["run", "--scenarios", text(dir.path()), "--sequences", "0", "--format", "markdown"]);
    let day = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC").unwrap();
    let shown = day.replace_all(&shown, "<time>").replace(text(dir.path()), "<dir>");
    snapshot("markdown", &Normaliser::default().apply(&shown));
}

#[test]
fn several_targets_have_a_column_each() {
    let mut one = log_of(vec![outcome("own/a", Verdict::Pass, "fine"), outcome("own/b", Verdict::Deviation, "bad")]);
    let mut other = one.clone();
    one.started.target = "http://one.example".into();
    other.started.target = "http://other.example".into();
    other.outcomes.truncate(1);
    other.started.tests = 1;
    snapshot("markdown-several", &render(&[Digest::of(&one), Digest::of(&other)], COMMENT_LIMIT));
}

/// Whatever could be more than text: links, pictures, tags other than those that the report is made of.
fn suspicious(markdown: &str) -> Vec<String> {
    let own = regex::Regex::new(r"^(</?(details|summary|code)>|<br>)+$").unwrap();
    let code = regex::Regex::new(r"<code>[^<>]*</code>").unwrap();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let found = events.filter_map(|event| match event {
        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough | Tag::FootnoteDefinition(_)) => {
            Some(format!("{event:?}"))
        }
        Event::InlineHtml(html) if !own.is_match(&html) => Some(html.to_string()),
        Event::Html(html) => {
            let bare = code.replace_all(html.trim(), "");
            let bare = regex::Regex::new("<summary>[^<>]*</summary>").unwrap().replace_all(&bare, "").into_owned();
            (!bare.is_empty() && !own.is_match(&bare)).then_some(bare)
        }
        _ => None,
    });
    found.collect()
}

const HOSTILE: &str =
    "`</code></details><script>alert(1)</script> [x](http://evil.example) ![y](z) ```\n# h\n| a | b |\n~~~";

#[test]
fn what_a_target_says_is_shown_and_does_nothing() {
    let verdicts = Verdict::ALL;
    let outcomes =
        verdicts.iter().enumerate().map(|(i, verdict)| outcome(&format!("own/{i}{HOSTILE}"), *verdict, HOSTILE));
    let mut log = log_of(outcomes.collect());
    log.started.target = HOSTILE.into();
    log.started.region = HOSTILE.into();
    log.started.scenarios = Some(HOSTILE.into());
    let one = Digest::of(&log);
    for runs in [vec![one.clone()], vec![one.clone(), one]] {
        let markdown = render(&runs, COMMENT_LIMIT);
        assert_eq!(suspicious(&markdown), Vec::<String>::new(), "{markdown}");
        let (open, closed) = (markdown.matches("<details>").count(), markdown.matches("\n</details>").count());
        assert!(open > 2 && open == closed, "{markdown}");
    }
    // The check itself sees what it is there for.
    assert_eq!(suspicious("a <b>c</b> [x](y)").len(), 3);
}

#[test]
fn a_long_report_is_cut_with_a_note_of_what_is_missing() {
    let one = |i: usize| {
        let mut outcome = outcome(&format!("own/{i:04}"), Verdict::Deviation, &"ä long story ".repeat(300));
        outcome.scenario = format!("own/{i:04}");
        outcome.subject = format!("own{i:04}");
        outcome
    };
    let digest = [Digest::of(&log_of((0..300).map(one).collect()))];
    for limit in [2_000, 10_000, COMMENT_LIMIT, 1 << 20] {
        let markdown = render(&digest, limit);
        assert!(markdown.len() <= limit, "{limit}: {}", markdown.len());
        assert!(markdown.len() > limit / 2, "{limit}: {}", markdown.len());
        assert!(markdown.contains("is not conformant"), "{limit}");
        assert_eq!(markdown.matches("<details>").count(), markdown.matches("\n</details>").count());
        let shown = markdown.matches("\n- **because**").count();
        let note = format!("kinds of deviations ({})", 300 - shown);
        assert!(markdown.lines().last().unwrap().contains(&note), "{limit}: {note}");
    }
}

#[test]
fn a_job_on_github_gets_the_report_in_its_summary() {
    let dir = tempfile::tempdir().unwrap();
    let summary = dir.path().join("summary.md");
    fs::write(&summary, "before\n").unwrap();
    let out = dir.path().join("out");
    let arguments = ["run", "--exact", "create/defaults", "--out", text(&out)];
    let output = program().env("GITHUB_STEP_SUMMARY", &summary).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let written = fs::read_to_string(&summary).unwrap();
    assert!(written.starts_with("before\n### ✅ `the built-in emulator` is conformant"), "{written}");
    let output = program().env("GITHUB_STEP_SUMMARY", &summary).args(["report", text(&out)]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fs::read_to_string(&summary).unwrap().matches("###").count(), 2, "appended");
}

#[test]
fn what_stands_in_the_summary_already_counts_towards_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let summary = dir.path().join("summary.md");
    fs::write(&summary, "x".repeat((1 << 20) - 5_000)).unwrap();
    let all = (0..100).map(|i| outcome(&format!("own/{i}"), Verdict::Deviation, &format!("words {i}")));
    write_log(dir.path(), &log_of(all.collect()));
    let report = ["report", text(dir.path())];
    let output = program().env("GITHUB_STEP_SUMMARY", &summary).args(report).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let length = fs::metadata(&summary).unwrap().len();
    assert!(length <= 1 << 20, "{length}");
    assert!(fs::read_to_string(&summary).unwrap().contains("for want of room"));
}
