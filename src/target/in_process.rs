//! The emulator as an HTTP client of the SDK's: the whole protocol, without a socket.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::emulator::Emulator;

#[derive(Debug, Clone)]
pub(super) struct InProcess(pub(super) Emulator);

/// An HTTP client whose every request is answered by this emulator.
pub(super) fn http_client(emulator: Emulator) -> SharedHttpClient {
    let connector = InProcess(emulator);
    http_client_fn(move |_, _| aws_smithy_runtime_api::client::http::SharedHttpConnector::new(connector.clone()))
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let emulator = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(|body| Bytes::copy_from_slice(body.bytes().unwrap_or_default()));
            let response = emulator.respond(request).await.map(SdkBody::from);
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
