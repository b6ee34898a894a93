//! Rows of articles, with and without their content.

use sqlx::{ColumnIndex, Decode, Row, Type};

use crate::model::article::{Article, Content, Visibility};
use crate::model::clock::from_micros;
use crate::store::{Conn, StoreError};

/// What a scan must know of a stored article: everything but its content.
#[derive(Debug, Clone)]
pub struct Known {
    /// ULID.
    pub id: String,
    /// What feeds print as id.
    pub entry_id: String,
    /// The id was the article's address in a feed that was taken over.
    pub is_permalink: bool,
    /// Path under the root at the last scan.
    pub locator: String,
    /// Header `id`, `guid` or `uuid`.
    pub header_id: Option<String>,
    /// Canonical address.
    pub url: String,
    /// Addresses it had before.
    pub former_urls: Vec<String>,
    /// Microseconds.
    pub published_at: i64,
    /// Word of [`crate::model::article::DateOrigin`].
    pub published_from: String,
    /// Microseconds.
    pub first_seen: i64,
    /// Microseconds.
    pub changed_at: i64,
    /// Microseconds, or never.
    pub mailable_at: Option<i64>,
    /// Why never.
    pub not_mailable: Option<String>,
    /// Whether readers see it.
    pub visibility: Visibility,
    /// Why it is excluded or withdrawn.
    pub reason: Option<String>,
    /// Since when its file is missing, microseconds.
    pub missing_since: Option<i64>,
    /// How many scans in a row missed it.
    pub missing_scans: i64,
    /// SHA-256 of the raw bytes.
    pub source_hash: Vec<u8>,
    /// SHA-256 of what a reader can see.
    pub content_hash: Vec<u8>,
    /// The same without address and inferred date: equal for a moved file.
    pub body_hash: Vec<u8>,
    /// Newest revision.
    pub revision_id: i64,
    /// Empty when untitled.
    pub title: String,
    /// Bytes.
    pub file_size: i64,
    /// Nanoseconds since 1970.
    pub file_mtime: i64,
    /// Inode.
    pub file_id: i64,
    /// Microseconds.
    pub updated_at: Option<i64>,
    /// When its text changed last since it was public, microseconds.
    pub edited_at: Option<i64>,
    /// No time of day was given.
    pub date_only: bool,
}

macro_rules! known_columns {
    () => {
        "a.id, a.entry_id, a.locator, a.header_id, a.url, a.former_urls, a.published_at, a.published_from, a.first_seen, \
         a.changed_at, a.mailable_at, a.not_mailable, a.visibility, a.reason, a.missing_since, a.missing_scans, \
         a.source_hash, a.content_hash, a.body_hash, a.revision_id, a.title, a.file_size, a.file_mtime, a.file_id, \
         a.updated_at, a.date_only, a.is_permalink, a.edited_at"
    };
}

fn read_known<'r, R>(row: &'r R) -> Result<Known, StoreError>
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
{
    let word: String = row.try_get("visibility")?;
    let visibility = Visibility::from_word(&word).ok_or(StoreError::Corrupt {
        what: "an article's visibility",
        value: word,
    })?;
    let former: String = row.try_get("former_urls")?;
    Ok(Known {
        id: row.try_get("id")?,
        entry_id: row.try_get("entry_id")?,
        is_permalink: row.try_get::<i64, _>("is_permalink")? != 0,
        locator: row.try_get("locator")?,
        header_id: row.try_get("header_id")?,
        url: row.try_get("url")?,
        former_urls: serde_json::from_str(&former).unwrap_or_default(),
        published_at: row.try_get("published_at")?,
        published_from: row.try_get("published_from")?,
        first_seen: row.try_get("first_seen")?,
        changed_at: row.try_get("changed_at")?,
        mailable_at: row.try_get("mailable_at")?,
        not_mailable: row.try_get("not_mailable")?,
        visibility,
        reason: row.try_get("reason")?,
        missing_since: row.try_get("missing_since")?,
        missing_scans: row.try_get("missing_scans")?,
        source_hash: row.try_get("source_hash")?,
        content_hash: row.try_get("content_hash")?,
        body_hash: row.try_get("body_hash")?,
        revision_id: row.try_get("revision_id")?,
        title: row.try_get("title")?,
        file_size: row.try_get("file_size")?,
        file_mtime: row.try_get("file_mtime")?,
        file_id: row.try_get("file_id")?,
        updated_at: row.try_get("updated_at")?,
        edited_at: row.try_get("edited_at")?,
        date_only: row.try_get::<i64, _>("date_only")? != 0,
    })
}

