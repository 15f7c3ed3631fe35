//! Markdown of bounded length.

use indexmap::IndexMap;

/// Room for the closing tags and the note on what was left out.
const RESERVE: usize = 1_200;

/// A text that grows while there is room, and counts what it has to leave out.
pub(super) struct Page {
    text: String,
    limit: usize,
    left_out: IndexMap<&'static str, usize>,
}

impl Page {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), limit, left_out: IndexMap::new() }
    }

    fn has_room(&self, more: usize) -> bool {
        self.text.len() + more + RESERVE <= self.limit
    }

    /// Adds what a report is nothing without, unless even that is too long.
    pub(super) fn always(&mut self, part: &str) {
        self.block(part, "lines");
    }

    /// Adds a part that is whole or not there.
    pub(super) fn block(&mut self, part: &str, what: &'static str) {
        if self.has_room(part.len()) {
            self.text.push_str(part);
        } else {
            *self.left_out.entry(what).or_default() += 1;
        }
    }

    /// Adds a table, as many rows as fit.
    pub(super) fn table(&mut self, columns: &[String], rows: &[Vec<String>], what: &'static str) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = columns.iter().enumerate().map(|(i, _)| if i == 0 { "---" } else { "---:" }.to_owned());
        let head = format!("{}{}", line(columns), line(&rule.collect::<Vec<_>>()));
        let rows: Vec<String> = rows.iter().map(|row| line(row)).collect();
        self.series(&head, &rows, "\n", what);
    }

    /// Adds a list that is folded away, as many items as fit.
    pub(super) fn folded(&mut self, title: &str, items: &[String], what: &'static str) {
        self.series(&format!("<details><summary>{title}</summary>\n\n"), items, "\n</details>\n\n", what);
    }

    fn series(&mut self, head: &str, items: &[String], foot: &str, what: &'static str) {
        if !self.has_room(head.len() + foot.len() + items.first().map_or(0, String::len)) {
            *self.left_out.entry(what).or_default() += items.len();
            return;
        }
        self.text.push_str(head);
        let fitting = items.iter().take_while(|item| {
            let fits = self.has_room(item.len() + foot.len());
            if fits {
                self.text.push_str(item);
            }
            fits
        });
        let fitting = fitting.count();
        self.text.push_str(foot);
        if fitting < items.len() {
            *self.left_out.entry(what).or_default() += items.len() - fitting;
        }
    }

    /// The text, with a note on what it leaves out.
    pub(super) fn finish(mut self) -> String {
        if !self.left_out.is_empty() {
            let parts: Vec<String> = self.left_out.iter().map(|(what, count)| format!("{what} ({count})")).collect();
            let note = "The whole report is in `report.html`, every call in `events.jsonl`.";
            self.text.push_str(&format!("**Left out here for want of room: {}.** {note}\n", parts.join(", ")));
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut page = Page::new(RESERVE + 100);
        page.always("head\n\n");
        let items: Vec<String> = (0..100).map(|i| format!("- {i}\n")).collect();
        page.folded("t", &items, "items");
        page.block(&"x".repeat(200), "blocks");
        let text = page.finish();
        assert!(text.len() <= RESERVE + 100, "{}", text.len());
        assert!(text.contains("</details>"));
        let shown = text.matches("\n- ").count();
        assert!(shown > 2, "{text}");
        assert!(text.contains(&format!("room: items ({}), blocks (1).", 100 - shown)), "{text}");
    }
}
