//! Whom a request is meant for (RFC 9112 section 3.2): caches and proxies in between would each guess otherwise.

use axum::http::header::{self, HeaderValue};
use axum::http::{Request, StatusCode, Version};
use axum::response::{IntoResponse, Response};

use super::secured;

/// The answer to a request that names no host, several ones, or none that can be read; `None`: all is well.
pub(super) fn refusal<B>(request: &Request<B>) -> Option<Response> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_named = match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11 || is_named_by_itself(request),
        (Some(host), None) => is_host(host),
        (Some(_), Some(_)) => false,
    };
    (!is_named).then(|| {
        let headers = [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let sentence = "A request names its host once, as in Host: example.org.\n";
        secured((StatusCode::BAD_REQUEST, headers, sentence).into_response())
    })
}

/// HTTP/2 has `:authority` in place of the header.
fn is_named_by_itself<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_2 && request.uri().authority().is_some()
}

/// `example.org`, `192.0.2.1:8080` or `[2001:db8::1]:8080` (RFC 3986 section 3.2.2); an empty one is allowed.
fn is_host(value: &HeaderValue) -> bool {
    let Ok(value) = value.to_str() else { return false };
    let (is_name, port) = match value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, port)) => (
            !inner.is_empty() && inner.bytes().all(|byte| byte == b':' || is_plain(byte)),
            port,
        ),
        None => {
            let (name, port) = value.split_at(value.find(':').unwrap_or(value.len()));
            (name.bytes().all(|byte| byte == b'%' || is_plain(byte)), port)
        }
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    is_name && is_port
}

/// Unreserved characters and sub-delimiters.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}
