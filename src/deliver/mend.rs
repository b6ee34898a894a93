//! What a person decides about letters that failed or are in doubt; every decision is written down.

use crate::app::App;
use crate::model::clock::to_micros;
use crate::store::audit::{self, Act};
use crate::store::deliveries::{self, Which};
use crate::store::{chunks, issues};

use super::operate::OperateError;

/// A decision about letters in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Send them once more.
    Resend,
    /// They arrived.
    Accept,
}

/// Decides about letters whose outcome nobody knows; returns how many it was.
pub async fn resolve(app: &App, id: &str, which: &Which, resolution: Resolution) -> Result<u64, OperateError> {
    mend(
        app,
        id,
        which,
        match resolution {
            Resolution::Resend => Deed::Resend,
            Resolution::Accept => Deed::Accept,
        },
    )
    .await
}

/// Tries letters again that failed; returns how many. People who got the articles with a later issue are left out.
pub async fn retry(app: &App, id: &str, which: &Which) -> Result<u64, OperateError> {
    mend(app, id, which, Deed::Retry).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Resend,
    Accept,
    Retry,
}

async fn mend(app: &App, id: &str, which: &Which, deed: Deed) -> Result<u64, OperateError> {
    let now = to_micros(app.clock.now());
    let mut conn = app.database.begin().await?;
    conn.be_patient();
    let issue = issues::one(&mut conn, id)
        .await?
        .ok_or_else(|| OperateError::Unknown(id.to_owned()))?;
    let word = match deed {
        Deed::Resend => "resend",
        Deed::Accept => "accept",
        Deed::Retry => "retry",
    };
    if issue.state == "cancelled" && deed != Deed::Accept {
        return Err(OperateError::State {
            verb: word,
            id: id.to_owned(),
            state: issue.state,
            remedy: "nothing of a cancelled issue goes out any more; `send` makes a new one",
        });
    }
    let changed = match deed {
        Deed::Resend => deliveries::resend(&mut conn, id, which, now).await?,
        Deed::Accept => deliveries::accept(&mut conn, id, which, now).await?,
        Deed::Retry => deliveries::retry(&mut conn, id, which, now).await?,
    };
    if changed == 0 {
        return Ok(0);
    }
    chunks::reopen(&mut conn, id, now).await?;
    chunks::recount(&mut conn, id).await?;
    issues::change_state(&mut conn, id, ("finished", "sending"), None, None).await?;
    super::node::finish(&mut conn, id, now).await?;
    let act = Act {
        actor: "operator",
        action: word,
        subject: &format!("issue {id}"),
        detail: &format!("{changed} letters"),
    };
    audit::note(&mut conn, &act, now).await?;
    conn.commit().await?;
    Ok(changed)
}
