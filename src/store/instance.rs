//! The one row that says which database this is, how far it has come, and whether mail is on hold (`delivery.md` 16).

use crate::model::hold::{Hold, Known};

use super::{Conn, Engine, StoreError};

/// The row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Id, identity, epoch.
    pub known: Known,
    /// The last sign of life of a process that sends, microseconds.
    pub beat_at: i64,
    /// Why and since when mail is on hold, microseconds.
    pub held: Option<(Hold, i64)>,
}

const ONE: &str = "SELECT instance_id, identity, epoch, beat_at, COALESCE(guard, ''), COALESCE(guard_at, 0) FROM instance WHERE id = 1";

/// The row, if there is one: a database without it was never in use.
pub async fn one(conn: &mut Conn) -> Result<Option<Instance>, StoreError> {
    let row: Option<(String, String, i64, i64, String, i64)> =
        on!(conn, |c| sqlx::query_as(ONE).fetch_optional(c).await?);
    Ok(row.map(|row| Instance {
        known: Known {
            instance_id: row.0,
            identity: row.1,
            epoch: row.2,
        },
        beat_at: row.3,
        held: Hold::parse(&row.4).map(|hold| (hold, row.5)),
    }))
}

const CREATE: &str = "INSERT INTO instance (id, instance_id, identity, epoch, beat_at) VALUES (1, $1, $2, 0, $3) \
     ON CONFLICT (id) DO NOTHING";

/// Writes the row of a new database; somebody else may have been first.
pub async fn create(conn: &mut Conn, id: &str, identity: &str, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(CREATE)
        .bind(id)
        .bind(identity)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const RAISE: &str = "UPDATE instance SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch";

/// One more start or issue; returns the epoch that the place remembers once this is committed.
pub async fn raise(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(RAISE).fetch_optional(c).await?);
    Ok(row.map_or(0, |row| row.0))
}

const BEAT: &str = "UPDATE instance SET beat_at = $1 WHERE id = 1 AND beat_at < $1";

/// A sign of life, microseconds.
pub async fn beat(conn: &mut Conn, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(BEAT).bind(now).execute(c).await?.rows_affected());
    Ok(())
}

const HOLD: &str = "UPDATE instance SET guard = $1, guard_at = $2 WHERE id = 1 AND guard IS NULL";

/// Puts all mail on hold; the first reason stays.
pub async fn hold(conn: &mut Conn, hold: Hold, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(HOLD)
        .bind(hold.word())
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const RELEASE: &str = "UPDATE instance SET guard = NULL, guard_at = NULL, identity = $1, beat_at = $2, \
     epoch = CASE WHEN epoch > $3 THEN epoch ELSE $3 END + $4 WHERE id = 1 RETURNING epoch";

/// A person has looked: the database belongs to this place from now on. Its epoch rises by `rise` above what the place
/// has seen.
pub async fn release(conn: &mut Conn, identity: &str, (seen, rise): (i64, i64), now: i64) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(RELEASE)
        .bind(identity)
        .bind(now)
        .bind(seen)
        .bind(rise)
        .fetch_one(c)
        .await?);
    Ok(row.0)
}

const SERVER_POSTGRES: &str = "SELECT (SELECT CAST(system_identifier AS TEXT) FROM pg_control_system()) || '/' || \
     (SELECT CAST(oid AS TEXT) FROM pg_database WHERE datname = current_database())";

/// Which database of which server this is; empty for a file, which its place remembers by the id of the database.
pub async fn server(conn: &mut Conn) -> Result<String, StoreError> {
    if conn.engine() == Engine::Sqlite {
        return Ok(String::new());
    }
    let row: (String,) = on!(conn, |c| sqlx::query_as(SERVER_POSTGRES).fetch_one(c).await?);
    Ok(row.0)
}

const UNFINISHED: &str = "SELECT COUNT(*) FROM issues WHERE state IN ('preparing', 'sending')";

/// Whether an issue is under way.
pub async fn is_at_work(conn: &mut Conn) -> Result<bool, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(UNFINISHED).fetch_one(c).await?);
    Ok(row.0 > 0)
}

const LAST_NODE: &str = "SELECT stopped_at IS NOT NULL FROM nodes ORDER BY id DESC LIMIT 1";

/// Whether the process that started last ended in order, or never was.
pub async fn ended_in_order(conn: &mut Conn) -> Result<bool, StoreError> {
    let row: Option<(bool,)> = on!(conn, |c| sqlx::query_as(LAST_NODE).fetch_optional(c).await?);
    Ok(row.is_none_or(|row| row.0))
}
