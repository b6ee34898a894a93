//! Choosing articles for feeds and letters.

use crate::model::article::Content;
use crate::store::{Conn, StoreError};

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

// All in one row, because ten thousand rows cost more to hand over one by one than to find; and, by the plus, without the
// index, which would look up each of them.
const PUBLIC: &str = "SELECT string_agg(id || ' ' || published_at || ' ' || changed_at || ' ' || revision_id, ',') \
     FROM articles WHERE visibility = 'public' AND +published_at <= $1";

/// Every public article whose time has come, newest first, without content.
pub async fn public(conn: &mut Conn, now: i64) -> Result<Vec<Listed>, StoreError> {
    let (all,): (Option<String>,) = on!(conn, |c| sqlx::query_as(PUBLIC).bind(now).fetch_one(c).await?);
    let all = all.unwrap_or_default();
    let lines = all.split(',').filter(|line| !line.is_empty());
    let mut found = lines.map(listed).collect::<Result<Vec<Listed>, StoreError>>()?;
    found.sort_unstable_by(|one, other| {
        let newest_first = other.published_at.cmp(&one.published_at);
        newest_first.then_with(|| one.id.cmp(&other.id))
    });
    Ok(found)
}

fn listed(line: &str) -> Result<Listed, StoreError> {
    let corrupt = || StoreError::Corrupt {
        what: "an article in the list of all",
        value: line.to_owned(),
    };
    let mut words = line.split(' ');
    let id = words.next().ok_or_else(corrupt)?.to_owned();
    let mut number = || words.next().and_then(|word| word.parse().ok()).ok_or_else(corrupt);
    Ok(Listed {
        id,
        published_at: number()?,
        changed_at: number()?,
        revision_id: number()?,
    })
}

/// Why an article is gone that was never public: feeds have nothing to take back.
pub const UNSEEN: &str = "the file is gone, and nobody had seen it";

const WITHDRAWN: &str = "SELECT entry_id, changed_at FROM articles WHERE changed_at >= $1 AND published_at <= changed_at \
     AND (visibility = 'withdrawn' OR (visibility = 'gone' AND reason <> $2)) ORDER BY changed_at DESC, entry_id LIMIT 100";

/// Entry ids of articles that were taken back, or whose files went, since a moment, newest first, each with the moment (microseconds).
pub async fn withdrawn(conn: &mut Conn, since: i64) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(WITHDRAWN)
        .bind(since)
        .bind(UNSEEN)
        .fetch_all(c)
        .await?))
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
     ORDER BY a.mailable_at, a.published_at, a.id";

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
