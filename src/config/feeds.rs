//! `[feeds]`: what feeds hold and how long readers may keep them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use config::{Value, ValueKind};
use url::Url;

use super::http::{Http, is_out_of_reach, leads_away};
use super::podcast::{self, Podcast};
use super::problem::Wrong;
use super::section::Section;
use super::value::{
    Read, base_address, duration, filled, flag, list, one_of, shown, size, some_time, text, web_address, whole,
};
use super::websub::{self, WebSub};
use crate::model::entry::Edits;
use crate::model::feed_key::{FeedKey, Format, Kind};
use crate::model::feed_paths::{self, PAGES};

/// `[feeds]`
#[derive(Debug, Clone)]
pub struct Feeds {
    /// Entries in a document; default 20.
    pub limit: usize,
    /// Whole articles or summaries.
    pub content: FullOrSummary,
    /// Where the feeds are found, with a trailing slash; default `http.public_url`.
    pub base_url: Url,
    /// Bytes of one document before compression; default 512 KiB.
    pub max_bytes: usize,
    /// A longer article appears as summary and link; default 256 KiB.
    pub max_entry_bytes: usize,
    /// How long readers may keep a copy; default 15 m.
    pub max_age: MaxAge,
    /// What feeds call an update; default what the author says.
    pub updated: Edits,
    /// Which articles keep the id of the former generator, and what it was; `None` for none.
    pub legacy_ids: Option<LegacyIds>,
    /// What feeds say about themselves; empty: what the site says.
    pub description: String,
    /// Rights, printed as they are; empty for none.
    pub copyright: String,
    /// URL of a square picture.
    pub icon: Option<String>,
    /// URL of a wide picture, two to one.
    pub logo: Option<String>,
    /// The formats that are served, in the order RSS, Atom, JSON Feed; default all.
    pub formats: Vec<Format>,
    /// What else than all articles has feeds; default categories, tags and authors.
    pub by: Vec<Kind>,
    /// The site's own page of a kind, with `{slug}`: `/tags/{slug}/`.
    pub pages: BTreeMap<Kind, String>,
    /// Further paths that readers know, and where each leads; none has a leading slash.
    pub aliases: BTreeMap<String, String>,
    /// Paths that are gone for ever, without leading slash.
    pub retired: Vec<String>,
    /// The author's address stands in the feeds.
    pub publish_email: bool,
    /// Articles in an archive of the main feed; `None` for no archives.
    pub archives: Option<usize>,
    /// How long Atom says that an article was taken back; zero: never.
    pub tombstones: Duration,
    /// Whole copies that a network may take of a feed at once; `None` for any number.
    pub burst: Option<u32>,
    /// RSS shows what the author wrote in Markdown, too; default false.
    pub markdown: bool,
    /// Subscribers have feeds of their own.
    pub private: bool,
    /// `[feeds.websub]`
    pub websub: WebSub,
    /// `[feeds.podcast]`; `None`: recordings are files like others.
    pub podcast: Option<Podcast>,
}

/// How long readers may keep a copy of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxAge {
    /// Always so long.
    Fixed(Duration),
    /// Until the next article that is known to come.
    Adaptive,
}

/// Ids that the author's former generator gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegacyIds {
    /// What it made of an address.
    pub mode: LegacyMode,
    /// Articles first seen before this have them.
    pub before: DateTime<Utc>,
}

/// What a generator made of an article's address to get its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyMode {
    /// Nothing: the address is the id (Hugo, Zola).
    Permalink,
    /// It left out `.html` or the final slash (jekyll-feed).
    Jekyll,
}

/// `full` or `summary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullOrSummary {
    /// Whole articles.
    Full,
    /// Summary and link.
    Summary,
}

/// `content`: what may be written for it.
pub(super) const CONTENT: &[(&str, FullOrSummary)] =
    &[("full", FullOrSummary::Full), ("summary", FullOrSummary::Summary)];

/// `updated`: what may be written for it.
const EDITS: &[(&str, Edits)] = &[("explicit", Edits::Explicit), ("content", Edits::Content)];

/// `legacy_ids.mode`: what may be written for it.
const LEGACY_MODES: &[(&str, LegacyMode)] = &[("permalink", LegacyMode::Permalink), ("jekyll", LegacyMode::Jekyll)];

/// `formats`: what may be written for it.
const FORMATS: &[(&str, Format)] = &[("rss", Format::Rss), ("atom", Format::Atom), ("json", Format::Json)];
/// `by`: what may be written for it.
const KINDS: &[(&str, Kind)] = &[
    ("category", Kind::Category),
    ("tag", Kind::Tag),
    ("author", Kind::Author),
    ("language", Kind::Language),
];
/// Articles in an archive.
const ARCHIVE: usize = 50;
/// Whole copies that a network may take at once.
const BURST: u32 = 10;

