//! Ids and times of feeds, and when the bytes of each document changed: equal on every node and after every restart.

use super::{Conn, StoreError};
use crate::model::feed_key::Terms;

const VERSION: &str = "SELECT version, changed_at FROM content_versions WHERE name = 'articles'";

/// The number that rises with every change that feeds show, and when it rose (microseconds); `None` before the first.
pub async fn content_version(conn: &mut Conn) -> Result<Option<(i64, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(VERSION).fetch_optional(c).await?))
}

const TERMS: &str = "SELECT a.id, r.id, r.fields FROM revisions r JOIN articles a ON a.id = r.article_id AND a.revision_id = r.id \
     WHERE r.id > $1 ORDER BY r.id LIMIT $2";

/// At most `limit` articles whose newest revision is later than `after`, in the order of revisions:
/// `(article, revision, terms)`. What the terms of a spoilt revision are, nobody knows.
pub async fn terms_after(
    conn: &mut Conn,
    after: i64,
    limit: i64,
) -> Result<Vec<(String, i64, Option<Terms>)>, StoreError> {
    let rows: Vec<(String, i64, String)> = on!(conn, |c| sqlx::query_as(TERMS)
        .bind(after)
        .bind(limit)
        .fetch_all(c)
        .await?);
    let parse = |fields: &str| serde_json::from_str(fields).ok();
    Ok(rows
        .into_iter()
        .map(|(article, revision, fields)| (article, revision, parse(&fields)))
        .collect())
}

/// One scope: `all`, `tag/ink`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRow {
    /// [`crate::model::feed_key::Scope::word`].
    pub scope: String,
    /// Tag URI, minted once.
    pub feed_id: String,
    /// The term's name as it was seen first; empty for all articles.
    pub title: String,
    /// When an entry was added, edited or removed last, microseconds.
    pub updated_at: i64,
    /// Stands for the members and what they say.
    pub mark: String,
    /// The content version of `mark`.
    pub version: i64,
    /// Its name in the Podcast Index; `None` while nobody asked for one.
    pub podcast_guid: Option<String>,
}

const SCOPES: &str =
    "SELECT scope, feed_id, title, updated_at, mark, version, podcast_guid FROM feed_scopes ORDER BY scope";

/// Every scope that ever had an article.
pub async fn scopes(conn: &mut Conn) -> Result<Vec<ScopeRow>, StoreError> {
    type Row = (String, String, String, i64, String, i64, Option<String>);
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(SCOPES).fetch_all(c).await?);
    Ok(rows
        .into_iter()
        .map(
            |(scope, feed_id, title, updated_at, mark, version, podcast_guid)| ScopeRow {
                scope,
                feed_id,
                title,
                updated_at,
                mark,
                version,
                podcast_guid,
            },
        )
        .collect())
}

const PUT_SCOPE: &str = "INSERT INTO feed_scopes (scope, feed_id, title, updated_at, mark, version, podcast_guid) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (scope) DO UPDATE SET mark = excluded.mark, version = excluded.version, \
     podcast_guid = COALESCE(feed_scopes.podcast_guid, excluded.podcast_guid), \
     updated_at = CASE WHEN feed_scopes.updated_at > excluded.updated_at THEN feed_scopes.updated_at ELSE excluded.updated_at END \
     WHERE feed_scopes.version <= excluded.version AND (feed_scopes.mark <> excluded.mark OR \
         (feed_scopes.podcast_guid IS NULL AND excluded.podcast_guid IS NOT NULL))";

/// Adds a scope, or notes that its members changed. Ids and title stay as they were first; a newer version stays, too.
pub async fn put_scope(conn: &mut Conn, row: &ScopeRow) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(PUT_SCOPE)
        .bind(&row.scope)
        .bind(&row.feed_id)
        .bind(&row.title)
        .bind(row.updated_at)
        .bind(&row.mark)
        .bind(row.version)
        .bind(&row.podcast_guid)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const CARRIERS: &str = "SELECT a.id, n.seen_at, r.fields FROM articles a JOIN revisions n ON n.id = a.revision_id \
     JOIN revisions r ON r.id = (SELECT MAX(o.id) FROM revisions o WHERE o.article_id = a.id AND o.id < a.revision_id \
                                 AND o.fields LIKE $1) \
     WHERE a.visibility = 'public' ORDER BY a.id";

