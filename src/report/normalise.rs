//! Text without what differs from run to run, with identity kept: the same key is the same `<key 1>` throughout.

use std::sync::LazyLock;

use indexmap::IndexSet;
use regex::{Captures, Regex};

static VARYING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?<arn> arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/) (?<arnkey> mrk-[0-9a-f]{32} | [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})
        | (?<key> mrk-[0-9a-f]{32} | [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})
        | (?<material> [0-9a-f]{64})
        | (?<account> \b\d{12}\b)
        | (?<instant> \b[1-3]\d{9}(\.\d+)?\b)
        | <(?<blob> (ImportToken|EncryptedKeyMaterial|Signature|CiphertextBlob),\ blob\ \d+),\ \d+\ bytes>
        ",
    )
    .unwrap_or_else(|_| unreachable!("a constant expression that every test compiles"))
});

/// Replaces what differs from run to run, and remembers what it replaced.
#[derive(Debug, Default)]
pub struct Normaliser {
    keys: IndexSet<String>,
    materials: IndexSet<String>,
}

impl Normaliser {
    /// The text with stand-ins for key ids, ARNs, key material ids, account ids, instants and random lengths.
    pub fn apply(&mut self, text: &str) -> String {
        VARYING.replace_all(text, |found: &Captures<'_>| self.stand_in(found)).into_owned()
    }

    fn stand_in(&mut self, found: &Captures<'_>) -> String {
        let number = |set: &mut IndexSet<String>, name: &str| set.insert_full(name.to_owned()).0 + 1;
        if let Some(key) = found.name("arnkey") {
            format!("<arn of key {}>", number(&mut self.keys, key.as_str()))
        } else if let Some(key) = found.name("key") {
            format!("<key {}>", number(&mut self.keys, key.as_str()))
        } else if let Some(material) = found.name("material") {
            format!("<key material {}>", number(&mut self.materials, material.as_str()))
        } else if found.name("account").is_some() {
            "<account>".to_owned()
        } else if found.name("instant").is_some() {
            "<instant>".to_owned()
        } else {
            // The length of an encoding of random numbers is random, too.
            found.name("blob").map(|blob| format!("<{}>", blob.as_str())).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_kept() {
        let (one, two) = ("1234abcd-12ab-34cd-56ef-1234567890ab", "0987dcba-09fe-87dc-65ba-ab0987654321");
        let text = format!("{one} {two} arn:aws:kms:us-east-1:111122223333:key/{one} 1795313519 {}", "ab".repeat(32));
        let expected = "<key 1> <key 2> <arn of key 1> <instant> <key material 1>";
        assert_eq!(Normaliser::default().apply(&text), expected);
    }
}
