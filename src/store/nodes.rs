//! Nodes: one row per process start. The id is the fencing epoch of everything that the process owns.

use super::{Conn, StoreError};

/// What a process says of itself when it starts.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// For people: host and process.
    pub name: String,
    /// Which state directory the process holds.
    pub place_id: String,
    /// Which boot of the machine.
    pub boot_id: String,
}

const START: &str = "INSERT INTO nodes (id, name, place_id, boot_id, version, started_at, lease_until) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Registers this process under a number from `counters`.
pub async fn start(conn: &mut Conn, id: i64, node: &NewNode, now: i64, lease_until: i64) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(START)
        .bind(id)
        .bind(&node.name)
        .bind(&node.place_id)
        .bind(&node.boot_id)
        .bind(env!("CARGO_PKG_VERSION"))
        .bind(now)
        .bind(lease_until)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("register this node", 1, changed)
}

const BEAT: &str = "UPDATE nodes SET lease_until = $2 WHERE id = $1 AND stopped_at IS NULL AND lease_until > $3";

/// Renews the lease; `false` when it had run out or somebody ended this node.
pub async fn beat(conn: &mut Conn, id: i64, lease_until: i64, now: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(BEAT)
        .bind(id)
        .bind(lease_until)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const STOP: &str = "UPDATE nodes SET stopped_at = $2, lease_until = $2 WHERE id = $1 AND stopped_at IS NULL";

/// An orderly end.
pub async fn stop(conn: &mut Conn, id: i64, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(STOP)
        .bind(id)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const END_PLACE: &str =
    "UPDATE nodes SET lease_until = $3 WHERE place_id = $1 AND id <> $2 AND stopped_at IS NULL AND lease_until > $3";

/// Whoever holds the lock on a state directory knows that earlier nodes with its place are dead.
pub async fn end_place(conn: &mut Conn, place_id: &str, id: i64, now: i64) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(END_PLACE)
        .bind(place_id)
        .bind(id)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected()))
}

const COUNT_GROUP: &str =
    "UPDATE nodes SET seq = CASE WHEN seq = $2 - 1 THEN $2 ELSE seq END WHERE id = $1 RETURNING seq";

/// Counts a group of records as number `group` of this node. The result is `group` unless the database fell behind or
/// already has it; then it is the number of the last one that it has, or 0 when it does not know the node.
pub async fn count_group(conn: &mut Conn, id: i64, group: i64) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(COUNT_GROUP)
        .bind(id)
        .bind(group)
        .fetch_optional(c)
        .await?);
    Ok(row.map_or(0, |row| row.0))
}

const SET_GROUPS: &str = "UPDATE nodes SET seq = $2 WHERE id = $1";

/// The database was told again what it had forgotten: it has all groups up to this one.
pub async fn set_groups(conn: &mut Conn, id: i64, group: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(SET_GROUPS)
        .bind(id)
        .bind(group)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const NOTE_OUTCOME: &str = "UPDATE nodes SET outcomes = outcomes + 1 WHERE id = $1";

/// This node has got somewhere: an outcome was recorded. Once is enough.
pub async fn note_outcome(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(NOTE_OUTCOME)
        .bind(id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const BARREN: &str = "SELECT stopped_at IS NULL AND outcomes = 0 AND lease_until <= $2 AND lease_until - started_at > $3 \
     FROM nodes WHERE id < $1 ORDER BY id DESC LIMIT $4";

/// How many of the last `most` nodes before `id` in a row vanished without one outcome, after living longer than `span`.
pub async fn barren_before(conn: &mut Conn, id: i64, now: i64, span: i64, most: i64) -> Result<usize, StoreError> {
    let rows: Vec<(bool,)> = on!(conn, |c| sqlx::query_as(BARREN)
        .bind(id)
        .bind(now)
        .bind(span)
        .bind(most)
        .fetch_all(c)
        .await?);
    Ok(rows.iter().take_while(|row| row.0).count())
}

const LIVE_ELSEWHERE: &str =
    "SELECT COUNT(*) FROM nodes WHERE stopped_at IS NULL AND lease_until > $1 AND place_id <> $2";

/// How many nodes of other places are alive; whoever holds the lock of a place knows that none of its own are.
pub async fn live_elsewhere(conn: &mut Conn, place_id: &str, now: i64) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(LIVE_ELSEWHERE)
        .bind(now)
        .bind(place_id)
        .fetch_one(c)
        .await?);
    Ok(row.0)
}

const LIVE: &str = "SELECT COUNT(*) FROM nodes WHERE stopped_at IS NULL AND lease_until > $1";

/// How many nodes are alive.
pub async fn live(conn: &mut Conn, now: i64) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(LIVE).bind(now).fetch_one(c).await?);
    Ok(row.0)
}

const DEAD_OWNERS: &str = "SELECT DISTINCT c.owner FROM chunks c WHERE c.state = 'leased' \
     AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = c.owner AND n.stopped_at IS NULL AND n.lease_until > $1)";

/// Owners of leased chunks that are not alive any more.
pub async fn dead_owners(conn: &mut Conn, now: i64) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = on!(conn, |c| sqlx::query_as(DEAD_OWNERS).bind(now).fetch_all(c).await?);
    Ok(rows.into_iter().map(|r| r.0).collect())
}
