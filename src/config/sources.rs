//! `[[sources]]`: where articles come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use config::{Value, ValueKind};

use super::nearest::nearest;
use super::problem::Wrong;
use super::secret::Files;
use super::section::Section;
use super::source_kinds::{self, SourceKind};
use super::value::{
    Read, duration, email, filled, flag, host, id, language, list, one_of, some_time, web_address, whole, zone,
};
use crate::model::article::Author;
use crate::model::slug::slug;

/// One `[[sources]]`. Keys that a kind does not have hold what they are by default.
#[derive(Debug, Clone)]
pub struct Source {
    /// `[a-z0-9-]{1,40}`; default: kind and slug of the path. A new id is a new source.
    pub id: String,
    /// What it is, with the keys of that kind alone.
    pub kind: SourceKind,
    /// Root of the folder or of the site's output, absolute; empty for a feed or a table.
    pub path: PathBuf,
    /// Globs under the root; default `**/*`.
    pub include: Vec<String>,
    /// Globs that win over `include`.
    pub exclude: Vec<String>,
    /// Pattern such as `/:year/:month/:slug/`, or the name of a preset; `None`: `/:path/`.
    pub permalink: Option<String>,
    /// For dates without a zone; default UTC.
    pub time_zone: Tz,
    /// BCP 47 tag; default `site.language`.
    pub language: String,
    /// Folder names that are languages.
    pub languages: Vec<String>,
    /// The author's own header keys before the built-in ones: `title = ["newstitle"]`.
    pub map: BTreeMap<String, Vec<String>>,
    /// Ids that headers name → people.
    pub authors: BTreeMap<String, Author>,
    /// What happens to unknown template tags.
    pub shortcodes: Shortcodes,
    /// Template tags are text: for people who write about templates without fences.
    pub raw_templates: bool,
    /// A title in the header is HTML.
    pub title_html: bool,
    /// Hosts whose frames stay in feeds, such as `www.youtube-nocookie.com`; those of others become links.
    pub embeds: Vec<String>,
    /// Keys whose text is split at spaces (`tags`, `categories`).
    pub split_spaces: Vec<String>,
    /// Where pictures beside an article are published; default: the article's folder.
    pub assets: Option<String>,
    /// Selects the body of an HTML page; `None`: found by rule.
    pub body_selector: Option<String>,
    /// Elements that go from HTML pages.
    pub strip_selectors: Vec<String>,
    /// Above so many new articles at once all are held; default 5.
    pub fuse: u32,
    /// What the first scan's articles are.
    pub baseline: Baseline,
    /// How long a file must be missing before its article is gone; default 10 m.
    pub vanish_after: Duration,
    /// How often it is looked at; default 30 s for a folder or a site, 30 m for a feed, 1 m for a table.
    pub every: Duration,
    /// How changes are noticed between walks.
    pub watch: Watch,
    /// Articles older than this at first sight are not mailed; default 90 d.
    pub look_back: Duration,
    /// For the reading time; default 225.
    pub words_per_minute: u32,
}

/// `baseline`: what becomes of articles that a first scan finds already published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// In the feeds, never mailed.
    Feeds,
    /// Mailed like new ones: for the demo and tests.
    Mail,
}

impl Baseline {
    /// Whether letters may carry them.
    pub fn mails(self) -> bool {
        self == Self::Mail
    }
}

/// `shortcodes`: what happens to template tags that we do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcodes {
    /// The tag goes, its inner text stays.
    Strip,
    /// A link "see on the site" stands in its place.
    Placeholder,
    /// The article is held back.
    Hold,
}

/// `watch`: how changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// By events of the file system, and by walking.
    Events,
    /// By walking only: for network file systems.
    Poll,
}

const SHORTCODES: &[(&str, Shortcodes)] = &[
    ("strip", Shortcodes::Strip),
    ("placeholder", Shortcodes::Placeholder),
    ("hold", Shortcodes::Hold),
];
const BASELINES: &[(&str, Baseline)] = &[("feeds", Baseline::Feeds), ("mail", Baseline::Mail)];
const WATCHES: &[(&str, Watch)] = &[("events", Watch::Events), ("poll", Watch::Poll)];

