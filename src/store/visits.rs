//! What is remembered of sources that must be asked: feeds on other servers, tables of other databases.

use super::{Conn, StoreError};

/// What the last visits to a source left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visit {
    /// The address that the rest holds for: another one is asked from the beginning.
    pub place: String,
    /// Validator of the document that was read last (RFC 9110 section 8.8.3).
    pub etag: Option<String>,
    /// The same as a date (section 8.8.2), letter for letter.
    pub modified: Option<String>,
    /// How far a table was read.
    pub cursor: Option<String>,
    /// When a table was read whole, microseconds.
    pub full_at: Option<i64>,
    /// Visits in a row that failed.
    pub failures: i64,
    /// It is not asked before, microseconds.
    pub not_before: Option<i64>,
    /// Its server said that it is gone for good.
    pub is_gone: bool,
}

const ONE: &str = "SELECT place, etag, modified, cursor, full_at, failures, not_before, is_gone FROM source_visits WHERE source_id = $1";

type Row = (
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    i64,
    Option<i64>,
    i64,
);

/// What is remembered of a source for this place; nothing before its first visit, or where it was another place.
pub async fn one(conn: &mut Conn, source_id: &str, place: &str) -> Result<Visit, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(ONE).bind(source_id).fetch_optional(c).await?);
    let here = row.filter(|row| row.0 == place);
    let nothing = || Visit {
        place: place.to_owned(),
        ..Visit::default()
    };
    Ok(here.map_or_else(nothing, |row| Visit {
        place: row.0,
        etag: row.1,
        modified: row.2,
        cursor: row.3,
        full_at: row.4,
        failures: row.5,
        not_before: row.6,
        is_gone: row.7 != 0,
    }))
}

const WRITE: &str = "INSERT INTO source_visits (source_id, place, etag, modified, cursor, full_at, failures, not_before, is_gone) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (source_id) DO UPDATE SET place = $2, etag = $3, modified = $4, \
     cursor = $5, full_at = $6, failures = $7, not_before = $8, is_gone = $9";

/// Remembers a visit.
pub async fn write(conn: &mut Conn, source_id: &str, visit: &Visit) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(WRITE)
        .bind(source_id)
        .bind(&visit.place)
        .bind(&visit.etag)
        .bind(&visit.modified)
        .bind(&visit.cursor)
        .bind(visit.full_at)
        .bind(visit.failures)
        .bind(visit.not_before)
        .bind(i64::from(visit.is_gone))
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
