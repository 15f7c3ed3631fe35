//! The defects. `seen` names a public program or report where that is known, and else says how the bug comes about.

use super::{About, Reach};
use Reach::{Both, Scenarios, Sequences};

/// Why sequences of well-formed calls miss a defect.
const FORM: &str = "it takes a request that is wrong in form, and sequences are well-formed";
const CRAFTED: &str = "it takes input that is made for it: damaged, foreign, or of a rare form";
const ASIDE: &str = "it is beside the life of imported material: another operation, member or kind of key";
const TEXTS: &str = "it is in the form of an error, of which sequences look at the exception alone";
const REGIONS: &str = "it takes a replica that is being made, or a primary Region that is being changed";
const OVERLAP: &str = "it takes two imports that overlap, and a scenario makes one call after the other";

/// Where a bug was read in code that is public.
const LOCALSTACK: &str = "LocalStack, kms/provider.py of 2025";
const LOCAL_KMS: &str = "local-kms, import_key_material.go";

macro_rules! defects {
    ($($variant:ident = $name:literal breaks $rule:literal, $reach:expr, $says:literal, seen $seen:expr;)+) => {
        /// One thing that an emulator does wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Defect {
            $(#[doc = $says] $variant,)+
        }

        impl Defect {
            /// Every defect, by subject.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the command line and in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What there is to know about it.
            #[must_use]
            pub const fn about(self) -> About {
                match self { $(Self::$variant => About { says: $says, rule: $rule, reach: $reach, seen: $seen }),+ }
            }
        }
    };
}

