//! RSA private keys, generated once for each size and slot.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use p256::elliptic_curve::zeroize::Zeroizing;
use rsa::pkcs1;
use rsa::pkcs8::{EncodePublicKey, LineEnding, PrivateKeyInfo, SecretDocument};
use rsa::{BigUint, RsaPublicKey};

use super::public_key::PublicKey;
use super::recipe::{RsaEncoding, RsaSize};
use super::{Pair, Reason};

/// A generated key.
pub(super) struct RsaKey {
    pub(super) pair: Pair,
    pkcs8: SecretDocument,
}

/// A key that is there, or whose lock is held by whoever is generating it.
type Slot = Arc<Mutex<Option<Arc<RsaKey>>>>;

static KEYS: LazyLock<Mutex<HashMap<(RsaSize, usize), Slot>>> = LazyLock::new(Mutex::default);

/// The key in a slot, generated on the first call. Callers of the same slot wait for one generation; callers of others
/// do not.
pub(super) fn cached(size: RsaSize, slot: usize) -> Result<Arc<RsaKey>, Reason> {
    let place = {
        let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(keys.entry((size, slot)).or_default())
    };
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = place.as_ref() {
        return Ok(Arc::clone(key));
    }
    let key = Arc::new(RsaKey::generate(size)?);
    *place = Some(Arc::clone(&key));
    Ok(key)
}

impl RsaKey {
    fn generate(size: RsaSize) -> Result<Self, Reason> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        let generated = KeyPair::generate(size).map_err(|_| "AWS-LC generated no RSA key".to_owned())?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&generated)
            .map_err(|_| "AWS-LC did not encode the RSA key that it generated".to_owned())?;
        Self::read(der.as_ref()).map_err(|error| format!("the RSA key that AWS-LC generated: {error}"))
    }

    fn read(der: &[u8]) -> Result<Self, rsa::Error> {
        let pkcs8 = SecretDocument::try_from(der).map_err(pkcs1::Error::from)?;
        let key = inner(&pkcs8)?;
        let number = |digits: &[u8]| BigUint::from_bytes_be(digits);
        let public = RsaPublicKey::new(number(key.modulus.as_bytes()), number(key.public_exponent.as_bytes()))?;
        let spki = public.to_public_key_der().map_err(|_| rsa::Error::Internal)?.into_vec();
        let secret = Zeroizing::new(key.prime1.as_bytes().to_vec());
        Ok(Self { pair: Pair { public: PublicKey::Rsa(public), spki, secret }, pkcs8 })
    }

    /// The key as it is written down.
    pub(super) fn encode(&self, encoding: RsaEncoding) -> Result<Zeroizing<Vec<u8>>, Reason> {
        Ok(match encoding {
            RsaEncoding::Pkcs8 => self.pkcs8.to_bytes(),
            RsaEncoding::Pkcs1 => {
                let info = self.pkcs8.decode_msg::<PrivateKeyInfo<'_>>().map_err(|error| error.to_string())?;
                Zeroizing::new(info.private_key.to_vec())
            }
            RsaEncoding::Pem => pem(&self.pkcs8)?,
        })
    }
}

fn inner(pkcs8: &SecretDocument) -> Result<pkcs1::RsaPrivateKey<'_>, rsa::Error> {
    let info = pkcs8.decode_msg::<PrivateKeyInfo<'_>>().map_err(pkcs1::Error::from)?;
    Ok(pkcs1::RsaPrivateKey::try_from(info.private_key)?)
}

/// A PKCS#8 key as text.
pub(super) fn pem(pkcs8: &SecretDocument) -> Result<Zeroizing<Vec<u8>>, Reason> {
    let text = pkcs8.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|error| error.to_string())?;
    Ok(Zeroizing::new(text.as_bytes().to_vec()))
}
