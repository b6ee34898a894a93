//! Which feed a path means.

use std::fmt;

use super::article::{self, Author, Term};
use super::feed_url::percent_encode;

/// What articles are gathered by, beside the feed of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Those of a category.
    Category,
    /// Those with a tag.
    Tag,
    /// Those of an author.
    Author,
    /// Those in a language.
    Language,
}

impl Kind {
    /// The first segment of the path.
    pub fn word(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Tag => "tag",
            Self::Author => "author",
            Self::Language => "language",
        }
    }
}

/// Whose articles a feed holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every public article.
    All,
    /// Those of one category, by slug.
    Category(String),
    /// Those with one tag, by slug.
    Tag(String),
    /// Those of one author, by slug.
    Author(String),
    /// Those in one language, by lower-case tag.
    Language(String),
    /// An archive of the main feed (RFC 5005 §4), counted from 1, the oldest.
    Archive(u32),
    /// Those that one person's subscriptions would send, by the token of the person's own feed. No path is read as one:
    /// tokens are opened first.
    Private(String),
}

impl Scope {
    /// What it gathers by, and the slug; `None` for all articles.
    pub fn gathers(&self) -> Option<(Kind, &str)> {
        match self {
            Self::All | Self::Archive(_) | Self::Private(_) => None,
            Self::Category(slug) => Some((Kind::Category, slug)),
            Self::Tag(slug) => Some((Kind::Tag, slug)),
            Self::Author(slug) => Some((Kind::Author, slug)),
            Self::Language(slug) => Some((Kind::Language, slug)),
        }
    }

    /// `category`, `tag`, `author` or `language`, and the slug; `None` for all articles.
    pub fn term(&self) -> Option<(&'static str, &str)> {
        self.gathers().map(|(kind, slug)| (kind.word(), slug))
    }

    /// The word in the database: `all`, `tag/ink`, `archive/3`.
    pub fn word(&self) -> String {
        match (self, self.term()) {
            (Self::Archive(number), _) => format!("archive/{number}"),
            (Self::Private(token), _) => format!("private/{token}"),
            (_, Some((kind, slug))) => format!("{kind}/{slug}"),
            (_, None) => "all".to_owned(),
        }
    }

    /// The word of the database, back.
    pub fn from_word(word: &str) -> Option<Self> {
        if word == "all" {
            return Some(Self::All);
        }
        let (kind, slug) = word.split_once('/')?;
        if matches!(slug, "" | "." | "..") || slug.contains(['/', '\\', '\0']) {
            return None;
        }
        match kind {
            "category" => Some(Self::Category(slug.to_owned())),
            "tag" => Some(Self::Tag(slug.to_owned())),
            "author" => Some(Self::Author(slug.to_owned())),
            "language" => Some(Self::Language(slug.to_owned())),
            "archive" => slug
                .parse()
                .ok()
                .filter(|number: &u32| *number > 0 && number.to_string() == slug)
                .map(Self::Archive),
            _ => None,
        }
    }
}

/// The form of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0, RFC 4287.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All three, in the order in which they are offered to readers.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// The last segment of the path.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Rss => "rss.xml",
            Self::Atom => "atom.xml",
            Self::Json => "feed.json",
        }
    }

    /// The media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// The name that people know.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }
}

/// One feed document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedKey {
    /// Whose articles.
    pub scope: Scope,
    /// In which form.
    pub format: Format,
}

impl FeedKey {
    /// The path without leading slash, not percent-encoded: `tag/ink/rss.xml`.
    pub fn path(&self) -> String {
        match &self.scope {
            Scope::All => self.format.file_name().to_owned(),
            scope => format!("{}/{}", scope.word(), self.format.file_name()),
        }
    }

    /// Reads what [`FeedKey::path`] wrote.
    pub fn from_path(path: &str) -> Option<Self> {
        let (before, name) = path.rsplit_once('/').unwrap_or(("all", path));
        let format = Format::ALL.into_iter().find(|format| format.file_name() == name)?;
        let key = Self {
            scope: Scope::from_word(before)?,
            format,
        };
        (key.path() == path).then_some(key)
    }
}

impl fmt::Display for FeedKey {
    /// The path without leading slash, percent-encoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope.term() {
            None => f.write_str(&self.path()),
            Some((kind, slug)) => write!(f, "{kind}/{}/{}", percent_encode(slug), self.format.file_name()),
        }
    }
}

/// What decides which feeds an article is in; read from the same JSON as [`super::article::Content`].
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The byline.
    pub authors: Vec<Author>,
    /// Free words.
    pub tags: Vec<Term>,
    /// The first one is the main one.
    pub categories: Vec<Term>,
    /// BCP 47 tag.
    pub language: String,
}

impl Terms {
    /// Whether a category or tag is one of these, by slug or as written; an empty list matches everything.
    pub fn carry_one_of(&self, wanted: &[String]) -> bool {
        article::carry_one_of(self.categories.iter().chain(&self.tags), wanted)
    }

    /// The feeds that the article is in beside the main one, each with the name of its term, none twice.
    pub fn scopes(&self) -> Vec<(Scope, &str)> {
        let mut found: Vec<(Scope, &str)> = Vec::new();
        let categories = self
            .categories
            .iter()
            .map(|t| (Scope::Category(t.slug.clone()), t.term.as_str()));
        let tags = self.tags.iter().map(|t| (Scope::Tag(t.slug.clone()), t.term.as_str()));
        let authors = self
            .authors
            .iter()
            .map(|a| (Scope::Author(a.slug.clone()), a.name.as_str()));
        let language = (!self.language.is_empty())
            .then(|| (Scope::Language(self.language.to_lowercase()), self.language.as_str()));
        for (scope, name) in categories.chain(tags).chain(authors).chain(language) {
            let readable = Scope::from_word(&scope.word()).as_ref() == Some(&scope);
            if readable && !found.iter().any(|(known, _)| *known == scope) {
                found.push((scope, name));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_one_feed_and_a_feed_has_one_path() {
        for scope in [
            "all",
            "category/press-room",
            "tag/ünï",
            "author/a",
            "language/pt-br",
            "archive/12",
        ] {
            let scope = Scope::from_word(scope).unwrap();
            for format in Format::ALL {
                let key = FeedKey {
                    scope: scope.clone(),
                    format,
                };
                assert_eq!(FeedKey::from_path(&key.path()), Some(key.clone()), "{key}");
            }
        }
        for path in [
            "",
            "all/rss.xml",
            "tag//rss.xml",
            "tag/a/b/rss.xml",
            "rss",
            "x/y/rss.xml",
            "tag/rss.xml",
            "archive/0/rss.xml",
            "archive/01/rss.xml",
            "archive/x/rss.xml",
            "private/AQEI/rss.xml",
        ] {
            assert_eq!(FeedKey::from_path(path), None, "{path}");
        }
    }
}
