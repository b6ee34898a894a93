//! What is kept for a while only.

use super::{SubscribeError, erase, now};
use crate::app::App;
use crate::model::subscriber::State;
use crate::store::subscriptions::{self, Subscription};
use crate::store::{consents, notices, subscribers};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// How long a notice is kept once it is settled.
const NOTICES: i64 = 30 * DAY;
/// How long a person may answer from a new address; afterwards nobody needs to know which it was.
const NEW_ADDRESS: i64 = 72 * HOUR;
/// How long a person may leave a question unanswered.
const UNCONFIRMED: i64 = 14 * DAY;
/// How long people may wait whom a file brought along and nobody asked.
const NOT_ASKED: i64 = 90 * DAY;
/// How long it is known from which network somebody agreed.
const NETWORKS: i64 = 90 * DAY;
/// People of one transaction.
const SOME: i64 = 200;
/// A letter to somebody who was erased meanwhile is settled by then.
const SETTLED: i64 = 2 * DAY;

/// Forgets old notices, new addresses that nobody answered from, replies that came after a person was erased, from which
/// network people agreed, and those who never confirmed.
pub async fn tick(app: &App) -> Result<(), SubscribeError> {
    let at = now(app);
    while forget_unconfirmed(app, at - UNCONFIRMED, at - NOT_ASKED).await? {}
    let mut conn = app.database.begin().await?;
    notices::forget(&mut conn, at - NOTICES, at - NEW_ADDRESS).await?;
    for person in subscribers::erased_since(&mut conn, at - SETTLED).await? {
        subscribers::forget_replies(&mut conn, person).await?;
    }
    consents::forget_networks(&mut conn, at - NETWORKS).await?;
    Ok(conn.commit().await?)
}

/// Forgets some of the people who were asked before `asked_before` and never answered, and of those whom the author brought
/// along in a file before `brought_before` without asking them (X2); whether there may be more.
async fn forget_unconfirmed(app: &App, asked_before: i64, brought_before: i64) -> Result<bool, SubscribeError> {
    let mut conn = app.database.begin().await?;
    let found = subscriptions::unconfirmed(&mut conn, asked_before, brought_before, SOME).await?;
    for (id, newsletter) in &found {
        subscribers::hold(&mut conn, *id).await?;
        let all = subscriptions::of_subscriber(&mut conn, *id).await?;
        let is_old = |one: &Subscription| {
            let is_found = found.iter().any(|(who, what)| who == id && *what == one.newsletter_id);
            one.state == State::Pending.word() && is_found
        };
        if all.iter().all(is_old) {
            if let Some(person) = subscribers::by_id(&mut conn, *id).await? {
                erase::forget_person(&mut conn, app, &person, "retention").await?;
            }
        } else if all.iter().any(|one| one.newsletter_id == *newsletter && is_old(one)) {
            // There is something else between us: only the question goes.
            subscriptions::remove(&mut conn, *id, newsletter).await?;
        }
    }
    conn.commit().await?;
    if !found.is_empty() {
        app.database.truncate_log().await?;
    }
    Ok(found.len() == usize::try_from(SOME).unwrap_or(usize::MAX))
}
