//! Pages for people: sign up, confirm, leave, choose, rate. GET and HEAD change nothing on any path; only POST acts, because
//! mail scanners follow every link of a letter.

mod answer;
mod body;
mod data;
pub(super) mod rating;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use self::answer::{Answer, open_page, token_page};
use self::body::{Pairs, SignUpBody};
pub(super) use self::visit::{FORWARDED_FOR, Visitor, client};
use super::{PAGE_POLICY, Shared};
use crate::app::App;
use crate::subscribe::{self, SubscribeError, pages};

/// The routes of these pages.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/subscribe", get(form).post(sign_up).options(preflight))
        .route("/confirm/{token}", get(ask_to_confirm).post(confirm))
        .route("/unsubscribe/{token}", get(ask_to_leave).post(leave))
        .route("/unsubscribe/{token}/undo", post(undo))
        .route("/preferences/{token}", get(preferences).post(set_preferences))
        .route("/preferences/{token}/renew", post(renew))
        .merge(data::routes())
}

async fn form(State(app): Shared) -> Answer {
    Ok(open_page(StatusCode::OK, pages::form(&app, "", None)?))
}

/// A form from any site, or JSON from the author's.
async fn sign_up(State(app): Shared, visitor: Visitor, headers: HeaderMap, body: Bytes) -> Answer {
    let read = SignUpBody::read(&headers, &body);
    let is_json = read
        .as_ref()
        .map_or_else(|refused| refused.is_json, |read| read.is_json);
    let result = match read {
        Ok(read) => match subscribe::sign_up(&app, &read.sign_up(visitor.0)).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_theirs() => Err((StatusCode::BAD_REQUEST, read.email, error.to_string())),
            Err(error) => return Err(error.into()),
        },
        Err(refused) => Err((refused.status, String::new(), refused.reason.to_owned())),
    };
    if is_json {
        return Ok(answer::json(
            &app,
            &headers,
            result.map_err(|(status, _, reason)| (status, reason)),
        ));
    }
    Ok(match result {
        Ok(()) => open_page(StatusCode::OK, pages::check_mailbox(&app)?),
        Err((status, typed, reason)) => open_page(status, pages::form(&app, &typed, Some(reason))?),
    })
}

/// The question of a browser whether a page of another site may send JSON here (Fetch Standard, *CORS protocol*).
async fn preflight(State(app): Shared, headers: HeaderMap) -> Response {
    answer::preflight(&app, &headers)
}

async fn ask_to_confirm(State(app): Shared, Path(token): Path<String>) -> Answer {
    answered(&app, pages::ask_to_confirm(&app, &token))
}

async fn confirm(State(app): Shared, Path(token): Path<String>) -> Answer {
    let done = subscribe::confirm(&app, &token).await;
    answered(&app, done.and_then(|done| pages::confirmed(&app, &done)))
}

async fn ask_to_leave(State(app): Shared, Path(token): Path<String>) -> Answer {
    answered(&app, pages::ask_to_leave(&app, &token))
}

/// The button, and the one-click request of a mail program (RFC 8058 §3.2), whose body says nothing new.
async fn leave(State(app): Shared, Path(token): Path<String>) -> Answer {
    let done = subscribe::leave(&app, &token).await;
    answered(&app, done.and_then(|done| pages::left(&app, &done)))
}

async fn undo(State(app): Shared, Path(token): Path<String>) -> Answer {
    let done = subscribe::undo(&app, &token).await;
    answered(&app, done.and_then(|done| pages::undone(&app, &done)))
}

async fn preferences(State(app): Shared, Path(token): Path<String>) -> Answer {
    let choices = subscribe::preferences(&app, &token).await;
    answered(
        &app,
        choices.and_then(|choices| pages::preferences(&app, &token, &choices, None)),
    )
}

async fn set_preferences(State(app): Shared, Path(token): Path<String>, body: Bytes) -> Answer {
    let Some(pairs) = Pairs::read(&body) else {
        return Ok(StatusCode::BAD_REQUEST.into_response());
    };
    match subscribe::set_preferences(&app, &token, &pairs.wishes()).await {
        Ok(_) => answered(&app, pages::saved(&app, &token)),
        Err(error) if error.is_theirs() => {
            let choices = subscribe::preferences(&app, &token).await?;
            let page = pages::preferences(&app, &token, &choices, Some(error.to_string()))?;
            Ok(token_page(StatusCode::BAD_REQUEST, page))
        }
        Err(error) => answered(&app, Err(error)),
    }
}

async fn renew(State(app): Shared, Path(token): Path<String>) -> Answer {
    let done = subscribe::renew_links(&app, &token).await;
    answered(&app, done.and_then(|path| pages::renewed(&app, &path)))
}

/// A page behind a token; every link that opens nothing gives the same bytes.
fn answered(app: &App, page: Result<String, SubscribeError>) -> Answer {
    match page {
        Ok(page) => Ok(token_page(StatusCode::OK, page)),
        Err(SubscribeError::BadLink) => Ok(token_page(StatusCode::NOT_FOUND, pages::bad_link(app)?)),
        Err(error) => Err(error.into()),
    }
}
