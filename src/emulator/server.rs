//! The emulator behind a socket: HTTP/1.1.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use super::Emulator;

/// No KMS request comes near this.
const LARGEST_BODY: usize = 1 << 20;
/// How long requests that are under way may take after the shutdown was asked for.
const GRACE: Duration = Duration::from_secs(10);
/// How long a client may take to send a request's head.
const HEAD: Duration = Duration::from_secs(30);
/// How long to wait after the system refused a connection, e.g. for want of file descriptors.
const BACK_OFF: Duration = Duration::from_millis(20);

/// Answers requests that come in on the listener until `shutdown` is done; then finishes those under way.
///
/// # Errors
///
/// If the listener has no address, which is to say that it does not listen.
pub async fn serve(emulator: Emulator, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    listener.local_addr()?;
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "no connection accepted");
                    tokio::time::sleep(BACK_OFF).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Without it, small answers wait for acknowledgements. A socket that refuses still works.
        let _ = stream.set_nodelay(true);
        let emulator = emulator.clone();
        let service = service_fn(move |request| respond(emulator.clone(), request));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended badly");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off by the shutdown");
    }
    Ok(())
}

async fn respond(emulator: Emulator, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    };
    Ok(emulator.respond(Request::from_parts(head, body.to_bytes())).await.map(Full::new))
}
