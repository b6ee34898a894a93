//! What the next issues would hold and for how many people: composing without writing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::config::{Cadence, Newsletter, Schedule};
use crate::model::clock::{from_micros, micros, to_micros};
use crate::model::schedule::{self, OccurrenceKey};
use crate::store::articles::Mailable;
use crate::store::{Conn, articles, occurrences};

use super::ComposeError;
use super::draft::{Audience, next_page};
use super::due::Due;

/// One issue as it would be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Which newsletter.
    pub newsletter: String,
    /// Which schedule of it.
    pub schedule: String,
    /// Occurrence key.
    pub occurrence: String,
    /// RFC 3339.
    pub due_at: String,
    /// Empty: nobody is owed anything, and nothing goes out.
    pub variants: Vec<PlannedVariant>,
}

/// The exact set of articles that some recipients would get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedVariant {
    /// In the order of the letter.
    pub articles: Vec<PlannedArticle>,
    /// Articles that are only named, with a link.
    pub listed: Vec<PlannedArticle>,
    /// How many people.
    pub recipients: u64,
}

/// An article of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedArticle {
    /// ULID.
    pub id: String,
    /// Never empty.
    pub title: String,
}

/// What the next issue of every schedule after `at` would hold, judged by what is known now. Writes nothing.
pub async fn plan(app: &App, at: DateTime<Utc>) -> Result<Vec<Planned>, ComposeError> {
    let settings = app.settings();
    let mut conn = app.database.read().await?;
    let mut planned = Vec::new();
    for newsletter in &settings.newsletters {
        for schedule in &newsletter.schedules {
            for due in next_due(&mut conn, newsletter, schedule, at).await? {
                planned.push(plan_one(app, &mut conn, &due).await?);
            }
        }
    }
    Ok(planned)
}

/// The next cron occurrence, or every article that the instant cadence still has to announce.
async fn next_due<'s>(
    conn: &mut Conn,
    newsletter: &'s Newsletter,
    schedule: &'s Schedule,
    at: DateTime<Utc>,
) -> Result<Vec<Due<'s>>, ComposeError> {
    let due = |key: &OccurrenceKey, at: i64, only: Option<String>| {
        let waits = schedule.quiet.until(from_micros(at), newsletter.time_zone);
        let due_at = waits.map_or(at, to_micros);
        Due {
            newsletter,
            schedule,
            key: key.as_str().to_owned(),
            due_at,
            now: due_at,
            since: due_at,
            who: Audience::All,
            only,
            settle: true,
        }
    };
    match &schedule.cadence {
        Cadence::Cron(rule) => Ok(schedule::next(rule, newsletter.time_zone, at, 1)
            .iter()
            .map(|next| due(&next.key, to_micros(next.at), None))
            .collect()),
        Cadence::Instant => {
            let now = to_micros(at);
            let names = (newsletter.id.as_str(), schedule.id.as_str());
            let started = occurrences::anchor(conn, names.0, names.1)
                .await?
                .map_or(now, |anchor| anchor.started_at);
            let from = now.saturating_sub(micros(newsletter.look_back)).max(started - 1);
            let mut found = Vec::new();
            for article in articles::mailable(conn, now, from, now, names.0, names.1).await? {
                let key = OccurrenceKey::article(&article.id);
                if !occurrences::is_decided(conn, names.0, names.1, key.as_str()).await? {
                    let settled = article.mailable_at.max(article.changed_at) + micros(schedule.settle);
                    found.push(due(&key, settled.max(now), Some(article.id)));
                }
            }
            Ok(found)
        }
    }
}

fn planned(article: &Mailable) -> PlannedArticle {
    PlannedArticle {
        id: article.id.clone(),
        title: article.content.display_title(from_micros(article.published_at)),
    }
}

async fn plan_one(app: &App, conn: &mut Conn, due: &Due<'_>) -> Result<Planned, ComposeError> {
    let offer = due.offer(app, conn).await?;
    let mut variants: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
    let mut after = 0;
    while !offer.articles.is_empty() {
        let page = next_page(conn, due.who, due.names(), after, due.now).await?;
        let Some(last) = page.last() else { break };
        after = last.subscriber_id;
        for (_, places) in offer.for_page(conn, &page).await? {
            *variants.entry(places).or_default() += 1;
        }
    }
    let variants = variants.into_iter().map(|(places, recipients)| {
        let [articles, listed] = due
            .in_order(&offer, &places)
            .map(|items| items.into_iter().map(planned).collect());
        PlannedVariant {
            articles,
            listed,
            recipients,
        }
    });
    Ok(Planned {
        newsletter: due.newsletter.id.clone(),
        schedule: due.schedule.id.clone(),
        occurrence: due.key.clone(),
        due_at: from_micros(due.due_at).to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        variants: variants.collect(),
    })
}
