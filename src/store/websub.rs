//! Subscriptions of the built-in hub, and what is to be asked or told outside (WebSub).

use super::{Conn, Engine, StoreError};
use crate::model::websub::Kind;

/// Somebody who is sent the new bytes of a feed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Subscription {
    /// Stands for callback and topic.
    pub id: String,
    /// Where documents are sent.
    pub callback: String,
    /// The feed's own address.
    pub topic: String,
    /// The host of the callback.
    pub host: String,
    /// Sealed.
    pub secret: Option<Vec<u8>>,
    /// Microseconds.
    pub expires_at: i64,
    /// Entity tag of the bytes that the callback has; empty before the first.
    pub sent_tag: String,
}

const ONE: &str =
    "SELECT id, callback, topic, host, secret, expires_at, sent_tag FROM websub_subscriptions WHERE id = $1";

/// The subscription, expired or not.
pub async fn one(conn: &mut Conn, id: &str) -> Result<Option<Subscription>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(ONE).bind(id).fetch_optional(c).await?))
}

const PUT: &str = "INSERT INTO websub_subscriptions (id, callback, topic, host, secret, expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, expires_at = excluded.expires_at";

/// Adds a subscription, or renews it; what the callback has stays known.
pub async fn put(conn: &mut Conn, row: &Subscription) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(PUT)
        .bind(&row.id)
        .bind(&row.callback)
        .bind(&row.topic)
        .bind(&row.host)
        .bind(&row.secret)
        .bind(row.expires_at)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const OF_HOST: &str = "SELECT COUNT(*) FROM websub_subscriptions WHERE host = $1 AND expires_at > $2 AND id <> $3";

/// How many subscriptions of a host hold at `now`, but for one.
pub async fn of_host(conn: &mut Conn, host: &str, now: i64, but: &str) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(OF_HOST)
        .bind(host)
        .bind(now)
        .bind(but)
        .fetch_one(c)
        .await?);
    Ok(row.0)
}

const TOPICS: &str = "SELECT DISTINCT topic FROM websub_subscriptions WHERE expires_at > $1";

/// The addresses of the feeds that somebody is sent.
pub async fn topics(conn: &mut Conn, now: i64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = on!(conn, |c| sqlx::query_as(TOPICS).bind(now).fetch_all(c).await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

const SENT: &str = "UPDATE websub_subscriptions SET sent_tag = $2 WHERE id = $1";

/// The callback has these bytes.
pub async fn sent(conn: &mut Conn, id: &str, tag: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(SENT)
        .bind(id)
        .bind(tag)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const END: &str = "DELETE FROM websub_subscriptions WHERE id = $1";
const END_JOB: &str = "DELETE FROM websub_jobs WHERE id = $1";

/// Ends a subscription, and what was to be sent to it. In a transaction.
pub async fn end(conn: &mut Conn, id: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(END).bind(id).execute(c).await?.rows_affected());
    end_job(conn, id).await
}

const END_AS_READ: &str = "DELETE FROM websub_subscriptions WHERE id = $1 AND expires_at = $2";

/// Ends a subscription that still ends at `expires_at` (microseconds), and what was to be sent to it; `false` when it was
/// renewed since. In a transaction.
pub async fn end_unless_renewed(conn: &mut Conn, id: &str, expires_at: i64) -> Result<bool, StoreError> {
    let ended = on!(conn, |c| sqlx::query(END_AS_READ)
        .bind(id)
        .bind(expires_at)
        .execute(c)
        .await?
        .rows_affected());
    if ended == 1 {
        end_job(conn, id).await?;
    }
    Ok(ended == 1)
}

async fn end_job(conn: &mut Conn, id: &str) -> Result<(), StoreError> {
    let job = job_id(Kind::Deliver, id);
    on!(conn, |c| sqlx::query(END_JOB)
        .bind(&job)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const EXPIRED: &str = "DELETE FROM websub_subscriptions WHERE expires_at <= $1";

/// Forgets subscriptions whose time has run out; returns how many.
pub async fn forget_expired(conn: &mut Conn, now: i64) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(EXPIRED)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected()))
}

/// Something that is to be asked or told outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What it is.
    pub kind: Kind,
    /// Stands for target and topic.
    pub key: String,
    /// The callback, or the hub.
    pub target: String,
    /// The feed's own address.
    pub topic: String,
    /// Entity tag of the bytes; of a question a word of its own.
    pub tag: String,
    /// Of a subscription that is asked for, sealed.
    pub secret: Option<Vec<u8>>,
    /// Of a subscription that is asked for.
    pub lease_seconds: i64,
    /// Microseconds.
    pub queued_at: i64,
    /// Tries that failed.
    pub attempts: i64,
    /// Until when a node has it, microseconds: also says which one.
    pub lease_until: i64,
}

/// A question about a subscription replaces the one before, whichever way it goes.
fn job_id(kind: Kind, key: &str) -> String {
    let letter = match kind {
        Kind::Subscribe | Kind::Unsubscribe => "question",
        Kind::Deliver => "deliver",
        Kind::Ping => "ping",
    };
    format!("{letter}/{key}")
}

const QUEUE: &str = "INSERT INTO websub_jobs (id, kind, target, topic, tag, secret, lease_seconds, queued_at, next_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, tag = excluded.tag, \
     secret = excluded.secret, lease_seconds = excluded.lease_seconds, queued_at = excluded.queued_at, attempts = 0";

