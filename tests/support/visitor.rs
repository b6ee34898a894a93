//! Somebody with a browser, who knocks at the real router.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use letterpress::http;
use tower::ServiceExt;

use super::mailroom::Press;

const AGENT: &str = "Reader/1.0";

/// An answer.
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// A request from an address; `form` is the body of a POST.
pub(crate) async fn knock(press: &Press, method: &str, path: &str, from: &str, form: &str) -> Got {
    knock_as(press, (method, path), from, AGENT, form).await
}

/// The same by a program of some name.
pub(crate) async fn knock_as(press: &Press, (method, path): (&str, &str), from: &str, agent: &str, form: &str) -> Got {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::USER_AGENT, agent)
        .body(Body::from(form.to_owned()))
        .unwrap();
    let peer = SocketAddr::new(from.parse().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    let router = http::router(Arc::clone(press.app()), http::Options::default());
    let (head, body) = router.oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    Got {
        status: head.status,
        headers: head.headers,
        text,
    }
}
