//! The transitions of one delivery: attempt, outcome, skip, fail.

use std::collections::HashSet;

use serde::Serialize;

use crate::faults;
use crate::store::{Conn, Engine, StoreError};

/// What an attempt needs to become durable.
#[derive(Debug, Clone, Serialize)]
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

/// The deliveries that changed.
#[derive(Debug, Default)]
pub struct Changed(HashSet<(String, i64)>);

impl Changed {
    /// Whether the delivery of an entry is among them.
    pub fn has(&self, entry: &Entry) -> bool {
        let (issue_id, subscriber_id) = entry.key();
        self.0.contains(&(issue_id.to_owned(), subscriber_id))
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, Serialize)]
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

/// What a connection has to say about one delivery.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Entry {
    /// An attempt begins.
    Begin(Attempt),
    /// An attempt ended.
    Settle(Settled),
}

impl Entry {
    /// Which delivery: the issue and the subscriber.
    pub fn key(&self) -> (&str, i64) {
        match self {
            Self::Begin(attempt) => (&attempt.issue_id, attempt.subscriber_id),
            Self::Settle(settled) => (&settled.issue_id, settled.subscriber_id),
        }
    }
}

// One statement for both kinds: on SQLite each call costs more than what it does, and alone it needs no BEGIN and COMMIT.
// An outcome may also replace `unknown`, as late evidence: the old owner reports what a take-over had to call so, and
// nothing newer exists.
macro_rules! record {
    ($rows:literal, $clock:literal, $end:literal) => {
        concat!(
            "UPDATE deliveries SET state = CASE j.kind WHEN 'begin' THEN 'attempting' ELSE j.state END, \
             attempt_no = j.attempt_no - CASE WHEN j.state = 'pending' THEN 1 ELSE 0 END, \
             owner = j.owner, \
             attempted_at = CASE j.kind WHEN 'begin' THEN j.moment ELSE deliveries.attempted_at END, \
             first_at = CASE WHEN j.kind = 'begin' THEN COALESCE(deliveries.first_at, j.moment) \
               WHEN j.forget_first IN ('1', 'true') THEN NULL ELSE deliveries.first_at END, \
             next_at = CASE j.kind WHEN 'begin' THEN deliveries.next_at ELSE j.next_at END, \
             settled_at = CASE j.kind WHEN 'begin' THEN deliveries.settled_at ELSE j.moment END, \
             code = CASE j.kind WHEN 'begin' THEN deliveries.code ELSE j.code END, \
             detail = CASE j.kind WHEN 'begin' THEN deliveries.detail ELSE j.detail END, \
             deferrals = deliveries.deferrals + CASE WHEN j.state = 'deferred' THEN 1 ELSE 0 END, \
             unknowns = deliveries.unknowns + CASE WHEN j.state = 'unknown' AND deliveries.state <> 'unknown' THEN 1 ELSE 0 END \
             FROM (SELECT value ->> 'kind' AS kind, value ->> 'issue_id' AS issue_id, \
               CAST(value ->> 'subscriber_id' AS BIGINT) AS subscriber_id, CAST(value ->> 'attempt_no' AS BIGINT) AS attempt_no, \
               CAST(value ->> 'owner' AS BIGINT) AS owner, CAST(value ->> 'now' AS BIGINT) AS moment, \
               CAST(value ->> 'chunk_no' AS BIGINT) AS chunk_no, value ->> 'newsletter_id' AS newsletter_id, \
               CAST(value ->> 'address_version' AS BIGINT) AS address_version, value ->> 'state' AS state, \
               CAST(value ->> 'next_at' AS BIGINT) AS next_at, value ->> 'code' AS code, value ->> 'detail' AS detail, \
               CAST(value ->> 'forget_first' AS TEXT) AS forget_first FROM ",
            $rows,
            ") AS j WHERE deliveries.issue_id = j.issue_id AND deliveries.subscriber_id = j.subscriber_id \
             AND CASE j.kind WHEN 'settle' THEN \
               deliveries.attempt_no = j.attempt_no AND deliveries.owner = j.owner \
               AND deliveries.state IN ('attempting', 'unknown') \
             ELSE \
               ((deliveries.state IN ('pending', 'deferred', 'unknown') AND deliveries.attempt_no = j.attempt_no - 1 \
                   AND deliveries.next_at <= j.moment) \
                 OR (deliveries.state = 'attempting' AND deliveries.attempt_no = j.attempt_no AND deliveries.owner = j.owner)) \
               AND EXISTS (SELECT 1 FROM chunks c JOIN nodes n ON n.id = c.owner JOIN issues i ON i.id = c.issue_id \
                           WHERE c.issue_id = j.issue_id AND c.chunk_no = j.chunk_no AND c.owner = j.owner \
                           AND j.subscriber_id BETWEEN c.lo AND c.hi \
                           AND i.state = 'sending' AND n.stopped_at IS NULL AND n.lease_until > ",
            $clock,
            ") AND EXISTS (SELECT 1 FROM subscribers s \
                           JOIN subscriptions p ON p.subscriber_id = s.id AND p.newsletter_id = j.newsletter_id \
                           WHERE s.id = j.subscriber_id AND s.address_version = j.address_version AND p.state = 'active' \
                           AND (p.paused_until IS NULL OR p.paused_until <= j.moment) \
                           AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_key = s.address_key \
                                           AND x.scope IN ('all', j.newsletter_id) AND x.reason <> 'left' \
                                           AND (x.until IS NULL OR x.until > j.moment))) \
             END",
            $end
        )
    };
}

