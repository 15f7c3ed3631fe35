//! Bytes that must not be shown, and text in which they stand: as they are, escaped, in hexadecimal, base32 or base64, or
//! as a list of numbers; whole or in part, and at any place within something larger.
//!
//! Text is decoded in each of these ways, at every alignment, and what comes out is looked up in an index of short
//! windows of the secrets.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use serde_json::Value;

/// So many bytes in a row are taken for a secret's: by chance they meet once in 2⁶⁴ tries.
const WINDOW: usize = 8;
/// Of secrets up to this length every window is indexed; of longer ones each fourth, which leaves parts of up to ten bytes
/// unnoticed.
const INDEXED_WHOLE: usize = 64;
/// Pieces of text that are shorter are not looked for.
const SHORTEST_TEXT: usize = 16;
/// Bytes that are no text are shown as gaps; so many characters around a gap may belong to what it was cut from.
const AROUND_GAP: usize = 24;
/// What stands in a secret's place.
const REDACTED: &str = "<redacted>";

/// Secrets of one test. Its `Debug` shows none of them.
#[derive(Default)]
pub(super) struct Secrets {
    windows: HashSet<[u8; WINDOW]>,
    texts: Vec<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("windows", &self.windows.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Hides these bytes in every form, in whole and in part.
    pub(super) fn hide(&mut self, bytes: &[u8]) {
        let step = if bytes.len() <= INDEXED_WHOLE { 1 } else { 4 };
        self.windows.extend(windows(bytes).step_by(step));
        // The last window, which the steps may have left out.
        self.windows.extend(bytes.last_chunk::<WINDOW>());
    }

    /// Hides this text where it stands as it is.
    pub(super) fn hide_text(&mut self, text: impl Into<String>) {
        let text = text.into();
        if text.len() >= SHORTEST_TEXT && !self.texts.contains(&text) {
            self.texts.push(text);
        }
    }

    /// Whether a part of a secret stands in these bytes as it is. What reads as plain text is not taken for one.
    pub(super) fn stand_in(&self, bytes: &[u8]) -> bool {
        let readable = |window: &[u8]| window.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        !self.windows.is_empty() && windows(bytes).any(|window| !readable(&window) && self.windows.contains(&window))
    }

    /// Whether a part of a secret stands in this list, a byte a number.
    pub(super) fn stand_in_list(&self, items: &[Value]) -> bool {
        let bytes: Option<Vec<u8>> = items.iter().map(|item| byte(item.as_i64()?)).collect();
        bytes.is_some_and(|bytes| self.are_in(&bytes))
    }

    /// The text with each secret blotted out.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.texts {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), REDACTED);
            }
        }
        if self.windows.is_empty() {
            return text;
        }
        if text.contains('\\') && self.are_in_text(&unescaped(&text)) {
            return REDACTED.to_owned();
        }
        blot(&text, self.places(&text))
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        windows(bytes).any(|window| self.windows.contains(&window))
    }

    fn are_in_text(&self, text: &str) -> bool {
        !self.places(text).is_empty()
    }

    /// Where secrets stand, each place as wide as the run of characters that holds it.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        for code in &CODES {
            places.extend(code.runs(text).filter(|run| self.are_encoded(code, &text[run.clone()])));
        }
        places.extend(number_runs(text).filter_map(|(run, bytes)| self.are_in(&bytes).then_some(run)));
        places.extend(gaps(text));
        places.extend(latin_1_runs(text).filter_map(|(run, bytes)| self.stand_in(&bytes).then_some(run)));
        places
    }

    fn are_encoded(&self, code: &Code, run: &str) -> bool {
        let digits: Vec<u8> = run.bytes().filter_map(code.digit).collect();
        // After so many digits, bytes begin at a digit again.
        let alignments = [1, 2, 4, 8].into_iter().find(|count| (count * code.bits).is_multiple_of(8)).unwrap_or(8);
        (0..alignments).any(|skipped| self.are_in(&code.decode(digits.get(skipped..).unwrap_or_default())))
    }
}

fn windows(bytes: &[u8]) -> impl Iterator<Item = [u8; WINDOW]> {
    bytes.windows(WINDOW).filter_map(|window| window.try_into().ok())
}

