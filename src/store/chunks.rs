//! Chunks: up to 1,000 deliveries that one node leases at a time.

use super::{Conn, Engine, StoreError};

/// A leased chunk.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Chunk {
    /// Which issue.
    pub issue_id: String,
    /// 1, 2, …
    pub chunk_no: i64,
    /// Smallest subscriber id.
    pub lo: i64,
    /// Largest subscriber id.
    pub hi: i64,
}

const INSERT: &str =
    "INSERT INTO chunks (issue_id, chunk_no, lo, hi, state, next_at) VALUES ($1, $2, $3, $4, 'open', $5)";

/// Adds a chunk for deliveries that have been inserted.
pub async fn insert(conn: &mut Conn, chunk: &Chunk, next_at: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(&chunk.issue_id)
        .bind(chunk.chunk_no)
        .bind(chunk.lo)
        .bind(chunk.hi)
        .bind(next_at)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

// Fewest leased chunks first, then earliest due: a small issue is never stuck behind a large one. Materialized, because
// PostgreSQL may run a subquery with SKIP LOCKED once for each row, and then finds other rows than at first: more than $3.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT c.issue_id, c.chunk_no FROM chunks c JOIN issues i ON i.id = c.issue_id \
             WHERE c.state = 'open' AND c.next_at <= $2 AND i.state = 'sending' \
             ORDER BY (SELECT COUNT(*) FROM chunks l WHERE l.issue_id = c.issue_id AND l.state = 'leased'), \
             i.due_at, c.issue_id, c.chunk_no LIMIT $3",
            $lock,
            ") UPDATE chunks SET state = 'leased', owner = $1 \
             WHERE (issue_id, chunk_no) IN (SELECT issue_id, chunk_no FROM due) AND state = 'open' \
             RETURNING issue_id, chunk_no, lo, hi"
        )
    };
}

const CLAIM_SQLITE: &str = claim!("");
// Several nodes claim side by side: a locked chunk is somebody else's.
const CLAIM_POSTGRES: &str = claim!(" FOR UPDATE OF c SKIP LOCKED");

/// Leases at most `limit` chunks that are due to `owner`.
pub async fn claim(conn: &mut Conn, owner: i64, now: i64, limit: i64) -> Result<Vec<Chunk>, StoreError> {
    let sql = match conn.engine() {
        Engine::Sqlite => CLAIM_SQLITE,
        Engine::Postgres => CLAIM_POSTGRES,
    };
    Ok(on!(conn, |c| sqlx::query_as(sql)
        .bind(owner)
        .bind(now)
        .bind(limit)
        .fetch_all(c)
        .await?))
}

// Counters are recounted, never incremented: a lost commit answer cannot make them wrong.
macro_rules! recount {
    ($which:literal) => {
        concat!(
            "UPDATE chunks SET owner = NULL, \
             state = CASE WHEN EXISTS (SELECT 1 FROM deliveries d WHERE d.issue_id = $1 AND d.subscriber_id BETWEEN chunks.lo AND chunks.hi \
               AND (d.state IN ('pending', 'deferred', 'attempting') OR (d.state = 'unknown' AND d.next_at IS NOT NULL))) \
               THEN 'open' ELSE 'done' END, \
             next_at = COALESCE((SELECT MIN(d.next_at) FROM deliveries d WHERE d.issue_id = $1 \
               AND d.subscriber_id BETWEEN chunks.lo AND chunks.hi AND d.state IN ('pending', 'deferred', 'unknown') \
               AND d.next_at IS NOT NULL), chunks.next_at), \
             accepted = (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = $1 \
               AND d.subscriber_id BETWEEN chunks.lo AND chunks.hi AND d.state = 'accepted'), \
             failed = (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = $1 \
               AND d.subscriber_id BETWEEN chunks.lo AND chunks.hi AND d.state = 'failed'), \
             skipped = (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = $1 \
               AND d.subscriber_id BETWEEN chunks.lo AND chunks.hi AND d.state = 'skipped'), \
             unknown = (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = $1 \
               AND d.subscriber_id BETWEEN chunks.lo AND chunks.hi AND d.state = 'unknown' AND d.next_at IS NULL) \
             WHERE issue_id = $1 AND ",
            $which
        )
    };
}

const RELEASE: &str = recount!("chunk_no = $2 AND owner = $3 AND state = 'leased'");

/// Gives a chunk back: done when nothing in it is open, else open again from its earliest due row.
pub async fn release(conn: &mut Conn, chunk: &Chunk, owner: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(RELEASE)
        .bind(&chunk.issue_id)
        .bind(chunk.chunk_no)
        .bind(owner)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const TAKE_OVER: &str = "UPDATE chunks SET owner = $1 WHERE state = 'leased' AND owner = $2 \
     AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = $2 AND n.stopped_at IS NULL AND n.lease_until > $3) \
     RETURNING issue_id, chunk_no, lo, hi";

/// Takes the chunks of a dead owner; the predicate is repeated here, because the look before may be old.
pub async fn take_over(conn: &mut Conn, owner: i64, dead: i64, now: i64) -> Result<Vec<Chunk>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(TAKE_OVER)
        .bind(owner)
        .bind(dead)
        .bind(now)
        .fetch_all(c)
        .await?))
}

const RECOUNT: &str = recount!("state = 'open'");

/// After a cancel: chunks that nobody leases are counted anew; a leased one is when it is released.
pub async fn recount(conn: &mut Conn, issue_id: &str) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(RECOUNT)
        .bind(issue_id)
        .execute(c)
        .await?
        .rows_affected()))
}

const REOPEN_ALL: &str = "UPDATE chunks SET state = 'open', next_at = $2 WHERE issue_id = $1 AND state = 'done'";

/// After an operator's command made final rows open again.
pub async fn reopen(conn: &mut Conn, issue_id: &str, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(REOPEN_ALL)
        .bind(issue_id)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const NEXT_DUE: &str = "SELECT MIN(c.next_at) FROM chunks c JOIN issues i ON i.id = c.issue_id \
     WHERE c.state = 'open' AND i.state = 'sending'";

/// When the next chunk is due.
pub async fn next_due(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let row: (Option<i64>,) = on!(conn, |c| sqlx::query_as(NEXT_DUE).fetch_one(c).await?);
    Ok(row.0)
}
