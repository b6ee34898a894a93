//! A person decides about articles that are kept from letters.

use crate::app::App;
use crate::model::clock::to_micros;
use crate::store::articles;

use super::report::IngestError;

/// Which articles a person releases although there was a reason to keep them from letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EvenIf {
    /// `--even-old`: articles of the first scan, and old ones.
    pub old: bool,
    /// `--even-mailed`: articles that an import marks as mailed before.
    pub mailed: bool,
}

/// What became of one article.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Approval {
    /// ULID.
    pub id: String,
    /// Its title, or what stands in for one.
    pub title: String,
    /// Letters may carry it from now on; for [`dismiss`]: it is passed over.
    pub done: bool,
    /// What stands in the way, or why there was nothing to do; empty when it was done.
    pub why_not: String,
}

/// Releases articles for letters from now on; an empty `ids` means all that are held. Doing it twice changes nothing.
pub async fn approve(app: &App, ids: &[String], even: EvenIf) -> Result<Vec<Approval>, IngestError> {
    let now = to_micros(app.clock.now());
    let mut conn = app.database.begin().await?;
    let ids = if ids.is_empty() {
        articles::held(&mut conn).await?
    } else {
        ids.to_vec()
    };
    let mut approvals = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(article) = articles::one(&mut conn, &id).await? else {
            return Err(IngestError::Unknown(id));
        };
        let title = article.content.display_title(article.published_at);
        let reason = article.not_mailable.unwrap_or_default();
        let refused = match reason.as_str() {
            "" => Some("it was not kept from letters"),
            "baseline" | "old" if !even.old => Some("it is old; say --even-old to mail it all the same"),
            "already_mailed" if !even.mailed => Some("it was mailed before; say --even-mailed to mail it again"),
            "mail_false" => Some("its header says `mail: false`"),
            _ => None,
        };
        let done = refused.is_none() && articles::approve(&mut conn, &id, now, &reason).await?;
        approvals.push(Approval {
            id,
            title,
            done,
            why_not: refused.unwrap_or("").to_owned(),
        });
    }
    conn.commit().await?;
    Ok(approvals)
}

/// Passes articles over for ever; an empty `ids` means all that are held.
pub async fn dismiss(app: &App, ids: &[String]) -> Result<Vec<Approval>, IngestError> {
    let mut conn = app.database.begin().await?;
    let ids = if ids.is_empty() {
        articles::held(&mut conn).await?
    } else {
        ids.to_vec()
    };
    let mut approvals = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(article) = articles::one(&mut conn, &id).await? else {
            return Err(IngestError::Unknown(id));
        };
        let title = article.content.display_title(article.published_at);
        let done = articles::dismiss(&mut conn, &id).await?;
        let why_not = if done {
            String::new()
        } else {
            "it was passed over before".to_owned()
        };
        approvals.push(Approval {
            id,
            title,
            done,
            why_not,
        });
    }
    conn.commit().await?;
    Ok(approvals)
}
