//! What leaves the main feed is found in its archives for ever (RFC 5005 §4): runs of articles, sealed in the order of
//! publication before anything falls out, and never changed but for articles that are taken back.

use std::collections::HashSet;

use crate::app::App;
use crate::feed::TermIndex;
use crate::store::articles::Listed;
use crate::store::{Conn, StoreError, archives};

/// Reads which articles other processes, or earlier ones, have sealed.
pub(super) async fn learn(conn: &mut Conn, index: &mut TermIndex) -> Result<(), StoreError> {
    for (article, run) in archives::later(conn, index.runs).await? {
        index.runs = index.runs.max(run);
        index.sealed.insert(article, run);
    }
    Ok(())
}

/// Seals the oldest articles that are in no run yet, `size` to a run, until every such article is among the first `fits`
/// of `listed`, which the main feed shows. A run that another process seals meanwhile is taken as it is.
pub(super) async fn seal(
    app: &App,
    index: &mut TermIndex,
    listed: &[Listed],
    (size, fits): (usize, usize),
    now: i64,
) -> Result<(), StoreError> {
    let shown: HashSet<&str> = listed.iter().take(fits).map(|article| article.id.as_str()).collect();
    loop {
        let open: Vec<&str> = listed
            .iter()
            .rev()
            .map(|article| article.id.as_str())
            .filter(|id| !index.sealed.contains_key(*id))
            .collect();
        if open.iter().all(|id| shown.contains(id)) {
            return Ok(());
        }
        let run = index.runs + 1;
        let chosen = &open[..open.len().min(size)];
        let mut conn = app.database.begin().await?;
        let is_ours = archives::seal(&mut conn, run, now, chosen).await?;
        conn.commit().await?;
        let mut conn = app.database.read().await?;
        learn(&mut conn, index).await?;
        if is_ours {
            tracing::info!(run, articles = chosen.len(), "an archive of the main feed is sealed");
        } else if index.runs < run {
            // An empty run of somebody else: go on behind it.
            index.runs = run;
        }
    }
}
