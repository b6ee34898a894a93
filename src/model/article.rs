//! An article: what a source hands in ([`Draft`]), what is stored ([`Article`]), and what a reader can see of it ([`Content`]).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::podcast::Episode;

/// Everything of an article that a reader can see, except its address and its dates. Stored as one revision (JSON).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// Plain text, at most 512 characters; untitled articles exist.
    pub title: Option<String>,
    /// Sanitised HTML with absolute URLs, at most 2 MiB.
    pub body_html: String,
    /// Plain text of the body, no hard wraps, at most 1 MiB.
    pub body_text: String,
    /// Plain text, at most 500 characters; empty when there is nothing to say.
    pub summary: String,
    /// Where `summary` came from: `key`, `marker`, `excerpt` or `none`.
    pub summary_from: String,
    /// In the order of the byline, at most 16.
    pub authors: Vec<Author>,
    /// At most 32, unique without case.
    pub tags: Vec<Term>,
    /// At most 16, unique without case; the first one is `category` in lists.
    pub categories: Vec<Term>,
    /// BCP 47 tag.
    pub language: String,
    /// `ltr` or `rtl`.
    pub direction: String,
    /// The picture that the header or the page names; never guessed from the body.
    pub image: Option<Image>,
    /// A page elsewhere that this article comments on.
    pub external_url: Option<String>,
    /// Where people talk about this article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments_url: Option<String>,
    /// Files that go with it, at most 8.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// What the author wrote, where that is Markdown and the feeds are to show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// What it says of its recording, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<Episode>,
    /// Words by UAX #29, without CJK characters.
    pub words: u32,
    /// 1 to 240 minutes.
    pub reading_minutes: u32,
    /// `stated` by the author or `computed`.
    pub reading_from: String,
}

impl Content {
    /// Whether it carries one of these categories or tags, by slug or as written; an empty list matches everything.
    pub fn carries_one_of(&self, terms: &[String]) -> bool {
        carry_one_of(self.categories.iter().chain(&self.tags), terms)
    }

    /// The title, else the first ≤ 80 characters of the text, else the date: where one must be shown.
    pub fn display_title(&self, published_at: DateTime<Utc>) -> String {
        if let Some(title) = self.title.as_deref().filter(|t| !t.is_empty()) {
            return title.to_owned();
        }
        let line = self.body_text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return published_at.format("%Y-%m-%d").to_string();
        }
        super::text::truncate_at_word(&line, 80)
    }
}

/// Whether one of `terms` is wanted, by slug or as written; an empty list of wishes matches everything.
pub(super) fn carry_one_of<'a>(mut terms: impl Iterator<Item = &'a Term>, wanted: &[String]) -> bool {
    let is_wanted = |term: &Term| {
        let mut wanted = wanted.iter();
        wanted.any(|wanted| wanted.eq_ignore_ascii_case(&term.slug) || wanted.eq_ignore_ascii_case(&term.term))
    };
    wanted.is_empty() || terms.any(is_wanted)
}

/// A person who wrote an article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// At most 120 characters.
    pub name: String,
    /// The person's page.
    pub url: Option<String>,
    /// The person's address; stays out of feeds unless the author says otherwise.
    pub email: Option<String>,
    /// Part of a path, see [`super::slug`].
    pub slug: String,
}

/// A tag or category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// At most 64 characters, the first spelling seen.
    pub term: String,
    /// Part of a path, see [`super::slug`].
    pub slug: String,
}

/// A picture that stands for the article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Absolute.
    pub url: String,
    /// At most 500 characters; empty when decorative.
    pub alt: String,
    /// Pixels, as it is shown; `None` where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels, as it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// A file that goes with an article: a recording, a film, a paper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Enclosure {
    /// Absolute.
    pub url: String,
    /// `audio/mpeg`.
    pub media_type: String,
    /// How large; `None` when nobody said.
    pub bytes: Option<u64>,
    /// How long it plays.
    pub seconds: Option<u32>,
    /// At most 200 characters; may be empty.
    pub title: String,
}

/// Where a publication date came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrigin {
    /// A field of the header.
    Header,
    /// `YYYY/MM/DD` inside `path`, `url` or `permalink`.
    Path,
    /// `YYYY-MM-DD` before the file's or folder's name.
    FileName,
    /// Metadata or byline of an HTML page.
    Page,
    /// A feed's entry.
    Feed,
    /// A column of a table.
    Table,
    /// None was found: the moment of first sight.
    FirstSeen,
}

impl DateOrigin {
    /// The word that is stored and printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Path => "path",
            Self::FileName => "file_name",
            Self::Page => "page",
            Self::Feed => "feed",
            Self::Table => "table",
            Self::FirstSeen => "first_seen",
        }
    }
}

