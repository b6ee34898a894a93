//! One transaction that makes an issue: occurrence, issue, variants, deliveries, chunks, proof (`delivery.md` 5.3).

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use crate::app::App;
use crate::faults;
use crate::model::clock::{mint_ulid, to_micros};
use crate::store::chunks::{self, Chunk};
use crate::store::issues::{self, Issue, Variant};
use crate::store::occurrences;
use crate::store::{Conn, deliveries, instance};

use super::ComposeError;
use super::draft::{Audience, Offer, next_page};
use super::due::Due;
use super::leftovers;

/// What became of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Composed {
    /// An issue with this id and so many deliveries.
    Issue {
        /// ULID.
        id: String,
        /// How many people.
        candidates: i64,
    },
    /// Nobody is owed anything.
    Empty,
    /// More articles than the second net lets through: a person must say so.
    Flood(usize),
    /// Another node decided it first.
    Taken,
}

/// Composes one due occurrence, or finds that there is nothing to say.
pub(super) async fn compose(app: &App, due: &Due<'_>) -> Result<Composed, ComposeError> {
    let mut conn = app.database.begin().await?;
    conn.be_patient();
    issues::lock_ledger(&mut conn, &app.settings().ledger_of(&due.newsletter.id)).await?;
    if let Some((hold, _)) = app.held(&mut conn).await? {
        return Err(ComposeError::Held(hold));
    }
    faults::point("compose.locked");
    let mut occurrence = due.occurrence("fired");
    if !occurrences::insert(&mut conn, &occurrence).await? {
        return Ok(Composed::Taken);
    }
    faults::point("compose.occurrence");
    let offer = due.offer(app, &mut conn).await?;
    let composed = match flood(due, &offer) {
        Some(count) => Composed::Flood(count),
        None => write(app, &mut conn, due, &offer).await?,
    };
    match &composed {
        Composed::Issue { id, .. } => occurrence.issue_id = Some(id.clone()),
        Composed::Flood(count) => {
            "flood".clone_into(&mut occurrence.state);
            occurrence.reason = Some(format!("{count} articles became mailable in one scan"));
        }
        Composed::Empty if is_short(&mut conn, due, &offer).await? => "short".clone_into(&mut occurrence.state),
        Composed::Empty | Composed::Taken => "empty".clone_into(&mut occurrence.state),
    }
    let old = leftovers::too_old(app, &mut conn, due).await?;
    occurrence.reason = match (occurrence.reason, old) {
        (Some(reason), Some(old)) => Some(format!("{reason}; {old}")),
        (reason, old) => reason.or(old),
    };
    occurrences::settle(&mut conn, &occurrence).await?;
    if due.who == Audience::Waiting {
        leftovers::release_waiting(app, &mut conn, due).await?;
    }
    let epoch = match composed {
        Composed::Issue { .. } => Some(instance::raise(&mut conn).await?),
        _ => None,
    };
    faults::point("compose.checked");
    conn.commit().await?;
    faults::point("compose.committed");
    if let Some(epoch) = epoch {
        app.remember(epoch);
    }
    Ok(composed)
}

