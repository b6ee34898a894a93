//! A person's own data: a fresh link is asked for, and does one thing. Only POST acts.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::answer::{Answer, token_page};
use super::body::Pairs;
use super::{Shared, answered};
use crate::app::App;
use crate::subscribe::{self, pages};

/// The routes of these pages.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/preferences/{token}/link", post(send_link))
        .route("/preferences/{token}/data", get(data).post(act))
        .route(
            "/preferences/{token}/address",
            get(ask_new_address).post(take_new_address),
        )
}

async fn send_link(State(app): Shared, Path(token): Path<String>) -> Answer {
    let sent = subscribe::send_link(&app, &token).await;
    answered(&app, sent.and_then(|()| pages::link_sent(&app)))
}

async fn data(State(app): Shared, Path(token): Path<String>) -> Answer {
    let email = subscribe::address_of(&app, &token).await;
    answered(&app, email.and_then(|email| pages::data(&app, &token, &email, None)))
}

async fn act(State(app): Shared, Path(token): Path<String>, body: Bytes) -> Answer {
    let Some(pairs) = Pairs::read(&body) else {
        return Ok(StatusCode::BAD_REQUEST.into_response());
    };
    match pairs.value("act").as_str() {
        "download" => download(&app, &token).await,
        "address" => {
            let email = pairs.value("email");
            match subscribe::ask_new_address(&app, &token, &email).await {
                Err(error) if error.is_theirs() => again(&app, &token, error.to_string()).await,
                asked => answered(&app, asked.and_then(|()| pages::address_asked(&app, &email))),
            }
        }
        "erase" if pairs.value("sure") == "yes" => {
            let erased = subscribe::erase_oneself(&app, &token).await;
            answered(&app, erased.and_then(|()| pages::erased(&app)))
        }
        "erase" => {
            again(
                &app,
                &token,
                "Please tick the box first: erasing cannot be undone.".to_owned(),
            )
            .await
        }
        _ => again(&app, &token, "Please choose one of these.".to_owned()).await,
    }
}

/// The page once more, with what to mend.
async fn again(app: &App, token: &str, error: String) -> Answer {
    match subscribe::address_of(app, token).await {
        Ok(email) => {
            let page = pages::data(app, token, &email, Some(error))?;
            Ok(token_page(StatusCode::BAD_REQUEST, page))
        }
        Err(error) => answered(app, Err(error)),
    }
}

async fn download(app: &App, token: &str) -> Answer {
    let shown = match subscribe::download(app, token).await {
        Ok(shown) => shown,
        Err(error) => return answered(app, Err(error)),
    };
    let mut response = token_page(StatusCode::OK, serde_json::to_string_pretty(&shown)?);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

async fn ask_new_address(State(app): Shared, Path(token): Path<String>) -> Answer {
    let email = subscribe::new_address(&app, &token).await;
    answered(
        &app,
        email.and_then(|email| pages::new_address(&app, &token, &email, None)),
    )
}

async fn take_new_address(State(app): Shared, Path(token): Path<String>) -> Answer {
    match subscribe::take_new_address(&app, &token).await {
        Err(error) if error.is_theirs() => {
            let email = subscribe::new_address(&app, &token).await?;
            let page = pages::new_address(&app, &token, &email, Some(error.to_string()))?;
            Ok(token_page(StatusCode::BAD_REQUEST, page))
        }
        moved => answered(&app, moved.and_then(|email| pages::address_changed(&app, &email))),
    }
}
