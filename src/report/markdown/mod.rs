//! The report as Markdown, for pull requests and job summaries on GitHub.
//!
//! A conclusion in one line, what holds and what does not in tables, and each deviation folded away, with the evidence to
//! mend it from. Of several runs there is a column each. Whatever a target said is shown as text and does nothing else.

mod escape;
mod page;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::escape::{block, code, html_code, text};
use self::page::Page;
use super::digest::Digest;
use super::groups::{Contrast, DeviationGroup, Tests};
use super::profiles::{Claim, ClaimStanding};
use super::summary::{Conclusion, Counts, Summary};
use super::text::{names, plural, shorten};
use crate::judge::{Evidence, ListedStanding, Verdict};
use crate::rules::{self, RuleId};
use crate::runner::repeat_command;

/// GitHub takes so many characters in a comment.
pub const COMMENT_LIMIT: usize = 65_536;
/// GitHub takes so many bytes in a job summary: 1 MiB.
pub const JOB_SUMMARY_LIMIT: usize = 1 << 20;

/// So many other cases are named beside the one that is shown.
const OTHER_CASES: usize = 6;
/// So many characters of what a target said are shown in a line.
const LONGEST: usize = 300;
/// So many characters of a body are shown.
const LONGEST_BODY: usize = 2_500;

/// The report on one run, or on several beside each other, in at most `limit` bytes. What does not fit is left out, and
/// the last lines say how much that is and where to find it.
#[must_use]
pub fn render(runs: &[Digest], limit: usize) -> String {
    let mut page = Page::new(limit);
    head(&mut page, runs);
    subjects(&mut page, runs);
    profiles(&mut page, runs);
    broken_rules(&mut page, runs);
    for run in runs {
        listed(&mut page, run, runs.len() > 1);
    }
    for run in runs {
        undecided(&mut page, run, runs.len() > 1);
    }
    for run in runs {
        deviations(&mut page, run, runs.len() > 1);
    }
    for run in runs {
        observations(&mut page, run, runs.len() > 1);
    }
    page.finish()
}

fn head(page: &mut Page, runs: &[Digest]) {
    for run in runs {
        let summary = &run.summary;
        let mark = mark(summary.conclusion);
        let heading = format!("### {mark} {} is {}\n\n", code(&run.target()), summary.conclusion_words());
        page.always(&heading);
        page.always(&format!("{}\n\n", facts(summary)));
        page.always(&run.cut_short().map(|words| format!("**{words}**\n\n")).unwrap_or_default());
    }
    if runs.is_empty() {
        page.always("No run.\n");
    }
}

/// What was run when, in a line.
fn facts(summary: &Summary) -> String {
    let counts: Vec<String> = summary.tests.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    let counts = if counts.is_empty() { "no tests".to_owned() } else { counts.join(", ") };
    let found = summary.found_words().map(|words| format!(" ({words})")).unwrap_or_default();
    let counts = format!("{counts}{found}");
    let Some(run) = &summary.run else { return counts };
    let shard = run.shard.map(|shard| format!(", shard {shard}")).unwrap_or_default();
    let scenarios = run.scenarios.as_ref().map(|dir| format!(", scenarios of {}", code(dir))).unwrap_or_default();
    let (region, version) = (text(&run.region), text(&run.suite_version));
    let day = run.at.strftime("%Y-%m-%d %H:%M UTC");
    format!("{counts}. kms-conformance {version}, Region {region}, {day}{shard}{scenarios}.")
}

fn mark(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Conformant => "✅",
        Conclusion::NotConformant => "❌",
        Conclusion::AsListed | Conclusion::Undecided | Conclusion::Interrupted | Conclusion::HarnessError => "⚠️",
    }
}

