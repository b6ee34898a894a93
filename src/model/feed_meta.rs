//! What stands at the head of a feed.

use super::entry::{Byline, Clean, EntryId, Language};
use super::feed_date::FeedDate;
use super::feed_key::{FeedKey, Format, Scope};
use super::feed_url::FeedUrl;
use super::podcast::Podcast;

/// The head of the three documents of one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedMeta {
    /// Whose articles.
    pub scope: Scope,
    /// The site's title, with the term behind it in a term's feed.
    pub title: Clean,
    /// The site's description.
    pub description: Option<Clean>,
    /// The author's site, or its page of the same articles.
    pub home: FeedUrl,
    /// Where feeds are found, with a trailing slash.
    pub base: FeedUrl,
    /// Where people sign up for letters.
    pub sign_up: FeedUrl,
    /// Tag URI, minted once per scope; only Atom prints it.
    pub id: Clean,
    /// `tag:HOST,DAY` of the main feed's id: ids that are no IRI stand under it in Atom.
    pub authority: String,
    /// When an entry was added, edited or removed last.
    pub updated: FeedDate,
    /// The site's language.
    pub language: Option<Language>,
    /// Who writes the site.
    pub author: Byline,
    /// A square picture.
    pub icon: Option<FeedUrl>,
    /// A picture twice as wide as high.
    pub logo: Option<FeedUrl>,
    /// A picture of the person who writes the site.
    pub avatar: Option<FeedUrl>,
    /// What it says of itself as a podcast, where it holds recordings.
    pub podcast: Option<Podcast>,
    /// The author's address, where it may be printed.
    pub email: Option<Clean>,
    /// The formats that are served.
    pub formats: Vec<Format>,
    /// Rights.
    pub rights: Option<Clean>,
    /// Articles that were taken back lately: only Atom has words for them.
    pub deleted: Vec<(EntryId, FeedDate)>,
    /// The archives beside it.
    pub chain: Chain,
    /// Who tells subscribers of new bytes (WebSub); nobody for an archive.
    pub hubs: Vec<FeedUrl>,
    /// Minutes that a reader may wait before it asks again; `None` where that changes from time to time.
    pub minutes: Option<u64>,
}

/// Where a document stands among the archives of the main feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chain {
    /// The next older archive.
    pub older: Option<u32>,
    /// The next newer archive, for one that is an archive itself.
    pub newer: Option<u32>,
}

impl FeedMeta {
    /// The absolute address of this scope's document in `format`.
    pub fn address(&self, format: Format) -> String {
        let key = FeedKey {
            scope: self.scope.clone(),
            format,
        };
        format!("{}{key}", self.base)
    }

    /// Whether this is an archive, which is the main feed's but in what it holds.
    pub fn is_archive(&self) -> bool {
        matches!(self.scope, Scope::Archive(_))
    }

    /// Whether it is a person's own feed: nobody else hears of it.
    pub fn is_private(&self) -> bool {
        matches!(self.scope, Scope::Private(_))
    }

    /// The documents beside this one by relation (RFC 5005 §4), with their addresses.
    pub fn neighbours(&self, format: Format) -> Vec<(&'static str, String)> {
        let at = |scope| format!("{}{}", self.base, FeedKey { scope, format });
        let current = self.is_archive().then(|| ("current", at(Scope::All)));
        let older = self
            .chain
            .older
            .map(|number| ("prev-archive", at(Scope::Archive(number))));
        let newer = self
            .chain
            .newer
            .map(|number| ("next-archive", at(Scope::Archive(number))));
        current.into_iter().chain(older).chain(newer).collect()
    }

    /// The served formats but `own`, in order.
    pub fn others(&self, own: Format) -> impl Iterator<Item = Format> {
        self.formats.clone().into_iter().filter(move |format| *format != own)
    }

    /// An absolute address under the base; `path` without a leading slash.
    pub fn under_base(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}
