//! A person's choices: schedule, topics, a pause, leaving.

use chrono::{DateTime, Duration, Utc};

use super::leave::end;
use super::{SubscribeError, now, schedule_named};
use crate::app::App;
use crate::config::{Cadence, Settings};
use crate::model::clock::{from_micros, to_micros};
use crate::model::links::{self, code_of};
use crate::model::subscriber::{State, Topics};
use crate::store::subscribers::{self, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Conn, StoreError, notices};

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::days(366);

/// What the preferences page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// The newsletters that the person has or had, the one of the link first.
    pub choices: Vec<Choice>,
    /// Path of the leave page of the link's newsletter, without a leading slash.
    pub leave: Option<String>,
    /// Path of the person's own feed, without a leading slash; `None` where the author offers none.
    pub own_feed: Option<String>,
}

/// One newsletter of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Id of the newsletter.
    pub newsletter: String,
    /// Where it stands.
    pub state: State,
    /// Id of the chosen schedule.
    pub schedule: String,
    /// Chosen topics.
    pub topics: Topics,
    /// End of a pause that has not ended.
    pub paused_until: Option<DateTime<Utc>>,
}

/// What a person wants to change; what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Schedules as `NEWSLETTER/SCHEDULE`, or a bare schedule of the link's newsletter.
    pub schedules: Vec<String>,
    /// Topics of the link's newsletter; an empty list means all.
    pub topics: Option<Vec<String>>,
    /// Rest until then, for the link's newsletter; a time that is over ends the pause.
    pub pause_until: Option<DateTime<Utc>>,
    /// Newsletters to leave.
    pub leave: Vec<String>,
}

/// Reads a person's choices. Changes nothing.
///
/// # Errors
/// `BadLink` for tokens that are unknown, forged or revoked.
pub async fn preferences(app: &App, token: &str) -> Result<Choices, SubscribeError> {
    let link = links::Preferences::read(&app.keys, token).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.read().await?;
    let (person, all) = opened(&mut conn, link).await?;
    Ok(view(app, &person, all, link.newsletter)?)
}

/// Changes what a person wants to have otherwise; all of it or nothing.
///
/// # Errors
/// `BadLink` as above; `UnknownSchedule` for a schedule that the newsletter does not have.
pub async fn set_preferences(app: &App, token: &str, wishes: &Wishes) -> Result<Choices, SubscribeError> {
    let link = links::Preferences::read(&app.keys, token).ok_or(SubscribeError::BadLink)?;
    let settings = app.settings();
    let mut conn = app.database.begin().await?;
    subscribers::hold(&mut conn, link.subscriber).await?;
    let (person, mut all) = opened(&mut conn, link).await?;
    for subscription in &mut all {
        if subscription.stands()? != State::Active {
            continue;
        }
        if wishes.leave.contains(&subscription.newsletter_id) {
            *subscription = end(&mut conn, &person, subscription.clone(), "preferences", now(app)).await?;
            continue;
        }
        let is_meant = code_of(&subscription.newsletter_id) == link.newsletter;
        let changed = changed(&settings, subscription, wishes, is_meant, app.clock.now())?;
        if changed != *subscription {
            *subscription = Subscription {
                changed_at: now(app),
                reason: Some("chosen".to_owned()),
                ..changed
            };
            subscriptions::save(&mut conn, std::slice::from_ref(subscription)).await?;
        }
    }
    conn.commit().await?;
    Ok(view(app, &person, all, link.newsletter)?)
}