/// Nobody got an issue, but somebody is owed fewer articles than `min_articles`.
async fn is_short(conn: &mut Conn, due: &Due<'_>, offer: &Offer) -> Result<bool, ComposeError> {
    let mut after = 0;
    while offer.rules.min_articles > 1 && !offer.articles.is_empty() {
        let page = next_page(conn, due.who, due.names(), after, due.now).await?;
        let Some(last) = page.last() else { break };
        after = last.subscriber_id;
        if !offer.for_page_with(conn, &page, 1).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The second net under the bulk fuse: many articles that became mailable together stop until a person runs `send`.
fn flood(due: &Due<'_>, offer: &Offer) -> Option<usize> {
    if !due.settle || due.only.is_some() {
        return None;
    }
    let mut by_scan: BTreeMap<i64, usize> = BTreeMap::new();
    for article in &offer.articles {
        *by_scan.entry(article.first_seen).or_default() += 1;
    }
    by_scan
        .into_values()
        .max()
        .filter(|most| *most > due.schedule.flood_guard)
}

/// Variants of an issue as they are found: list of places → number and recipients.
#[derive(Debug, Default)]
struct Variants(BTreeMap<Vec<usize>, (i64, i64)>);

impl Variants {
    fn number(&mut self, places: Vec<usize>) -> (i64, bool) {
        let next = i64::try_from(self.0.len()).unwrap_or(i64::MAX - 1) + 1;
        let entry = self.0.entry(places).or_insert((next, 0));
        entry.1 += 1;
        (entry.0, entry.1 == 1)
    }
}

async fn write(app: &App, conn: &mut Conn, due: &Due<'_>, offer: &Offer) -> Result<Composed, ComposeError> {
    let id = mint_ulid(&*app.clock, &*app.chance);
    let mut variants = Variants::default();
    let (mut candidates, mut after, mut chunk_no) = (0_i64, 0_i64, 0_i64);
    if offer.articles.is_empty() {
        return Ok(Composed::Empty);
    }
    loop {
        let page = next_page(conn, due.who, due.names(), after, due.now).await?;
        let Some(last) = page.last() else { break };
        after = last.subscriber_id;
        let found = offer.for_page(conn, &page).await?;
        let (Some((lo, _)), Some((hi, _))) = (found.first(), found.last()) else {
            continue;
        };
        if candidates == 0 {
            issues::insert(conn, &issue_row(due, &id, app), &app.templates.hash()).await?;
        }
        chunk_no += 1;
        let chunk = Chunk {
            issue_id: id.clone(),
            chunk_no,
            lo: *lo,
            hi: *hi,
        };
        let mut rows = Vec::with_capacity(found.len());
        for (who, places) in found {
            let (number, is_new) = variants.number(places.clone());
            if is_new {
                add_variant(conn, due, offer, &id, number, &places).await?;
            }
            rows.push((who, number));
        }
        deliveries::insert(conn, &id, &rows, due.now).await?;
        faults::point("compose.page");
        chunks::insert(conn, &chunk, due.now).await?;
        faults::point("compose.chunk");
        candidates += i64::try_from(rows.len()).unwrap_or(0);
    }
    if candidates == 0 {
        return Ok(Composed::Empty);
    }
    seal(conn, offer, &id, &variants, candidates).await?;
    let settings = app.settings();
    let ledger = settings.ledger_of(&due.newsletter.id);
    let repeats = deliveries::repeats(conn, &id).await?;
    let pairs = repeats
        .into_iter()
        .filter(|(newsletter, _)| settings.ledger_of(newsletter) == ledger)
        .map(|(_, pairs)| pairs)
        .sum();
    match pairs {
        0 => Ok(Composed::Issue { id, candidates }),
        pairs => Err(ComposeError::Repeats { issue: id, pairs }),
    }
}

fn issue_row(due: &Due<'_>, id: &str, app: &App) -> Issue {
    Issue {
        id: id.to_owned(),
        newsletter_id: due.newsletter.id.clone(),
        schedule_id: due.schedule.id.clone(),
        occurrence: due.key.clone(),
        due_at: due.due_at,
        created_at: to_micros(app.clock.now()),
        state: "preparing".to_owned(),
        pause_reason: None,
        candidates: 0,
        finished_at: None,
    }
}

async fn add_variant(
    conn: &mut Conn,
    due: &Due<'_>,
    offer: &Offer,
    issue_id: &str,
    variant_no: i64,
    places: &[usize],
) -> Result<(), ComposeError> {
    let [told, listed] = due.in_order(offer, places);
    let full = told.iter().map(|article| (article.id.clone(), "full"));
    let items: Vec<(String, &str)> = full
        .chain(listed.iter().map(|article| (article.id.clone(), "listed")))
        .collect();
    let names: Vec<&str> = items.iter().map(|(id, _)| id.as_str()).collect();
    let variant = Variant {
        variant_no,
        language: due.newsletter.language.clone(),
        template: due.template(items.len()).to_owned(),
        items_hash: HEXLOWER.encode(&digest(&SHA256, names.join("\n").as_bytes()).as_ref()[..16]),
        recipients: 0,
        letter: None,
    };
    Ok(issues::add_variant(conn, issue_id, &variant, &items).await?)
}

/// Frozen revisions and counts.
async fn seal(
    conn: &mut Conn,
    offer: &Offer,
    id: &str,
    variants: &Variants,
    candidates: i64,
) -> Result<(), ComposeError> {
    let mut carried = std::collections::BTreeSet::new();
    for (places, (number, recipients)) in &variants.0 {
        carried.extend(places.iter().copied());
        issues::set_recipients(conn, id, *number, *recipients).await?;
    }
    for place in carried {
        let article = &offer.articles[place];
        issues::add_article(conn, id, &article.id, article.revision_id).await?;
    }
    Ok(issues::set_candidates(conn, id, candidates).await?)
}
