//! Import tokens: everything that `ImportKeyMaterial` has to know about the pair, sealed so that nobody can read or
//! change it. The emulator keeps no record of the tokens that it issued.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};

use super::choices;
use super::clock::later;
use super::defects::Defect;
use super::failure::Failure;
use crate::kms::{Arn, ErrorCode, WrappingAlgorithm};

/// How long a pair is valid (TOK-24H, GPI-24H).
pub(crate) const LIFE: SignedDuration = SignedDuration::from_hours(24);

const VERSION: u8 = 1;
/// As many bytes as a token ends in that do not count, where a [`Defect`] has it so.
const TAIL: usize = 16;
const CONTEXT: &[u8] = b"kms-conformance import token 1";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImportToken {
    /// The key that the pair was issued for, and so the account and the Region.
    pub(crate) key: Arn,
    pub(crate) algorithm: WrappingAlgorithm,
    pub(crate) valid_to: Timestamp,
    /// The private half of the pair, in PKCS#8.
    pub(crate) private_key: Vec<u8>,
}

/// The key that an emulator seals its tokens with; it lives as long as the emulator.
pub(crate) struct TokenSeal(RandomizedNonceKey);

impl TokenSeal {
    pub(crate) fn new() -> Result<Self, Failure> {
        let mut key = [0; 32];
        rand::fill(&mut key)?;
        Ok(Self(RandomizedNonceKey::new(&AES_256_GCM, &key)?))
    }

    pub(crate) fn seal(&self, token: &ImportToken) -> Result<Vec<u8>, Failure> {
        let mut sealed = token.to_bytes();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(CONTEXT), &mut sealed)?;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(nonce.as_ref());
        bytes.append(&mut sealed);
        if Defect::TokenTailUnchecked.is_on() {
            bytes.extend_from_slice(&[0; TAIL]);
        }
        Ok(bytes)
    }

    /// Reads a token that is used on a key. A token that this emulator did not issue just so, or issued for another key
    /// (TOK-TAMPER, TOK-KEYBOUND), is invalid; one that is too old (TOK-24H) has expired.
    pub(crate) fn open(&self, bytes: &[u8], key: &Arn, now: Timestamp) -> Result<ImportToken, Failure> {
        let token = self.read(bytes).filter(|token| is_bound_to(&token.key, key)).ok_or_else(|| {
            let code = match Defect::InvalidTokenIsNotFound.is_on() {
                true => ErrorCode::NOT_FOUND,
                false => ErrorCode::INVALID_IMPORT_TOKEN,
            };
            Failure::new(code, "The import token is invalid or was issued for another KMS key.")
        })?;
        if !Defect::TokenNeverExpires.is_on() && choices::TOKEN_LIFE.is_over(last_instant(token.valid_to), now) {
            let code = match Defect::TokenAgeIsInvalidToken.is_on() {
                true => ErrorCode::INVALID_IMPORT_TOKEN,
                false => ErrorCode::EXPIRED_IMPORT_TOKEN,
            };
            return Err(Failure::new(code, "The import token has expired."));
        }
        Ok(token)
    }

    fn read(&self, bytes: &[u8]) -> Option<ImportToken> {
        if Defect::TokenTailUnchecked.is_on() {
            return self.read_exactly(bytes.get(..bytes.len().checked_sub(TAIL)?)?);
        }
        self.read_exactly(bytes)
    }

    fn read_exactly(&self, bytes: &[u8]) -> Option<ImportToken> {
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION && !Defect::TokenHeadUnchecked.is_on() {
            return None;
        }
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        ImportToken::from_bytes(self.0.open_in_place(nonce, Aad::from(CONTEXT), &mut sealed).ok()?)
    }
}

/// TOK-KEYBOUND, TOK-ACROSS-REGION.
fn is_bound_to(issued: &Arn, used: &Arn) -> bool {
    issued == used
        || Defect::TokenIgnoresKey.is_on()
        || (Defect::TokenIgnoresRegion.is_on() && issued.resource == used.resource)
}

