//! Articles to documents: loads the members of a feed, writes its three documents, compresses them.

use std::sync::Arc;

use crate::app::App;
use crate::config::{MaxAge, Settings};
use crate::feed::{self, Bodies, Documents, Kind, Limits, Plan, Prepared, RenderError, Slot};
use crate::model::clock::from_micros;
use crate::model::entry::{Byline, Clean, EntryId, Language};
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::{FeedKey, Format, Scope};
use crate::model::feed_meta::FeedMeta;
use crate::model::feed_url::{FeedUrl, percent_encode};
use crate::model::podcast::{Index, Podcast};

use super::members::{Entries, Members};
use super::{SyndicateError, changes, fingerprint};

/// Feeds whose articles are loaded at once.
const GROUP: usize = 16;

/// Renders slots. A feed that cannot be written keeps its last good documents.
///
/// # Errors
/// Without the database; slots that were not reached stay as they are.
pub(super) async fn fill(app: &App, settings: &Settings, slots: &[Arc<Slot>]) -> Result<(), SyndicateError> {
    let mut entries = Entries::new(app, settings);
    for group in slots.chunks(GROUP) {
        let mut conn = app.database.read().await?;
        let mut jobs = Vec::with_capacity(group.len());
        for slot in group {
            let members = entries.of(&mut conn, &slot.plan).await?;
            let meta = meta(settings, &slot.plan, &main_id(app, settings, slots))?;
            let limits = Limits::of(&settings.feeds);
            jobs.push(tokio::task::spawn_blocking(move || write(&meta, &members, limits)));
        }
        drop(conn);
        let mut written = Vec::with_capacity(group.len());
        for (slot, job) in group.iter().zip(jobs) {
            match job.await? {
                Ok(bodies) => written.push((slot, bodies)),
                Err(error) => {
                    tracing::error!(feed = slot.plan.scope.word(), %error, "a feed keeps its last good documents");
                    slot.keep_last_good();
                    app.feeds.meters.note_error();
                }
            }
        }
        put_in(app, settings, written).await?;
    }
    Ok(())
}

/// The documents of a slot that nobody asked for before; whoever asks meanwhile waits for the same rendering. What failed
/// fails again until an article changes, and is not tried for every reader.
pub(super) async fn on_demand(app: &App, slot: &Arc<Slot>) -> Result<Arc<Documents>, SyndicateError> {
    let _one_at_a_time = slot.flight.lock().await;
    if let Some(documents) = slot.fresh() {
        return Ok(documents);
    }
    if !slot.is_stale() {
        fill(app, &app.settings(), std::slice::from_ref(slot)).await?;
    }
    let documents = slot
        .last_good()
        .ok_or_else(|| SyndicateError::Unrendered(slot.plan.scope.word()))?;
    app.feeds.keep_within_budget();
    Ok(documents)
}

/// The id of the main feed: it is either among those that are rendered, or rendered already.
fn main_id(app: &App, settings: &Settings, slots: &[Arc<Slot>]) -> String {
    let all = |slot: &&Arc<Slot>| slot.plan.scope == Scope::All;
    let shelf = app.feeds.shelf();
    let main = slots.iter().find(all).or_else(|| shelf.slot(&Scope::All));
    let host = settings.site.url.host_str().unwrap_or_default();
    main.map_or_else(
        || format!("tag:{host},2026-01-01:feed"),
        |slot| slot.plan.feed_id.clone(),
    )
}

/// The three documents of a feed, and how many of the planned articles they have room for.
pub(super) type Written = ([Bodies; 3], usize);

/// Writes the documents of a feed and looks at them once more: what fails here never takes the place of what is good.
pub(super) fn write(meta: &FeedMeta, members: &Members, limits: Limits) -> Result<Written, RenderError> {
    let entries = &members.entries;
    if entries.is_empty() && members.planned > 0 {
        return Err(RenderError::Unprintable(members.planned));
    }
    let (texts, printed) = feed::write(meta, entries, limits)?;
    feed::self_check(meta, &entries[..printed], &texts)?;
    Ok((texts.map(|text| Bodies::of(&text)), members.reach(printed)))
}

async fn put_in(app: &App, settings: &Settings, written: Vec<(&Arc<Slot>, Written)>) -> Result<(), SyndicateError> {
    let key = |slot: &Slot, format| FeedKey {
        scope: slot.plan.scope.clone(),
        format,
    };
    let address = |key: &FeedKey| format!("{}{key}", settings.feeds.base_url);
    let hubs = settings.hubs();
    let is_archive = |slot: &Slot| matches!(slot.plan.scope, Scope::Archive(_));
    let is_announced = |slot: &Slot| !hubs.is_empty() && !is_archive(slot);
    let print = fingerprint(app, settings);
    let mut prints = Vec::with_capacity(written.len() * 3);
    for (slot, (bodies, _)) in &written {
        let inputs = changes::inputs(&slot.plan, &print);
        for (format, made) in Format::ALL.into_iter().zip(bodies) {
            let key = key(slot, format);
            prints.push(changes::Print {
                path: key.path(),
                tag: made.tag.clone(),
                version: slot.plan.version,
                topic: is_announced(slot).then(|| address(&key)),
                inputs: inputs.clone(),
            });
        }
    }
    let mut since = changes::since(app, &prints).await?.into_iter();
    for (slot, (bodies, reach)) in written {
        let mut formats = Format::ALL.into_iter();
        let documents = bodies.map(|made| {
            let format = formats.next().unwrap_or(Format::Json);
            let since = since.next().unwrap_or_else(|| slot.plan.updated());
            let address = address(&key(slot, format));
            let document = Prepared::new(Kind::Feed(format), made, since, Some(&address));
            Arc::new(if is_archive(slot) {
                document.settled(true)
            } else {
                document.announced(&address, &hubs)
            })
        });
        slot.fill(documents, reach);
    }
    Ok(())
}

