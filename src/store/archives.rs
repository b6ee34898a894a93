//! Archives of the main feed: runs of articles that are sealed once and for all (RFC 5005 §4).

use super::{Conn, StoreError};

const LATER: &str = "SELECT article_id, run FROM archive_members WHERE run > $1 ORDER BY run, article_id";

/// Articles of the runs after `run`, each with the number of its run.
pub async fn later(conn: &mut Conn, run: i64) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(LATER).bind(run).fetch_all(c).await?))
}

const SEAL: &str = "INSERT INTO archive_runs (run, sealed_at) VALUES ($1, $2) ON CONFLICT (run) DO NOTHING";

/// Rows of one statement at most.
const AT_ONCE: usize = 500;

/// Seals a run; `false`, with nothing changed, when another process was first. In a transaction.
pub async fn seal(conn: &mut Conn, run: i64, now: i64, articles: &[&str]) -> Result<bool, StoreError> {
    let sealed = on!(conn, |c| sqlx::query(SEAL)
        .bind(run)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    if sealed == 0 {
        return Ok(false);
    }
    for some in articles.chunks(AT_ONCE) {
        on!(conn, |c| {
            let mut query = sqlx::QueryBuilder::new("INSERT INTO archive_members (article_id, run) ");
            query.push_values(some, |mut row, article| {
                row.push_bind(*article).push_bind(run);
            });
            query.build().execute(c).await?;
        });
    }
    Ok(true)
}
