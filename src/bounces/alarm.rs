//! What the author is told about things that came back.

use crate::app::App;
use crate::model::author_notice::AuthorNotice;
use crate::model::bounce::Class;
use crate::store::bounces::{self, Bounce, Incident};
use crate::store::{Conn, StoreError, issues, notices};

/// The same trouble is told again after so long, in microseconds.
const TOLD_AGAIN: i64 = 6 * 3_600_000_000;
/// Complaints in a thousand accepted letters of which the author is told.
const TELL: i64 = 1;
/// Complaints in a thousand that pause an issue.
const PAUSE: i64 = 3;
/// One person alone pauses nothing.
const FEWEST: i64 = 2;
/// So many letters of an issue that came back for the sender's sake …
const RETURNED: i64 = 10;
/// … pause it when they are one in so many of the accepted ones.
const ONE_IN: i64 = 5;

async fn tell(app: &App, conn: &mut Conn, key: &str, notice: &AuthorNotice, at: i64) -> Result<(), StoreError> {
    if app.settings().site.author.email.is_none() {
        return Ok(());
    }
    notices::tell_author(conn, key, notice, at).await
}

/// B4: our standing, with the words of the other side.
pub(super) async fn sender(app: &App, conn: &mut Conn, bounce: &Bounce) -> Result<(), StoreError> {
    // A refusal in a session is told by the sender itself, which pauses as well.
    if bounce.source == "smtp" {
        return Ok(());
    }
    let said = bounce.detail.as_deref().unwrap_or_default();
    tracing::warn!(
        code = bounce.code,
        "a letter came back because of the sender's standing"
    );
    if let Some(issue) = &bounce.issue_id {
        pause_if_many(app, conn, issue, bounce).await?;
    }
    let key = format!("returned:{}", bounce.at / TOLD_AGAIN);
    tell(app, conn, &key, &AuthorNotice::returned(said), bounce.at).await
}

/// An issue whose letters a relay takes and brings back for our sake does not go on by itself.
async fn pause_if_many(app: &App, conn: &mut Conn, issue: &str, bounce: &Bounce) -> Result<(), StoreError> {
    let (returned, accepted) = bounces::about(conn, issue, Class::Sender.word(), false).await?;
    if returned < RETURNED || returned * ONE_IN < accepted {
        return Ok(());
    }
    let states = ("sending", "paused");
    if issues::change_state(conn, issue, states, Some("failures"), None).await? {
        let said = bounce.detail.as_deref().unwrap_or_default();
        let notice = AuthorNotice::paused("failures", Some(issue), said);
        tell(app, conn, &format!("returned:{issue}"), &notice, bounce.at).await?;
    }
    Ok(())
}

/// B7.
pub(super) async fn incident(app: &App, conn: &mut Conn, incident: &Incident) -> Result<(), StoreError> {
    let key = format!("incident:{}:{}", incident.domain, incident.opened_at);
    let notice = AuthorNotice::incident(&incident.domain, incident.dead, incident.mailed);
    tell(app, conn, &key, &notice, incident.opened_at).await
}

/// Too many complaints about one issue: from one in a thousand the author is told, from three on it is paused.
pub(super) async fn complaints(app: &App, conn: &mut Conn, bounce: &Bounce) -> Result<(), StoreError> {
    let Some(issue) = &bounce.issue_id else { return Ok(()) };
    let (complaints, accepted) = bounces::about(conn, issue, &bounce.class, true).await?;
    if accepted == 0 || complaints * 1_000 < accepted * TELL {
        return Ok(());
    }
    let mut paused = false;
    if complaints >= FEWEST && complaints * 1_000 >= accepted * PAUSE {
        let states = ("sending", "paused");
        paused = issues::change_state(conn, issue, states, Some("complaints"), None).await?;
    }
    let key = format!("complaints:{issue}:{paused}");
    let notice = AuthorNotice::complaints(issue, complaints, accepted, paused);
    tell(app, conn, &key, &notice, bounce.at).await
}
