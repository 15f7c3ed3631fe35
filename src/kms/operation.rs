//! The operations of the KMS API.

use super::names::wire_names;

wire_names! {
    /// An operation of the KMS API, by its own name.
    Operation {
        CancelKeyDeletion = "CancelKeyDeletion",
        ConnectCustomKeyStore = "ConnectCustomKeyStore",
        CreateAlias = "CreateAlias",
        CreateCustomKeyStore = "CreateCustomKeyStore",
        CreateGrant = "CreateGrant",
        CreateKey = "CreateKey",
        Decrypt = "Decrypt",
        DeleteAlias = "DeleteAlias",
        DeleteCustomKeyStore = "DeleteCustomKeyStore",
        DeleteImportedKeyMaterial = "DeleteImportedKeyMaterial",
        DeriveSharedSecret = "DeriveSharedSecret",
        DescribeCustomKeyStores = "DescribeCustomKeyStores",
        DescribeKey = "DescribeKey",
        DisableKey = "DisableKey",
        DisableKeyRotation = "DisableKeyRotation",
        DisconnectCustomKeyStore = "DisconnectCustomKeyStore",
        EnableKey = "EnableKey",
        EnableKeyRotation = "EnableKeyRotation",
        Encrypt = "Encrypt",
        GenerateDataKey = "GenerateDataKey",
        GenerateDataKeyPair = "GenerateDataKeyPair",
        GenerateDataKeyPairWithoutPlaintext = "GenerateDataKeyPairWithoutPlaintext",
        GenerateDataKeyWithoutPlaintext = "GenerateDataKeyWithoutPlaintext",
        GenerateMac = "GenerateMac",
        GenerateRandom = "GenerateRandom",
        GetKeyLastUsage = "GetKeyLastUsage",
        GetKeyPolicy = "GetKeyPolicy",
        GetKeyRotationStatus = "GetKeyRotationStatus",
        GetParametersForImport = "GetParametersForImport",
        GetPublicKey = "GetPublicKey",
        ImportKeyMaterial = "ImportKeyMaterial",
        ListAliases = "ListAliases",
        ListGrants = "ListGrants",
        ListKeyPolicies = "ListKeyPolicies",
        ListKeyRotations = "ListKeyRotations",
        ListKeys = "ListKeys",
        ListResourceTags = "ListResourceTags",
        ListRetirableGrants = "ListRetirableGrants",
        PutKeyPolicy = "PutKeyPolicy",
        ReEncrypt = "ReEncrypt",
        ReplicateKey = "ReplicateKey",
        RetireGrant = "RetireGrant",
        RevokeGrant = "RevokeGrant",
        RotateKeyOnDemand = "RotateKeyOnDemand",
        ScheduleKeyDeletion = "ScheduleKeyDeletion",
        Sign = "Sign",
        TagResource = "TagResource",
        UntagResource = "UntagResource",
        UpdateAlias = "UpdateAlias",
        UpdateCustomKeyStore = "UpdateCustomKeyStore",
        UpdateKeyDescription = "UpdateKeyDescription",
        UpdatePrimaryRegion = "UpdatePrimaryRegion",
        Verify = "Verify",
        VerifyMac = "VerifyMac",
    }
}

impl Operation {
    /// The value of the `X-Amz-Target` header that names this operation.
    #[must_use]
    pub fn target_header(self) -> String {
        format!("TrentService.{self}")
    }

    /// Whether the operation only reads, so that repeating it is harmless.
    #[must_use]
    pub fn is_read_only(self) -> bool {
        let name = self.as_str();
        ["Describe", "List", "GetKey", "GetPublicKey"].iter().any(|prefix| name.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::shapes;

    #[test]
    fn every_published_operation_is_named() {
        let ours: Vec<_> = Operation::ALL.iter().map(|o| o.as_str()).collect();
        assert_eq!(ours, shapes::published_operations());
    }

    #[test]
    fn reads_are_told_from_writes() {
        assert!(Operation::DescribeKey.is_read_only());
        assert!(Operation::ListKeyRotations.is_read_only());
        assert!(!Operation::GetParametersForImport.is_read_only());
        assert!(!Operation::GenerateMac.is_read_only());
    }
}
