//! One transaction that makes an issue: occurrence, issue, variants, deliveries, chunks, proof (`delivery.md` 5.3).

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;

use crate::app::App;
use crate::config::{Cadence, Newsletter, Order, Overflow, Schedule};
use crate::faults;
use crate::model::clock::{from_micros, micros, mint_ulid, to_micros};
use crate::model::schedule::{self, OccurrenceKey};
use crate::store::articles::Mailable;
use crate::store::chunks::{self, Chunk};
use crate::store::issues::{self, Issue, Variant};
use crate::store::occurrences::{self, Occurrence};
use crate::store::{Conn, articles, deliveries, instance};

use super::ComposeError;
use super::draft::{Audience, Offer, next_page};
use super::leftovers;
use super::owed::Rules;

/// A catch-up letter carries what is older than this.
const YOUNG: Duration = Duration::from_secs(86_400);
/// Most articles that a letter only names.
const LISTED: usize = 100;

/// An occurrence that is due, and how it is to be composed.
#[derive(Debug, Clone)]
pub(super) struct Due<'a> {
    pub(super) newsletter: &'a Newsletter,
    pub(super) schedule: &'a Schedule,
    /// Occurrence key.
    pub(super) key: String,
    /// Microseconds.
    pub(super) due_at: i64,
    /// Microseconds.
    pub(super) now: i64,
    /// The occurrence before, microseconds: what left the look-back since then is looked at.
    pub(super) since: i64,
    pub(super) who: Audience,
    /// The one article of an instant occurrence.
    pub(super) only: Option<String>,
    /// `send` by hand does not wait for articles to settle.
    pub(super) settle: bool,
}

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

impl<'a> Due<'a> {
    /// What a person asks for now, whatever the schedule says; it does not wait for articles to settle.
    pub(super) fn by_hand(newsletter: &'a Newsletter, schedule: &'a Schedule, now: DateTime<Utc>) -> Self {
        Self {
            newsletter,
            schedule,
            key: OccurrenceKey::manual(now).as_str().to_owned(),
            due_at: to_micros(now),
            now: to_micros(now),
            since: to_micros(now),
            who: Audience::All,
            only: None,
            settle: false,
        }
    }
}

impl Due<'_> {
    pub(super) fn names(&self) -> (&str, &str) {
        (&self.newsletter.id, &self.schedule.id)
    }

    fn rules(&self) -> Rules {
        let max = if self.only.is_some() {
            1
        } else {
            self.schedule.max_articles
        };
        let min = if self.only.is_some() || !self.settle {
            1
        } else {
            self.schedule.min_articles
        };
        Rules {
            filter: self.newsletter.filter(),
            max_articles: max,
            listed: match self.schedule.overflow {
                Overflow::List if self.only.is_none() => LISTED,
                Overflow::List | Overflow::Next => 0,
            },
            min_articles: min,
            last_chance: self.last_chance(),
        }
    }

    /// What became mailable before this is too old for the next issue of the schedule.
    fn last_chance(&self) -> i64 {
        let next = match &self.schedule.cadence {
            Cadence::Cron(rule) => {
                let after = from_micros(self.due_at);
                schedule::next(rule, self.newsletter.time_zone, after, 1)
                    .first()
                    .map(|next| next.at)
            }
            Cadence::Instant => None,
        };
        next.map_or(0, |next| {
            to_micros(next).saturating_sub(micros(self.newsletter.look_back))
        })
    }

    /// `instant` for one article of the instant cadence, else `digest`.
    fn template(&self, articles: usize) -> &'static str {
        if self.schedule.cadence == Cadence::Instant && articles == 1 {
            "instant"
        } else {
            "digest"
        }
    }

    /// The articles at `places`, in the order of the letter: those that it tells, and those that it only names.
    pub(super) fn in_order<'o>(&self, offer: &'o Offer, places: &[usize]) -> [Vec<&'o Mailable>; 2] {
        let (told, listed) = places.split_at(places.len().min(offer.rules.max_articles));
        [told, listed].map(|places| {
            let mut items: Vec<_> = places.iter().map(|place| &offer.articles[*place]).collect();
            items.sort_by(|a, b| (b.published_at, &a.id).cmp(&(a.published_at, &b.id)));
            if self.schedule.order == Order::Oldest {
                items.reverse();
            }
            items
        })
    }

    fn occurrence(&self, state: &str) -> Occurrence {
        Occurrence {
            newsletter_id: self.newsletter.id.clone(),
            schedule_id: self.schedule.id.clone(),
            occurrence: self.key.clone(),
            due_at: self.due_at,
            zone: self.newsletter.time_zone.name().to_owned(),
            state: state.to_owned(),
            reason: None,
            count: 1,
            issue_id: None,
            decided_at: self.now,
        }
    }

    /// What may be mailed by this occurrence, and who got it already. A catch-up letter leaves young articles alone: their
    /// own letters, and second tries of them, come first.
    pub(super) async fn offer(&self, app: &App, conn: &mut Conn) -> Result<Offer, ComposeError> {
        let from = self.now.saturating_sub(micros(self.newsletter.look_back));
        let until = match self.who {
            Audience::All => i64::MAX,
            Audience::Waiting => self.now - micros(YOUNG),
        };
        self.offer_of(app, conn, from, self.rules(), |article| article.mailable_at <= until)
            .await
    }

    /// Settled articles that became mailable after `from`, microseconds, and which are `wanted`.
    pub(super) async fn offer_of(
        &self,
        app: &App,
        conn: &mut Conn,
        from: i64,
        rules: Rules,
        wanted: impl Fn(&Mailable) -> bool,
    ) -> Result<Offer, ComposeError> {
        let settled_before = if self.settle {
            self.now - micros(self.schedule.settle)
        } else {
            self.now
        };
        let (newsletter, schedule) = self.names();
        let mut found = articles::mailable(conn, self.now, from, settled_before, newsletter, schedule).await?;
        found.retain(|article| wanted(article) && self.only.as_ref().is_none_or(|only| article.id == *only));
        let settings = app.settings();
        let ledger = settings.ledger_of(&self.newsletter.id);
        Ok(Offer::new(conn, found, rules, |other| settings.ledger_of(other) == ledger).await?)
    }
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
