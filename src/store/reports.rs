//! A span of time in numbers, for the author.

use std::collections::BTreeMap;

use super::feedback::{self, Comment, Counted, Wanted};
use super::{Conn, StoreError};

/// Most articles that a report names.
const NAMED: i64 = 25;
/// Most comments that it quotes.
const COMMENTS: i64 = 50;

/// What happened in a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Week {
    /// Issues that ended.
    pub issues: i64,
    /// Of them: letters that the relay took.
    pub accepted: i64,
    /// Letters that were refused for good.
    pub failed: i64,
    /// Letters of which nobody knows.
    pub unknown: i64,
    /// Subscriptions that began and hold.
    pub joined: i64,
    /// Subscriptions that ended.
    pub left: i64,
    /// Subscriptions that hold now.
    pub active: i64,
    /// Letters that came back, by the word of their class, most of them first.
    pub returned: Vec<(String, i64)>,
    /// What readers said, by article.
    pub rated: Vec<Counted>,
    /// What they wrote, newest first.
    pub comments: Vec<Comment>,
    /// Title and address of the articles of those issues, newest first.
    pub articles: Vec<(String, String)>,
}

impl Week {
    /// Whether there is nothing to tell.
    pub fn is_quiet(&self) -> bool {
        self.issues == 0 && self.joined == 0 && self.left == 0 && self.rated.is_empty() && self.returned.is_empty()
    }
}

const ENDED: &str = "SELECT COUNT(*) FROM issues WHERE finished_at >= $1 AND finished_at < $2";
const SETTLED: &str = "SELECT d.state, COUNT(*) FROM deliveries d JOIN issues i ON i.id = d.issue_id \
     WHERE i.finished_at >= $1 AND i.finished_at < $2 GROUP BY d.state";
const JOINED: &str =
    "SELECT COUNT(*) FROM subscriptions WHERE state = 'active' AND created_at >= $1 AND created_at < $2";
const LEFT: &str =
    "SELECT COUNT(*) FROM subscriptions WHERE state = 'unsubscribed' AND changed_at >= $1 AND changed_at < $2";
const RETURNED: &str = "SELECT class, COUNT(*) AS n FROM bounces WHERE at >= $1 AND at < $2 \
     AND class NOT IN ('delivered', 'delayed', 'auto') GROUP BY class ORDER BY n DESC, class";
const ACTIVE: &str = "SELECT COUNT(*) FROM subscriptions WHERE state = 'active'";
const CARRIED: &str = "SELECT a.title, a.url, a.published_at FROM articles a WHERE a.id IN (SELECT ia.article_id \
     FROM issue_articles ia JOIN issues i ON i.id = ia.issue_id WHERE i.finished_at >= $1 AND i.finished_at < $2) \
     ORDER BY a.published_at DESC, a.id LIMIT $3";

/// What happened from one moment until before another, microseconds.
pub async fn of(conn: &mut Conn, (from, to): (i64, i64)) -> Result<Week, StoreError> {
    let (issues,) = on!(&mut *conn, |c| sqlx::query_as::<_, (i64,)>(ENDED)
        .bind(from)
        .bind(to)
        .fetch_one(c)
        .await?);
    let settled: Vec<(String, i64)> = on!(&mut *conn, |c| sqlx::query_as(SETTLED)
        .bind(from)
        .bind(to)
        .fetch_all(c)
        .await?);
    let settled: BTreeMap<String, i64> = settled.into_iter().collect();
    let (joined,) = on!(&mut *conn, |c| sqlx::query_as::<_, (i64,)>(JOINED)
        .bind(from)
        .bind(to)
        .fetch_one(c)
        .await?);
    let (left,) = on!(&mut *conn, |c| sqlx::query_as::<_, (i64,)>(LEFT)
        .bind(from)
        .bind(to)
        .fetch_one(c)
        .await?);
    let (active,) = on!(&mut *conn, |c| sqlx::query_as::<_, (i64,)>(ACTIVE).fetch_one(c).await?);
    let returned = on!(&mut *conn, |c| sqlx::query_as(RETURNED)
        .bind(from)
        .bind(to)
        .fetch_all(c)
        .await?);
    let asked = Wanted {
        span: Some((from, to)),
        ..Wanted::default()
    };
    let rated = feedback::counts(&mut *conn, asked).await?;
    let comments = feedback::comments(&mut *conn, asked, COMMENTS).await?;
    let carried: Vec<(String, String, i64)> = on!(conn, |c| sqlx::query_as(CARRIED)
        .bind(from)
        .bind(to)
        .bind(NAMED)
        .fetch_all(c)
        .await?);
    let state = |name: &str| settled.get(name).copied().unwrap_or(0);
    let titled = |(title, url, _): (String, String, i64)| {
        let title = if title.is_empty() { url.clone() } else { title };
        (title, url)
    };
    Ok(Week {
        issues,
        accepted: state("accepted"),
        failed: state("failed"),
        unknown: state("unknown"),
        joined,
        left,
        active,
        returned,
        rated,
        comments,
        articles: carried.into_iter().map(titled).collect(),
    })
}
