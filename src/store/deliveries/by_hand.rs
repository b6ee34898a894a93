//! What an operator's command does to final rows; each is audited by its caller (`delivery.md` 6).

use crate::store::{Conn, StoreError};

/// Which rows a command means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Every row that it fits.
    All,
    /// Those of these subscribers.
    Of(Vec<i64>),
}

const RESEND: &str = "UPDATE deliveries SET state = 'pending', next_at = $2, first_at = NULL, settled_at = NULL, code = 'by_hand' \
     WHERE issue_id = $1 AND state = 'unknown' AND next_at IS NULL AND ($3 = 0 OR subscriber_id = $3)";
const ACCEPT: &str = "UPDATE deliveries SET state = 'accepted', settled_at = $2, code = 'by_hand' \
     WHERE issue_id = $1 AND state = 'unknown' AND next_at IS NULL AND ($3 = 0 OR subscriber_id = $3)";
pub(super) async fn run(
    conn: &mut Conn,
    sql: &'static str,
    issue: &str,
    which: &Which,
    now: i64,
) -> Result<u64, StoreError> {
    let all = [0];
    let who = match which {
        Which::All => &all[..],
        Which::Of(subscribers) => subscribers,
    };
    let mut changed = 0;
    for subscriber in who {
        changed += on!(&mut *conn, |c| sqlx::query(sql)
            .bind(issue)
            .bind(now)
            .bind(*subscriber)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(changed)
}

/// Letters in doubt are sent once more; returns how many.
pub async fn resend(conn: &mut Conn, issue: &str, which: &Which, now: i64) -> Result<u64, StoreError> {
    run(conn, RESEND, issue, which, now).await
}

/// Letters in doubt arrived, somebody found; returns how many.
pub async fn accept(conn: &mut Conn, issue: &str, which: &Which, now: i64) -> Result<u64, StoreError> {
    run(conn, ACCEPT, issue, which, now).await
}
