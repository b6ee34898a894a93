//! Feeds and their lists, to the letter of `feeds.md` 13.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::Format;
use crate::model::network;
use crate::syndicate::{self, Answer, Coding, Kind, Prepared};

use super::people::{FORWARDED_FOR, client};
use super::{Shared, coding, conditional, secured};

const METHODS: &str = "GET, HEAD, OPTIONS";
/// What a reader in a browser may see.
const EXPOSED: &str = "ETag, Link, Last-Modified, Retry-After";
const SHORTLY: &str = "public, max-age=60";
const FOR_A_DAY: &str = "public, max-age=86400";
/// What proxies add.
const FORWARDED: [HeaderName; 3] = [FORWARDED_FOR, header::FORWARDED, HeaderName::from_static("x-real-ip")];
/// What readers send that remember what they have.
const REMEMBERING: [HeaderName; 2] = [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Answers every path that is no page. The query is ignored.
pub(super) async fn serve(
    State(app): Shared,
    method: Method,
    uri: Uri,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    let response = respond(&app, &method, &uri, peer, &headers).await;
    app.feeds.meters.note_request(response.status().as_u16());
    response
}

async fn respond(
    app: &App,
    method: &Method,
    uri: &Uri,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: &HeaderMap,
) -> Response {
    let answer = syndicate::answer(app, uri.path()).await;
    if matches!(answer, Answer::NotFound) {
        return plain(
            StatusCode::NOT_FOUND,
            "Nothing is published at this address.\n",
            SHORTLY,
        );
    }
    match *method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return preflight(),
        _ => return refused(),
    }
    let reading = Reading {
        app,
        headers,
        peer: peer.map(|Extension(ConnectInfo(peer))| peer.ip()),
    };
    match answer {
        Answer::Document(document) => {
            let response = reading.answer(&document, *method == Method::HEAD).await;
            if let Some(path) = syndicate::path_of(uri.path()) {
                reading.count(&path, &document, &response);
            }
            response
        }
        Answer::Private(document) => private(reading.answer(&document, *method == Method::HEAD).await),
        Answer::Moved(to) => moved(&to),
        Answer::Gone => plain(StatusCode::GONE, "This feed is no longer published.\n", SHORTLY),
        Answer::NotYet | Answer::NotFound => not_yet(),
    }
}

/// The answer to a reader whose document lies ready: it passes no layer that the pages need, and costs about half of what it
/// would with them. `None` for everything else.
pub(super) fn at_hand<B: HttpBody>(app: &App, peer: SocketAddr, request: &Request<B>) -> Option<Response> {
    let head_only = match *request.method() {
        Method::GET => false,
        Method::HEAD => true,
        _ => return None,
    };
    if !request.body().is_end_stream() {
        return None;
    }
    let document = syndicate::at_hand(app, request.uri().path())?;
    let reading = Reading {
        app,
        headers: request.headers(),
        peer: Some(peer.ip()),
    };
    let response = reading.quick(&document, head_only)?;
    app.feeds.meters.note_request(response.status().as_u16());
    reading.count(request.uri().path().trim_start_matches('/'), &document, &response);
    Some(secured(response))
}

/// Whether a proxy, or somebody who poses as one, passed a request on.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.iter().any(|name| headers.contains_key(name))
}

/// One request for a document.
struct Reading<'a> {
    app: &'a App,
    headers: &'a HeaderMap,
    peer: Option<IpAddr>,
}

