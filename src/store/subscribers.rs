//! Subscribers: people with an address.

use super::{Conn, StoreError};

/// A row of `subscribers`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Subscriber {
    /// Never reused.
    pub id: i64,
    /// As typed; empty once erased.
    pub address: String,
    /// `KeyRing::address_key` of the comparison form.
    pub address_key: Vec<u8>,
    /// Name, if known.
    pub name: Option<String>,
    /// BCP 47 tag, if chosen.
    pub language: Option<String>,
    /// Revokes preference links.
    pub token_epoch: i64,
    /// Microseconds.
    pub created_at: i64,
    /// Microseconds.
    pub erased_at: Option<i64>,
}

macro_rules! columns {
    () => {
        "id, address, address_key, name, language, token_epoch, created_at, erased_at"
    };
}

const BY_ID: &str = concat!("SELECT ", columns!(), " FROM subscribers WHERE id = $1");

/// The subscriber with this number.
pub async fn by_id(conn: &mut Conn, id: i64) -> Result<Option<Subscriber>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(BY_ID).bind(id).fetch_optional(c).await?))
}

const BY_KEY: &str = concat!("SELECT ", columns!(), " FROM subscribers WHERE address_key = $1");

/// The subscriber with this address key.
pub async fn by_key(conn: &mut Conn, key: &[u8]) -> Result<Option<Subscriber>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(BY_KEY)
        .bind(key)
        .fetch_optional(c)
        .await?))
}

/// The subscribers among up to 1,000 address keys, in no order.
pub async fn by_keys(conn: &mut Conn, keys: &[Vec<u8>]) -> Result<Vec<Subscriber>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new(concat!(
            "SELECT ",
            columns!(),
            " FROM subscribers WHERE address_key IN ("
        ));
        let mut list = query.separated(", ");
        for key in keys {
            list.push_bind(key.clone());
        }
        query.push(")").build_query_as().fetch_all(c).await?
    }))
}

const OLDEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM subscribers WHERE id > $1 AND erased_at IS NULL ORDER BY id LIMIT $2"
);

/// The next subscribers after a number, oldest first, without erased ones.
pub async fn after(conn: &mut Conn, id: i64, limit: i64) -> Result<Vec<Subscriber>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OLDEST)
        .bind(id)
        .bind(limit)
        .fetch_all(c)
        .await?))
}

const NEWEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM subscribers WHERE id < $1 AND erased_at IS NULL ORDER BY id DESC LIMIT $2"
);

/// The next subscribers before a number, newest first, without erased ones.
pub async fn before(conn: &mut Conn, id: i64, limit: i64) -> Result<Vec<Subscriber>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(NEWEST)
        .bind(id)
        .bind(limit)
        .fetch_all(c)
        .await?))
}

/// Takes numbers for `count` subscribers; the first of them.
pub async fn take_ids(conn: &mut Conn, count: i64) -> Result<i64, StoreError> {
    super::counters::next(conn, "subscribers", count).await
}

/// Adds up to 1,000 subscribers with numbers from [`take_ids`]; those whose address is known already are left out.
pub async fn insert(conn: &mut Conn, subscribers: &[Subscriber]) -> Result<u64, StoreError> {
    if subscribers.is_empty() {
        return Ok(0);
    }
    Ok(on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new(concat!("INSERT INTO subscribers (", columns!(), ") "));
        query.push_values(subscribers, |mut row, s| {
            row.push_bind(s.id)
                .push_bind(s.address.clone())
                .push_bind(s.address_key.clone())
                .push_bind(s.name.clone())
                .push_bind(s.language.clone())
                .push_bind(s.token_epoch)
                .push_bind(s.created_at)
                .push_bind(s.erased_at);
        });
        query
            .push(" ON CONFLICT (address_key) DO NOTHING")
            .build()
            .execute(c)
            .await?
            .rows_affected()
    }))
}

const SET_ADDRESS: &str = "UPDATE subscribers SET address = $2, address_key = $3, address_version = address_version + 1, \
     token_epoch = token_epoch + 1 WHERE id = $1";

