//! Durations as scenarios and flags write them: `24h1s`, `+364d`, `-1s`, `500ms`.

use jiff::SignedDuration;

/// Text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration")]
pub struct ParseDurationError(pub String);

/// What to write instead, for messages.
pub const DURATION_HELP: &str = "write whole numbers with d, h, m, s or ms, in that order, such as `24h1s` or `+364d`";

const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration: an optional sign, then whole numbers with `d`, `h`, `m`, `s`, `ms`, in that order, each at most once.
///
/// ```
/// use jiff::SignedDuration;
/// use kms_conformance::scenario::parse_duration;
///
/// assert_eq!(parse_duration("1d12h")?, SignedDuration::from_hours(36));
/// assert_eq!(parse_duration("-1s")?, SignedDuration::from_secs(-1));
/// assert!(parse_duration("1y").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the text is something else, or more than about 290 million years.
pub fn parse_duration(text: &str) -> Result<SignedDuration, ParseDurationError> {
    let error = || ParseDurationError(text.to_owned());
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total: i64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        let (_, millis) = units.find(|(name, _)| *name == unit).ok_or_else(error)?;
        let amount = number.parse::<i64>().ok().and_then(|n| n.checked_mul(*millis)).ok_or_else(error)?;
        total = total.checked_add(amount).ok_or_else(error)?;
        rest = &rest[digits + letters..];
    }
    if text.trim_start_matches(['+', '-']).is_empty() {
        Err(error())
    } else {
        Ok(SignedDuration::from_millis(sign * total))
    }
}

/// Writes a duration as [`parse_duration`] reads it.
#[must_use]
pub fn format_duration(duration: SignedDuration) -> String {
    let mut millis = duration.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut text = if millis < 0 { "-".to_owned() } else { String::new() };
    millis = millis.abs();
    for (unit, size) in UNITS {
        let size = i128::from(size);
        if millis >= size {
            text.push_str(&format!("{}{unit}", millis / size));
            millis %= size;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_written() {
        for text in ["1d1s", "364d23h59m59s", "-1s", "500ms", "1m", "0s"] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in ["", "+", "-", "1", "h", "1s1h", "1h1h", "1.5h", "1 h", "99999999999999999999d", "é", "1é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
