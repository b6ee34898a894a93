//! Leaving, and taking it back within a quarter of an hour.

use super::confirm::left;
use super::sign_up::{NOTICE_FOR, queue};
use super::{SubscribeError, held, newsletter_of, now};
use crate::app::App;
use crate::config::Settings;
use crate::model::clock::from_micros;
use crate::model::links::{self, UNDO_FOR};
use crate::model::subscriber::{State, Suppressed};
use crate::store::subscribers::Subscriber;
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Conn, StoreError, suppressions};

/// The person ended an active subscription: it can be taken back.
const LEFT: &str = "left";
/// The person ended what was never confirmed.
const DECLINED: &str = "declined";

/// What the page after leaving says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Name of the newsletter.
    pub newsletter: String,
    /// Path that takes it back, without a leading slash; `None` when there is nothing to take back any more.
    pub undo: Option<String>,
}

/// Ends a subscription, and says so only once that is durable. Works for ever and any number of times (RFC 8058 §3.1).
///
/// # Errors
/// `BadLink` only for tokens that were not made here.
pub async fn leave(app: &App, token: &str) -> Result<Left, SubscribeError> {
    let link = links::Leave::read(&app.keys, token).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.begin().await?;
    let mut undo = None;
    if let Some((person, subscription)) = held(&mut conn, link.subscriber, link.newsletter).await? {
        let at = now(app);
        let ended = end(&mut conn, &person, subscription, "link", at).await?;
        say_goodbye(app, &mut conn, &ended, at).await?;
        conn.commit().await?;
        let expires = from_micros(ended.changed_at) + UNDO_FOR;
        let can_undo = ended.reason.as_deref() == Some(LEFT) && app.clock.now() < expires;
        undo = can_undo.then(|| {
            links::Undo {
                subscriber: person.id,
                newsletter: link.newsletter,
                expires,
            }
            .to_path(&app.keys)
        });
    }
    Ok(Left {
        newsletter: name_of(&app.settings(), link.newsletter),
        undo,
    })
}

/// Queues the last letter, where the author wants one, for somebody who left just now.
async fn say_goodbye(app: &App, conn: &mut Conn, ended: &Subscription, at: i64) -> Result<(), StoreError> {
    let settings = app.settings();
    let newsletter = settings.newsletter(&ended.newsletter_id);
    let is_wanted = newsletter.is_some_and(|newsletter| newsletter.goodbye);
    if !is_wanted || ended.reason.as_deref() != Some(LEFT) || ended.changed_at != at {
        return Ok(());
    }
    let (whom, newsletter) = (ended.subscriber_id, ended.newsletter_id.as_str());
    let key = format!("unsubscribed/{whom}/{newsletter}/{at}");
    queue(conn, "unsubscribed", &key, (whom, newsletter), at, NOTICE_FOR).await?;
    Ok(())
}

/// Ends a subscription and keeps imports from bringing it back; one that has ended stays as it is.
pub(super) async fn end(
    conn: &mut Conn,
    person: &Subscriber,
    subscription: Subscription,
    evidence: &str,
    at: i64,
) -> Result<Subscription, StoreError> {
    let reason = match subscription.stands()? {
        State::Unsubscribed => return Ok(subscription),
        State::Active => LEFT,
        State::Pending => DECLINED,
    };
    let ended = Subscription {
        state: State::Unsubscribed.word().to_owned(),
        reason: Some(reason.to_owned()),
        changed_at: at,
        ..subscription
    };
    subscriptions::save(conn, std::slice::from_ref(&ended)).await?;
    suppressions::put(conn, &left(person, &ended.newsletter_id, evidence, at)).await?;
    Ok(ended)
}

/// Takes a leave back: schedule, topics and floor are as before. Repeats show the same success and do nothing.
///
/// # Errors
/// `BadLink` once the quarter of an hour is over, or when the subscription ended for another reason.
pub async fn undo(app: &App, token: &str) -> Result<super::Confirmed, SubscribeError> {
    let link = links::Undo::read(&app.keys, token, app.clock.now()).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.begin().await?;
    let (person, subscription) = held(&mut conn, link.subscriber, link.newsletter)
        .await?
        .ok_or(SubscribeError::BadLink)?;
    let settings = app.settings();
    let schedule = newsletter_of(&settings, link.newsletter)
        .and_then(|newsletter| newsletter.schedule(&subscription.schedule_id))
        .map(|schedule| schedule.name.clone());
    match (subscription.stands()?, subscription.reason.as_deref()) {
        (State::Active, _) => {}
        (State::Unsubscribed, Some(LEFT)) => {
            let newsletter = subscription.newsletter_id.clone();
            suppressions::lift(&mut conn, &person.address_key, &newsletter, Suppressed::Left).await?;
            let back = Subscription {
                state: State::Active.word().to_owned(),
                reason: None,
                changed_at: now(app),
                ..subscription
            };
            subscriptions::save(&mut conn, &[back]).await?;
            conn.commit().await?;
        }
        _ => return Err(SubscribeError::BadLink),
    }
    Ok(super::Confirmed {
        newsletter: name_of(&settings, link.newsletter),
        schedule,
        // Whoever holds a letter can leave and take it back, and must learn no address from it that was taken back.
        preferences: None,
    })
}

/// What people call the newsletter of a link, also when it left the config.
pub(super) fn name_of(settings: &Settings, code: u64) -> String {
    newsletter_of(settings, code).map_or_else(|| settings.site.title.clone(), |newsletter| newsletter.name.clone())
}
