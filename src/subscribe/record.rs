//! What is known of people: the list, and everything about one of them (GDPR art. 15).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{SubscribeError, find, now};
use crate::app::App;
use crate::model::clock::from_micros;
use crate::model::subscriber::{ALL, State, Status, Topics};
use crate::store::consents::{self, ShownConsent};
use crate::store::notices::{self, SentNotice};
use crate::store::subscribers::{self, SentLetter, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::suppressions::{self, Suppression};
use crate::store::{Conn, StoreError, feedback};

/// People read in one go.
const PAGE: i64 = 1_000;
/// Letters that a person's record names at most.
const LETTERS: i64 = 1_000;

/// One line of `subscribers list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Number, never reused.
    pub id: i64,
    /// As typed.
    pub email: String,
    /// Name, if known.
    pub name: Option<String>,
    /// The first that any subscription has.
    pub status: Status,
    /// By newsletter.
    pub subscriptions: Vec<SubscriptionLine>,
}

/// One subscription of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionLine {
    /// Id of the newsletter.
    pub newsletter: String,
    /// Id of the schedule.
    pub schedule: String,
    /// None means all.
    pub topics: Topics,
    /// `pending`, `active` or `unsubscribed`.
    pub state: String,
    /// End of the pause.
    pub paused_until: Option<DateTime<Utc>>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Last change.
    pub changed_at: DateTime<Utc>,
}

impl From<Subscription> for SubscriptionLine {
    fn from(row: Subscription) -> Self {
        Self {
            newsletter: row.newsletter_id,
            schedule: row.schedule_id,
            topics: Topics::from_json(&row.topics),
            state: row.state,
            paused_until: row.paused_until.map(from_micros),
            since: from_micros(row.created_at),
            changed_at: from_micros(row.changed_at),
        }
    }
}

/// Everything about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Number, never reused.
    pub id: i64,
    /// As typed.
    pub email: String,
    /// Name, if known.
    pub name: Option<String>,
    /// BCP 47 tag, if chosen.
    pub language: Option<String>,
    /// The first that any subscription has.
    pub status: Status,
    /// First heard of.
    pub created_at: DateTime<Utc>,
    /// By newsletter.
    pub subscriptions: Vec<SubscriptionLine>,
    /// Newest first.
    pub consents: Vec<ConsentLine>,
    /// What stands against the address.
    pub suppressions: Vec<SuppressionLine>,
    /// Issues made for the person, newest first.
    pub letters: Vec<LetterLine>,
    /// Single letters (confirmations, welcomes), newest first.
    pub notices: Vec<NoticeLine>,
    /// What the person said about articles, newest first; empty where answers are anonymous.
    pub feedback: Vec<OpinionLine>,
}

/// What a person said about an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpinionLine {
    /// Id of the article.
    pub article: String,
    /// 1 to 5.
    pub rating: i64,
    /// May be empty.
    pub comment: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<feedback::Comment> for OpinionLine {
    fn from(row: feedback::Comment) -> Self {
        Self {
            article: row.article_id,
            rating: row.rating,
            comment: row.comment,
            at: from_micros(row.at),
        }
    }
}

/// A consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentLine {
    /// To what.
    pub newsletter: String,
    /// form, api, import or operator.
    pub method: String,
    /// What was shown, word for word; empty when not known.
    pub text: String,
    /// Which form.
    pub form: Option<String>,
    /// Language of what was shown.
    pub language: Option<String>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When it was given.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// IPv4 /24 or IPv6 /48.
    pub network: Option<String>,
    /// What an operator wrote down.
    pub note: Option<String>,
}

impl From<ShownConsent> for ConsentLine {
    fn from(ShownConsent { consent, text }: ShownConsent) -> Self {
        Self {
            newsletter: consent.newsletter_id,
            method: consent.method,
            text,
            form: consent.form,
            language: consent.language,
            asked_at: from_micros(consent.asked_at),
            confirmed_at: consent.confirmed_at.map(from_micros),
            network: consent.network,
            note: consent.note,
        }
    }
}

/// A suppression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuppressionLine {
    /// `all` or a newsletter.
    pub scope: String,
    /// left, bounce, by_hand or complaint.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; `None`: for ever.
    pub until: Option<DateTime<Utc>>,
    /// How we know.
    pub evidence: Option<String>,
}

impl From<Suppression> for SuppressionLine {
    fn from(row: Suppression) -> Self {
        Self {
            scope: row.scope,
            reason: row.reason,
            since: from_micros(row.since),
            until: row.until.map(from_micros),
            evidence: row.evidence,
        }
    }
}