/// TOK-24H.
fn last_instant(valid_to: Timestamp) -> Timestamp {
    if Defect::TokenAgeInWholeHours.is_on() {
        return later(valid_to, SignedDuration::from_hours(1));
    }
    if Defect::TokenLasts23Hours.is_on() {
        return later(valid_to, SignedDuration::from_hours(-1));
    }
    valid_to
}

impl ImportToken {
    /// Fields end in a zero byte, except the last, which is the rest.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\0{}\0{}\0", self.key, self.algorithm, self.valid_to.as_millisecond()).into_bytes();
        bytes.extend_from_slice(&self.private_key);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut fields = bytes.splitn(4, |byte| *byte == 0);
        let mut text = || std::str::from_utf8(fields.next()?).ok();
        let (key, algorithm) = (text()?.parse().ok()?, text()?.parse().ok()?);
        let valid_to = Timestamp::from_millisecond(text()?.parse().ok()?).ok()?;
        Some(Self { key, algorithm, valid_to, private_key: fields.next()?.to_vec() })
    }
}

impl std::fmt::Debug for TokenSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSeal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &str = "arn:aws:kms:us-east-1:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab";

    fn token() -> ImportToken {
        ImportToken {
            key: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap(),
            algorithm: WrappingAlgorithm::RsaesOaepSha256,
            valid_to: "2026-11-22T00:00:00Z".parse().unwrap(),
            private_key: (0..=255).cycle().take(2400).collect(),
        }
    }

    fn code(outcome: Result<ImportToken, Failure>) -> String {
        outcome.unwrap_err().code.to_string()
    }

    #[test]
    fn a_token_reads_back_as_written() {
        let (seal, token) = (TokenSeal::new().unwrap(), token());
        let sealed = seal.seal(&token).unwrap();
        let early = token.valid_to - SignedDuration::from_millis(1);
        assert_eq!(seal.open(&sealed, &token.key, early).unwrap(), token);
    }

    #[test]
    fn the_longest_private_key_fits_the_limit() {
        assert!(TokenSeal::new().unwrap().seal(&token()).unwrap().len() <= 6144);
    }

    #[test]
    fn any_damage_makes_a_token_invalid() {
        let (seal, token) = (TokenSeal::new().unwrap(), token());
        let sealed = seal.seal(&token).unwrap();
        let early = token.valid_to - SignedDuration::from_secs(1);
        for position in [0, 1, 5, NONCE_LEN + 1, sealed.len() / 2, sealed.len() - 1] {
            let mut damaged = sealed.clone();
            damaged[position] ^= 1;
            assert_eq!(code(seal.open(&damaged, &token.key, early)), "InvalidImportTokenException", "{position}");
        }
        let mut longer = sealed.clone();
        longer.push(0);
        for damaged in [&sealed[..sealed.len() - 1], &sealed[1..], &[], &[VERSION], &longer] {
            assert_eq!(code(seal.open(damaged, &token.key, early)), "InvalidImportTokenException");
        }
    }

    #[test]
    fn a_token_of_another_key_or_another_emulator_is_invalid_even_when_expired() {
        let (seal, token) = (TokenSeal::new().unwrap(), token());
        let sealed = seal.seal(&token).unwrap();
        assert_eq!(code(seal.open(&sealed, &OTHER.parse().unwrap(), token.valid_to)), "InvalidImportTokenException");
        let stranger = TokenSeal::new().unwrap();
        assert_eq!(code(stranger.open(&sealed, &token.key, token.valid_to)), "InvalidImportTokenException");
    }

    #[test]
    fn a_token_expires_at_its_very_instant() {
        let (seal, token) = (TokenSeal::new().unwrap(), token());
        let sealed = seal.seal(&token).unwrap();
        assert_eq!(code(seal.open(&sealed, &token.key, token.valid_to)), "ExpiredImportTokenException");
    }
}
