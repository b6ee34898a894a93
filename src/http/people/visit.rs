//! Where a visitor comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderName;
use axum::http::request::Parts;

use crate::app::App;
use crate::model::network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the visitor, behind the proxies that the author trusts; `None` where the server does not say.
pub(in crate::http) struct Visitor(pub(in crate::http) Option<IpAddr>);

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip());
        // A value that is no text ends the walk there, as any other hop that cannot be read.
        let forwarded = parts
            .headers
            .get_all(FORWARDED_FOR)
            .iter()
            .map(|value| value.to_str().unwrap_or("?"));
        let trusted = &app.settings().http.trusted_proxies;
        Ok(Self(peer.map(|peer| network::client(peer, forwarded, trusted))))
    }
}
