//! For those who watch over the service: `/health/live`, `/health/ready`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::app::App;
use crate::syndicate;

use super::Shared;

#[derive(Serialize)]
struct Ready {
    ready: bool,
    reasons: Vec<&'static str>,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
}

/// The process answers.
async fn live() -> Response {
    (
        [(header::CACHE_CONTROL, "no-store")],
        Json(serde_json::json!({ "live": true })),
    )
        .into_response()
}

/// The service can do its work: 200, else 503 with the codes of what is missing. Looks at memory only.
async fn ready(State(app): Shared) -> Response {
    let now = syndicate::readiness(&app);
    let status = if now.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let said = Ready {
        ready: now.ready,
        reasons: now.reasons,
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(said)).into_response()
}
