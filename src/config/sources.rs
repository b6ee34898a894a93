//! `[[sources]]`: where articles come from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;

use crate::model::article::Author;

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
