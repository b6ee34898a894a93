//! From a link to what it asks about, and from what a reader chose to an answer that is kept.

use std::net::IpAddr;

use super::{FeedbackError, voter};
use crate::app::App;
use crate::model::article::{Article, Visibility};
use crate::model::clock::{to_micros, ulid_number, ulid_text};
use crate::model::links::{Rate, RateInPublic};
use crate::model::rating::{Comment, Origin, Rating};
use crate::store::budgets::{self, Budget};
use crate::store::feedback::{self, Answer};
use crate::store::{Conn, articles, issues, subscribers};

/// What a link asks about.
#[derive(Debug, Clone)]
pub struct About {
    /// The article.
    pub article: Article,
    /// The letter that asked and its reader; `None` on the article's page.
    letter: Option<(String, i64)>,
}

impl About {
    /// Where the answer will come from.
    pub fn origin(&self) -> Origin {
        if self.letter.is_some() {
            Origin::Letter
        } else {
            Origin::Page
        }
    }
}

/// What a reader chose and wrote, as the form gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The chosen number; may be anything.
    pub rating: String,
    /// The words.
    pub comment: String,
    /// The field that people never see was filled.
    pub trapped: bool,
    /// Where the reader is, if that is known.
    pub network: Option<IpAddr>,
    /// `User-Agent` of the reader's program.
    pub agent: String,
}

/// Reads what a link asks about.
///
/// # Errors
/// `BadLink` for tokens that were not made here, and for articles that are gone.
pub async fn about(app: &App, token: &str) -> Result<About, FeedbackError> {
    let (of_letter, of_page) = (Rate::read(&app.keys, token), RateInPublic::read(&app.keys, token));
    let wanted = app.settings().feedback;
    let mut conn = match (of_letter, of_page) {
        (Some(_), _) => app.database.read().await?,
        (None, Some(_)) if wanted.page => app.database.read().await?,
        _ => return Err(FeedbackError::BadLink),
    };
    let (id, letter) = match (of_letter, of_page) {
        (Some(link), _) => {
            let issue = ulid_text(link.issue);
            let id = issues::item(&mut conn, &issue, link.variant, link.place).await?;
            (id.ok_or(FeedbackError::BadLink)?, Some((issue, link.subscriber)))
        }
        (None, Some(link)) => (ulid_text(link.article), None),
        (None, None) => return Err(FeedbackError::BadLink),
    };
    let article = articles::one(&mut conn, &id).await?.ok_or(FeedbackError::BadLink)?;
    // A page that anybody may have must not tell the title of what is not public.
    if letter.is_none() && article.visibility != Visibility::Public {
        return Err(FeedbackError::BadLink);
    }
    Ok(About { article, letter })
}

/// Keeps an answer. Whoever fills the trap, or answers too often, gets the same page and changes nothing.
///
/// # Errors
/// `BadLink` as for [`about`], and when the reader is gone; `NoRating` when none was chosen.
pub async fn answer(app: &App, token: &str, typed: &Typed) -> Result<About, FeedbackError> {
    let about = about(app, token).await?;
    let rating = Rating::parse(&typed.rating).ok_or(FeedbackError::NoRating)?;
    if typed.trapped {
        return Ok(about);
    }
    let at = to_micros(app.clock.now());
    let mut conn = app.database.begin().await?;
    let (issue_id, reader, voter_key) = match &about.letter {
        Some((issue, reader)) => {
            let person = subscribers::by_id(&mut conn, *reader).await?;
            if person.is_none_or(|person| person.erased_at.is_some()) {
                return Err(FeedbackError::BadLink);
            }
            let key = voter::of_reader(&app.keys, &about.article.id, *reader);
            (Some(issue.clone()), Some(*reader), key)
        }
        None => {
            if !has_leave(app, &mut conn, typed, at).await? {
                return Ok(about);
            }
            let key = voter::of_visitor(app, &mut conn, &about.article.id, typed).await?;
            (None, None, key)
        }
    };
    let answer = Answer {
        article_id: about.article.id.clone(),
        issue_id,
        subscriber_id: reader.filter(|_| !app.settings().feedback.anonymous),
        voter_key,
        rating: i64::from(rating.number()),
        comment: Comment::cleaned(&typed.comment).as_str().to_owned(),
        origin: about.origin().word(),
        at,
    };
    feedback::put(&mut conn, &answer).await?;
    conn.commit().await?;
    Ok(about)
}

const HOUR: i64 = 3_600_000_000;
/// Answers per hour from one household.
const PER_NETWORK: i64 = 20;
/// Answers per hour from all pages together.
const TOGETHER: i64 = 1_000;

/// Whether one more answer from a page is within the budgets; takes it out of them.
async fn has_leave(app: &App, conn: &mut Conn, typed: &Typed, at: i64) -> Result<bool, FeedbackError> {
    let of = |scope: String, many: i64| Budget {
        scope,
        interval: HOUR / many,
        burst: many,
    };
    // Whoever comes from nowhere shares one budget.
    let household = typed
        .network
        .map_or_else(|| "unknown".to_owned(), |network| app.keys.household_word(network));
    let budgets = [
        of(format!("feedback/{household}"), PER_NETWORK),
        of("feedback/all".to_owned(), TOGETHER),
    ];
    for budget in &budgets {
        if !budgets::take(conn, budget, at).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The path, below `http.public_url`, where anybody may rate the public article at an address (or with an id).
///
/// # Errors
/// `NoArticle` when there is none, or it is not public.
pub async fn address_for(app: &App, article: &str) -> Result<String, FeedbackError> {
    let unknown = || FeedbackError::NoArticle(article.to_owned());
    if !app.settings().feedback.page {
        return Err(unknown());
    }
    let mut conn = app.database.read().await?;
    let id = match ulid_number(article) {
        Some(_) => Some(article.to_ascii_uppercase()),
        None => articles::public_at(&mut conn, article).await?,
    };
    let found = match id {
        Some(id) => articles::one(&mut conn, &id).await?,
        None => None,
    };
    let found = found
        .filter(|found| found.visibility == Visibility::Public)
        .ok_or_else(unknown)?;
    let number = ulid_number(&found.id).ok_or_else(unknown)?;
    Ok(RateInPublic { article: number }.to_path(&app.keys))
}
