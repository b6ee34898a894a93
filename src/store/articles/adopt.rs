//! Articles that take over the id and date of an entry of a feed of before.

use crate::store::{Conn, StoreError, exactly};

/// What is asked of an article before it takes over an id.
#[derive(Debug, Clone)]
pub struct Adopter {
    /// ULID.
    pub id: String,
    /// What feeds print as id now.
    pub entry_id: String,
    /// Header `id`, `guid` or `uuid`.
    pub header_id: Option<String>,
    /// Path under the source's root.
    pub locator: String,
    /// Canonical address.
    pub url: String,
    /// Addresses it had before.
    pub former_urls: Vec<String>,
    /// Microseconds.
    pub published_at: i64,
    /// Empty when untitled.
    pub title: String,
    /// The id is the article's address.
    pub is_permalink: bool,
    /// SHA-256 of what a reader can see.
    pub content_hash: Vec<u8>,
    /// Newest revision.
    pub revision_id: i64,
    /// It is no longer anywhere, but keeps its id.
    pub is_gone: bool,
}

const ADOPTERS: &str = "SELECT id, entry_id, header_id, locator, url, former_urls, published_at, title, is_permalink, content_hash, \
     revision_id, visibility FROM articles ORDER BY published_at DESC, id";

/// Every article, newest first, without content.
pub async fn adopters(conn: &mut Conn) -> Result<Vec<Adopter>, StoreError> {
    type Row = (
        String,
        String,
        Option<String>,
        String,
        String,
        String,
        i64,
        String,
        i64,
        Vec<u8>,
        i64,
        String,
    );
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(ADOPTERS).fetch_all(c).await?);
    Ok(rows
        .into_iter()
        .map(|row| Adopter {
            id: row.0,
            entry_id: row.1,
            header_id: row.2,
            locator: row.3,
            url: row.4,
            former_urls: serde_json::from_str(&row.5).unwrap_or_default(),
            published_at: row.6,
            title: row.7,
            is_permalink: row.8 != 0,
            content_hash: row.9,
            revision_id: row.10,
            is_gone: row.11 == "gone",
        })
        .collect())
}

const ADOPT: &str = "UPDATE articles SET entry_id = $2, is_permalink = $3, published_at = $4, published_from = CASE WHEN published_at = $4 \
     THEN published_from ELSE 'feed' END, revision_id = $5 WHERE id = $1";

/// Writes an id and a date into an article. The revision is a new one with the old content: feeds are rendered anew by it.
pub async fn adopt(conn: &mut Conn, adopter: &Adopter) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(ADOPT)
        .bind(&adopter.id)
        .bind(&adopter.entry_id)
        .bind(i64::from(adopter.is_permalink))
        .bind(adopter.published_at)
        .bind(adopter.revision_id)
        .execute(c)
        .await?
        .rows_affected());
    exactly("take over an id", 1, changed)
}

const HAS_ENTRY_ID: &str = "SELECT COUNT(*) FROM articles WHERE entry_id = $1";

/// Whether an article has this id.
pub async fn has_entry_id(conn: &mut Conn, entry_id: &str) -> Result<bool, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(HAS_ENTRY_ID)
        .bind(entry_id)
        .fetch_one(c)
        .await?);
    Ok(row.0 > 0)
}
