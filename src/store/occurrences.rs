//! Occurrences of schedules: decided once, by a uniqueness constraint and not by a leader; and the schedules' anchors.

use super::{Conn, StoreError};

/// One decided occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Which newsletter.
    pub newsletter_id: String,
    /// Which schedule of it.
    pub schedule_id: String,
    /// Key by wall time, `delivery.md` 4.2.
    pub occurrence: String,
    /// Microseconds.
    pub due_at: i64,
    /// Zone name.
    pub zone: String,
    /// fired, empty, short, merged, gap, missed, flood.
    pub state: String,
    /// Why it did not go out.
    pub reason: Option<String>,
    /// How many occurrences this row stands for.
    pub count: i64,
    /// The issue that it made.
    pub issue_id: Option<String>,
    /// Microseconds.
    pub decided_at: i64,
}

const INSERT: &str = "INSERT INTO occurrences (newsletter_id, schedule_id, occurrence, due_at, zone, state, reason, count, issue_id, \
     decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";

/// Records a decision; `false` when somebody else decided this occurrence first.
pub async fn insert(conn: &mut Conn, o: &Occurrence) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(INSERT)
        .bind(&o.newsletter_id)
        .bind(&o.schedule_id)
        .bind(&o.occurrence)
        .bind(o.due_at)
        .bind(&o.zone)
        .bind(&o.state)
        .bind(&o.reason)
        .bind(o.count)
        .bind(&o.issue_id)
        .bind(o.decided_at)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const SETTLE: &str = "UPDATE occurrences SET state = $4, issue_id = $5, reason = $6 \
     WHERE newsletter_id = $1 AND schedule_id = $2 AND occurrence = $3";

/// Says, in the transaction that inserted it, what became of an occurrence.
pub async fn settle(conn: &mut Conn, o: &Occurrence) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(SETTLE)
        .bind(&o.newsletter_id)
        .bind(&o.schedule_id)
        .bind(&o.occurrence)
        .bind(&o.state)
        .bind(&o.issue_id)
        .bind(&o.reason)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("settle an occurrence", 1, changed)
}

type Row = (
    String,
    String,
    String,
    i64,
    String,
    String,
    Option<String>,
    i64,
    Option<String>,
    i64,
);

const PAST: &str = "SELECT newsletter_id, schedule_id, occurrence, due_at, zone, state, reason, count, issue_id, decided_at \
     FROM occurrences WHERE newsletter_id = $1 AND schedule_id = $2 ORDER BY decided_at DESC, due_at DESC LIMIT $3";

/// The last decisions of a schedule, newest first.
pub async fn past(
    conn: &mut Conn,
    newsletter: &str,
    schedule: &str,
    limit: i64,
) -> Result<Vec<Occurrence>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(PAST)
        .bind(newsletter)
        .bind(schedule)
        .bind(limit)
        .fetch_all(c)
        .await?);
    Ok(rows
        .into_iter()
        .map(|r| Occurrence {
            newsletter_id: r.0,
            schedule_id: r.1,
            occurrence: r.2,
            due_at: r.3,
            zone: r.4,
            state: r.5,
            reason: r.6,
            count: r.7,
            issue_id: r.8,
            decided_at: r.9,
        })
        .collect())
}

const DECIDED: &str = "SELECT 1 FROM occurrences WHERE newsletter_id = $1 AND schedule_id = $2 AND occurrence = $3";

/// Whether an occurrence was decided.
pub async fn is_decided(conn: &mut Conn, newsletter: &str, schedule: &str, key: &str) -> Result<bool, StoreError> {
    let row: Option<(i32,)> = on!(conn, |c| sqlx::query_as(DECIDED)
        .bind(newsletter)
        .bind(schedule)
        .bind(key)
        .fetch_optional(c)
        .await?);
    Ok(row.is_some())
}

const LAST_FIRED: &str =
    "SELECT MAX(due_at) FROM occurrences WHERE newsletter_id = $1 AND schedule_id = $2 AND state = 'fired'";

/// When the last occurrence that became an issue was due.
pub async fn last_fired(conn: &mut Conn, newsletter: &str, schedule: &str) -> Result<Option<i64>, StoreError> {
    let row: (Option<i64>,) = on!(conn, |c| sqlx::query_as(LAST_FIRED)
        .bind(newsletter)
        .bind(schedule)
        .fetch_one(c)
        .await?);
    Ok(row.0)
}

/// Where a schedule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Hash of rule and zone.
    pub rule_hash: String,
    /// Last instant already decided, microseconds.
    pub anchor_at: i64,
    /// When this schedule was first seen, microseconds.
    pub started_at: i64,
}

const ANCHOR: &str =
    "SELECT rule_hash, anchor_at, started_at FROM schedules WHERE newsletter_id = $1 AND schedule_id = $2";

/// The anchor of a schedule.
pub async fn anchor(conn: &mut Conn, newsletter: &str, schedule: &str) -> Result<Option<Anchor>, StoreError> {
    let row: Option<(String, i64, i64)> = on!(conn, |c| sqlx::query_as(ANCHOR)
        .bind(newsletter)
        .bind(schedule)
        .fetch_optional(c)
        .await?);
    Ok(row.map(|(rule_hash, anchor_at, started_at)| Anchor {
        rule_hash,
        anchor_at,
        started_at,
    }))
}

const SET_ANCHOR: &str = "INSERT INTO schedules (newsletter_id, schedule_id, rule_hash, zone, anchor_at, started_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (newsletter_id, schedule_id) DO UPDATE \
     SET rule_hash = $3, zone = $4, anchor_at = $5";

/// Moves the anchor of a schedule.
pub async fn set_anchor(
    conn: &mut Conn,
    newsletter: &str,
    schedule: &str,
    zone: &str,
    anchor: &Anchor,
) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(SET_ANCHOR)
        .bind(newsletter)
        .bind(schedule)
        .bind(&anchor.rule_hash)
        .bind(zone)
        .bind(anchor.anchor_at)
        .bind(anchor.started_at)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const NEWEST: &str = "SELECT COALESCE(MAX(decided_at), 0) FROM occurrences";

/// When the last occurrence was decided, microseconds.
pub async fn newest_decision(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(NEWEST).fetch_one(c).await?);
    Ok(row.0)
}

const PASS_OVER_ALL: &str = "INSERT INTO passed_over (newsletter_id, schedule_id, article_id, reason, at) \
     SELECT CAST($1 AS TEXT), '*', a.id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM articles a \
     WHERE a.mailable_at IS NOT NULL AND a.mailable_at <= $4 ON CONFLICT DO NOTHING";

/// A newsletter will not mail what was mailable until `until`; returns how many articles that are.
pub async fn pass_over_all(
    conn: &mut Conn,
    newsletter: &str,
    reason: &str,
    until: i64,
    now: i64,
) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(PASS_OVER_ALL)
        .bind(newsletter)
        .bind(reason)
        .bind(now)
        .bind(until)
        .execute(c)
        .await?
        .rows_affected()))
}

const PASS_OVER: &str = "INSERT INTO passed_over (newsletter_id, schedule_id, article_id, reason, at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT DO NOTHING";

/// This schedule (`*`: every one) will not mail the article.
pub async fn pass_over(
    conn: &mut Conn,
    schedule: (&str, &str),
    article_id: &str,
    reason: &str,
    now: i64,
) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(PASS_OVER)
        .bind(schedule.0)
        .bind(schedule.1)
        .bind(article_id)
        .bind(reason)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
