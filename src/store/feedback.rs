//! What readers say about articles. An answer names its reader only where the author wants that.

use std::collections::BTreeMap;

use super::{Conn, StoreError};
use crate::model::rating::Tally;

/// One answer of one reader about one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// About what.
    pub article_id: String,
    /// The issue whose letter asked; `None` on the article's page.
    pub issue_id: Option<String>,
    /// Who; `None` where answers are anonymous.
    pub subscriber_id: Option<i64>,
    /// Tells one voter of an article from another, and names nobody.
    pub voter_key: Vec<u8>,
    /// 1 to 5.
    pub rating: i64,
    /// Plain text; may be empty.
    pub comment: String,
    /// `letter` or `page`.
    pub origin: &'static str,
    /// Microseconds.
    pub at: i64,
}

const PUT: &str = "INSERT INTO feedback (id, article_id, issue_id, subscriber_id, voter_key, rating, comment, origin, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (article_id, voter_key) DO UPDATE SET \
     issue_id = excluded.issue_id, subscriber_id = excluded.subscriber_id, rating = excluded.rating, at = excluded.at, \
     comment = CASE WHEN excluded.comment = '' THEN feedback.comment ELSE excluded.comment END";

/// Keeps an answer; a later one of the same voter replaces the rating, and the comment unless it says nothing.
pub async fn put(conn: &mut Conn, answer: &Answer) -> Result<(), StoreError> {
    let id = super::counters::next(conn, "feedback", 1).await?;
    let changed = on!(conn, |c| sqlx::query(PUT)
        .bind(id)
        .bind(&answer.article_id)
        .bind(answer.issue_id.as_deref())
        .bind(answer.subscriber_id)
        .bind(answer.voter_key.as_slice())
        .bind(answer.rating)
        .bind(&answer.comment)
        .bind(answer.origin)
        .bind(answer.at)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("keep an answer", 1, changed)
}

/// Which answers are meant; what is `None` does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// About one article.
    pub article: Option<&'a str>,
    /// Caused by one issue.
    pub issue: Option<&'a str>,
    /// From one moment until before another, microseconds.
    pub span: Option<(i64, i64)>,
}

/// The answers about one article, as they are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Which article.
    pub article_id: String,
    /// Its title; may be empty.
    pub title: String,
    /// Its address.
    pub url: String,
    /// When the last answer came, microseconds.
    pub last_at: i64,
    /// How many gave 1 to 5 in letters.
    pub letter: [i64; 5],
    /// How many gave 1 to 5 on the article's page.
    pub page: [i64; 5],
}

impl Counted {
    /// All answers together.
    pub fn tally(&self) -> Tally {
        let mut all = self.letter;
        for (sum, page) in all.iter_mut().zip(self.page) {
            *sum += page;
        }
        Tally::of(all)
    }
}

// PostgreSQL wants to know what a lone NULL would be; SQLite takes the same words.
const COUNTS: &str = "SELECT f.article_id, f.origin, f.rating, COUNT(*), MAX(f.at) FROM feedback f \
     WHERE (CAST($1 AS TEXT) IS NULL OR f.article_id = $1) AND (CAST($2 AS TEXT) IS NULL OR f.issue_id = $2) \
     AND f.at >= $3 AND f.at < $4 GROUP BY f.article_id, f.origin, f.rating";
const NAMED: &str = "SELECT title, url FROM articles WHERE id = $1";

/// The answers in numbers, by article, the article with the newest answer first.
pub async fn counts(conn: &mut Conn, wanted: Wanted<'_>) -> Result<Vec<Counted>, StoreError> {
    let (from, to) = wanted.span.unwrap_or((i64::MIN, i64::MAX));
    let rows: Vec<(String, String, i64, i64, i64)> = on!(&mut *conn, |c| {
        let query = sqlx::query_as(COUNTS).bind(wanted.article).bind(wanted.issue);
        query.bind(from).bind(to).fetch_all(c).await?
    });
    let mut by_article: BTreeMap<String, Counted> = BTreeMap::new();
    for (article_id, origin, rating, many, last_at) in rows {
        let counted = by_article.entry(article_id).or_default();
        counted.last_at = counted.last_at.max(last_at);
        let place = usize::try_from(rating - 1).unwrap_or(0);
        let side = if origin == "page" {
            &mut counted.page
        } else {
            &mut counted.letter
        };
        if let Some(count) = side.get_mut(place) {
            *count += many;
        }
    }
    let mut all = Vec::with_capacity(by_article.len());
    for (article_id, counted) in by_article {
        let named: Option<(String, String)> = on!(&mut *conn, |c| sqlx::query_as(NAMED)
            .bind(&article_id)
            .fetch_optional(c)
            .await?);
        let (title, url) = named.unwrap_or_default();
        all.push(Counted {
            article_id,
            title,
            url,
            ..counted
        });
    }
    all.sort_by(|a, b| (b.last_at, &b.article_id).cmp(&(a.last_at, &a.article_id)));
    Ok(all)
}

