//! Notices: single letters outside any issue, with the same guarded transitions as deliveries (`delivery.md` 14).

use super::{Conn, StoreError};
use crate::model::author_notice::{AUTHOR, AuthorNotice};

/// What nobody could hand over to the author by then is no news any more: a week, in microseconds.
const NEWS: i64 = 7 * 86_400_000_000;

/// A letter to be written.
#[derive(Debug, Clone)]
pub struct NewNotice<'a> {
    /// A repeated request with the same key adds nothing.
    pub key: &'a str,
    /// Name of its template: `confirmation`, `welcome`, `already`, `link`, `new-address`, `unsubscribed`.
    pub kind: &'a str,
    /// To whom.
    pub subscriber_id: i64,
    /// About which newsletter.
    pub newsletter_id: &'a str,
    /// Microseconds.
    pub now: i64,
    /// From then on it is not sent any more, microseconds.
    pub expires_at: i64,
    /// What only this letter knows: the address that a person wants to move to.
    pub content: Option<&'a str>,
}

const INSERT: &str = "INSERT INTO notices (id, key, kind, subscriber_id, newsletter_id, state, next_at, created_at, expires_at, \
     content) VALUES ($1, $2, $3, $4, $5, 'pending', $6, $6, $7, $8) ON CONFLICT (key) DO NOTHING";

/// Queues a notice in the transaction that causes it; `false` when its key was used before.
pub async fn insert(conn: &mut Conn, notice: &NewNotice<'_>) -> Result<bool, StoreError> {
    let id = super::counters::next(conn, "notices", 1).await?;
    Ok(on!(conn, |c| sqlx::query(INSERT)
        .bind(id)
        .bind(notice.key)
        .bind(notice.kind)
        .bind(notice.subscriber_id)
        .bind(notice.newsletter_id)
        .bind(notice.now)
        .bind(notice.expires_at)
        .bind(notice.content)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const INSERT_FOR_AUTHOR: &str = "INSERT INTO notices \
     (id, key, kind, subscriber_id, newsletter_id, state, next_at, created_at, expires_at, content) \
     VALUES ($1, $2, $3, $4, '', 'pending', $5, $5, $6, $7) ON CONFLICT (key) DO NOTHING";

/// Queues a letter to the author, for a week at most; nothing when its key was used before.
pub async fn tell_author(conn: &mut Conn, key: &str, notice: &AuthorNotice, now: i64) -> Result<(), StoreError> {
    let content = serde_json::to_string(notice).expect("a notice is plain data with text keys");
    let id = super::counters::next(conn, "notices", 1).await?;
    let _queued = on!(conn, |c| sqlx::query(INSERT_FOR_AUTHOR)
        .bind(id)
        .bind(key)
        .bind(notice.kind.word())
        .bind(AUTHOR)
        .bind(now)
        .bind(now + NEWS)
        .bind(content)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const KNOWN: &str = "SELECT COUNT(*) FROM notices WHERE key = $1";

/// Whether a notice with this key was queued, sent or not.
pub async fn is_known(conn: &mut Conn, key: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(KNOWN).bind(key).fetch_one(c).await?);
    Ok(count > 0)
}

/// A notice that is due, with what is needed to write it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueNotice {
    /// Number.
    pub id: i64,
    /// Name of its template.
    pub kind: String,
    /// To whom.
    pub subscriber_id: i64,
    /// About which newsletter.
    pub newsletter_id: String,
    /// Attempts so far.
    pub attempt_no: i64,
    /// Unknown outcomes so far.
    pub unknowns: i64,
    /// First attempt, microseconds.
    pub first_at: Option<i64>,
    /// When it was asked for, microseconds.
    pub created_at: i64,
    /// Where to; empty when it is for the author, whose address stands in the config.
    pub address: String,
    /// Display name.
    pub name: Option<String>,
    /// Revokes preference links.
    pub token_epoch: i64,
    /// The schedule that the person chose.
    pub schedule_id: String,
    /// When the subscription began, microseconds.
    pub since: i64,
    /// What a letter to the author says, JSON; or the address that a person wants to move to.
    pub content: Option<String>,
}

const DUE: &str = "SELECT n.id, n.kind, n.subscriber_id, n.newsletter_id, n.attempt_no, n.unknowns, n.first_at, n.created_at, \
     CASE WHEN n.kind = 'new-address' THEN COALESCE(n.content, '') ELSE COALESCE(s.address, '') END AS address, s.name, COALESCE(s.token_epoch, 0) AS token_epoch, \
     COALESCE(p.schedule_id, '') AS schedule_id, COALESCE(p.created_at, 0) AS since, n.content \
     FROM notices n LEFT JOIN subscribers s ON s.id = n.subscriber_id \
     LEFT JOIN subscriptions p ON p.subscriber_id = n.subscriber_id AND p.newsletter_id = n.newsletter_id \
     WHERE n.state IN ('pending', 'deferred', 'unknown') AND n.next_at <= $1 AND n.expires_at > $1 \
     AND n.created_at > $2 AND (n.subscriber_id = 0 OR s.id IS NOT NULL) ORDER BY n.next_at, n.id LIMIT $3";

/// The next notices that are due, of those that were asked for after `since`.
pub async fn due(conn: &mut Conn, now: i64, since: i64, limit: i64) -> Result<Vec<DueNotice>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(DUE)
        .bind(now)
        .bind(since)
        .bind(limit)
        .fetch_all(c)
        .await?))
}

