//! What follows for a person from one event (B1 to B6). The same event changes nothing the second time.

use super::{alarm, incident};
use crate::app::App;
use crate::model::bounce::Class;
use crate::model::clock::to_micros;
use crate::model::subscriber::{ALL, State, Suppressed};
use crate::store::bounces::{self, Bounce};
use crate::store::subscribers::{self, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::suppressions::{self, Suppression};
use crate::store::{Conn, StoreError};

/// A day, in microseconds.
pub(super) const DAY: i64 = 86_400_000_000;
/// So many letters in a row came back …
const SOFT_MOST: usize = 5;
/// … over so long: the address rests.
const SOFT_SPAN: i64 = 14 * DAY;
/// How long it rests before one letter may try again.
const REST: i64 = 90 * DAY;

/// Something that came back, with a proof.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The same for the same event.
    pub(super) key: String,
    pub(super) source: String,
    pub(super) subscriber: i64,
    pub(super) issue: Option<String>,
    pub(super) class: Class,
    pub(super) certain: bool,
    pub(super) code: Option<String>,
    /// May quote addresses; they are masked before it is kept.
    pub(super) said: String,
}

/// Writes an event down and does what follows; the word for it, `known` when it came before.
pub(super) async fn take(app: &App, conn: &mut Conn, event: Event) -> Result<&'static str, StoreError> {
    let bounce = Bounce {
        event_key: event.key,
        subscriber_id: event.subscriber,
        issue_id: event.issue,
        source: event.source,
        class: event.class.word().to_owned(),
        certain: i64::from(event.certain),
        code: event.code,
        detail: Some(masked(&event.said)).filter(|said| !said.is_empty()),
        effect: "new".to_owned(),
        at: to_micros(app.clock.now()),
    };
    if !bounces::insert(conn, &bounce).await? {
        return Ok("known");
    }
    judge(app, conn, &bounce).await
}

/// Does what follows from a row that is `new`.
pub(super) async fn judge(app: &App, conn: &mut Conn, bounce: &Bounce) -> Result<&'static str, StoreError> {
    let class = Class::from_word(&bounce.class).ok_or_else(|| StoreError::Corrupt {
        what: "class of a bounce",
        value: bounce.class.clone(),
    })?;
    subscribers::hold(conn, bounce.subscriber_id).await?;
    let person = subscribers::by_id(conn, bounce.subscriber_id).await?;
    let effect = match person.filter(|person| person.erased_at.is_none()) {
        None => "noted",
        Some(person) => match class {
            Class::Dead => dead(app, conn, &person, bounce).await?,
            Class::Complaint if bounce.certain == 1 => complaint(app, conn, &person, bounce).await?,
            Class::OptOut => "ended",
            // A complaint without a person is about our signatures.
            Class::Sender | Class::Complaint => {
                alarm::sender(app, conn, bounce).await?;
                "noted"
            }
            class if class.is_soft() => soft(conn, &person, bounce).await?,
            _ => "noted",
        },
    };
    bounces::set_effect(conn, &bounce.event_key, "new", effect).await?;
    Ok(effect)
}

/// B1, B2 and B7.
async fn dead(app: &App, conn: &mut Conn, person: &Subscriber, bounce: &Bounce) -> Result<&'static str, StoreError> {
    let is_enough = bounce.certain == 1 || {
        let earlier = bounces::of_subscriber(conn, person.id).await?;
        earlier.iter().any(|other| {
            other.class == bounce.class && other.issue_id != bounce.issue_id && bounce.at - other.at >= DAY
        })
    };
    if !is_enough {
        return Ok("counted");
    }
    if incident::holds(app, conn, person, bounce.at).await? {
        return Ok("held");
    }
    give_up(conn, &person.address_key, bounce.code.as_deref(), bounce.at).await?;
    Ok("suppressed")
}

/// An address that does not work is mailed no more, until its owner signs up again.
pub(super) async fn give_up(conn: &mut Conn, key: &[u8], code: Option<&str>, at: i64) -> Result<(), StoreError> {
    suppress(conn, key, Suppressed::Bounce, None, code, at).await
}

