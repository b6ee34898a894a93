//! Budgets for letters that strangers can cause: shared by all nodes and kept over restarts.
//!
//! One row per scope with the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371, Annex A): it
//! moves ahead by one interval per letter, and a letter is refused when it would be further ahead than the burst allows.

use super::{Conn, StoreError};

/// How much of something is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// What is counted; holds no address.
    pub scope: String,
    /// Time that one letter costs, microseconds.
    pub interval: i64,
    /// Letters that may come at once after a rest.
    pub burst: i64,
}

const TAKE: &str = "INSERT INTO budgets (scope, tat) VALUES ($1, $2) ON CONFLICT (scope) DO UPDATE \
     SET tat = CASE WHEN budgets.tat > $3 THEN budgets.tat + $4 ELSE $2 END WHERE budgets.tat <= $5";

/// Takes one letter out of a budget; `false` when it is used up. A transaction that is not committed takes nothing.
pub async fn take(conn: &mut Conn, budget: &Budget, now: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(TAKE)
        .bind(&budget.scope)
        .bind(now + budget.interval)
        .bind(now)
        .bind(budget.interval)
        .bind(now + (budget.burst - 1) * budget.interval)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const USED: &str = "SELECT COUNT(*) FROM budgets WHERE scope = $1 AND tat > $2";

/// Whether a budget was taken from lately: a budget of one is used up then. Takes nothing.
pub async fn is_used(conn: &mut Conn, scope: &str, now: i64) -> Result<bool, StoreError> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(USED)
        .bind(scope)
        .bind(now)
        .fetch_one(c)
        .await?);
    Ok(count > 0)
}

const BUY: &str = "INSERT INTO budgets (scope, tat) VALUES ($1, $5) ON CONFLICT (scope) DO UPDATE \
     SET tat = CASE WHEN budgets.tat > $3 THEN budgets.tat ELSE $3 END + $2 WHERE budgets.tat <= $4 RETURNING tat";

/// Moves a rate's arrival time ahead by `cost`, if it is not further ahead of `now` than `ahead`; returns where it stands
/// then. All in microseconds.
pub async fn buy(conn: &mut Conn, scope: &str, cost: i64, now: i64, ahead: i64) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(BUY)
        .bind(scope)
        .bind(cost)
        .bind(now)
        .bind(now + ahead)
        .bind(now + cost)
        .fetch_optional(c)
        .await?);
    Ok(row.map(|row| row.0))
}

const REFILL: &str = "DELETE FROM budgets WHERE scope = $1";

/// Fills a budget up again.
pub async fn refill(conn: &mut Conn, scope: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(REFILL)
        .bind(scope)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const FULL: &str = "DELETE FROM budgets WHERE tat <= $1";

/// Forgets budgets that were full again by `then`: without a row they are full, too.
pub async fn forget_full(conn: &mut Conn, then: i64) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(FULL)
        .bind(then)
        .execute(c)
        .await?
        .rows_affected()))
}
