//! `/websub`: the built-in hub.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::people::Visitor;
use super::{Failure, Shared};
use crate::app::App;
use crate::syndicate::websub::{self, HubError};

const WHAT_IT_IS: &str = "This is a WebSub hub for the feeds of this service. Send a form with hub.mode, hub.callback and \
     hub.topic; see https://www.w3.org/TR/websub/.";
const NOT_HERE: &str = "There is no hub here.";
const TAKEN: &str = "Your callback will be asked whether it wants this.";

/// The route.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/websub", get(explain).post(ask))
}

async fn explain(State(app): Shared) -> Response {
    if websub::is_open(&app) {
        said(StatusCode::OK, WHAT_IT_IS)
    } else {
        said(StatusCode::NOT_FOUND, NOT_HERE)
    }
}

async fn ask(State(app): Shared, visitor: Visitor, body: Bytes) -> Result<Response, Failure> {
    if !websub::is_open(&app) {
        return Ok(said(StatusCode::NOT_FOUND, NOT_HERE));
    }
    let fields = url::form_urlencoded::parse(&body);
    let error = match websub::ask(&app, fields, visitor.0).await {
        Ok(()) => return Ok(said(StatusCode::ACCEPTED, TAKEN)),
        Err(error) => error,
    };
    let (status, wait) = match &error {
        HubError::Mistake(_) => (StatusCode::BAD_REQUEST, None),
        HubError::NoTopic => (StatusCode::NOT_FOUND, None),
        HubError::NotYet => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
        HubError::Busy(wait) => (StatusCode::SERVICE_UNAVAILABLE, Some(wait.as_secs())),
        HubError::TooMany(wait) => (StatusCode::TOO_MANY_REQUESTS, Some(wait.as_secs())),
        HubError::Store(_) => return Err(error.into()),
    };
    let mut response = said(status, &error.to_string());
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

fn said(status: StatusCode, sentence: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, format!("{sentence}\n")).into_response()
}
