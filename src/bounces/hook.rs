//! What a provider tells by webhook: believed by its signature, joined to a letter by our token, written down before it is
//! acknowledged.

use super::effect::{self, Event};
use super::{BouncesError, proof, take_in};
use crate::app::App;
use crate::config::HookTrust;
use crate::mail::events::{self, Notice, Provider, Refusal, Request, Trust};
use crate::mail::report::Traces;
use crate::model::bounce::Class;
use crate::model::clock::to_micros;
use crate::source::fetch::{Ask, Caps, Fetcher, Reach};
use crate::store::budgets::{self, Budget};
use crate::store::{Conn, StoreError};

/// How long a word that may be used once is remembered, in microseconds; a signature is believed for five minutes.
const REMEMBERED: i64 = 3_600_000_000;
/// Largest certificate, in bytes.
const CERTIFICATE: usize = 64 * 1024;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAnswer {
    /// Every event is written down; these people want to leave, by token.
    Done(Vec<String>),
    /// No such provider is believed here.
    NotHere,
    /// Not believed; why.
    Refused(String),
    /// Believed, and no JSON that this provider writes.
    Unreadable,
}

impl From<Refusal> for HookAnswer {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

/// Takes a request to `/hooks/bounces/WORD`: headers with names in lower case, the body as it came.
///
/// # Errors
/// Of the database, and of SNS where its certificate cannot be fetched: the provider should try again.
pub async fn take_hook(
    app: &App,
    word: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<HookAnswer, BouncesError> {
    let settings = app.settings();
    let hooks = &settings.bounces.hooks;
    let Some(hook) = hooks.iter().find(|hook| hook.provider.word() == word) else {
        return Ok(HookAnswer::NotHere);
    };
    match &hook.trust {
        HookTrust::Topics(topics) => by_sns(app, topics, body).await,
        HookTrust::Secret(secret) => {
            let trust = Trust {
                provider: hook.provider,
                secret,
                now: app.clock.now(),
            };
            match events::authentic(&Request { headers, body }, &trust) {
                Ok(once) => write_down(app, hook.provider, once.as_deref(), body).await,
                Err(refusal) => Ok(refusal.into()),
            }
        }
    }
}

/// A notice of SNS about one of our topics.
async fn by_sns(app: &App, topics: &[String], body: &[u8]) -> Result<HookAnswer, BouncesError> {
    let Ok(notice) = serde_json::from_slice::<Notice>(body) else {
        return Ok(Refusal::Unsigned.into());
    };
    if !topics.contains(&notice.topic_arn) {
        let why = format!("its topic {} is not in bounces.ses.topics", notice.topic_arn);
        return Ok(HookAnswer::Refused(why));
    }
    let Some(address) = events::certificate_address(&notice) else {
        return Ok(Refusal::Unsigned.into());
    };
    let caps = Caps {
        redirects: 0,
        bytes: CERTIFICATE,
        ..Caps::default()
    };
    let fetcher = Fetcher::new(Reach::public([]), caps)?;
    let certificate = fetcher.fetch(Ask::get(address)).await?;
    if let Err(refusal) = events::is_signed(&notice, &certificate.body, app.clock.now()) {
        return Ok(refusal.into());
    }
    match (notice.kind.as_str(), notice.confirmation_address()) {
        ("SubscriptionConfirmation", Some(address)) => {
            fetcher.fetch(Ask::get(address)).await?;
            tracing::info!(topic = notice.topic_arn, "a topic of SNS is subscribed to");
            Ok(HookAnswer::Done(Vec::new()))
        }
        ("Notification", _) => write_down(app, Provider::Ses, None, notice.message.as_bytes()).await,
        _ => Ok(HookAnswer::Done(Vec::new())),
    }
}

/// All events of a request in one transaction; `once` must not have been seen before.
async fn write_down(
    app: &App,
    provider: Provider,
    once: Option<&str>,
    body: &[u8],
) -> Result<HookAnswer, BouncesError> {
    let Some(told) = events::read(provider, body) else {
        return Ok(HookAnswer::Unreadable);
    };
    let mut conn = app.database.begin().await?;
    if let Some(once) = once
        && !is_first(app, &mut conn, provider, once).await?
    {
        return Ok(HookAnswer::Refused("it was told before".to_owned()));
    }
    let mut leaves = Vec::new();
    for event in told {
        leaves.extend(take(app, &mut conn, provider, event).await?);
    }
    conn.commit().await?;
    Ok(HookAnswer::Done(leaves))
}

async fn is_first(app: &App, conn: &mut Conn, provider: Provider, once: &str) -> Result<bool, StoreError> {
    let now = to_micros(app.clock.now());
    // Budgets that are full again are forgotten by whoever tells hubs what is new.
    let budget = Budget {
        scope: format!("hook:{}:{once}", provider.word()),
        interval: REMEMBERED,
        burst: 1,
    };
    budgets::take(conn, &budget, now).await
}

/// One event; the token of somebody who wants to leave. Never by address alone.
async fn take(
    app: &App,
    conn: &mut Conn,
    provider: Provider,
    event: events::Event,
) -> Result<Option<String>, StoreError> {
    let traces = Traces {
        message_words: event.words.clone(),
        recipients: event.fate.recipient.iter().cloned().collect(),
        tokens: event.words,
        ..Traces::default()
    };
    let Some(letter) = proof::letter(app, conn, &traces).await? else {
        tracing::debug!(provider = provider.word(), "an event about a letter that is not ours");
        return Ok(None);
    };
    let judgement = event.fate.judgement;
    let status = judgement.status.map(|status| status.to_string());
    let taken = effect::take(
        app,
        conn,
        Event {
            key: format!("{}/{}", provider.word(), event.id),
            source: provider.word().to_owned(),
            subscriber: letter.subscriber,
            issue: letter.issue.clone(),
            class: judgement.class,
            certain: judgement.certain,
            code: status.or_else(|| judgement.reply.map(|code| code.to_string())),
            said: event.fate.said,
        },
    )
    .await?;
    if judgement.class == Class::OptOut && taken != "known" {
        return take_in::leave_token(app, conn, &letter).await;
    }
    Ok(None)
}
