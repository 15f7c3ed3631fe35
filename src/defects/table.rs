//! The matrix as a table for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::caught::Means;
use super::matrix::{Fate, Matrix, Row};

const RED: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// How many scenarios a row names.
const NAMED: usize = 3;

impl Matrix {
    /// The table, the survivors, the scenarios that caught nothing, and a last line with the counts.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        let width = self.rows.iter().map(|row| row.defect.name().len()).max().unwrap_or_default();
        for row in &self.rows {
            text.push_str(&line(row, width));
        }
        for row in self.of(Fate::Survived) {
            let _ = writeln!(text, "\n{RED}SURVIVED{RED:#} {BOLD}{}{BOLD:#}", row.defect);
            let _ = writeln!(text, "  {}\n  it should break {}", row.about.says, row.about.rule);
        }
        if !self.idle_scenarios.is_empty() {
            let idle = self.idle_scenarios.len();
            let _ = writeln!(
                text,
                "\n{BOLD}{idle} scenarios caught nothing{BOLD:#}: is one redundant, or a defect missing?"
            );
            self.idle_scenarios.iter().for_each(|name| text.push_str(&format!("  {name}\n")));
        }
        text.push('\n');
        for (means, words) in [(Means::Scenarios, "scenarios"), (Means::Sequences, "sequences")] {
            let (reached, missed) = self.missed_by(means);
            if reached > 0 {
                let _ = writeln!(text, "{words} caught {} of {reached} defects in their reach", reached - missed.len());
                missed.iter().for_each(|row| text.push_str(&format!("  missed {}: {}\n", row.defect, row.about.says)));
            }
        }
        let _ = writeln!(text, "{}", self.last_line());
        text
    }

    fn last_line(&self) -> String {
        let count = |fate| self.of(fate).count();
        let caught = count(Fate::Caught) + count(Fate::CaughtByOthers);
        let mut line = format!("{caught} of {} defects caught", self.rows.len());
        for (fate, words) in [
            (Fate::CaughtByOthers, "of them not by the rule that they break"),
            (Fate::Survived, "survived"),
            (Fate::OutOfReach, "out of reach"),
        ] {
            if count(fate) > 0 {
                let _ = write!(line, ", {} {words}", count(fate));
            }
        }
        line
    }
}

/// A defect, how many tests deviated, and after how many operations a sequence did.
fn line(row: &Row, width: usize) -> String {
    let scenarios = row.caught.get(&Means::Scenarios);
    let tests = scenarios.map_or_else(String::new, |catch| format!("{} tests", catch.kills.len()));
    let sequences = row.caught.get(&Means::Sequences).map_or_else(String::new, |catch| match catch.operations {
        Some(operations) if !catch.kills.is_empty() => format!("{operations} operations"),
        _ if Means::Sequences.reaches(row.about.reach) => "missed".to_owned(),
        _ => "-".to_owned(),
    });
    let kills = scenarios.into_iter().chain(row.caught.get(&Means::Sequences)).flat_map(|catch| &catch.kills);
    let names: BTreeSet<&str> = kills.map(|kill| kill.scenario.as_str()).collect();
    let mut named: Vec<&str> = names.iter().copied().take(NAMED).collect();
    if names.len() > NAMED {
        named.push("…");
    }
    let (defect, rule, named) = (row.defect, row.about.rule, named.join(", "));
    let verdict = match row.fate() {
        Fate::Caught => format!("{rule} among what deviated"),
        Fate::CaughtByOthers => format!("{RED}{rule} not among what deviated{RED:#}"),
        Fate::Survived => format!("{RED}survived{RED:#}"),
        Fate::OutOfReach => "out of reach".to_owned(),
    };
    format!("{defect:<width$} {tests:>10} {sequences:>16}  {verdict:<52} {DIM}{named}{DIM:#}\n")
}
