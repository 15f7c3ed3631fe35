//! ECC private keys and their encodings.

use p256::NistP256;
use p256::elliptic_curve::pkcs8::der::Encode;
use p256::elliptic_curve::pkcs8::spki::AlgorithmIdentifier;
use p256::elliptic_curve::pkcs8::{
    AssociatedOid, EncodePrivateKey, EncodePublicKey, ObjectIdentifier, PrivateKeyInfo, SecretDocument,
};
use p256::elliptic_curve::sec1::{FromEncodedPoint, ModulusSize, ToEncodedPoint};
use p256::elliptic_curve::zeroize::Zeroizing;
use p256::elliptic_curve::{
    ALGORITHM_OID, AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey as Point, SecretKey,
};
use rand::rngs::OsRng;
use sec1::{EcParameters, EcPrivateKey};

use super::public_key::PublicKey;
use super::recipe::{Curve, EccEncoding, Ed25519Encoding};
use super::rsa_keys::pem;
use super::{Pair, Reason};

type Encoded = Zeroizing<Vec<u8>>;

/// A fresh key on a curve.
pub(super) fn generate(curve: Curve, encoding: EccEncoding) -> Result<(Encoded, Pair), Reason> {
    match curve {
        Curve::P256 => on_curve::<NistP256>(encoding, |point| PublicKey::P256(point.into())),
        Curve::P384 => on_curve::<p384::NistP384>(encoding, |point| PublicKey::P384(point.into())),
        Curve::P521 => on_curve::<p521::NistP521>(encoding, |point| PublicKey::P521(*point)),
        Curve::Secp256k1 => on_curve::<k256::Secp256k1>(encoding, |point| PublicKey::Secp256k1(point.into())),
    }
}

fn on_curve<C>(encoding: EccEncoding, public: fn(&Point<C>) -> PublicKey) -> Result<(Encoded, Pair), Reason>
where
    C: CurveArithmetic + AssociatedOid,
    AffinePoint<C>: FromEncodedPoint<C> + ToEncodedPoint<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let key = SecretKey::<C>::random(&mut OsRng);
    let point = key.public_key();
    let spki = point.to_public_key_der().map_err(|error| error.to_string())?.into_vec();
    let scalar = Zeroizing::new(key.to_bytes());
    let encoded = encode::<C>(encoding, &scalar, point.to_encoded_point(false).as_bytes())?;
    let secret = Zeroizing::new(scalar.to_vec());
    Ok((encoded, Pair { public: public(&point), spki, secret }))
}

/// Writes down a private key. Inside a PKCS#8 the curve is named once, outside of the inner key, as OpenSSL does it;
/// a key that stands alone has to name its curve itself.
fn encode<C: AssociatedOid>(encoding: EccEncoding, scalar: &[u8], point: &[u8]) -> Result<Encoded, Reason> {
    let inner = |parameters, public_key| {
        let key = EcPrivateKey { private_key: scalar, parameters, public_key };
        key.to_der().map(Zeroizing::new).map_err(|error| error.to_string())
    };
    let pkcs8 = |inner: &[u8]| {
        let algorithm = AlgorithmIdentifier { oid: ALGORITHM_OID, parameters: Some((&C::OID).into()) };
        SecretDocument::encode_msg(&PrivateKeyInfo::new(algorithm, inner)).map_err(|error| error.to_string())
    };
    Ok(match encoding {
        EccEncoding::Pkcs8 => pkcs8(&inner(None, Some(point))?)?.to_bytes(),
        EccEncoding::PrivateOnly => pkcs8(&inner(None, None)?)?.to_bytes(),
        EccEncoding::Sec1 => inner(Some(EcParameters::NamedCurve(named::<C>())), Some(point))?,
        EccEncoding::Pem => pem(&pkcs8(&inner(None, Some(point))?)?)?,
    })
}

fn named<C: AssociatedOid>() -> ObjectIdentifier {
    C::OID
}

/// A fresh Ed25519 key, as the 48 bytes of RFC 8410 without the public key: PKCS#8 of RFC 5208, which AWS asks for, has
/// no place for it.
pub(super) fn generate_ed25519(encoding: Ed25519Encoding) -> Result<(Encoded, Pair), Reason> {
    let key = ed25519_dalek::SigningKey::generate(&mut OsRng);
    let public = key.verifying_key();
    let spki = public.to_public_key_der().map_err(|error| error.to_string())?.into_vec();
    let seed = Zeroizing::new(key.to_bytes());
    let pkcs8 = ed25519_dalek::pkcs8::KeypairBytes { secret_key: *seed, public_key: None }
        .to_pkcs8_der()
        .map_err(|error| error.to_string())?;
    let encoded = match encoding {
        Ed25519Encoding::Pkcs8 => pkcs8.to_bytes(),
        Ed25519Encoding::Pem => pem(&pkcs8)?,
    };
    let secret = Zeroizing::new(seed.to_vec());
    Ok((encoded, Pair { public: PublicKey::Ed25519(public), spki, secret }))
}
