//! As much of DER as it takes to see what AWS-LC is lenient about.

/// The object identifier of a named curve is what `parameters` must hold; explicit curve parameters are not.
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// Splits a value off: its tag, its content, and what follows.
fn split(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = input.split_first_chunk::<2>()?;
    let (length, rest) = match usize::from(first) {
        short @ 0..=0x7f => (short, rest),
        long @ 0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn expect(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    split(input).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// Whether the bytes are one PKCS#8 `PrivateKeyInfo` and nothing after it, and, for an elliptic curve, one that names
/// the curve instead of spelling it out.
pub(crate) fn is_bare_pkcs8(input: &[u8]) -> bool {
    fn check(input: &[u8]) -> Option<bool> {
        const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        let (info, after) = expect(SEQUENCE, input)?;
        let (_version, info) = expect(INTEGER, info)?;
        let (algorithm, _) = expect(SEQUENCE, info)?;
        let (kind, parameters) = expect(OBJECT_IDENTIFIER, algorithm)?;
        let named = kind != EC_PUBLIC_KEY || expect(OBJECT_IDENTIFIER, parameters).is_some();
        Some(after.is_empty() && named)
    }
    check(input).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str =
        "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842";

    #[test]
    fn pkcs8_is_told_from_its_neighbours() {
        let mut key = hex::decode(ED25519).unwrap();
        assert!(is_bare_pkcs8(&key));
        key.push(0);
        assert!(!is_bare_pkcs8(&key), "something follows");
        for text in ["", "30", "3080", "02010030", "-----BEGIN PRIVATE KEY-----"] {
            assert!(!is_bare_pkcs8(&hex::decode(text).unwrap_or_else(|_| text.into())), "{text}");
        }
    }
}
