//! An issue before it is written: who would get which articles. The same code makes issues and plans.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::store::articles::Mailable;
use crate::store::audience::Recipient;
use crate::store::{Conn, StoreError, audience, deliveries, issues};

use super::owed::{Rules, owed};

/// How many subscriptions are looked at together: also the size of a chunk.
pub(super) const PAGE: i64 = 1_000;

/// What may be mailed by one schedule now, and who got it already.
#[derive(Debug)]
pub(super) struct Offer {
    /// Oldest first.
    pub(super) articles: Vec<Mailable>,
    pub(super) rules: Rules,
    /// Issues of this ledger that carry one of the articles: issue → variant → places.
    carriers: BTreeMap<String, HashMap<i64, Vec<usize>>>,
}

impl Offer {
    /// Collects which issues of the ledger carried the articles; `in_ledger` says which newsletters share it.
    pub(super) async fn new(
        conn: &mut Conn,
        articles: Vec<Mailable>,
        rules: Rules,
        in_ledger: impl Fn(&str) -> bool,
    ) -> Result<Self, StoreError> {
        let articles: Vec<Mailable> = articles
            .into_iter()
            .filter(|article| article.content.carries_one_of(&rules.filter))
            .collect();
        let mut carriers: BTreeMap<String, HashMap<i64, Vec<usize>>> = BTreeMap::new();
        for (place, article) in articles.iter().enumerate() {
            for (issue, variant, newsletter) in issues::carriers(conn, &article.id).await? {
                if in_ledger(&newsletter) {
                    carriers
                        .entry(issue)
                        .or_default()
                        .entry(variant)
                        .or_default()
                        .push(place);
                }
            }
        }
        Ok(Self {
            articles,
            rules,
            carriers,
        })
    }

    /// What each person of a page gets: `(subscriber, places)`, without those who get nothing.
    pub(super) async fn for_page(
        &self,
        conn: &mut Conn,
        page: &[Recipient],
    ) -> Result<Vec<(i64, Vec<usize>)>, StoreError> {
        self.for_page_with(conn, page, self.rules.min_articles).await
    }

    /// As [`Offer::for_page`], with another `min_articles`.
    pub(super) async fn for_page_with(
        &self,
        conn: &mut Conn,
        page: &[Recipient],
        min_articles: usize,
    ) -> Result<Vec<(i64, Vec<usize>)>, StoreError> {
        let rules = Rules {
            min_articles,
            ..self.rules.clone()
        };
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(Vec::new());
        };
        let mut mailed: HashMap<i64, HashSet<usize>> = HashMap::new();
        for (issue, variants) in &self.carriers {
            for (who, variant) in deliveries::mailed(conn, issue, first.subscriber_id, last.subscriber_id).await? {
                if let Some(places) = variants.get(&variant) {
                    mailed.entry(who).or_default().extend(places);
                }
            }
        }
        let nothing = HashSet::new();
        Ok(page
            .iter()
            .map(|person| {
                let topics: Vec<String> = serde_json::from_str(&person.topics).unwrap_or_default();
                let had = mailed.get(&person.subscriber_id).unwrap_or(&nothing);
                (
                    person.subscriber_id,
                    owed(&self.articles, &rules, person.floor_at, &topics, had),
                )
            })
            .filter(|(_, places)| !places.is_empty())
            .collect())
    }
}

/// Whom an occurrence is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody of the schedule.
    All,
    /// Those who wait for a catch-up letter.
    Waiting,
}

/// The next page of an audience.
pub(super) async fn next_page(
    conn: &mut Conn,
    who: Audience,
    schedule: (&str, &str),
    after: i64,
    now: i64,
) -> Result<Vec<Recipient>, StoreError> {
    audience::page(conn, schedule, who == Audience::Waiting, after, now, PAGE).await
}