/// Reads every `[[sources]]`.
pub(super) fn read(sections: Vec<Section<'_>>, files: &Files<'_>, site_language: &str) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for mut section in sections {
        let source = read_one(&mut section, files, site_language);
        if sources.iter().any(|other| other.id == source.id) {
            let place = ["id", "path", "url", "database"];
            let key = place.into_iter().find(|key| section.was_given(key)).unwrap_or("id");
            let message = format!("makes a second source \"{}\"", source.id);
            section.refuse(key, Wrong::new(message, "give each source an `id` of its own"));
        }
        section.close();
        sources.push(source);
    }
    sources
}

fn read_one(section: &mut Section<'_>, files: &Files<'_>, site_language: &str) -> Source {
    let (kind, place) = source_kinds::read(section, files);
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let every = read_every(section, &kind);
    let plain = Source {
        id: section.get("id", id).unwrap_or_else(|| default_id(kind.word(), &place)),
        path: PathBuf::new(),
        include: vec!["**/*".to_owned()],
        exclude: Vec::new(),
        permalink: None,
        time_zone: section.get("time_zone", zone).unwrap_or(Tz::UTC),
        language: section
            .get("language", language)
            .unwrap_or_else(|| site_language.to_owned()),
        languages: Vec::new(),
        map: BTreeMap::new(),
        authors: read_authors(section),
        shortcodes: Shortcodes::Strip,
        // Only files are written for a generator.
        raw_templates: !matches!(kind, SourceKind::Folder),
        title_html: section.get("title_html", flag).unwrap_or(false),
        embeds: section.get("embeds", list(web_host)).unwrap_or_default(),
        split_spaces: section.get("split_spaces", list(filled)).unwrap_or_default(),
        assets: None,
        body_selector: None,
        strip_selectors: Vec::new(),
        fuse: section.get("fuse", whole(0)).unwrap_or(5),
        baseline: section.get("baseline", one_of(BASELINES)).unwrap_or(Baseline::Feeds),
        vanish_after: Duration::from_secs(600),
        every,
        watch: Watch::Poll,
        look_back: section.get("look_back", some_time).unwrap_or(days(90)),
        words_per_minute: section.get("words_per_minute", whole(1)).unwrap_or(225),
        kind,
    };
    with_keys_of_its_kind(section, files.base, plain, &place)
}

/// The keys that several kinds have, but not all.
fn with_keys_of_its_kind(section: &mut Section<'_>, base: &Path, plain: Source, place: &str) -> Source {
    let mut source = plain;
    if source.kind.has_folder() {
        source.path = read_root(section, base, place);
        source.exclude = section.get("exclude", list(glob)).unwrap_or_default();
        source.body_selector = section.get("body_selector", selector);
        source.strip_selectors = section.get("strip_selectors", list(selector)).unwrap_or_default();
        source.watch = section.get("watch", one_of(WATCHES)).unwrap_or(Watch::Events);
    }
    if !matches!(source.kind, SourceKind::Feed(_)) {
        source.vanish_after = section.get("vanish_after", duration).unwrap_or(source.vanish_after);
    }
    if matches!(source.kind, SourceKind::Folder | SourceKind::Table(_)) {
        source.permalink = section.get("permalink", permalink);
        source.map = read_map(section);
        source.shortcodes = section
            .get("shortcodes", one_of(SHORTCODES))
            .unwrap_or(Shortcodes::Strip);
        source.raw_templates = section.get("raw_templates", flag).unwrap_or(source.raw_templates);
    }
    if matches!(source.kind, SourceKind::Folder) {
        source.include = section.get("include", list(glob)).unwrap_or(source.include);
        source.languages = section.get("languages", list(language)).unwrap_or_default();
        source.assets = section.get("assets", filled);
    }
    source
}

