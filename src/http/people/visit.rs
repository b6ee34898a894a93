//! Where a visitor comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use crate::app::App;
use crate::model::network;

/// What most proxies add.
pub(in crate::http) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the visitor, behind the proxies that the author trusts; `None` where the server does not say.
pub(in crate::http) struct Visitor(pub(in crate::http) Option<IpAddr>);

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip());
        let trusted = &app.settings().http.trusted_proxies;
        Ok(Self(peer.map(|peer| client(peer, &parts.headers, trusted))))
    }
}

/// The client that proxies name in `X-Forwarded-For`, and where there is none, in `Forwarded` (RFC 7239).
pub(in crate::http) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    // A value that is no text ends the walk there, as any other hop that cannot be read.
    let values = |name: HeaderName| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
    if headers.contains_key(FORWARDED_FOR) {
        network::client(peer, values(FORWARDED_FOR), trusted)
    } else {
        network::client(
            peer,
            values(header::FORWARDED).flat_map(network::forwarded_for),
            trusted,
        )
    }
}