/// One run has a column for each verdict; of several, each has one.
fn subjects(page: &mut Page, runs: &[Digest]) {
    let verdicts: Vec<Verdict> =
        Verdict::ALL.into_iter().filter(|verdict| runs.iter().any(|run| run.summary.tests.of(*verdict) > 0)).collect();
    if let [run] = runs {
        let mut columns = vec!["subject".to_owned()];
        columns.extend(verdicts.iter().map(|verdict| verdict.words().to_owned()));
        let row = |(subject, counts): (&String, &Counts)| {
            let number = |verdict: &Verdict| match counts.of(*verdict) {
                0 => String::new(),
                count => count.to_string(),
            };
            std::iter::once(text(subject)).chain(verdicts.iter().map(number)).collect()
        };
        let rows: Vec<Vec<String>> = run.summary.subjects.iter().map(row).collect();
        return page.table(&columns, &rows, "subjects");
    }
    let names: BTreeSet<&String> = runs.iter().flat_map(|run| run.summary.subjects.keys()).collect();
    let row = |subject: &String| {
        let cell = |run: &Digest| run.summary.subjects.get(subject).map(counted).unwrap_or_default();
        std::iter::once(text(subject)).chain(runs.iter().map(cell)).collect()
    };
    let rows: Vec<Vec<String>> = names.into_iter().map(row).collect();
    page.table(&columns("subject", runs), &rows, "subjects");
}

/// A heading for the first column, and a column for each run.
fn columns(first: &str, runs: &[Digest]) -> Vec<String> {
    let name = |run: &Digest| {
        let same = runs.iter().filter(|other| other.target() == run.target()).count() > 1;
        let at = run.summary.run.as_ref().filter(|_| same).map(|run| run.at.strftime(" %Y-%m-%d %H:%M").to_string());
        format!("{}{}", code(&run.target()), at.unwrap_or_default())
    };
    std::iter::once(first.to_owned()).chain(runs.iter().map(name)).collect()
}

fn counted(counts: &Counts) -> String {
    let mark = if counts.of(Verdict::Deviation) > 0 { "❌ " } else { "" };
    let mut counts: Vec<String> = counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    // The worst first: a cell is read from its start.
    counts.reverse();
    format!("{mark}{}", counts.join(", "))
}

