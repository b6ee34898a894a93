//! What is kept for a while only.

use super::{SubscribeError, now};
use crate::app::App;
use crate::store::{notices, subscribers};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// How long a notice is kept once it is settled.
const NOTICES: i64 = 30 * DAY;
/// How long a person may answer from a new address; afterwards nobody needs to know which it was.
const NEW_ADDRESS: i64 = 72 * HOUR;
/// A letter to somebody who was erased meanwhile is settled by then.
const SETTLED: i64 = 2 * DAY;

/// Forgets old notices, new addresses that nobody answered from, and replies that came after a person was erased.
pub async fn tick(app: &App) -> Result<(), SubscribeError> {
    let at = now(app);
    let mut conn = app.database.begin().await?;
    notices::forget(&mut conn, at - NOTICES, at - NEW_ADDRESS).await?;
    for person in subscribers::erased_since(&mut conn, at - SETTLED).await? {
        subscribers::forget_replies(&mut conn, person).await?;
    }
    Ok(conn.commit().await?)
}