#[rustfmt::skip]
defects! {
    // Import tokens.
    TokenIgnoresKey = "token-ignores-key" breaks "TOK-KEYBOUND", Both,
        "A token issued for one key is accepted for any other.", seen LOCALSTACK;
    TokenIgnoresRegion = "token-ignores-region" breaks "TOK-ACROSS-REGION", Both,
        "A token issued for a multi-Region key in one Region is accepted in another.",
        seen "a token that holds the key id only, which related keys share";
    TokenNeverExpires = "token-never-expires" breaks "TOK-24H", Both,
        "A token is accepted however old it is.", seen LOCALSTACK;
    TokenAgeInWholeHours = "token-age-in-whole-hours" breaks "TOK-24H", Both,
        "A token is accepted until it is 25 hours old.", seen "`hours <= 24`, where the hours are rounded down";
    TokenLasts23Hours = "token-lasts-23-hours" breaks "TOK-24H", Both,
        "A token is refused in the last hour of its 24.", seen "`hours < 24`, where the hours are rounded up";
    TokenAgeIsInvalidToken = "token-age-is-invalid-token" breaks "TOK-24H", Both,
        "An expired token is refused with InvalidImportTokenException.",
        seen "tokens in a cache that drops them after 24 hours are no longer known as tokens";
    TokenTailUnchecked = "token-tail-unchecked" breaks "TOK-TAMPER", Both,
        "The last bytes of a token may be changed.", seen "a token with padding that no signature covers";
    TokenHeadUnchecked = "token-head-unchecked" breaks "TOK-TAMPER", Both,
        "The first byte of a token may be changed.", seen "a version byte that is skipped, not read";
    InvalidTokenIsNotFound = "invalid-token-is-not-found" breaks "TOK-TAMPER", Both,
        "A token that does not belong to the key is refused with NotFoundException.", seen LOCALSTACK;
    TokenSpentByRefusal = "token-spent-by-refusal" breaks "TOK-REUSE-AFTER-FAIL", Both,
        "A token is good for one request, even if that is refused.", seen "a token that is taken from its table first";
    OnlyNewestToken = "only-newest-token" breaks "TOK-OLDER-PAIR", Both,
        "New import parameters end those before.", seen "local-kms, which keeps one pair a key";

    // Import parameters and wrapping.
    WrappingKeyAlways2048 = "wrapping-key-always-2048" breaks "GPI-KEYSIZE", Scenarios(ASIDE),
        "Every wrapping key has 2048 bits.", seen "WrappingKeySpec is read and then forgotten";
    WrappingKeyIsPkcs1 = "wrapping-key-is-pkcs1" breaks "GPI-KEYSIZE", Both,
        "The wrapping key is a bare RSAPublicKey, not a SubjectPublicKeyInfo.", seen "localstack/localstack#7199";
    OneWrappingKey = "one-wrapping-key" breaks "GPI-FRESH", Both,
        "All import parameters of a size share one wrapping key.", seen "a key pair made at the start, to save time";
    ParametersValidFor100Days = "parameters-valid-for-100-days" breaks "GPI-24H", Both,
        "ParametersValidTo is 100 days ahead.", seen LOCALSTACK;
    ParametersOfAwsKeys = "parameters-of-aws-keys" breaks "GPI-NONEXT", Both,
        "Import parameters are given out for keys whose material AWS generated.", seen "the origin is not looked at";
    ParametersForEncryptionOnly = "parameters-for-encryption-only" breaks "GPI-ASYM", Both,
        "Import parameters are refused for keys that do not encrypt.", seen "LocalStack, issues 9111 and 10115";
    ParametersForPkcs1 = "parameters-for-pkcs1" breaks "GPI-PKCS1", Scenarios(CRAFTED),
        "Import parameters are given out for RSAES_PKCS1_V1_5.", seen LOCAL_KMS;
    ParametersDiscardMaterial = "parameters-discard-material" breaks "GPI-ENABLED", Both,
        "Asking for import parameters of an enabled key puts it back to PendingImport.",
        seen "a key that has one `import` field for what it waits for and what it has";
    ParametersEnableKey = "parameters-enable-key" breaks "GPI-DISABLED", Both,
        "Asking for import parameters of a disabled key enables it.", seen "the key is saved with a default state";
    ParametersAcrossAccounts = "parameters-across-accounts" breaks "GPI-XACCT", Scenarios(ASIDE),
        "Import parameters are given out for a key in another account.",
        seen "the account of the ARN is taken on trust";
    AnyWrappingKey = "any-wrapping-key" breaks "TOK-PAIRED", Both,
        "Material is accepted under any wrapping key, whichever the token goes with.",
        seen "unwrapping tries each private key that there is";
    MaterialNotUnwrapped = "material-not-unwrapped" breaks "WRAP-WRONGKEY", Both,
        "The first bytes of the ciphertext are the material of a symmetric or HMAC key.",
        seen "an emulator without the cryptography";
    EitherOaepHash = "either-oaep-hash" breaks "WRAP-MGF", Both,
        "Material is accepted under the other OAEP hash than the one that was asked for.",
        seen "unwrapping that tries SHA-1 after SHA-256, to be helpful";
    OaepAlwaysSha256 = "oaep-always-sha-256" breaks "WRAP-SYM-OAEP", Both,
        "RSAES_OAEP_SHA_1 is unwrapped with SHA-256.", seen "SHA-1 and SHA-256 are confused";
    AnyWrappingAlgorithm = "any-wrapping-algorithm" breaks "WRAP-CROSSALG", Scenarios(CRAFTED),
        "Whether material is wrapped with RSAES_OAEP or RSA_AES_KEY_WRAP is told from its length.",
        seen "the algorithm is not kept with the token";
    RsaAesPartsSwapped = "rsa-aes-parts-swapped" breaks "WRAP-RSAAES-FORMAT", Both,
        "The wrapped AES key is looked for behind the wrapped material.", seen "the format is prose in the guide";
    LongCiphertextCut = "long-ciphertext-cut" breaks "WRAP-SIZE", Scenarios(CRAFTED),
        "Encrypted material that is too long is cut to the size of the wrapping key.", seen "a fixed buffer";
    PrivateKeyNeedsPublicKey = "private-key-needs-public-key" breaks "MAT-ECC-PRIVATE-ONLY", Scenarios(CRAFTED),
        "An ECC private key without its public key is refused.", seen "a parser that insists on the optional field";

    // Imports.
    FailedImportEnables = "failed-import-enables" breaks "IMP-INTERPRET-FAIL", Both,
        "An import whose material cannot be unwrapped enables the key all the same.", seen "localstack/localstack#10909";
    ImportIntoAwsKeys = "import-into-aws-keys" breaks "IMP-NONEXT", Both,
        "An import into a key whose material AWS generated is answered with success, and ignored.",
        seen "LocalStack in 2025 does not look at the origin";
    ImportIntoCreatingReplica = "import-into-creating-replica" breaks "IMP-STATE-CREATING", Scenarios(REGIONS),
        "A replica that is still being created takes material with its primary key's token.",
        seen "until it is there, its primary key stands in for it";
    ImportAcrossAccounts = "import-across-accounts" breaks "ID-XACCT", Scenarios(ASIDE),
        "Material can be imported into, and deleted from, a key in another account.",
        seen "the account of the ARN is taken on trust";
    ImportLeavesKeyDisabled = "import-leaves-key-disabled" breaks "IMP-FIRST-OK", Both,
        "The first import leaves the key disabled.", seen "Enabled and KeyState are two fields, and one is forgotten";
    ImportAnswersNoMaterialId = "import-answers-no-material-id" breaks "IMP-RESP", Both,
        "ImportKeyMaterial does not answer the material's id.", seen "LocalStack and local-kms, whose answer is empty";
    EveryFiftiethImportLost = "every-fiftieth-import-lost" breaks "REI-CHANGE-EXPIRY", Both,
        "Every fiftieth import is answered with success and not stored.",
        seen "a write that is retried too few times";
    FirstImportsRace = "first-imports-race" breaks "IMP-EXISTING-DIFFERENT", Sequences(OVERLAP),
        "Two imports of different material into an empty key at the same time both succeed.",
        seen "the key is looked at before the material is unwrapped, and not again";
    NewMaterialsRace = "new-materials-race" breaks "IMP-NEW-PENDING-CONFLICT", Sequences(OVERLAP),
        "Two imports of new material at the same time both succeed.",
        seen "the key is looked at before the material is unwrapped, and not again";
    OtherMaterialWhileEnabled = "other-material-while-enabled" breaks "IMP-EXISTING-DIFFERENT", Both,
        "An import into an enabled symmetric key replaces its material by any other.", seen LOCALSTACK;
    OtherPrivateKey = "other-private-key" breaks "IMP-ASYM-DIFFERENT", Both,
        "An import into an HMAC or asymmetric key that has material replaces it by any other.", seen LOCALSTACK;
    DeletionForgetsMaterial = "deletion-forgets-material" breaks "IMP-EXISTING-DIFFERENT", Both,
        "After a deletion a key takes any material, as if it had never had one.", seen LOCALSTACK;
    ExpiryForgetsMaterial = "expiry-forgets-material" breaks "IMP-EXISTING-DIFFERENT", Both,
        "After an expiry a key takes any material, as if it had never had one.",
        seen "expiry removes the record of the material with the material";
    IncorrectMaterialIsCiphertext = "incorrect-material-is-ciphertext" breaks "IMP-EXISTING-DIFFERENT", Both,
        "Other material is refused with InvalidCiphertextException.", seen "one exception for all that can go wrong";
    KnownMaterialAsNew = "known-material-as-new" breaks "IMP-NEW-ALREADY-ASSOCIATED", Both,
        "Material that the key has can be imported as new.", seen "a list of materials that nobody looks through";
    SecondPendingMaterial = "second-pending-material" breaks "IMP-NEW-PENDING-CONFLICT", Both,
        "A second new material is accepted while another waits for a rotation.",
        seen "a list of materials without a bound";
    ConflictWithoutIds = "conflict-without-ids" breaks "KMID-LEAK", Scenarios(TEXTS),
        "The refusal of a second new material does not name the materials.", seen "a text of the emulator's own";
    NewMaterialAtOnce = "new-material-at-once" breaks "IMP-NEW-ON-ENABLED", Both,
        "New material is in force as soon as it is imported.",
        seen "an emulator from before rotations of imported material";
    ImportTypeAlwaysNew = "import-type-always-new" breaks "IMP-TYPE-DEFAULT", Both,
        "Without ImportType every import brings new material.", seen "one default, where there are two";
    ImportTypeForAllKeys = "import-type-for-all-keys" breaks "IMP-TYPE-SYMONLY", Both,
        "ImportType and its kin are accepted for HMAC and asymmetric keys.", seen "members that are ignored unseen";
    MaterialIdWithNew = "material-id-with-new" breaks "IMP-KMID-WITH-NEW", Both,
        "A KeyMaterialId is accepted, and ignored, with NEW_KEY_MATERIAL.", seen "a member that is ignored";
    MaterialIdNotCompared = "material-id-not-compared" breaks "IMP-KMID-MATCH", Both,
        "The KeyMaterialId of an import is not compared with its material.", seen "a member that is ignored";
    ReimportDropsDescription = "reimport-drops-description" breaks "IMP-DESC", Scenarios(ASIDE),
        "A reimport without a description removes the one before.", seen "the record is written anew";

    // ValidTo and expiry.
    ExpiryStoredBeforeValidation = "expiry-stored-before-validation" breaks "IMP-INTERPRET-FAIL", Both,
        "A reimport that is refused has changed the expiry already.", seen LOCALSTACK;
    ValidToOptional = "valid-to-optional" breaks "IMP-VALIDTO-REQUIRED", Both,
        "Without ExpirationModel and ValidTo material does not expire.", seen "the wrong default";
    ValidToWithoutExpiry = "valid-to-without-expiry" breaks "IMP-VALIDTO-FORBIDDEN", Both,
        "ValidTo is accepted, and ignored, with KEY_MATERIAL_DOES_NOT_EXPIRE.", seen LOCAL_KMS;
    ValidToNotKept = "valid-to-not-kept" breaks "DESC-IMPORTED-EXPIRES", Both,
        "Material never expires, whatever ValidTo says.", seen LOCALSTACK;
    ValidToInMilliseconds = "valid-to-in-milliseconds" breaks "IMP-VALIDTO-MIN", Both,
        "ValidTo is read as milliseconds since the epoch.", seen "a client library for another protocol";
    ValidToShownInMilliseconds = "valid-to-shown-in-milliseconds" breaks "IMP-VALIDTO-FORMAT", Both,
        "DescribeKey shows ValidTo in milliseconds since the epoch.", seen "a language whose clock counts milliseconds";
    ValidToInLocalTime = "valid-to-in-local-time" breaks "IMP-VALIDTO-FORMAT", Both,
        "ValidTo is moved by an hour.", seen "an instant that went through the local time zone";
    ValidToCapped = "valid-to-capped" breaks "IMP-VALIDTO-MAX", Both,
        "A ValidTo beyond 365 days is brought down to 365 days.", seen "a bound that is applied, not checked";
    ValidTo366Days = "valid-to-366-days" breaks "IMP-VALIDTO-MAX", Both,
        "ValidTo may be 366 days ahead.", seen "a year is taken for a calendar year";
    ValidToInThePast = "valid-to-in-the-past" breaks "IMP-VALIDTO-PAST", Both,
        "ValidTo may lie in the past.", seen LOCALSTACK;
    ExpiryNeverHappens = "expiry-never-happens" breaks "EXP-DELETES", Both,
        "ValidTo is kept and shown, but nothing happens then.", seen "a field that is stored for DescribeKey alone";
    ExpiryShownOnly = "expiry-shown-only" breaks "EXP-DELETES", Both,
        "Expired material is gone for DescribeKey, and still encrypts.", seen "the state is worked out in DescribeKey";
    ExpiryEnforcedOnly = "expiry-enforced-only" breaks "EXP-DELETES", Both,
        "Expired material no longer encrypts, but DescribeKey shows an enabled key.",
        seen "expiry is checked where material is used";
    ExpiryAnHourEarly = "expiry-an-hour-early" breaks "EXP-NOT-BEFORE", Both,
        "Material expires an hour before ValidTo.", seen "a background task that rounds down";
    LatestExpiryShown = "latest-expiry-shown" breaks "EXP-VALIDTO-AGG", Both,
        "A key with several materials shows the latest expiry.", seen "the expiry of the import that came last";

    // Reimports.
    SameMaterialRefused = "same-material-refused" breaks "REI-SAME-NO-DELETE", Both,
        "Nothing can be imported into a key that has its material.", seen "older guides, which want it deleted first";
    ReimportKeepsExpiry = "reimport-keeps-expiry" breaks "REI-CHANGE-EXPIRY", Both,
        "A reimport of material that is in force does not change its expiry.", seen "a reimport that does nothing";
    ReimportChangesSecret = "reimport-changes-secret" breaks "REI-OLD-CIPHERTEXT", Both,
        "What was encrypted before a reimport cannot be decrypted after it.",
        seen "each import makes a data key of its own";
    ReimportChangesMaterialId = "reimport-changes-material-id" breaks "KMID-STABLE", Both,
        "A reimport answers another KeyMaterialId.", seen "ids made at random";
    MaterialIdIgnoresKey = "material-id-ignores-key" breaks "KMID-DISTINCT", Both,
        "The same material has the same id in every key.", seen "a digest of the material alone";
    MaterialIdInCapitals = "material-id-in-capitals" breaks "KMID-FORMAT", Both,
        "Material ids are written in capitals.", seen "the hexadecimal digits of another library";

    // Deletion of material.
    DeletionOfAwsMaterial = "deletion-of-aws-material" breaks "DEL-NONEXT", Both,
        "The material of a key that AWS generated can be deleted.", seen LOCALSTACK;
    DeletionNeedsMaterial = "deletion-needs-material" breaks "DEL-PENDINGIMPORT", Both,
        "Deleting what is not there is refused.", seen "a deletion that looks for its object first";
    DeletionCancelsKeyDeletion = "deletion-cancels-key-deletion" breaks "DEL-PENDDEL", Both,
        "Deleting the material of a key that is pending deletion puts the key to PendingImport.",
        seen "the state is set without a look at it";
    DeletionLeavesKeyDisabled = "deletion-leaves-key-disabled" breaks "DEL-DISABLED", Both,
        "A disabled key without material shows as disabled.", seen "Disabled is looked at before the material is";
    DeletionIgnoresMaterialId = "deletion-ignores-material-id" breaks "DEL-KMID", Both,
        "Whatever material is named, the current one is deleted.", seen "a member that is ignored";
    DeletionTakesTheOldest = "deletion-takes-the-oldest" breaks "DEL-KMID-DEFAULT", Both,
        "Without KeyMaterialId the oldest material is deleted.",
        seen "the first of a list is taken for the current one";
    MaterialIdForgotten = "material-id-forgotten" breaks "KMID-AFTER-DELETE", Both,
        "A key without its material no longer names it.", seen "the id is kept with the secret";
    ExpirationModelAfterDeletion = "expiration-model-after-deletion" breaks "DEL-KEEPS-CURRENTID", Both,
        "A key whose material was deleted still shows its expiration model.", seen "a field that is never cleared";

    // Key states.
    CancelledDeletionEnables = "cancelled-deletion-enables" breaks "CKD-STATE", Both,
        "A key whose deletion is cancelled is enabled.", seen "the state before is restored";
    CancelWithoutDeletion = "cancel-without-deletion" breaks "CKD-NOTPENDING", Both,
        "CancelKeyDeletion succeeds for a key that is not pending deletion.", seen "an operation taken for idempotent";
    DeletionScheduledTwice = "deletion-scheduled-twice" breaks "SKD-TWICE", Both,
        "The deletion of a key can be scheduled anew while it is pending.", seen "an operation taken for idempotent";
    AnyDeletionWindow = "any-deletion-window" breaks "SKD-WINDOW", Both,
        "The waiting period may be anything from 1 to 365 days.", seen "the bounds of the API's shape, which are wider";
    DisabledIsInvalidState = "disabled-is-invalid-state" breaks "DIS-CRYPTO", Both,
        "A disabled key is refused with KMSInvalidStateException.", seen "one exception for every state";
    PendingImportIsDisabled = "pending-import-is-disabled" breaks "CRY-PENDINGIMPORT", Both,
        "A key without material is refused with DisabledException.", seen "what is not enabled is taken for disabled";
    PendingDeletionEncrypts = "pending-deletion-encrypts" breaks "PEND-CRYPTO", Both,
        "A key that is pending deletion still encrypts, signs and makes tags.", seen "the state is looked at in part";
    DisabledEncrypts = "disabled-encrypts" breaks "DIS-CRYPTO", Both,
        "A disabled key still encrypts.", seen "localstack/localstack#5410";
    EnableWithoutMaterial = "enable-without-material" breaks "ENA-PENDINGIMPORT", Both,
        "EnableKey is answered with success for a key without material.", seen "an operation taken for idempotent";
    GrantsWithoutMaterial = "grants-without-material" breaks "KST-GRANT", Scenarios(ASIDE),
        "A grant can be created for a key without material.", seen "grants are kept apart from keys";
    RevocationNeedsEnabledKey = "revocation-needs-enabled-key" breaks "KST-GRANT-END", Scenarios(ASIDE),
        "A grant can be revoked only while its key is enabled.", seen "one check for every operation on grants";
    PolicyNeedsEnabledKey = "policy-needs-enabled-key" breaks "KST-POLICY", Scenarios(ASIDE),
        "A key's policy can be replaced only while the key is enabled.",
        seen "one check for every operation that writes";
    PublicKeyNeedsEnabledKey = "public-key-needs-enabled-key" breaks "KST-PUBKEY-DISABLED", Both,
        "The public key can be had only while the key is enabled.", seen "taken for a cryptographic operation";
    DisablingDoesNothing = "disabling-does-nothing" breaks "DIS-ENA-EXT", Both,
        "DisableKey is answered with success and changes nothing.",
        seen "an operation that was filled in later, or never";
    HiddenUnlessEnabled = "hidden-unless-enabled" breaks "KST-READ", Both,
        "A key that is not enabled is found by DescribeKey, but by nothing else that reads.",
        seen "a flag that look-ups filter by";
    LabelsNeedEnabledKey = "labels-need-enabled-key" breaks "KST-LABELS", Scenarios(ASIDE),
        "Aliases, tags and the description can be changed only while the key is enabled.",
        seen "one check for every operation that writes";
    AliasWhilePendingDeletion = "alias-while-pending-deletion" breaks "ALIAS-STATE", Scenarios(ASIDE),
        "A key that is pending deletion can be given an alias.", seen "aliases are kept apart from keys";
    ParametersWhilePendingDeletion = "parameters-while-pending-deletion" breaks "GPI-PENDDEL", Both,
        "Import parameters are given out for a key that is pending deletion.", seen "the state is not looked at";
    EnableWhilePendingDeletion = "enable-while-pending-deletion" breaks "ENA-PENDDEL", Both,
        "EnableKey enables a key that is pending deletion.", seen "the state is set without a look at it";
    CreatingPermitsEverything = "creating-permits-everything" breaks "KST-CREATING", Scenarios(REGIONS),
        "A replica that is being created permits what an enabled key does.", seen "a state that is shown, not checked";
    UpdatingPermitsNothing = "updating-permits-nothing" breaks "KST-UPDATING", Scenarios(REGIONS),
        "A key whose primary Region is being changed permits nothing but reading.", seen "a lock that is too wide";
    UpdatingPermitsEverything = "updating-permits-everything" breaks "KST-UPDATING", Scenarios(REGIONS),
        "A key whose primary Region is being changed permits what an enabled key does.",
        seen "a state that is shown, not checked";
    ReplicaDeletionPermitsEverything = "replica-deletion-permits-everything" breaks "KST-REPLICA-DELETION",
        Both,
        "A primary key that waits for the deletion of its replicas permits what an enabled key does.",
        seen "a state that is shown, not checked";
    TagsWhilePendingDeletion = "tags-while-pending-deletion" breaks "TAG-STATE", Scenarios(ASIDE),
        "A key that is pending deletion can be tagged.", seen "tags are kept apart from keys";

    // Rotation.
    RotationWithoutMaterial = "rotation-without-material" breaks "ROT-OD-NOPENDING", Both,
        "A rotation with no material to rotate to succeeds, and changes nothing.",
        seen "the keys of AWS's own material";
    RotationOfAsymmetricKeys = "rotation-of-asymmetric-keys" breaks "ROT-OD-ASYM", Both,
        "The rotation of an asymmetric key is answered with success.", seen "the key spec is not looked at";
    RotationDropsOldMaterial = "rotation-drops-old-material" breaks "ROT-OLD-DECRYPT", Both,
        "A rotation removes the material that was in force.", seen "one material a key";
    RotationNeverCompletes = "rotation-never-completes" breaks "ROT-OD-OK", Both,
        "A rotation succeeds, and the material stays as it was.", seen "a rotation that is counted, and no more";
    RotationsUnlimited = "rotations-unlimited" breaks "ROT-OD-LIMIT", Scenarios(ASIDE),
        "A key may be rotated on demand without end.", seen "a quota that nobody counts";
    AutomaticRotation = "automatic-rotation" breaks "ROT-AUTO", Scenarios(ASIDE),
        "Automatic rotation can be enabled for imported material.", seen LOCALSTACK;
    MissingOldMaterialIgnored = "missing-old-material-ignored" breaks "DEL-NONCURRENT", Both,
        "A key that lacks an old material is enabled.", seen "only the current material is looked at";
    RotationsListEverything = "rotations-list-everything" breaks "ROT-LIST-DEFAULT", Scenarios(ASIDE),
        "ListKeyRotations lists every material without being asked to.", seen "IncludeKeyMaterial is ignored";
    PendingMaterialListedAsCurrent = "pending-material-listed-as-current" breaks "ROT-LIST-STATES", Both,
        "ListKeyRotations shows material that waits for a rotation as current.", seen "the newest is taken for current";
    SpecBeforeState = "spec-before-state" breaks "ORD-STATE-BEFORE-SPEC", Both,
        "RotateKeyOnDemand looks at the key spec before the state.", seen "checks in another order";

    // Creation, and what a key shows of itself.
    ExternalKeyStartsEnabled = "external-key-starts-enabled" breaks "CRE-EXT-STATE", Both,
        "A key without material shows as enabled until it is used.", seen "a new key's state is a constant";
    SymmetricKeysOnly = "symmetric-keys-only" breaks "CRE-EXT-SYMONLY", Both,
        "Origin EXTERNAL is refused for all but symmetric keys.", seen "older documentation, which says so";
    UsageByDefault = "usage-by-default" breaks "CRE-USAGE-REQ", Scenarios(FORM),
        "A key that is not symmetric gets a usage by default.", seen "a default for every member";
    OriginChanges = "origin-changes" breaks "CRE-EXT-IMMUTABLE", Both,
        "A key that has its material shows origin AWS_KMS.", seen "the origin follows from the material";
    NullForAbsent = "null-for-absent" breaks "CRE-EXT-FIELDS", Both,
        "What a key does not have is shown as null.", seen "a serializer's default";
    ExpirationModelBeforeImport = "expiration-model-before-import" breaks "CRE-EXT-FIELDS", Both,
        "A key that never had material shows KEY_MATERIAL_EXPIRES.", seen "a sample in the guide of 2023";
    MaterialIdOfEveryKey = "material-id-of-every-key" breaks "KMID-SCOPE", Both,
        "HMAC and asymmetric keys name their current material, too.", seen "one way to describe all keys";
    KeyIdForArn = "key-id-for-arn" breaks "IMP-RESP", Both,
        "Answers hold the key's id where AWS has its ARN.", seen "the member is called KeyId";
    ReservedTags = "reserved-tags" breaks "TAG-RESERVED", Scenarios(FORM),
        "Tags may begin with aws:.", seen "tags are taken as they come";
    ManyTags = "many-tags" breaks "CRE-TAGS-MANY", Scenarios(FORM),
        "A key may have any number of tags.", seen "tags are taken as they come";
    DuplicateTags = "duplicate-tags" breaks "TAG-DUPLICATE", Scenarios(FORM),
        "Of tags with the same key the last one wins.", seen "a map";

    // Multi-Region keys.
    MultiRegionIdWithoutPrefix = "multi-region-id-without-prefix" breaks "CRE-MRK", Scenarios(REGIONS),
        "The id of a multi-Region key does not begin with mrk-.", seen "one way to make ids";
    ReplicaInheritsMaterial = "replica-inherits-material" breaks "MRK-REPL-STATE", Both,
        "A replica has the imported material of its primary key.", seen "the key is copied with all that it holds";
    ReplicaTakesOtherMaterial = "replica-takes-other-material" breaks "MRK-SAME-MATERIAL", Both,
        "A replica accepts material that its primary key does not have.", seen "keys that know nothing of each other";
    ReplicaOfReplica = "replica-of-replica" breaks "MRK-REPL-OF-REPL", Both,
        "A replica can be replicated.", seen "MultiRegion is looked at, MultiRegionKeyType is not";
    ReplicationWithoutMaterial = "replication-without-material" breaks "MRK-REPL-PENDING", Both,
        "A primary key without material can be replicated.", seen "the state is looked at in part";
    DeletionInEveryRegion = "deletion-in-every-region" breaks "MRK-DEL-REPLICA", Both,
        "Deleting a replica's material deletes it everywhere.", seen "one record for all Regions";
    ExpiryOfEveryRegion = "expiry-of-every-region" breaks "MRK-EXPIRY-INDEP", Both,
        "An import into a replica changes the expiry in every Region.", seen "one record for all Regions";
    RotationBeforeReplicas = "rotation-before-replicas" breaks "MRK-PENDING-STATES", Both,
        "A primary key can be rotated to material that its replicas lack.", seen "keys that know nothing of each other";
    RotationOfReplica = "rotation-of-replica" breaks "MRK-ROTATE-PRIMARY", Both,
        "A replica can be rotated.", seen "MultiRegion is looked at, MultiRegionKeyType is not";
    NewMaterialInReplica = "new-material-in-replica" breaks "MRK-NEW-PRIMARY-ONLY", Both,
        "A replica takes new material.", seen "keys that know nothing of each other";
    SecondReplicaInRegion = "second-replica-in-region" breaks "MRK-REPL-DUP", Both,
        "A key is replicated anew into a Region where it is.", seen "the copy is written over";
    PrimaryInAnyState = "primary-in-any-state" breaks "MRK-UPDATE-PRIMARY", Scenarios(REGIONS),
        "A replica becomes the primary key in any state.", seen "the state of one of two keys is looked at";
    PrimaryDoesNotWait = "primary-does-not-wait" breaks "DESC-MRK-SCHEDULED", Both,
        "A primary key with replicas is pending deletion at once.", seen "keys that know nothing of each other";
    CreatingReplicaShowsMaterial = "creating-replica-shows-material" breaks "MRK-REPL-CREATING", Scenarios(REGIONS),
        "A replica that is being created names its material.", seen "one way to describe all keys";

    // Identifiers.
    AliasesEverywhere = "aliases-everywhere" breaks "ID-ALIAS-REFUSED", Scenarios(ASIDE),
        "Every operation takes an alias for a key.", seen "one look-up for all operations";
    AliasArnsUnknown = "alias-arns-unknown" breaks "ID-FORMS-ALIAS", Scenarios(ASIDE),
        "An alias is taken by its name, not by its ARN.", seen "a look-up that splits ARNs at key/";
    ArnsUnknown = "arns-unknown" breaks "ID-FORMS", Scenarios(ASIDE),
        "Operations that manage a key do not take its ARN.", seen "localstack/localstack#5410";
    RegionOfArnIgnored = "region-of-arn-ignored" breaks "ID-OTHER-REGION-ARN", Scenarios(ASIDE),
        "The Region in a key's ARN is ignored.", seen "only the last part of the ARN is read";
    MalformedIdIsValidation = "malformed-id-is-validation" breaks "ID-MALFORMED", Scenarios(FORM),
        "A malformed id is refused with ValidationException.", seen "a matter of form, one would think";
    MissingKeyIsDenied = "missing-key-is-denied" breaks "ID-MISSING", Scenarios(FORM),
        "A key that does not exist is refused with AccessDeniedException.", seen "the advice not to tell what exists";
    MissingAliasIsInvalidArn = "missing-alias-is-invalid-arn" breaks "ID-ALIAS-MISSING", Scenarios(FORM),
        "An alias that does not exist is refused with InvalidArnException.", seen "an alias that is turned into an ARN";
    AliasOfAnotherUsage = "alias-of-another-usage" breaks "ALIAS-USAGE", Scenarios(ASIDE),
        "An alias can be moved to a key with another usage.", seen "usages are not compared";
    AliasWithoutPrefix = "alias-without-prefix" breaks "ALIAS-PREFIX", Scenarios(FORM),
        "An alias may have a name without alias/.", seen "the prefix is put in front where it is missing";

    // The form of requests and of errors.
    NoSizeIsThirtyTwo = "no-size-is-thirty-two" breaks "VAL-DATA-KEY-SIZE", Scenarios(FORM),
        "A data key without a size has 32 bytes.", seen "a default for every member";
    RequiredMembersUnchecked = "required-members-unchecked" breaks "VAL-REQUIRED", Scenarios(FORM),
        "A missing member is a SerializationException.", seen "the error of the JSON library";
    LengthsUnchecked = "lengths-unchecked" breaks "VAL-BLOB-LENGTH", Scenarios(FORM),
        "Text and blobs may have any length.", seen "bounds that are in the model only";
    NumbersUnchecked = "numbers-unchecked" breaks "VAL-INTEGER", Scenarios(FORM),
        "Numbers may have any value.", seen "bounds that are in the model only";
    PatternsUnchecked = "patterns-unchecked" breaks "VAL-PATTERN", Scenarios(FORM),
        "Text need not match its pattern.", seen "patterns that are in the model only";
    NamesUnchecked = "names-unchecked" breaks "VAL-ENUM", Scenarios(FORM),
        "A name that the API does not list is a SerializationException.", seen "the error of the JSON library";
    BadBase64IsValidation = "bad-base64-is-validation" breaks "ERR-BASE64", Scenarios(FORM),
        "A blob that is not base64 is refused with ValidationException.",
        seen "one exception for all that is malformed";
    NotFoundIs404 = "not-found-is-404" breaks "ERR-STATUS", Scenarios(ASIDE),
        "NotFoundException has the HTTP status 404.", seen "a web framework's idea of what is not found";
    ErrorsWithoutType = "errors-without-type" breaks "ERR-TYPE", Scenarios(TEXTS),
        "An error names its exception in a header, not in the body.", seen "the newer protocols of AWS";
    ErrorMessageInCapitals = "error-message-in-capitals" breaks "ERR-MESSAGE-MEMBER", Scenarios(TEXTS),
        "The text of an error is in the member Message.", seen "the spelling of other services of AWS";

    // Cryptography.
    DecryptIgnoresKeyId = "decrypt-ignores-key-id" breaks "CRY-WRONG-KEY", Both,
        "Decrypt takes the key that the ciphertext names, whichever the request does.", seen "the member is optional";
    DecryptNamesCurrentMaterial = "decrypt-names-current-material" breaks "KMID-IN-CIPHERTEXT", Both,
        "Decrypt names the current material, not the one that made the ciphertext.", seen "the key's field is at hand";
    ContextIgnored = "context-ignored" breaks "CRY-BAD-CIPHERTEXT", Scenarios(CRAFTED),
        "The encryption context is ignored.", seen "a member that is ignored";
    GoneKeyIsNotFound = "gone-key-is-not-found" breaks "CRY-KEY-GONE", Scenarios(CRAFTED),
        "A ciphertext whose key is gone is refused with NotFoundException.", seen "the look-up's own exception";
    DamagedCiphertextIsWrongKey = "damaged-ciphertext-is-wrong-key" breaks "CRY-BAD-CIPHERTEXT", Scenarios(CRAFTED),
        "A damaged ciphertext is refused with IncorrectKeyException.", seen "what does not open is another key's";
    PublicKeyOfSymmetricKey = "public-key-of-symmetric-key" breaks "CRY-PUB-SYM", Scenarios(ASIDE),
        "The public key of a symmetric key is refused with KMSInvalidStateException.",
        seen "a public key that is not there is taken for one that is not there yet";
    WrongAlgorithmIsValidation = "wrong-algorithm-is-validation" breaks "CRY-SIGN-ALGORITHM", Scenarios(CRAFTED),
        "An algorithm of another key spec is refused with ValidationException.",
        seen "a matter of form, one would think";
    BadSignatureAnswered = "bad-signature-answered" breaks "CRY-BAD-SIGNATURE", Scenarios(CRAFTED),
        "Verify answers SignatureValid false, without an exception.", seen "the member is there for a reason";
    BadMacAccepted = "bad-mac-accepted" breaks "CRY-BAD-MAC", Scenarios(CRAFTED),
        "VerifyMac accepts any tag.", seen "an operation that was filled in later, or never";
    RsaCapacityIsCiphertext = "rsa-capacity-is-ciphertext" breaks "CRY-RSA-CAPACITY", Scenarios(CRAFTED),
        "A plaintext that is too long for an RSA key is refused with InvalidCiphertextException.",
        seen "the error of the cryptography library, passed on";
    DigestsOfAnyLength = "digests-of-any-length" breaks "CRY-DIGEST-LENGTH", Scenarios(CRAFTED),
        "A digest may have any length.", seen "MessageType is ignored, and the digest hashed again";
    WrongUsageIsUnsupported = "wrong-usage-is-unsupported" breaks "CRY-WRONG-USAGE", Scenarios(CRAFTED),
        "A key for another usage is refused with UnsupportedOperationException.",
        seen "two exceptions that sound alike";
    AnyMacAlgorithm = "any-mac-algorithm" breaks "CRY-WRONG-ALGORITHM", Scenarios(CRAFTED),
        "An HMAC key makes tags with every algorithm.", seen "the algorithm of the request is taken on trust";
    MacAlwaysSha256 = "mac-always-sha-256" breaks "CRY-HMAC-INTEROP", Scenarios(ASIDE),
        "Tags are made with SHA-256, whatever the algorithm.", seen "one constant for four algorithms";
    MessageHashedTwice = "message-hashed-twice" breaks "CRY-SIGN", Both,
        "The message to be signed is hashed twice.", seen "a library that hashes what was hashed already";
    PublicKeyIsPoint = "public-key-is-point" breaks "CRY-ECC-PUB", Both,
        "The public key of an ECC key is the bare point.", seen "the form in which libraries keep it";
    DryRunIgnored = "dry-run-ignored" breaks "CRY-DRY-RUN", Scenarios(ASIDE),
        "DryRun is ignored.", seen "a member that is newer than the emulator";
    BadPublicKeyIsCiphertext = "bad-public-key-is-ciphertext" breaks "CRY-AGREE-BAD-KEY", Scenarios(CRAFTED),
        "A public key that is none is refused with InvalidCiphertextException.", seen "one exception for all bad input";
    DecryptNamesNoMaterial = "decrypt-names-no-material" breaks "CRY-ENC-RESP", Both,
        "Decrypt does not answer the material's id.", seen "a member that is newer than the emulator";
}
