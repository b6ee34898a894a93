//! `[[sources]]`: where articles come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use config::{Value, ValueKind};

use super::nearest::nearest;
use super::problem::Wrong;
use super::section::Section;
use super::value::{
    Read, duration, email, filled, flag, id, language, list, one_of, some_time, web_address, whole, zone,
};
use crate::model::article::Author;
use crate::model::slug::slug;

/// One `[[sources]]` of kind `folder`.
#[derive(Debug, Clone)]
pub struct Source {
    /// `[a-z0-9-]{1,40}`; default: kind and slug of the path. A new id is a new source.
    pub id: String,
    /// Root of the folder, absolute.
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
    /// How often the folder is walked; default 30 s.
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
pub(super) fn read(sections: Vec<Section<'_>>, base: &Path, site_language: &str) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for mut section in sections {
        let source = read_one(&mut section, base, site_language);
        if sources.iter().any(|other| other.id == source.id) {
            let key = if section.was_given("id") { "id" } else { "path" };
            let message = format!("makes a second source \"{}\"", source.id);
            section.refuse(key, Wrong::new(message, "give each source an `id` of its own"));
        }
        section.close();
        sources.push(source);
    }
    sources
}

fn read_one(section: &mut Section<'_>, base: &Path, site_language: &str) -> Source {
    let written_path = read_kind_and_path(section);
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let id = section.get("id", id).unwrap_or_else(|| default_id(&written_path));
    let root = base.join(&written_path);
    let path = std::path::absolute(&root).unwrap_or(root);
    if !written_path.is_empty() && !path.is_dir() {
        let message = format!("there is no folder {}", path.display());
        section.report(
            "path",
            Wrong::new(
                message,
                "create it, or correct the path; it is relative to the config file",
            ),
        );
    }
    Source {
        id,
        path,
        include: section
            .get("include", list(glob))
            .unwrap_or_else(|| vec!["**/*".to_owned()]),
        exclude: section.get("exclude", list(glob)).unwrap_or_default(),
        permalink: section.get("permalink", permalink),
        time_zone: section.get("time_zone", zone).unwrap_or(Tz::UTC),
        language: section
            .get("language", language)
            .unwrap_or_else(|| site_language.to_owned()),
        languages: section.get("languages", list(language)).unwrap_or_default(),
        map: read_map(section),
        authors: read_authors(section),
        shortcodes: section
            .get("shortcodes", one_of(SHORTCODES))
            .unwrap_or(Shortcodes::Strip),
        raw_templates: section.get("raw_templates", flag).unwrap_or(false),
        title_html: section.get("title_html", flag).unwrap_or(false),
        split_spaces: section.get("split_spaces", list(filled)).unwrap_or_default(),
        assets: section.get("assets", filled),
        body_selector: section.get("body_selector", selector),
        strip_selectors: section.get("strip_selectors", list(selector)).unwrap_or_default(),
        fuse: section.get("fuse", whole(0)).unwrap_or(5),
        baseline: section.get("baseline", one_of(BASELINES)).unwrap_or(Baseline::Feeds),
        vanish_after: section
            .get("vanish_after", duration)
            .unwrap_or(Duration::from_secs(600)),
        every: section.get("every", some_time).unwrap_or(Duration::from_secs(30)),
        watch: section.get("watch", one_of(WATCHES)).unwrap_or(Watch::Events),
        look_back: section.get("look_back", some_time).unwrap_or(days(90)),
        words_per_minute: section.get("words_per_minute", whole(1)).unwrap_or(225),
    }
}

/// The path as it is written; empty when it is missing, which is noted.
fn read_kind_and_path(section: &mut Section<'_>) -> String {
    section.get("kind", one_of(&[("folder", ())]));
    let remedy = "write the folder that holds the articles: `path = \"content\"`";
    section.require("path", remedy, filled).unwrap_or_default()
}

/// Kind and slug of the path as it is written, so that a config may move with its articles.
fn default_id(path: &str) -> String {
    let slug = dashed(path);
    // The end of a path says more than its beginning.
    let end = slug[slug.len().saturating_sub(30)..].trim_matches('-');
    ["folder", end].join("-").trim_end_matches('-').to_owned()
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

fn selector(value: &Value) -> Read<String> {
    let selector = filled(value)?;
    match dom_query::Matcher::new(&selector) {
        Ok(_) => Ok(selector),
        Err(_) => Err(Wrong::new(
            format!("\"{selector}\" is not a CSS selector"),
            "write one such as `main article` or `.post-body`",
        )),
    }
}

fn glob(value: &Value) -> Read<String> {
    let pattern = filled(value)?;
    match globset::Glob::new(&pattern) {
        Ok(_) => Ok(pattern),
        Err(error) => Err(Wrong::new(
            format!("\"{pattern}\" is not a pattern: {}", error.kind()),
            "write a pattern such as `**/*.md` or `drafts/**`",
        )),
    }
}
