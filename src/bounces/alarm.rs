//! What the author is told about things that came back.

use crate::app::App;
use crate::model::author_notice::AuthorNotice;
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
    let key = format!("returned:{}", bounce.at / TOLD_AGAIN);
    tell(app, conn, &key, &AuthorNotice::returned(said), bounce.at).await
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
    let (complaints, accepted) = bounces::complaints(conn, issue, 0).await?;
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