/// A public article that carried a term in an earlier revision.
#[derive(Debug, Clone)]
pub struct Carrier {
    /// ULID.
    pub article: String,
    /// When its newest revision was seen, microseconds.
    pub seen_at: i64,
    /// Its terms in the last revision with that term.
    pub terms: Terms,
}

/// Public articles that carried a term of this slug in a stored revision before the newest one, whatever its kind.
pub async fn carriers(conn: &mut Conn, slug: &str) -> Result<Vec<Carrier>, StoreError> {
    let rows: Vec<(String, i64, String)> = on!(conn, |c| sqlx::query_as(CARRIERS)
        .bind(format!("%\"slug\":\"{slug}\"%"))
        .fetch_all(c)
        .await?);
    Ok(rows
        .into_iter()
        .map(|(article, seen_at, fields)| Carrier {
            article,
            seen_at,
            terms: serde_json::from_str(&fields).unwrap_or_default(),
        })
        .collect())
}

const RENAMED: &str = "SELECT scope, heir FROM renamed_terms ORDER BY scope";

/// Scopes whose term got another name, each with the scope of the new one.
pub async fn renamed(conn: &mut Conn) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(RENAMED).fetch_all(c).await?))
}

const RENAME: &str = "INSERT INTO renamed_terms (scope, heir, renamed_at) VALUES ($1, $2, $3) \
     ON CONFLICT (scope) DO UPDATE SET heir = excluded.heir, renamed_at = excluded.renamed_at";

/// Notes that a scope's term got another name.
pub async fn rename(conn: &mut Conn, scope: &str, heir: &str, now: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(RENAME)
        .bind(scope)
        .bind(heir)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

/// When the bytes at a path changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Without leading slash.
    pub path: String,
    /// Entity tag without `W/` and quotes.
    pub etag: String,
    /// Microseconds.
    pub changed_at: i64,
    /// Number of the program's output: raised when the same articles are meant to print otherwise.
    pub renderer: i64,
    /// The content version that was rendered.
    pub version: i64,
    /// Stands for what it was printed from; empty where nobody noted it.
    pub inputs: String,
}

const CHANGES: &str = "SELECT path, etag, changed_at, renderer, version, inputs FROM feed_changes WHERE path = $1";

/// The row of a path.
pub async fn change(conn: &mut Conn, path: &str) -> Result<Option<ChangeRow>, StoreError> {
    type Row = (String, String, i64, i64, i64, String);
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(CHANGES).bind(path).fetch_optional(c).await?);
    Ok(
        row.map(|(path, etag, changed_at, renderer, version, inputs)| ChangeRow {
            path,
            etag,
            changed_at,
            renderer,
            version,
            inputs,
        }),
    )
}

const PUT_CHANGE: &str = "INSERT INTO feed_changes (path, etag, changed_at, renderer, version, inputs) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (path) DO UPDATE SET etag = excluded.etag, changed_at = excluded.changed_at, renderer = excluded.renderer, \
     version = excluded.version, inputs = excluded.inputs WHERE feed_changes.etag <> excluded.etag AND feed_changes.renderer <= excluded.renderer \
     AND feed_changes.version <= excluded.version";

/// Notes new bytes; `false` when nothing was noted. The first writer of equal bytes wins; a newer renderer or version is never
/// overwritten.
pub async fn put_change(conn: &mut Conn, row: &ChangeRow) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(PUT_CHANGE)
        .bind(&row.path)
        .bind(&row.etag)
        .bind(row.changed_at)
        .bind(row.renderer)
        .bind(row.version)
        .bind(&row.inputs)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}
