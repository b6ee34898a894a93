//! What may be mailed: the end of a scan decides, a person releases or passes over.

use std::collections::BTreeMap;

use crate::store::{Conn, StoreError};

const PENDING: &str =
    "SELECT COUNT(*) FROM articles WHERE source_id = $1 AND not_mailable = 'undecided' AND visibility = 'public'";
// Mailable at the end of a scan: seen first, or turned public, at that moment.
const RECENT: &str = "SELECT COUNT(*) FROM articles WHERE source_id = $1 AND mailable_at > $2 \
     AND (first_seen > $2 OR changed_at >= mailable_at)";

/// How many new public articles of a source wait for the end of the scan, and how many became mailable since `since`.
pub async fn undecided(conn: &mut Conn, source_id: &str, since: i64) -> Result<(i64, i64), StoreError> {
    let pending: (i64,) = on!(conn, |c| sqlx::query_as(PENDING).bind(source_id).fetch_one(c).await?);
    let recent: (i64,) = on!(conn, |c| sqlx::query_as(RECENT)
        .bind(source_id)
        .bind(since)
        .fetch_one(c)
        .await?);
    Ok((pending.0, recent.0))
}

const ANY_UNDECIDED: &str = "SELECT COUNT(*) FROM articles WHERE source_id = $1 AND not_mailable = 'undecided'";

/// Whether a scan has left anything to decide.
pub async fn is_undecided(conn: &mut Conn, source_id: &str) -> Result<bool, StoreError> {
    let any: (i64,) = on!(conn, |c| sqlx::query_as(ANY_UNDECIDED)
        .bind(source_id)
        .fetch_one(c)
        .await?);
    Ok(any.0 > 0)
}

const DECIDE: &str = "UPDATE articles SET not_mailable = $2, mailable_at = CASE WHEN $2 IS NULL \
     THEN CASE WHEN published_at > $3 THEN published_at ELSE $3 END ELSE NULL END \
     WHERE source_id = $1 AND not_mailable = 'undecided' AND visibility = 'public'";
const FREE_OTHERS: &str = "UPDATE articles SET not_mailable = NULL WHERE source_id = $1 AND not_mailable = 'undecided' AND visibility <> 'public'";

/// Decides for all new articles of a scan at once: mailable from `now` (`None`) or not, with the reason.
pub async fn decide(conn: &mut Conn, source_id: &str, reason: Option<&str>, now: i64) -> Result<u64, StoreError> {
    // Scheduled articles and drafts may be mailed when they become public, whatever this scan says of the others.
    on!(conn, |c| sqlx::query(FREE_OTHERS)
        .bind(source_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(on!(conn, |c| sqlx::query(DECIDE)
        .bind(source_id)
        .bind(reason)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected()))
}

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

const DISMISS: &str = "UPDATE articles SET mailable_at = NULL, not_mailable = 'dismissed' \
     WHERE id = $1 AND COALESCE(not_mailable, '') <> 'dismissed'";

/// Passes an article over for ever; `false` when it was already, or is unknown.
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

const HELD_OF_SOURCE: &str = "SELECT title, url, published_at FROM articles WHERE source_id = $1 AND not_mailable = 'held' \
     AND visibility = 'public' ORDER BY published_at DESC, id LIMIT $2";

/// Title and address of the newest articles of a source that are held.
pub async fn held_of(conn: &mut Conn, source_id: &str, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
    let rows: Vec<(String, String, i64)> = on!(conn, |c| sqlx::query_as(HELD_OF_SOURCE)
        .bind(source_id)
        .bind(limit)
        .fetch_all(c)
        .await?);
    Ok(rows.into_iter().map(|(title, url, _)| (title, url)).collect())
}

const URL_OWNER: &str = "SELECT id, source_id FROM articles WHERE url = $1 AND visibility <> 'gone'";

/// Which live articles have this address: `(id, source)`.
pub async fn owners_of_url(conn: &mut Conn, url: &str) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(URL_OWNER).bind(url).fetch_all(c).await?))
}

const PUBLIC_AT: &str = "SELECT id FROM articles WHERE url = $1 AND visibility = 'public' ORDER BY id LIMIT 1";

/// The public article with this address.
pub async fn public_at(conn: &mut Conn, url: &str) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(PUBLIC_AT).bind(url).fetch_optional(c).await?);
    Ok(row.map(|row| row.0))
}

const ANNOUNCED: &str = "SELECT DISTINCT vi.article_id FROM variant_items vi JOIN issues i ON i.id = vi.issue_id \
     WHERE i.state <> 'cancelled'";

/// The articles that an issue carried.
pub async fn announced(conn: &mut Conn) -> Result<std::collections::BTreeSet<String>, StoreError> {
    let rows: Vec<(String,)> = on!(conn, |c| sqlx::query_as(ANNOUNCED).fetch_all(c).await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

const KINDS: &str = "SELECT visibility, published_from, COUNT(*) FROM articles WHERE visibility <> 'gone' \
     GROUP BY visibility, published_from";

/// How many articles there are of each state and origin of the date: `(visibility, published_from, count)`.
pub async fn kinds(conn: &mut Conn) -> Result<Vec<(String, String, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(KINDS).fetch_all(c).await?))
}

const NEWEST: &str = "SELECT url FROM articles WHERE visibility = 'public' ORDER BY published_at DESC, id LIMIT $1";

/// Addresses of the newest public articles.
pub async fn newest_addresses(conn: &mut Conn, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = on!(conn, |c| sqlx::query_as(NEWEST).bind(limit).fetch_all(c).await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

const COUNTS: &str = "SELECT visibility, COALESCE(not_mailable, ''), COUNT(*) FROM articles WHERE source_id = $1 \
     GROUP BY visibility, COALESCE(not_mailable, '')";

/// How many articles of a source are in each state: `(visibility, not_mailable) → count`.
pub async fn counts(conn: &mut Conn, source_id: &str) -> Result<BTreeMap<(String, String), i64>, StoreError> {
    let rows: Vec<(String, String, i64)> = on!(conn, |c| sqlx::query_as(COUNTS).bind(source_id).fetch_all(c).await?);
    Ok(rows.into_iter().map(|(a, b, n)| ((a, b), n)).collect())
}