/// A byte as numbers write it: from 0 to 255, or from -128 to 127.
fn byte(number: i64) -> Option<u8> {
    u8::try_from(number).ok().or_else(|| i8::try_from(number).ok().map(|signed| signed.to_be_bytes()[0]))
}

/// A way to write bytes in digits of so many bits.
struct Code {
    bits: usize,
    digit: fn(u8) -> Option<u8>,
    /// Characters that may stand between digits.
    between: &'static [u8],
}

const CODES: [Code; 3] = [
    Code { bits: 4, digit: hexadecimal, between: b": " },
    Code { bits: 5, digit: base32, between: b"\r\n" },
    Code { bits: 6, digit: base64, between: b"\r\n\\" },
];

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn base32(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a'),
        b'2'..=b'7' => Some(digit - b'2' + 26),
        _ => None,
    }
}

/// The standard alphabet and the one for URLs.
fn base64(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

impl Code {
    /// The runs of digits that are long enough to hold a window.
    fn runs<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> {
        let shortest = (WINDOW * 8).div_ceil(self.bits);
        let belongs = |byte: u8| (self.digit)(byte).is_some() || self.between.contains(&byte);
        runs(text.len(), move |at| belongs(text.as_bytes()[at])).filter(move |run| run.len() >= shortest)
    }

    fn decode(&self, digits: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(digits.len() * self.bits / 8);
        let (mut held, mut bits) = (0_u32, 0);
        for digit in digits {
            held = held << self.bits | u32::from(*digit);
            bits += self.bits;
            if bits >= 8 {
                bits -= 8;
                bytes.push((held >> bits).to_be_bytes()[3]);
            }
        }
        bytes
    }
}

/// The longest ranges in which every position belongs.
fn runs(length: usize, belongs: impl Fn(usize) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = (at..length).find(|at| belongs(*at))?;
        at = (start..length).find(|at| !belongs(*at)).unwrap_or(length);
        Some(start..at)
    })
}

/// Lists of numbers in text, such as `12, 255, 0`, as the bytes that they name.
fn number_runs(text: &str) -> impl Iterator<Item = (Range<usize>, Vec<u8>)> {
    let in_list = |byte: u8| byte.is_ascii_digit() || b"-, \t\r\n[]".contains(&byte);
    runs(text.len(), move |at| in_list(text.as_bytes()[at])).filter(|run| run.len() >= 2 * WINDOW - 1).filter_map(
        |run| {
            let numbers = text[run.clone()].split(|c: char| !c.is_ascii_digit() && c != '-').filter(|n| !n.is_empty());
            let bytes: Option<Vec<u8>> = numbers.map(|number| byte(number.parse().ok()?)).collect();
            Some((run, bytes?))
        },
    )
}

/// Runs of characters that stand for a byte each.
fn latin_1_runs(text: &str) -> impl Iterator<Item = (Range<usize>, Vec<u8>)> {
    let is_byte = |c: char| u8::try_from(c).is_ok();
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = rest.find(|(_, c)| is_byte(*c))?;
        let mut run = (start..start + first.len_utf8(), vec![u8::try_from(first).ok()?]);
        while let Some((at, c)) = rest.next_if(|(_, c)| is_byte(*c)) {
            run.0.end = at + c.len_utf8();
            run.1.extend(u8::try_from(c));
        }
        Some(run)
    })
}

/// Where bytes that are no text were replaced, with what is around.
fn gaps(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(char::REPLACEMENT_CHARACTER).map(|(at, gap)| {
        let before = text[..at].char_indices().rev().take(AROUND_GAP).last().map_or(at, |(start, _)| start);
        let after = text[at + gap.len()..].chars().take(AROUND_GAP).map(char::len_utf8).sum::<usize>();
        before..at + gap.len() + after
    })
}

/// The text with its backslash escapes undone.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        let coded = |rest: &mut std::str::Chars<'_>, digits: usize| {
            let code = rest.as_str().get(..digits).and_then(|code| u32::from_str_radix(code, 16).ok())?;
            *rest = rest.as_str()[digits..].chars();
            char::from_u32(code)
        };
        plain.push(match escaped {
            None => c,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('0') => '\0',
            Some('x') => coded(&mut rest, 2).unwrap_or('x'),
            Some('u') => coded(&mut rest, 4).unwrap_or('u'),
            Some(other) => other,
        });
    }
    plain
}