/// The folder, which had better be there.
fn read_root(section: &Section<'_>, base: &Path, written: &str) -> PathBuf {
    let root = base.join(written);
    let path = std::path::absolute(&root).unwrap_or(root);
    if !written.is_empty() && !path.is_dir() {
        let message = format!("there is no folder {}", path.display());
        section.report(
            "path",
            Wrong::new(
                message,
                "create it, or correct the path; it is relative to the config file",
            ),
        );
    }
    path
}

/// A foreign server is asked every five minutes at most.
fn read_every(section: &mut Section<'_>, kind: &SourceKind) -> Duration {
    const POLITE: Duration = Duration::from_secs(300);
    let every = section.get("every", some_time).unwrap_or(kind.usual_rhythm());
    if matches!(kind, SourceKind::Feed(_)) && every < POLITE {
        let wrong = Wrong::new(
            "is too often for another's server",
            "write five minutes or more, such as `every = \"30m\"`",
        );
        section.refuse("every", wrong);
    }
    every
}

/// Kind and slug of the path as it is written, so that a config may move with its articles.
fn default_id(kind: &str, path: &str) -> String {
    let slug = dashed(path);
    // The end of a path says more than its beginning.
    let end = slug[slug.len().saturating_sub(30)..].trim_matches('-');
    [kind, end].join("-").trim_end_matches('-').to_owned()
}

fn dashed(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

fn read_map(section: &mut Section<'_>) -> BTreeMap<String, Vec<String>> {
    let names = |value: &Value| match value.kind {
        ValueKind::String(_) => Ok(vec![filled(value)?]),
        _ => list(filled)(value),
    };
    section.entries("map", names)
}

/// The name of a host as addresses print it: in lower case, punycoded.
fn web_host(value: &Value) -> Read<String> {
    let written = host(value)?;
    Ok(url::Host::parse(&written).map_or(written, |host| host.to_string()))
}

fn read_authors(section: &mut Section<'_>) -> BTreeMap<String, Author> {
    let mut authors = BTreeMap::new();
    for (key, mut person) in section.named_sections("authors", "name") {
        let remedy = "write the name that readers see";
        let name = person.require("name", remedy, filled).unwrap_or_default();
        let author = Author {
            slug: person.get("slug", id).unwrap_or_else(|| slug(&name)),
            url: person.get("url", web_address).map(String::from),
            email: person.get("email", email).map(String::from),
            name,
        };
        person.close();
        authors.insert(key, author);
    }
    authors
}

/// Generators whose addresses are known by name.
const PRESETS: [&str; 8] = [
    "jekyll",
    "hugo",
    "zola",
    "hexo",
    "eleventy",
    "pelican",
    "gatsby",
    "docusaurus",
];

fn permalink(value: &Value) -> Read<String> {
    let pattern = filled(value)?;
    if pattern.contains(['/', ':']) || PRESETS.contains(&pattern.as_str()) {
        return Ok(pattern);
    }
    let remedy = match nearest(&pattern, PRESETS) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!(
            "write a pattern such as `/:year/:month/:slug/`, or one of {}",
            PRESETS.join(", ")
        ),
    };
    Err(Wrong::new(
        format!("\"{pattern}\" is neither a pattern nor a known generator"),
        remedy,
    ))
}

pub(super) fn selector(value: &Value) -> Read<String> {
    let selector = filled(value)?;
    match dom_query::Matcher::new(&selector) {
        Ok(_) => Ok(selector),
        Err(_) => Err(Wrong::new(
            format!("\"{selector}\" is not a CSS selector"),
            "write one such as `main article` or `.post-body`",
        )),
    }
}

pub(super) fn glob(value: &Value) -> Read<String> {
    let pattern = filled(value)?;
    match globset::Glob::new(&pattern) {
        Ok(_) => Ok(pattern),
        Err(error) => Err(Wrong::new(
            format!("\"{pattern}\" is not a pattern: {}", error.kind()),
            "write a pattern such as `**/*.md` or `drafts/**`",
        )),
    }
}
