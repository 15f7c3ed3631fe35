//! The names of the exceptions that KMS answers with.

use std::borrow::Cow;
use std::fmt;

use super::{Operation, shapes};

/// The code of an error answer: an exception of the KMS model, a common error of AWS, or whatever else a target says.
///
/// ```
/// use kms_conformance::kms::ErrorCode;
///
/// assert_eq!(ErrorCode::from_wire("com.amazonaws.kms#NotFoundException"), ErrorCode::NOT_FOUND);
/// assert!(ErrorCode::NOT_FOUND.is_known());
/// assert!(!ErrorCode::from_wire("InternalError").is_known());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ErrorCode(Cow<'static, str>);

/// Codes that any AWS JSON service may answer with, beside those that the KMS model lists.
const COMMON: &[&str] = &[
    "AccessDeniedException",
    "IncompleteSignature",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
];

macro_rules! codes {
    ($($constant:ident = $wire:literal),+ $(,)?) => {
        $(
            #[doc = concat!("`", $wire, "`")]
            pub const $constant: Self = Self(Cow::Borrowed($wire));
        )+
    };
}

impl ErrorCode {
    codes! {
        ACCESS_DENIED = "AccessDeniedException",
        DEPENDENCY_TIMEOUT = "DependencyTimeoutException",
        DISABLED = "DisabledException",
        EXPIRED_IMPORT_TOKEN = "ExpiredImportTokenException",
        INCORRECT_KEY = "IncorrectKeyException",
        INCORRECT_KEY_MATERIAL = "IncorrectKeyMaterialException",
        INVALID_ARN = "InvalidArnException",
        INVALID_CIPHERTEXT = "InvalidCiphertextException",
        INVALID_IMPORT_TOKEN = "InvalidImportTokenException",
        INVALID_KEY_USAGE = "InvalidKeyUsageException",
        KMS_INTERNAL = "KMSInternalException",
        KMS_INVALID_MAC = "KMSInvalidMacException",
        KMS_INVALID_SIGNATURE = "KMSInvalidSignatureException",
        KMS_INVALID_STATE = "KMSInvalidStateException",
        LIMIT_EXCEEDED = "LimitExceededException",
        NOT_FOUND = "NotFoundException",
        SERIALIZATION = "SerializationException",
        THROTTLING = "ThrottlingException",
        UNKNOWN_OPERATION = "UnknownOperationException",
        UNSUPPORTED_OPERATION = "UnsupportedOperationException",
        VALIDATION = "ValidationException",
    }

    /// Reads a code as it stands in `__type` or in `x-amzn-errortype`: a namespace before `#` and a URI after `:` are
    /// dropped, as every AWS client does.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        let text = text.split(':').next().unwrap_or_default();
        let name = text.rsplit('#').next().unwrap_or_default().trim();
        Self(Cow::Owned(name.to_owned()))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every code that the KMS model lists or that AWS documents as common, sorted.
    #[must_use]
    pub fn known() -> Vec<&'static str> {
        let mut all: Vec<&'static str> = COMMON.to_vec();
        for operation in Operation::ALL {
            all.extend(shapes::errors(*operation).iter().map(String::as_str));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether this is a code of [`ErrorCode::known`].
    #[must_use]
    pub fn is_known(&self) -> bool {
        COMMON.contains(&self.as_str())
            || Operation::ALL.iter().any(|operation| shapes::errors(*operation).iter().any(|e| e == self.as_str()))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_and_uris_are_dropped() {
        for text in ["X", "a.b#X", "X:http://internal.amazon.com/", "a#X:http://b/"] {
            assert_eq!(ErrorCode::from_wire(text).as_str(), "X", "{text}");
        }
    }
}