/// Queues a job for `next_at`. One that waits for the same pair is replaced, and its turn stays.
pub async fn queue(conn: &mut Conn, job: &Job, next_at: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(QUEUE)
        .bind(job_id(job.kind, &job.key))
        .bind(job.kind.word())
        .bind(&job.target)
        .bind(&job.topic)
        .bind(&job.tag)
        .bind(&job.secret)
        .bind(job.lease_seconds)
        .bind(job.queued_at)
        .bind(next_at)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const QUESTIONS: &str = "SELECT COUNT(*) FROM websub_jobs WHERE kind IN ('subscribe', 'unsubscribe')";

/// How many callbacks wait to be asked.
pub async fn questions(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(QUESTIONS).fetch_one(c).await?);
    Ok(row.0)
}

const QUEUE_DOCUMENTS: &str = "INSERT INTO websub_jobs (id, kind, target, topic, tag, queued_at, next_at) \
     SELECT 'deliver/' || s.id, 'deliver', s.callback, s.topic, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT) \
     FROM websub_subscriptions s WHERE s.topic = $1 AND s.expires_at > $3 AND s.sent_tag <> $2 \
     ON CONFLICT (id) DO UPDATE SET tag = excluded.tag, queued_at = excluded.queued_at";

/// Queues the bytes of a feed for everybody who is subscribed at `now`. They replace those that were not sent yet, whose
/// turn stays: a callback that is away is not asked more often because more is new. Returns for how many.
pub async fn queue_documents(
    conn: &mut Conn,
    topic: &str,
    tag: &str,
    now: i64,
    next_at: i64,
) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(QUEUE_DOCUMENTS)
        .bind(topic)
        .bind(tag)
        .bind(now)
        .bind(next_at)
        .execute(c)
        .await?
        .rows_affected()))
}

const DUE: &str = "SELECT id FROM websub_jobs WHERE next_at <= $1 AND lease_until <= $1 LIMIT 1";

/// Whether something is to be done at `now` that no node has.
pub async fn is_due(conn: &mut Conn, now: i64) -> Result<bool, StoreError> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(DUE).bind(now).fetch_optional(c).await?);
    Ok(row.is_some())
}

// What never failed goes first: callbacks that are away keep nobody waiting. Then, by the names of the kinds, documents go
// before pings and both before questions, which any stranger can cause. Materialized as chunks are (`chunks::claim`).
macro_rules! claim {
    ($which:literal, $lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT id FROM websub_jobs WHERE ",
            $which,
            " AND lease_until <= $1 ORDER BY attempts, kind, next_at, id LIMIT $3",
            $lock,
            ") UPDATE websub_jobs SET lease_until = $2 WHERE id IN (SELECT id FROM due) AND lease_until <= $1 \
             RETURNING kind, id, target, topic, tag, secret, lease_seconds, queued_at, attempts"
        )
    };
}

const CLAIM_SQLITE: &str = claim!("next_at <= $1", "");
// Several nodes claim side by side: a locked job is somebody else's.
const CLAIM_POSTGRES: &str = claim!("next_at <= $1", " FOR UPDATE SKIP LOCKED");

/// Takes at most `limit` jobs that are due, until `lease_until`.
pub async fn claim(conn: &mut Conn, now: i64, lease_until: i64, limit: i64) -> Result<Vec<Job>, StoreError> {
    let sql = match conn.engine() {
        Engine::Sqlite => CLAIM_SQLITE,
        Engine::Postgres => CLAIM_POSTGRES,
    };
    claim_by(conn, sql, now, lease_until, limit).await
}

const CLAIM_PINGS_SQLITE: &str = claim!("kind = 'ping'", "");
const CLAIM_PINGS_POSTGRES: &str = claim!("kind = 'ping'", " FOR UPDATE SKIP LOCKED");

/// Takes at most `limit` pings, due or not, until `lease_until`.
pub async fn claim_pings(conn: &mut Conn, now: i64, lease_until: i64, limit: i64) -> Result<Vec<Job>, StoreError> {
    let sql = match conn.engine() {
        Engine::Sqlite => CLAIM_PINGS_SQLITE,
        Engine::Postgres => CLAIM_PINGS_POSTGRES,
    };
    claim_by(conn, sql, now, lease_until, limit).await
}

async fn claim_by(
    conn: &mut Conn,
    sql: &'static str,
    now: i64,
    lease_until: i64,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    type Row = (String, String, String, String, String, Option<Vec<u8>>, i64, i64, i64);
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(sql)
        .bind(now)
        .bind(lease_until)
        .bind(limit)
        .fetch_all(c)
        .await?);
    let job = |(kind, id, target, topic, tag, secret, lease_seconds, queued_at, attempts): Row| {
        let (_, key) = id.split_once('/').unwrap_or_default();
        Ok(Job {
            key: key.to_owned(),
            kind: Kind::from_word(&kind).ok_or(StoreError::Corrupt {
                what: "a kind of WebSub job",
                value: kind,
            })?,
            target,
            topic,
            tag,
            secret,
            lease_seconds,
            queued_at,
            attempts,
            lease_until,
        })
    };
    rows.into_iter().map(job).collect()
}

const DONE: &str = "DELETE FROM websub_jobs WHERE id = $1 AND tag = $2 AND lease_until = $3";

/// Removes a job that was done, or that is given up; `false` when there is something newer to do in its place, or when
/// another node has it by now.
pub async fn done(conn: &mut Conn, job: &Job) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(DONE)
        .bind(job_id(job.kind, &job.key))
        .bind(&job.tag)
        .bind(job.lease_until)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const AGAIN: &str =
    "UPDATE websub_jobs SET attempts = $3, next_at = $4, lease_until = 0 WHERE id = $1 AND lease_until = $2";

/// Gives a job back for `next_at`, after `attempts` tries that failed.
pub async fn again(conn: &mut Conn, job: &Job, attempts: i64, next_at: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(AGAIN)
        .bind(job_id(job.kind, &job.key))
        .bind(job.lease_until)
        .bind(attempts)
        .bind(next_at)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
