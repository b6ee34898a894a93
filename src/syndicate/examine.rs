//! The feeds as they would be now, looked through by the linter: what readers would trip over is heard beforehand.

use std::collections::BTreeMap;

use crate::app::App;
use crate::feed::check::{Finding, Specimen, examine as look_through};
use crate::feed::{self, Limits, Plan};
use crate::model::feed_key::{FeedKey, Format, Scope};
use crate::store::feeds;

use super::{SyndicateError, render, scopes};

/// Something that is wrong with a document, or with several in the same words.
#[derive(Debug)]
pub struct Examined {
    /// The first such document, without leading slash.
    pub path: String,
    /// What is wrong.
    pub finding: Finding,
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
    let mut found = Found::default();
    for plan in plans.iter().filter(|plan| !plan.members.is_empty()) {
        let members = entries.of(&mut conn, plan).await?;
        let meta = render::meta(&settings, plan, &main_id)?;
        let limits = Limits::of(&settings.feeds);
        let written = tokio::task::spawn_blocking(move || feed::write(&meta, &members, limits)).await?;
        match written {
            Ok((texts, _)) => {
                for format in &settings.feeds.formats {
                    let text = &texts[*format as usize];
                    found.note(app, plan, *format, text, settings.feeds.base_url.as_str());
                }
            }
            Err(error) => {
                let remedy = "until it can be written, readers get the feed as it was before";
                found.add(&plan.scope.word(), Finding::error("render", error.to_string(), remedy));
            }
        }
    }
    Ok(found.0)
}

/// Findings, each once.
#[derive(Debug, Default)]
struct Found(Vec<Examined>);

impl Found {
    fn note(&mut self, app: &App, plan: &Plan, format: Format, text: &str, base: &str) {
        let key = FeedKey {
            scope: plan.scope.clone(),
            format,
        };
        let address = format!("{base}{key}").parse().ok();
        let specimen = Specimen {
            bytes: text.as_bytes(),
            address: address.as_ref(),
            charset: None,
            now: app.clock.now(),
        };
        // One document counts once, however often it has the fault.
        let mut own: BTreeMap<(&str, String), Finding> = BTreeMap::new();
        for finding in look_through(specimen).findings {
            own.entry((finding.rule, finding.message.clone())).or_insert(finding);
        }
        for finding in own.into_values() {
            self.add(&key.path(), finding);
        }
    }

    fn add(&mut self, path: &str, finding: Finding) {
        let mut known = self.0.iter_mut();
        let same = known.find(|one| one.finding.rule == finding.rule && one.finding.message == finding.message);
        if let Some(same) = same {
            same.others += 1;
            return;
        }
        self.0.push(Examined {
            path: path.to_owned(),
            finding,
            others: 0,
        });
    }
}
