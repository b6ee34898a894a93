//! The author's database: opened to read and nothing else, on either engine (`sources.md` TA2).

use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor, Row, SqlSafeStr, Statement as _, TypeInfo, ValueRef,
};

use super::TableError;
use super::statement::Statement;
use crate::config::{CursorType, TableSource};

/// A query may take so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Rows of one page.
const PAGE: usize = 500;
/// Bytes of one page, as far as they can be counted.
const PAGE_BYTES: usize = 32 << 20;

/// A column of the author's query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// As the engine spells it.
    pub(super) name: String,
    /// The engine's word for its type.
    kind: String,
}

/// A value: what its engine says it is, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Number(String),
    Text(String),
}

impl Cell {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Null => None,
            Self::Number(text) | Self::Text(text) => Some(text),
        }
    }

    fn len(&self) -> usize {
        self.text().map_or(0, str::len)
    }
}

/// Some rows, in the order of their ids.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Vec<Cell>>,
    /// More may follow.
    pub(super) more: bool,
}

/// An open connection; it reads and cannot write.
#[derive(Debug)]
pub(super) enum Connection {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Connection {
    pub(super) async fn open(table: &TableSource) -> Result<Self, TableError> {
        let opening = async {
            if table.file().is_some() {
                let options = SqliteConnectOptions::from_str(&table.database)?
                    .read_only(true)
                    .create_if_missing(false)
                    .busy_timeout(Duration::from_secs(5))
                    .pragma("query_only", "ON")
                    .pragma("trusted_schema", "OFF");
                return Ok(Self::Sqlite(Box::new(options.connect().await?)));
            }
            let mut options = PgConnectOptions::from_str(&table.database)?
                .application_name("letterpress")
                .options([
                    ("default_transaction_read_only", "on"),
                    ("statement_timeout", "30s"),
                    ("TimeZone", "UTC"),
                    ("DateStyle", "ISO"),
                ]);
            if let Some(password) = &table.password {
                options = options.password(password.expose_secret());
            }
            Ok(Self::Postgres(Box::new(options.connect().await?)))
        };
        in_time(opening).await.map_err(TableError::Open)
    }

    pub(super) async fn close(self) {
        // Whatever it says, and whether it says anything, we are done with it.
        let closing = async {
            match self {
                Self::Sqlite(conn) => conn.close().await,
                Self::Postgres(conn) => conn.close().await,
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), closing).await;
    }