/// What the database said to the start of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// Go on.
    Go,
    /// Nobody wants it any more (confirmed, left, erased, suppressed): it is closed.
    Refused,
    /// Somebody else has it.
    Elsewhere,
}

macro_rules! wanted {
    () => {
        "(notices.subscriber_id = 0 OR EXISTS (SELECT 1 FROM subscribers s LEFT JOIN subscriptions p ON p.subscriber_id = s.id \
         AND p.newsletter_id = notices.newsletter_id WHERE s.id = notices.subscriber_id AND s.erased_at IS NULL \
         AND (notices.kind <> 'confirmation' OR p.state = 'pending') \
         AND (notices.kind NOT IN ('welcome', 'already') OR p.state = 'active') \
         AND (notices.kind <> 'unsubscribed' OR p.state = 'unsubscribed') \
         AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_key = s.address_key \
                         AND x.scope IN ('all', notices.newsletter_id) AND x.reason IN ('complaint', 'by_hand'))))"
    };
}

const START: &str = concat!(
    "UPDATE notices SET state = 'attempting', attempt_no = $2, owner = $3, first_at = COALESCE(first_at, $4) WHERE id = $1 \
     AND ((state IN ('pending', 'deferred', 'unknown') AND attempt_no = $2 - 1 AND next_at <= $4 AND expires_at > $4) \
       OR (state = 'attempting' AND attempt_no = $2 AND owner = $3)) AND ",
    wanted!()
);
const CLOSE: &str = concat!(
    "UPDATE notices SET state = CASE WHEN unknowns > 0 THEN 'unknown' ELSE 'skipped' END, next_at = NULL, settled_at = $2, \
     detail = 'not wanted any more' WHERE id = $1 AND state IN ('pending', 'deferred', 'unknown') AND NOT ",
    wanted!()
);

/// Records that an attempt begins.
pub async fn start_attempt(
    conn: &mut Conn,
    id: i64,
    attempt_no: i64,
    owner: i64,
    now: i64,
) -> Result<Started, StoreError> {
    let changed = on!(&mut *conn, |c| sqlx::query(START)
        .bind(id)
        .bind(attempt_no)
        .bind(owner)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    if changed == 1 {
        return Ok(Started::Go);
    }
    let closed = on!(conn, |c| sqlx::query(CLOSE)
        .bind(id)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(if closed == 1 {
        Started::Refused
    } else {
        Started::Elsewhere
    })
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// accepted, failed, deferred, pending (not tried) or unknown.
    pub state: &'static str,
    /// When to try again, microseconds; `None` when final.
    pub next_at: Option<i64>,
}

const SETTLE: &str = "UPDATE notices SET state = $4, next_at = $5, settled_at = $6, detail = $7, \
     unknowns = unknowns + CASE WHEN $4 = 'unknown' AND state <> 'unknown' THEN 1 ELSE 0 END, \
     first_at = CASE WHEN $4 = 'pending' AND attempt_no = 1 THEN NULL ELSE first_at END, \
     attempt_no = attempt_no - CASE WHEN $4 = 'pending' THEN 1 ELSE 0 END \
     WHERE id = $1 AND attempt_no = $2 AND owner = $3 AND state IN ('attempting', 'unknown')";

/// Records an outcome; `key` is notice, attempt and owner. `false` when something newer stands there.
pub async fn settle(
    conn: &mut Conn,
    key: (i64, i64, i64),
    settlement: &Settlement,
    detail: &str,
    now: i64,
) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(SETTLE)
        .bind(key.0)
        .bind(key.1)
        .bind(key.2)
        .bind(settlement.state)
        .bind(settlement.next_at)
        .bind(now)
        .bind(detail)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const EXPIRE: &str = "UPDATE notices SET state = CASE WHEN unknowns > 0 THEN 'unknown' ELSE 'expired' END, next_at = NULL, \
     settled_at = $1 WHERE state IN ('pending', 'deferred', 'unknown') AND next_at IS NOT NULL AND expires_at <= $1";

/// Closes notices whose time is over.
pub async fn expire(conn: &mut Conn, now: i64) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(EXPIRE)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected()))
}

const EXPIRE_ALL: &str = "UPDATE notices SET state = CASE WHEN unknowns > 0 THEN 'unknown' ELSE 'expired' END, next_at = NULL, \
     settled_at = $1 WHERE state IN ('pending', 'deferred', 'unknown') AND next_at IS NOT NULL AND created_at <= $2";

/// Closes every open notice that was asked for up to `before`.
pub async fn expire_all(conn: &mut Conn, before: i64, now: i64) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(EXPIRE_ALL)
        .bind(now)
        .bind(before)
        .execute(c)
        .await?
        .rows_affected()))
}

