//! Where requests came from that carry the headers of a proxy which the config does not name.

use super::{Conn, StoreError};

/// Networks that are kept: `doctor` names a few of them.
const MOST: i64 = 1_000;

/// Requests from one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// An address in a network of the operator's own, else the network: `10.0.0.7`, `203.0.113.0/24`.
    pub whereabouts: String,
    /// How many.
    pub requests: i64,
    /// When the last one was noted, microseconds.
    pub seen_at: i64,
}

const ADD: &str = "UPDATE strangers SET requests = requests + $2, seen_at = $3 WHERE whereabouts = $1";
const NEW: &str = "INSERT INTO strangers (whereabouts, requests, seen_at) SELECT $1, $2, $3 \
     WHERE (SELECT COUNT(*) FROM strangers) < $4 ON CONFLICT (whereabouts) DO UPDATE SET \
     requests = strangers.requests + excluded.requests, seen_at = excluded.seen_at";

/// Adds requests from one place; from too many places, those that come last are not kept.
pub async fn add(conn: &mut Conn, stranger: &Stranger) -> Result<(), StoreError> {
    let known = on!(&mut *conn, |c| sqlx::query(ADD)
        .bind(&stranger.whereabouts)
        .bind(stranger.requests)
        .bind(stranger.seen_at)
        .execute(c)
        .await?
        .rows_affected());
    if known == 0 {
        on!(conn, |c| sqlx::query(NEW)
            .bind(&stranger.whereabouts)
            .bind(stranger.requests)
            .bind(stranger.seen_at)
            .bind(MOST)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const OLD: &str = "SELECT COUNT(*) FROM strangers WHERE seen_at < $1";

/// Whether there is anything to forget.
pub async fn any_before(conn: &mut Conn, moment: i64) -> Result<bool, StoreError> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(OLD).bind(moment).fetch_one(c).await?);
    Ok(count > 0)
}

const ALL: &str =
    "SELECT whereabouts, requests, seen_at FROM strangers WHERE seen_at >= $1 ORDER BY requests DESC, whereabouts";

/// All that were seen from a moment on, the busiest first.
pub async fn since(conn: &mut Conn, from: i64) -> Result<Vec<Stranger>, StoreError> {
    let rows: Vec<(String, i64, i64)> = on!(conn, |c| sqlx::query_as(ALL).bind(from).fetch_all(c).await?);
    Ok(rows
        .into_iter()
        .map(|(whereabouts, requests, seen_at)| Stranger {
            whereabouts,
            requests,
            seen_at,
        })
        .collect())
}

const FORGET: &str = "DELETE FROM strangers WHERE seen_at < $1";

/// Forgets those that were not seen since.
pub async fn forget(conn: &mut Conn, before: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FORGET)
        .bind(before)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
