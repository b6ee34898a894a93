//! Rating an article: from a letter, and from the article's own page. Only POST keeps anything.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower_http::limit::RequestBodyLimitLayer;

use super::answer::{Answer, token_page};
use super::body::Pairs;
use super::visit::Visitor;
use super::{PAGE_POLICY, Shared};
use crate::app::App;
use crate::feedback::{self, About, FeedbackError, Typed, pages};
use crate::model::rating::{Origin, Rating};

/// Bytes that a form may have: 2,000 characters of any script, as a form writes them (9 or 12 bytes each).
const LARGEST: usize = 32 * 1024;

/// The routes of these pages, with room for a comment.
pub(in crate::http) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/feedback", get(find))
        .route("/feedback/{token}", get(ask).post(answer))
        .layer(RequestBodyLimitLayer::new(LARGEST))
}

/// A query, where one that cannot be read is none: it is never a visitor's fault.
struct Lenient<T>(T);

impl<T: DeserializeOwned + Default> FromRequestParts<Arc<App>> for Lenient<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(
            Query::try_from_uri(&parts.uri)
                .map(|Query(read)| read)
                .unwrap_or_default(),
        ))
    }
}

/// What a form on an article's page sends.
#[derive(Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    article: String,
    #[serde(default)]
    rating: String,
}

/// Leads to the page of an article, with a rating chosen.
async fn find(State(app): Shared, Lenient(wanted): Lenient<Wanted>) -> Answer {
    match feedback::address_for(&app, &wanted.article).await {
        Ok(path) => {
            let chosen = Rating::parse(&wanted.rating).map(|rating| format!("?rating={}", rating.number()));
            let address = app.settings().http.address(&path);
            Ok(Redirect::to(&format!("{address}{}", chosen.unwrap_or_default())).into_response())
        }
        Err(FeedbackError::NoArticle(_)) => unknown(&app),
        Err(error) => Err(error.into()),
    }
}

/// What a link of a letter adds.
#[derive(Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    rating: String,
}

async fn ask(State(app): Shared, Path(token): Path<String>, Lenient(chosen): Lenient<Chosen>) -> Answer {
    let typed = Typed {
        rating: chosen.rating,
        ..Typed::default()
    };
    match feedback::about(&app, &token).await {
        Ok(about) => {
            let page = pages::ask(&app, &token, &about, &typed, false)?;
            Ok(framed(&app, &about, token_page(StatusCode::OK, page)))
        }
        Err(FeedbackError::BadLink) => unknown(&app),
        Err(error) => Err(error.into()),
    }
}

async fn answer(
    State(app): Shared,
    Path(token): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Some(pairs) = Pairs::read(&body) else {
        return Ok(StatusCode::BAD_REQUEST.into_response());
    };
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let typed = Typed {
        network: visitor.0,
        agent: agent.unwrap_or_default().to_owned(),
        ..pairs.opinion()
    };
    match feedback::answer(&app, &token, &typed).await {
        Ok(about) => {
            let page = token_page(StatusCode::OK, pages::thanks(&app, &about)?);
            Ok(framed(&app, &about, page))
        }
        Err(FeedbackError::NoRating) => {
            let about = feedback::about(&app, &token).await?;
            let page = pages::ask(&app, &token, &about, &typed, true)?;
            Ok(framed(&app, &about, token_page(StatusCode::BAD_REQUEST, page)))
        }
        Err(FeedbackError::BadLink) => unknown(&app),
        Err(error) => Err(error.into()),
    }
}

/// The page of an article may stand in a frame on the author's site, and on no other.
fn framed(app: &App, about: &About, response: Response) -> Response {
    match about.origin() {
        Origin::Page => in_frames_of_the_site(app, response),
        Origin::Letter => response,
    }
}

fn in_frames_of_the_site(app: &App, mut response: Response) -> Response {
    let site = app.settings().site.url.origin().ascii_serialization();
    let policy = PAGE_POLICY.replace("frame-ancestors 'none'", &format!("frame-ancestors {site}"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The same page for everything that cannot be rated; it may stand where the page of an article does.
fn unknown(app: &App) -> Answer {
    let page = token_page(StatusCode::NOT_FOUND, pages::unknown(app)?);
    Ok(in_frames_of_the_site(app, page))
}