async fn suppress(
    conn: &mut Conn,
    key: &[u8],
    why: Suppressed,
    until: Option<i64>,
    evidence: Option<&str>,
    at: i64,
) -> Result<(), StoreError> {
    let row = Suppression {
        address_key: key.to_vec(),
        scope: ALL.to_owned(),
        reason: why.word().to_owned(),
        since: at,
        until,
        evidence: evidence.map(str::to_owned),
    };
    suppressions::put(conn, &row).await
}

/// B3: letters of five issues in a row, over a fortnight or longer, none of which arrived.
async fn soft(conn: &mut Conn, person: &Subscriber, bounce: &Bounce) -> Result<&'static str, StoreError> {
    let came_back = bounces::of_subscriber(conn, person.id).await?;
    let failed = |issue: &str| {
        let of_issue = |other: &&Bounce| other.issue_id.as_deref() == Some(issue);
        came_back.iter().filter(of_issue).any(|other| is_failure(&other.class))
    };
    // A relay accepts what comes back later: only a letter about which nothing came back arrived. What left after the letter
    // of this event may still come back.
    let letters = bounces::letters(conn, person.id).await?;
    let current = letters
        .iter()
        .find(|letter| Some(&letter.0) == bounce.issue_id.as_ref());
    let before = current.map_or(bounce.at, |letter| letter.2);
    let arrived = letters
        .iter()
        .filter(|(issue, state, at)| state == "accepted" && *at < before && !failed(issue))
        .map(|(_, _, at)| *at)
        .max();
    let mut issues: Vec<Option<&str>> = Vec::new();
    let mut since = bounce.at;
    let in_a_row = came_back.iter().filter(|other| is_failure(&other.class));
    for other in in_a_row.take_while(|other| arrived.is_none_or(|at| other.at > at)) {
        since = since.min(other.at);
        if !issues.contains(&other.issue_id.as_deref()) {
            issues.push(other.issue_id.as_deref());
        }
    }
    let count = i64::try_from(issues.len()).unwrap_or(i64::MAX);
    bounces::set_soft(conn, person.id, count, Some(since)).await?;
    if issues.len() < SOFT_MOST || bounce.at - since < SOFT_SPAN {
        return Ok("counted");
    }
    let until = Some(bounce.at + REST);
    let evidence = bounce.code.as_deref().unwrap_or("came back again and again");
    suppress(
        conn,
        &person.address_key,
        Suppressed::Bounce,
        until,
        Some(evidence),
        bounce.at,
    )
    .await?;
    Ok("suppressed")
}

fn is_failure(word: &str) -> bool {
    Class::from_word(word).is_some_and(|class| class.is_soft() || class == Class::Dead)
}

/// B5: everything ends at once, and nobody writes about it.
async fn complaint(
    app: &App,
    conn: &mut Conn,
    person: &Subscriber,
    bounce: &Bounce,
) -> Result<&'static str, StoreError> {
    let mut ended = Vec::new();
    for subscription in subscriptions::of_subscriber(conn, person.id).await? {
        if subscription.stands()? != State::Unsubscribed {
            ended.push(Subscription {
                state: State::Unsubscribed.word().to_owned(),
                reason: Some("complaint".to_owned()),
                changed_at: bounce.at,
                ..subscription
            });
        }
    }
    subscriptions::save(conn, &ended).await?;
    let evidence = Some(bounce.source.as_str());
    suppress(
        conn,
        &person.address_key,
        Suppressed::Complaint,
        None,
        evidence,
        bounce.at,
    )
    .await?;
    alarm::complaints(app, conn, bounce).await?;
    Ok("suppressed")
}

/// What was said, without the addresses in it.
fn masked(text: &str) -> String {
    let mask = |word: &str| {
        if word.contains('@') {
            "…".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.split_whitespace().map(mask).collect::<Vec<_>>().join(" ")
}
