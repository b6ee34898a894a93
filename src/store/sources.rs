//! Sources: when they were scanned, whether the baseline is sealed; and the problems that a scan found.

use super::{Conn, Database, Engine, StoreError};
use crate::model::article::{Problem, Severity};

/// What is known of a source.
#[derive(Debug, Clone, Default)]
pub struct SourceRow {
    /// When the first complete scan sealed the baseline, microseconds.
    pub baseline_at: Option<i64>,
    /// End of the last complete scan, microseconds.
    pub scanned_at: Option<i64>,
    /// Hash of the settings that the stored articles were read with.
    pub settings_hash: String,
}

const ONE: &str = "SELECT baseline_at, scanned_at, settings_hash FROM sources WHERE id = $1";

/// The row of a source; empty before its first scan.
pub async fn one(conn: &mut Conn, id: &str) -> Result<SourceRow, StoreError> {
    let row: Option<(Option<i64>, Option<i64>, String)> =
        on!(conn, |c| sqlx::query_as(ONE).bind(id).fetch_optional(c).await?);
    Ok(
        row.map_or_else(SourceRow::default, |(baseline_at, scanned_at, settings_hash)| {
            SourceRow {
                baseline_at,
                scanned_at,
                settings_hash,
            }
        }),
    )
}

const SCANNED: &str = "INSERT INTO sources (id, baseline_at, scanned_at, settings_hash, articles) VALUES ($1, $2, $2, $3, $4) \
     ON CONFLICT (id) DO UPDATE SET baseline_at = COALESCE(sources.baseline_at, $2), scanned_at = $2, settings_hash = $3, articles = $4";

/// A scan ended without an I/O error: seals the baseline the first time.
pub async fn scanned(
    conn: &mut Conn,
    id: &str,
    now: i64,
    settings_hash: &str,
    articles: i64,
) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(SCANNED)
        .bind(id)
        .bind(now)
        .bind(settings_hash)
        .bind(articles)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const SAY: &str = "INSERT INTO problems (source_id, locator, code, line, message, remedy, severity, first_seen, last_seen) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (source_id, locator, code) DO UPDATE \
     SET line = $4, message = $5, remedy = $6, severity = $7, last_seen = $8";

/// Notes a problem, or that it is still there.
pub async fn add_problem(conn: &mut Conn, source_id: &str, problem: &Problem, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(SAY)
        .bind(source_id)
        .bind(&problem.locator)
        .bind(&problem.code)
        .bind(problem.line.map(i64::from))
        .bind(&problem.message)
        .bind(&problem.remedy)
        .bind(problem.severity.word())
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const CLEAR: &str = "DELETE FROM problems WHERE source_id = $1 AND locator = $2";

/// A good read of a file clears its problems.
pub async fn clear_problems(conn: &mut Conn, source_id: &str, locator: &str) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(CLEAR)
        .bind(source_id)
        .bind(locator)
        .execute(c)
        .await?
        .rows_affected()))
}

const PROBLEMS: &str = "SELECT source_id, locator, code, line, message, remedy, severity FROM problems \
     ORDER BY source_id, locator, code";
const PROBLEMS_OF_SOURCE: &str = "SELECT source_id, locator, code, line, message, remedy, severity FROM problems \
     WHERE source_id = $1 ORDER BY locator, code";

type ProblemRow = (String, String, String, Option<i64>, String, String, String);

/// Every problem with its source.
pub async fn problems(conn: &mut Conn) -> Result<Vec<(String, Problem)>, StoreError> {
    let rows: Vec<ProblemRow> = on!(conn, |c| sqlx::query_as(PROBLEMS).fetch_all(c).await?);
    Ok(rows.into_iter().map(read_problem).collect())
}

/// The problems of one source, by file.
pub async fn problems_of(conn: &mut Conn, source_id: &str) -> Result<Vec<Problem>, StoreError> {
    let rows: Vec<ProblemRow> = on!(conn, |c| sqlx::query_as(PROBLEMS_OF_SOURCE)
        .bind(source_id)
        .fetch_all(c)
        .await?);
    Ok(rows.into_iter().map(|row| read_problem(row).1).collect())
}

fn read_problem((source, locator, code, line, message, remedy, severity): ProblemRow) -> (String, Problem) {
    let severity = match severity.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Notice,
    };
    let line = line.and_then(|line| u32::try_from(line).ok());
    (
        source,
        Problem {
            locator,
            line,
            code,
            message,
            remedy,
            severity,
        },
    )
}

/// Holds every other node's scans until the result is dropped. On SQLite there is one machine, which has a lock file.
pub async fn hold_scans(database: &Database) -> Result<Option<Conn>, StoreError> {
    if database.engine() == Engine::Sqlite {
        return Ok(None);
    }
    let mut conn = database.begin().await?;
    conn.wait_for_others();
    super::issues::lock_ledger(&mut conn, "scan").await?;
    Ok(Some(conn))
}