/// An article as a source read it: no identity, no state yet. `ingest` alone decides those.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Path under the root; a hint, never the identity.
    pub locator: String,
    /// Header `id`, `guid` or `uuid`.
    pub header_id: Option<String>,
    /// What readers of a feed know the article by already.
    pub guid: Option<Guid>,
    /// Canonical address, absolute.
    pub url: String,
    /// `aliases`, `redirect_from`: absolute.
    pub aliases: Vec<String>,
    /// What a reader can see.
    pub content: Content,
    /// The author's date; `None` means first seen.
    pub published_at: Option<DateTime<Utc>>,
    /// Where `published_at` came from.
    pub published_from: DateOrigin,
    /// No time of day was given.
    pub date_only: bool,
    /// Only what the source says.
    pub updated_at: Option<DateTime<Utc>>,
    /// The author's marks keep it back: the reason, such as `draft`.
    pub excluded: Option<String>,
    /// `mail: false` in the header makes this `false`.
    pub mail: bool,
    /// Marker of an import: it was mailed before.
    pub already_mailed: bool,
    /// SHA-256 of the raw bytes.
    pub source_hash: [u8; 32],
    /// Unknown template tags that were removed.
    pub leftovers: u32,
    /// What went wrong without keeping the article back.
    pub problems: Vec<Problem>,
}

/// The id of an entry in a feed, letter for letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guid {
    /// As it is written, without white space around it.
    pub id: String,
    /// The feed says that it is the entry's address (RSS `isPermaLink`).
    pub is_permalink: bool,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Published, something was dropped.
    Warning,
    /// Not published, or not updated.
    Error,
}

impl Severity {
    /// The word that is stored and printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something that a person should mend in the article store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Path under the root.
    pub locator: String,
    /// 1-based line in the file.
    pub line: Option<u32>,
    /// Stable code, see `sources.md` 2.7.
    pub code: String,
    /// One sentence fragment that says what is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// How bad it is.
    pub severity: Severity,
}

/// Whether readers see an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Dated in the future.
    Scheduled,
    /// In the feeds.
    Public,
    /// Kept back by the author's marks and never public.
    Excluded,
    /// Was public; the author took it back.
    Withdrawn,
    /// Vanished from the store; the row stays as tombstone.
    Gone,
}

impl Visibility {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Public => "public",
            Self::Excluded => "excluded",
            Self::Withdrawn => "withdrawn",
            Self::Gone => "gone",
        }
    }

    /// The word of the database, back.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "scheduled" => Self::Scheduled,
            "public" => Self::Public,
            "excluded" => Self::Excluded,
            "withdrawn" => Self::Withdrawn,
            "gone" => Self::Gone,
            _ => return None,
        })
    }

    /// The JSON word of `articles list` (DESIGN section 5): `published`, `scheduled`, `withdrawn`, `excluded`.
    pub fn status(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Public => "published",
            Self::Excluded => "excluded",
            Self::Withdrawn | Self::Gone => "withdrawn",
        }
    }
}

/// A stored article.
#[derive(Debug, Clone)]
pub struct Article {
    /// ULID, minted at first sight, never reused.
    pub id: String,
    /// What feeds print as id; never changes.
    pub entry_id: String,
    /// The id was the article's address in a feed that was taken over.
    pub is_permalink: bool,
    /// The source it comes from.
    pub source_id: String,
    /// Path under the root at the last scan.
    pub locator: String,
    /// Canonical address.
    pub url: String,
    /// Addresses it had before.
    pub former_urls: Vec<String>,
    /// The newest revision.
    pub content: Content,
    /// Fixed once public.
    pub published_at: DateTime<Utc>,
    /// Where it came from.
    pub published_from: String,
    /// No time of day was given.
    pub date_only: bool,
    /// Only what the source says.
    pub updated_at: Option<DateTime<Utc>>,
    /// When its text changed last since it was public.
    pub edited_at: Option<DateTime<Utc>>,
    /// When ingest saw it first.
    pub first_seen: DateTime<Utc>,
    /// Last change of `content_hash`.
    pub changed_at: DateTime<Utc>,
    /// From when it may be mailed; `None` with a reason in `not_mailable`.
    pub mailable_at: Option<DateTime<Utc>>,
    /// `baseline`, `old`, `held`, `mail_false`, `already_mailed`, `dismissed`.
    pub not_mailable: Option<String>,
    /// Whether readers see it.
    pub visibility: Visibility,
    /// Why it is excluded or withdrawn.
    pub reason: Option<String>,
    /// SHA-256 of the raw bytes at the last good read.
    pub source_hash: Vec<u8>,
    /// SHA-256 of what a reader can see.
    pub content_hash: Vec<u8>,
    /// The newest revision's number.
    pub revision_id: i64,
}
