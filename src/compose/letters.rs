//! From settings and articles to what a letter's template is told.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::{Cadence, FullOrSummary, Newsletter, Schedule, Settings};
use crate::model::article::{Article, Content};
use crate::store::{Conn, StoreError, articles};
use crate::template::context::letters::{self as context, FixedLinks, IssueKind, IssueLetter, Link, Neighbour};
use crate::template::context::{Frame, moment};

use super::ComposeError;

/// Older articles of the same category that a letter names.
const MORE: usize = 3;
/// How far back they are looked for.
const MORE_DEPTH: usize = 20;

/// The newsletter and schedule of these names; without a schedule, the newsletter's default.
pub(super) fn find<'s>(
    settings: &'s Settings,
    newsletter: &str,
    schedule: Option<&str>,
) -> Result<(&'s Newsletter, &'s Schedule), ComposeError> {
    let unknown = || {
        let known: Vec<&str> = settings.newsletters.iter().map(|n| n.id.as_str()).collect();
        ComposeError::UnknownNewsletter(newsletter.to_owned(), known.join(", "))
    };
    let newsletter = settings.newsletter(newsletter).ok_or_else(unknown)?;
    let wanted = schedule.unwrap_or("default");
    let found = schedule.map_or_else(|| newsletter.default_schedule(), |id| newsletter.schedule(id));
    let known = || {
        newsletter
            .schedules
            .iter()
            .map(|s| s.id.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = found.ok_or_else(|| ComposeError::UnknownSchedule(wanted.to_owned(), known()))?;
    Ok((newsletter, found))
}

/// An issue's identity, as its letters show it.
#[derive(Debug, Clone)]
pub(super) struct IssueFacts<'s> {
    pub(super) newsletter: &'s Newsletter,
    pub(super) schedule: &'s Schedule,
    pub(super) id: String,
    pub(super) due_at: DateTime<Utc>,
    /// Whether it can be read on the web.
    pub(super) archived: bool,
}

/// An article with the content of the revision that the issue froze.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    pub(super) article: Article,
    pub(super) content: Content,
}

impl Carried {
    /// An article as it is now.
    pub(super) fn newest(article: Article) -> Self {
        let content = article.content.clone();
        Self { article, content }
    }
}

/// Everything that the template of one variant is told; `carried` in the order of the letter.
pub(super) async fn issue_letter(
    app: &App,
    conn: &mut Conn,
    facts: &IssueFacts<'_>,
    carried: &[Carried],
) -> Result<IssueLetter, ComposeError> {
    let settings = app.settings();
    let instant = facts.schedule.cadence == Cadence::Instant && carried.len() == 1;
    let kind = if instant { IssueKind::Instant } else { IssueKind::Digest };
    let around = around(app, conn, facts, carried).await?;
    let browser = facts
        .archived
        .then(|| settings.http.address(&format!("issues/{}", facts.id)));
    let mut newsletter = crate::template::context::Newsletter::new(facts.newsletter, Some(facts.schedule));
    newsletter.archive_url = Some(settings.http.address("issues"));
    newsletter.reply_to = settings.answers_to().map(|to| to.as_str().to_owned());
    Ok(IssueLetter {
        kind,
        frame: Frame::new(&settings, &facts.newsletter.language),
        newsletter,
        issue: context::Issue {
            id: facts.id.clone(),
            number: None,
            date: moment(facts.due_at, facts.newsletter.time_zone),
            preheader: String::new(),
            url: browser.clone(),
            count: carried.len(),
            left_out: 0,
        },
        articles: carried.iter().map(|one| article(facts, one)).collect(),
        listed: Vec::new(),
        previous: around.previous,
        next: around.next,
        more: around.more,
        links: FixedLinks {
            browser,
            subscribe: settings.http.address("subscribe"),
            help: None,
        },
        web: false,
        feedback: settings.feedback.letters,
        max_html: settings.mail.max_html,
    })
}

