//! What came back about letters, and what followed from it.

use super::{Conn, StoreError};

/// A row of `bounces`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Bounce {
    /// The same for the same event, however often it comes.
    pub event_key: String,
    /// Whose letter it was.
    pub subscriber_id: i64,
    /// Of which issue; `None`: a letter outside any issue, or one that is not known any more.
    pub issue_id: Option<String>,
    /// `smtp`, `report`, or a provider.
    pub source: String,
    /// Word of `model::bounce::Class`.
    pub class: String,
    /// 1: one such event is enough to give an address up.
    pub certain: i64,
    /// Enhanced or reply code.
    pub code: Option<String>,
    /// What was said, addresses masked.
    pub detail: Option<String>,
    /// `new` until it was judged; then what followed: `suppressed`, `held`, `counted`, `ended`, `noted`, `dropped`.
    pub effect: String,
    /// Microseconds.
    pub at: i64,
}

macro_rules! columns {
    () => {
        "event_key, subscriber_id, issue_id, source, class, certain, code, detail, effect, at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO bounces (id, ",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (event_key) DO NOTHING"
);

/// Adds an event; `false` when it is known already.
pub async fn insert(conn: &mut Conn, bounce: &Bounce) -> Result<bool, StoreError> {
    let id = super::counters::next(conn, "bounces", 1).await?;
    Ok(on!(conn, |c| sqlx::query(INSERT)
        .bind(id)
        .bind(&bounce.event_key)
        .bind(bounce.subscriber_id)
        .bind(&bounce.issue_id)
        .bind(&bounce.source)
        .bind(&bounce.class)
        .bind(bounce.certain)
        .bind(&bounce.code)
        .bind(&bounce.detail)
        .bind(&bounce.effect)
        .bind(bounce.at)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const UNJUDGED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM bounces WHERE effect = 'new' ORDER BY id LIMIT $1"
);

/// The oldest events that nobody judged yet.
pub async fn unjudged(conn: &mut Conn, limit: i64) -> Result<Vec<Bounce>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(UNJUDGED).bind(limit).fetch_all(c).await?))
}

const FORGET: &str = "DELETE FROM bounces WHERE at < $1 AND effect <> 'new' AND effect <> 'held'";

/// Forgets what came back before a moment, microseconds; what waits for somebody's decision stays.
pub async fn forget(conn: &mut Conn, before: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FORGET)
        .bind(before)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const OF_SUBSCRIBER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM bounces WHERE subscriber_id = $1 ORDER BY at DESC, id DESC LIMIT 200"
);

/// What came back about letters to a person, newest first, 200 at most.
pub async fn of_subscriber(conn: &mut Conn, subscriber_id: i64) -> Result<Vec<Bounce>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_SUBSCRIBER)
        .bind(subscriber_id)
        .fetch_all(c)
        .await?))
}

const SET_EFFECT: &str = "UPDATE bounces SET effect = $2 WHERE event_key = $1 AND effect = $3";

/// What followed from an event; `false` when somebody else was faster.
pub async fn set_effect(conn: &mut Conn, event_key: &str, from: &str, to: &str) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(SET_EFFECT)
        .bind(event_key)
        .bind(to)
        .bind(from)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const LETTERS: &str = "SELECT d.issue_id, d.state, COALESCE(d.settled_at, 0) FROM issues i \
     JOIN deliveries d ON d.issue_id = i.id AND d.subscriber_id = $1 ORDER BY i.created_at DESC, i.id DESC LIMIT 1000";

/// The letters of a person, newest issue first: issue, state, when it settled (microseconds).
pub async fn letters(conn: &mut Conn, subscriber_id: i64) -> Result<Vec<(String, String, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(LETTERS)
        .bind(subscriber_id)
        .fetch_all(c)
        .await?))
}

const NOTICES: &str = "SELECT id FROM notices WHERE subscriber_id = $1 ORDER BY id DESC LIMIT 100";

/// The last letters outside any issue that a person was sent.
pub async fn notices(conn: &mut Conn, subscriber_id: i64) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = on!(conn, |c| sqlx::query_as(NOTICES)
        .bind(subscriber_id)
        .fetch_all(c)
        .await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

const SET_SOFT: &str = "UPDATE subscribers SET soft_bounces = $2, soft_since = $3 WHERE id = $1";

/// How often in a row a person's letters came back, and since when (microseconds).
pub async fn set_soft(conn: &mut Conn, id: i64, count: i64, since: Option<i64>) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(SET_SOFT)
        .bind(id)
        .bind(count)
        .bind(since)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("count what came back", 1, changed)
}

