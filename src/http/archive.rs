//! To come.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// To come.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
}
