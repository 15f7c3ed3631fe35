//! What the emulator does where nobody says what AWS does.
//!
//! Each open question has one answer, here, with its reason. The code refers to the constants below, so that a change
//! of mind is one line. Nothing of this is judged by the harness: it observes and reports what a target does.

use jiff::Timestamp;

use crate::kms::ErrorCode;

/// An open rule and the emulator's answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The id of the rule that is open, or that leaves something open; a name of its own where no rule asks.
    pub rule: &'static str,
    /// What the emulator does.
    pub what: &'static str,
    /// Why this rather than something else.
    pub why: &'static str,
}

/// Whether a span of time still lasts at the very instant at which it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(dead_code, reason = "the answer that was not chosen")]
pub(crate) enum AtTheInstant {
    Over,
    StillLasts,
}

impl AtTheInstant {
    pub(crate) fn is_over(self, end: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Over => now >= end,
            Self::StillLasts => now > end,
        }
    }
}

/// Which lengths of HMAC material a key accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(dead_code, reason = "the answer that was not chosen")]
pub(crate) enum HmacLengths {
    Nominal,
    NominalTo128Bytes,
}

/// The number at which a limit bites.
pub(crate) type Limit = usize;

macro_rules! choices {
    ($($rule:literal: $what:literal, because $why:literal $(=> $name:ident: $kind:ty = $value:expr)?;)+) => {
        $($(
            #[doc = concat!("`", $rule, "`: ", $what, ", because ", $why, ".")]
            pub(crate) const $name: $kind = $value;
        )?)+

        /// Every choice, in the order of the catalogue.
        pub const LIST: &[Choice] = &[$(Choice { rule: $rule, what: $what, why: $why }),+];
    };
}

