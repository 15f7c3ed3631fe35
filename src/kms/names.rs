//! Enumerations as they stand on the wire.

/// A string that is not one of the names AWS defines for its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a {kind}")]
pub struct UnknownName {
    /// What was expected, e.g. `KeySpec`.
    pub kind: &'static str,
    /// What was found instead.
    pub found: String,
}

/// Defines an enumeration of wire names, with `ALL`, `as_str`, `FromStr`, `Display` and serde by wire name.
macro_rules! wire_names {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $wire:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("`", $wire, "`")]
                $(#[$vmeta])*
                $variant,
            )+
        }

        impl $name {
            /// Every name, in AWS's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::kms::UnknownName;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                match s {
                    $($wire => Ok(Self::$variant),)+
                    _ => Err($crate::kms::UnknownName { kind: stringify!($name), found: s.to_owned() }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use wire_names;

wire_names! {
    /// The type of key that a KMS key holds (`KeySpec`).
    KeySpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256k1 = "ECC_SECG_P256K1",
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        Hmac224 = "HMAC_224",
        Hmac256 = "HMAC_256",
        Hmac384 = "HMAC_384",
        Hmac512 = "HMAC_512",
        Sm2 = "SM2",
        MlDsa44 = "ML_DSA_44",
        MlDsa65 = "ML_DSA_65",
        MlDsa87 = "ML_DSA_87",
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
    }
}

wire_names! {
    /// What a KMS key may be used for (`KeyUsage`).
    KeyUsage {
        SignVerify = "SIGN_VERIFY",
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        GenerateVerifyMac = "GENERATE_VERIFY_MAC",
        KeyAgreement = "KEY_AGREEMENT",
    }
}

wire_names! {
    /// The state of a KMS key (`KeyState`).
    KeyState {
        Creating = "Creating",
        Enabled = "Enabled",
        Disabled = "Disabled",
        PendingDeletion = "PendingDeletion",
        PendingImport = "PendingImport",
        PendingReplicaDeletion = "PendingReplicaDeletion",
        Unavailable = "Unavailable",
        Updating = "Updating",
    }
}

wire_names! {
    /// Where a KMS key's material comes from (`Origin`).
    Origin {
        AwsKms = "AWS_KMS",
        External = "EXTERNAL",
        AwsCloudHsm = "AWS_CLOUDHSM",
        ExternalKeyStore = "EXTERNAL_KEY_STORE",
    }
}

wire_names! {
    /// Whether imported key material expires (`ExpirationModel`).
    ExpirationModel {
        KeyMaterialExpires = "KEY_MATERIAL_EXPIRES",
        KeyMaterialDoesNotExpire = "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
}

wire_names! {
    /// Whether imported material is new to a key or was imported into it before (`ImportType`).
    ImportType {
        NewKeyMaterial = "NEW_KEY_MATERIAL",
        ExistingKeyMaterial = "EXISTING_KEY_MATERIAL",
    }
}

wire_names! {
    /// How key material is wrapped for import (`WrappingAlgorithm`).
    WrappingAlgorithm {
        RsaesPkcs1V15 = "RSAES_PKCS1_V1_5",
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        RsaAesKeyWrapSha1 = "RSA_AES_KEY_WRAP_SHA_1",
        RsaAesKeyWrapSha256 = "RSA_AES_KEY_WRAP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

wire_names! {
    /// The type of the wrapping key pair (`WrappingKeySpec`).
    WrappingKeySpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        Sm2 = "SM2",
    }
}

wire_names! {
    /// Who manages a KMS key (`KeyManager`).
    KeyManager {
        Aws = "AWS",
        Customer = "CUSTOMER",
    }
}

wire_names! {
    /// An algorithm of `Encrypt`, `Decrypt` and `ReEncrypt` (`EncryptionAlgorithm`).
    EncryptionAlgorithm {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

wire_names! {
    /// An algorithm of `Sign` and `Verify` (`SigningAlgorithm`).
    SigningAlgorithm {
        RsassaPssSha256 = "RSASSA_PSS_SHA_256",
        RsassaPssSha384 = "RSASSA_PSS_SHA_384",
        RsassaPssSha512 = "RSASSA_PSS_SHA_512",
        RsassaPkcs1V15Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
        RsassaPkcs1V15Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
        RsassaPkcs1V15Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
        EcdsaSha256 = "ECDSA_SHA_256",
        EcdsaSha384 = "ECDSA_SHA_384",
        EcdsaSha512 = "ECDSA_SHA_512",
        Sm2Dsa = "SM2DSA",
        MlDsaShake256 = "ML_DSA_SHAKE_256",
        Ed25519Sha512 = "ED25519_SHA_512",
        Ed25519PhSha512 = "ED25519_PH_SHA_512",
    }
}

wire_names! {
    /// An algorithm of `GenerateMac` and `VerifyMac` (`MacAlgorithm`).
    MacAlgorithm {
        HmacSha224 = "HMAC_SHA_224",
        HmacSha256 = "HMAC_SHA_256",
        HmacSha384 = "HMAC_SHA_384",
        HmacSha512 = "HMAC_SHA_512",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::{Operation, shapes};

    /// The names agree with the published request shapes, so that neither can drift alone.
    #[test]
    fn names_are_those_of_the_shapes() {
        fn published(operation: Operation, member: &str) -> Vec<String> {
            let input = shapes::input(operation);
            let shape = input.member(member).expect("the member exists");
            shape
                .one_of()
                .unwrap_or_else(|| shape.element().and_then(|e| e.one_of()).expect("it is an enumeration"))
                .to_vec()
        }
        macro_rules! same {
            ($kind:ident, $operation:ident, $member:literal) => {
                let mut ours: Vec<_> = $kind::ALL.iter().map(|n| n.to_string()).collect();
                let mut theirs = published(Operation::$operation, $member);
                ours.sort();
                theirs.sort();
                assert_eq!(ours, theirs, "{}", stringify!($kind));
            };
        }
        same!(KeySpec, CreateKey, "KeySpec");
        same!(KeyUsage, CreateKey, "KeyUsage");
        same!(Origin, CreateKey, "Origin");
        same!(ExpirationModel, ImportKeyMaterial, "ExpirationModel");
        same!(ImportType, ImportKeyMaterial, "ImportType");
        same!(WrappingAlgorithm, GetParametersForImport, "WrappingAlgorithm");
        same!(WrappingKeySpec, GetParametersForImport, "WrappingKeySpec");
        same!(EncryptionAlgorithm, Encrypt, "EncryptionAlgorithm");
        same!(SigningAlgorithm, Sign, "SigningAlgorithm");
        same!(MacAlgorithm, GenerateMac, "MacAlgorithm");
    }
}
