//! Issues on the web: the list, and each issue as a page that looks like its letter, without anything personal.

use crate::app::App;
use crate::model::article::Visibility;
use crate::model::clock::{from_micros, to_micros};
use crate::model::letter::{SlotName, SlotValues, fill};
use crate::store::issues::{self, Issue};
use crate::store::{Conn, StoreError, articles};
use crate::template::context::letters::Neighbour;
use crate::template::context::pages::{Home, IssueLine, IssueTitles, Issues, NewsletterChoice, NotFound};
use crate::template::context::{Frame, moment};
use crate::template::recipe::for_one;

use super::ComposeError;
use super::letters::{self, Carried, IssueFacts};
use super::prepare::frozen;

/// Issues on one page of the list.
const PAGE: usize = 50;
/// Articles on the start page.
const LATEST: usize = 5;

/// What stands at an issue's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivedIssue {
    /// A page.
    Page(String),
    /// No such issue, or none that went out.
    Unknown,
}

/// The list of issues that went out, newest first.
pub async fn archive_page(app: &App) -> Result<String, ComposeError> {
    let settings = app.settings();
    let mut conn = app.database.read().await?;
    let mut lines = Vec::new();
    for issue in issues::list(&mut conn, i64::try_from(PAGE).unwrap_or(50)).await? {
        if is_out(&issue) {
            lines.extend(line(app, &mut conn, &issue).await?);
        }
    }
    Ok(app.templates.page(&Issues {
        frame: Frame::new(&settings, &settings.site.language),
        issues: lines,
        older: None,
    })?)
}

/// One issue: the union of its articles that are still public, in the revisions that went out.
pub async fn issue_page(app: &App, id: &str) -> Result<ArchivedIssue, ComposeError> {
    let mut conn = app.database.read().await?;
    let Some(issue) = issues::one(&mut conn, id).await?.filter(is_out) else {
        return Ok(ArchivedIssue::Unknown);
    };
    let settings = app.settings();
    let names = letters::find(&settings, &issue.newsletter_id, Some(&issue.schedule_id));
    let Ok((newsletter, schedule)) = names else {
        return Ok(ArchivedIssue::Unknown);
    };
    let carried = carried(&mut conn, &issue.id).await?;
    let facts = IssueFacts {
        newsletter,
        schedule,
        id: issue.id.clone(),
        due_at: from_micros(issue.due_at),
        archived: false,
    };
    if carried.is_empty() {
        let Some(issue) = line(app, &mut conn, &issue).await? else {
            return Ok(ArchivedIssue::Unknown);
        };
        let frame = Frame::new(&settings, &settings.site.language);
        return Ok(ArchivedIssue::Page(app.templates.page(&IssueTitles { frame, issue })?));
    }
    let mut context = letters::issue_letter(app, &mut conn, &facts, &carried).await?;
    context.web = true;
    let letter = app.templates.letter(&context)?;
    let values = impersonal(&settings.http.address("subscribe"));
    let letter = for_one(&letter, &values)?;
    let html = fill(&letter.html, &values).map_err(crate::template::TemplateError::from)?;
    Ok(ArchivedIssue::Page(html))
}

/// The start page: what there is, and where. `outbox`: letters land in a folder that can be looked at (demo).
pub async fn home_page(app: &App, outbox: bool) -> Result<String, ComposeError> {
    let settings = app.settings();
    let mut conn = app.database.read().await?;
    let public = articles::public(&mut conn, to_micros(app.clock.now())).await?;
    let mut latest = Vec::new();
    for listed in public.iter().take(LATEST) {
        if let Some(article) = articles::one(&mut conn, &listed.id).await? {
            latest.push(Neighbour {
                title: article.content.display_title(article.published_at),
                url: article.url,
                date: moment(article.published_at, chrono_tz::UTC),
                minutes: Some(article.content.reading_minutes).filter(|minutes| *minutes > 0),
                summary: article.content.summary,
            });
        }
    }
    Ok(app.templates.page(&Home {
        frame: Frame::new(&settings, &settings.site.language),
        newsletters: settings
            .newsletters
            .iter()
            .map(|newsletter| NewsletterChoice::new(newsletter, None))
            .collect(),
        latest,
        subscribe_url: settings.http.address("subscribe"),
        feeds_url: settings.http.address("feeds"),
        issues_url: Some(settings.http.address("issues")),
        outbox_url: outbox.then(|| settings.http.address("outbox")),
    })?)
}

/// The page for addresses that lead nowhere.
pub fn not_found_page(app: &App) -> Result<String, ComposeError> {
    let settings = app.settings();
    let frame = Frame::new(&settings, &settings.site.language);
    Ok(app.templates.page(&NotFound { frame })?)
}

fn is_out(issue: &Issue) -> bool {
    matches!(issue.state.as_str(), "sending" | "paused" | "finished" | "cancelled")
}

async fn carried(conn: &mut Conn, issue_id: &str) -> Result<Vec<Carried>, ComposeError> {
    let ids: Vec<String> = issues::articles(conn, issue_id)
        .await?
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut carried = match frozen(conn, issue_id, &wanted).await {
        Err(ComposeError::NoArticle) => Vec::new(),
        found => found?,
    };
    carried.retain(|one| one.article.visibility == Visibility::Public);
    carried.sort_by(|a, b| (b.article.published_at, &a.article.id).cmp(&(a.article.published_at, &b.article.id)));
    Ok(carried)
}

/// A page has no recipient: what would be a person's link leads to the sign-up page.
fn impersonal(subscribe: &str) -> SlotValues {
    let mut values = SlotValues::new();
    for link in [
        SlotName::Unsubscribe,
        SlotName::Preferences,
        SlotName::Browser,
        SlotName::Feedback,
    ] {
        values.set(link, subscribe);
    }
    for text in [SlotName::Name, SlotName::Email, SlotName::Since] {
        values.set(text, "");
    }
    values
}

async fn line(app: &App, conn: &mut Conn, issue: &Issue) -> Result<Option<IssueLine>, StoreError> {
    let settings = app.settings();
    let Some(newsletter) = settings.newsletter(&issue.newsletter_id) else {
        return Ok(None);
    };
    let mut titles = Vec::new();
    for one in carried(conn, &issue.id).await.unwrap_or_default() {
        titles.push(one.content.display_title(one.article.published_at));
    }
    let title = match titles.as_slice() {
        [] => newsletter.name.clone(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    };
    Ok(Some(IssueLine {
        title,
        url: settings.http.address(&format!("issues/{}", issue.id)),
        date: moment(from_micros(issue.due_at), newsletter.time_zone),
        newsletter: newsletter.name.clone(),
        articles: titles,
    }))
}