/// The head of a feed.
pub(super) fn meta(settings: &Settings, plan: &Plan, main_id: &str) -> Result<FeedMeta, SyndicateError> {
    let site = &settings.site;
    let home = FeedUrl::from_url(&site.url).ok_or(SyndicateError::Setting("site.url"))?;
    let feeds = &settings.feeds;
    // An archive is a part of the main feed.
    let is_archive = matches!(plan.scope, Scope::Archive(_));
    let own_id = if is_archive { main_id } else { &plan.feed_id };
    let is_private = matches!(plan.scope, Scope::Private(_));
    // Only this service knows people: where its feeds are copied to, nobody does.
    let base = if is_private {
        &settings.http.public_url
    } else {
        &feeds.base_url
    };
    let email = site.author.email.as_ref().filter(|_| feeds.publish_email);
    let name = Clean::line(&site.title)
        .or_else(|| Clean::line(&home.host()))
        .ok_or(SyndicateError::Setting("site.title"))?;
    Ok(FeedMeta {
        scope: plan.scope.clone(),
        title: title(&name, plan),
        description: Clean::line(&feeds.description).or_else(|| Clean::line(&site.description)),
        base: FeedUrl::from_url(base).ok_or(SyndicateError::Setting("feeds.base_url"))?,
        sign_up: FeedUrl::parse(&settings.http.address("subscribe"))
            .ok_or(SyndicateError::Setting("http.public_url"))?,
        id: Clean::line(own_id).ok_or(SyndicateError::Setting("site.url"))?,
        authority: main_id
            .rsplit_once(':')
            .map_or(main_id, |(authority, _)| authority)
            .to_owned(),
        updated: plan.updated(),
        language: language(settings, plan),
        author: Byline {
            name: Clean::line(&site.author.name).unwrap_or(name),
            url: site.author.url.as_ref().and_then(FeedUrl::from_url),
        },
        avatar: settings.site.theme.author_photo.as_deref().and_then(FeedUrl::parse),
        podcast: podcast(settings, plan),
        icon: settings.feeds.icon.as_deref().and_then(FeedUrl::parse),
        logo: feeds.logo.as_deref().and_then(FeedUrl::parse),
        email: email.and_then(|email| Clean::line(email.as_str())),
        formats: feeds.formats.clone(),
        rights: Clean::line(&settings.feeds.copyright),
        minutes: match feeds.max_age {
            MaxAge::Fixed(age) => Some((age.as_secs() / 60).max(1)),
            MaxAge::Adaptive => None,
        },
        deleted: plan
            .deleted
            .iter()
            .filter_map(|(id, at)| Some((EntryId::new(id)?, FeedDate::new(from_micros(*at)))))
            .collect(),
        chain: plan.chain,
        // What is in an archive does not change, and a person's feed is nobody else's.
        hubs: if is_archive || is_private {
            Vec::new()
        } else {
            settings.hubs().iter().filter_map(|hub| FeedUrl::parse(hub)).collect()
        },
        home: page(settings, plan).unwrap_or(home),
    })
}

/// What its recordings make of a feed that is no person's own.
fn podcast(settings: &Settings, plan: &Plan) -> Option<Podcast> {
    let said = settings.feeds.podcast.as_ref()?;
    let written = said.guid.as_ref().filter(|_| plan.scope == Scope::All);
    let guid = written.or(plan.podcast_guid.as_ref()).filter(|_| said.index);
    Some(Podcast {
        category: said.category,
        email: Clean::line(&said.email)?,
        explicit: said.explicit,
        image: said.image.as_deref().and_then(FeedUrl::parse),
        index: guid.map(|guid| Index {
            guid: guid.clone(),
            locked: said.locked,
        }),
    })
}

/// A language's feed is in that language.
fn language(settings: &Settings, plan: &Plan) -> Option<Language> {
    match &plan.scope {
        Scope::Language(_) => Language::parse(&plan.term),
        _ => None,
    }
    .or_else(|| Language::parse(&settings.site.language))
}

/// The site's own page of the same articles.
fn page(settings: &Settings, plan: &Plan) -> Option<FeedUrl> {
    let (kind, slug) = plan.scope.gathers()?;
    let page = settings
        .feeds
        .pages
        .get(&kind)?
        .replace("{slug}", &percent_encode(slug));
    FeedUrl::from_url(&settings.site.url.join(&page).ok()?)
}

/// `Site`, or `Site: Term`.
pub(super) fn title(site: &Clean, plan: &Plan) -> Clean {
    let has_name = plan.scope.term().is_some() || (matches!(plan.scope, Scope::Private(_)) && !plan.term.is_empty());
    let named = has_name.then(|| Clean::line(&format!("{}: {}", site.as_str(), plan.term)));
    named.flatten().unwrap_or_else(|| site.clone())
}
