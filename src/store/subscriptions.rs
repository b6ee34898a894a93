//! Subscriptions: one person's consent to one newsletter, with schedule and topics.

use super::{Conn, StoreError};
use crate::model::subscriber::State;

/// A row of `subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Subscription {
    /// Who.
    pub subscriber_id: i64,
    /// To what.
    pub newsletter_id: String,
    /// Word of [`State`].
    pub state: String,
    /// The chosen schedule.
    pub schedule_id: String,
    /// JSON list; empty means all.
    pub topics: String,
    /// Articles mailable after this are owed, microseconds.
    pub floor_at: i64,
    /// Microseconds; in the future: paused.
    pub paused_until: Option<i64>,
    /// 1: the catch-up letter of the instant schedule looks what is owed.
    pub owed_check: i64,
    /// The consent in force.
    pub consent_id: Option<i64>,
    /// Why it ended, or `chosen` when the person set schedule or topics later.
    pub reason: Option<String>,
    /// Microseconds.
    pub created_at: i64,
    /// Microseconds.
    pub changed_at: i64,
}

impl Subscription {
    /// One that begins at `at`, microseconds, without a schedule yet.
    pub fn begun(subscriber_id: i64, newsletter_id: &str, state: State, at: i64) -> Self {
        Self {
            subscriber_id,
            newsletter_id: newsletter_id.to_owned(),
            state: state.word().to_owned(),
            schedule_id: String::new(),
            topics: "[]".to_owned(),
            floor_at: at,
            paused_until: None,
            owed_check: 0,
            consent_id: None,
            reason: None,
            created_at: at,
            changed_at: at,
        }
    }

    /// Where it stands.
    pub fn stands(&self) -> Result<State, StoreError> {
        State::from_word(&self.state).ok_or_else(|| StoreError::Corrupt {
            what: "state of a subscription",
            value: self.state.clone(),
        })
    }
}

macro_rules! columns {
    () => {
        "subscriber_id, newsletter_id, state, schedule_id, topics, floor_at, paused_until, owed_check, consent_id, reason, \
         created_at, changed_at"
    };
}

const OF_RANGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM subscriptions WHERE subscriber_id BETWEEN $1 AND $2 ORDER BY subscriber_id, newsletter_id"
);

/// The subscriptions of a range of subscribers.
pub async fn of_range(conn: &mut Conn, lo: i64, hi: i64) -> Result<Vec<Subscription>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_RANGE)
        .bind(lo)
        .bind(hi)
        .fetch_all(c)
        .await?))
}

/// The subscriptions of one person, by newsletter.
pub async fn of_subscriber(conn: &mut Conn, subscriber_id: i64) -> Result<Vec<Subscription>, StoreError> {
    of_range(conn, subscriber_id, subscriber_id).await
}

const UNCONFIRMED: &str = "SELECT p.subscriber_id, p.newsletter_id FROM subscriptions p JOIN consents c ON c.id = p.consent_id \
     WHERE p.state = 'pending' AND ((c.method <> 'import' AND p.changed_at < $1) OR p.changed_at < $2) \
     ORDER BY p.subscriber_id, p.newsletter_id LIMIT $3";

/// Subscriptions of people who were asked before a moment (microseconds) and never answered, and of those whom a file brought
/// along before another: `(subscriber, newsletter)`.
pub async fn unconfirmed(
    conn: &mut Conn,
    asked_before: i64,
    brought_before: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(UNCONFIRMED)
        .bind(asked_before)
        .bind(brought_before)
        .bind(limit)
        .fetch_all(c)
        .await?))
}

const REMOVE: &str = "DELETE FROM subscriptions WHERE subscriber_id = $1 AND newsletter_id = $2 AND state = 'pending'";

/// Removes a subscription that was never confirmed.
pub async fn remove(conn: &mut Conn, subscriber_id: i64, newsletter_id: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(REMOVE)
        .bind(subscriber_id)
        .bind(newsletter_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

/// The subscriptions of up to 1,000 people, in no order.
pub async fn of_many(conn: &mut Conn, subscribers: &[i64]) -> Result<Vec<Subscription>, StoreError> {
    if subscribers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new(concat!(
            "SELECT ",
            columns!(),
            " FROM subscriptions WHERE subscriber_id IN ("
        ));
        let mut list = query.separated(", ");
        for subscriber in subscribers {
            list.push_bind(*subscriber);
        }
        query.push(")").build_query_as().fetch_all(c).await?
    }))
}

// Compose may have cleared the flag since this row was read: it is only ever set here.
const OR_UPDATE: &str = " ON CONFLICT (subscriber_id, newsletter_id) DO UPDATE SET state = excluded.state, \
     schedule_id = excluded.schedule_id, topics = excluded.topics, floor_at = excluded.floor_at, \
     paused_until = excluded.paused_until, consent_id = excluded.consent_id, reason = excluded.reason, \
     created_at = excluded.created_at, changed_at = excluded.changed_at, \
     owed_check = CASE WHEN excluded.owed_check = 1 THEN 1 ELSE subscriptions.owed_check END";

/// Saves up to 1,000 subscriptions, new or changed, each of them once. Hold the people first
/// ([`super::subscribers::hold`]), so that nobody else changes them between reading and saving.
pub async fn save(conn: &mut Conn, subscriptions: &[Subscription]) -> Result<(), StoreError> {
    if subscriptions.is_empty() {
        return Ok(());
    }
    let changed = on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new(concat!("INSERT INTO subscriptions (", columns!(), ") "));
        query.push_values(subscriptions, |mut row, s| {
            row.push_bind(s.subscriber_id)
                .push_bind(s.newsletter_id.clone())
                .push_bind(s.state.clone())
                .push_bind(s.schedule_id.clone())
                .push_bind(s.topics.clone())
                .push_bind(s.floor_at)
                .push_bind(s.paused_until)
                .push_bind(s.owed_check)
                .push_bind(s.consent_id)
                .push_bind(s.reason.clone())
                .push_bind(s.created_at)
                .push_bind(s.changed_at);
        });
        query.push(OR_UPDATE).build().execute(c).await?.rows_affected()
    });
    super::exactly("save subscriptions", subscriptions.len() as u64, changed)
}
