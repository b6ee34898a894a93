//! The outbox folder as pages: only in the demo, because letters hold addresses and links of people.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{Failure, Shared, archive};
use crate::app::App;
use crate::deliver::{OutboxView, outbox_letter, outbox_page};

/// Letters are shown in frames of our own pages.
const FRAMING_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The routes of these pages.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/outbox", get(list))
        .route("/outbox/{name}", get(page))
        .route("/outbox/{name}/html", get(html))
        .route("/outbox/{name}/source", get(source))
}

async fn list(State(app): Shared) -> Result<Response, Failure> {
    Ok(([(header::CACHE_CONTROL, "no-store")], Html(outbox_page(&app)?)).into_response())
}

async fn page(State(app): Shared, Path(name): Path<String>) -> Result<Response, Failure> {
    match outbox_letter(&app, &name, OutboxView::Page)? {
        Some(page) => Ok(([(header::CONTENT_SECURITY_POLICY, FRAMING_POLICY)], Html(page)).into_response()),
        None => archive::not_found(&app),
    }
}

async fn html(State(app): Shared, Path(name): Path<String>) -> Result<Response, Failure> {
    match outbox_letter(&app, &name, OutboxView::Html)? {
        Some(html) => Ok(archive::letter(html)),
        None => archive::not_found(&app),
    }
}

async fn source(State(app): Shared, Path(name): Path<String>) -> Result<Response, Failure> {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    match outbox_letter(&app, &name, OutboxView::Source)? {
        Some(source) => Ok(([(header::CONTENT_TYPE, plain)], source).into_response()),
        None => archive::not_found(&app),
    }
}
