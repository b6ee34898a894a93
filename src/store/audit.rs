//! What was done by hand, for ever. Rows name people by number, never by address.

use super::{Conn, StoreError};

/// One act.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// Who did it: `operator`, or the name of an API token.
    pub actor: &'a str,
    /// What: `import`, `export`, `add`, `unsubscribe`, `erase`, …
    pub action: &'a str,
    /// To whom or what: `subscriber 7`.
    pub subject: &'a str,
    /// Anything else worth knowing, as text.
    pub detail: &'a str,
}

const NOTE: &str = "INSERT INTO audit (id, at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)";

/// Writes an act down in the transaction that does it; `now` in microseconds.
pub async fn note(conn: &mut Conn, act: &Act<'_>, now: i64) -> Result<(), StoreError> {
    let id = super::counters::next(conn, "audit", 1).await?;
    let changed = on!(conn, |c| sqlx::query(NOTE)
        .bind(id)
        .bind(now)
        .bind(act.actor)
        .bind(act.action)
        .bind(act.subject)
        .bind(act.detail)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("write down who did what", 1, changed)
}
