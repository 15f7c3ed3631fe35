//! The point in the SDK's pipeline where the body is put in place, before signing, and the wire is recorded.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;

use super::exchange::Message;

/// Sends exactly `body`, whatever the SDK would have made of typed input, and keeps what went over the wire.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    body: Arc<str>,
    overrides: Arc<Overrides>,
    record: Arc<Mutex<Record>>,
}

/// Parts of a request that the SDK would not send so.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Instead of the operation's name.
    pub operation: Option<String>,
    /// Instead of `application/x-amz-json-1.1`.
    pub content_type: Option<String>,
    /// Instead of the JSON of the input.
    pub body: Option<String>,
}

/// What was recorded.
#[derive(Default)]
pub(super) struct Record {
    pub(super) request: Option<Message>,
    pub(super) response: Option<(u16, Message)>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record { … }")
    }
}

impl Wire {
    pub(super) fn new(body: String, overrides: Overrides) -> Self {
        Self { body: body.into(), overrides: Arc::new(overrides), record: Arc::default() }
    }

    /// Takes what was recorded so far.
    pub(super) fn take(&self) -> Record {
        std::mem::take(&mut *self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_record(&self, change: impl FnOnce(&mut Record)) {
        change(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn message(headers: &Headers, body: &SdkBody) -> Message {
    let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Message { headers, body: body.bytes().unwrap_or_default().to_vec() }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "kms-conformance wire"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        *request.body_mut() = SdkBody::from(self.body.as_bytes());
        request.headers_mut().insert("content-length", self.body.len().to_string());
        if let Some(name) = &self.overrides.operation {
            request.headers_mut().insert("x-amz-target", format!("TrentService.{name}"));
        }
        if let Some(content_type) = &self.overrides.content_type {
            request.headers_mut().insert("content-type", content_type.clone());
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        self.with_record(|record| record.request = Some(message(request.headers(), request.body())));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(response) = context.response() {
            let status = response.status().as_u16();
            self.with_record(|record| record.response = Some((status, message(response.headers(), response.body()))));
        }
        Ok(())
    }
}
