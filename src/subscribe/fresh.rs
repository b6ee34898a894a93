//! What needs a fresh link: one's own data, erasure, another address. Letters get forwarded, so the link of an old one is
//! not enough; a new link goes to the address itself, works for an hour and for one thing (`subscribers-and-security.md`
//! L12).
//!
//! ```text
//!  preferences ──▶ letter `link` ──▶ data page ──▶ download
//!                                             ├──▶ erased
//!                                             └──▶ letter `new-address` to the new one ──▶ confirmed ──▶ moved
//! ```

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;

use super::allowance::{self, Letter};
use super::confirm::left;
use super::erase::erase_person;
use super::preferences::opened;
use super::record::{Shown, show};
use super::sign_up::queue;
use super::{SubscribeError, now};
use crate::app::App;
use crate::model::address::EmailAddress;
use crate::model::links::{self, FRESH_FOR};
use crate::model::subscriber::{ALL, State, Suppressed};
use crate::store::audit::{self, Act};
use crate::store::budgets::{self, Budget};
use crate::store::notices::{self, NewNotice};
use crate::store::subscribers::{self, Subscriber};
use crate::store::{Conn, subscriptions, suppressions};

const HOUR: i64 = 3_600_000_000;
/// Fresh links per day and person.
const LINKS: i64 = 3;

/// Queues the letter with a fresh link. Whoever asks too often is told the same and gets none.
///
/// # Errors
/// `BadLink` for links of the preferences that are unknown, forged or revoked.
pub async fn send_link(app: &App, token: &str) -> Result<(), SubscribeError> {
    let link = links::Preferences::read(&app.keys, token).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.begin().await?;
    subscribers::hold(&mut conn, link.subscriber).await?;
    let (person, all) = opened(&mut conn, link).await?;
    let at = now(app);
    let budget = Budget {
        scope: format!("fresh-link/{}", person.id),
        interval: 24 * HOUR / LINKS,
        burst: LINKS,
    };
    if let Some(first) = all.first()
        && budgets::take(&mut conn, &budget, at).await?
    {
        let key = format!("link/{}/{at}", person.id);
        let about = (person.id, first.newsletter_id.as_str());
        queue(
            &mut conn,
            "link",
            &key,
            about,
            at,
            FRESH_FOR.num_microseconds().unwrap_or(HOUR),
        )
        .await?;
        conn.commit().await?;
    }
    Ok(())
}

/// The address whose data a fresh link opens. Changes nothing.
///
/// # Errors
/// `BadLink` for links that are unknown, forged, revoked, used or too old.
pub async fn address_of(app: &App, token: &str) -> Result<String, SubscribeError> {
    let link = links::Fresh::read(&app.keys, token, app.clock.now()).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.read().await?;
    let person = holder(&mut conn, link).await?;
    if budgets::is_used(&mut conn, &once(token).scope, now(app)).await? {
        return Err(SubscribeError::BadLink);
    }
    Ok(person.address)
}

/// Everything that is kept about the person (GDPR art. 15 and 20). Uses the link up.
///
/// # Errors
/// `BadLink` as above.
pub async fn download(app: &App, token: &str) -> Result<Shown, SubscribeError> {
    let mut conn = app.database.begin().await?;
    let person = used_up(app, &mut conn, token).await?;
    note(&mut conn, app, &person, "download").await?;
    conn.commit().await?;
    show(app, &person.id.to_string()).await
}

/// Erases the person. Uses the link up.
///
/// # Errors
/// `BadLink` as above.
pub async fn erase_oneself(app: &App, token: &str) -> Result<(), SubscribeError> {
    let mut conn = app.database.begin().await?;
    let person = used_up(app, &mut conn, token).await?;
    erase_person(&mut conn, app, &person, "subscriber").await?;
    conn.commit().await?;
    Ok(app.database.truncate_log().await?)
}

/// Asks the new address whether it is meant. Uses the link up. Nobody learns here whether the new address is known.
///
/// # Errors
/// `Address` when it is none: the link is not used up then; `BadLink` as above.
pub async fn ask_new_address(app: &App, token: &str, new: &str) -> Result<(), SubscribeError> {
    let new = EmailAddress::parse(new)?;
    let key = app.keys.address_key(&new.comparison_form());
    let at = now(app);
    let mut conn = app.database.begin().await?;
    let person = used_up(app, &mut conn, token).await?;
    // What is not asked leaves every budget and the link as they are: the transaction is dropped.
    let against = suppressions::of_key(&mut conn, &key).await?;
    let is_free = against.iter().all(|row| !row.holds(at) || row.scope != ALL);
    let newsletter = subscriptions::of_subscriber(&mut conn, person.id)
        .await?
        .into_iter()
        .next();
    if let Some(newsletter) = newsletter
        && is_free
        && allowance::take(
            &mut conn,
            app,
            Letter::Confirmation,
            &key,
            &newsletter.newsletter_id,
            None,
        )
        .await?
    {
        let notice = NewNotice {
            key: &format!("new-address/{}/{at}", person.id),
            kind: "new-address",
            subscriber_id: person.id,
            newsletter_id: &newsletter.newsletter_id,
            now: at,
            expires_at: at + 24 * HOUR,
            content: Some(new.as_str()),
        };
        notices::insert(&mut conn, &notice).await?;
        conn.commit().await?;
    }
    Ok(())
}

