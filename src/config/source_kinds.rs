//! What each kind of source has of its own: a folder, a site's output, a foreign feed, a table of a database.

use std::path::Path;
use std::time::Duration;

use config::Value;
use secrecy::SecretString;
use url::Url;

use super::database::checked_url;
use super::problem::Wrong;
use super::secret::{Files, secret};
use super::section::Section;
use super::value::{Read, filled, list, one_of, some_time, text, web_address};
use crate::model::reach::Range;

/// `kind`, with the keys that only this kind has.
#[derive(Debug, Clone)]
pub enum SourceKind {
    /// Markdown, HTML and text files.
    Folder,
    /// What a generator wrote: its own feed first, then its pages.
    Site(SiteSource),
    /// A feed on another server.
    Feed(FeedSource),
    /// A table of a database.
    Table(TableSource),
}

impl SourceKind {
    /// The word of the config file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Site(_) => "site",
            Self::Feed(_) => "feed",
            Self::Table(_) => "table",
        }
    }

    /// Whether it lies in a folder of this machine, which can be watched.
    pub fn has_folder(&self) -> bool {
        matches!(self, Self::Folder | Self::Site(_))
    }

    /// How often it is looked at where nothing is said.
    pub(super) fn usual_rhythm(&self) -> Duration {
        Duration::from_secs(match self {
            Self::Folder | Self::Site(_) => 30,
            Self::Feed(_) => 30 * 60,
            Self::Table(_) => 60,
        })
    }
}

/// `kind = "site"`
#[derive(Debug, Clone, Default)]
pub struct SiteSource {
    /// Path of the site's own feed below `path`; `None`: found by rule.
    pub feed: Option<String>,
    /// Globs of pages that are articles beside those of the feed; none by default.
    pub pages: Vec<String>,
    /// Selects the date of such a page.
    pub date_selector: Option<String>,
}

/// `kind = "feed"`
#[derive(Debug, Clone)]
pub struct FeedSource {
    /// The feed itself, not the page that announces it.
    pub url: Url,
    /// Networks of one's own in which it may be.
    pub allow_private: Vec<Range>,
}

/// `kind = "table"`
#[derive(Debug, Clone)]
pub struct TableSource {
    /// `sqlite://FILE` (absolute by now) or `postgres://…`, without its password.
    pub database: String,
    /// For PostgreSQL.
    pub password: Option<SecretString>,
    /// One SELECT with named columns.
    pub query: String,
    /// One SELECT that lists the ids of all that is live.
    pub keys: Option<String>,
    /// What `$1` in the query is.
    pub cursor_type: CursorType,
    /// How often everything that is live is listed; default 1 h with `keys`, else 24 h.
    pub full_every: Duration,
}

impl TableSource {
    /// The file of an SQLite database; `None` for a server.
    pub fn file(&self) -> Option<&Path> {
        let rest = self.database.strip_prefix("sqlite://")?;
        Some(Path::new(rest.split('?').next().unwrap_or(rest)))
    }
}

/// `cursor_type`: what `$1` in the query of a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorType {
    /// A time; in SQLite its text, such as `2024-09-12 08:30:00`.
    Timestamp,
    /// A text that sorts by time.
    Text,
    /// Seconds, milliseconds or microseconds since 1970.
    Epoch,
}

#[derive(Clone, Copy)]
enum Word {
    Folder,
    Site,
    Feed,
    Table,
}

const KINDS: &[(&str, Word)] = &[
    ("folder", Word::Folder),
    ("site", Word::Site),
    ("feed", Word::Feed),
    ("table", Word::Table),
];
const CURSORS: &[(&str, CursorType)] = &[
    ("timestamp", CursorType::Timestamp),
    ("text", CursorType::Text),
    ("epoch", CursorType::Epoch),
];

