//! Words of a shell command.

/// One word: text as it is, and what the shell puts in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// As it is.
    Text(String),
    /// A `$NAME` or `$(…)`.
    Expansion(String),
}

impl Word {
    /// Text as it is.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// A `$NAME` or `$(…)` of this module's caller; never text of a scenario or a target.
    pub(super) fn expansion(code: impl Into<String>) -> Self {
        Self(vec![Piece::Expansion(code.into())])
    }

    /// Appends another word.
    pub(super) fn push(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The word inside a JSON string.
    pub(super) fn in_json(self) -> Self {
        let piece = |piece| match piece {
            Piece::Text(text) => {
                let json = serde_json::Value::String(text).to_string();
                let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
                Piece::Text(inner.unwrap_or_default().to_owned())
            }
            expansion @ Piece::Expansion(_) => expansion,
        };
        let mut whole = Self::text("\"");
        whole.0.extend(self.0.into_iter().map(piece));
        whole.push(Self::text("\""));
        whole
    }

    /// Whether a command could take the word for a flag.
    pub(super) fn looks_like_a_flag(&self) -> bool {
        matches!(self.0.first(), Some(Piece::Text(text)) if text.starts_with('-'))
    }

    fn plain(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) | Piece::Expansion(text) => text.clone(),
        };
        self.0.iter().map(text).collect()
    }

    /// As the shell takes it.
    pub(super) fn quoted(&self) -> String {
        if self.0.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            return crate::runner::shell_word(&self.plain());
        }
        let mut quoted = "\"".to_owned();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => {
                    for c in text.chars() {
                        if matches!(c, '"' | '\\' | '$' | '`') {
                            quoted.push('\\');
                        }
                        quoted.push(c);
                    }
                }
                Piece::Expansion(code) => quoted.push_str(code),
            }
        }
        quoted.push('"');
        quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_never_run() {
        let mut word = Word::text("$(reboot) `x` \"q\" \\ 'p' ");
        assert_eq!(word.quoted(), r#"'$(reboot) `x` "q" \ '\''p'\'' '"#);
        word.push(Word::expansion("$KEY"));
        assert_eq!(word.quoted(), r#""\$(reboot) \`x\` \"q\" \\ 'p' $KEY""#);
    }

    #[test]
    fn text_in_json_keeps_its_meaning() {
        let mut word = Word::text("a\"b");
        word.push(Word::expansion("$KEY"));
        assert_eq!(word.in_json().quoted(), r#""\"a\\\"b$KEY\"""#);
    }
}