/// Reads `[feeds]`.
pub(super) fn read(mut section: Section<'_>, http: &Http) -> Feeds {
    let public_url = &http.public_url;
    let feeds = Feeds {
        limit: section.get("limit", whole(1)).unwrap_or(20),
        content: section.get("content", one_of(CONTENT)).unwrap_or(FullOrSummary::Full),
        base_url: section
            .get("base_url", base_address)
            .unwrap_or_else(|| public_url.clone()),
        max_bytes: section.get("max_bytes", size).unwrap_or(512 << 10),
        max_entry_bytes: section.get("max_entry_bytes", size).unwrap_or(256 << 10),
        max_age: section
            .get("max_age", max_age)
            .unwrap_or(MaxAge::Fixed(Duration::from_secs(15 * 60))),
        updated: section.get("updated", one_of(EDITS)).unwrap_or_default(),
        legacy_ids: legacy_ids(&mut section),
        copyright: section.get("copyright", text).unwrap_or_default(),
        description: section.get("description", text).unwrap_or_default(),
        icon: section.get("icon", web_address).map(String::from),
        logo: section.get("logo", web_address).map(String::from),
        formats: section.get("formats", formats).unwrap_or_else(|| Format::ALL.to_vec()),
        by: section
            .get("by", list(one_of(KINDS)))
            .unwrap_or_else(|| vec![Kind::Category, Kind::Tag, Kind::Author]),
        pages: pages(&mut section),
        aliases: BTreeMap::new(),
        retired: section.get("retired", list(place)).unwrap_or_default(),
        publish_email: section.get("publish_email", flag).unwrap_or(false),
        archives: section
            .get("archives", one_number("size", "50"))
            .unwrap_or(Some(ARCHIVE)),
        tombstones: section.get("tombstones", duration).unwrap_or(Duration::ZERO),
        burst: section
            .get("rate_limit", one_number("burst", "10"))
            .unwrap_or(Some(BURST)),
        websub: WebSub::default(),
        podcast: podcast::read(section.section("podcast")),
        private: section.get("private", flag).unwrap_or(false),
        markdown: section.get("markdown", flag).unwrap_or(false),
    };
    let websub = websub::read(section.section("websub"), is_out_of_reach(public_url, &feeds.base_url));
    if leads_away(http, &feeds.base_url) {
        let remedy = "leave its host out of http.old_hosts, or write the new address here: readers are told that feeds are there";
        section.refuse(
            "base_url",
            Wrong::new("is at a host that http.old_hosts leads elsewhere", remedy),
        );
    }
    let aliases = aliases(&mut section, &feeds);
    for path in &feeds.retired {
        if let Some(wrong) = unretirable(path, &feeds) {
            section.refuse("retired", wrong);
        }
    }
    section.close();
    Feeds {
        aliases,
        websub,
        ..feeds
    }
}

/// A span of time, or `adaptive`.
fn max_age(value: &Value) -> Read<MaxAge> {
    if text(value).is_ok_and(|text| text.trim() == "adaptive") {
        return Ok(MaxAge::Adaptive);
    }
    some_time(value).map(MaxAge::Fixed).map_err(|wrong| Wrong {
        remedy: format!("{}, or write \"adaptive\"", wrong.remedy),
        ..wrong
    })
}

/// From when on ids are minted, for authors whose generator made ids of addresses.
fn legacy_ids(section: &mut Section<'_>) -> Option<LegacyIds> {
    if !section.has("legacy_ids") {
        return None;
    }
    let mut inner = section.section("legacy_ids");
    let remedy = "write `mode = \"permalink\"`, or `mode = \"jekyll\"` for a site that Jekyll made";
    let mode = inner.require("mode", remedy, one_of(LEGACY_MODES));
    let remedy = "write the day of the move, such as `before = 2026-12-01`";
    let before = inner.require("before", remedy, day);
    inner.close();
    Some(LegacyIds {
        mode: mode?,
        before: before?,
    })
}

/// The beginning of a day, UTC.
fn day(value: &Value) -> Read<DateTime<Utc>> {
    let wrong = || Wrong::new(format!("{} is no day", shown(value)), "write it as 2026-12-01");
    let text = text(value).map_err(|_| wrong())?;
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(|_| wrong())?;
    Ok(day.and_time(NaiveTime::MIN).and_utc())
}

/// At least one, in our order.
fn formats(value: &Value) -> Read<Vec<Format>> {
    let wanted = list(one_of(FORMATS))(value)?;
    let formats: Vec<Format> = Format::ALL
        .into_iter()
        .filter(|format| wanted.contains(format))
        .collect();
    if formats.is_empty() {
        return Err(Wrong::new(
            "must name a format",
            "write one or more of \"rss\", \"atom\", \"json\"",
        ));
    }
    Ok(formats)
}

