//! Numbers handed out in order: never reused, alike on both engines.

use super::{Conn, StoreError};

const NEXT: &str = "INSERT INTO counters (name, value) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET value = counters.value + $2 RETURNING value";

/// Takes `count` numbers in a row from the counter `name`; returns the first of them. Counters start at 1.
pub async fn next(conn: &mut Conn, name: &str, count: i64) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(NEXT)
        .bind(name)
        .bind(count)
        .fetch_one(c)
        .await?);
    Ok(row.0 - count + 1)
}
