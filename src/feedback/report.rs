//! What the author reads: answers by article, in numbers and in words.

use serde::Serialize;

use super::FeedbackError;
use crate::app::App;
use crate::model::clock::from_micros;
use crate::model::rating::Tally;
use crate::store::feedback::{self, Comment, Counted, Wanted};

/// Most comments that a report holds.
const COMMENTS: i64 = 1_000;

/// The answers about one article.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RatedArticle {
    /// Its id.
    pub article: String,
    /// Its title; may be empty.
    pub title: String,
    /// Its address.
    pub url: String,
    /// All answers.
    pub all: Tally,
    /// Those from letters.
    pub letter: Tally,
    /// Those from the article's page.
    pub page: Tally,
    /// When the last one came, RFC 3339.
    pub last_at: String,
    /// What readers wrote, newest first.
    pub comments: Vec<CommentLine>,
}

/// What one reader wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommentLine {
    /// 1 to 5.
    pub rating: i64,
    /// Plain text.
    pub comment: String,
    /// `letter` or `page`.
    pub origin: String,
    /// The issue whose letter asked; always `null` where answers are anonymous.
    pub issue: Option<String>,
    /// Who; always `null` where answers are anonymous.
    pub subscriber: Option<i64>,
    /// RFC 3339.
    pub at: String,
}

/// Every article that was answered about, the newest answer first.
pub type Report = Vec<RatedArticle>;

/// The answers about one article or all, in the letters of one issue or anywhere.
pub async fn report(app: &App, article: Option<&str>, issue: Option<&str>) -> Result<Report, FeedbackError> {
    let wanted = Wanted {
        article,
        issue,
        span: None,
    };
    let mut conn = app.database.read().await?;
    let counted = feedback::counts(&mut conn, wanted).await?;
    let is_anonymous = app.settings().feedback.anonymous;
    // An issue may have had one reader: its comments would name that one.
    let comments = if is_anonymous && issue.is_some() {
        Vec::new()
    } else {
        feedback::comments(&mut conn, wanted, COMMENTS).await?
    };
    let comments: Vec<Comment> = comments
        .into_iter()
        .map(|comment| if is_anonymous { nameless(comment) } else { comment })
        .collect();
    Ok(counted.into_iter().map(|counted| rated(counted, &comments)).collect())
}

/// Without what could lead to its reader.
fn nameless(comment: Comment) -> Comment {
    Comment {
        issue_id: None,
        subscriber_id: None,
        ..comment
    }
}

fn rated(counted: Counted, comments: &[Comment]) -> RatedArticle {
    RatedArticle {
        all: counted.tally(),
        comments: comments
            .iter()
            .filter(|comment| comment.article_id == counted.article_id)
            .map(line)
            .collect(),
        article: counted.article_id,
        title: counted.title,
        url: counted.url,
        letter: Tally::of(counted.letter),
        page: Tally::of(counted.page),
        last_at: from_micros(counted.last_at).to_rfc3339(),
    }
}

fn line(comment: &Comment) -> CommentLine {
    CommentLine {
        rating: comment.rating,
        comment: comment.comment.clone(),
        origin: comment.origin.clone(),
        issue: comment.issue_id.clone(),
        subscriber: comment.subscriber_id,
        at: from_micros(comment.at).to_rfc3339(),
    }
}

/// HTML for an article's page: a plain form that needs no script. `article` is the article's address, or what stands for
/// it in the theme of a site generator.
pub fn form(app: &App, article: &str) -> String {
    let action = app.settings().http.address("feedback");
    let article = article
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    let buttons: String = (1..=5)
        .map(|number| {
            format!(
                "  <button name=\"rating\" value=\"{number}\" aria-label=\"rate {number} of 5\">{number}</button>\n"
            )
        })
        .collect();
    format!(
        "<form action=\"{action}\" method=\"get\">\n  <p>How was this article? Takes 30 seconds.</p>\n  \
         <input type=\"hidden\" name=\"article\" value=\"{article}\">\n{buttons}</form>"
    )
}
