//! The door to the world: feeds, subscription pages, archive, health.
//!
//! ```text
//! connection ──▶ [server] limit, [patience], [host], [moves] ──▶ security headers ──▶ failures named ──▶ panics caught
//!                         ──▶ time-out ──▶ body limit ──▶ a page, [hooks], or [feeds] for every other path
//! ```
//!
//! Feeds are answered from memory; nothing here runs SQL or builds a message.

mod archive;
mod coding;
mod conditional;
mod date;
mod failure;
mod feeds;
mod health;
mod hooks;
mod host;
mod metrics;
mod moves;
mod outbox;
mod patience;
mod people;
mod server;
mod websub;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use failure::Failure;
pub use patience::Limits;
pub use server::{HttpError, serve};

use crate::app::App;

/// Bytes that a request may carry: forms are small.
const LARGEST_BODY: usize = 16 * 1024;
/// How long an answer may take.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// What pages may do: nothing but show their own styles and pictures and send their own forms.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// What is served beside feeds and pages, and to how slow a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// A page that shows the letters in the outbox folder: for the demo.
    pub outbox: bool,
    /// What is held against slow clients.
    pub limits: Limits,
}

/// Every route of the service.
pub fn router(app: Arc<App>, options: Options) -> Router {
    let mut pages = Router::new()
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(people::routes())
        .merge(websub::routes())
        .merge(archive::routes(options));
    if options.outbox {
        pages = pages.merge(outbox::routes());
    }
    pages
        .fallback(feeds::serve)
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .merge(hooks::routes())
        .merge(people::rating::routes())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            LONGEST_ANSWER,
        ))
        .layer(CatchPanicLayer::custom(failure::of_panic))
        .layer(from_fn_with_state(Arc::clone(&app), failure::name))
        .layer(from_fn(secure))
        .with_state(app)
}

/// Adds the security headers that an answer does not set itself. A 304 keeps those that were stored with the document.
async fn secure(request: Request, next: Next) -> Response {
    secured(next.run(request).await)
}

fn secured(mut response: Response) -> Response {
    if response.status() != StatusCode::NOT_MODIFIED {
        let headers = response.headers_mut();
        set_if_absent(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set_if_absent(headers, header::REFERRER_POLICY, "no-referrer");
        set_if_absent(headers, header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    }
    response
}

fn set_if_absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// The shared state as handlers take it.
type Shared = State<Arc<App>>;
