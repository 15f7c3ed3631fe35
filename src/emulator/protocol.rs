//! The envelope of awsJson1.1: who calls, where, which operation; and the answer's head.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use uuid::Uuid;

use super::defects::Defect;
use super::failure::Failure;
use crate::kms::{AccountId, ErrorCode, Operation, Region};

/// The media type of requests and answers.
pub(crate) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const TARGET_PREFIX: &str = "TrentService.";

/// The account and the Region that a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
}

/// Where requests go that do not say.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
}

impl Caller {
    /// Reads the scope of the request's signature: `Credential=<access key id>/<date>/<Region>/kms/aws4_request`. An
    /// access key id of twelve digits names the account. Without a signature the defaults hold.
    ///
    /// This is the place where a signature would be checked: see the choice `AUTH`.
    pub(crate) fn of(headers: &HeaderMap, defaults: &Defaults) -> Result<Self, Failure> {
        let Some(header) = headers.get(AUTHORIZATION) else {
            return Ok(Self { account: defaults.account.clone(), region: defaults.region.clone() });
        };
        let incomplete = || Failure::named("IncompleteSignature", "Authorization header has no credential scope");
        let scope = header.to_str().ok().and_then(credential).ok_or_else(incomplete)?;
        let mut parts = scope.split('/');
        let access_key = parts.next().unwrap_or_default();
        let region = parts.nth(1).ok_or_else(incomplete)?;
        Ok(Self {
            account: access_key.parse().unwrap_or_else(|_| defaults.account.clone()),
            region: region.parse().map_err(|_| incomplete())?,
        })
    }
}

fn credential(header: &str) -> Option<&str> {
    let (_, rest) = header.split_once("Credential=")?;
    rest.split([',', ' ']).next()
}

/// The operation that the target header names.
pub(crate) fn operation(headers: &HeaderMap) -> Result<Operation, Failure> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX)?.parse().ok());
    operation.ok_or_else(|| Failure::silent(ErrorCode::UNKNOWN_OPERATION))
}

/// The answer to a KMS request of this id. An operation that answers nothing has an empty body.
pub(crate) fn response(request: Uuid, outcome: Result<Bytes, Failure>) -> Response<Bytes> {
    let code = outcome.as_ref().err().filter(|_| Defect::ErrorsWithoutType.is_on()).map(|failure| failure.code.clone());
    let (status, body) = match outcome {
        Ok(body) => (StatusCode::OK, body),
        Err(failure) if Defect::NotFoundIs404.is_on() && failure.code == ErrorCode::NOT_FOUND => {
            (StatusCode::NOT_FOUND, failure.body())
        }
        Err(failure) => (failure.status, failure.body()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    if let Ok(id) = HeaderValue::from_str(&request.to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(code) = code.and_then(|code| HeaderValue::from_str(code.as_str()).ok()) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(authorization: Option<&str>) -> Result<(String, String), Failure> {
        let mut headers = HeaderMap::new();
        if let Some(text) = authorization {
            headers.insert(AUTHORIZATION, text.parse().unwrap());
        }
        let defaults = Defaults { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        Caller::of(&headers, &defaults).map(|caller| (caller.account.to_string(), caller.region.to_string()))
    }

    fn signed_by(access_key: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/20261121/eu-central-1/kms/aws4_request, SignedHeaders=host, \
             Signature=00"
        )
    }

    #[test]
    fn twelve_digits_name_the_account() {
        assert_eq!(
            caller(Some(&signed_by("111122223333"))).unwrap(),
            ("111122223333".to_owned(), "eu-central-1".to_owned())
        );
    }

    #[test]
    fn any_other_access_key_is_the_default_account() {
        assert_eq!(caller(Some(&signed_by("AKIDEXAMPLE"))).unwrap().0, "000000000000");
    }

    #[test]
    fn an_unsigned_request_is_accepted() {
        assert_eq!(caller(None).unwrap(), ("000000000000".to_owned(), "us-east-1".to_owned()));
    }

    #[test]
    fn a_signature_without_a_scope_is_incomplete() {
        for text in ["Bearer x", "AWS4-HMAC-SHA256 Credential=a", "AWS4-HMAC-SHA256 Credential=a/b/NOT A REGION/kms"] {
            assert_eq!(caller(Some(text)).unwrap_err().code.as_str(), "IncompleteSignature", "{text}");
        }
    }
}
