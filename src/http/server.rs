//! The accept loop. axum's own has no time-out for headers, no limit of connections, and no end to a graceful stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use futures_util::future::{Either, ready};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::app::App;

use super::{Options, feeds, router};

/// Connections at once; further ones wait to be accepted.
const CONNECTIONS: usize = 1_024;
/// How long a client may take to send the head of a request, and how long an idle connection is kept.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long answers that are under way may take once the service stops.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// Rest after a failed accept, so that a lack of file handles does not become a busy loop.
const REST: Duration = Duration::from_millis(100);

/// What ends the service.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The listener.
    #[error("listen for readers: {0}; check `http.listen`")]
    Listen(#[from] std::io::Error),
}

/// Serves until `stop`, then lets answers that are under way finish, for at most ten seconds.
///
/// # Errors
/// When `listener` is not usable; errors of single connections are theirs alone.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    options: Options,
    stop: CancellationToken,
) -> Result<(), HttpError> {
    listener.local_addr()?;
    let router = router(Arc::clone(&app), options);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let door = (Arc::clone(&app), router.clone());
                handle(stream, peer, place, door, &graceful);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(STOP_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were cut off because their answers took too long");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

fn handle(
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    (app, router): (Arc<App>, Router),
    graceful: &GracefulShutdown,
) {
    // Small answers leave at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        if let Some(mut response) = feeds::at_hand(&app, peer, &request) {
            without_length(response.status(), response.headers_mut());
            return Either::Left(ready(Ok(response)));
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        Either::Right(async move {
            let mut response = answer.await?;
            let status = response.status();
            without_length(status, response.headers_mut());
            Ok::<_, std::convert::Infallible>(response)
        })
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .keep_alive(true);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(place);
    });
}

/// A 304 says nothing of the length that a 200 would have (axum sets the length of its own empty body).
fn without_length(status: StatusCode, headers: &mut HeaderMap) {
    if matches!(status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT) {
        headers.remove(header::CONTENT_LENGTH);
    }
}
