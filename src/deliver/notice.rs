//! Letters outside any issue: confirmation, welcome, "you are subscribed", "you have left".

use chrono::{DateTime, Duration, Utc};

use crate::app::App;
use crate::config::{Newsletter, Schedule};
use crate::model::address::{DisplayName, EmailAddress, HeaderToken};
use crate::model::author_notice::AUTHOR;
use crate::model::clock::{from_micros, to_micros};
use crate::model::letter::{Envelope, Letter, SlotName};
use crate::model::links::{CONFIRM_FOR, Confirm, FRESH_FOR, Fresh, NewAddress, code_of};
use crate::store::articles;
use crate::store::notices::DueNotice;
use crate::template::context::letters::{
    AlreadyLetter, ConfirmationLetter, FixedLinks, LinkLetter, Neighbour, NewAddressLetter, UnsubscribedLetter,
    WelcomeLetter,
};
use crate::template::context::{self, Frame, moment};

use super::author;
use super::letters::{Facts, LetterError, Person};
use super::seal::write_sealed;

/// Articles that a welcome letter names.
const LATEST: usize = 3;

/// Why a notice cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoticeError {
    #[error(transparent)]
    Letter(#[from] LetterError),
    #[error(transparent)]
    Template(#[from] crate::template::TemplateError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error("write this notice: its newsletter `{0}` is not in the config any more")]
    NoNewsletter(String),
    #[error("write this letter to the author: `site.author.email` is not in the config any more")]
    NoAuthor,
    #[error("write this notice: no letter is known for `{0}`; it was queued by a newer version")]
    UnknownKind(String),
}

impl NoticeError {
    /// Whether the same letter can be written once somebody mended a template, a key or the config.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Letter(error) => error.may_pass(),
            Self::Template(_) | Self::Store(_) => true,
            Self::NoNewsletter(_) | Self::NoAuthor | Self::UnknownKind(_) => false,
        }
    }
}

/// Writes the message of a notice into `out`.
pub(super) async fn write(
    app: &App,
    due: &DueNotice,
    now: DateTime<Utc>,
    out: &mut Vec<u8>,
) -> Result<Envelope, NoticeError> {
    if due.subscriber_id == AUTHOR {
        return author::write(app, due, now, out).await;
    }
    let settings = app.settings();
    let newsletter = settings
        .newsletter(&due.newsletter_id)
        .ok_or_else(|| NoticeError::NoNewsletter(due.newsletter_id.clone()))?;
    let schedule = newsletter.schedule(&due.schedule_id).or(newsletter.default_schedule());
    let letter = compiled(app, due, newsletter, schedule).await?;
    let person = Person {
        id: due.subscriber_id,
        address: EmailAddress::parse(&due.address).map_err(LetterError::from)?,
        // A first letter holds nothing that a stranger typed, and a new address may be somebody else's.
        name: due
            .name
            .as_deref()
            .filter(|_| !["confirmation", "new-address"].contains(&due.kind.as_str()))
            .and_then(DisplayName::cleaned),
        epoch: due.token_epoch,
        since: from_micros(due.since),
    };
    let head = settings.letterhead(newsletter, app.templates.dates(&newsletter.language));
    let facts = Facts {
        head: &head,
        settings: &settings,
        keys: &app.keys,
        date: due.first_at.map_or(now, from_micros),
    };
    let (link, expires) = link_of(app, due, newsletter, schedule);
    let mut values = facts.values(&person);
    values
        .set(SlotName::Confirm, settings.http.address(&link))
        .set(SlotName::Expires, head.date(expires));
    let mut outgoing = facts
        .single(&person, &format!("notice {}", due.id))
        .map_err(LetterError::from)?;
    // A stream of its own, so that nobody's complaint about a confirmation counts against issues, or the other way round.
    let stream = format!("{}:single:{}:letterpress", due.kind, newsletter.id);
    outgoing.feedback_id = Some(HeaderToken::parse(&stream).map_err(LetterError::from)?);
    if due.kind == "welcome" {
        outgoing.list = Some(facts.list(&person).map_err(LetterError::from)?);
    }
    Ok(write_sealed(app, &letter, &values, &outgoing, out).await?)
}

/// The path of the link that a notice is about, and when it ends.
fn link_of(
    app: &App,
    due: &DueNotice,
    newsletter: &Newsletter,
    schedule: Option<&Schedule>,
) -> (String, DateTime<Utc>) {
    let until = |span: Duration| {
        let end = from_micros(due.created_at) + span;
        DateTime::from_timestamp(end.timestamp(), 0).unwrap_or(end)
    };
    let (subscriber, epoch) = (due.subscriber_id, due.token_epoch);
    match due.kind.as_str() {
        "link" => {
            let link = Fresh {
                subscriber,
                newsletter: code_of(&newsletter.id),
                epoch,
                expires: until(FRESH_FOR),
            };
            (link.to_path(&app.keys), link.expires)
        }
        "new-address" => {
            let link = NewAddress {
                subscriber,
                notice: due.id,
                epoch,
                expires: until(CONFIRM_FOR),
            };
            (link.to_path(&app.keys), link.expires)
        }
        _ => {
            let link = Confirm {
                subscriber,
                newsletter: code_of(&newsletter.id),
                schedule: code_of(schedule.map_or("", |schedule| schedule.id.as_str())),
                epoch,
                expires: until(CONFIRM_FOR),
            };
            (link.to_path(&app.keys), link.expires)
        }
    }
}

async fn compiled(
    app: &App,
    due: &DueNotice,
    newsletter: &Newsletter,
    schedule: Option<&Schedule>,
) -> Result<Letter, NoticeError> {
    let settings = app.settings();
    let frame = Frame::new(&settings, &newsletter.language);
    let shown = context::Newsletter::new(newsletter, schedule);
    let fixed = || FixedLinks {
        browser: None,
        subscribe: settings.http.address("subscribe"),
        help: None,
    };
    let letter = match due.kind.as_str() {
        "confirmation" => app.templates.confirmation(&ConfirmationLetter {
            frame,
            newsletter: shown,
        })?,
        "already" => app.templates.already(&AlreadyLetter {
            frame,
            newsletter: shown,
        })?,
        "welcome" => app.templates.welcome(&WelcomeLetter {
            frame,
            newsletter: shown,
            latest: latest(app, newsletter).await?,
            links: fixed(),
        })?,
        "link" => app.templates.link(&LinkLetter {
            frame,
            newsletter: shown,
        })?,
        "new-address" => app.templates.new_address(&NewAddressLetter {
            frame,
            newsletter: shown,
        })?,
        "unsubscribed" => app.templates.unsubscribed(&UnsubscribedLetter {
            frame,
            newsletter: shown,
            links: fixed(),
        })?,
        other => return Err(NoticeError::UnknownKind(other.to_owned())),
    };
    Ok(letter)
}

/// The latest articles, newest first: a welcome letter names them, and the ledger does not count them.
async fn latest(app: &App, newsletter: &Newsletter) -> Result<Vec<Neighbour>, NoticeError> {
    let mut conn = app.database.read().await?;
    let public = articles::public(&mut conn, to_micros(app.clock.now())).await?;
    let mut latest = Vec::new();
    for listed in public.iter().take(LATEST) {
        if let Some(article) = articles::one(&mut conn, &listed.id).await? {
            latest.push(Neighbour {
                title: article.content.display_title(article.published_at),
                url: article.url,
                date: moment(article.published_at, newsletter.time_zone),
                minutes: Some(article.content.reading_minutes).filter(|minutes| *minutes > 0),
                summary: article.content.summary,
            });
        }
    }
    Ok(latest)
}
