//! Bytes and instants as they stand in JSON: base64 text, and epoch seconds with an optional fraction.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes, in base64 on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

/// An instant, in epoch seconds on the wire, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

/// Decodes base64, which must be padded and canonical.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The instant so many seconds after the epoch, rounded to milliseconds; nothing if no calendar has it.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and what is out of range is refused")]
pub(crate) fn instant(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        decode(&text).map(Self).ok_or_else(|| de::Error::custom("not base64"))
    }
}

impl Serialize for Instant {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch are far below 2^53")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let milliseconds = self.0.as_millisecond();
        if milliseconds % 1000 == 0 {
            serializer.serialize_i64(milliseconds / 1000)
        } else {
            serializer.serialize_f64(milliseconds as f64 / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        instant(f64::deserialize(deserializer)?).map(Self).ok_or_else(|| de::Error::custom("not an instant"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back_to_the_millisecond() {
        for text in ["1593893322", "1593893322.32", "1593893322.001"] {
            let instant: Instant = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&instant).unwrap(), text);
        }
    }

    #[test]
    fn exponents_are_read_and_nonsense_is_refused() {
        assert_eq!(serde_json::from_str::<Instant>("1.593893322E9").unwrap().0.as_second(), 1_593_893_322);
        assert!(serde_json::from_str::<Instant>("1e30").is_err());
    }

    #[test]
    fn base64_must_be_canonical() {
        assert_eq!(decode("aGk="), Some(b"hi".to_vec()));
        for text in ["aGk", "aGl=", "aG k=", "a-k=", "====", "aGk=\n"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
