//! Writing articles and their revisions.

use super::known::Known;
use crate::model::article::{Content, Visibility};
use crate::store::{Conn, StoreError, exactly};

/// What [`insert`] and [`update`] write; the content is a revision's.
#[derive(Debug, Clone)]
pub struct Written {
    /// The row, without revision number.
    pub known: Known,
    /// Where it comes from.
    pub source_id: String,
}

const UPDATE: &str = "UPDATE articles SET entry_id = $2, source_id = $3, locator = $4, header_id = $5, url = $6, former_urls = $7, \
     published_at = $8, published_from = $9, date_only = $10, updated_at = $11, first_seen = $12, changed_at = $13, \
     mailable_at = $14, not_mailable = $15, visibility = $16, reason = $17, source_hash = $18, content_hash = $19, \
     body_hash = $20, revision_id = $21, title = $22, file_size = $23, file_mtime = $24, file_id = $25, is_permalink = $26, \
     edited_at = $27, missing_since = NULL, missing_scans = 0 WHERE id = $1";

/// Adds articles whose revisions have been added; a few hundred at once.
pub async fn insert(conn: &mut Conn, articles: &[Written]) -> Result<(), StoreError> {
    if articles.is_empty() {
        return Ok(());
    }
    let changed = on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new(
            "INSERT INTO articles (id, entry_id, source_id, locator, header_id, url, former_urls, published_at, \
             published_from, date_only, updated_at, first_seen, changed_at, mailable_at, not_mailable, visibility, reason, \
             source_hash, content_hash, body_hash, revision_id, title, file_size, file_mtime, file_id, is_permalink, edited_at) ",
        );
        query.push_values(articles, |mut row, w| {
            let k = &w.known;
            row.push_bind(&k.id)
                .push_bind(&k.entry_id)
                .push_bind(&w.source_id)
                .push_bind(&k.locator)
                .push_bind(&k.header_id)
                .push_bind(&k.url)
                .push_bind(serde_json::to_string(&k.former_urls).unwrap_or_default())
                .push_bind(k.published_at)
                .push_bind(&k.published_from)
                .push_bind(i64::from(k.date_only))
                .push_bind(k.updated_at)
                .push_bind(k.first_seen)
                .push_bind(k.changed_at)
                .push_bind(k.mailable_at)
                .push_bind(&k.not_mailable)
                .push_bind(k.visibility.word())
                .push_bind(&k.reason)
                .push_bind(&k.source_hash)
                .push_bind(&k.content_hash)
                .push_bind(&k.body_hash)
                .push_bind(k.revision_id)
                .push_bind(&k.title)
                .push_bind(k.file_size)
                .push_bind(k.file_mtime)
                .push_bind(k.file_id)
                .push_bind(i64::from(k.is_permalink))
                .push_bind(k.edited_at);
        });
        query.build().execute(c).await?.rows_affected()
    });
    exactly("add articles", articles.len() as u64, changed)
}

/// Replaces the row of an article; the id stays.
pub async fn update(conn: &mut Conn, written: &Written) -> Result<(), StoreError> {
    let (w, k) = (written, &written.known);
    let former = serde_json::to_string(&k.former_urls).unwrap_or_default();
    let changed = on!(conn, |c| sqlx::query(UPDATE)
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
        .bind(i64::from(k.is_permalink))
        .bind(k.edited_at)
        .execute(c)
        .await?
        .rows_affected());
    exactly("update an article", 1, changed)
}

/// What a reader can see at one time.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// From `counters`.
    pub id: i64,
    /// Whose.
    pub article_id: String,
    /// SHA-256 of what a reader can see.
    pub content_hash: Vec<u8>,
    /// The JSON of [`Content`].
    pub fields: String,
}

/// Adds revisions; a few hundred at once.
pub async fn add_revisions(conn: &mut Conn, revisions: &[NewRevision], seen_at: i64) -> Result<(), StoreError> {
    if revisions.is_empty() {
        return Ok(());
    }
    let changed = on!(conn, |c| {
        let mut query =
            sqlx::QueryBuilder::new("INSERT INTO revisions (id, article_id, content_hash, seen_at, fields) ");
        query.push_values(revisions, |mut row, revision| {
            row.push_bind(revision.id)
                .push_bind(&revision.article_id)
                .push_bind(&revision.content_hash)
                .push_bind(seen_at)
                .push_bind(&revision.fields);
        });
        query.build().execute(c).await?.rows_affected()
    });
    exactly("add revisions", revisions.len() as u64, changed)
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
    exactly("touch an article", 1, changed)
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
    exactly("change an article's visibility", 1, changed)
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
