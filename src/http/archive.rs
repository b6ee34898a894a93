//! The start page, the archive of issues, and the style sheet of all pages.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{Failure, Options, Shared};
use crate::app::App;
use crate::compose::{self, ArchivedIssue};

/// An issue is a letter shown as a page: its own inline styles and the author's pictures, never a script.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox \
     allow-top-navigation-by-user-activation";

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The routes of these pages.
pub(super) fn routes(options: Options) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(move |state| home(state, options)))
        .route("/issues", get(issues))
        .route("/issues/{id}", get(issue))
        .route("/pages.css", get(style))
}

async fn home(State(app): Shared, options: Options) -> Result<Response, Failure> {
    Ok(Html(compose::home_page(&app, options.outbox).await?).into_response())
}

async fn issues(State(app): Shared) -> Result<Response, Failure> {
    Ok(([(ROBOTS, "noindex")], Html(compose::archive_page(&app).await?)).into_response())
}

async fn issue(State(app): Shared, Path(id): Path<String>) -> Result<Response, Failure> {
    match compose::issue_page(&app, &id).await? {
        ArchivedIssue::Page(page) => Ok(letter(page)),
        ArchivedIssue::Unknown => not_found(&app),
    }
}

/// The HTML of a letter as a page of its own.
pub(super) fn letter(html: String) -> Response {
    let headers = [(ROBOTS, "noindex"), (header::CONTENT_SECURITY_POLICY, LETTER_POLICY)];
    (headers, Html(html)).into_response()
}

/// The page for addresses that lead nowhere.
pub(super) fn not_found(app: &App) -> Result<Response, Failure> {
    Ok((StatusCode::NOT_FOUND, Html(compose::not_found_page(app)?)).into_response())
}

async fn style(State(app): Shared) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/css; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ];
    (headers, app.templates.css(&app.settings().site.theme)).into_response()
}
