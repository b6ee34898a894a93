//! The ledger: one row per issue and subscriber. Every transition is one statement whose WHERE names the old state and
//! all guards; zero changed rows is an answer, never ignored (`delivery.md` 6 and 7).

use std::collections::BTreeMap;

use super::chunks::Chunk;
use super::{Conn, StoreError};

/// Which deliveries count as mailed: all but those that certainly did not arrive.
macro_rules! counting {
    ($d:literal) => {
        concat!(
            "NOT (",
            $d,
            ".unknowns = 0 AND (",
            $d,
            ".state = 'failed' OR (",
            $d,
            ".state = 'skipped' AND COALESCE(",
            $d,
            ".code, '') <> 'cancelled')))"
        )
    };
}

mod by_hand;
mod transitions;

pub use by_hand::{Which, accept, resend};
pub use transitions::{
    Attempt, Changed, Entry, Settled, fail, postpone, record, record_all, remember, remember_attempt, skip,
};

/// A delivery that is due, with what is needed to address its letter.
#[derive(Debug, Clone)]
pub struct Due {
    /// Which issue.
    pub issue_id: String,
    /// Who.
    pub subscriber_id: i64,
    /// Which variant.
    pub variant_no: i64,
    /// Attempts so far.
    pub attempt_no: i64,
    /// Deferrals so far.
    pub deferrals: i64,
    /// Unknown outcomes so far.
    pub unknowns: i64,
    /// First attempt, microseconds: the letter's Date.
    pub first_at: Option<i64>,
    /// Where to.
    pub address: String,
    /// Version of the address that was read.
    pub address_version: i64,
    /// Display name.
    pub name: Option<String>,
    /// Revokes preference links.
    pub token_epoch: i64,
    /// When the subscription began, microseconds.
    pub since: i64,
}

/// Inserts pending deliveries: `(subscriber, variant)` in ascending order of subscribers, at most 1,000.
pub async fn insert(conn: &mut Conn, issue_id: &str, rows: &[(i64, i64)], next_at: i64) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let changed = on!(conn, |c| {
        let mut query =
            sqlx::QueryBuilder::new("INSERT INTO deliveries (issue_id, subscriber_id, variant_no, state, next_at) ");
        query.push_values(rows, |mut row, (subscriber, variant)| {
            row.push_bind(issue_id.to_owned())
                .push_bind(*subscriber)
                .push_bind(*variant)
                .push_bind("pending")
                .push_bind(next_at);
        });
        query.build().execute(c).await?.rows_affected()
    });
    super::exactly("add deliveries", rows.len() as u64, changed)
}

const MAILED: &str = concat!(
    "SELECT d.subscriber_id, d.variant_no FROM deliveries d WHERE d.issue_id = $1 AND d.subscriber_id BETWEEN $2 AND $3 AND ",
    counting!("d")
);

/// Who of an id range counts as mailed by an issue, and with which variant.
pub async fn mailed(conn: &mut Conn, issue_id: &str, lo: i64, hi: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(MAILED)
        .bind(issue_id)
        .bind(lo)
        .bind(hi)
        .fetch_all(c)
        .await?))
}

const REPEATS: &str = concat!(
    "SELECT i.newsletter_id, COUNT(*) FROM variant_items vi \
     JOIN variant_items o ON o.article_id = vi.article_id AND o.issue_id <> vi.issue_id \
     JOIN issues i ON i.id = o.issue_id \
     JOIN deliveries e ON e.issue_id = o.issue_id AND e.variant_no = o.variant_no \
     JOIN deliveries d ON d.issue_id = vi.issue_id AND d.variant_no = vi.variant_no AND d.subscriber_id = e.subscriber_id \
     WHERE vi.issue_id = $1 AND ",
    counting!("e"),
    " GROUP BY i.newsletter_id"
);

/// How many (person, article) pairs an issue would repeat, by the newsletter that was first. Within one ledger anything
/// but nothing is a defect.
pub async fn repeats(conn: &mut Conn, issue_id: &str) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(REPEATS)
        .bind(issue_id)
        .fetch_all(c)
        .await?))
}

const DUE: &str = "SELECT d.subscriber_id, d.variant_no, d.attempt_no, d.deferrals, d.unknowns, d.first_at, \
     COALESCE(s.address, ''), COALESCE(s.address_version, 0), s.name, COALESCE(s.token_epoch, 0), COALESCE(p.created_at, 0) \
     FROM deliveries d JOIN issues i ON i.id = d.issue_id \
     LEFT JOIN subscribers s ON s.id = d.subscriber_id \
     LEFT JOIN subscriptions p ON p.subscriber_id = d.subscriber_id AND p.newsletter_id = i.newsletter_id \
     WHERE d.issue_id = $1 AND d.subscriber_id BETWEEN $2 AND $3 AND d.subscriber_id > $4 \
     AND d.state IN ('pending', 'deferred', 'unknown') AND d.next_at <= $5 ORDER BY d.subscriber_id LIMIT $6";

