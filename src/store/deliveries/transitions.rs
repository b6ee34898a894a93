//! The transitions of one delivery: attempt, outcome, skip, fail.

use crate::store::{Conn, Engine, StoreError};

/// What an attempt needs to become durable.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Which issue.
    pub issue_id: String,
    /// Who.
    pub subscriber_id: i64,
    /// The number of this attempt: old one + 1.
    pub attempt_no: i64,
    /// This node.
    pub owner: i64,
    /// Microseconds.
    pub now: i64,
    /// The leased chunk.
    pub chunk_no: i64,
    /// Whose consent counts.
    pub newsletter_id: String,
    /// The address that the letter was made for.
    pub address_version: i64,
}

macro_rules! attempt {
    ($clock:literal) => {
        concat!(
            "UPDATE deliveries SET state = 'attempting', attempt_no = $3, owner = $4, attempted_at = $5, \
             first_at = COALESCE(first_at, $5) \
             WHERE issue_id = $1 AND subscriber_id = $2 \
             AND ((state IN ('pending', 'deferred', 'unknown') AND attempt_no = $3 - 1 AND next_at <= $5) \
               OR (state = 'attempting' AND attempt_no = $3 AND owner = $4)) \
             AND EXISTS (SELECT 1 FROM chunks c JOIN nodes n ON n.id = c.owner JOIN issues i ON i.id = c.issue_id \
                         WHERE c.issue_id = $1 AND c.chunk_no = $6 AND c.owner = $4 AND $2 BETWEEN c.lo AND c.hi \
                         AND i.state = 'sending' AND n.stopped_at IS NULL AND n.lease_until > ",
            $clock,
            ") AND EXISTS (SELECT 1 FROM subscribers s JOIN subscriptions p ON p.subscriber_id = s.id AND p.newsletter_id = $7 \
                         WHERE s.id = $2 AND s.address_version = $8 AND p.state = 'active' \
                         AND (p.paused_until IS NULL OR p.paused_until <= $5) \
                         AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_key = s.address_key \
                                         AND x.scope IN ('all', $7) AND x.reason <> 'left' \
                                         AND (x.until IS NULL OR x.until > $5)))"
        )
    };
}

const ATTEMPT_SQLITE: &str = attempt!("$5");
// Nodes share the lease, so the database's clock judges it.
const ATTEMPT_POSTGRES: &str = attempt!("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)");

