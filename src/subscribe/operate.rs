//! What an operator does for one person: add, unsubscribe.

use super::confirm::start;
use super::leave::end;
use super::sign_up::{self, Asked, queue_confirmation, write_consent};
use super::{SubscribeError, find, newsletter_named, now, schedule_named};
use crate::app::App;
use crate::config::{Newsletter, Schedule};
use crate::model::address::{DisplayName, EmailAddress};
use crate::model::subscriber::{ALL, Method, State, Topics};
use crate::store::audit::{self, Act};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Conn, StoreError, subscribers, suppressions};

/// A person to add.
#[derive(Debug, Clone, Default)]
pub struct Add {
    /// The address.
    pub email: String,
    /// A name.
    pub name: Option<String>,
    /// `None`: the first newsletter.
    pub newsletter: Option<String>,
    /// `None`: the newsletter's default.
    pub schedule: Option<String>,
    /// Empty: all.
    pub topics: Vec<String>,
    /// Active at once, with the operator's word that the person agreed; else a confirmation letter asks.
    pub active: bool,
    /// How the person agreed.
    pub note: Option<String>,
    /// Lifts suppressions.
    pub lift_suppressions: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// Number of the subscriber.
    pub id: i64,
    /// Where the subscription stands now.
    pub state: State,
    /// `false`: it was active already, and stays as it is.
    pub changed: bool,
}

/// Adds one person by hand. An active subscription stays as it is.
///
/// # Errors
/// `Suppressed` for a complaint or a decision made here, and for everything else too when `active` is asked for,
/// unless `lift_suppressions` is set.
pub async fn add(app: &App, wish: &Add) -> Result<Added, SubscribeError> {
    let settings = app.settings();
    let address = EmailAddress::parse(&wish.email)?;
    let newsletter = newsletter_named(&settings, wish.newsletter.as_deref())?;
    let schedule = schedule_named(newsletter, wish.schedule.as_deref())?;
    let key = app.keys.address_key(&address.comparison_form());
    let at = now(app);
    let mut conn = app.database.begin().await?;
    clear_the_way(&mut conn, wish, &key, &newsletter.id, at).await?;
    let id = match subscribers::by_key(&mut conn, &key).await? {
        Some(person) => person.id,
        None => sign_up::add(&mut conn, &address, &key, at).await?,
    };
    subscribers::hold(&mut conn, id).await?;
    let known = subscriptions::of_subscriber(&mut conn, id)
        .await?
        .into_iter()
        .find(|one| one.newsletter_id == newsletter.id);
    if known.as_ref().is_some_and(|one| one.state == State::Active.word()) {
        return Ok(Added {
            id,
            state: State::Active,
            changed: false,
        });
    }
    let state = if wish.active { State::Active } else { State::Pending };
    begin(&mut conn, wish, id, (newsletter, schedule), at).await?;
    write_down(&mut conn, "add", id, state.word(), at).await?;
    conn.commit().await?;
    Ok(Added {
        id,
        state,
        changed: true,
    })
}

/// Writes name, consent and subscription down, and asks where nobody vouches.
async fn begin(
    conn: &mut Conn,
    wish: &Add,
    id: i64,
    (newsletter, schedule): (&Newsletter, &Schedule),
    at: i64,
) -> Result<(), StoreError> {
    if let Some(name) = wish.name.as_deref().and_then(DisplayName::cleaned) {
        let language = subscribers::by_id(conn, id).await?.and_then(|person| person.language);
        subscribers::describe(conn, id, Some(name.as_str()), language.as_deref()).await?;
    }
    let asked = Asked {
        subscriber: id,
        newsletter,
        method: Method::Operator,
        shown: String::new(),
        form: Some("command"),
        language: None,
        network: None,
        note: wish.note.clone(),
    };
    let consent = write_consent(conn, &asked, wish.active.then_some(at), at).await?;
    let state = if wish.active { State::Active } else { State::Pending };
    let topics = Topics::clean(&wish.topics).to_json();
    let start = start(conn, (newsletter, schedule), &topics, at).await?;
    let subscription = Subscription {
        schedule_id: schedule.id.clone(),
        topics,
        floor_at: start.floor_at,
        owed_check: start.owed_check,
        consent_id: Some(consent),
        ..Subscription::begun(id, &newsletter.id, state, at)
    };
    subscriptions::save(conn, &[subscription]).await?;
    if state == State::Pending {
        queue_confirmation(conn, id, &newsletter.id, consent, at).await?;
    }
    Ok(())
}

/// Refuses suppressed addresses, or lifts what stands against them.
async fn clear_the_way(
    conn: &mut Conn,
    wish: &Add,
    key: &[u8],
    newsletter: &str,
    at: i64,
) -> Result<(), SubscribeError> {
    for row in suppressions::of_key(conn, key).await? {
        let reason = row.why()?;
        let concerns = row.holds(at) && (row.scope == ALL || row.scope == newsletter);
        let yields = !wish.active && reason.yields_to_confirmation();
        if concerns && wish.lift_suppressions {
            suppressions::lift(conn, key, &row.scope, reason).await?;
        } else if concerns && !yields {
            return Err(SubscribeError::Suppressed(reason.word()));
        }
    }
    Ok(())
}

/// Ends one subscription of a person, or all of them; how many ended.
///
/// # Errors
/// `NoSubscriber`, or `UnknownNewsletter` when the person does not have it.
pub async fn unsubscribe(app: &App, who: &str, newsletter: Option<&str>) -> Result<usize, SubscribeError> {
    let at = now(app);
    let mut conn = app.database.begin().await?;
    let person = find(&mut conn, app, who).await?;
    subscribers::hold(&mut conn, person.id).await?;
    let all = subscriptions::of_subscriber(&mut conn, person.id).await?;
    let mut meant = all
        .into_iter()
        .filter(|one| newsletter.is_none_or(|name| name == one.newsletter_id))
        .peekable();
    if meant.peek().is_none() {
        return Err(SubscribeError::UnknownNewsletter(
            newsletter.unwrap_or_default().to_owned(),
        ));
    }
    let mut ended = 0;
    for subscription in meant {
        if subscription.stands()? != State::Unsubscribed {
            end(&mut conn, &person, subscription, "operator", at).await?;
            ended += 1;
        }
    }
    write_down(
        &mut conn,
        "unsubscribe",
        person.id,
        newsletter.unwrap_or("all newsletters"),
        at,
    )
    .await?;
    conn.commit().await?;
    Ok(ended)
}

async fn write_down(conn: &mut Conn, action: &str, id: i64, detail: &str, at: i64) -> Result<(), StoreError> {
    let subject = format!("subscriber {id}");
    audit::note(
        conn,
        &Act {
            actor: "operator",
            action,
            subject: &subject,
            detail,
        },
        at,
    )
    .await
}