fn read_article<'r, R>(row: &'r R) -> Result<Article, StoreError>
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
{
    let known = read_known(row)?;
    let fields: String = row.try_get("fields")?;
    let content: Content = serde_json::from_str(&fields).map_err(|_| StoreError::Corrupt {
        what: "a revision",
        value: known.id.clone(),
    })?;
    Ok(Article {
        id: known.id,
        entry_id: known.entry_id,
        is_permalink: known.is_permalink,
        source_id: row.try_get("source_id")?,
        locator: known.locator,
        url: known.url,
        former_urls: known.former_urls,
        content,
        published_at: from_micros(known.published_at),
        published_from: known.published_from,
        date_only: known.date_only,
        updated_at: known.updated_at.map(from_micros),
        edited_at: known.edited_at.map(from_micros),
        first_seen: from_micros(known.first_seen),
        changed_at: from_micros(known.changed_at),
        mailable_at: known.mailable_at.map(from_micros),
        not_mailable: known.not_mailable,
        visibility: known.visibility,
        reason: known.reason,
        source_hash: known.source_hash,
        content_hash: known.content_hash,
        revision_id: known.revision_id,
    })
}

const KNOWN_OF_SOURCE: &str = concat!(
    "SELECT ",
    known_columns!(),
    " FROM articles a WHERE a.source_id = $1 ORDER BY a.locator, a.id"
);

/// Everything that is stored of a source, in the order of paths.
pub async fn known(conn: &mut Conn, source_id: &str) -> Result<Vec<Known>, StoreError> {
    on!(conn, |c| sqlx::query(KNOWN_OF_SOURCE)
        .bind(source_id)
        .fetch_all(c)
        .await?
        .iter()
        .map(read_known)
        .collect())
}

/// An article of another source, as far as sources must know of each other.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OfOthers {
    /// ULID.
    pub id: String,
    /// Canonical address.
    pub url: String,
    /// Whose.
    pub source_id: String,
    /// Where it is there.
    pub locator: String,
    /// Word of `Visibility`: public, scheduled or gone.
    pub visibility: String,
}

const OF_OTHERS: &str = "SELECT id, url, source_id, locator, visibility FROM articles WHERE source_id <> $1 \
     AND (visibility IN ('public', 'scheduled') OR (visibility = 'gone' AND changed_at >= $2)) ORDER BY changed_at, id";

/// What other sources have published or will publish, and what is gone from them since a moment (microseconds).
pub async fn of_others(conn: &mut Conn, source_id: &str, gone_since: i64) -> Result<Vec<OfOthers>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_OTHERS)
        .bind(source_id)
        .bind(gone_since)
        .fetch_all(c)
        .await?))
}

const KNOWN_BY_ID: &str = concat!("SELECT ", known_columns!(), " FROM articles a WHERE a.id = $1");

/// One article as a scan knows it.
pub async fn known_by_id(conn: &mut Conn, id: &str) -> Result<Option<Known>, StoreError> {
    on!(conn, |c| sqlx::query(KNOWN_BY_ID)
        .bind(id)
        .fetch_optional(c)
        .await?
        .as_ref()
        .map(read_known)
        .transpose())
}

const ONE: &str = concat!(
    "SELECT ",
    known_columns!(),
    ", a.source_id, r.fields FROM articles a JOIN revisions r ON r.id = a.revision_id WHERE a.id = $1"
);

/// One article with its newest revision.
pub async fn one(conn: &mut Conn, id: &str) -> Result<Option<Article>, StoreError> {
    on!(conn, |c| sqlx::query(ONE)
        .bind(id)
        .fetch_optional(c)
        .await?
        .as_ref()
        .map(read_article)
        .transpose())
}

const PAGE: &str = concat!(
    "SELECT ",
    known_columns!(),
    ", a.source_id, r.fields FROM articles a JOIN revisions r ON r.id = a.revision_id \
     WHERE (a.published_at < $1 OR (a.published_at = $1 AND a.id > $2)) \
     ORDER BY a.published_at DESC, a.id LIMIT $3"
);

/// At most `limit` articles of every state after the key `(published_at, id)`, newest first.
pub async fn page(conn: &mut Conn, after: (i64, &str), limit: i64) -> Result<Vec<Article>, StoreError> {
    on!(conn, |c| sqlx::query(PAGE)
        .bind(after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(c)
        .await?
        .iter()
        .map(read_article)
        .collect())
}
