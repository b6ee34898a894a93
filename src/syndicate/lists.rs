//! The lists of feeds: OPML for readers, a page for people.

use std::sync::Arc;

use crate::config::Settings;
use crate::feed::{self, Outline, Plan, Slot, words};
use crate::model::feed_key::{FeedKey, Format, Scope};
use crate::template::Templates;
use crate::template::context::Frame;
use crate::template::context::pages::{FeedLine, Feeds};

use super::{SyndicateError, render};

/// The feeds that lists name: the main one, and every term that has an article.
pub(super) fn shown<'a>(slots: impl IntoIterator<Item = &'a Arc<Slot>>) -> Vec<&'a Plan> {
    let plans = slots.into_iter().map(|slot| &slot.plan);
    plans
        .filter(|plan| plan.scope == Scope::All || (plan.scope.term().is_some() && !plan.members.is_empty()))
        .collect()
}

/// Whether a page of these feeds would be the same.
pub(super) fn name_the_same(plans: &[&Plan], others: &[&Plan]) -> bool {
    let named = |plan: &&Plan| (plan.scope.clone(), plan.term.clone());
    plans.iter().map(named).eq(others.iter().map(named))
}

fn title(settings: &Settings, plan: &Plan) -> Result<String, SyndicateError> {
    let meta = render::meta(settings, plan, &plan.feed_id)?;
    Ok(meta.title.as_str().to_owned())
}

fn address(settings: &Settings, plan: &Plan, format: Format) -> String {
    let key = FeedKey {
        scope: plan.scope.clone(),
        format,
    };
    format!("{}{key}", settings.feeds.base_url)
}

/// The list for readers: the main feed, then categories, tags and authors.
pub(super) fn outlines(settings: &Settings, plans: &[&Plan]) -> Result<String, SyndicateError> {
    let group = |wanted: Option<&str>| {
        let of_kind = plans
            .iter()
            .filter(|plan| plan.scope.term().map(|(kind, _)| kind) == wanted);
        let outline = |plan: &&Plan| {
            Ok(Outline {
                title: title(settings, plan)?,
                feed: address(
                    settings,
                    plan,
                    settings.feeds.formats.first().copied().unwrap_or(Format::Rss),
                ),
                page: render::meta(settings, plan, &plan.feed_id)?.home.to_string(),
            })
        };
        of_kind.map(outline).collect::<Result<Vec<Outline>, SyndicateError>>()
    };
    let main = plans
        .iter()
        .find(|plan| plan.scope == Scope::All)
        .ok_or(SyndicateError::Setting("feeds"))?;
    let meta = render::meta(settings, main, &main.feed_id)?;
    let words = words(meta.language.as_ref());
    let groups = [
        (words.categories, group(Some("category"))?),
        (words.tags, group(Some("tag"))?),
        (words.authors, group(Some("author"))?),
        (words.languages, group(Some("language"))?),
    ];
    let author = meta.author.name.as_str();
    Ok(feed::outlines(
        meta.title.as_str(),
        author,
        main.updated(),
        &group(None)?,
        &groups,
    ))
}

/// The page for people.
pub(super) fn page(
    templates: &Templates,
    settings: &Settings,
    plans: &[&Plan],
    frame: Frame,
) -> Result<String, SyndicateError> {
    let formats = &settings.feeds.formats;
    let served = |plan: &Plan, format| formats.contains(&format).then(|| address(settings, plan, format));
    let line = |plan: &&Plan| {
        Ok(FeedLine {
            title: title(settings, plan)?,
            kind: plan.scope.term().map_or("all", |(kind, _)| kind).to_owned(),
            rss: served(plan, Format::Rss),
            atom: served(plan, Format::Atom),
            json: served(plan, Format::Json),
        })
    };
    let context = Feeds {
        frame,
        feeds: plans.iter().map(line).collect::<Result<_, SyndicateError>>()?,
        opml_url: format!("{}feeds.opml", settings.feeds.base_url),
    };
    Ok(templates.page(&context)?)
}