/// An issue that was made for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterLine {
    /// The issue.
    pub issue: String,
    /// Of which newsletter.
    pub newsletter: String,
    /// By which schedule.
    pub schedule: String,
    /// For which occurrence.
    pub occurrence: String,
    /// accepted, deferred, failed, unknown, skipped, pending or attempting.
    pub state: String,
    /// Last attempt.
    pub attempted_at: Option<DateTime<Utc>>,
}

impl From<SentLetter> for LetterLine {
    fn from(row: SentLetter) -> Self {
        Self {
            issue: row.issue_id,
            newsletter: row.newsletter_id,
            schedule: row.schedule_id,
            occurrence: row.occurrence,
            state: row.state,
            attempted_at: row.attempted_at.map(from_micros),
        }
    }
}

/// A single letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeLine {
    /// confirmation, welcome or already.
    pub kind: String,
    /// About which newsletter.
    pub newsletter: String,
    /// As of a letter.
    pub state: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

impl From<SentNotice> for NoticeLine {
    fn from(row: SentNotice) -> Self {
        Self {
            kind: row.kind,
            newsletter: row.newsletter_id,
            state: row.state,
            created_at: from_micros(row.created_at),
        }
    }
}

/// All subscribers, newest first.
pub async fn list(app: &App) -> Result<Vec<Listed>, SubscribeError> {
    let mut conn = app.database.read().await?;
    let (mut lines, mut before) = (Vec::new(), i64::MAX);
    loop {
        let people = subscribers::before(&mut conn, before, PAGE).await?;
        let Some(last) = people.last() else { break };
        before = last.id;
        lines.append(&mut page(&mut conn, people, now(app)).await?);
    }
    Ok(lines)
}

/// The lines of people that stand newest first.
async fn page(conn: &mut Conn, people: Vec<Subscriber>, at: i64) -> Result<Vec<Listed>, StoreError> {
    let lo = people.iter().map(|person| person.id).min().unwrap_or(0);
    let hi = people.iter().map(|person| person.id).max().unwrap_or(0);
    let mut rows = subscriptions::of_range(conn, lo, hi).await?;
    let keys: Vec<Vec<u8>> = people.iter().map(|person| person.address_key.clone()).collect();
    let suppressed: HashSet<Vec<u8>> = suppressions::of_keys(conn, &keys)
        .await?
        .into_iter()
        .filter(|row| row.scope == ALL && row.holds(at))
        .map(|row| row.address_key)
        .collect();
    people
        .into_iter()
        .map(|person| {
            // Both stand in order of numbers, so the person's rows are at the end.
            let own = rows.split_off(rows.partition_point(|row| row.subscriber_id < person.id));
            Ok(Listed {
                id: person.id,
                email: person.address,
                name: person.name,
                status: status(suppressed.contains(&person.address_key), &own, at)?,
                subscriptions: own.into_iter().map(SubscriptionLine::from).collect(),
            })
        })
        .collect()
}

fn status(suppressed: bool, own: &[Subscription], at: i64) -> Result<Status, StoreError> {
    let states = own
        .iter()
        .map(|row| Ok((row.stands()?, row.paused_until)))
        .collect::<Result<Vec<(State, Option<i64>)>, StoreError>>()?;
    Ok(Status::of(suppressed, &states, at))
}

/// Everything about the subscriber with this address or number.
///
/// # Errors
/// `NoSubscriber` when there is none.
pub async fn show(app: &App, who: &str) -> Result<Shown, SubscribeError> {
    let mut conn = app.database.read().await?;
    let person = find(&mut conn, app, who).await?;
    let own = subscriptions::of_subscriber(&mut conn, person.id).await?;
    let against = suppressions::of_key(&mut conn, &person.address_key).await?;
    let at = now(app);
    let suppressed = against.iter().any(|row| row.scope == ALL && row.holds(at));
    let letters = subscribers::letters_of(&mut conn, person.id, LETTERS).await?;
    let notices = notices::of_subscriber(&mut conn, person.id, LETTERS).await?;
    let consents = consents::of_subscriber(&mut conn, person.id).await?;
    let opinions = feedback::of_subscriber(&mut conn, person.id).await?;
    Ok(Shown {
        id: person.id,
        status: status(suppressed, &own, at)?,
        email: person.address,
        name: person.name,
        language: person.language,
        created_at: from_micros(person.created_at),
        subscriptions: own.into_iter().map(SubscriptionLine::from).collect(),
        consents: consents.into_iter().map(ConsentLine::from).collect(),
        suppressions: against.into_iter().map(SuppressionLine::from).collect(),
        letters: letters.into_iter().map(LetterLine::from).collect(),
        notices: notices.into_iter().map(NoticeLine::from).collect(),
        feedback: opinions.into_iter().map(OpinionLine::from).collect(),
    })
}
