//! Forgetting a person (GDPR art. 17): address, name and network go at once; bare numbers and suppression keys stay.

use super::confirm::left;
use super::{SubscribeError, find, now};
use crate::app::App;
use crate::model::subscriber::State;
use crate::store::audit::{self, Act};
use crate::store::subscribers::{self, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Conn, StoreError, consents, feedback, notices, suppressions};

/// Erases the subscriber with this address or number. Imports of an old list do not bring the person back.
///
/// # Errors
/// `NoSubscriber` when there is none, or none any more.
pub async fn erase(app: &App, who: &str) -> Result<i64, SubscribeError> {
    let mut conn = app.database.begin().await?;
    let person = find(&mut conn, app, who).await?;
    subscribers::hold(&mut conn, person.id).await?;
    erase_person(&mut conn, app, &person, "operator").await?;
    conn.commit().await?;
    app.database.truncate_log().await?;
    Ok(person.id)
}

/// Erases a person who is held, in the caller's transaction; the log has to be truncated after it.
pub(super) async fn erase_person(
    conn: &mut Conn,
    app: &App,
    person: &Subscriber,
    actor: &str,
) -> Result<(), StoreError> {
    let at = now(app);
    for subscription in subscriptions::of_subscriber(conn, person.id).await? {
        suppressions::put(conn, &left(person, &subscription.newsletter_id, "erased", at)).await?;
    }
    forget_person(conn, app, person, actor).await
}

/// Forgets a person who is held, and keeps nothing that would know them again: for those who never said that they agree.
pub(super) async fn forget_person(
    conn: &mut Conn,
    app: &App,
    person: &Subscriber,
    actor: &str,
) -> Result<(), StoreError> {
    let at = now(app);
    for subscription in subscriptions::of_subscriber(conn, person.id).await? {
        let ended = Subscription {
            state: State::Unsubscribed.word().to_owned(),
            topics: "[]".to_owned(),
            reason: Some("erased".to_owned()),
            changed_at: at,
            ..subscription
        };
        subscriptions::save(conn, &[ended]).await?;
    }
    notices::withdraw(conn, person.id).await?;
    consents::forget(conn, person.id).await?;
    feedback::forget_subscriber(conn, person.id).await?;
    subscribers::forget_replies(conn, person.id).await?;
    let blank = format!("erased {}", person.id);
    subscribers::erase(conn, person.id, blank.as_bytes(), at).await?;
    let subject = format!("subscriber {}", person.id);
    let act = Act {
        actor,
        action: "erase",
        subject: &subject,
        detail: "",
    };
    audit::note(conn, &act, at).await
}
