//! The feeds as they would be now, looked through by the linter: what readers would trip over is heard beforehand.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::Feeds;
use crate::feed::check::{self, Flaw, Specimen};
use crate::feed::{self, Limits, Plan, RenderError};
use crate::model::entry::Entry;
use crate::model::feed_key::{FeedKey, Format, Scope};
use crate::model::feed_meta::FeedMeta;
use crate::store::feeds;

use super::members::{Entries, LeftOut};
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
    let plans = drafted(app).await?;
    let mut conn = app.database.read().await?;
    let main = plans.iter().find(|plan| plan.scope == Scope::All);
    let main_id = main.map(|plan| plan.feed_id.clone()).unwrap_or_default();
    let mut entries = Entries::new(app, &settings);
    let mut all = Vec::new();
    for one in live_all_the_same(&settings.feeds, &plans) {
        add(&mut all, one);
    }
    for plan in plans.iter().filter(|plan| !plan.members.is_empty()) {
        let sample = Sample {
            members: entries.of(&mut conn, plan).await?.entries,
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

/// The feeds as they would be now.
async fn drafted(app: &App) -> Result<Vec<Plan>, SyndicateError> {
    let mut conn = app.database.read().await?;
    let now = scopes::now(app);
    let (version, changed_at) = feeds::content_version(&mut conn).await?.unwrap_or((0, now));
    drop(conn);
    let moment = scopes::Moment {
        now,
        version,
        changed_at,
    };
    Ok(scopes::draft(app, moment).await?)
}

/// What feeds can show of what they should.
#[derive(Debug, Default)]
pub struct Printable {
    /// Articles that belong into some feed.
    pub planned: usize,
    /// Those among them that no feed can show.
    pub left_out: Vec<LeftOut>,
    /// No article of the main feed can be shown, so that it stays as it was.
    pub main_is_stale: bool,
}

/// Looks which articles no feed can show. Nothing is written.
///
/// # Errors
/// Without the database.
pub async fn left_out(app: &App) -> Result<Printable, SyndicateError> {
    let plans = drafted(app).await?;
    let mut conn = app.database.read().await?;
    let settings = app.settings();
    let mut entries = Entries::new(app, &settings);
    let (mut planned, mut found) = (BTreeSet::new(), Printable::default());
    for plan in &plans {
        let members = entries.of(&mut conn, plan).await?;
        if plan.scope == Scope::All {
            found.main_is_stale = members.entries.is_empty() && members.planned > 0;
        }
        let news = |one: &LeftOut| !planned.contains(&one.article);
        found.left_out.extend(members.left_out.into_iter().filter(news));
        planned.extend(plan.members.iter().cloned());
    }
    found.planned = planned.len();
    Ok(found)
}

/// Paths that the author calls gone or leads on, and whose feeds have articles all the same: an article is never hidden by
/// the config alone.
fn live_all_the_same(feeds: &Feeds, plans: &[Plan]) -> Vec<Found> {
    let is_live = |path: &str| {
        let key = FeedKey::from_path(path).filter(|key| feeds.formats.contains(&key.format));
        let plan = key.and_then(|key| plans.iter().find(|plan| plan.scope == key.scope));
        plan.is_some_and(|plan| !plan.members.is_empty() || matches!(plan.scope, Scope::Archive(_)))
    };
    let retired = feeds.retired.iter().map(|path| (path, "retired"));
    let led_on = feeds.aliases.keys().map(|path| (path, "aliases"));
    let found = retired.chain(led_on).filter(|(path, _)| is_live(path));
    let remedy = "take it out there, or take the category, tag or author out of the articles";
    found
        .map(|(path, key)| {
            let message = format!("it is in `feeds.{key}`, and readers get it as before: it has articles");
            (path.clone(), None, Flaw::warning("live", message, remedy))
        })
        .collect()
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
        let mut all = self.too_long();
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

    /// Articles of which feeds show less than the author asked for.
    fn too_long(&self) -> Vec<Found> {
        let Some(format) = self.meta.formats.first() else {
            return Vec::new();
        };
        let key = FeedKey {
            scope: self.meta.scope.clone(),
            format: *format,
        };
        let remedy = "raise feeds.max_entry_bytes, and feeds.max_bytes with it, or let readers open the article";
        let long = self
            .members
            .iter()
            .filter(|entry| feed::is_too_long(entry, self.limits));
        long.map(|entry| {
            let length = entry.body.as_ref().map_or(0, |html| html.as_str().len()).div_ceil(1000);
            let most = self.limits.max_entry_bytes.div_ceil(1000);
            let message = format!(
                "its text has {length} kB, and feeds.max_entry_bytes is {most} kB: feeds show its summary and a link"
            );
            let flaw = Flaw::warning("too_long", message, remedy);
            (key.path(), Some(entry.url.to_string()), flaw)
        })
        .collect()
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