/// What a reader wrote.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Comment {
    /// About which article.
    pub article_id: String,
    /// The issue whose letter asked.
    pub issue_id: Option<String>,
    /// Who; `None` where answers are anonymous.
    pub subscriber_id: Option<i64>,
    /// 1 to 5.
    pub rating: i64,
    /// Plain text, not empty.
    pub comment: String,
    /// `letter` or `page`.
    pub origin: String,
    /// Microseconds.
    pub at: i64,
}

const COMMENTS: &str = "SELECT f.article_id, f.issue_id, f.subscriber_id, f.rating, f.comment, f.origin, f.at FROM feedback f \
     WHERE (CAST($1 AS TEXT) IS NULL OR f.article_id = $1) AND (CAST($2 AS TEXT) IS NULL OR f.issue_id = $2) \
     AND f.at >= $3 AND f.at < $4 AND f.comment <> '' ORDER BY f.at DESC, f.id DESC LIMIT $5";

/// The newest `most` answers with words, newest first.
pub async fn comments(conn: &mut Conn, wanted: Wanted<'_>, most: i64) -> Result<Vec<Comment>, StoreError> {
    let (from, to) = wanted.span.unwrap_or((i64::MIN, i64::MAX));
    Ok(on!(conn, |c| {
        let query = sqlx::query_as(COMMENTS).bind(wanted.article).bind(wanted.issue);
        query.bind(from).bind(to).bind(most).fetch_all(c).await?
    }))
}

const OF_SUBSCRIBER: &str = "SELECT f.article_id, f.issue_id, f.subscriber_id, f.rating, f.comment, f.origin, f.at \
     FROM feedback f WHERE f.subscriber_id = $1 ORDER BY f.at DESC, f.id DESC";

/// What is kept of a person's answers under the person's number, with words or without, newest first.
pub async fn of_subscriber(conn: &mut Conn, subscriber_id: i64) -> Result<Vec<Comment>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_SUBSCRIBER)
        .bind(subscriber_id)
        .fetch_all(c)
        .await?))
}

const ADD_SALT: &str = "INSERT INTO voter_salts (day, salt) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING";
const SALT: &str = "SELECT salt FROM voter_salts WHERE day = $1";

/// The salt of a day (since 1970): the one that is there, else `fresh`.
pub async fn salt(conn: &mut Conn, day: i64, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    on!(&mut *conn, |c| sqlx::query(ADD_SALT)
        .bind(day)
        .bind(fresh)
        .execute(c)
        .await?
        .rows_affected());
    let (salt,): (Vec<u8>,) = on!(conn, |c| sqlx::query_as(SALT).bind(day).fetch_one(c).await?);
    Ok(salt)
}

const FORGET_VOTERS: &str =
    "UPDATE feedback SET voter_key = NULL WHERE origin = 'page' AND at < $1 AND voter_key IS NOT NULL";
const FORGET_SALTS: &str = "DELETE FROM voter_salts WHERE day < $1";
const FORGET_WORDS: &str = "UPDATE feedback SET comment = '' WHERE at < $1 AND comment <> ''";

/// Destroys the voter keys of answers before a moment and the salts of days before a day, and the words of answers
/// before another moment (microseconds).
pub async fn forget(conn: &mut Conn, voters: i64, day: i64, words: i64) -> Result<(), StoreError> {
    for (sql, before) in [(FORGET_VOTERS, voters), (FORGET_SALTS, day), (FORGET_WORDS, words)] {
        on!(&mut *conn, |c| sqlx::query(sql)
            .bind(before)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const FORGET_SUBSCRIBER: &str = "UPDATE feedback SET subscriber_id = NULL WHERE subscriber_id = $1";

/// Drops who an erased person was from the answers.
pub async fn forget_subscriber(conn: &mut Conn, subscriber_id: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FORGET_SUBSCRIBER)
        .bind(subscriber_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