/// The next due deliveries of a chunk after a subscriber id.
pub async fn due(conn: &mut Conn, chunk: &Chunk, after: i64, now: i64, limit: i64) -> Result<Vec<Due>, StoreError> {
    type Row = (
        i64,
        i64,
        i64,
        i64,
        i64,
        Option<i64>,
        String,
        i64,
        Option<String>,
        i64,
        i64,
    );
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(DUE)
        .bind(&chunk.issue_id)
        .bind(chunk.lo)
        .bind(chunk.hi)
        .bind(after)
        .bind(now)
        .bind(limit)
        .fetch_all(c)
        .await?);
    Ok(rows
        .into_iter()
        .map(|r| Due {
            issue_id: chunk.issue_id.clone(),
            subscriber_id: r.0,
            variant_no: r.1,
            attempt_no: r.2,
            deferrals: r.3,
            unknowns: r.4,
            first_at: r.5,
            address: r.6,
            address_version: r.7,
            name: r.8,
            token_epoch: r.9,
            since: r.10,
        })
        .collect())
}

const WHY: &str = "SELECT s.erased_at, s.address_version, p.state, p.paused_until, i.state, \
     (SELECT MIN(x.reason) FROM suppressions x WHERE x.address_key = s.address_key AND x.scope IN ('all', i.newsletter_id) \
      AND x.reason <> 'left' AND (x.until IS NULL OR x.until > $3)) \
     FROM deliveries d JOIN issues i ON i.id = d.issue_id LEFT JOIN subscribers s ON s.id = d.subscriber_id \
     LEFT JOIN subscriptions p ON p.subscriber_id = d.subscriber_id AND p.newsletter_id = i.newsletter_id \
     WHERE d.issue_id = $1 AND d.subscriber_id = $2";

/// Why the attempt statement may have refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// For the person's sake: skip with this reason.
    Skip(&'static str),
    /// The issue is not sending any more, the lease is lost, or somebody else was faster: leave the row alone.
    Leave,
    /// The address changed: load the row again.
    Reload,
}

/// Reads why the attempt of a delivery was refused; `address_version` is the one that the attempt named.
pub async fn why_refused(
    conn: &mut Conn,
    key: (&str, i64),
    address_version: i64,
    now: i64,
) -> Result<Refusal, StoreError> {
    type Row = (
        Option<i64>,
        Option<i64>,
        Option<String>,
        Option<i64>,
        String,
        Option<String>,
    );
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(WHY)
        .bind(key.0)
        .bind(key.1)
        .bind(now)
        .fetch_optional(c)
        .await?);
    let Some((erased, version, state, paused, issue, suppressed)) = row else {
        return Ok(Refusal::Leave);
    };
    if issue != "sending" {
        return Ok(Refusal::Leave);
    }
    if version.is_none() || erased.is_some() {
        return Ok(Refusal::Skip("erased"));
    }
    if state.as_deref() != Some("active") {
        return Ok(Refusal::Skip("unsubscribed"));
    }
    if suppressed.is_some() {
        return Ok(Refusal::Skip("suppressed"));
    }
    if paused.is_some_and(|until| until > now) {
        return Ok(Refusal::Skip("paused"));
    }
    Ok(if version == Some(address_version) {
        Refusal::Leave
    } else {
        Refusal::Reload
    })
}

const ORPHANS: &str = "UPDATE deliveries SET state = 'unknown', unknowns = unknowns + 1, settled_at = $4, code = 'crash', \
     detail = 'the process ended before the reply was recorded', \
     next_at = CASE WHEN unknowns = 0 THEN CAST($5 AS BIGINT) ELSE NULL END \
     WHERE issue_id = $1 AND subscriber_id BETWEEN $2 AND $3 AND state = 'attempting' AND owner = $6";

/// In the take-over of a chunk: what the dead owner was attempting becomes `unknown`.
pub async fn orphans_to_unknown(
    conn: &mut Conn,
    chunk: &Chunk,
    dead: i64,
    now: i64,
    resend_at: Option<i64>,
) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(ORPHANS)
        .bind(&chunk.issue_id)
        .bind(chunk.lo)
        .bind(chunk.hi)
        .bind(now)
        .bind(resend_at)
        .bind(dead)
        .execute(c)
        .await?
        .rows_affected()))
}

