//! Failures: the visitor sees an id and nothing else, the log has the same id and the reason.

use std::any::Any;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::model::clock::mint_ulid;

/// What went wrong in a handler: `?` turns any error into it.
#[derive(Debug)]
pub struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The reason, on its way from the handler to [`name`].
#[derive(Debug, Clone)]
struct Reason(Arc<anyhow::Error>);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Reason(Arc::new(self.0)));
        response
    }
}

/// A panic is a failure like any other; its message goes to the log.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
pub(super) fn of_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    Failure(anyhow::anyhow!("a panic: {text}")).into_response()
}

/// Gives every 5xx that says nothing itself an id, and logs the reason under it.
pub(super) async fn name(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if !response.status().is_server_error() || response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let id = mint_ulid(&*app.clock, &*app.chance);
    if let Some(Reason(reason)) = response.extensions().get() {
        tracing::error!(id, reason = format!("{reason:#}"), "failed to answer a request");
    } else {
        tracing::error!(
            id,
            status = response.status().as_u16(),
            "failed to answer a request in time"
        );
    }
    *response.body_mut() = Body::from(format!(
        "Something went wrong here. Please try again later. (id {id})\n"
    ));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
