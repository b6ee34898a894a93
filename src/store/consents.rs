//! Who agreed to what, when and how. Rows are added, confirmed once, and otherwise only lose what must not be kept.

use super::{Conn, StoreError};

/// A row of `consents`.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Consent {
    /// Number.
    pub id: i64,
    /// Who.
    pub subscriber_id: i64,
    /// To what.
    pub newsletter_id: String,
    /// Which text the person was shown; see [`add_text`].
    pub text_id: String,
    /// Word of `Method`.
    pub method: String,
    /// Which form or page.
    pub form: Option<String>,
    /// BCP 47 tag of what was shown.
    pub language: Option<String>,
    /// Microseconds.
    pub asked_at: i64,
    /// Microseconds; `None`: never confirmed.
    pub confirmed_at: Option<i64>,
    /// IPv4 /24 or IPv6 /48, dropped after 90 days.
    pub network: Option<String>,
    /// What an operator wrote down.
    pub note: Option<String>,
}

/// Takes numbers for `count` consents; the first of them.
pub async fn take_ids(conn: &mut Conn, count: i64) -> Result<i64, StoreError> {
    super::counters::next(conn, "consents", count).await
}

/// Writes up to 1,000 consents down, with numbers from [`take_ids`].
pub async fn insert(conn: &mut Conn, consents: &[Consent]) -> Result<(), StoreError> {
    if consents.is_empty() {
        return Ok(());
    }
    let changed = on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new(
            "INSERT INTO consents (id, subscriber_id, newsletter_id, text_id, method, form, language, asked_at, confirmed_at, \
     network, note) ",
        );
        query.push_values(consents, |mut row, consent| {
            row.push_bind(consent.id)
                .push_bind(consent.subscriber_id)
                .push_bind(consent.newsletter_id.clone())
                .push_bind(consent.text_id.clone())
                .push_bind(consent.method.clone())
                .push_bind(consent.form.clone())
                .push_bind(consent.language.clone())
                .push_bind(consent.asked_at)
                .push_bind(consent.confirmed_at)
                .push_bind(consent.network.clone())
                .push_bind(consent.note.clone());
        });
        query.build().execute(c).await?.rows_affected()
    });
    super::exactly("write consents down", consents.len() as u64, changed)
}

const CONFIRM: &str = "UPDATE consents SET confirmed_at = $2 WHERE id = $1 AND confirmed_at IS NULL";

/// The person confirmed; the first time counts.
pub async fn confirm(conn: &mut Conn, id: i64, now: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(CONFIRM)
        .bind(id)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

/// A consent with the words that were shown.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ShownConsent {
    /// The record.
    #[sqlx(flatten)]
    pub consent: Consent,
    /// What the person was shown, word for word; empty when that is not known.
    pub text: String,
}

const OF_SUBSCRIBER: &str = "SELECT c.id, c.subscriber_id, c.newsletter_id, c.text_id, c.method, c.form, c.language, c.asked_at, \
     c.confirmed_at, c.network, c.note, COALESCE(t.text, '') AS text FROM consents c LEFT JOIN consent_texts t ON t.id = c.text_id \
     WHERE c.subscriber_id = $1 ORDER BY c.id DESC";

/// A person's consents, newest first.
pub async fn of_subscriber(conn: &mut Conn, subscriber_id: i64) -> Result<Vec<ShownConsent>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_SUBSCRIBER)
        .bind(subscriber_id)
        .fetch_all(c)
        .await?))
}

const OF_RANGE: &str = "SELECT c.id, c.subscriber_id, c.newsletter_id, c.text_id, c.method, c.form, c.language, c.asked_at, \
     c.confirmed_at, c.network, c.note, COALESCE(t.text, '') AS text FROM consents c \
     JOIN subscriptions p ON p.consent_id = c.id LEFT JOIN consent_texts t ON t.id = c.text_id \
     WHERE p.subscriber_id BETWEEN $1 AND $2";

/// The consents in force of a range of subscribers, in no order.
pub async fn in_force(conn: &mut Conn, lo: i64, hi: i64) -> Result<Vec<ShownConsent>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_RANGE)
        .bind(lo)
        .bind(hi)
        .fetch_all(c)
        .await?))
}

/// How up to 1,000 consents were given, in no order.
pub async fn methods_of(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, String)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new("SELECT id, method FROM consents WHERE id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")").build_query_as().fetch_all(c).await?
    }))
}

const FORGET_NETWORKS: &str = "UPDATE consents SET network = NULL WHERE network IS NOT NULL AND asked_at < $1";

/// Forgets from which networks people agreed before a moment, microseconds.
pub async fn forget_networks(conn: &mut Conn, before: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FORGET_NETWORKS)
        .bind(before)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const ADD_TEXT: &str = "INSERT INTO consent_texts (id, text, language) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";

/// Keeps a text that people were shown, under a hash of it.
pub async fn add_text(conn: &mut Conn, id: &str, text: &str, language: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(ADD_TEXT)
        .bind(id)
        .bind(text)
        .bind(language)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const FORGET: &str = "UPDATE consents SET network = NULL, form = NULL, note = NULL WHERE subscriber_id = $1";

/// Drops what could lead back to an erased person.
pub async fn forget(conn: &mut Conn, subscriber_id: i64) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FORGET)
        .bind(subscriber_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
