//! An error answer: its code, its message if it carries one, and its HTTP status.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::defects::Defect;
use crate::kms::ErrorCode;

/// Why a request was not carried out, in the words of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) message: Option<String>,
    pub(crate) status: StatusCode,
}

impl Failure {
    /// A refusal: HTTP 400, as in every recording.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: Some(message.into()), status: StatusCode::BAD_REQUEST }
    }

    /// A refusal whose recorded body carries no message at all.
    pub(crate) fn silent(code: ErrorCode) -> Self {
        Self { code, message: None, status: StatusCode::BAD_REQUEST }
    }

    /// A refusal with a code of the KMS model that [`ErrorCode`] has no constant for.
    pub(crate) fn named(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::from_wire(code), message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::VALIDATION, message)
    }

    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::KMS_INVALID_STATE, message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::UNSUPPORTED_OPERATION, message)
    }

    /// The emulator itself broke: nothing that the client sent should lead here.
    pub(crate) fn internal(what: impl Into<String>) -> Self {
        Self::server(ErrorCode::KMS_INTERNAL, format!("the emulator failed: {}", what.into()))
    }

    /// A fault of the service's own: HTTP 500.
    pub(crate) fn server(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::new(code, message) }
    }

    /// The JSON body. `AccessDeniedException` spells its member `Message`, all others `message`: both as recorded.
    pub(crate) fn body(&self) -> Bytes {
        let capital = self.code == ErrorCode::ACCESS_DENIED || Defect::ErrorMessageInCapitals.is_on();
        let member = if capital { "Message" } else { "message" };
        let mut body = match &self.message {
            Some(message) => json!({ "__type": self.code.as_str(), member: message }),
            None => json!({ "__type": self.code.as_str() }),
        };
        if let Some(body) = body.as_object_mut().filter(|_| Defect::ErrorsWithoutType.is_on()) {
            body.shift_remove("__type");
        }
        body.to_string().into()
    }
}

/// An error of AWS-LC where no input can be the reason, e.g. sealing with a good key.
impl From<aws_lc_rs::error::Unspecified> for Failure {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::internal("a cryptographic operation that cannot fail did")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_failure_has_no_message_member() {
        assert_eq!(
            Failure::silent(ErrorCode::INVALID_CIPHERTEXT).body(),
            r#"{"__type":"InvalidCiphertextException"}"#.as_bytes()
        );
    }

    #[test]
    fn only_access_denied_has_a_capital_message() {
        assert_eq!(
            Failure::new(ErrorCode::ACCESS_DENIED, "no").body(),
            r#"{"__type":"AccessDeniedException","Message":"no"}"#.as_bytes()
        );
        assert_eq!(
            Failure::new(ErrorCode::NOT_FOUND, "no").body(),
            r#"{"__type":"NotFoundException","message":"no"}"#.as_bytes()
        );
    }
}
