//! Confirming a sign-up: from now on letters come.

use super::sign_up::{NOTICE_FOR, queue};
use super::{SubscribeError, allowance, held, newsletter_of, now};
use crate::app::App;
use crate::config::{Cadence, Joiner, Newsletter, Schedule};
use crate::model::clock::micros;
use crate::model::links::{self, code_of};
use crate::model::subscriber::{ALL, State, Suppressed};
use crate::store::subscribers::Subscriber;
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Conn, StoreError, articles, consents, occurrences, suppressions};

/// What the page after confirming says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// Name of the newsletter.
    pub newsletter: String,
    /// Name of the schedule.
    pub schedule: Option<String>,
    /// Path of the preferences page, without a leading slash; `None` when the person took older links back meanwhile.
    pub preferences: Option<String>,
}

/// Confirms a sign-up. Repeats show the same success and do nothing.
///
/// # Errors
/// `BadLink` for tokens that are unknown, forged or expired, and for subscriptions that have ended since.
pub async fn confirm(app: &App, token: &str) -> Result<Confirmed, SubscribeError> {
    let link = links::Confirm::read(&app.keys, token, app.clock.now()).ok_or(SubscribeError::BadLink)?;
    let settings = app.settings();
    let newsletter = newsletter_of(&settings, link.newsletter).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.begin().await?;
    let (person, subscription) = held(&mut conn, link.subscriber, link.newsletter)
        .await?
        .ok_or(SubscribeError::BadLink)?;
    let stands = subscription.stands()?;
    let schedule = match stands {
        State::Unsubscribed => return Err(SubscribeError::BadLink),
        State::Active => newsletter.schedule(&subscription.schedule_id),
        // What the letter and the page showed is what is confirmed.
        State::Pending => newsletter
            .schedules
            .iter()
            .find(|schedule| code_of(&schedule.id) == link.schedule)
            .or_else(|| newsletter.schedule(&subscription.schedule_id))
            .or_else(|| newsletter.default_schedule()),
    };
    if let (State::Pending, Some(schedule)) = (stands, schedule) {
        begin(&mut conn, &person, subscription, newsletter, schedule, now(app)).await?;
        conn.commit().await?;
    }
    let preferences = links::Preferences {
        subscriber: person.id,
        newsletter: link.newsletter,
        epoch: person.token_epoch,
    };
    Ok(Confirmed {
        newsletter: newsletter.name.clone(),
        schedule: schedule.map(|schedule| schedule.name.clone()),
        preferences: (link.epoch == person.token_epoch).then(|| preferences.to_path(&app.keys)),
    })
}

/// Makes a pending subscription active.
async fn begin(
    conn: &mut Conn,
    person: &Subscriber,
    pending: Subscription,
    newsletter: &Newsletter,
    schedule: &Schedule,
    at: i64,
) -> Result<(), SubscribeError> {
    lift(conn, person, &newsletter.id, at).await?;
    allowance::give_back(conn, &person.address_key).await?;
    let consent = pending.consent_id.unwrap_or_default();
    consents::confirm(conn, consent, at).await?;
    let start = start(conn, (newsletter, schedule), &pending.topics, at).await?;
    let active = Subscription {
        state: State::Active.word().to_owned(),
        schedule_id: schedule.id.clone(),
        floor_at: start.floor_at,
        owed_check: start.owed_check,
        paused_until: None,
        reason: None,
        changed_at: at,
        ..pending
    };
    subscriptions::save(conn, &[active]).await?;
    if allowance::take_welcome(conn, person.id, &newsletter.id, at).await? {
        let key = format!("welcome/{}/{}/{at}", person.id, newsletter.id);
        queue(conn, "welcome", &key, (person.id, &newsletter.id), at, NOTICE_FOR).await?;
    }
    Ok(())
}

/// Lifts what yields to a confirmation; anything else makes the link a bad one.
async fn lift(conn: &mut Conn, person: &Subscriber, newsletter: &str, at: i64) -> Result<(), SubscribeError> {
    for row in suppressions::of_key(conn, &person.address_key).await? {
        let (reason, concerns) = (row.why()?, row.scope == ALL || row.scope == newsletter);
        if concerns && row.holds(at) && !reason.yields_to_confirmation() {
            return Err(SubscribeError::BadLink);
        }
        if concerns && reason.yields_to_confirmation() {
            suppressions::lift(conn, &row.address_key, &row.scope, reason).await?;
        }
    }
    Ok(())
}

/// Where a newcomer starts (`delivery.md` 5.1), by `joiner`.
pub(super) async fn start(
    conn: &mut Conn,
    (newsletter, schedule): (&Newsletter, &Schedule),
    topics: &str,
    at: i64,
) -> Result<Start, StoreError> {
    let is_instant = schedule.cadence == Cadence::Instant;
    let floor_at = match schedule.joiner {
        Joiner::Latest(count) => {
            let topics: Vec<String> = serde_json::from_str(topics).unwrap_or_default();
            before_latest(conn, (newsletter, schedule), (&topics, count), at).await?
        }
        Joiner::Issue if !is_instant => before_the_issue(conn, (&newsletter.id, &schedule.id), at).await?,
        Joiner::Issue | Joiner::Now => at,
    };
    // Letters for one article each are behind them: what they are owed comes in one catch-up letter.
    let owed_check = i64::from(is_instant && floor_at < at);
    Ok(Start { floor_at, owed_check })
}

/// Where a newcomer starts.
pub(super) struct Start {
    /// Articles mailable after this count, microseconds.
    pub(super) floor_at: i64,
    /// 1: a catch-up letter is to look what is owed.
    pub(super) owed_check: i64,
}

/// So that the first digest equals everyone's.
async fn before_the_issue(conn: &mut Conn, names: (&str, &str), at: i64) -> Result<i64, StoreError> {
    if let Some(previous) = occurrences::last_fired(conn, names.0, names.1).await? {
        return Ok(previous);
    }
    let anchor = occurrences::anchor(conn, names.0, names.1).await?;
    Ok(anchor.map_or(at, |anchor| anchor.started_at))
}

/// So that the first letter holds the latest articles, as many as there are up to `count`.
async fn before_latest(
    conn: &mut Conn,
    (newsletter, schedule): (&Newsletter, &Schedule),
    (topics, count): (&[String], usize),
    at: i64,
) -> Result<i64, StoreError> {
    let from = at.saturating_sub(micros(newsletter.look_back));
    let filter = newsletter.filter();
    let found = articles::mailable(conn, at, from, at, &newsletter.id, &schedule.id).await?;
    let oldest = found
        .iter()
        .rev()
        .filter(|article| article.content.carries_one_of(&filter) && article.content.carries_one_of(topics))
        .take(count)
        .last();
    Ok(oldest.map_or(at, |article| article.mailable_at - 1))
}

/// The suppression that keeps imports from bringing a leaver back.
pub(super) fn left(person: &Subscriber, newsletter: &str, evidence: &str, at: i64) -> suppressions::Suppression {
    suppressions::Suppression {
        address_key: person.address_key.clone(),
        scope: newsletter.to_owned(),
        reason: Suppressed::Left.word().to_owned(),
        since: at,
        until: None,
        evidence: Some(evidence.to_owned()),
    }
}