/// The new address that a link would put in the place of the old one. Changes nothing.
///
/// # Errors
/// `BadLink` for links that are unknown, forged or too old, or whose letter is gone.
pub async fn new_address(app: &App, token: &str) -> Result<String, SubscribeError> {
    let link = links::NewAddress::read(&app.keys, token, app.clock.now()).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.read().await?;
    wanted(&mut conn, link).await
}

/// Puts the new address in the place of the old one. Links to the preferences in older letters end; those to leave go on.
/// Repeats show the same success.
///
/// # Errors
/// `BadLink` as above; `Taken` when letters of its own go to the new address.
pub async fn take_new_address(app: &App, token: &str) -> Result<String, SubscribeError> {
    let link = links::NewAddress::read(&app.keys, token, app.clock.now()).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.begin().await?;
    subscribers::hold(&mut conn, link.subscriber).await?;
    let new = wanted(&mut conn, link).await?;
    let person = subscribers::by_id(&mut conn, link.subscriber)
        .await?
        .filter(|person| person.erased_at.is_none())
        .ok_or(SubscribeError::BadLink)?;
    if person.address == new {
        return Ok(new);
    }
    if person.token_epoch != link.epoch {
        return Err(SubscribeError::BadLink);
    }
    let key = app.keys.address_key(&EmailAddress::parse(&new)?.comparison_form());
    make_room(app, &mut conn, &person, &key).await?;
    if key != person.address_key {
        // An old list must not bring the old address back.
        for subscription in subscriptions::of_subscriber(&mut conn, person.id).await? {
            let moved = left(&person, &subscription.newsletter_id, "moved", now(app));
            suppressions::put(&mut conn, &moved).await?;
        }
    }
    // Whoever answers from it wants letters there, whatever was said by an earlier leave.
    for row in suppressions::of_key(&mut conn, &key).await? {
        if row.reason == Suppressed::Left.word() {
            suppressions::lift(&mut conn, &key, &row.scope, Suppressed::Left).await?;
        }
    }
    subscribers::set_address(&mut conn, person.id, &new, &key).await?;
    notices::drop_new_addresses(&mut conn, person.id, link.notice).await?;
    note(&mut conn, app, &person, "new address").await?;
    conn.commit().await?;
    Ok(new)
}

/// Forgets whoever else was known by an address, if nothing of theirs runs: its owner has answered from it.
async fn make_room(app: &App, conn: &mut Conn, person: &Subscriber, key: &[u8]) -> Result<(), SubscribeError> {
    let Some(other) = subscribers::by_key(conn, key)
        .await?
        .filter(|other| other.id != person.id)
    else {
        return Ok(());
    };
    subscribers::hold(conn, other.id).await?;
    for subscription in subscriptions::of_subscriber(conn, other.id).await? {
        if subscription.stands()? == State::Active {
            return Err(SubscribeError::Taken);
        }
    }
    Ok(erase_person(conn, app, &other, "subscriber").await?)
}

async fn wanted(conn: &mut Conn, link: links::NewAddress) -> Result<String, SubscribeError> {
    let asked = notices::content_of(conn, link.notice, link.subscriber, "new-address").await?;
    asked.ok_or(SubscribeError::BadLink)
}

/// The person of a fresh link that is not used yet; with the transaction it is.
async fn used_up(app: &App, conn: &mut Conn, token: &str) -> Result<Subscriber, SubscribeError> {
    let link = links::Fresh::read(&app.keys, token, app.clock.now()).ok_or(SubscribeError::BadLink)?;
    subscribers::hold(conn, link.subscriber).await?;
    let person = holder(conn, link).await?;
    if budgets::take(conn, &once(token), now(app)).await? {
        Ok(person)
    } else {
        Err(SubscribeError::BadLink)
    }
}

async fn holder(conn: &mut Conn, link: links::Fresh) -> Result<Subscriber, SubscribeError> {
    subscribers::by_id(conn, link.subscriber)
        .await?
        .filter(|person| person.erased_at.is_none() && person.token_epoch == link.epoch)
        .ok_or(SubscribeError::BadLink)
}

/// A budget of one that is full again when the link has ended anyway.
fn once(token: &str) -> Budget {
    let hash = digest::digest(&digest::SHA256, token.as_bytes());
    Budget {
        scope: format!("fresh/{}", HEXLOWER.encode(&hash.as_ref()[..16])),
        interval: 2 * HOUR,
        burst: 1,
    }
}

async fn note(conn: &mut Conn, app: &App, person: &Subscriber, action: &str) -> Result<(), SubscribeError> {
    let subject = format!("subscriber {}", person.id);
    let act = Act {
        actor: "subscriber",
        action,
        subject: &subject,
        detail: "",
    };
    Ok(audit::note(conn, &act, now(app)).await?)
}