    /// Ends what SQLite does when its time is over; PostgreSQL was told at the beginning.
    async fn limit(&mut self) -> Result<(), TableError> {
        match self {
            Self::Sqlite(conn) => in_time(end_after(conn, PATIENCE)).await.map_err(TableError::Query),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// What stands for `$1` in the author's query.
    fn cursor(&self, kind: CursorType) -> &'static str {
        match (self, kind) {
            (Self::Sqlite(_), CursorType::Epoch) => "CAST($1 AS INTEGER)",
            (Self::Sqlite(_), _) => "$1",
            (Self::Postgres(_), CursorType::Timestamp) => "($1::text::timestamptz)",
            (Self::Postgres(_), CursorType::Text) => "($1::text)",
            (Self::Postgres(_), CursorType::Epoch) => "($1::text::bigint)",
        }
    }

    /// The columns of a statement, without running it.
    pub(super) async fn columns(&mut self, statement: &Statement, kind: CursorType) -> Result<Vec<Column>, TableError> {
        self.limit().await?;
        let query = AssertSqlSafe(statement.with_cursor(self.cursor(kind))).into_sql_str();
        let preparing = async {
            Ok(match self {
                Self::Sqlite(conn) => named(conn.prepare(query).await?.columns()),
                Self::Postgres(conn) => named(conn.prepare(query).await?.columns()),
            })
        };
        in_time(preparing).await.map_err(TableError::Query)
    }

    /// A page of rows after an id; `cursor` is bound where the statement has one.
    pub(super) async fn page(
        &mut self,
        (statement, kind): (&Statement, CursorType),
        columns: &[Column],
        cursor: &str,
        after: Option<&Cell>,
    ) -> Result<Rows, TableError> {
        self.limit().await?;
        let inner = statement.with_cursor(self.cursor(kind));
        let place = if statement.has_cursor() { 2 } else { 1 };
        let bound = statement.has_cursor().then_some(cursor);
        let reading = async {
            match self {
                Self::Sqlite(conn) => sqlite_page(conn, &inner, place, (bound, after)).await,
                Self::Postgres(conn) => postgres_page(conn, &inner, columns, place, (bound, after)).await,
            }
        };
        in_time(reading).await.map_err(TableError::Query)
    }

    /// The first column of a statement, at most `most` and one.
    pub(super) async fn first_column(
        &mut self,
        (statement, kind): (&Statement, CursorType),
        most: usize,
    ) -> Result<Vec<String>, TableError> {
        let columns = self.columns(statement, kind).await?;
        let first = columns.first().ok_or(TableError::NoColumn)?;
        let earliest = super::cursor::overlapping(None, kind);
        self.column((statement, kind), first, &earliest, most).await
    }

    /// A column of a statement as text, at most `most` and one; `cursor` is bound where the statement has one.
    pub(super) async fn column(
        &mut self,
        (statement, kind): (&Statement, CursorType),
        column: &Column,
        cursor: &str,
        most: usize,
    ) -> Result<Vec<String>, TableError> {
        self.limit().await?;
        let inner = statement.with_cursor(self.cursor(kind));
        let (name, limit) = (quoted(&column.name), most + 1);
        let text = match self {
            Self::Sqlite(_) => format!("CAST(q.{name} AS TEXT)"),
            Self::Postgres(_) => format!("(q.{name})::text"),
        };
        let sql = AssertSqlSafe(format!("SELECT {text} FROM ({inner}\n) AS q LIMIT {limit}"));
        let bound = statement.has_cursor().then(|| cursor.to_owned());
        let reading = async {
            Ok(match self {
                Self::Sqlite(conn) => {
                    let query = sqlx::query_scalar::<_, Option<String>>(sql);
                    let query = bound.into_iter().fold(query, sqlx::query::QueryScalar::bind);
                    query.fetch_all(&mut **conn).await?
                }
                Self::Postgres(conn) => {
                    let query = sqlx::query_scalar(sql);
                    let query = bound.into_iter().fold(query, sqlx::query::QueryScalar::bind);
                    query.fetch_all(&mut **conn).await?
                }
            })
        };
        let found: Vec<Option<String>> = in_time(reading).await.map_err(TableError::Query)?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// Nobody waits for a statement of SQLite that runs longer: dropping its future would not end it.
async fn end_after(conn: &mut SqliteConnection, patience: Duration) -> Result<(), sqlx::Error> {
    /// Steps of SQLite's machine between two looks at the clock.
    const STEPS: i32 = 10_000;
    let begun = Instant::now();
    let mut handle = conn.lock_handle().await?;
    handle.set_progress_handler(STEPS, move || begun.elapsed() < patience);
    Ok(())
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let ended = tokio::time::timeout(PATIENCE + Duration::from_secs(1), work).await;
    ended.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

fn named<C: sqlx::Column>(columns: &[C]) -> Vec<Column> {
    let named = columns.iter().map(|column| Column {
        name: column.name().to_owned(),
        // PostgreSQL's own name for texts of a fixed length; as a cast, CHAR is one character long.
        kind: match column.type_info().name().to_ascii_uppercase() {
            kind if kind == "CHAR" => "BPCHAR".to_owned(),
            kind => kind,
        },
    });
    named.collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

async fn sqlite_page(
    conn: &mut SqliteConnection,
    inner: &str,
    place: usize,
    (cursor, after): (Option<&str>, Option<&Cell>),
) -> Result<Rows, sqlx::Error> {
    let bound = if after.is_some() {
        format!("q.id > ${place}")
    } else {
        "1".to_owned()
    };
    let query = format!("SELECT * FROM ({inner}\n) AS q WHERE {bound} ORDER BY q.id LIMIT {PAGE}");
    let mut query = sqlx::query(AssertSqlSafe(query));
    if let Some(cursor) = cursor {
        query = query.bind(cursor.to_owned());
    }
    query = match after {
        Some(Cell::Number(number)) => match number.parse::<i64>() {
            Ok(number) => query.bind(number),
            Err(_) => query.bind(number.parse::<f64>().unwrap_or(f64::MAX)),
        },
        Some(cell) => query.bind(cell.text().unwrap_or_default().to_owned()),
        None => query,
    };
    let mut stream = query.fetch(conn);
    let mut page = Gathered::default();
    while let Some(row) = stream.try_next().await? {
        let cells: Result<Vec<Cell>, sqlx::Error> = (0..row.len()).map(|at| sqlite_cell(&row, at)).collect();
        if page.add(cells?) {
            break;
        }
    }
    Ok(page.finish())
}

fn sqlite_cell(row: &SqliteRow, at: usize) -> Result<Cell, sqlx::Error> {
    let kind = row.try_get_raw(at)?.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "NULL" => Cell::Null,
        "INTEGER" | "INT4" | "BOOLEAN" => Cell::Number(row.try_get_unchecked::<i64, _>(at)?.to_string()),
        "REAL" => Cell::Number(real(row.try_get_unchecked(at)?)),
        "BLOB" => {
            let bytes: Vec<u8> = row.try_get_unchecked(at)?;
            String::from_utf8(bytes).map_or(Cell::Null, Cell::Text)
        }
        _ => Cell::Text(row.try_get_unchecked(at)?),
    })
}

/// Seconds with a fraction are seconds.
fn real(number: f64) -> String {
    if number.abs() >= 1e9 && number.abs() < 1e16 {
        format!("{number:.0}")
    } else {
        number.to_string()
    }
}

async fn postgres_page(
    conn: &mut PgConnection,
    inner: &str,
    columns: &[Column],
    place: usize,
    (cursor, after): (Option<&str>, Option<&Cell>),
) -> Result<Rows, sqlx::Error> {
    let list: Vec<String> = columns.iter().map(as_text).collect();
    let list = list.join(", ");
    let id = columns.iter().find(|column| column.name.eq_ignore_ascii_case("id"));
    let id = id.ok_or(sqlx::Error::RowNotFound)?;
    let (name, kind) = (quoted(&id.name), &id.kind);
    let bound = if after.is_some() {
        format!("q.{name} > ${place}::text::{kind}")
    } else {
        "TRUE".to_owned()
    };
    let query = format!("SELECT {list} FROM ({inner}\n) AS q WHERE {bound} ORDER BY q.{name} LIMIT {PAGE}");
    let mut query = sqlx::query(AssertSqlSafe(query)).persistent(false);
    if let Some(cursor) = cursor {
        query = query.bind(cursor.to_owned());
    }
    if let Some(after) = after {
        query = query.bind(after.text().unwrap_or_default().to_owned());
    }
    let mut stream = query.fetch(conn);
    let mut page = Gathered::default();
    while let Some(row) = stream.try_next().await? {
        let cells: Result<Vec<Cell>, sqlx::Error> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| postgres_cell(&row, at, column))
            .collect();
        if page.add(cells?) {
            break;
        }
    }
    Ok(page.finish())
}

/// A column as the text that its type is read from, whatever its type is.
fn as_text(column: &Column) -> String {
    let name = quoted(&column.name);
    match column.kind.as_str() {
        "TIMESTAMPTZ" => format!("to_char(q.{name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"),
        "TIMESTAMP" => format!("to_char(q.{name}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"),
        kind if kind.ends_with("[]") => format!("array_to_json(q.{name})::text"),
        _ => format!("(q.{name})::text"),
    }
}

fn postgres_cell(row: &PgRow, at: usize, column: &Column) -> Result<Cell, sqlx::Error> {
    let text: Option<String> = row.try_get(at)?;
    let is_number = matches!(
        column.kind.as_str(),
        "INT2" | "INT4" | "INT8" | "FLOAT4" | "FLOAT8" | "NUMERIC"
    );
    Ok(match text {
        None => Cell::Null,
        Some(text) if is_number => Cell::Number(text),
        Some(text) => Cell::Text(text),
    })
}

/// A page that grows up to its limits.
#[derive(Default)]
struct Gathered {
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl Gathered {
    /// Takes a row; says whether that is enough.
    fn add(&mut self, row: Vec<Cell>) -> bool {
        self.bytes += row.iter().map(Cell::len).sum::<usize>();
        self.rows.push(row);
        self.rows.len() >= PAGE || self.bytes >= PAGE_BYTES
    }

    fn finish(self) -> Rows {
        Rows {
            more: self.rows.len() >= PAGE || self.bytes >= PAGE_BYTES,
            rows: self.rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_statement_that_never_ends_is_ended() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        end_after(&mut conn, Duration::from_millis(50)).await.unwrap();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let ended = sqlx::query(endless).execute(&mut conn).await;
        assert!(ended.is_err(), "{ended:?}");
        // The next one has its own time.
        end_after(&mut conn, PATIENCE).await.unwrap();
        sqlx::query("SELECT 1").execute(&mut conn).await.unwrap();
    }
}
