//! Text from anywhere as Markdown that shows just this text, whatever it holds.

/// Text in a sentence, a heading or a cell. Every character that Markdown, HTML or GitHub could take for more than itself
/// becomes a character reference, which is never markup.
pub(super) fn text(content: &str) -> String {
    let mut escaped = String::with_capacity(content.len());
    let shown: Vec<char> = content.trim().chars().map(visible).collect();
    let shown: Vec<char> = shown.iter().collect::<String>().trim().chars().collect();
    for (at, character) in shown.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| shown.get(before));
        let after = shown.get(at + 1);
        if is_plain(before, *character, after) && !(at == 0 && begins_a_list(&shown)) {
            escaped.push(*character);
        } else {
            escaped.push_str(&format!("&#{};", u32::from(*character)));
        }
    }
    escaped
}

/// Whether a character reads as itself between these two.
fn is_plain(before: Option<&char>, character: char, after: Option<&char>) -> bool {
    let word = |c: Option<&char>| c.is_some_and(char::is_ascii_alphanumeric);
    match character {
        // GitHub makes a link of what begins like this.
        '.' => !matches!(before, Some('w' | 'W')),
        ':' => after.is_none_or(|c| *c == ' '),
        '_' => word(before) && word(after),
        ascii if ascii.is_ascii() => ascii.is_ascii_alphanumeric() || " ,;'\"/()-%?".contains(ascii),
        _ => true,
    }
}

fn begins_a_list(text: &[char]) -> bool {
    let rest = || text.iter().skip_while(|c| c.is_ascii_digit());
    let numbered = || matches!(rest().next(), Some('.' | ')')) && matches!(rest().nth(1), None | Some(' '));
    match text.first() {
        Some('-') => true,
        Some(first) => first.is_ascii_digit() && numbered(),
        None => false,
    }
}

/// A character as it can be shown in a line.
fn visible(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        other => other,
    }
}

/// Text in a fixed-width font, in a sentence or a cell. GitHub makes no links, mentions or issue references of it.
pub(super) fn code(content: &str) -> String {
    let shown: String = content.chars().map(visible).collect();
    let shown = shown.trim();
    if shown.is_empty() || shown.contains(['`', '|']) { html_code(content) } else { format!("`{shown}`") }
}

/// The same, for inside HTML.
pub(super) fn html_code(content: &str) -> String {
    format!("<code>{}</code>", text(content))
}

/// A block in a fixed-width font, fenced by more backticks than it holds in a row.
pub(super) fn block(language: &str, content: &str) -> String {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let shown: String = content.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    format!("{fence}{language}\n{shown}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

    use super::*;

    fn parse(markdown: &str) -> Vec<Event<'_>> {
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).collect()
    }

    /// What a reader sees: nothing but text, or nothing.
    fn seen(markdown: &str) -> Result<String, String> {
        let mut text = String::new();
        for event in parse(markdown) {
            match event {
                Event::Text(part) | Event::Code(part) => text.push_str(&part),
                Event::InlineHtml(tag) if ["<code>", "</code>"].contains(&&*tag) => {}
                Event::Start(Tag::Paragraph) | Event::End(_) => {}
                other => return Err(format!("{other:?}")),
            }
        }
        Ok(text)
    }

    fn plain(content: &str) -> String {
        content.trim().chars().map(visible).collect::<String>().trim().to_owned()
    }

    const HOSTILE: &[&str] = &[
        "`a` ``b``",
        "a | b",
        "<script>alert(1)</script>",
        "</details></summary>",
        "<!-- ",
        "[x](http://evil.example)",
        "![x](http://evil.example/x.png)",
        "http://evil.example www.evil.example a@b.example",
        "@someone #1 owner/repo#1",
        "# heading",
        "- item",
        "1. item",
        "12) item",
        "***bold*** __x__ ~~y~~",
        "&amp; &#60;",
        "a\n\n# b",
        "    four blanks",
        "\u{0}\u{1b}[31m\u{7f}",
        "\\",
        "---",
        "===",
        "$x$",
        ":smile:",
    ];

    #[test]
    fn hostile_text_is_shown_and_does_nothing() {
        for content in HOSTILE {
            assert_eq!(seen(&text(content)), Ok(plain(content)), "{content:?}");
            assert_eq!(seen(&code(content)), Ok(plain(content)), "{content:?}");
            assert_eq!(seen(&html_code(content)), Ok(plain(content)), "{content:?}");
        }
    }

    #[test]
    fn hostile_blocks_stay_in_their_fence() {
        for content in HOSTILE.iter().copied().chain(["```\n# out\n```", "````", "~~~", "a\r\n```\r\nb"]) {
            assert_stays(content);
        }
    }

    fn assert_stays(content: &str) {
        let markdown = block("json", content);
        let events = parse(&markdown);
        let Some(Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))) = events.first() else {
            panic!("{content:?}: {events:?}")
        };
        let shown = |event: &Event<'_>| match event {
            Event::Text(text) => text.to_string(),
            other => panic!("{content:?}: {other:?}"),
        };
        let inside: String = events[1..events.len() - 1].iter().map(shown).collect();
        let expected: String =
            content.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
        assert_eq!(inside, format!("{expected}\n"));
    }

    proptest! {
        #[test]
        fn any_text_is_shown_as_it_is(content in any::<String>()) {
            for markdown in [text(&content), code(&content)] {
                let seen = seen(&markdown).map_err(TestCaseError::fail)?;
                prop_assert_eq!(seen.trim(), plain(&content));
            }
        }

        #[test]
        fn any_block_stays_in_its_fence(content in "(`|~|\n|a|\\PC){0,40}") {
            assert_stays(&content);
        }
    }
}
