//! Addresses that must not be mailed, by key: the table holds no address.

use super::{Conn, StoreError};
use crate::model::subscriber::Suppressed;

/// A row of `suppressions`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Suppression {
    /// `KeyRing::address_key` of the comparison form.
    pub address_key: Vec<u8>,
    /// `all` or a newsletter.
    pub scope: String,
    /// Word of [`Suppressed`].
    pub reason: String,
    /// Microseconds.
    pub since: i64,
    /// Microseconds; `None`: for ever.
    pub until: Option<i64>,
    /// How we know: a reply code, `one click`, `import`.
    pub evidence: Option<String>,
}

impl Suppression {
    /// The reason.
    pub fn why(&self) -> Result<Suppressed, StoreError> {
        Suppressed::from_word(&self.reason).ok_or_else(|| StoreError::Corrupt {
            what: "reason of a suppression",
            value: self.reason.clone(),
        })
    }

    /// Whether it holds at `now`, microseconds.
    pub fn holds(&self, now: i64) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

macro_rules! weight {
    ($reason:literal) => {
        concat!(
            "(CASE ",
            $reason,
            " WHEN 'complaint' THEN 3 WHEN 'by_hand' THEN 2 WHEN 'bounce' THEN 1 ELSE 0 END)"
        )
    };
}

// What holds and weighs as much stays as it is.
const IF_HEAVIER: &str = concat!(
    " ON CONFLICT (address_key, scope) DO UPDATE SET reason = excluded.reason, since = excluded.since, \
     until = excluded.until, evidence = excluded.evidence WHERE ",
    weight!("excluded.reason"),
    " > ",
    weight!("suppressions.reason"),
    " OR (suppressions.until IS NOT NULL AND suppressions.until < excluded.since)"
);

/// Suppresses an address; a row that weighs as much or more stays as it is while it holds.
pub async fn put(conn: &mut Conn, suppression: &Suppression) -> Result<(), StoreError> {
    put_all(conn, std::slice::from_ref(suppression)).await
}

/// As [`put`], for any number of addresses; each address and scope stands once in the list.
pub async fn put_all(conn: &mut Conn, suppressions: &[Suppression]) -> Result<(), StoreError> {
    for some in suppressions.chunks(1_000) {
        on!(&mut *conn, |c| {
            let mut query = sqlx::QueryBuilder::new(
                "INSERT INTO suppressions (address_key, scope, reason, since, until, evidence) ",
            );
            query.push_values(some, |mut row, s| {
                row.push_bind(s.address_key.clone())
                    .push_bind(s.scope.clone())
                    .push_bind(s.reason.clone())
                    .push_bind(s.since)
                    .push_bind(s.until)
                    .push_bind(s.evidence.clone());
            });
            query.push(IF_HEAVIER).build().execute(c).await?.rows_affected()
        });
    }
    Ok(())
}

const LIFT: &str = "DELETE FROM suppressions WHERE address_key = $1 AND scope = $2 AND reason = $3";

/// Lifts a suppression if it has this reason; whether there was one.
pub async fn lift(conn: &mut Conn, key: &[u8], scope: &str, reason: Suppressed) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(LIFT)
        .bind(key)
        .bind(scope)
        .bind(reason.word())
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const OF_KEY: &str = "SELECT address_key, scope, reason, since, until, evidence FROM suppressions WHERE address_key = $1 \
     ORDER BY scope";

/// Everything that stands against an address.
pub async fn of_key(conn: &mut Conn, key: &[u8]) -> Result<Vec<Suppression>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(OF_KEY).bind(key).fetch_all(c).await?))
}

/// Everything that stands against up to 1,000 addresses.
pub async fn of_keys(conn: &mut Conn, keys: &[Vec<u8>]) -> Result<Vec<Suppression>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(conn, |c| {
        let mut query = sqlx::QueryBuilder::new(
            "SELECT address_key, scope, reason, since, until, evidence FROM suppressions WHERE address_key IN (",
        );
        let mut list = query.separated(", ");
        for key in keys {
            list.push_bind(key.clone());
        }
        query.push(")").build_query_as().fetch_all(c).await?
    }))
}

const ORPHANS: &str = "SELECT x.address_key, x.scope, x.reason, x.since, x.until, x.evidence FROM suppressions x \
     WHERE (x.address_key > $1 OR (x.address_key = $1 AND x.scope > $2)) \
     AND NOT EXISTS (SELECT 1 FROM subscribers s JOIN subscriptions p ON p.subscriber_id = s.id \
                     WHERE s.address_key = x.address_key AND s.erased_at IS NULL \
                     AND (x.scope = 'all' OR (x.scope = p.newsletter_id AND x.reason = 'left' AND p.state = 'unsubscribed'))) \
     ORDER BY x.address_key, x.scope LIMIT $3";

/// Suppressions that no subscription speaks for, in order of key and scope, after `(key, scope)`: for the export.
pub async fn orphans(conn: &mut Conn, after: (&[u8], &str), limit: i64) -> Result<Vec<Suppression>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(ORPHANS)
        .bind(after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(c)
        .await?))
}