fn article(facts: &IssueFacts<'_>, carried: &Carried) -> context::Article {
    let Carried { article, content } = carried;
    let zone = facts.newsletter.time_zone;
    let (html, text) = match facts.schedule.content {
        FullOrSummary::Full => (content.body_html.clone(), content.body_text.clone()),
        FullOrSummary::Summary => (String::new(), String::new()),
    };
    context::Article {
        id: article.id.clone(),
        title: content.display_title(article.published_at),
        url: article.url.clone(),
        category: content.categories.first().map(|term| Link {
            name: term.term.clone(),
            url: None,
        }),
        tags: content.tags.iter().map(|term| term.term.clone()).collect(),
        author: content.authors.first().map(|author| Link {
            name: author.name.clone(),
            url: author.url.clone(),
        }),
        date: moment(article.published_at, zone),
        updated: article.updated_at.map(|at| moment(at, zone)),
        minutes: Some(content.reading_minutes).filter(|minutes| *minutes > 0),
        summary: content.summary.clone(),
        html,
        text,
        image: content.image.as_ref().map(|image| context::Picture {
            url: image.url.clone(),
            alt: image.alt.clone(),
            width: None,
            height: None,
            caption: String::new(),
        }),
        lead: false,
        truncated: false,
    }
}

/// An article that a letter only names.
pub(super) fn listed(newsletter: &Newsletter, carried: &Carried) -> Neighbour {
    let Carried { article, content } = carried;
    Neighbour {
        title: content.display_title(article.published_at),
        url: article.url.clone(),
        date: moment(article.published_at, newsletter.time_zone),
        minutes: Some(content.reading_minutes).filter(|minutes| *minutes > 0),
        summary: content.summary.clone(),
    }
}

/// What stands around an article on the author's page.
#[derive(Debug, Default)]
struct Around {
    previous: Option<Neighbour>,
    next: Option<Neighbour>,
    more: Vec<Neighbour>,
}

/// The neighbours of the one article of an instant letter, and older ones of its category.
async fn around(app: &App, conn: &mut Conn, facts: &IssueFacts<'_>, carried: &[Carried]) -> Result<Around, StoreError> {
    let [only] = carried else {
        return Ok(Around::default());
    };
    let public = articles::public(conn, crate::model::clock::to_micros(app.clock.now())).await?;
    let Some(place) = public.iter().position(|listed| listed.id == only.article.id) else {
        return Ok(Around::default());
    };
    let mut around = Around::default();
    if let Some(listed) = place.checked_sub(1).and_then(|newer| public.get(newer)) {
        around.next = neighbour(conn, facts, &listed.id)
            .await?
            .map(|(neighbour, _)| neighbour);
    }
    for (distance, listed) in public.iter().skip(place + 1).take(MORE_DEPTH).enumerate() {
        if around.more.len() >= MORE {
            break;
        }
        let Some((neighbour, content)) = neighbour(conn, facts, &listed.id).await? else {
            continue;
        };
        let alike =
            content.categories.first().map(|term| &term.slug) == only.content.categories.first().map(|term| &term.slug);
        if distance == 0 {
            around.previous = Some(neighbour);
        } else if alike {
            around.more.push(neighbour);
        }
    }
    Ok(around)
}

async fn neighbour(
    conn: &mut Conn,
    facts: &IssueFacts<'_>,
    id: &str,
) -> Result<Option<(Neighbour, Content)>, StoreError> {
    let Some(article) = articles::one(conn, id).await? else {
        return Ok(None);
    };
    let shown = Neighbour {
        title: article.content.display_title(article.published_at),
        url: article.url,
        date: moment(article.published_at, facts.newsletter.time_zone),
        minutes: Some(article.content.reading_minutes).filter(|minutes| *minutes > 0),
        summary: article.content.summary.clone(),
    };
    Ok(Some((shown, article.content)))
}
