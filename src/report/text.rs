//! Words that reports share.

/// At most so many characters of a text, with a note of how many were left out.
pub(super) fn shorten(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most).collect();
    format!("{start}… ({} characters more)", length - most)
}

/// A number and the word for what it counts.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// The first names, and how many more there are.
pub(super) fn names<'a>(tests: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let more = tests.len().saturating_sub(most);
    let text = tests.take(most).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äöü… (1 characters more)");
    }

    #[test]
    fn names_are_counted_where_there_are_many() {
        assert_eq!(names(["a", "b", "c"].into_iter(), 2), "a, b and 1 more");
        assert_eq!(names(["a", "b"].into_iter(), 2), "a, b");
    }
}
