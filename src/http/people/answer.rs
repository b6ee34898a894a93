//! Answers with the headers that belong to them (`subscribers-and-security.md` E9, E10). There is never a cookie.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::Failure;
use crate::app::App;

/// What a handler gives.
pub(super) type Answer = Result<Response, Failure>;

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
const HTML: &str = "text/html; charset=utf-8";

/// A page that anybody may see.
pub(super) fn open_page(status: StatusCode, page: String) -> Response {
    let headers = [(header::CONTENT_TYPE, HTML), (header::CACHE_CONTROL, "no-store")];
    (status, headers, page).into_response()
}

/// A page for the holder of a link: kept nowhere and found by nobody.
pub(super) fn token_page(status: StatusCode, page: String) -> Response {
    let mut response = open_page(status, page);
    response
        .headers_mut()
        .insert(ROBOTS, HeaderValue::from_static("noindex"));
    response
}

/// The answer to a program. Pages of the author's site may read it, those of no other.
pub(super) fn json(app: &App, asked: &HeaderMap, result: Result<(), (StatusCode, String)>) -> Response {
    let mut response = match result {
        Ok(()) => Json(json!({ "status": "check_mailbox" })).into_response(),
        Err((status, reason)) => (status, Json(json!({ "error": reason }))).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = friendly_origin(app, asked) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// May a page of that origin send JSON?
pub(super) fn preflight(app: &App, asked: &HeaderMap) -> Response {
    let mut response = match friendly_origin(app, asked) {
        None => StatusCode::FORBIDDEN.into_response(),
        Some(origin) => {
            let allowed = [
                (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
                (header::ACCESS_CONTROL_MAX_AGE, "600"),
            ];
            (
                StatusCode::NO_CONTENT,
                [(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)],
                allowed,
            )
                .into_response()
        }
    };
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// The origin of the request, if it is that of the author's site.
fn friendly_origin(app: &App, asked: &HeaderMap) -> Option<HeaderValue> {
    let origin = asked.get(header::ORIGIN)?;
    let site = app.settings().site.url.origin().ascii_serialization();
    (origin.as_bytes() == site.as_bytes()).then(|| origin.clone())
}
