//! What is known of the articles, as commands print it.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::app::App;
use crate::model::article::{Article, Image};
use crate::store::{articles, sources};

use super::report::{IngestError, ProblemRow};

const PAGE: i64 = 500;

/// One article of `articles list --json`; times are RFC 3339, UTC.
#[derive(Debug, Clone, Serialize)]
pub struct ArticleRow {
    /// ULID.
    pub id: String,
    /// Empty for an untitled article.
    pub title: String,
    /// Canonical address.
    pub url: String,
    /// Id of the source.
    pub source: String,
    /// Name of the first category.
    pub category: Option<String>,
    /// Names of all categories.
    pub categories: Vec<String>,
    /// Names of the tags.
    pub tags: Vec<String>,
    /// Names of the authors.
    pub authors: Vec<String>,
    /// When it was or will be published.
    pub published_at: String,
    /// Only what the source says.
    pub updated_at: Option<String>,
    /// `published`, `scheduled`, `withdrawn`, `excluded`.
    pub status: &'static str,
    /// Minutes.
    pub reading_minutes: u32,
    /// Whether a letter carried it.
    pub announced: bool,
    /// What feeds print as id.
    pub entry_id: String,
    /// Path under the source's root.
    pub locator: String,
    /// Addresses it had before.
    pub former_urls: Vec<String>,
    /// The page elsewhere that it comments on.
    pub external_url: Option<String>,
    /// Where people talk about it.
    pub comments_url: Option<String>,
    /// `header`, `path`, `file_name`, `page`, `feed`, `table`, `first_seen`.
    pub published_from: String,
    /// No time of day was given.
    pub date_only: bool,
    /// When a scan saw it first.
    pub first_seen: String,
    /// Last change that a reader could see.
    pub changed_at: String,
    /// Last change of the text since it was public.
    pub edited_at: Option<String>,
    /// From when letters may carry it.
    pub mailable_at: Option<String>,
    /// Why letters may not.
    pub not_mailable: Option<String>,
    /// `scheduled`, `public`, `excluded`, `withdrawn`, `gone`.
    pub visibility: &'static str,
    /// Why it is excluded or withdrawn.
    pub reason: Option<String>,
    /// Sanitised HTML.
    pub body_html: String,
    /// Plain text.
    pub body_text: String,
    /// Plain text.
    pub summary: String,
    /// `key`, `marker`, `excerpt`, `none`.
    pub summary_from: String,
    /// BCP 47 tag.
    pub language: String,
    /// `ltr` or `rtl`.
    pub direction: String,
    /// The picture that header or page name.
    pub image: Option<Image>,
    /// Words by UAX #29.
    pub words: u32,
    /// `stated` or `computed`.
    pub reading_from: String,
    /// SHA-256 of the raw bytes, hexadecimal.
    pub source_hash: String,
    /// SHA-256 of what a reader can see, hexadecimal.
    pub content_hash: String,
}

/// One article, and why it was or was not announced.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The article.
    #[serde(flatten)]
    pub article: ArticleRow,
    /// A sentence for people.
    pub why: String,
}

