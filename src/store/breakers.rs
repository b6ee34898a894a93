//! Breakers: what is left alone for a while, and why. Shared by all nodes, kept over restarts.

use super::{Conn, StoreError};

/// An open breaker.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Breaker {
    /// `domain:NAME`, `relay:HOST:PORT`.
    pub scope: String,
    /// Until when, microseconds.
    pub until: i64,
    /// What opened it: the relay's words.
    pub reason: String,
}

const OPEN: &str = "INSERT INTO breakers (scope, until, reason) VALUES ($1, $2, $3) \
     ON CONFLICT (scope) DO UPDATE SET until = $2, reason = $3";

/// Opens a breaker, or keeps it open longer.
pub async fn open(conn: &mut Conn, breaker: &Breaker) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(OPEN)
        .bind(&breaker.scope)
        .bind(breaker.until)
        .bind(&breaker.reason)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const ALL: &str = "SELECT scope, until, reason FROM breakers WHERE until > $1 ORDER BY scope";

/// Every breaker that is open at `now`.
pub async fn all(conn: &mut Conn, now: i64) -> Result<Vec<Breaker>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(ALL).bind(now).fetch_all(c).await?))
}

const CLOSE: &str = "DELETE FROM breakers WHERE scope = $1";

/// Closes a breaker.
pub async fn close(conn: &mut Conn, scope: &str) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(CLOSE)
        .bind(scope)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}