const DEAD: &str = "SELECT COUNT(DISTINCT b.subscriber_id) FROM bounces b JOIN subscribers s ON s.id = b.subscriber_id \
     WHERE b.class = 'dead' AND b.at > $1 AND LOWER(s.address) LIKE $2";

const MAILED: &str = "SELECT COUNT(DISTINCT d.subscriber_id) FROM issues i JOIN deliveries d ON d.issue_id = i.id \
     JOIN subscribers s ON s.id = d.subscriber_id WHERE (i.finished_at IS NULL OR i.finished_at > $1) \
     AND d.attempted_at > $1 AND LOWER(s.address) LIKE $2";

/// How many people of a domain (lower case) were called dead since then, microseconds.
pub async fn dead_of(conn: &mut Conn, domain: &str, since: i64) -> Result<i64, StoreError> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(DEAD)
        .bind(since)
        .bind(format!("%@{domain}"))
        .fetch_one(c)
        .await?);
    Ok(count)
}

/// How many people of a domain (lower case) were sent something since then, microseconds.
pub async fn mailed_of(conn: &mut Conn, domain: &str, since: i64) -> Result<i64, StoreError> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(MAILED)
        .bind(since)
        .bind(format!("%@{domain}"))
        .fetch_one(c)
        .await?);
    Ok(count)
}

const WITH_EFFECT: &str = "SELECT b.event_key, s.address_key, b.code FROM bounces b JOIN subscribers s ON s.id = b.subscriber_id \
     WHERE b.effect = $1 AND b.class = 'dead' AND b.at > $2 AND LOWER(s.address) LIKE $3 ORDER BY b.id";

/// Events of a domain (lower case) with this effect since then: key, address key, code.
pub async fn with_effect(
    conn: &mut Conn,
    domain: &str,
    effect: &str,
    since: i64,
) -> Result<Vec<(String, Vec<u8>, Option<String>)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(WITH_EFFECT)
        .bind(effect)
        .bind(since)
        .bind(format!("%@{domain}"))
        .fetch_all(c)
        .await?))
}

/// A row of `bounce_incidents`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Incident {
    /// Lower case.
    pub domain: String,
    /// Microseconds.
    pub opened_at: i64,
    /// People called dead when it was opened.
    pub dead: i64,
    /// People who were sent something in the same span.
    pub mailed: i64,
}

const OPEN: &str = "INSERT INTO bounce_incidents (domain, opened_at, dead, mailed) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (domain) DO NOTHING";

/// Opens an incident; `false` when it is open.
pub async fn open_incident(conn: &mut Conn, incident: &Incident) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(OPEN)
        .bind(&incident.domain)
        .bind(incident.opened_at)
        .bind(incident.dead)
        .bind(incident.mailed)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const INCIDENTS: &str = "SELECT domain, opened_at, dead, mailed FROM bounce_incidents ORDER BY opened_at DESC, domain";

/// Every open incident, newest first.
pub async fn incidents(conn: &mut Conn) -> Result<Vec<Incident>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(INCIDENTS).fetch_all(c).await?))
}

const CLOSE: &str = "DELETE FROM bounce_incidents WHERE domain = $1";

/// Closes an incident; whether there was one.
pub async fn close_incident(conn: &mut Conn, domain: &str) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(CLOSE)
        .bind(domain)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const ABOUT: &str = "SELECT (SELECT COUNT(DISTINCT subscriber_id) FROM bounces WHERE issue_id = $1 AND class = $2 \
     AND certain = $3), (SELECT COUNT(*) FROM deliveries WHERE issue_id = $1 AND state = 'accepted')";

/// How many people's letters of an issue came back with a class, and how many letters of it were accepted. `certain`: only
/// events that are enough by themselves, else only those that are not.
pub async fn about(conn: &mut Conn, issue_id: &str, class: &str, certain: bool) -> Result<(i64, i64), StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(ABOUT)
        .bind(issue_id)
        .bind(class)
        .bind(i64::from(certain))
        .fetch_one(c)
        .await?))
}