const CANCEL: &str = "UPDATE deliveries SET state = CASE WHEN unknowns > 0 THEN 'unknown' ELSE 'skipped' END, next_at = NULL, \
     settled_at = $2, code = $3 WHERE issue_id = $1 AND (state IN ('pending', 'deferred') \
     OR (state = 'unknown' AND next_at IS NOT NULL))";

/// Everything of an issue that is open becomes skipped for a `reason`: `cancelled` counts as handled, after any other one
/// the articles are still owed.
pub async fn cancel(conn: &mut Conn, issue_id: &str, reason: &str, now: i64) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(CANCEL)
        .bind(issue_id)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await?
        .rows_affected()))
}

const COUNTS: &str = "SELECT CASE WHEN state = 'unknown' AND next_at IS NOT NULL THEN 'resend' ELSE state END AS s, COUNT(*) \
     FROM deliveries WHERE issue_id = $1 GROUP BY s";

/// How many deliveries of an issue are in each state; `resend` is an unknown with a resend planned.
pub async fn counts(conn: &mut Conn, issue_id: &str) -> Result<BTreeMap<String, i64>, StoreError> {
    let rows: Vec<(String, i64)> = on!(conn, |c| sqlx::query_as(COUNTS).bind(issue_id).fetch_all(c).await?);
    Ok(rows.into_iter().collect())
}

const UNKNOWNS: &str = "SELECT subscriber_id, attempted_at, COALESCE(code, ''), COALESCE(detail, '') FROM deliveries \
     WHERE issue_id = $1 AND state = 'unknown' ORDER BY subscriber_id LIMIT 1000";

/// The deliveries of an issue whose outcome nobody knows.
pub async fn unknowns(conn: &mut Conn, issue_id: &str) -> Result<Vec<(i64, Option<i64>, String, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(UNKNOWNS)
        .bind(issue_id)
        .fetch_all(c)
        .await?))
}

const OF_SUBSCRIBER: &str = "SELECT d.issue_id, d.variant_no, d.state, d.settled_at FROM deliveries d \
     JOIN issues i ON i.id = d.issue_id WHERE d.subscriber_id = $1 ORDER BY i.created_at DESC";

/// What a person was sent, newest first: `(issue, variant, state, settled_at)`.
pub async fn of_subscriber(conn: &mut Conn, id: i64) -> Result<Vec<(String, i64, String, Option<i64>)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_SUBSCRIBER)
        .bind(id)
        .fetch_all(c)
        .await?))
}

// Who got one of the articles with a later issue does not get it again.
const RETRY: &str = concat!(
    "UPDATE deliveries SET state = 'pending', next_at = $2, first_at = NULL, settled_at = NULL, deferrals = 0, code = 'by_hand' \
     WHERE issue_id = $1 AND state = 'failed' AND ($3 = 0 OR subscriber_id = $3) AND NOT EXISTS (\
     SELECT 1 FROM variant_items vi JOIN variant_items o ON o.article_id = vi.article_id AND o.issue_id <> vi.issue_id \
     JOIN deliveries e ON e.issue_id = o.issue_id AND e.variant_no = o.variant_no AND e.subscriber_id = deliveries.subscriber_id \
     WHERE vi.issue_id = deliveries.issue_id AND vi.variant_no = deliveries.variant_no AND ",
    counting!("e"),
    ")"
);

/// Letters that failed are tried again; returns how many.
pub async fn retry(conn: &mut Conn, issue: &str, which: &Which, now: i64) -> Result<u64, StoreError> {
    by_hand::run(conn, RETRY, issue, which, now).await
}

const MAILED_TWICE: &str = concat!(
    "SELECT j.newsletter_id, i.newsletter_id, e.issue_id || ' subscriber ' || CAST(e.subscriber_id AS TEXT) FROM variant_items vi \
     JOIN variant_items o ON o.article_id = vi.article_id AND o.issue_id < vi.issue_id \
     JOIN issues i ON i.id = o.issue_id JOIN issues j ON j.id = vi.issue_id \
     JOIN deliveries e ON e.issue_id = vi.issue_id AND e.variant_no = vi.variant_no \
     JOIN deliveries d ON d.issue_id = o.issue_id AND d.variant_no = o.variant_no AND d.subscriber_id = e.subscriber_id \
     WHERE ",
    counting!("e"),
    " AND ",
    counting!("d"),
    " LIMIT 1000"
);

/// People who got an article with two issues: the newsletters of both, and where.
pub async fn mailed_twice(conn: &mut Conn) -> Result<Vec<(String, String, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(MAILED_TWICE).fetch_all(c).await?))
}