/// Every article that is known, newest first.
pub async fn list(app: &App) -> Result<Vec<ArticleRow>, IngestError> {
    let mut conn = app.database.read().await?;
    let announced = articles::announced(&mut conn).await?;
    let mut rows = Vec::new();
    let mut after = (i64::MAX, String::new());
    loop {
        let page = articles::page(&mut conn, (after.0, &after.1), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = (crate::model::clock::to_micros(last.published_at), last.id.clone());
        rows.extend(page.into_iter().map(|article| row(article, &announced)));
    }
    Ok(rows)
}

/// One article.
///
/// # Errors
/// No article has this id.
pub async fn show(app: &App, id: &str) -> Result<Shown, IngestError> {
    let mut conn = app.database.read().await?;
    let announced = articles::announced(&mut conn).await?;
    let article = articles::one(&mut conn, id)
        .await?
        .ok_or_else(|| IngestError::Unknown(id.to_owned()))?;
    let why = why(&article, announced.contains(id), app.clock.now());
    Ok(Shown {
        article: row(article, &announced),
        why,
    })
}

/// Every problem that scans have noted, by source and file.
pub async fn problems(app: &App) -> Result<Vec<ProblemRow>, IngestError> {
    let mut conn = app.database.read().await?;
    let problems = sources::problems(&mut conn).await?;
    Ok(problems
        .into_iter()
        .map(|(source, problem)| ProblemRow::new(&source, problem))
        .collect())
}

fn row(article: Article, announced: &BTreeSet<String>) -> ArticleRow {
    let content = article.content;
    let categories: Vec<String> = content.categories.into_iter().map(|term| term.term).collect();
    ArticleRow {
        announced: announced.contains(&article.id),
        id: article.id,
        title: content.title.unwrap_or_default(),
        url: article.url,
        source: article.source_id,
        category: categories.first().cloned(),
        categories,
        tags: content.tags.into_iter().map(|term| term.term).collect(),
        authors: content.authors.into_iter().map(|author| author.name).collect(),
        published_at: printed(article.published_at),
        updated_at: article.updated_at.map(printed),
        status: article.visibility.status(),
        reading_minutes: content.reading_minutes,
        entry_id: article.entry_id,
        locator: article.locator,
        former_urls: article.former_urls,
        external_url: content.external_url,
        comments_url: content.comments_url,
        published_from: article.published_from,
        date_only: article.date_only,
        first_seen: printed(article.first_seen),
        changed_at: printed(article.changed_at),
        edited_at: article.edited_at.map(printed),
        mailable_at: article.mailable_at.map(printed),
        not_mailable: article.not_mailable,
        visibility: article.visibility.word(),
        reason: article.reason,
        body_html: content.body_html,
        body_text: content.body_text,
        summary: content.summary,
        summary_from: content.summary_from,
        language: content.language,
        direction: content.direction,
        image: content.image,
        words: content.words,
        reading_from: content.reading_from,
        source_hash: data_encoding::HEXLOWER.encode(&article.source_hash),
        content_hash: data_encoding::HEXLOWER.encode(&article.content_hash),
    }
}

fn printed(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Why an article was or was not announced.
fn why(article: &Article, announced: bool, now: DateTime<Utc>) -> String {
    use crate::model::article::Visibility;
    if announced {
        return "A letter carried it.".to_owned();
    }
    let reason = article.reason.as_deref().unwrap_or("no reason is noted");
    match article.visibility {
        Visibility::Scheduled => {
            return format!(
                "It is scheduled for {} and is not mailed before.",
                printed(article.published_at)
            );
        }
        Visibility::Excluded => return format!("It is not published ({reason}), so no letter carries it."),
        Visibility::Withdrawn => return format!("It was withdrawn ({reason}), so no letter carries it."),
        Visibility::Gone => return format!("It is gone ({reason}), so no letter carries it."),
        Visibility::Public => {}
    }
    let sentence = match (article.not_mailable.as_deref(), article.mailable_at) {
        (Some("baseline"), _) => "It was already there at the first scan, which announces nothing.",
        (Some("old"), _) => "It was older than `look_back` when it was first seen.",
        (Some("held"), _) => {
            "It is held: too many articles came at once, or template tags were left. `articles approve` releases it."
        }
        (Some("mail_false"), _) => "Its header says `mail: false`.",
        (Some("already_mailed"), _) => "It was mailed before it came here.",
        (Some("dismissed"), _) => "Somebody passed it over with `articles dismiss`.",
        (Some("undecided"), _) => "The scan that found it has not ended yet.",
        (_, Some(at)) if at > now => return format!("Letters may carry it from {} on.", printed(at)),
        (_, Some(_)) => "Letters may carry it; no issue has yet. `plan` says which one will.",
        _ => "Nothing says that letters may carry it.",
    };
    sentence.to_owned()
}
