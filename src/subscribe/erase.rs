//! Forgetting a person (GDPR art. 17): address, name and network go at once; bare numbers and suppression keys stay.

use super::confirm::left;
use super::{SubscribeError, find, now};
use crate::app::App;
use crate::model::subscriber::State;
use crate::store::audit::{self, Act};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{consents, notices, subscribers, suppressions};

/// Erases the subscriber with this address or number. Imports of an old list do not bring the person back.
///
/// # Errors
/// `NoSubscriber` when there is none, or none any more.
pub async fn erase(app: &App, who: &str) -> Result<i64, SubscribeError> {
    let at = now(app);
    let mut conn = app.database.begin().await?;
    let person = find(&mut conn, app, who).await?;
    subscribers::hold(&mut conn, person.id).await?;
    for subscription in subscriptions::of_subscriber(&mut conn, person.id).await? {
        suppressions::put(&mut conn, &left(&person, &subscription.newsletter_id, "erased", at)).await?;
        let ended = Subscription {
            state: State::Unsubscribed.word().to_owned(),
            topics: "[]".to_owned(),
            reason: Some("erased".to_owned()),
            changed_at: at,
            ..subscription
        };
        subscriptions::save(&mut conn, &[ended]).await?;
    }
    notices::withdraw(&mut conn, person.id).await?;
    consents::forget(&mut conn, person.id).await?;
    subscribers::forget_replies(&mut conn, person.id).await?;
    let blank = format!("erased {}", person.id);
    subscribers::erase(&mut conn, person.id, blank.as_bytes(), at).await?;
    let subject = format!("subscriber {}", person.id);
    let act = Act {
        actor: "operator",
        action: "erase",
        subject: &subject,
        detail: "",
    };
    audit::note(&mut conn, &act, at).await?;
    conn.commit().await?;
    app.database.truncate_log().await?;
    Ok(person.id)
}