/// Records that an attempt begins; `false` when a guard refused it. Repeating it with the same numbers changes nothing.
pub async fn attempt(conn: &mut Conn, a: &Attempt) -> Result<bool, StoreError> {
    let sql = match conn.engine() {
        Engine::Sqlite => ATTEMPT_SQLITE,
        Engine::Postgres => ATTEMPT_POSTGRES,
    };
    Ok(on!(conn, |c| sqlx::query(sql)
        .bind(&a.issue_id)
        .bind(a.subscriber_id)
        .bind(a.attempt_no)
        .bind(a.owner)
        .bind(a.now)
        .bind(a.chunk_no)
        .bind(&a.newsletter_id)
        .bind(a.address_version)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Which issue.
    pub issue_id: String,
    /// Who.
    pub subscriber_id: i64,
    /// Which attempt.
    pub attempt_no: i64,
    /// This node.
    pub owner: i64,
    /// accepted, failed, deferred, pending (not tried) or unknown.
    pub state: &'static str,
    /// When to try again, microseconds; `None` when final.
    pub next_at: Option<i64>,
    /// Microseconds.
    pub now: i64,
    /// When the attempt began, microseconds.
    pub attempted_at: i64,
    /// Reply code or reason word.
    pub code: Option<String>,
    /// Reply text, at most 500 characters.
    pub detail: Option<String>,
    /// The attempt set `first_at` and was not made after all.
    pub forget_first: bool,
}

// The second arm is late evidence: the old owner reports what a take-over had to call unknown, and nothing newer exists.
const SETTLE: &str = "UPDATE deliveries SET state = $5, next_at = $6, settled_at = $7, code = $8, detail = $9, \
     deferrals = deferrals + CASE WHEN $5 = 'deferred' THEN 1 ELSE 0 END, \
     unknowns = unknowns + CASE WHEN $5 = 'unknown' AND state <> 'unknown' THEN 1 ELSE 0 END, \
     first_at = CASE WHEN $10 = 1 THEN NULL ELSE first_at END, \
     attempt_no = attempt_no - CASE WHEN $5 = 'pending' THEN 1 ELSE 0 END \
     WHERE issue_id = $1 AND subscriber_id = $2 AND attempt_no = $3 AND owner = $4 AND state IN ('attempting', 'unknown')";

/// Records an outcome; `false` when something newer stands there.
pub async fn settle(conn: &mut Conn, s: &Settled) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(SETTLE)
        .bind(&s.issue_id)
        .bind(s.subscriber_id)
        .bind(s.attempt_no)
        .bind(s.owner)
        .bind(s.state)
        .bind(s.next_at)
        .bind(s.now)
        .bind(&s.code)
        .bind(&s.detail)
        .bind(i64::from(s.forget_first))
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

macro_rules! remember {
    ($set:literal) => {
        concat!(
            "UPDATE deliveries SET state = $5, attempt_no = $3, owner = $4, attempted_at = $6, first_at = COALESCE(first_at, $6)",
            $set,
            " WHERE issue_id = $1 AND subscriber_id = $2 AND state IN ('pending', 'deferred', 'attempting', 'unknown') \
             AND (attempt_no < $3 OR (attempt_no = $3 AND owner = $4 AND state IN ('attempting', 'unknown') AND $5 <> 'attempting'))"
        )
    };
}

const REMEMBER_ATTEMPT: &str = remember!("");
const REMEMBER: &str = remember!(
    ", next_at = $7, settled_at = $8, code = $9, detail = $10, \
     deferrals = deferrals + CASE WHEN $5 = 'deferred' THEN 1 ELSE 0 END, \
     unknowns = unknowns + CASE WHEN $5 = 'unknown' AND state <> 'unknown' THEN 1 ELSE 0 END"
);

/// Records once more an attempt that the database forgot; `false` when it knows at least as much.
pub async fn remember_attempt(conn: &mut Conn, a: &Attempt) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(REMEMBER_ATTEMPT)
        .bind(&a.issue_id)
        .bind(a.subscriber_id)
        .bind(a.attempt_no)
        .bind(a.owner)
        .bind("attempting")
        .bind(a.now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

/// Records once more an outcome that the database forgot; `false` when it knows at least as much.
pub async fn remember(conn: &mut Conn, s: &Settled) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(REMEMBER)
        .bind(&s.issue_id)
        .bind(s.subscriber_id)
        .bind(s.attempt_no)
        .bind(s.owner)
        .bind(s.state)
        .bind(s.attempted_at)
        .bind(s.next_at)
        .bind(s.now)
        .bind(&s.code)
        .bind(&s.detail)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const SKIP: &str = "UPDATE deliveries SET state = CASE WHEN unknowns > 0 THEN 'unknown' ELSE 'skipped' END, next_at = NULL, \
     settled_at = $4, code = $3 WHERE issue_id = $1 AND subscriber_id = $2 AND state IN ('pending', 'deferred', 'unknown')";

/// An attempt was refused for the person's sake. Where a copy may be out, the row stays `unknown`.
pub async fn skip(
    conn: &mut Conn,
    issue_id: &str,
    subscriber_id: i64,
    reason: &str,
    now: i64,
) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(SKIP)
        .bind(issue_id)
        .bind(subscriber_id)
        .bind(reason)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const FAIL: &str = "UPDATE deliveries SET state = CASE WHEN unknowns > 0 THEN 'unknown' ELSE 'failed' END, next_at = NULL, \
     settled_at = $5, code = $3, detail = $4 WHERE issue_id = $1 AND subscriber_id = $2 AND state IN ('pending', 'deferred', 'unknown')";

/// A letter that cannot be made or that waited too long, without an attempt.
pub async fn fail(conn: &mut Conn, key: (&str, i64), code: &str, detail: &str, now: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(FAIL)
        .bind(key.0)
        .bind(key.1)
        .bind(code)
        .bind(detail)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const POSTPONE: &str = "UPDATE deliveries SET state = CASE WHEN state = 'unknown' THEN 'unknown' ELSE 'deferred' END, next_at = $3, \
     settled_at = $4, code = 'breaker', detail = 'the domain of this address refuses our letters for now' \
     WHERE issue_id = $1 AND subscriber_id = $2 AND state IN ('pending', 'deferred', 'unknown') AND next_at IS NOT NULL";

/// The breaker of the recipient's domain is open: the row waits, without an attempt.
pub async fn postpone(conn: &mut Conn, key: (&str, i64), until: i64, now: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(POSTPONE)
        .bind(key.0)
        .bind(key.1)
        .bind(until)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}
