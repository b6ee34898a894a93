//! What a subscriber is sent: the newest document of a topic, signed where there is a secret.

use std::sync::Arc;

use url::Url;

use crate::app::App;
use crate::feed::Prepared;
use crate::source::fetch::{Ask, header};
use crate::store::websub::{Job, Subscription};
use crate::syndicate::{Answer, SyndicateError, answer, refresh};

/// The document of a topic; `None` when it is none of ours, or not any more.
pub(super) async fn document(app: &App, topic: &str) -> Result<Option<Arc<Prepared>>, SyndicateError> {
    let Some(path) = super::path(&app.settings(), topic) else {
        return Ok(None);
    };
    if !app.feeds.is_rendered() {
        refresh(app).await?;
    }
    match answer(app, &path).await {
        Answer::Document(document) if document.topic() == Some(topic) => Ok(Some(document)),
        Answer::NotYet => Err(SyndicateError::Unrendered(topic.to_owned())),
        _ => Ok(None),
    }
}

/// The document that a job is about, or a newer one: another node may have noted bytes that this one has not rendered yet.
pub(super) async fn newest(app: &App, job: &Job) -> Result<Option<Arc<Prepared>>, SyndicateError> {
    let held = document(app, &job.topic).await?;
    if held.as_ref().is_some_and(|document| document.tag() == job.tag) {
        return Ok(held);
    }
    refresh(app).await?;
    document(app, &job.topic).await
}

/// The whole document as it is served, with what it is and who sends it; `None` when the secret cannot be opened any more.
pub(super) fn signed(app: &App, subscription: &Subscription, document: &Prepared, callback: Url) -> Option<Ask> {
    let body = document.bodies().identity();
    let ask = Ask::post(callback, document.kind().content_type(false), body.to_vec())
        .with(&header::LINK, document.link().unwrap_or_default());
    let Some(sealed) = &subscription.secret else {
        return Some(ask);
    };
    let secret = app.keys.unseal(&subscription.id, sealed)?;
    let signature = app.settings().feeds.websub.signature.of(&secret, body);
    Some(ask.with(&header::HeaderName::from_static("x-hub-signature"), &signature))
}
