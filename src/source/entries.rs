//! Entries of a feed as items, whether it came from a server or lies in a site (`sources.md` FE5 and FE6).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use url::Url;

use super::foreign::{Text, WholeEntry, WholeFeed};
use super::header::Value;
use super::item::{Body, Item};
use crate::model::article::{Author, DateOrigin, Enclosure, Guid};
use crate::model::text::xml_safe;

/// The entries of a feed as items; `address` is where it came from.
pub(super) fn items(feed: WholeFeed, address: Option<&Url>) -> Vec<Item> {
    let mut guids = HashSet::new();
    let mut doubled = HashSet::new();
    for id in feed.entries.iter().filter_map(|entry| entry.entry.id.as_deref()) {
        if !guids.insert(id) {
            doubled.insert(id.to_owned());
        }
    }
    let feed = without_build_times(feed);
    let mut seen = HashSet::new();
    let items = feed.entries.into_iter().map(|mut entry| {
        // An id that several entries have is none.
        if entry.entry.id.as_ref().is_some_and(|id| doubled.contains(id)) {
            entry.entry.id = None;
        }
        item(entry, address)
    });
    items.filter(|item| seen.insert(item.locator.clone())).collect()
}

/// Entries in the feed's language where they say none, and without `updated` where that is when the site was built: more
/// than half of them, and at least three, within a minute (`sources.md` SI6).
pub(super) fn without_build_times(mut feed: WholeFeed) -> WholeFeed {
    let updated = feed.entries.iter().filter_map(|entry| entry.entry.updated);
    let mut times: Vec<i64> = updated.map(|at| at.timestamp()).collect();
    times.sort_unstable();
    let least = (feed.entries.len() / 2 + 1).max(3);
    let built = times
        .windows(least)
        .map(|run| (run[0], run[least - 1]))
        .find(|(first, last)| last - first <= 60)
        .map(|(first, last)| last - 60..=first + 60);
    for entry in &mut feed.entries {
        let is_build = |at: &DateTime<Utc>| built.as_ref().is_some_and(|built| built.contains(&at.timestamp()));
        entry.entry.updated = entry.entry.updated.filter(|at| !is_build(at));
        entry.language = entry.language.take().or_else(|| feed.language.clone());
    }
    feed
}

/// What an entry is known by: its id, else its address, else its title and date (`feeds.md` section 17).
fn identity(whole: &WholeEntry) -> String {
    let known = whole.entry.identity().map(str::to_owned);
    known.unwrap_or_else(|| {
        let text = whole.body.as_ref().map(Text::written).unwrap_or_default();
        let title = whole.entry.title.as_deref().unwrap_or(text);
        let date = whole.entry.published.map(|date| date.to_rfc3339()).unwrap_or_default();
        let hash = super::draft::hash(format!("{title}\0{date}").as_bytes());
        format!("sha256:{}", data_encoding::HEXLOWER.encode(&hash))
    })
}

/// An entry as an item; `address` is where its feed came from.
pub(super) fn item(whole: WholeEntry, address: Option<&Url>) -> Item {
    let name = identity(&whole);
    let mut item = Item::new(&name, DateOrigin::Feed);
    let entry = whole.entry;
    item.guid = entry.id.map(|id| Guid {
        is_permalink: entry.is_permalink,
        id: xml_safe(&id),
    });
    let here = || entry.link.is_none().then(|| address.map(Url::to_string)).flatten();
    item.base = whole.base.or_else(here);
    match entry.link {
        Some(link) => item.say("canonical_url", link),
        None => item.say("slug", Some(slug_for(entry.title.as_deref(), &name))),
    }
    item.say("title", entry.title);
    // Atom's `published` may be missing; then `updated` is when it first was (`sources.md` FE6).
    let published = entry.published.or(entry.updated);
    let updated = entry.updated.filter(|date| Some(*date) != published);
    item.say("date", published.map(|date| date.to_rfc3339()));
    item.say("updated", updated.map(|date| date.to_rfc3339()));
    item.say_all("authors", whole.authors.into_iter().map(person).collect());
    item.say_all("tags", whole.terms.into_iter().map(Value::Text).collect());
    let language = whole.language.filter(|tag| super::naming::tidy_language(tag).is_some());
    item.say("language", language);
    item.say("image", whole.image);
    item.say_all("enclosures", whole.enclosures.into_iter().map(file).collect());
    item.say("summary", whole.summary.as_ref().map(Text::words));
    item.body = match whole.body {
        Some(Text::Html(html)) => Body::Html(html),
        Some(Text::Plain(text)) => Body::Text(text),
        None => Body::None,
    };
    item
}

fn pairs(pairs: Vec<(&str, Option<String>)>) -> Value {
    let given = pairs.into_iter();
    let given = given.filter_map(|(key, value)| Some((key.to_owned(), Value::Text(value?))));
    Value::Map(given.collect())
}

fn person(person: Author) -> Value {
    pairs(vec![
        ("name", Some(person.name)),
        ("url", person.url),
        ("email", person.email),
    ])
}

fn file(file: Enclosure) -> Value {
    pairs(vec![
        ("url", Some(file.url)),
        ("type", Some(file.media_type).filter(|kind| !kind.is_empty())),
        ("length", file.bytes.map(|bytes| bytes.to_string())),
        ("duration", file.seconds.map(|seconds| seconds.to_string())),
        ("title", Some(file.title).filter(|title| !title.is_empty())),
    ])
}

fn slug_for(title: Option<&str>, name: &str) -> String {
    let slug = title.map(crate::model::slug::slug).unwrap_or_default();
    let hash = super::draft::hash(name.as_bytes());
    let short = data_encoding::HEXLOWER.encode(&hash[..4]);
    [slug.as_str(), &short].join("-").trim_matches('-').to_owned()
}