/// Puts another address in the place of a person's. Links to the preferences end; attempts to the old address that have not
/// begun are not made.
pub async fn set_address(conn: &mut Conn, id: i64, address: &str, key: &[u8]) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(SET_ADDRESS)
        .bind(id)
        .bind(address)
        .bind(key)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("change an address", 1, changed)
}

const HOLD: &str = "UPDATE subscribers SET token_epoch = token_epoch WHERE id = $1";

/// Makes everybody else wait with changes to this person until the transaction ends; `false` when there is no such row.
pub async fn hold(conn: &mut Conn, id: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(HOLD).bind(id).execute(c).await?.rows_affected()) == 1)
}

/// As [`hold`], for up to 1,000 people.
pub async fn hold_all(conn: &mut Conn, ids: &[i64]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new("UPDATE subscribers SET token_epoch = token_epoch WHERE id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")").build().execute(c).await?.rows_affected()
    });
    Ok(())
}

const REVOKE: &str = "UPDATE subscribers SET token_epoch = token_epoch + 1 WHERE id = $1";

/// Takes back the preference links of a person, and the address of the person's own feed.
pub async fn revoke_links(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(REVOKE).bind(id).execute(c).await?.rows_affected());
    super::exactly("take back a subscriber's links", 1, changed)
}

const DESCRIBE: &str = "UPDATE subscribers SET name = $2, language = $3 WHERE id = $1";

/// Sets name and language.
pub async fn describe(conn: &mut Conn, id: i64, name: Option<&str>, language: Option<&str>) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(DESCRIBE)
        .bind(id)
        .bind(name)
        .bind(language)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("set a subscriber's name", 1, changed)
}

const ERASE: &str = "UPDATE subscribers SET address = '', address_key = $2, address_version = address_version + 1, name = NULL, \
     language = NULL, token_epoch = token_epoch + 1, erased_at = $3 WHERE id = $1 AND erased_at IS NULL";

/// Takes address and name out of the row; `blank_key` fills the place of the key and is unlike any other.
pub async fn erase(conn: &mut Conn, id: i64, blank_key: &[u8], now: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(ERASE)
        .bind(id)
        .bind(blank_key)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const FORGET_DELIVERIES: &str = "UPDATE deliveries SET detail = NULL WHERE subscriber_id = $1 AND detail IS NOT NULL";
const FORGET_NOTICES: &str = "UPDATE notices SET detail = NULL WHERE subscriber_id = $1 AND detail IS NOT NULL";
const FORGET_BOUNCES: &str = "UPDATE bounces SET detail = NULL WHERE subscriber_id = $1 AND detail IS NOT NULL";

/// Drops what relays said about letters to this person: replies quote addresses.
pub async fn forget_replies(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    for statement in [FORGET_DELIVERIES, FORGET_NOTICES, FORGET_BOUNCES] {
        on!(&mut *conn, |c| sqlx::query(statement)
            .bind(id)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const ERASED: &str = "SELECT id FROM subscribers WHERE erased_at >= $1";

/// People who were erased since a moment, microseconds.
pub async fn erased_since(conn: &mut Conn, since: i64) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = on!(conn, |c| sqlx::query_as(ERASED).bind(since).fetch_all(c).await?);
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// One letter that was made for a person.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SentLetter {
    /// The issue.
    pub issue_id: String,
    /// Of which newsletter.
    pub newsletter_id: String,
    /// By which schedule.
    pub schedule_id: String,
    /// For which occurrence.
    pub occurrence: String,
    /// Where the delivery stands.
    pub state: String,
    /// When the last attempt began, microseconds.
    pub attempted_at: Option<i64>,
}

const LETTERS: &str = "SELECT d.issue_id, i.newsletter_id, i.schedule_id, i.occurrence, d.state, d.attempted_at FROM deliveries d \
     JOIN issues i ON i.id = d.issue_id WHERE d.subscriber_id = $1 ORDER BY i.created_at DESC, d.issue_id DESC LIMIT $2";

/// The last issues that were made for a person, newest first.
pub async fn letters_of(conn: &mut Conn, id: i64, limit: i64) -> Result<Vec<SentLetter>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(LETTERS)
        .bind(id)
        .bind(limit)
        .fetch_all(c)
        .await?))
}
