//! The accept loop. axum's own has no time-outs for slow clients, no limit of connections, and no end to a graceful stop.

use std::net::SocketAddr;
use std::pin::pin;
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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::app::App;
use crate::syndicate;

use super::patience::{Limits, Noted, Patience, Progress, Verdict};
use super::{Options, feeds, host, moves, router};

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
    let limits = options.limits;
    let router = router(Arc::clone(&app), options);
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let door = (Arc::clone(&app), router.clone());
                let stop = stop.clone();
                connections.spawn(async move {
                    attend(stream, peer, door, limits, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(STOP_WITHIN, connections.wait()).await.is_err() {
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

/// One connection, to its end.
async fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    (app, router): (Arc<App>, Router),
    limits: Limits,
    stop: CancellationToken,
) {
    let progress = Arc::new(Progress::default());
    let mut patience = Patience::new(Arc::clone(&progress), limits);
    let stream = TokioIo::new(Noted::new(stream, Arc::clone(&progress)));
    let service = service_fn(move |request: Request<Incoming>| {
        progress.note_head();
        if feeds::is_forwarded(request.headers()) {
            syndicate::note_forwarded(&app, peer.ip());
        }
        let at_once = host::refusal(&request)
            .or_else(|| moves::to_new_host(&app, peer, &request))
            .or_else(|| feeds::at_hand(&app, peer, &request));
        if let Some(mut response) = at_once {
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
    let protocols = protocols(limits);
    let mut connection = pin!(protocols.serve_connection(stream, service));
    let mut looks = tokio::time::interval_at(Instant::now() + limits.head, limits.head);
    let mut stops = false;
    loop {
        let verdict = tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = stop.cancelled(), if !stops => {
                stops = true;
                Verdict::Finish
            }
            _ = looks.tick() => patience.look(),
        };
        match verdict {
            Verdict::Stay => {}
            Verdict::Finish => connection.as_mut().graceful_shutdown(),
            Verdict::Cut => {
                tracing::debug!("a connection was cut off: its client sent or read nothing for too long");
                return;
            }
        }
    }
}

fn protocols(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .keep_alive(true);
    builder
}

/// A 304 says nothing of the length that a 200 would have (axum sets the length of its own empty body).
fn without_length(status: StatusCode, headers: &mut HeaderMap) {
    if matches!(status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT) {
        headers.remove(header::CONTENT_LENGTH);
    }
}