fn blot(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_by_key(|place| place.start);
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for place in places {
        // A run may begin and end with what may stand between its digits.
        let run = &text[place.clone()];
        let place = place.end - run.trim_start().len()..place.start + run.trim_end().len();
        if place.start >= at {
            shown.push_str(&text[at..place.start]);
            shown.push_str(REDACTED);
        }
        // What pads base64, or base32, is no part of the run, and would look odd by itself.
        let padding = text[place.end..].bytes().take_while(|byte| *byte == b'=').count();
        at = at.max(place.end + padding);
    }
    shown.push_str(&text[at..]);
    shown
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    /// 32 bytes without any order in them.
    fn secret() -> Vec<u8> {
        use sha2::Digest as _;
        sha2::Sha256::digest(b"a secret").to_vec()
    }

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.hide(&secret());
        secrets
    }

    fn base32_text(bytes: &[u8]) -> String {
        let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
        let digit = |bits: &[u8]| bits.iter().fold(0, |digit, bit| digit << 1 | usize::from(*bit));
        bits.chunks_exact(5).map(|bits| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit(bits)])).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_at_every_alignment() {
        let secret = secret();
        let numbers = secret.iter().map(u8::to_string).collect::<Vec<_>>();
        let signed: Vec<String> = secret.iter().map(|byte| i8::from_be_bytes([*byte]).to_string()).collect();
        let latin_1: String = secret.iter().map(|byte| char::from(*byte)).collect();
        let escapes: String = secret.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let mut forms = vec![
            hex::encode(&secret),
            hex::encode_upper(&secret),
            secret.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"),
            numbers.join(", "),
            numbers.join(","),
            signed.join(" "),
            latin_1.clone(),
            escapes,
            serde_json::to_string(&latin_1).unwrap(),
        ];
        for before in 0..5 {
            let within = [&vec![b'x'; before][..], &secret, b"yyy"].concat();
            forms.extend([STANDARD.encode(&within), URL_SAFE_NO_PAD.encode(&within), base32_text(&within)]);
            forms.push(STANDARD.encode(&within).replace('/', "\\/"));
        }
        for form in forms {
            let shown = secrets().scrub(&format!("the token '{form}' is bad"));
            assert!(shown.contains(REDACTED) && shown.len() < 40, "{form:?}: {shown}");
            let cut: String = form.chars().take(form.chars().count() * 2 / 3).collect();
            let shown = secrets().scrub(&format!("the token '{cut}…' is bad"));
            assert!(shown.contains(REDACTED) && shown.len() < 40, "{cut:?}: {shown}");
        }
        let lossy = String::from_utf8_lossy(&secret).into_owned();
        let shown = secrets().scrub(&format!("there is a good reason why the token {lossy} is bad, which is this"));
        assert!(shown.starts_with("there is") && shown.contains(REDACTED) && !shown.contains("�"), "{shown}");
        assert!(secrets().stand_in_list(json!(secret).as_array().unwrap()));
        assert!(secrets().stand_in(&[b"raw: ", &secret[..]].concat()));
    }

    #[test]
    fn a_part_of_a_long_secret_is_found_wherever_it_begins() {
        let long: Vec<u8> = (0..40_u8).flat_map(|part| [part.wrapping_mul(37), part, 200 - part, 7, 11]).collect();
        let mut secrets = Secrets::default();
        secrets.hide(&long);
        for start in 0..long.len() - 11 {
            let shown = secrets.scrub(&hex::encode(&long[start..start + 11]));
            assert_eq!(shown, REDACTED, "from {start}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let mut secrets = secrets();
        secrets.hide(b"a plaintext that a scenario names");
        let material_id = "ab".repeat(32);
        for text in [
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "KMSInvalidStateException: arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab is pending",
            "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10] of 2026-11-22 and a plaintext that is another",
            r"C:\new\table \u0041",
            "é, ü and ÿ are letters, too",
            &material_id,
        ] {
            assert_eq!(secrets.scrub(text), text);
        }
    }

    #[test]
    fn its_debug_output_shows_nothing() {
        let shown = format!("{:?}", secrets());
        assert_eq!(secrets().scrub(&shown), shown);
        assert!(shown.starts_with("Secrets { windows: 25"), "{shown}");
    }
}
