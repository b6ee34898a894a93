//! Who a schedule writes to: active subscriptions, a page at a time.

use super::{Conn, StoreError};

/// A person whom an issue of a schedule may reach.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Who.
    pub subscriber_id: i64,
    /// Articles mailable after this count, microseconds.
    pub floor_at: i64,
    /// JSON list of topics; empty means all.
    pub topics: String,
}

const PAGE: &str = "SELECT subscriber_id, floor_at, topics FROM subscriptions \
     WHERE newsletter_id = $1 AND schedule_id = $2 AND state = 'active' AND subscriber_id > $3 \
     AND (paused_until IS NULL OR paused_until <= $4) AND owed_check >= $6 ORDER BY subscriber_id LIMIT $5";

/// The next active, unpaused subscriptions of a schedule after a subscriber id; `waiting`: only those who wait for a
/// catch-up letter.
pub async fn page(
    conn: &mut Conn,
    schedule: (&str, &str),
    waiting: bool,
    after: i64,
    now: i64,
    limit: i64,
) -> Result<Vec<Recipient>, StoreError> {
    let rows: Vec<(i64, i64, String)> = on!(conn, |c| sqlx::query_as(PAGE)
        .bind(schedule.0)
        .bind(schedule.1)
        .bind(after)
        .bind(now)
        .bind(limit)
        .bind(i64::from(waiting))
        .fetch_all(c)
        .await?);
    Ok(rows
        .into_iter()
        .map(|(subscriber_id, floor_at, topics)| Recipient {
            subscriber_id,
            floor_at,
            topics,
        })
        .collect())
}

const COUNT: &str = "SELECT COUNT(*) FROM subscriptions WHERE newsletter_id = $1 AND schedule_id = $2 AND state = 'active' \
     AND (paused_until IS NULL OR paused_until <= $3)";

/// How many people an issue of a schedule may reach at most.
pub async fn count(conn: &mut Conn, schedule: (&str, &str), now: i64) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT)
        .bind(schedule.0)
        .bind(schedule.1)
        .bind(now)
        .fetch_one(c)
        .await?);
    Ok(row.0)
}

const AT_DOMAIN: &str = "SELECT COUNT(*) FROM subscribers s WHERE s.address LIKE '%@' || $1 \
     AND EXISTS (SELECT 1 FROM subscriptions n WHERE n.subscriber_id = s.id AND n.state = 'active')";

/// How many active subscribers have a mailbox at a domain; reads every address.
pub async fn at_domain(conn: &mut Conn, domain: &str) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(AT_DOMAIN).bind(domain).fetch_one(c).await?);
    Ok(row.0)
}

const OWED_FLAGS: &str = "SELECT COUNT(*) FROM subscriptions WHERE newsletter_id = $1 AND schedule_id = $2 AND state = 'active' \
     AND owed_check = 1";

/// How many subscriptions of a schedule wait for a catch-up letter.
pub async fn waiting_for_catch_up(conn: &mut Conn, schedule: (&str, &str)) -> Result<i64, StoreError> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(OWED_FLAGS)
        .bind(schedule.0)
        .bind(schedule.1)
        .fetch_one(c)
        .await?);
    Ok(row.0)
}

const CLEAR_FLAGS: &str = "UPDATE subscriptions SET owed_check = 0 WHERE newsletter_id = $1 AND schedule_id = $2 AND owed_check = 1 \
     AND subscriber_id BETWEEN $3 AND $4 AND (paused_until IS NULL OR paused_until <= $5)";

const FLAG: &str =
    "UPDATE subscriptions SET owed_check = 1 WHERE newsletter_id = $1 AND schedule_id = $2 AND subscriber_id = $3";

/// Of the people from `lo` to `hi` who are not paused, only `still` go on waiting for a catch-up letter.
pub async fn caught_up(
    conn: &mut Conn,
    schedule: (&str, &str),
    (lo, hi): (i64, i64),
    still: &[i64],
    now: i64,
) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(CLEAR_FLAGS)
        .bind(schedule.0)
        .bind(schedule.1)
        .bind(lo)
        .bind(hi)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected());
    for who in still {
        on!(conn, |c| sqlx::query(FLAG)
            .bind(schedule.0)
            .bind(schedule.1)
            .bind(who)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const FLAG_UNSERVED: &str = "UPDATE subscriptions SET owed_check = 1 WHERE state = 'active' AND EXISTS (\
     SELECT 1 FROM issues i JOIN deliveries d ON d.issue_id = i.id AND d.subscriber_id = subscriptions.subscriber_id \
     WHERE i.id = $1 AND i.newsletter_id = subscriptions.newsletter_id AND i.schedule_id = subscriptions.schedule_id \
     AND d.unknowns = 0 AND (d.state = 'failed' OR (d.state = 'skipped' AND d.code = 'requeued')))";

/// People who did not get an issue after all wait for a catch-up letter, if their cadence has one.
pub async fn flag_unserved(conn: &mut Conn, issue_id: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FLAG_UNSERVED)
        .bind(issue_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const FLAG_ALL: &str =
    "UPDATE subscriptions SET owed_check = 1 WHERE newsletter_id = $1 AND schedule_id = $2 AND state = 'active'";

/// A missed instant occurrence: everybody of the schedule may be owed something.
pub async fn flag_all(conn: &mut Conn, schedule: (&str, &str)) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FLAG_ALL)
        .bind(schedule.0)
        .bind(schedule.1)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
