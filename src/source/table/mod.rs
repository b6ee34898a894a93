//! A table of a database as a source: the author's own query, row by row as items (`sources.md` 3.5).
//!
//! The query belongs to the author and runs in the author's database; ours is the business of `store` alone.

mod connection;
mod cursor;
mod row;
mod statement;

use chrono::{DateTime, Utc};

use crate::config::{CursorType, TableSource};

use super::item::{Item, short_locator};
use connection::{Cell, Column, Connection};
use statement::{Refused, Statement};

/// Rows that are read of one table at most.
pub const MOST_ROWS: usize = 200_000;

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The database.
    #[error("open the database of the table: {0}; nothing changes until it can be read again")]
    Open(sqlx::Error),
    /// The query.
    #[error("run `query` or `keys`: {0}; nothing changes until it runs again")]
    Query(sqlx::Error),
    /// What is written is not one SELECT.
    #[error("accept `{key}`: {why}; write one SELECT")]
    Refused {
        /// `query` or `keys`.
        key: &'static str,
        /// What is wrong.
        why: Refused,
    },
    /// Columns that mean nothing here.
    #[error("understand the column(s) {0} of `query`; known are {known}", known = row::COLUMNS.join(", "))]
    Unknown(String),
    /// There is no id.
    #[error("find the column `id` in `query`: every article needs one that stays; write `SELECT … AS id`")]
    NoId,
    /// No text, or several.
    #[error("find the text in `query`: it needs one column of `html`, `markdown` and `text`, and only one")]
    Body,
    /// A page ends where the one before ended.
    #[error(
        "read `query` on behind a page: its `id` has no order; write it as text, such as `SELECT CAST(id AS text) AS id`"
    )]
    Stuck,
    /// A list of keys without keys.
    #[error("find a column in `keys`; write `SELECT id FROM …`")]
    NoColumn,
}

/// A table that is being read.
#[derive(Debug)]
pub struct Table {
    connection: Connection,
    query: Statement,
    keys: Option<Statement>,
    cursor_type: CursorType,
    columns: Vec<Column>,
}

/// Some rows.
#[derive(Debug)]
pub struct Page {
    /// In the order of their ids.
    pub items: Vec<Item>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<Place>,
    /// The latest `updated_at` among them.
    pub latest: Option<String>,
    /// A row does not say when it changed: what is new cannot be asked for.
    pub has_undated: bool,
    /// Rows without an id, which are no articles.
    pub nameless: usize,
}

/// A place among rows.
#[derive(Debug, Clone)]
pub struct Place(Cell);

impl Table {
    /// Opens the database and looks at the query without running it.
    ///
    /// # Errors
    /// The database cannot be opened, the query is none or has other columns than it may.
    pub async fn open(table: &TableSource) -> Result<Self, TableError> {
        let parse = |key, text: &str| Statement::parse(text).map_err(|why| TableError::Refused { key, why });
        let query = parse("query", &table.query)?;
        let keys = table.keys.as_deref().map(|keys| parse("keys", keys)).transpose()?;
        let mut connection = Connection::open(table).await?;
        let columns = connection.columns(&query, table.cursor_type).await?;
        row::examine(&columns)?;
        Ok(Self {
            connection,
            query,
            keys,
            cursor_type: table.cursor_type,
            columns,
        })
    }

    /// Whether it can be asked for what is new alone.
    pub fn has_cursor(&self) -> bool {
        self.query.has_cursor() && row::place(&self.columns, "updated_at").is_some()
    }

    /// Whether the query says which rows it wants by `$1`.
    pub fn has_parameter(&self) -> bool {
        self.query.has_cursor()
    }

    /// A page of rows that changed since `cursor` (all of them without one), after a place.
    ///
    /// # Errors
    /// The query failed.
    pub async fn page(&mut self, cursor: Option<&str>, after: Option<&Place>) -> Result<Page, TableError> {
        let since = cursor::overlapping(cursor, self.cursor_type);
        let query = (&self.query, self.cursor_type);
        let found = self
            .connection
            .page(query, &self.columns, &since, after.map(|place| &place.0))
            .await?;
        let page = row::page(&self.columns, &found);
        match (after, &page.next) {
            (Some(after), Some(next)) if after.0 == next.0 => Err(TableError::Stuck),
            _ => Ok(page),
        }
    }

    /// Ids of everything that is live: of `keys`, else of the whole query. More than [`MOST_ROWS`] are cut off one later.
    ///
    /// # Errors
    /// The query failed.
    pub async fn ids(&mut self) -> Result<Vec<String>, TableError> {
        let ids = match &self.keys {
            Some(keys) => {
                self.connection
                    .first_column((keys, self.cursor_type), MOST_ROWS)
                    .await?
            }
            None => {
                let id = row::place(&self.columns, "id").and_then(|at| self.columns.get(at));
                let since = cursor::overlapping(None, self.cursor_type);
                let query = (&self.query, self.cursor_type);
                self.connection
                    .column(query, id.ok_or(TableError::NoId)?, &since, MOST_ROWS)
                    .await?
            }
        };
        Ok(ids.iter().map(|id| short_locator(id)).collect())
    }

    /// Ends the connection.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

/// How far a table is read by now: rows with a later `updated_at` are read again when their time has come.
pub fn reached(latest: Option<String>, now: DateTime<Utc>) -> Option<String> {
    latest.map(|latest| cursor::capped(latest, now))
}

/// The later one of two values of `updated_at`.
pub fn later(one: Option<String>, other: Option<String>) -> Option<String> {
    cursor::later(one, other)
}
