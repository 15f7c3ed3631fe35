//! The encodings in which key material could end up where it must not.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use p256::elliptic_curve::zeroize::Zeroizing;

/// The shortest secret worth looking for, in bytes: shorter ones are found by chance.
const LENGTH_MIN: usize = 8;

/// What to look for in a log or a report that must not contain some key material: its bytes as they are, in
/// hexadecimal, in base64, and as Rust and Python print a list of numbers. For a private key the same of its innermost
/// secret.
///
/// ```
/// use kms_conformance::kms::KeySpec;
/// use kms_conformance::material::{Material, Recipe};
///
/// let key = Material::make(&Recipe::of(KeySpec::SymmetricDefault)?, 0)?;
/// let careless = format!("imported {:?}", key.bytes());
/// assert_eq!(key.traces().find_in(careless.as_bytes()), Some("list of numbers"));
/// assert_eq!(key.traces().find_in(format!("imported {key:?}").as_bytes()), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Traces(Vec<(&'static str, Zeroizing<Vec<u8>>)>);

impl Traces {
    pub(super) fn of<'a>(secrets: impl Iterator<Item = &'a [u8]>) -> Self {
        Self(secrets.filter(|secret| secret.len() >= LENGTH_MIN).flat_map(encodings).collect())
    }

    /// The encoding in which the material stands in these bytes, if it does.
    #[must_use]
    pub fn find_in(&self, haystack: &[u8]) -> Option<&'static str> {
        self.0.iter().find(|(_, needle)| contains(haystack, needle)).map(|(encoding, _)| *encoding)
    }

    /// The byte strings that are looked for, each with the name of its encoding.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.0.iter().map(|(encoding, needle)| (*encoding, needle.as_slice()))
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces").field("encodings", &self.0.len()).finish_non_exhaustive()
    }
}

fn encodings(secret: &[u8]) -> [(&'static str, Zeroizing<Vec<u8>>); 6] {
    // What follows the last whole group depends on what follows the secret.
    let groups = &secret[..secret.len() / 3 * 3];
    let numbers = secret.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    [
        ("bytes", Zeroizing::new(secret.to_vec())),
        ("hexadecimal", Zeroizing::new(hex::encode(secret).into_bytes())),
        ("upper-case hexadecimal", Zeroizing::new(hex::encode_upper(secret).into_bytes())),
        ("base64", Zeroizing::new(STANDARD_NO_PAD.encode(groups).into_bytes())),
        ("URL-safe base64", Zeroizing::new(URL_SAFE_NO_PAD.encode(groups).into_bytes())),
        ("list of numbers", Zeroizing::new(numbers.into_bytes())),
    ]
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