/// Gives a person another feed address and another preferences page; who has the old ones opens nothing any more. Returns
/// the path of the new page, without a leading slash.
///
/// # Errors
/// `BadLink` as above.
pub async fn renew_links(app: &App, token: &str) -> Result<String, SubscribeError> {
    let link = links::Preferences::read(&app.keys, token).ok_or(SubscribeError::BadLink)?;
    let mut conn = app.database.begin().await?;
    subscribers::hold(&mut conn, link.subscriber).await?;
    opened(&mut conn, link).await?;
    subscribers::revoke_links(&mut conn, link.subscriber).await?;
    // Nobody must be able to go on with a move that was asked for by an old link.
    notices::drop_new_addresses(&mut conn, link.subscriber, 0).await?;
    conn.commit().await?;
    let renewed = links::Preferences {
        epoch: link.epoch + 1,
        ..link
    };
    Ok(renewed.to_path(&app.keys))
}

pub(super) async fn opened(
    conn: &mut Conn,
    link: links::Preferences,
) -> Result<(Subscriber, Vec<Subscription>), SubscribeError> {
    let person = subscribers::by_id(conn, link.subscriber)
        .await?
        .filter(|person| person.erased_at.is_none() && person.token_epoch == link.epoch)
        .ok_or(SubscribeError::BadLink)?;
    let mut all = subscriptions::of_subscriber(conn, person.id).await?;
    if !all.iter().any(|one| code_of(&one.newsletter_id) == link.newsletter) {
        return Err(SubscribeError::BadLink);
    }
    all.sort_by_key(|one| code_of(&one.newsletter_id) != link.newsletter);
    Ok((person, all))
}

/// A subscription as the person wants it. The floor stays, so that nothing owed is lost by a change of schedule.
fn changed(
    settings: &Settings,
    subscription: &Subscription,
    wishes: &Wishes,
    is_meant: bool,
    now: DateTime<Utc>,
) -> Result<Subscription, SubscribeError> {
    let mut new = subscription.clone();
    if let Some(newsletter) = settings.newsletter(&subscription.newsletter_id) {
        let wanted = wishes
            .schedules
            .iter()
            .rev()
            .find_map(|wish| match wish.split_once('/') {
                Some((of, schedule)) => (of == newsletter.id).then_some(schedule),
                None => is_meant.then_some(wish.as_str()),
            });
        if let Some(wanted) = wanted.filter(|wanted| *wanted != subscription.schedule_id) {
            let schedule = schedule_named(newsletter, Some(wanted))?;
            new.schedule_id.clone_from(&schedule.id);
            // What the old schedule still owed comes with the catch-up letter.
            new.owed_check = i64::from(schedule.cadence == Cadence::Instant);
        }
    }
    if let (true, Some(topics)) = (is_meant, &wishes.topics) {
        new.topics = Topics::clean(topics).to_json();
    }
    if let (true, Some(until)) = (is_meant, wishes.pause_until) {
        let until = until.min(now + LONGEST_PAUSE);
        new.paused_until = (until > now).then(|| to_micros(until));
        if new.paused_until.is_some() {
            // Single letters of the pause are over when it ends: the catch-up letter brings them.
            new.owed_check = 1;
        }
    }
    Ok(new)
}

fn view(app: &App, person: &Subscriber, all: Vec<Subscription>, meant: u64) -> Result<Choices, StoreError> {
    let at = now(app);
    let choices = all
        .into_iter()
        .map(|one| {
            Ok(Choice {
                state: one.stands()?,
                newsletter: one.newsletter_id,
                schedule: one.schedule_id,
                topics: Topics::from_json(&one.topics),
                paused_until: one.paused_until.filter(|until| *until > at).map(from_micros),
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let is_active = choices.first().is_some_and(|choice| choice.state == State::Active);
    let leave = links::Leave {
        subscriber: person.id,
        newsletter: meant,
    };
    let settings = app.settings();
    let feeds = &settings.feeds;
    let own_feed = feeds.formats.first().filter(|_| feeds.private).map(|format| {
        let link = links::OwnFeed {
            subscriber: person.id,
            epoch: person.token_epoch,
        };
        link.to_path(&app.keys, *format)
    });
    Ok(Choices {
        choices,
        own_feed,
        leave: is_active.then(|| leave.to_path(&app.keys)),
    })
}
