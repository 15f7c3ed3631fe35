//! What key material to make. A recipe that exists can be followed: whatever does not go together is refused here.

use std::fmt;
use std::str::FromStr;

use crate::kms::{KeySpec, UnknownName};

/// The greatest length that may be asked for, in bytes. `EncryptedKeyMaterial` holds at most 6144, so that longer
/// material is out of bounds in any wrapping.
pub const LENGTH_MAX: usize = 8192;

/// How key material is written down before it is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Random bytes: what KMS takes for symmetric and HMAC keys, and their only form.
    Raw,
    /// A DER `PrivateKeyInfo` (PKCS#8, RFC 5208), with the public key in it where the inner format has a place for one:
    /// what KMS takes for ECC and RSA keys.
    Pkcs8,
    /// The same without the public key, which KMS derives for itself.
    PrivateOnly,
    /// A DER `ECPrivateKey` (SEC 1, RFC 5915), naming its curve. KMS does not take it.
    Sec1,
    /// A DER `RSAPrivateKey` (PKCS#1, RFC 8017). KMS does not take it.
    Pkcs1,
    /// [`Form::Pkcs8`] as text, as files mostly have it. KMS does not take it.
    Pem,
}

/// What key material to make: a `KeySpec`, a form that keys of this spec have, and for random bytes their number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipe {
    spec: KeySpec,
    kind: Kind,
}

