//! How many people read a feed on a day: a row per day, node, feed and service. Numbers alone; who they were stands nowhere.

use super::{Conn, StoreError};
use crate::model::readers::Count;

const PUT: &str = "INSERT INTO feed_readers (day, node, scope, service, part, readers, is_floor) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (day, node, scope, service, part) DO UPDATE SET \
     readers = CASE WHEN feed_readers.readers > excluded.readers THEN feed_readers.readers ELSE excluded.readers END, \
     is_floor = CASE WHEN feed_readers.is_floor > excluded.is_floor THEN feed_readers.is_floor ELSE excluded.is_floor END";

/// Keeps what `node` counted. Of one day the highest number stays: a process that starts anew begins at nothing.
pub async fn put(conn: &mut Conn, node: &str, count: &Count) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(PUT)
        .bind(count.day)
        .bind(node)
        .bind(&count.scope)
        .bind(&count.service)
        .bind(&count.part)
        .bind(count.readers)
        .bind(i64::from(count.is_floor))
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("keep how many readers a feed has", 1, changed)
}

// Every node is told the same by a service, and meets readers of its own.
const SINCE: &str = "SELECT day, scope, service, part, CAST(CASE WHEN service = '' THEN SUM(readers) ELSE MAX(readers) END AS BIGINT), \
     CAST(MAX(is_floor) AS BIGINT) FROM feed_readers WHERE day >= $1 GROUP BY day, scope, service, part ORDER BY scope, service, part, day";

/// What all nodes counted from a day on (days since 1970), by feed and service, the oldest day first: readers that fetch for
/// themselves are added up over the nodes, of what a service says the highest number counts.
pub async fn since(conn: &mut Conn, day: i64) -> Result<Vec<Count>, StoreError> {
    let rows: Vec<(i64, String, String, String, i64, i64)> =
        on!(conn, |c| sqlx::query_as(SINCE).bind(day).fetch_all(c).await?);
    Ok(rows
        .into_iter()
        .map(|(day, scope, service, part, readers, is_floor)| Count {
            day,
            scope,
            service,
            part,
            readers,
            is_floor: is_floor != 0,
        })
        .collect())
}

const FORGET: &str = "DELETE FROM feed_readers WHERE day < $1";

/// Forgets the days before `day`.
pub async fn forget(conn: &mut Conn, day: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FORGET)
        .bind(day)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
