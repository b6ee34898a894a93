//! An occurrence that is due: which articles it may carry, and by which rules.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::{Cadence, Newsletter, Order, Overflow, Schedule};
use crate::model::clock::{from_micros, micros, to_micros};
use crate::model::schedule::{self, OccurrenceKey};
use crate::store::articles::Mailable;
use crate::store::occurrences::Occurrence;
use crate::store::{Conn, articles};

use super::ComposeError;
use super::draft::{Audience, Offer};
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
    pub(super) fn template(&self, articles: usize) -> &'static str {
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

    pub(super) fn occurrence(&self, state: &str) -> Occurrence {
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
