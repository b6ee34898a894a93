//! What an occurrence leaves behind: people who still wait for a catch-up letter, and articles that became too old.

use crate::app::App;
use crate::model::clock::micros;
use crate::store::{Conn, audience};

use super::ComposeError;
use super::draft::{Audience, Offer, next_page};
use super::due::Due;
use super::owed::Rules;

/// Who is owed nothing any more waits no longer. Asked after the letter stands in the ledger, and whatever the age of an
/// article is: what was too young for this letter, or found no room in it, comes with the next one.
pub(super) async fn release_waiting(app: &App, conn: &mut Conn, due: &Due<'_>) -> Result<(), ComposeError> {
    let look_back = due.now.saturating_sub(micros(due.newsletter.look_back));
    let rest = offer_between(app, conn, due, look_back, i64::MAX).await?;
    let mut after = 0;
    loop {
        let page = next_page(conn, Audience::Waiting, due.names(), after, due.now).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(());
        };
        after = last.subscriber_id;
        let still: Vec<i64> = rest
            .for_page(conn, &page)
            .await?
            .into_iter()
            .map(|(who, _)| who)
            .collect();
        audience::caught_up(conn, due.names(), (first.subscriber_id, after), &still, due.now).await?;
    }
}

/// Articles that left the look-back since the last occurrence although somebody was still owed them, as a sentence for the
/// record: nothing is dropped in silence.
pub(super) async fn too_old(app: &App, conn: &mut Conn, due: &Due<'_>) -> Result<Option<String>, ComposeError> {
    let look_back = micros(due.newsletter.look_back);
    let (from, until) = (due.since.saturating_sub(look_back), due.now.saturating_sub(look_back));
    let gone = offer_between(app, conn, due, from, until).await?;
    let (mut articles, mut people, mut after) = (std::collections::BTreeSet::new(), 0, 0);
    while !gone.articles.is_empty() {
        let page = next_page(conn, due.who, due.names(), after, due.now).await?;
        let Some(last) = page.last() else { break };
        after = last.subscriber_id;
        for (_, places) in gone.for_page(conn, &page).await? {
            people += 1;
            articles.extend(places);
        }
    }
    Ok((people > 0).then(|| {
        format!(
            "too_old: {} article(s) left the look-back and were never mailed to {people} people who were owed them",
            articles.len()
        )
    }))
}

/// Everything that is owed at all, mailable after `from` and until `until`, microseconds.
async fn offer_between(
    app: &App,
    conn: &mut Conn,
    due: &Due<'_>,
    from: i64,
    until: i64,
) -> Result<Offer, ComposeError> {
    let rules = Rules {
        filter: due.newsletter.filter(),
        max_articles: usize::MAX,
        listed: 0,
        min_articles: 1,
        last_chance: 0,
    };
    due.offer_of(app, conn, from, rules, |article| article.mailable_at <= until)
        .await
}