impl Reading<'_> {
    /// The answer; the first reader that wants a coding waits until the document is in it.
    async fn answer(&self, document: &Arc<Prepared>, head_only: bool) -> Response {
        if let Some(answer) = self.quick(document, head_only) {
            return answer;
        }
        let (made, coding) = (Arc::clone(document), coding::wanted(self.headers));
        let done = tokio::task::spawn_blocking(move || {
            made.bodies().get(coding);
        });
        if done.await.is_ok() {
            self.app.feeds.keep_within_budget();
        }
        self.quick(document, head_only).unwrap_or_else(not_yet)
    }

    /// The answer, where nothing has to be made for it.
    fn quick(&self, document: &Prepared, head_only: bool) -> Option<Response> {
        self.app.feeds.note_asked();
        let now = self.app.clock.now();
        // RFC 9110 §8.8.2.1: a date ahead of our clock is not announced.
        let changed = document.changed().filter(|at| *at <= FeedDate::new(now));
        let mut response = Response::new(Body::empty());
        self.describe(document, changed, response.headers_mut());
        if conditional::has_newest(self.headers, document.tag(), changed, now) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        let coding = coding::wanted(self.headers);
        let body = document.bodies().ready(coding)?;
        if !head_only && let Err(wait) = self.may_take(document.tag()) {
            return Some(too_many(wait));
        }
        self.describe_body(document, coding, body.len(), response.headers_mut());
        if !head_only {
            *response.body_mut() = Body::from(Bytes::from_owner(body));
        }
        Some(response)
    }

    /// Only whole copies of the same bytes are counted, and only for readers that remember nothing. Behind a proxy that
    /// is not trusted, or names nobody in a way that we read, all readers would be one network: they are not counted.
    fn may_take(&self, tag: &str) -> Result<(), Duration> {
        let settings = self.app.settings();
        let (Some(burst), Some(peer)) = (settings.feeds.burst, self.peer) else {
            return Ok(());
        };
        let trusted = settings.http.trusted_proxies.as_slice();
        let is_forwarded = is_forwarded(self.headers);
        let remembers = REMEMBERING.iter().any(|name| self.headers.contains_key(name));
        let client = client(peer, self.headers, trusted);
        if remembers || network::is_trusted(client, trusted) || (is_forwarded && !network::is_trusted(peer, trusted)) {
            return Ok(());
        }
        let (at, every) = (self.app.clock.since_boot(), syndicate::max_age(self.app));
        self.app.feeds.allowance.take((client, tag), at, burst, every)
    }

    /// Whoever was told of the newest feed reads it, with or without a copy; a browser that shows it once does not.
    fn count(&self, path: &str, document: &Prepared, response: &Response) {
        let is_told = matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED);
        if !is_told || self.is_opened_as_page() || !matches!(document.kind(), Kind::Feed(_)) {
            return;
        }
        let agent = self.headers.get(header::USER_AGENT);
        let settings = self.app.settings();
        let reading = syndicate::Reading {
            path,
            agent: agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default(),
            client: self
                .peer
                .map(|peer| client(peer, self.headers, &settings.http.trusted_proxies)),
        };
        syndicate::note(self.app, reading);
    }

    fn is_opened_as_page(&self) -> bool {
        self.headers.get(SEC_FETCH_DEST).is_some_and(|dest| dest == "document")
    }

    /// What a 304 says, too.
    fn describe(&self, document: &Prepared, changed: Option<FeedDate>, headers: &mut HeaderMap) {
        let age = syndicate::max_age(self.app).as_secs();
        put(headers, header::ETAG, &format!("W/\"{}\"", document.tag()));
        if let Some(changed) = changed {
            put(headers, header::LAST_MODIFIED, &changed.http());
        }
        let kept = format!("public, max-age={age}, stale-while-revalidate=60, stale-if-error=86400");
        let kept = if document.is_settled() { FOR_A_DAY } else { &kept };
        put(headers, header::CACHE_CONTROL, kept);
        put(headers, header::VARY, "Accept-Encoding, Sec-Fetch-Dest");
        put(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }

    fn describe_body(&self, document: &Prepared, coding: Coding, length: usize, headers: &mut HeaderMap) {
        put(
            headers,
            header::CONTENT_TYPE,
            document.kind().content_type(self.is_opened_as_page()),
        );
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if let Some(name) = coding.name() {
            put(headers, header::CONTENT_ENCODING, name);
        }
        if let Some(link) = document.link() {
            put(headers, header::LINK, link);
        }
        put(headers, header::ACCEPT_RANGES, "none");
        put(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if matches!(document.kind(), Kind::Feed(Format::Rss | Format::Atom)) {
            put(headers, header::CONTENT_SECURITY_POLICY, syndicate::FEED_POLICY);
        }
    }
}

/// A person's own feed is kept by that person's reader alone, found by no search, and read by no page.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let kept = headers.get(header::CACHE_CONTROL).and_then(|kept| kept.to_str().ok());
    let age = kept.and_then(|kept| kept.strip_prefix("public, ")?.split(',').next().map(str::to_owned));
    if let Some(age) = age {
        put(headers, header::CACHE_CONTROL, &format!("private, {age}"));
    }
    put(headers, ROBOTS, "noindex");
    headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    response
}

/// Leaves a header out that cannot be one; none of ours is such.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn plain(status: StatusCode, sentence: &'static str, kept: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, kept),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
    ];
    (status, headers, sentence).into_response()
}

/// In whole seconds: some readers cannot read a date here.
fn too_many(wait: Duration) -> Response {
    let sentence = "This feed was copied too often; ask with If-None-Match or If-Modified-Since.\n";
    let mut response = plain(StatusCode::TOO_MANY_REQUESTS, sentence, "no-store");
    let seconds = wait.as_secs().max(1).to_string();
    put(response.headers_mut(), header::RETRY_AFTER, &seconds);
    response
}

pub(super) fn moved(to: &str) -> Response {
    let mut response = plain(StatusCode::MOVED_PERMANENTLY, "This address has moved.\n", FOR_A_DAY);
    put(response.headers_mut(), header::LOCATION, to);
    response
}

fn not_yet() -> Response {
    let sentence = "This feed is being prepared; please ask again in a moment.\n";
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, sentence, "no-store");
    put(response.headers_mut(), header::RETRY_AFTER, "5");
    response
}

fn refused() -> Response {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "A feed can only be read.\n", "no-store");
    put(response.headers_mut(), header::ALLOW, METHODS);
    response
}

fn preflight() -> Response {
    let headers = [
        (header::ALLOW, METHODS),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
