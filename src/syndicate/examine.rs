//! The feeds as they would be now, looked through by the linter: what readers would trip over is heard beforehand.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::feed::check::{self, Flaw, Specimen};
use crate::feed::{self, Limits, RenderError};
use crate::model::entry::Entry;
use crate::model::feed_key::{FeedKey, Format, Scope};
use crate::model::feed_meta::FeedMeta;
use crate::store::feeds;

use super::{SyndicateError, render, scopes};

/// Something that is wrong with a document, or with several in the same words.
#[derive(Debug)]
pub struct Examined {
    /// The first such document, without leading slash.
    pub path: String,
    /// The address of the article at fault, where it is one.
    pub article: Option<String>,
    /// What is wrong.
    pub flaw: Flaw,
    /// Documents with the same fault, beside that one.
    pub others: usize,
}

/// Makes every feed that has an article and looks it through. Nothing is written, and nothing that is served changes.
///
/// # Errors
/// Without the database, or with settings that no feed can be made from.
pub async fn examine(app: &App) -> Result<Vec<Examined>, SyndicateError> {
    let settings = app.settings();
    let mut conn = app.database.read().await?;
    let now = scopes::now(app);
    let (version, changed_at) = feeds::content_version(&mut conn).await?.unwrap_or((0, now));
    let moment = scopes::Moment {
        now,
        version,
        changed_at,
    };
    let plans = scopes::draft(app, moment).await?;
    let main = plans.iter().find(|plan| plan.scope == Scope::All);
    let main_id = main.map(|plan| plan.feed_id.clone()).unwrap_or_default();
    let mut entries = render::Entries::by(settings.feeds.updated);
    let mut all = Vec::new();
    for plan in plans.iter().filter(|plan| !plan.members.is_empty()) {
        let sample = Sample {
            members: entries.of(&mut conn, plan).await?,
            meta: render::meta(&settings, plan, &main_id)?,
            limits: Limits::of(&settings.feeds),
            now: app.clock.now(),
        };
        let word = plan.scope.word();
        match tokio::task::spawn_blocking(move || sample.look_through()).await? {
            Ok(found) => found.into_iter().for_each(|one| add(&mut all, one)),
            Err(error) => {
                let remedy = "until it can be written, readers get the feed as it was before";
                add(&mut all, (word, None, Flaw::error("render", error.to_string(), remedy)));
            }
        }
    }
    Ok(all)
}

/// The document, the article's address, what is wrong.
type Found = (String, Option<String>, Flaw);

fn add(all: &mut Vec<Examined>, (path, article, flaw): Found) {
    let mut known = all.iter_mut();
    let same =
        known.find(|one| one.article == article && one.flaw.rule == flaw.rule && one.flaw.message == flaw.message);
    match same {
        Some(same) => same.others += 1,
        None => all.push(Examined {
            path,
            article,
            flaw,
            others: 0,
        }),
    }
}

/// One feed, before it is written.
struct Sample {
    meta: FeedMeta,
    members: Vec<Arc<Entry>>,
    limits: Limits,
    now: DateTime<Utc>,
}

impl Sample {
    fn look_through(&self) -> Result<Vec<Found>, RenderError> {
        let (texts, _) = feed::write(&self.meta, &self.members, self.limits)?;
        let mut all = Vec::new();
        for format in &self.meta.formats {
            let found = self.flaws(*format, &texts[*format as usize]);
            if found.is_empty() {
                continue;
            }
            let key = FeedKey {
                scope: self.meta.scope.clone(),
                format: *format,
            };
            let alone = self.of_each_member(*format)?;
            for flaw in found {
                let has_it = |(_, own): &&(&Entry, Vec<Flaw>)| own.iter().any(|one| is_same(one, &flaw));
                let articles: Vec<&Entry> = alone.iter().filter(has_it).map(|(entry, _)| *entry).collect();
                // What each of several has is the feed's.
                if articles.is_empty() || (articles.len() == alone.len() && alone.len() > 1) {
                    all.push((key.path(), None, flaw));
                    continue;
                }
                for article in articles {
                    all.push((key.path(), Some(article.url.to_string()), flaw.clone()));
                }
            }
        }
        Ok(all)
    }

    /// What is wrong with a document, each once.
    fn flaws(&self, format: Format, text: &str) -> Vec<Flaw> {
        let address = self.meta.address(format).parse().ok();
        let specimen = Specimen {
            bytes: text.as_bytes(),
            address: address.as_ref(),
            charset: None,
            now: self.now,
        };
        let mut found: Vec<Flaw> = Vec::new();
        for finding in check::examine(specimen).findings {
            if !found.iter().any(|known| is_same(known, &finding.flaw)) {
                found.push(finding.flaw);
            }
        }
        found
    }

    /// The same for a document of each article alone: lines say little in a document that nobody has before their eyes.
    fn of_each_member(&self, format: Format) -> Result<Vec<(&Entry, Vec<Flaw>)>, RenderError> {
        let members = self.members.iter();
        let each = members.map(|entry| {
            let (texts, _) = feed::write(&self.meta, std::slice::from_ref(entry), self.limits)?;
            Ok((&**entry, self.flaws(format, &texts[format as usize])))
        });
        each.collect()
    }
}

fn is_same(one: &Flaw, other: &Flaw) -> bool {
    one.rule == other.rule && one.message == other.message
}
