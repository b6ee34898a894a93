//! Ids and dates of a feed of before go to the articles that it held, so that no reader shows them as new.

mod matching;

use serde::Serialize;

use crate::app::App;
use crate::model::clock::to_micros;
use crate::source::foreign::ForeignEntry;
use crate::store::articles::{self, Adopter, NewRevision};
use crate::store::imported::{self, Imported};
use crate::store::{Conn, StoreError, counters};

use super::one_at_a_time::Turn;
use super::report::IngestError;
use matching::Match;

/// What became of the entries of a feed; printed by `feeds import`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TakenOver {
    /// Entries of the feed, each once.
    pub entries: usize,
    /// Articles that have id and date of their entry now.
    pub matched: usize,
    /// Entries whose article is not here yet: it gets their id and date when it comes.
    pub waiting: usize,
    /// Articles that had both already.
    pub unchanged: usize,
    /// What was not taken over.
    pub rejected: Vec<Rejected>,
}

/// An entry that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The entry's id; empty where it has none.
    pub id: String,
    /// Why not, and what to do.
    pub reason: String,
}

/// Takes over ids and dates; with `dry_run` it only says what would become of them.
pub async fn take_over(app: &App, entries: &[ForeignEntry], dry_run: bool) -> Result<TakenOver, IngestError> {
    // A scan writes whole rows from what it read at its start: it must not run beside this.
    let _turn = Turn::wait(app).await?;
    let now = to_micros(app.clock.now());
    let mut conn = if dry_run {
        app.database.read().await?
    } else {
        app.database.begin().await?
    };
    let known = articles::adopters(&mut conn).await?;
    let mut report = TakenOver::default();
    let (mut adopters, mut keep) = (Vec::new(), Vec::new());
    for (id, found) in matching::matches(known, entries, now) {
        report.entries += 1;
        match found {
            Match::Unchanged => report.unchanged += 1,
            Match::Article(adopter) => adopters.push(*adopter),
            Match::Waiting(imported) => keep.push(imported),
            Match::Rejected(reason) => report.rejected.push(Rejected { id, reason }),
        }
    }
    (report.matched, report.waiting) = (adopters.len(), keep.len());
    if dry_run {
        return Ok(report);
    }
    for one in &keep {
        // The id may wait for another address since the last import.
        imported::forget(&mut conn, &one.address, &one.entry_id).await?;
        imported::keep(&mut conn, one).await?;
    }
    write(&mut conn, adopters, now).await?;
    if report.matched > 0 {
        articles::bump_version(&mut conn, app.clock.now()).await?;
    }
    conn.commit().await?;
    Ok(report)
}

async fn write(conn: &mut Conn, adopters: Vec<Adopter>, now: i64) -> Result<(), StoreError> {
    const AT_ONCE: usize = 200;
    for some in adopters.chunks(AT_ONCE) {
        let count = i64::try_from(some.len()).unwrap_or(i64::MAX);
        let mut number = counters::next(conn, "revisions", count).await?;
        let mut revisions = Vec::with_capacity(some.len());
        let mut written = Vec::with_capacity(some.len());
        for adopter in some {
            let content = articles::revision(conn, adopter.revision_id).await?;
            let content = content.ok_or(StoreError::Corrupt {
                what: "a revision",
                value: adopter.id.clone(),
            })?;
            revisions.push(NewRevision {
                id: number,
                article_id: adopter.id.clone(),
                content_hash: adopter.content_hash.clone(),
                fields: serde_json::to_string(&content).unwrap_or_default(),
            });
            written.push(Adopter {
                revision_id: number,
                ..adopter.clone()
            });
            number += 1;
        }
        articles::add_revisions(conn, &revisions, now).await?;
        for adopter in &written {
            articles::adopt(conn, adopter).await?;
            imported::forget(conn, "", &adopter.entry_id).await?;
        }
    }
    Ok(())
}

/// What waits for articles, by the comparison form of their addresses.
pub(super) async fn waiting(conn: &mut Conn) -> Result<std::collections::HashMap<String, Imported>, StoreError> {
    let all = imported::waiting(conn).await?;
    Ok(all.into_iter().map(|one| (one.address.clone(), one)).collect())
}
