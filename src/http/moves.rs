//! From hosts that this service had before to where it is now (`feeds.md` 13): one step, for good, and never for other hosts.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use axum::response::Response;

use crate::app::App;
use crate::model::network::is_trusted;
use crate::syndicate;

use super::feeds::moved;
use super::secured;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The redirect of a reader who asks at an old host; `None` for everybody else. A form that is posted there is taken where it
/// is: links in old letters go on to work, and a redirect would make a question of it.
pub(super) fn to_new_host<B>(app: &App, peer: SocketAddr, request: &Request<B>) -> Option<Response> {
    let settings = app.settings();
    if settings.http.old_hosts.is_empty() || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let is_proxied = is_trusted(peer.ip(), &settings.http.trusted_proxies);
    let host = asked(request, is_proxied)?;
    let mut known = settings.http.old_hosts.iter().filter(|old| old.name == host);
    let is_plain = is_proxied && came_plain(request.headers());
    known.find(|old| is_plain || !old.plain_only)?;
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let path = syndicate::now_at(app, request.uri().path());
    let mut response = moved(&format!("{}{query}", settings.http.address(&path)));
    // What a header decides that no cache knows must be in none: another reader of the same address would be led in a circle.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(secured(response))
}

/// The host that a reader asked, in lower case and without port (RFC 9112 section 3.2.2: what the target names counts more than
/// the header); a trusted proxy may have kept it in a header of its own.
fn asked<B>(request: &Request<B>, is_proxied: bool) -> Option<String> {
    let headers = request.headers();
    let kept = headers.get(FORWARDED_HOST).filter(|_| is_proxied);
    let kept = kept.and_then(|kept| kept.to_str().ok()?.split(',').next());
    let named = || match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(header::HOST)?.to_str().ok(),
    };
    let host = kept.or_else(named)?.trim();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, _)) => inner,
        None => host.split(':').next().unwrap_or_default(),
    };
    Some(name.trim_end_matches('.').to_ascii_lowercase())
}

/// Whether the reader came without encryption. Where proxies stand behind each other, only if all say so: else whoever came
/// encrypted would be led in a circle.
fn came_plain(headers: &HeaderMap) -> bool {
    let mut said = headers
        .get_all(FORWARDED_PROTO)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .peekable();
    said.peek().is_some() && said.all(|scheme| scheme.trim().eq_ignore_ascii_case("http"))
}
