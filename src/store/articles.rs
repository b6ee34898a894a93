//! Articles, their revisions, and the version number that tells feeds to render anew.

use std::collections::BTreeMap;

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::{Conn, StoreError};
use crate::model::article::{Article, Content, Visibility};
use crate::model::clock::{from_micros, to_micros};

/// What a scan must know of a stored article: everything but its content.
#[derive(Debug, Clone)]
pub struct Known {
    /// ULID.
    pub id: String,
    /// What feeds print as id.
    pub entry_id: String,
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
    /// No time of day was given.
    pub date_only: bool,
}

macro_rules! known_columns {
    () => {
        "a.id, a.entry_id, a.locator, a.header_id, a.url, a.former_urls, a.published_at, a.published_from, a.first_seen, \
         a.changed_at, a.mailable_at, a.not_mailable, a.visibility, a.reason, a.missing_since, a.missing_scans, \
         a.source_hash, a.content_hash, a.body_hash, a.revision_id, a.title, a.file_size, a.file_mtime, a.file_id, \
         a.updated_at, a.date_only"
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
        source_id: row.try_get("source_id")?,
        locator: known.locator,
        url: known.url,
        former_urls: known.former_urls,
        content,
        published_at: from_micros(known.published_at),
        published_from: known.published_from,
        date_only: known.date_only,
        updated_at: known.updated_at.map(from_micros),
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

/// An article as the choice of feed members needs it: no content.
#[derive(Debug, Clone)]
pub struct Listed {
    /// ULID.
    pub id: String,
    /// Microseconds.
    pub published_at: i64,
    /// Microseconds.
    pub changed_at: i64,
    /// Newest revision.
    pub revision_id: i64,
}

const PUBLIC: &str = "SELECT id, published_at, changed_at, revision_id FROM articles \
     WHERE visibility = 'public' AND published_at <= $1 ORDER BY published_at DESC, id";

/// Every public article whose time has come, newest first, without content.
pub async fn public(conn: &mut Conn, now: i64) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<(String, i64, i64, i64)> = on!(conn, |c| sqlx::query_as(PUBLIC).bind(now).fetch_all(c).await?);
    Ok(rows
        .into_iter()
        .map(|(id, published_at, changed_at, revision_id)| Listed {
            id,
            published_at,
            changed_at,
            revision_id,
        })
        .collect())
}

/// What [`insert`] and [`update`] write.
#[derive(Debug, Clone)]
pub struct Written {
    /// The row, without revision number.
    pub known: Known,
    /// Where it comes from.
    pub source_id: String,
    /// What a reader can see.
    pub content: Content,
}

const INSERT: &str = "INSERT INTO articles (id, entry_id, source_id, locator, header_id, url, former_urls, published_at, \
     published_from, date_only, updated_at, first_seen, changed_at, mailable_at, not_mailable, visibility, reason, \
     source_hash, content_hash, body_hash, revision_id, title, file_size, file_mtime, file_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)";

const UPDATE: &str = "UPDATE articles SET entry_id = $2, source_id = $3, locator = $4, header_id = $5, url = $6, former_urls = $7, \
     published_at = $8, published_from = $9, date_only = $10, updated_at = $11, first_seen = $12, changed_at = $13, \
     mailable_at = $14, not_mailable = $15, visibility = $16, reason = $17, source_hash = $18, content_hash = $19, \
     body_hash = $20, revision_id = $21, title = $22, file_size = $23, file_mtime = $24, file_id = $25, \
     missing_since = NULL, missing_scans = 0 WHERE id = $1";

/// Adds an article whose revision has been added.
pub async fn insert(conn: &mut Conn, written: &Written) -> Result<(), StoreError> {
    write(conn, INSERT, written, "add an article").await
}

/// Replaces the row of an article; the id stays.
pub async fn update(conn: &mut Conn, written: &Written) -> Result<(), StoreError> {
    write(conn, UPDATE, written, "update an article").await
}

async fn write(conn: &mut Conn, sql: &'static str, w: &Written, what: &'static str) -> Result<(), StoreError> {
    let k = &w.known;
    let former = serde_json::to_string(&k.former_urls).unwrap_or_default();
    let changed = on!(conn, |c| sqlx::query(sql)
        .bind(&k.id)
        .bind(&k.entry_id)
        .bind(&w.source_id)
        .bind(&k.locator)
        .bind(&k.header_id)
        .bind(&k.url)
        .bind(&former)
        .bind(k.published_at)
        .bind(&k.published_from)
        .bind(i64::from(k.date_only))
        .bind(k.updated_at)
        .bind(k.first_seen)
        .bind(k.changed_at)
        .bind(k.mailable_at)
        .bind(&k.not_mailable)
        .bind(k.visibility.word())
        .bind(&k.reason)
        .bind(&k.source_hash)
        .bind(&k.content_hash)
        .bind(&k.body_hash)
        .bind(k.revision_id)
        .bind(&k.title)
        .bind(k.file_size)
        .bind(k.file_mtime)
        .bind(k.file_id)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly(what, 1, changed)
}

const ADD_REVISION: &str =
    "INSERT INTO revisions (id, article_id, content_hash, seen_at, fields) VALUES ($1, $2, $3, $4, $5)";

/// Adds a revision under a number from `counters`.
pub async fn add_revision(conn: &mut Conn, id: i64, written: &Written, seen_at: i64) -> Result<(), StoreError> {
    let fields = serde_json::to_string(&written.content).unwrap_or_default();
    on!(conn, |c| sqlx::query(ADD_REVISION)
        .bind(id)
        .bind(&written.known.id)
        .bind(&written.known.content_hash)
        .bind(seen_at)
        .bind(&fields)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const REVISION: &str = "SELECT fields FROM revisions WHERE id = $1";

/// What a reader could see in the revision `id`.
pub async fn revision(conn: &mut Conn, id: i64) -> Result<Option<Content>, StoreError> {
    let fields: Option<(String,)> = on!(conn, |c| sqlx::query_as(REVISION).bind(id).fetch_optional(c).await?);
    fields
        .map(|(text,)| {
            serde_json::from_str(&text).map_err(|_| StoreError::Corrupt {
                what: "a revision",
                value: id.to_string(),
            })
        })
        .transpose()
}

const PRUNE: &str = "DELETE FROM revisions WHERE article_id = $1 AND id <= $2 \
     AND id NOT IN (SELECT r.id FROM revisions r WHERE r.article_id = $1 ORDER BY r.id DESC LIMIT 20) \
     AND NOT EXISTS (SELECT 1 FROM issue_articles i WHERE i.article_id = $1 AND i.revision_id = revisions.id)";

/// Keeps the newest 20 revisions of an article and any that an issue refers to.
pub async fn prune_revisions(conn: &mut Conn, article_id: &str, newest: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(PRUNE)
        .bind(article_id)
        .bind(newest)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const TOUCH: &str = "UPDATE articles SET file_size = $2, file_mtime = $3, file_id = $4, source_hash = $5, missing_since = NULL, \
     missing_scans = 0 WHERE id = $1";

/// The file was touched, what a reader sees is as before.
pub async fn touch(conn: &mut Conn, id: &str, stamp: (i64, i64, i64), source_hash: &[u8]) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(TOUCH)
        .bind(id)
        .bind(stamp.0)
        .bind(stamp.1)
        .bind(stamp.2)
        .bind(source_hash)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("touch an article", 1, changed)
}

const MISSED: &str =
    "UPDATE articles SET missing_since = COALESCE(missing_since, $2), missing_scans = missing_scans + 1 WHERE id = $1";
const FOUND: &str = "UPDATE articles SET missing_since = NULL, missing_scans = 0 WHERE id = $1";

/// A complete scan did not find the file.
pub async fn missed(conn: &mut Conn, id: &str, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(MISSED)
        .bind(id)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

/// The file is back, unchanged.
pub async fn found(conn: &mut Conn, id: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FOUND).bind(id).execute(c).await?.rows_affected());
    Ok(())
}

const SET_VISIBILITY: &str = "UPDATE articles SET visibility = $2, reason = $3, changed_at = $4 WHERE id = $1";

/// Moves an article to another state of the table in `sources.md` 2.2.
pub async fn set_visibility(
    conn: &mut Conn,
    id: &str,
    visibility: Visibility,
    reason: Option<&str>,
    now: i64,
) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(SET_VISIBILITY)
        .bind(id)
        .bind(visibility.word())
        .bind(reason)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("change an article's visibility", 1, changed)
}

const PUBLISH_DUE: &str = "UPDATE articles SET visibility = 'public', mailable_at = CASE WHEN not_mailable IS NULL \
     THEN published_at ELSE mailable_at END WHERE visibility = 'scheduled' AND published_at <= $1";

/// Scheduled articles whose time has come become public; returns how many.
pub async fn publish_due(conn: &mut Conn, now: i64) -> Result<u64, StoreError> {
    Ok(on!(conn, |c| sqlx::query(PUBLISH_DUE)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected()))
}

const NEXT_DUE: &str = "SELECT MIN(published_at) FROM articles WHERE visibility = 'scheduled'";

/// When the next scheduled article falls due.
pub async fn next_due(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let row: (Option<i64>,) = on!(conn, |c| sqlx::query_as(NEXT_DUE).fetch_one(c).await?);
    Ok(row.0)
}

const PENDING: &str =
    "SELECT COUNT(*) FROM articles WHERE source_id = $1 AND not_mailable = 'undecided' AND visibility = 'public'";
const RECENT: &str = "SELECT COUNT(*) FROM articles WHERE source_id = $1 AND mailable_at IS NOT NULL AND mailable_at = first_seen \
     AND first_seen > $2";
const DECIDE: &str = "UPDATE articles SET not_mailable = $2, mailable_at = CASE WHEN $2 IS NULL AND visibility = 'public' \
     THEN CASE WHEN published_at > first_seen THEN published_at ELSE first_seen END ELSE NULL END \
     WHERE source_id = $1 AND not_mailable = 'undecided'";

/// How many new articles of a source wait for the end of the scan, and how many became mailable since `since`.
pub async fn undecided(conn: &mut Conn, source_id: &str, since: i64) -> Result<(i64, i64), StoreError> {
    let pending: (i64,) = on!(conn, |c| sqlx::query_as(PENDING).bind(source_id).fetch_one(c).await?);
    let recent: (i64,) = on!(conn, |c| sqlx::query_as(RECENT)
        .bind(source_id)
        .bind(since)
        .fetch_one(c)
        .await?);
    Ok((pending.0, recent.0))
}

/// Decides for all new articles of a scan at once: mailable (`None`) or not, with the reason.
pub async fn decide(conn: &mut Conn, source_id: &str, reason: Option<&str>) -> Result<u64, StoreError> {
    // A scheduled article may be mailed when it falls due, whatever the first scan says of the others.
    on!(conn, |c| sqlx::query(FREE_SCHEDULED)
        .bind(source_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(on!(conn, |c| sqlx::query(DECIDE)
        .bind(source_id)
        .bind(reason)
        .execute(c)
        .await?
        .rows_affected()))
}

const FREE_SCHEDULED: &str = "UPDATE articles SET not_mailable = NULL WHERE source_id = $1 AND not_mailable = 'undecided' AND visibility = 'scheduled'";

const APPROVE: &str = "UPDATE articles SET mailable_at = $2, not_mailable = NULL WHERE id = $1 AND not_mailable = $3";

/// Releases an article that was kept from letters for `reason`; `false` when it was not.
pub async fn approve(conn: &mut Conn, id: &str, now: i64, reason: &str) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(APPROVE)
        .bind(id)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const DISMISS: &str = "UPDATE articles SET mailable_at = NULL, not_mailable = 'dismissed' WHERE id = $1";

/// Passes an article over for ever.
pub async fn dismiss(conn: &mut Conn, id: &str) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(DISMISS)
        .bind(id)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const HELD: &str = "SELECT id FROM articles WHERE not_mailable = 'held' ORDER BY published_at DESC, id";

/// The articles that the bulk fuse holds.
pub async fn held(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = on!(conn, |c| sqlx::query_as(HELD).fetch_all(c).await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

const URL_OWNER: &str = "SELECT id, source_id FROM articles WHERE url = $1 AND visibility <> 'gone'";

/// Which live articles have this address: `(id, source)`.
pub async fn owners_of_url(conn: &mut Conn, url: &str) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(URL_OWNER).bind(url).fetch_all(c).await?))
}

const ANNOUNCED: &str = "SELECT DISTINCT vi.article_id FROM variant_items vi JOIN issues i ON i.id = vi.issue_id \
     WHERE i.state <> 'cancelled'";

/// The articles that an issue carried.
pub async fn announced(conn: &mut Conn) -> Result<std::collections::BTreeSet<String>, StoreError> {
    let rows: Vec<(String,)> = on!(conn, |c| sqlx::query_as(ANNOUNCED).fetch_all(c).await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

const COUNTS: &str = "SELECT visibility, COALESCE(not_mailable, ''), COUNT(*) FROM articles WHERE source_id = $1 \
     GROUP BY visibility, COALESCE(not_mailable, '')";

/// How many articles of a source are in each state: `(visibility, not_mailable) → count`.
pub async fn counts(conn: &mut Conn, source_id: &str) -> Result<BTreeMap<(String, String), i64>, StoreError> {
    let rows: Vec<(String, String, i64)> = on!(conn, |c| sqlx::query_as(COUNTS).bind(source_id).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(a, b, n)| ((a, b), n)).collect())
}

/// An article that letters may carry: what composing needs of it.
#[derive(Debug, Clone)]
pub struct Mailable {
    /// ULID.
    pub id: String,
    /// Microseconds.
    pub mailable_at: i64,
    /// Microseconds.
    pub published_at: i64,
    /// Microseconds.
    pub changed_at: i64,
    /// Newest revision, which an issue freezes.
    pub revision_id: i64,
    /// Microseconds.
    pub first_seen: i64,
    /// What a reader can see.
    pub content: Content,
}

const MAILABLE: &str = "SELECT a.id, a.mailable_at, a.published_at, a.changed_at, a.revision_id, a.first_seen, r.fields \
     FROM articles a JOIN revisions r ON r.id = a.revision_id \
     WHERE a.visibility = 'public' AND a.mailable_at IS NOT NULL AND a.mailable_at <= $1 AND a.mailable_at > $2 \
     AND a.published_at <= $1 AND a.changed_at <= $3 AND a.missing_since IS NULL \
     AND NOT EXISTS (SELECT 1 FROM passed_over p WHERE p.article_id = a.id AND p.newsletter_id = $4 \
                     AND p.schedule_id IN ('*', $5)) \
     ORDER BY a.mailable_at, a.id";

/// Public, settled and mailable articles that a schedule has not passed over, oldest first.
pub async fn mailable(
    conn: &mut Conn,
    now: i64,
    look_back_from: i64,
    settled_before: i64,
    newsletter_id: &str,
    schedule_id: &str,
) -> Result<Vec<Mailable>, StoreError> {
    let rows: Vec<(String, i64, i64, i64, i64, i64, String)> = on!(conn, |c| sqlx::query_as(MAILABLE)
        .bind(now)
        .bind(look_back_from)
        .bind(settled_before)
        .bind(newsletter_id)
        .bind(schedule_id)
        .fetch_all(c)
        .await?);
    rows.into_iter()
        .map(
            |(id, mailable_at, published_at, changed_at, revision_id, first_seen, fields)| {
                let content = serde_json::from_str(&fields).map_err(|_| StoreError::Corrupt {
                    what: "a revision",
                    value: id.clone(),
                })?;
                Ok(Mailable {
                    id,
                    mailable_at,
                    published_at,
                    changed_at,
                    revision_id,
                    first_seen,
                    content,
                })
            },
        )
        .collect()
}

const BUMP: &str = "INSERT INTO content_versions (name, version, changed_at) VALUES ('articles', 1, $1) \
     ON CONFLICT (name) DO UPDATE SET version = content_versions.version + 1, changed_at = $1";
const VERSION: &str = "SELECT version FROM content_versions WHERE name = 'articles'";

/// Says that feeds must be rendered anew.
pub async fn bump_version(conn: &mut Conn, now: chrono::DateTime<chrono::Utc>) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(BUMP)
        .bind(to_micros(now))
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

/// The number that rises with every change that feeds show; 0 before the first.
pub async fn version(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(VERSION).fetch_optional(c).await?);
    Ok(row.map_or(0, |r| r.0))
}
