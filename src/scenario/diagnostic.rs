//! Mistakes in files that people write, shown under the offending line with what to write instead.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One mistake: where it stands, what it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// In bytes from the start of the file.
    pub(crate) span: Range<usize>,
    /// A lower-case fragment.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A file that somebody wrote, such as a scenario: what it is called in messages, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user knows it.
    pub path: String,
    /// The YAML.
    pub text: String,
}

impl SourceFile {
    /// The line of a byte offset, counted from 1.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.text[..self.text.floor_char_boundary(offset.min(self.text.len()))].matches('\n').count() + 1
    }
}

/// All the mistakes of one file, in its order.
#[derive(Debug, Clone)]
pub struct FileErrors {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl FileErrors {
    pub(crate) fn new(file: Arc<SourceFile>, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
        // Each case of a matrix finds the same mistake again.
        diagnostics.dedup();
        Self { file, diagnostics }
    }

    /// How many mistakes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.diagnostics.len()
    }

    /// Whether there is no mistake; never true for errors that a parse returned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// The messages with the offending lines, in colour where `styled`.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        let mut text = String::new();
        for diagnostic in &self.diagnostics {
            let snippet = Snippet::source(&self.file.text)
                .path(&self.file.path)
                .annotation(AnnotationKind::Primary.span(diagnostic.span.clone()));
            let mut group = Level::ERROR.primary_title(&diagnostic.message).element(snippet);
            if let Some(help) = &diagnostic.help {
                group = group.element(Level::HELP.message(help));
            }
            text.push_str(&renderer.render(&[group]));
            text.push_str("\n\n");
        }
        text
    }
}

/// Whether a rendering uses ANSI colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    Plain,
    /// With ANSI escapes.
    Coloured,
}

impl fmt::Display for FileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for FileErrors {}

/// `a`, `b` or `c`: names in backquotes.
pub(crate) fn alternatives<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// What the author probably meant: the nearest of the names, if one is near, else the list of them.
pub(crate) fn suggestion<'a>(found: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let near = |name: &&&str| strsim::damerau_levenshtein(&found.to_lowercase(), &name.to_lowercase());
    let limit = (found.chars().count() / 3).max(1);
    match names.iter().min_by_key(near) {
        Some(best) if near(&best) <= limit => format!("did you mean `{best}`?"),
        Some(_) if names.len() <= 24 => format!("write {}", alternatives(names)),
        Some(_) => format!("write one of the known names, such as {}", alternatives(names.into_iter().take(3))),
        None => "there is nothing that could stand here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        assert_eq!(suggestion("exepct", ["expect", "fails"]), "did you mean `expect`?");
        assert_eq!(suggestion("xyz", ["expect", "fails"]), "write `expect` or `fails`");
        assert_eq!(suggestion("KeyID", ["KeyId"]), "did you mean `KeyId`?");
    }
}
