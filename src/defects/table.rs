//! The matrix as a table for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

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
        let _ = writeln!(text, "\n{}", self.last_line());
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

fn line(row: &Row, width: usize) -> String {
    let kills: Vec<_> = row.caught.values().flat_map(|catch| &catch.kills).collect();
    let scenarios: BTreeSet<&str> = kills.iter().map(|kill| kill.scenario.as_str()).collect();
    let mut named: Vec<&str> = scenarios.iter().copied().take(NAMED).collect();
    if scenarios.len() > NAMED {
        named.push("…");
    }
    let (defect, rule, count, named) = (row.defect, row.about.rule, kills.len(), named.join(", "));
    let verdict = match row.fate() {
        Fate::Caught => format!("{rule} among what deviated"),
        Fate::CaughtByOthers => format!("{RED}{rule} not among what deviated{RED:#}"),
        Fate::Survived => format!("{RED}survived{RED:#}"),
        Fate::OutOfReach => "out of reach".to_owned(),
    };
    format!("{defect:<width$} {count:>5}  {verdict:<52} {DIM}{named}{DIM:#}\n")
}