const OPEN: &str = "SELECT COUNT(*) FROM notices WHERE state = 'attempting' \
     OR (state IN ('pending', 'deferred', 'unknown') AND next_at <= $1 AND expires_at > $1)";

/// Whether a notice is due or on its way.
pub async fn are_open(conn: &mut Conn, now: i64) -> Result<bool, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(OPEN).bind(now).fetch_one(c).await?);
    Ok(row.0 > 0)
}

const DEAD_OWNERS: &str = "SELECT DISTINCT owner FROM notices WHERE state = 'attempting' \
     AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = notices.owner AND n.stopped_at IS NULL AND n.lease_until > $1)";

/// Owners of attempts that are not alive any more.
pub async fn dead_owners(conn: &mut Conn, now: i64) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = on!(conn, |c| sqlx::query_as(DEAD_OWNERS).bind(now).fetch_all(c).await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

const ABANDON: &str = "UPDATE notices SET state = 'unknown', unknowns = unknowns + 1, settled_at = $2, \
     next_at = CASE WHEN unknowns = 0 THEN CAST($3 AS BIGINT) ELSE NULL END, detail = 'the process ended before the reply was recorded' \
     WHERE owner = $1 AND state = 'attempting'";

/// What a dead owner was attempting becomes `unknown`, once more due at `resend_at`.
pub async fn abandon(conn: &mut Conn, owner: i64, now: i64, resend_at: Option<i64>) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(ABANDON)
        .bind(owner)
        .bind(now)
        .bind(resend_at)
        .execute(c)
        .await?
        .rows_affected()))
}

const WITHDRAW: &str = "DELETE FROM notices WHERE subscriber_id = $1 AND state IN ('pending', 'deferred')";

const FORGET: &str = "UPDATE notices SET content = NULL WHERE subscriber_id = $1";

/// Takes back what was not sent yet, and forgets what sent ones knew: the person is erased.
pub async fn withdraw(conn: &mut Conn, subscriber_id: i64) -> Result<(), StoreError> {
    for sql in [WITHDRAW, FORGET] {
        on!(&mut *conn, |c| sqlx::query(sql)
            .bind(subscriber_id)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const DROP_MOVES: &str = "DELETE FROM notices WHERE subscriber_id = $1 AND id <> $2 AND kind = 'new-address' \
     AND state IN ('pending', 'deferred')";
const BLANK_MOVES: &str =
    "UPDATE notices SET content = NULL WHERE subscriber_id = $1 AND id <> $2 AND kind = 'new-address'";

/// Ends every other wish of a person to move than the one of the notice `kept`; 0 ends all.
pub async fn drop_new_addresses(conn: &mut Conn, subscriber_id: i64, kept: i64) -> Result<(), StoreError> {
    for sql in [DROP_MOVES, BLANK_MOVES] {
        on!(&mut *conn, |c| sqlx::query(sql)
            .bind(subscriber_id)
            .bind(kept)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const OLD: &str = "DELETE FROM notices WHERE settled_at < $1 AND next_at IS NULL";
const OLD_MOVES: &str =
    "UPDATE notices SET content = NULL WHERE kind = 'new-address' AND created_at < $1 AND content IS NOT NULL";

/// Deletes what was settled before a moment, and forgets new addresses that were asked before another (microseconds).
pub async fn forget(conn: &mut Conn, settled: i64, asked: i64) -> Result<(), StoreError> {
    for (sql, before) in [(OLD, settled), (OLD_MOVES, asked)] {
        on!(&mut *conn, |c| sqlx::query(sql)
            .bind(before)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const CONTENT: &str = "SELECT content FROM notices WHERE id = $1 AND subscriber_id = $2 AND kind = $3";

/// What only a notice to this person knows.
pub async fn content_of(
    conn: &mut Conn,
    id: i64,
    subscriber_id: i64,
    kind: &str,
) -> Result<Option<String>, StoreError> {
    let row: Option<(Option<String>,)> = on!(conn, |c| sqlx::query_as(CONTENT)
        .bind(id)
        .bind(subscriber_id)
        .bind(kind)
        .fetch_optional(c)
        .await?);
    Ok(row.and_then(|row| row.0))
}

/// A notice as a person's record shows it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SentNotice {
    /// Name of its template.
    pub kind: String,
    /// About which newsletter.
    pub newsletter_id: String,
    /// Where it stands.
    pub state: String,
    /// Microseconds.
    pub created_at: i64,
}

const OF_SUBSCRIBER: &str =
    "SELECT kind, newsletter_id, state, created_at FROM notices WHERE subscriber_id = $1 ORDER BY id DESC LIMIT $2";

/// The last notices to a person, newest first.
pub async fn of_subscriber(conn: &mut Conn, subscriber_id: i64, limit: i64) -> Result<Vec<SentNotice>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_SUBSCRIBER)
        .bind(subscriber_id)
        .bind(limit)
        .fetch_all(c)
        .await?))
}
