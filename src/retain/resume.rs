//! A person has looked at a ledger that may know less than what happened, and mail goes on (`delivery.md` 16).

use crate::app::{App, PlaceError};
use crate::model::clock::to_micros;
use crate::model::hold::Hold;
use crate::store::audit::{self, Act};
use crate::store::{Conn, StoreError, chunks, deliveries, issues, notices, occurrences};

/// Why mail does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is nothing to resume.
    #[error("resume: mail is not on hold; `letterpress issues resume ID` is for a paused issue")]
    NotHeld,
    /// The state folder.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the person says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resume {
    /// Issues that are open go on; otherwise they count as sent and are cancelled.
    pub keep_issues: bool,
    /// Articles that became mailable after this time (microseconds) are still owed; otherwise none until now.
    pub since: Option<i64>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Resumed {
    /// Why mail was on hold.
    pub held: &'static str,
    /// Issues that were cancelled.
    pub cancelled: usize,
    /// (newsletter, article) pairs that will not be mailed.
    pub passed_over: u64,
}

/// Takes what the ledger does not know as sent, and ends the hold.
pub async fn resume(app: &App, wish: Resume) -> Result<Resumed, ResumeError> {
    let mut conn = app.database.begin().await?;
    conn.be_patient();
    let Some((hold, _)) = app.held(&mut conn).await? else {
        return Err(ResumeError::NotHeld);
    };
    let now = to_micros(app.clock.now());
    let mut cancelled = 0;
    if !wish.keep_issues {
        cancelled = cancel_open_issues(&mut conn, now).await?;
        notices::expire_all(&mut conn, now, now).await?;
    }
    let until = wish.since.unwrap_or(now).min(now);
    let mut passed_over = 0;
    for newsletter in &app.settings().newsletters {
        passed_over += occurrences::pass_over_all(&mut conn, &newsletter.id, "restored", until, now).await?;
    }
    note(&mut conn, wish, hold, now).await?;
    let shared_now = conn.shared_time(now).await?;
    let memory = app.release(&mut conn, shared_now).await?;
    conn.commit().await?;
    app.adopt(&memory)?;
    Ok(Resumed {
        held: hold.word(),
        cancelled,
        passed_over,
    })
}

async fn cancel_open_issues(conn: &mut Conn, now: i64) -> Result<usize, StoreError> {
    let mut cancelled = 0;
    for state in ["preparing", "sending", "paused"] {
        for issue in issues::in_state(conn, state).await? {
            issues::change_state(conn, &issue.id, (state, "cancelled"), Some("restored"), Some(now)).await?;
            deliveries::cancel(conn, &issue.id, "restored", now).await?;
            chunks::recount(conn, &issue.id).await?;
            cancelled += 1;
        }
    }
    Ok(cancelled)
}

async fn note(conn: &mut Conn, wish: Resume, hold: Hold, now: i64) -> Result<(), StoreError> {
    let issues = if wish.keep_issues { "kept" } else { "cancelled" };
    let since = wish.since.map_or_else(|| "now".to_owned(), |since| since.to_string());
    let act = Act {
        actor: "operator",
        action: "resume",
        subject: hold.word(),
        detail: &format!("open issues {issues}; articles owed since {since}"),
    };
    audit::note(conn, &act, now).await
}
