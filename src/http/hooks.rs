//! `/hooks/bounces/PROVIDER`: events of mail providers, answered once they are written down.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tower_http::limit::RequestBodyLimitLayer;

use super::{Failure, Shared};
use crate::app::App;
use crate::bounces::{self, HookAnswer};
use crate::subscribe::{self, SubscribeError};

/// Bytes that a provider may send.
const LARGEST: usize = 1 << 20;

/// The route, with room for more than a form.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/hooks/bounces/{provider}", post(take))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST))
}

async fn take(
    State(app): Shared,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let answer = bounces::take_hook(&app, &provider, &headers, &body).await?;
    let status = match answer {
        HookAnswer::Done(leaves) => {
            for token in leaves {
                match subscribe::leave(&app, &token).await {
                    Ok(_) | Err(SubscribeError::BadLink) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            StatusCode::OK
        }
        HookAnswer::NotHere => StatusCode::NOT_FOUND,
        HookAnswer::Refused(why) => {
            tracing::warn!(provider, why, "a webhook is not believed");
            StatusCode::UNAUTHORIZED
        }
        HookAnswer::Unreadable => StatusCode::BAD_REQUEST,
    };
    Ok(status.into_response())
}