/// The pages of the site that show what a feed holds.
fn pages(section: &mut Section<'_>) -> BTreeMap<Kind, String> {
    let read = |value: &Value| {
        let page = filled(value)?;
        if page.contains("{slug}") {
            return Ok(page);
        }
        Err(Wrong::new(
            format!("\"{page}\" has no place for the name"),
            "write `{slug}` where the name stands, such as `/tags/{slug}/`",
        ))
    };
    let written = section.entries("pages", read);
    let mut pages = BTreeMap::new();
    for (name, page) in written {
        match KINDS.iter().find(|(word, _)| *word == name) {
            Some((_, kind)) => drop(pages.insert(*kind, page)),
            None => section.refuse(
                "pages",
                Wrong::new(
                    format!("\"{name}\" is no kind of feed"),
                    "possible are category, tag, author and language",
                ),
            ),
        }
    }
    pages
}

/// A path with its leading slash, kept without it.
fn place(value: &Value) -> Read<String> {
    let written = filled(value)?;
    match written.strip_prefix('/') {
        Some(path) if !path.is_empty() && !path.contains(['?', '#']) => Ok(path.to_owned()),
        _ => Err(Wrong::new(
            format!("\"{written}\" is not a path"),
            "write it from the first slash on, such as `/blog/feed.php`",
        )),
    }
}

fn aliases(section: &mut Section<'_>, feeds: &Feeds) -> BTreeMap<String, String> {
    let written = section.entries("aliases", place);
    let mut aliases = BTreeMap::new();
    for (from, to) in &written {
        let path = match from.strip_prefix('/') {
            Some(path) => path,
            None => from,
        };
        let wrong = |found: String, remedy: &str| Wrong::new(found, remedy.to_owned());
        let refused = if !from.starts_with('/') {
            Some(wrong(
                format!("\"{from}\" is not a path"),
                "write it from the first slash on",
            ))
        } else if is_live(path, feeds) {
            let found = format!("\"{from}\" is a feed or page that is served");
            Some(wrong(found, "take this alias out"))
        } else if feeds.retired.iter().any(|retired| retired == path) {
            let found = format!("\"{from}\" is in `retired`, too");
            Some(wrong(found, "leave it in one of the two"))
        } else if path == to || written.contains_key(&format!("/{to}")) {
            let found = format!("\"{from}\" leads to another alias");
            Some(wrong(found, "write the final path of a feed"))
        } else {
            second_step(to).map(|last| {
                let found = format!("\"{from}\" leads to \"/{to}\", which leads on to \"/{last}\"");
                Wrong::new(
                    found,
                    format!("write `\"{from}\" = \"/{last}\"`: readers follow one step"),
                )
            })
        };
        match refused {
            Some(wrong) => section.refuse("aliases", wrong),
            None => drop(aliases.insert(path.to_owned(), to.clone())),
        }
    }
    aliases
}

/// Where a path leads that is a built-in alias, or a feed's in other letter case.
fn second_step(path: &str) -> Option<String> {
    let lower = path.to_lowercase();
    let is_feed = FeedKey::from_path(&lower).is_some();
    let builtin = feed_paths::alias(path).map(str::to_owned);
    builtin.or((is_feed && lower != path).then_some(lower))
}

/// Why a path cannot be gone for ever.
fn unretirable(path: &str, feeds: &Feeds) -> Option<Wrong> {
    let remedy = match is_live(path, feeds) {
        false => return None,
        true if PAGES.contains(&path) => "take it out of `retired`",
        true => "take it out of `retired`, or take its format out of `formats`",
    };
    Some(Wrong::new(
        format!("\"/{path}\" is a feed or page that is served"),
        remedy,
    ))
}

/// Whether a path is always that of a feed or of a page about feeds; those of terms depend on the articles.
fn is_live(path: &str, feeds: &Feeds) -> bool {
    let main = |key: &FeedKey| key.path() == key.format.file_name();
    let is_feed = FeedKey::from_path(path).is_some_and(|key| main(&key) && feeds.formats.contains(&key.format));
    is_feed || PAGES.contains(&path)
}

/// A section of one number, such as `{ burst = 10 }`, or `false`.
fn one_number<T: TryFrom<i64>>(key: &'static str, example: &'static str) -> impl Fn(&Value) -> Read<Option<T>> {
    move |value| {
        let remedy = format!("write `{{ {key} = {example} }}`, or `false` for none");
        match &value.kind {
            ValueKind::Boolean(false) => Ok(None),
            ValueKind::Table(table) if table.len() == 1 && table.contains_key(key) => whole(1)(&table[key]).map(Some),
            ValueKind::Table(_) => Err(Wrong::new(format!("knows `{key}` alone"), remedy)),
            _ => Err(Wrong::new(format!("{} is not possible here", shown(value)), remedy)),
        }
    }
}