choices! {
    "CRE-EXT-MLDSA": "CreateKey refuses an ML-DSA key with origin EXTERNAL",
        because "the earliest call that can know spares the user a key that can never be used"
        => MLDSA_EXTERNAL: ErrorCode = ErrorCode::UNSUPPORTED_OPERATION;
    "CRE-EXT-NOSTORE": "CreateKey refuses origin EXTERNAL together with a custom key store",
        because "two members contradict each other, which is a matter of validation"
        => EXTERNAL_IN_STORE: ErrorCode = ErrorCode::VALIDATION;
    "GPI-PKCS1": "GetParametersForImport refuses RSAES_PKCS1_V1_5",
        because "the exception's own text speaks of a specified parameter that is not supported"
        => PKCS1_WRAPPING: ErrorCode = ErrorCode::UNSUPPORTED_OPERATION;
    "GPI-SPEC-VS-KEY": "GetParametersForImport refuses a wrapping algorithm or wrapping key that cannot carry the key's material",
        because "the parameters are known to be useless when they are asked for"
        => UNSUITABLE_WRAPPING: ErrorCode = ErrorCode::UNSUPPORTED_OPERATION;
    "GPI-NOINVALIDATE": "a later pair leaves an earlier one valid",
        because "each pair is documented to be valid for 24 hours, and tokens are self-contained";
    "WRAP-SIZE": "a ciphertext whose length is not the modulus size is a validation error",
        because "a field report of 2020 quotes exactly this message and nothing contradicts it"
        => WRAPPED_SIZE: ErrorCode = ErrorCode::VALIDATION;
    "MAT-SYM-SIZE": "unwrapped material of the wrong length, curve or encoding (MAT-ECC-FORMAT, MAT-RSA-FORMAT) is incorrect key material",
        because "the exception's text covers material that is invalid or does not meet expectations"
        => MALFORMED_MATERIAL: ErrorCode = ErrorCode::INCORRECT_KEY_MATERIAL;
    "MAT-HMAC-SIZE": "HMAC material has exactly the length that the key spec names",
        because "only these lengths are recorded, and the encrypt step of the guide demands them"
        => HMAC_LENGTHS: HmacLengths = HmacLengths::Nominal;
    "IMP-VALIDTO-FORBIDDEN": "ValidTo together with KEY_MATERIAL_DOES_NOT_EXPIRE is a validation error",
        because "its recorded counterpart, a missing ValidTo, is one"
        => VALID_TO_FORBIDDEN: ErrorCode = ErrorCode::VALIDATION;
    "IMP-VALIDTO-PAST": "a ValidTo that is not later than now is a validation error",
        because "it is a value out of range"
        => VALID_TO_PAST: ErrorCode = ErrorCode::VALIDATION;
    "IMP-VALIDTO-MAX": "a ValidTo more than 365 days away is a validation error; exactly 365 days are allowed",
        because "it is a value out of range, and `at most` includes the bound"
        => VALID_TO_TOO_FAR: ErrorCode = ErrorCode::VALIDATION;
    "IMP-VALIDTO-FRACTION": "ValidTo is kept to the millisecond",
        because "the wire allows fractions and nothing says that they are dropped";
    "IMP-STATE-DISABLED": "material may be imported into a disabled key, which stays disabled",
        because "the key-state table allows the call, and no text says that an import enables a key that has its material";
    "IMP-STATE-PENDDEL": "a key that is pending deletion takes no material",
        because "GetParametersForImport is refused there too, and the operation's text names two other states";
    "IMP-TYPE-SYMONLY": "ImportType, KeyMaterialId and KeyMaterialDescription are refused for asymmetric and HMAC keys",
        because "the guide says so; the exception's own text speaks of a parameter that is not supported"
        => SYMMETRIC_ONLY_MEMBER: ErrorCode = ErrorCode::UNSUPPORTED_OPERATION;
    "IMP-NEW-ON-PENDINGIMPORT": "new material may be imported into a key that lacks some of its earlier material; it waits for rotation and the key stays in PendingImport",
        because "PendingImport is a state that the operation's text allows, and the key needs all of its material";
    "IMP-EXISTING-ON-EMPTY": "EXISTING_KEY_MATERIAL on a key that never had material is incorrect key material",
        because "no material was ever associated with the key"
        => EXISTING_ON_EMPTY: ErrorCode = ErrorCode::INCORRECT_KEY_MATERIAL;
    "IMP-KMID-MATCH": "a KeyMaterialId that is not that of the material is incorrect key material",
        because "the material is not the one that the request says it is"
        => MATERIAL_ID_MISMATCH: ErrorCode = ErrorCode::INCORRECT_KEY_MATERIAL;
    "IMP-KMID-WITH-NEW": "KeyMaterialId together with NEW_KEY_MATERIAL is a validation error",
        because "two members contradict each other"
        => MATERIAL_ID_WITH_NEW: ErrorCode = ErrorCode::VALIDATION;
    "IMP-DESC-EMPTY": "an empty KeyMaterialDescription is a validation error",
        because "the pattern needs a character";
    "IMP-RESP-ASYM": "only symmetric keys answer ImportKeyMaterial with a KeyMaterialId",
        because "no recording shows such an id for another key";
    "IMP-ORDER": "ImportKeyMaterial looks at the key's origin, its state, the request's members, the token, its age, the ciphertext, the material, and at what the key already has, in this order",
        because "the recorded order of some of these steps leaves it open, and cheap checks come first";
    "TOK-24H": "a token is expired at the very instant that ParametersValidTo names",
        because "one side must be chosen, and the same holds for material"
        => TOKEN_LIFE: AtTheInstant = AtTheInstant::Over;
    "TOK-REUSE-AFTER-SUCCESS": "a token may be used again within its 24 hours, whatever came before",
        because "tokens are self-contained, as the size and shape of AWS's own example suggest";
    "TOK-ACROSS-REGION": "a token for a multi-Region key in another Region is an invalid import token",
        because "it names another key ARN";
    "EXP-LATENCY": "material is gone at the very instant that ValidTo names",
        because "the earliest instant that the rule allows makes tests exact"
        => MATERIAL_LIFE: AtTheInstant = AtTheInstant::Over;
    "EXP-FIELDS-AFTER": "after expiry ExpirationModel and ValidTo are absent",
        because "that is recorded for a key whose material was deleted";
    "DEL-KMID-UNKNOWN": "DeleteImportedKeyMaterial with an id that the key does not have is not found",
        because "of the exceptions that the model lists it fits best"
        => UNKNOWN_MATERIAL_ID: ErrorCode = ErrorCode::NOT_FOUND;
    "DEL-KMID-ASYM": "DeleteImportedKeyMaterial with an id is refused for asymmetric and HMAC keys",
        because "these keys have no material ids; an import that names one is refused alike";
    "DEL-RESP-NOTHING": "DeleteImportedKeyMaterial answers the id of the material that is meant, even if it was gone already, and none where there never was any",
        because "an id of no characters says nothing";
    "DEL-PENDING-ROTATION": "deleting or losing the material that is pending rotation ends its association with the key",
        because "other new material may be imported afterwards";
    "ROT-STATUS": "GetKeyRotationStatus of a key with imported material answers `false`, except in PendingImport, where it is unsupported",
        because "that is what the key-state table prints";
    "ROT-OD-AGAIN": "RotateKeyOnDemand is in conflict while an on-demand rotation is in progress",
        because "the exception exists for rotations in progress";
    "ROT-OD-LIMIT": "a key may be rotated on demand 25 times",
        because "that is the documented limit; the ten that were recorded predate it"
        => ON_DEMAND_ROTATIONS: Limit = 25;
    "ROT-LIST-UNSUPP": "ListKeyRotations is unsupported for asymmetric and HMAC keys",
        because "they cannot be rotated, and RotateKeyOnDemand answers the same";
    "ROT-LIST-ORDER": "ListKeyRotations lists the oldest material first",
        because "that is the order in which the material came";
    "MRK-NEW-PRIMARY-ONLY": "NEW_KEY_MATERIAL on a replica is unsupported",
        because "the exception's text speaks of a resource that is not valid for this operation"
        => NEW_ON_REPLICA: ErrorCode = ErrorCode::UNSUPPORTED_OPERATION;
    "MRK-SAME-MATERIAL": "a replica refuses material that its primary does not have as incorrect key material",
        because "it is not the material that is expected"
        => REPLICA_MATERIAL: ErrorCode = ErrorCode::INCORRECT_KEY_MATERIAL;
    "MRK-OMITTED-ON-REPLICA": "an import into a replica without ImportType is one of existing material",
        because "the other default could never succeed";
    "MRK-ROTATE-PRIMARY": "RotateKeyOnDemand on a replica is unsupported",
        because "the exception's text speaks of a resource that is not valid for this operation";
    "MRK-UPDATE-PRIMARY": "UpdatePrimaryRegion makes the keys change places at once; both are in Updating for a minute",
        because "the state is documented, its length and what happens when are not";
    "SKD-WINDOW": "a waiting period outside of 7 to 30 days is a validation error",
        because "it is a value out of range"
        => DELETION_WINDOW: ErrorCode = ErrorCode::VALIDATION;
    "SKD-SLACK": "a key is gone at the very instant that DeletionDate names",
        because "the earliest instant that the rule allows makes tests exact"
        => DELETION_WAIT: AtTheInstant = AtTheInstant::Over;
    "CKD-NOMATERIAL": "a key without its material is in PendingImport after CancelKeyDeletion",
        because "a disabled key without material could be enabled, and would then be enabled without material";
    "DIS-DEL-REIMP": "a disabled key that loses its material and gets it back is enabled",
        because "both steps are documented without exception: deletion leads to PendingImport, import from there to Enabled";
    "DESC-SCHEDULED": "a key that is pending deletion shows the same expiry and material id as before",
        because "scheduling a deletion does not touch the material";
    "PEND-CRYPTO": "cryptography with a key that is pending deletion is an invalid state, not a disabled key",
        because "the one recording says so";
    "ID-ALIAS-REFUSED": "an alias where only a key id or ARN is taken is an invalid ARN",
        because "users report it from AWS"
        => ALIAS_REFUSED: ErrorCode = ErrorCode::INVALID_ARN;
    "ID-XACCT": "the ARN of another account's key is denied",
        because "accounts share nothing here, and a denial is what a caller without permission sees";
    "CRY-GETPUB-PENDING": "GetPublicKey works for a key that lost its material, and is an invalid state for one that never had any",
        because "the table allows the call in PendingImport, and a key without material has no public key";
    "GRANTS": "grants and key policies are kept and listed, not enforced, and grant tokens in requests are ignored",
        because "everybody who signs for an account may do everything in it";
    "LAST-USAGE": "GetKeyLastUsage knows of successful cryptographic operations, from the key's creation on",
        because "the operation's text gives no other bounds";
    "AUTH": "requests are accepted unsigned, and signatures are not checked",
        because "the emulator holds no secrets; who signs as a twelve-digit access key id has that account to itself";
}

/// What the emulator does not do, although AWS does. Each of these is refused, never faked.
pub const LIMITATIONS: &[&str] = &[
    "ML-DSA and SM2 keys: not created",
    "ED25519_PH_SHA_512: AWS-LC's Rust interface has no pre-hashed Ed25519; Sign and Verify refuse it",
    "PKCS#8 in BER that is not DER: refused as malformed material",
    "Recipient (attestation by a Nitro enclave): refused",
    "custom key stores: the account has none and can make none",
    "automatic rotation of keys of origin AWS_KMS: cannot be switched on",
    "dry runs that ignore the ciphertext (DryRunModifiers): the ciphertext is required",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_has_two_choices() {
        let mut rules: Vec<_> = LIST.iter().map(|choice| choice.rule).collect();
        rules.sort_unstable();
        let all = rules.len();
        rules.dedup();
        assert_eq!(rules.len(), all);
    }
}