fn profiles(page: &mut Page, runs: &[Digest]) {
    let tested = |profile: &&super::profiles::Profile| {
        let claims = runs.iter().flat_map(|run| &run.summary.profiles);
        claims.filter(|claim| claim.profile == profile.name).any(|claim| claim.standing != ClaimStanding::NotTested)
    };
    let row = |profile: &super::profiles::Profile| {
        let of = |run: &Digest| run.summary.profiles.iter().find(|claim| claim.profile == profile.name).map(claimed);
        let cells = runs.iter().map(|run| of(run).unwrap_or_default());
        std::iter::once(text(&profile.title)).chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = super::profiles::all().iter().filter(tested).map(row).collect();
    if rows.is_empty() {
        return;
    }
    let columns = match runs {
        [_] => vec!["profile".to_owned(), "standing".to_owned()],
        _ => columns("profile", runs),
    };
    page.table(&columns, &rows, "profiles");
}

fn claimed(claim: &Claim) -> String {
    let mark = match claim.standing {
        ClaimStanding::Pass => "✅ ",
        ClaimStanding::Fail => "❌ ",
        ClaimStanding::Partly => "⚠️ ",
        ClaimStanding::NotTested => "",
    };
    let until = claim.valid_until.map(|day| format!(", until {day}")).unwrap_or_default();
    format!("{mark}{}{until}", claim.words())
}

/// The rules that some target deviates from, in the order of the catalogue.
fn broken_rules(page: &mut Page, runs: &[Digest]) {
    let deviations =
        |run: &Digest, rule: &RuleId| run.summary.rules.get(rule).map_or(0, |counts| counts.of(Verdict::Deviation));
    let broken: Vec<&RuleId> = {
        let known = rules::catalogue().iter().map(|rule| &rule.id);
        let seen: BTreeSet<&RuleId> = runs.iter().flat_map(|run| run.summary.rules.keys()).collect();
        let unknown = seen.into_iter().filter(|id| rules::catalogue().get(id.as_str()).is_none());
        known.chain(unknown).filter(|id| runs.iter().any(|run| deviations(run, id) > 0)).collect()
    };
    if broken.is_empty() {
        return;
    }
    let row = |id: &RuleId| {
        let says = rules::catalogue().get(id.as_str()).map_or("", |rule| rule.says.as_str());
        let cell = |run: &Digest| match run.summary.rules.get(id) {
            None => String::new(),
            Some(counts) if runs.len() > 1 => counted(counts),
            Some(counts) => format!("{} of {}", counts.of(Verdict::Deviation), counts.total()),
        };
        let rule = format!("{}<br>{}", code(id.as_str()), text(says));
        std::iter::once(rule).chain(runs.iter().map(cell)).collect()
    };
    let rows: Vec<Vec<String>> = broken.into_iter().map(row).collect();
    let title = format!("{} that {} not hold", plural(rows.len(), "rule"), if rows.len() == 1 { "does" } else { "do" });
    let columns = match runs {
        [_] => vec![title, "deviations".to_owned()],
        _ => columns(&title, runs),
    };
    page.table(&columns, &rows, "rules that do not hold");
}

/// What the list of known deviations says; where it is out of date, before what is as it says.
fn listed(page: &mut Page, run: &Digest, named: bool) {
    let line = |(standing, says, tests): (ListedStanding, &str, &Tests)| {
        let label = match standing {
            ListedStanding::AsListed => "as listed",
            ListedStanding::Gone => "unexpected pass",
            ListedStanding::Otherwise | ListedStanding::Overdue => "not as listed",
        };
        let (says, count) = (code(&shorten(says, LONGEST)), plural(tests.names.len(), "test"));
        (standing == ListedStanding::AsListed, format!("- **{label}** {says}: {count}\n"))
    };
    let (known, stale): (Vec<_>, Vec<_>) = run.groups.listed().map(line).partition(|(as_listed, _)| *as_listed);
    let lines: Vec<String> = stale.into_iter().chain(known).map(|(_, line)| line).collect();
    if !lines.is_empty() {
        page.folded(&titled("Known deviations", run, named), &lines, "entries of the list of known deviations");
    }
}

fn undecided(page: &mut Page, run: &Digest, named: bool) {
    let mut lines: Vec<String> = Vec::new();
    for (operation, Tests { count, .. }) in run.groups.unsupported() {
        lines.push(format!("- **unsupported** {}: {}\n", code(operation), plural(*count, "test")));
    }
    for (verdict, reason, tests) in run.groups.undecided() {
        let (reason, count) = (code(&shorten(reason, LONGEST)), plural(tests.names.len(), "test"));
        let example = tests.names.first().map(|test| code(test)).unwrap_or_default();
        let example = if tests.names.len() > 1 { format!("such as {example}") } else { example };
        lines.push(format!("- **{verdict}** {reason}: {count}, {example}\n"));
    }
    let left: usize = run.groups.left_behind().map(|(_, keys)| keys.len()).sum();
    if left > 0 {
        lines.push(format!("- **left behind** {} that could not be cleaned up\n", plural(left, "key")));
    }
    if !lines.is_empty() {
        page.folded(&titled("Unsupported and undecided", run, named), &lines, "reasons for tests without a verdict");
    }
}

/// A title, and whose it is where there are several.
fn titled(title: &str, run: &Digest, named: bool) -> String {
    if named { format!("{title}: {}", html_code(&run.target())) } else { title.to_owned() }
}

fn deviations(page: &mut Page, run: &Digest, named: bool) {
    // Where there is no room for all, each rule has an example rather than one rule many.
    let mut seen = BTreeSet::new();
    let (firsts, others): (Vec<&DeviationGroup>, Vec<&DeviationGroup>) =
        run.groups.deviations().partition(|group| seen.insert(&group.first.finding.rule));
    let groups = [firsts, others].concat();
    if groups.is_empty() {
        return;
    }
    let title = titled(&format!("{} in {}", plural(deviating(&groups), "test"), kinds(groups.len())), run, named);
    page.block(&format!("#### Deviations: {title}\n\n"), "headings");
    for group in groups {
        page.block(&deviation(run, group), "kinds of deviations");
    }
}

fn kinds(count: usize) -> String {
    plural(count, "kind")
}

/// How many tests tell of these deviations.
fn deviating(groups: &[&DeviationGroup]) -> usize {
    let tests = groups.iter().flat_map(|group| std::iter::once(&group.first).chain(&group.others));
    tests.map(|case| case.outcome.test.as_str()).collect::<BTreeSet<_>>().len()
}

fn deviation(run: &Digest, group: &DeviationGroup) -> String {
    let (finding, outcome) = (&group.first.finding, &group.first.outcome);
    let others = group.other_tests();
    let more = if others.is_empty() { String::new() } else { format!(" and {}", plural(others.len(), "other case")) };
    let (rule, test) = (html_code(finding.rule.as_str()), html_code(&outcome.test));
    let mut out = format!("<details><summary>{rule} {}: {test}{more}</summary>\n\n", text(&outcome.title));
    if let Some(rule) = rules::catalogue().get(finding.rule.as_str()) {
        out.push_str(&format!("- **rule** ({}) {}\n", rule.evidence, text(&rule.says)));
        out.extend(rule.sources.iter().map(|source| format!("- **source** {}\n", text(&source.to_string()))));
        out.extend(rule.conflict.iter().map(|conflict| format!("- **but** {}\n", text(conflict))));
    }
    for Contrast { expected, observed } in group.first.contrasts() {
        out.push_str(&format!("- **expected** {}\n", code(&shorten(&expected, LONGEST))));
        out.push_str(&format!("- **observed** {}\n", code(&shorten(&observed, LONGEST))));
    }
    out.extend(finding.notes.iter().map(|note| format!("- **note** {}\n", code(&shorten(note, LONGEST)))));
    out.push_str(&format!("- **because** {}\n", text(&outcome.why)));
    if !others.is_empty() {
        out.push_str(&format!("- **also** {}\n", code(&names(others.into_iter(), OTHER_CASES))));
    }
    let step = |evidence: &Evidence| {
        let mark = if evidence.line == finding.line { "►" } else { " " };
        format!("{mark} {:<26} {}", evidence.operation, shorten(&evidence.outcome, LONGEST))
    };
    let steps: Vec<String> = group.first.steps().map(step).collect();
    out.push_str(&format!("\n{}", block("text", &steps.join("\n"))));
    if let Some(evidence) = group.first.exchange() {
        out.push_str(&exchange(evidence));
    }
    let command = repeat_command(run.summary.run.as_ref(), outcome);
    out.push_str(&format!("\nRepeat:\n\n{}\n</details>\n\n", block("sh", &command)));
    out
}

fn exchange(evidence: &Evidence) -> String {
    let body = |value: &Value| match value {
        Value::String(text) => block("text", &shorten(text, LONGEST_BODY)),
        other => block("json", &shorten(&format!("{other:#}"), LONGEST_BODY)),
    };
    let status = evidence.status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
    let id = evidence.response_headers.get("x-amzn-requestid").and_then(Value::as_str);
    let id = id.map(|id| format!(", request id {}", code(&shorten(id, LONGEST)))).unwrap_or_default();
    let (request, response) = (body(&evidence.request), body(&evidence.response));
    format!("\nRequest:\n\n{request}\nResponse ({status}{id}):\n\n{response}")
}

fn observations(page: &mut Page, run: &Digest, named: bool) {
    let line = |(rule, seen): (&RuleId, &BTreeMap<String, Tests>)| {
        let rule = code(rule.as_str());
        let one = |(observed, Tests { count, .. }): (&String, &Tests)| {
            format!("- {rule} {} ({count}×)\n", code(&shorten(observed, LONGEST)))
        };
        seen.iter().map(one).collect::<Vec<_>>()
    };
    let lines: Vec<String> = run.groups.observations().flat_map(line).collect();
    if !lines.is_empty() {
        let title = titled("Open rules: what the target does where no source says what AWS does", run, named);
        page.folded(&title, &lines, "observations");
    }
}