const RECORD_SQLITE: &str = record!(
    "jsonb_each($1) AS rows",
    "j.moment",
    " RETURNING deliveries.issue_id, deliveries.subscriber_id"
);
const RECORD_ALL_SQLITE: &str = record!("jsonb_each($1) AS rows", "j.moment", "");
// Nodes share the lease, so the database's clock judges it.
const RECORD_POSTGRES: &str = record!(
    "json_array_elements(CAST($1 AS json)) AS rows(value)",
    "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
    " RETURNING deliveries.issue_id, deliveries.subscriber_id"
);

/// Records attempts and outcomes, no two of the same delivery, all in one statement; returns which ones: a guard may
/// refuse an attempt, and something newer may stand where an outcome belongs. Repeating it with the same numbers changes
/// nothing.
pub async fn record(conn: &mut Conn, entries: &[&Entry]) -> Result<Changed, StoreError> {
    refused_by_a_test()?;
    let sql = match conn.engine() {
        Engine::Sqlite => RECORD_SQLITE,
        Engine::Postgres => RECORD_POSTGRES,
    };
    let rows = rows_of(entries);
    let changed: Vec<(String, i64)> = on!(conn, |c| sqlx::query_as(sql).bind(&rows).fetch_all(c).await?);
    Ok(Changed(changed.into_iter().collect()))
}

/// The fault point of a database that is gone for good.
fn refused_by_a_test() -> Result<(), StoreError> {
    if faults::strikes("record") {
        return Err(sqlx::Error::WorkerCrashed.into());
    }
    Ok(())
}

fn rows_of(entries: &[&Entry]) -> String {
    serde_json::to_string(entries).expect("rows are plain data")
}

/// As [`record`], and says only whether all of them changed, as nearly always: a row that comes back is another message
/// between threads, and several thousand of them in a second cost as much as what they tell of. `None` on PostgreSQL,
/// where rows come back together.
pub async fn record_all(conn: &mut Conn, entries: &[&Entry]) -> Result<Option<bool>, StoreError> {
    let Conn::Sqlite(writer) = conn else {
        return Ok(None);
    };
    refused_by_a_test()?;
    let recording = sqlx::query(RECORD_ALL_SQLITE).bind(rows_of(entries));
    let changed = recording.execute(&mut **writer).await?.rows_affected();
    Ok(Some(usize::try_from(changed) == Ok(entries.len())))
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
