//! Text in the report: what came from a target or a scenario, as element content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use maud::{Markup, PreEscaped, Render, html};
use regex::Regex;
use serde_json::Value;

/// So wide is JSON before it is broken into lines, in characters.
const WIDTH: usize = 96;
/// Of a longer body only so much is shown, in characters.
const SHOWN_OF_BODY: usize = 4_000;
/// Of a longer outcome, reason or member only so much is shown, in characters.
const SHOWN_OF_PHRASE: usize = 400;

/// Text for the content of an element. Quotes stay as they are, which keeps JSON and shell commands small; in an
/// attribute they would end it, so that maud's own escaping is for those.
pub(super) struct Plain<'a>(pub(super) &'a str);

impl Render for Plain<'_> {
    fn render_to(&self, buffer: &mut String) {
        for c in self.0.chars() {
            match c {
                '&' => buffer.push_str("&amp;"),
                '<' => buffer.push_str("&lt;"),
                '>' => buffer.push_str("&gt;"),
                _ => buffer.push(c),
            }
        }
    }
}

/// Text in which web addresses are links.
pub(super) fn linked(text: &str) -> Markup {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"https?://[^\s<>"'`]*[^\s<>"'`.,;:)]"#).unwrap_or_else(|_| unreachable!("every test compiles it"))
    });
    let mut end = 0;
    let mut markup = String::new();
    for found in ADDRESS.find_iter(text) {
        Plain(&text[end..found.start()]).render_to(&mut markup);
        let link = html! { a href=(found.as_str()) rel="noreferrer" { (found.as_str()) } };
        markup.push_str(&link.into_string());
        end = found.end();
    }
    Plain(&text[end..]).render_to(&mut markup);
    PreEscaped(markup)
}

/// A body as it is shown: JSON in lines that are not too long, other text as it is; cut where it is very long.
pub(super) fn body(value: &Value) -> String {
    let mut text = match value {
        Value::Null => "(nothing)".to_owned(),
        Value::String(text) => text.clone(),
        other => {
            let mut text = String::new();
            json(&mut text, other, 0, 0);
            text
        }
    };
    cut(&mut text, SHOWN_OF_BODY);
    text
}

/// A phrase that a target or its answers wrote, cut where it is very long.
pub(super) fn phrase(text: &str) -> Markup {
    let mut text = text.to_owned();
    cut(&mut text, SHOWN_OF_PHRASE);
    html! { (Plain(&text)) }
}

fn cut(text: &mut String, most: usize) {
    if let Some((at, _)) = text.char_indices().nth(most) {
        let left = text[at..].chars().count();
        text.truncate(at);
        let _ = write!(text, "… ({left} more characters, which the event log has)");
    }
}

/// Objects and lists on one line where they fit.
fn json(text: &mut String, value: &Value, indent: usize, before: usize) {
    let line = value_on_a_line(value);
    let (open, close, items): (_, _, Vec<(String, &Value)>) = match value {
        _ if indent + before + line.chars().count() <= WIDTH => {
            text.push_str(&line);
            return;
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (format!("{}: ", Value::from(name.as_str())), value));
            ('{', '}', members.collect())
        }
        Value::Array(items) => ('[', ']', items.iter().map(|value| (String::new(), value)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&line);
            return;
        }
    };
    text.push(open);
    for (position, (name, value)) in items.iter().enumerate() {
        text.push_str(if position == 0 { "\n" } else { ",\n" });
        let _ = write!(text, "{:indent$}{name}", "", indent = indent + 2);
        json(text, value, indent + 2, name.chars().count());
    }
    let _ = write!(text, "\n{:indent$}{close}", "");
}

fn value_on_a_line(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), value_on_a_line(value)))
                .collect();
            if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
        }
        Value::Array(items) => format!("[{}]", items.iter().map(value_on_a_line).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_element_gets_out_of_text() {
        let hostile = r#"</pre><script>alert("1")</script>&amp;"#;
        let text = html! { (Plain(hostile)) }.into_string();
        assert_eq!(text, r#"&lt;/pre&gt;&lt;script&gt;alert("1")&lt;/script&gt;&amp;amp;"#);
    }

    #[test]
    fn web_addresses_are_links_and_nothing_else_is() {
        let text = linked("see https://example.com/a?b=1&c. javascript:alert(1) <b>").into_string();
        let link = r#"<a href="https://example.com/a?b=1&amp;c" rel="noreferrer">https://example.com/a?b=1&amp;c</a>"#;
        assert_eq!(text, format!("see {link}. javascript:alert(1) &lt;b&gt;"));
        let text = linked(r#"https://x/"onmouseover="alert(1)"#).into_string();
        assert!(text.starts_with(r#"<a href="https://x/" rel="noreferrer">https://x/</a>""#), "{text}");
    }

    #[test]
    fn json_is_broken_where_it_is_long() {
        assert_eq!(body(&json!({"a": [1, {}], "b": "<c>"})), r#"{ "a": [1, {}], "b": "<c>" }"#);
        let long = json!({"first": "x".repeat(60), "second": {"third": "y".repeat(30)}});
        let expected = format!(
            "{{\n  \"first\": \"{}\",\n  \"second\": {{ \"third\": \"{}\" }}\n}}",
            "x".repeat(60),
            "y".repeat(30)
        );
        assert_eq!(body(&long), expected);
        assert_eq!(serde_json::from_str::<Value>(&body(&long)).unwrap(), long);
    }

    #[test]
    fn a_very_long_body_is_cut_and_says_so() {
        let text = body(&Value::String("ä".repeat(SHOWN_OF_BODY + 5)));
        assert!(text.ends_with("ä… (5 more characters, which the event log has)"), "{text}");
    }
}