/// The combinations that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Random(usize),
    Rsa(RsaSize, RsaEncoding),
    Ecc(Curve, EccEncoding),
    Ed25519(Ed25519Encoding),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RsaSize {
    Bits2048,
    Bits3072,
    Bits4096,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RsaEncoding {
    Pkcs8,
    Pkcs1,
    Pem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum EccEncoding {
    Pkcs8,
    PrivateOnly,
    Sec1,
    Pem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ed25519Encoding {
    Pkcs8,
    Pem,
}

/// A form or a length that does not go with the `KeySpec`. The fault is the scenario's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// Keys of this spec cannot have imported material.
    #[error("{spec} key material cannot be made: {why}")]
    NotImportable {
        /// The spec that was asked for.
        spec: KeySpec,
        /// Why there is none.
        why: &'static str,
    },
    /// Keys of this spec have no such form.
    #[error("{spec} key material has no form `{form}`: it is {}", one_of(*.spec))]
    NoSuchForm {
        /// The spec that was asked for.
        spec: KeySpec,
        /// The form that was asked for.
        form: Form,
    },
    /// A private key is as long as it is.
    #[error("`length` is for symmetric and HMAC key material: the length of a {spec} private key follows from the key")]
    LengthOfPrivateKey {
        /// The spec that was asked for.
        spec: KeySpec,
    },
    /// More bytes than could be of use.
    #[error("a length of {length} bytes is more than {LENGTH_MAX}")]
    TooLong {
        /// The length that was asked for, in bytes.
        length: usize,
    },
}

impl Recipe {
    /// The recipe for key material of the form and length that KMS documents for this spec.
    ///
    /// # Errors
    ///
    /// When keys of this spec cannot have imported material.
    pub fn of(spec: KeySpec) -> Result<Self, RecipeError> {
        Self::new(spec, None, None)
    }

    /// A recipe with a form of its own, a length of its own (in bytes), or both; `None` is what KMS documents.
    ///
    /// # Errors
    ///
    /// When they do not go with the spec.
    pub fn new(spec: KeySpec, form: Option<Form>, length: Option<usize>) -> Result<Self, RecipeError> {
        let family = family(spec)?;
        let no_such_form = |form| Err(RecipeError::NoSuchForm { spec, form });
        let kind = match (family, form.unwrap_or_else(|| family.default_form())) {
            (Family::Random { nominal }, Form::Raw) => Kind::Random(length.unwrap_or(nominal)),
            (Family::Rsa(size), Form::Pkcs8) => Kind::Rsa(size, RsaEncoding::Pkcs8),
            (Family::Rsa(size), Form::Pkcs1) => Kind::Rsa(size, RsaEncoding::Pkcs1),
            (Family::Rsa(size), Form::Pem) => Kind::Rsa(size, RsaEncoding::Pem),
            (Family::Ecc(curve), Form::Pkcs8) => Kind::Ecc(curve, EccEncoding::Pkcs8),
            (Family::Ecc(curve), Form::PrivateOnly) => Kind::Ecc(curve, EccEncoding::PrivateOnly),
            (Family::Ecc(curve), Form::Sec1) => Kind::Ecc(curve, EccEncoding::Sec1),
            (Family::Ecc(curve), Form::Pem) => Kind::Ecc(curve, EccEncoding::Pem),
            (Family::Ed25519, Form::Pkcs8) => Kind::Ed25519(Ed25519Encoding::Pkcs8),
            (Family::Ed25519, Form::Pem) => Kind::Ed25519(Ed25519Encoding::Pem),
            (
                Family::Random { .. },
                form @ (Form::Pkcs8 | Form::PrivateOnly | Form::Sec1 | Form::Pkcs1 | Form::Pem),
            )
            | (Family::Rsa(_), form @ (Form::Raw | Form::PrivateOnly | Form::Sec1))
            | (Family::Ecc(_), form @ (Form::Raw | Form::Pkcs1))
            | (Family::Ed25519, form @ (Form::Raw | Form::PrivateOnly | Form::Sec1 | Form::Pkcs1)) => {
                return no_such_form(form);
            }
        };
        match (kind, length) {
            (Kind::Random(_), Some(length)) if length > LENGTH_MAX => Err(RecipeError::TooLong { length }),
            (Kind::Rsa(..) | Kind::Ecc(..) | Kind::Ed25519(_), Some(_)) => {
                Err(RecipeError::LengthOfPrivateKey { spec })
            }
            (Kind::Random(_), Some(_)) | (_, None) => Ok(Self { spec, kind }),
        }
    }

    /// The spec that the material is for.
    #[must_use]
    pub fn spec(&self) -> KeySpec {
        self.spec
    }

    /// How the material is written down.
    #[must_use]
    pub fn form(&self) -> Form {
        match self.kind {
            Kind::Random(_) => Form::Raw,
            Kind::Ecc(_, EccEncoding::PrivateOnly) => Form::PrivateOnly,
            Kind::Ecc(_, EccEncoding::Sec1) => Form::Sec1,
            Kind::Rsa(_, RsaEncoding::Pkcs1) => Form::Pkcs1,
            Kind::Rsa(_, RsaEncoding::Pkcs8)
            | Kind::Ecc(_, EccEncoding::Pkcs8)
            | Kind::Ed25519(Ed25519Encoding::Pkcs8) => Form::Pkcs8,
            Kind::Rsa(_, RsaEncoding::Pem) | Kind::Ecc(_, EccEncoding::Pem) | Kind::Ed25519(Ed25519Encoding::Pem) => {
                Form::Pem
            }
        }
    }

    /// How many random bytes the material is, if it is random bytes.
    #[must_use]
    pub fn length(&self) -> Option<usize> {
        match self.kind {
            Kind::Random(length) => Some(length),
            Kind::Rsa(..) | Kind::Ecc(..) | Kind::Ed25519(_) => None,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

impl Form {
    /// Every form.
    pub const ALL: &'static [Self] = &[Self::Raw, Self::Pkcs8, Self::PrivateOnly, Self::Sec1, Self::Pkcs1, Self::Pem];

    /// The form's name in a scenario.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Pkcs8 => "pkcs8",
            Self::PrivateOnly => "private_only",
            Self::Sec1 => "sec1",
            Self::Pkcs1 => "pkcs1",
            Self::Pem => "pem",
        }
    }

    /// The forms that key material of a spec can have, the documented one first; none where it cannot be imported.
    pub fn of(spec: KeySpec) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |form| Recipe::new(spec, Some(*form), None).is_ok())
    }
}

impl FromStr for Form {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|form| form.as_str() == s)
            .ok_or_else(|| UnknownName { kind: "form of key material", found: s.to_owned() })
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a `KeySpec` means for its material.
#[derive(Clone, Copy)]
enum Family {
    Random { nominal: usize },
    Rsa(RsaSize),
    Ecc(Curve),
    Ed25519,
}

impl Family {
    fn default_form(self) -> Form {
        match self {
            Self::Random { .. } => Form::Raw,
            Self::Rsa(_) | Self::Ecc(_) | Self::Ed25519 => Form::Pkcs8,
        }
    }
}

/// Lengths are those at which real imports were recorded (WRAP-REC-SYM, WRAP-REC-HMAC).
fn family(spec: KeySpec) -> Result<Family, RecipeError> {
    Ok(match spec {
        KeySpec::Hmac224 => Family::Random { nominal: 28 },
        KeySpec::SymmetricDefault | KeySpec::Hmac256 => Family::Random { nominal: 32 },
        KeySpec::Hmac384 => Family::Random { nominal: 48 },
        KeySpec::Hmac512 => Family::Random { nominal: 64 },
        KeySpec::Rsa2048 => Family::Rsa(RsaSize::Bits2048),
        KeySpec::Rsa3072 => Family::Rsa(RsaSize::Bits3072),
        KeySpec::Rsa4096 => Family::Rsa(RsaSize::Bits4096),
        KeySpec::EccNistP256 => Family::Ecc(Curve::P256),
        KeySpec::EccNistP384 => Family::Ecc(Curve::P384),
        KeySpec::EccNistP521 => Family::Ecc(Curve::P521),
        KeySpec::EccSecgP256k1 => Family::Ecc(Curve::Secp256k1),
        KeySpec::EccNistEdwards25519 => Family::Ed25519,
        KeySpec::Sm2 => {
            let why = "AWS imports SM2 keys in China Regions only, and this program has no SM2";
            return Err(RecipeError::NotImportable { spec, why });
        }
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => {
            let why = "AWS imports no ML-DSA keys; to see such an import refused, use material of another spec";
            return Err(RecipeError::NotImportable { spec, why });
        }
    })
}

fn one_of(spec: KeySpec) -> String {
    Form::of(spec).map(|form| format!("`{form}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_importable_spec_has_a_documented_form() {
        for spec in KeySpec::ALL {
            let importable = !matches!(spec, KeySpec::Sm2 | KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87);
            assert_eq!(Recipe::of(*spec).is_ok(), importable, "{spec}");
            assert_eq!(Form::of(*spec).next(), Recipe::of(*spec).ok().map(|recipe| recipe.form()), "{spec}");
        }
    }

    #[test]
    fn a_recipe_keeps_the_form_that_was_asked_for() {
        for spec in KeySpec::ALL {
            for form in Form::of(*spec) {
                assert_eq!(Recipe::new(*spec, Some(form), None).unwrap().form(), form, "{spec}");
            }
        }
    }

    #[test]
    fn each_family_has_its_own_forms() {
        let forms = |spec| Form::of(spec).map(Form::as_str).collect::<Vec<_>>();
        assert_eq!(forms(KeySpec::Hmac384), ["raw"]);
        assert_eq!(forms(KeySpec::Rsa3072), ["pkcs8", "pkcs1", "pem"]);
        assert_eq!(forms(KeySpec::EccNistP521), ["pkcs8", "private_only", "sec1", "pem"]);
        assert_eq!(forms(KeySpec::EccNistEdwards25519), ["pkcs8", "pem"]);
        assert!(forms(KeySpec::Sm2).is_empty());
    }

    #[test]
    fn a_form_of_another_family_is_refused_with_the_right_ones() {
        let message = |spec, form| Recipe::new(spec, Some(form), None).unwrap_err().to_string();
        assert_eq!(
            message(KeySpec::Rsa2048, Form::Sec1),
            "RSA_2048 key material has no form `sec1`: it is `pkcs8`, `pkcs1`, `pem`"
        );
        assert_eq!(message(KeySpec::Hmac256, Form::Pem), "HMAC_256 key material has no form `pem`: it is `raw`");
    }

    #[test]
    fn only_random_bytes_have_a_length_of_their_own() {
        let length = |spec, length| Recipe::new(spec, None, Some(length));
        assert!(length(KeySpec::SymmetricDefault, 0).is_ok());
        assert!(length(KeySpec::Hmac512, LENGTH_MAX).is_ok());
        assert_eq!(
            length(KeySpec::Hmac512, LENGTH_MAX + 1).unwrap_err().to_string(),
            "a length of 8193 bytes is more than 8192"
        );
        assert_eq!(
            length(KeySpec::EccNistP256, 31).unwrap_err(),
            RecipeError::LengthOfPrivateKey { spec: KeySpec::EccNistP256 }
        );
    }

    #[test]
    fn what_cannot_be_imported_says_why() {
        let message = Recipe::of(KeySpec::MlDsa65).unwrap_err().to_string();
        assert!(message.starts_with("ML_DSA_65 key material cannot be made: AWS imports no ML-DSA keys"), "{message}");
        assert!(Recipe::of(KeySpec::Sm2).unwrap_err().to_string().contains("China"));
    }

    #[test]
    fn forms_are_named_in_snake_case() {
        for form in Form::ALL {
            assert_eq!(form.as_str().parse(), Ok(*form));
        }
        assert_eq!("PKCS8".parse::<Form>().unwrap_err().to_string(), "`PKCS8` is not a form of key material");
    }
}
