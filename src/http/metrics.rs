//! For those who watch over the service: `/metrics` in the text of OpenMetrics 1.0.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::syndicate::{self, Figures};

use super::Shared;
use super::feeds::is_forwarded;

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/metrics", get(metrics))
}

/// Only this machine and networks that the operator lists are told; for others there is nothing (404). What a proxy passes
/// on comes from elsewhere, even where the proxy is on this machine.
async fn metrics(State(app): Shared, peer: Option<Extension<ConnectInfo<SocketAddr>>>, headers: HeaderMap) -> Response {
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    if !peer.is_some_and(|peer| may_look(&app, peer, &headers)) {
        return (StatusCode::NOT_FOUND, "Nothing is published at this address.\n").into_response();
    }
    match text(&syndicate::figures(&app)) {
        Ok(text) => (
            [(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn may_look(app: &App, peer: IpAddr, headers: &HeaderMap) -> bool {
    let settings = app.settings();
    let is_listed = settings.http.metrics_allow.iter().any(|range| range.contains(peer));
    !is_forwarded(headers) && (peer.to_canonical().is_loopback() || is_listed)
}

fn text(figures: &Figures) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::default();
    let requests = Family::<[(&'static str, String); 1], Counter>::default();
    for (status, count) in &figures.requests {
        requests.get_or_create(&[("status", status.to_string())]).inc_by(*count);
    }
    registry.register("feed_requests", "Answers to requests for feeds", requests);
    let errors: Counter = Counter::default();
    errors.inc_by(figures.errors);
    registry.register(
        "feed_render_errors",
        "Articles left out of feeds, and documents that could not be made",
        errors,
    );
    let stale = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    stale.set(figures.stale.as_secs_f64());
    registry.register_with_unit(
        "feed_stale",
        "How long readers have been served what was good last",
        Unit::Seconds,
        stale,
    );
    let mut put = |name, help, value: usize| {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    put(
        "feed_bytes",
        "Bytes of feeds in memory, with compressed copies",
        figures.bytes,
    );
    put("feeds_resident", "Feeds in memory", figures.resident);
    put("feeds", "Feeds", figures.feeds);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}
