//! Everything of one database into an empty one of the other engine, row by row.

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Encode, QueryBuilder, Row, Type};

use super::{Conn, Engine, StoreError};

/// Every table there is; a test compares the list with the schema.
pub const TABLES: [&str; 42] = [
    "instance",
    "nodes",
    "counters",
    "sources",
    "source_visits",
    "articles",
    "revisions",
    "imported_ids",
    "problems",
    "content_versions",
    "feed_scopes",
    "feed_changes",
    "renamed_terms",
    "feed_readers",
    "strangers",
    "archive_runs",
    "archive_members",
    "websub_subscriptions",
    "websub_jobs",
    "subscribers",
    "subscriptions",
    "consents",
    "consent_texts",
    "suppressions",
    "budgets",
    "audit",
    "schedules",
    "occurrences",
    "issues",
    "issue_articles",
    "variants",
    "variant_items",
    "chunks",
    "deliveries",
    "passed_over",
    "ledgers",
    "notices",
    "breakers",
    "feedback",
    "voter_salts",
    "bounces",
    "bounce_incidents",
];

/// Values of one statement at most; both engines take this many.
const MOST_VALUES: usize = 30_000;
/// Rows of one statement at most.
const MOST_ROWS: usize = 500;

/// The schema knows three kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Text,
    Bytes,
}

#[derive(Debug, Clone)]
enum Cell {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: Kind,
}

const COLUMNS_SQLITE: &str = "SELECT name, type FROM pragma_table_info($1) ORDER BY cid";

async fn columns(conn: &mut Conn, table: &str) -> Result<Vec<Column>, StoreError> {
    let found: Vec<(String, String)> = on!(conn, |c| sqlx::query_as(COLUMNS_SQLITE)
        .bind(table.to_owned())
        .fetch_all(c)
        .await?);
    let columns = found.into_iter().map(|(name, kind)| {
        let kind = match kind.as_str() {
            "INTEGER" => Kind::Integer,
            "BLOB" => Kind::Bytes,
            _ => Kind::Text,
        };
        Column { name, kind }
    });
    Ok(columns.collect())
}

/// How many rows all tables hold together.
pub async fn rows(conn: &mut Conn) -> Result<u64, StoreError> {
    let mut all = 0;
    for table in TABLES {
        all += rows_of(conn, table).await?;
    }
    Ok(all)
}

async fn rows_of(conn: &mut Conn, table: &str) -> Result<u64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(AssertSqlSafe(format!(
        "SELECT COUNT(*) FROM {table}"
    )))
    .fetch_one(c)
    .await?);
    Ok(u64::try_from(row.0).unwrap_or(0))
}

/// Copies every row; one of the two connections is SQLite's. Nothing is committed. Returns how many rows that were, and
/// fails when a table then does not hold as many as the original.
pub async fn copy_all(
    from: &mut Conn,
    to: &mut Conn,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<u64, StoreError> {
    let mut done = 0;
    for table in TABLES {
        let file = if from.engine() == Engine::Sqlite {
            &mut *from
        } else {
            &mut *to
        };
        let columns = columns(file, table).await?;
        let (before, expected) = (done, rows_of(from, table).await?);
        copy(from, to, table, &columns, &mut done, progress).await?;
        let copied = rows_of(to, table).await?;
        if (done - before, copied) != (expected, expected) {
            return Err(StoreError::Rows {
                what: "copy a table",
                expected,
                changed: copied,
            });
        }
    }
    Ok(done)
}

async fn copy(
    from: &mut Conn,
    to: &mut Conn,
    table: &str,
    columns: &[Column],
    done: &mut u64,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<(), StoreError> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(", ");
    let select = format!("SELECT {names} FROM {table}");
    let into = format!("INSERT INTO {table} ({names}) ");
    let most = (MOST_VALUES / columns.len().max(1)).clamp(1, MOST_ROWS);
    let mut waiting = Vec::with_capacity(most);
    on!(from, |source| {
        let mut found = sqlx::query(AssertSqlSafe(select)).fetch(source);
        while let Some(row) = found.try_next().await? {
            waiting.push(cells(&row, columns)?);
            if waiting.len() == most {
                *done += insert(to, &into, &mut waiting).await?;
                progress(*done);
            }
        }
    });
    *done += insert(to, &into, &mut waiting).await?;
    progress(*done);
    Ok(())
}

fn cells<'r, R>(row: &'r R, columns: &[Column]) -> Result<Vec<Cell>, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<Vec<u8>>: Decode<'r, R::Database> + Type<R::Database>,
{
    let read = |(place, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Integer => Cell::Integer(row.try_get(place)?),
            Kind::Text => Cell::Text(row.try_get(place)?),
            Kind::Bytes => Cell::Bytes(row.try_get(place)?),
        })
    };
    columns.iter().enumerate().map(read).collect()
}

async fn insert(to: &mut Conn, into: &str, rows: &mut Vec<Vec<Cell>>) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let rows = std::mem::take(rows);
    Ok(on!(to, |target| values(into, rows)
        .build()
        .execute(target)
        .await?
        .rows_affected()))
}

fn values<DB>(into: &str, rows: Vec<Vec<Cell>>) -> QueryBuilder<DB>
where
    DB: sqlx::Database,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<String>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<Vec<u8>>: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(into);
    query.push_values(rows, |mut row, cells| {
        for cell in cells {
            match cell {
                Cell::Integer(value) => row.push_bind(value),
                Cell::Text(value) => row.push_bind(value),
                Cell::Bytes(value) => row.push_bind(value),
            };
        }
    });
    query
}