/// Reads `kind` with its own keys, and how the place is written: what a default id is made of.
pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> (SourceKind, String) {
    match section.get("kind", one_of(KINDS)).unwrap_or(Word::Folder) {
        Word::Folder => {
            let remedy = "write the folder that holds the articles: `path = \"content\"`";
            let path = section.require("path", remedy, filled).unwrap_or_default();
            (SourceKind::Folder, path)
        }
        Word::Site => {
            let remedy = "write the folder that your generator writes into: `path = \"public\"`";
            let path = section.require("path", remedy, filled).unwrap_or_default();
            (SourceKind::Site(read_site(section)), path)
        }
        Word::Feed => read_feed(section),
        Word::Table => read_table(section, files),
    }
}

fn read_site(section: &mut Section<'_>) -> SiteSource {
    SiteSource {
        feed: section.get("feed", path_inside),
        pages: section.get("include", list(super::sources::glob)).unwrap_or_default(),
        date_selector: section.get("date_selector", super::sources::selector),
    }
}

fn read_feed(section: &mut Section<'_>) -> (SourceKind, String) {
    let remedy = "write the address of the feed itself: `url = \"https://example.org/atom.xml\"`";
    let url = section.require("url", remedy, web_address);
    let place = url.as_ref().map_or_else(String::new, |url| {
        format!("{}{}", url.host_str().unwrap_or_default(), url.path())
    });
    let nowhere = || Url::parse("https://invalid.invalid/").expect("a fixed address is one");
    let feed = FeedSource {
        url: url.unwrap_or_else(nowhere),
        allow_private: section
            .get("allow_private", list(super::websub::network))
            .unwrap_or_default(),
    };
    (SourceKind::Feed(feed), place)
}

/// A path below the source's own.
fn path_inside(value: &Value) -> Read<String> {
    let path = filled(value)?;
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.split('/').all(plain) {
        return Ok(path.to_owned());
    }
    Err(Wrong::new(
        format!("\"{path}\" is no path below `path`"),
        "write it from there, such as `blog/index.xml`",
    ))
}

fn read_table(section: &mut Section<'_>, files: &Files<'_>) -> (SourceKind, String) {
    let remedy =
        "write where the articles are: `database = \"sqlite:///srv/blog.db\"` or `postgres://NAME@HOST/DATABASE`";
    let place = section.require("database", remedy, |value| database(value, files.base));
    let password = secret(section, "password", "password_file", files);
    let remedy = "write one SELECT, such as `SELECT id, title, body AS markdown, published_at FROM posts`";
    let query = section.require("query", remedy, select).unwrap_or_default();
    let keys = section.get("keys", select);
    let day = Duration::from_secs(86_400);
    let usual = if keys.is_some() {
        Duration::from_secs(3_600)
    } else {
        day
    };
    let database = place.unwrap_or_default();
    let name = name_of(&database);
    let table = TableSource {
        database,
        password,
        query,
        keys,
        cursor_type: section
            .get("cursor_type", one_of(CURSORS))
            .unwrap_or(CursorType::Timestamp),
        full_every: section.get("full_every", some_time).unwrap_or(usual),
    };
    (SourceKind::Table(table), name)
}

/// The last part of the path, without what ends a file's name.
fn name_of(database: &str) -> String {
    let path = database.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    last.split('.').next().unwrap_or_default().to_owned()
}

/// The address of a database; its password belongs into `password_file`.
fn database(value: &Value, base: &Path) -> Read<String> {
    // Never quoted in a message: it may hold a password all the same.
    let written = text(value)?;
    let in_query = |url: &Url| url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("password"));
    if Url::parse(&written).is_ok_and(|url| url.password().is_some() || in_query(&url)) {
        return Err(Wrong::new(
            "holds a password",
            "write the password into a file that only this program may read, and name that in `password_file`",
        ));
    }
    checked_url(&written, base)
}

fn select(value: &Value) -> Read<String> {
    let query = text(value)?.trim().to_owned();
    let first = query
        .split(|c: char| !c.is_ascii_alphabetic())
        .find(|word| !word.is_empty());
    let starts = first.is_some_and(|word| word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with"));
    // Comments may stand before it: the reader of the table looks closer.
    if starts || query.starts_with("--") || query.starts_with("/*") {
        return Ok(query);
    }
    Err(Wrong::new(
        "is no query that only reads",
        "write one statement that begins with SELECT",
    ))
}
