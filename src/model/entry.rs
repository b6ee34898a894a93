//! An article as it appears in a feed: every string in it is safe for XML, every address absolute, every date printable.
//!
//! The writers take nothing else, so a fault in one article shows here, before a document is begun.

use unicode_segmentation::UnicodeSegmentation;

use super::article::{Article, Author, Content, Image, Term};
use super::entry_file::{EntryEpisode, EntryFile};
use super::feed_date::FeedDate;
use super::feed_url::{FeedUrl, percent_encode};
use super::text::{one_line, truncate_at_word, xml_safe};

const LONGEST_TITLE: usize = 512;
const LONGEST_HEADING: usize = 80;

/// Languages whose usual script is written from right to left.
const RIGHT_TO_LEFT: [&str; 14] = [
    "ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "ug", "ur", "yi",
];

/// Text without characters that XML 1.0 §2.2 forbids; never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clean(pub(super) String);

impl Clean {
    /// Cleans a text of several lines; `None` when nothing is left.
    pub fn text(text: &str) -> Option<Self> {
        let clean = xml_safe(text);
        (!clean.trim().is_empty()).then_some(Self(clean))
    }

    /// Cleans a text of one line: white space runs become one blank, unclosed bidirectional controls are closed.
    pub fn line(text: &str) -> Option<Self> {
        let clean = one_line(&xml_safe(text));
        (!clean.is_empty()).then(|| Self(close_bidi(clean)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Closes embeddings, overrides and isolates that a text leaves open, else they turn the page around it (UAX #9).
fn close_bidi(mut text: String) -> String {
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' => open.push('\u{202C}'),
            '\u{2066}'..='\u{2068}' => open.push('\u{2069}'),
            '\u{202C}' if open.last() == Some(&c) => drop(open.pop()),
            // An isolate's end also ends the embeddings that were opened inside it.
            '\u{2069}' if open.contains(&c) => while open.pop().is_some_and(|closer| closer != c) {},
            _ => {}
        }
    }
    text.extend(open.into_iter().rev());
    text
}

/// The id of an entry: the same in every format and every feed, for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(String);

impl EntryId {
    /// Takes an id letter for letter, without what XML forbids; `None` when nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let clean = xml_safe(text);
        (!clean.trim().is_empty()).then_some(Self(clean))
    }

    /// The id, as RSS and JSON Feed print it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as Atom prints it, which must be an IRI (RFC 4287 §4.2.6): any other one becomes a tag URI (RFC 4151)
    /// under `authority`, such as `tag:example.org,2026-11-25`.
    pub fn iri(&self, authority: &str) -> String {
        if is_iri(&self.0) {
            self.0.clone()
        } else {
            format!("{authority}:{}", percent_encode(&self.0))
        }
    }
}

/// An absolute IRI by RFC 3987, without looking into the parts of a scheme.
pub fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let good_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let good_percents = rest.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    });
    good_scheme && !rest.is_empty() && good_percents && rest.chars().all(is_iri_char)
}

fn is_iri_char(c: char) -> bool {
    let bidi_control = matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if c.is_ascii() {
        c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c)
    } else {
        !c.is_whitespace() && !c.is_control() && !bidi_control
    }
}

/// A language tag (BCP 47) in the shape that `xml:lang` allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Language(String);

impl Language {
    /// Reads a tag; `en_GB` is meant as `en-GB`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let tag = text.trim().replace('_', "-");
        let mut parts = tag.split('-');
        let letters = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
        let word = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let good = parts.next().is_some_and(letters) && parts.all(word);
        good.then_some(Self(tag))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its usual script, or the one that it names, is written from right to left.
    pub fn is_right_to_left(&self) -> bool {
        let script = self.0.split('-').nth(1).unwrap_or_default().to_lowercase();
        match script.as_str() {
            "arab" | "hebr" | "thaa" | "syrc" | "nkoo" | "adlm" => true,
            script if script.len() == 4 && script.bytes().all(|b| b.is_ascii_alphabetic()) => false,
            _ => RIGHT_TO_LEFT.contains(&self.primary().as_str()),
        }
    }

    /// The language without script and region, in lower case.
    pub fn primary(&self) -> String {
        self.0.split('-').next().unwrap_or_default().to_lowercase()
    }
}

/// A person, as feeds name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Byline {
    /// The name.
    pub name: Clean,
    /// The person's page.
    pub url: Option<FeedUrl>,
}

impl Byline {
    fn of(author: &Author) -> Option<Self> {
        Some(Self {
            name: Clean::line(&author.name)?,
            url: author.url.as_deref().and_then(FeedUrl::parse),
        })
    }
}

/// A category or tag, as feeds name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What people read.
    pub name: Clean,
    /// Part of a path.
    pub slug: Clean,
}

impl Label {
    fn of(term: &Term) -> Option<Self> {
        Some(Self {
            name: Clean::line(&term.term)?,
            slug: Clean::line(&term.slug)?,
        })
    }
}

/// The picture that stands for an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPicture {
    /// Where it is.
    pub url: FeedUrl,
    /// Width and height in pixels, where they are known.
    pub pixels: Option<(u32, u32)>,
}

impl EntryPicture {
    fn of(image: &Image) -> Option<Self> {
        Some(Self {
            url: FeedUrl::parse(&image.url)?,
            pixels: image.width.zip(image.height),
        })
    }
}

/// What feeds call an update of an article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Edits {
    /// What the author says in the header; a slip that is mended is none.
    #[default]
    Explicit,
    /// Every change of the text, too.
    Content,
}

/// Why an article cannot be an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("print an article in a feed: its {field} cannot be used; correct it in the article's source")]
pub struct EntryFault {
    /// The field at fault.
    pub field: &'static str,
}

/// An article as it appears in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Minted once.
    pub id: EntryId,
    /// The id was the article's address in a feed that was taken over, and readers were told so.
    pub is_permalink: bool,
    /// Where the article is read.
    pub url: FeedUrl,
    /// At most 512 characters; untitled articles exist.
    pub title: Option<Clean>,
    /// The title, else the first words, else the date: where a format demands one.
    pub heading: Clean,
    /// Plain text.
    pub summary: Option<Clean>,
    /// Sanitised HTML with absolute addresses.
    pub body: Option<Clean>,
    /// HTML that the author's template puts under the body.
    pub footer: Option<Clean>,
    /// In the order of the byline.
    pub authors: Vec<Byline>,
    /// The first one is the main one.
    pub categories: Vec<Label>,
    /// Free words.
    pub tags: Vec<Label>,
    /// The article's language, where it is known.
    pub language: Option<Language>,
    /// Written from right to left.
    pub right_to_left: bool,
    /// The picture that stands for the article.
    pub image: Option<EntryPicture>,
    /// The page elsewhere that the article comments on.
    pub external_url: Option<FeedUrl>,
    /// Where people talk about the article.
    pub comments: Option<FeedUrl>,
    /// Files that go with the article.
    pub files: Vec<EntryFile>,
    /// What the author wrote, where feeds show it.
    pub markdown: Option<Clean>,
    /// What it says of its recording.
    pub episode: Option<EntryEpisode>,
    /// Never moves once public.
    pub published: FeedDate,
    /// When it was edited, by what counts as an edit; later than `published`.
    pub edited: Option<FeedDate>,
}

impl Entry {
    /// Cleans an article; `edits` says which of its changes are updates.
    ///
    /// # Errors
    /// Without a usable id or address there is nothing that a reader could open or recognise.
    pub fn of(article: &Article, edits: Edits) -> Result<Self, EntryFault> {
        let content = &article.content;
        let published = FeedDate::new(article.published_at);
        let title = content.title.as_deref().and_then(title);
        let heading = title.clone().unwrap_or_else(|| heading(content, published));
        Ok(Self {
            id: EntryId::new(&article.entry_id).ok_or(EntryFault { field: "id" })?,
            is_permalink: article.is_permalink,
            url: FeedUrl::parse(&article.url).ok_or(EntryFault { field: "address" })?,
            title,
            heading,
            summary: Clean::line(&content.summary),
            body: Clean::text(&content.body_html),
            footer: None,
            authors: content.authors.iter().filter_map(Byline::of).collect(),
            categories: content.categories.iter().filter_map(Label::of).collect(),
            tags: content.tags.iter().filter_map(Label::of).collect(),
            language: Language::parse(&content.language),
            right_to_left: content.direction == "rtl",
            image: content.image.as_ref().and_then(EntryPicture::of),
            external_url: content.external_url.as_deref().and_then(FeedUrl::parse),
            comments: content.comments_url.as_deref().and_then(FeedUrl::parse),
            files: content.enclosures.iter().filter_map(EntryFile::of).collect(),
            markdown: content.markdown.as_deref().and_then(Clean::text),
            episode: content.episode.as_ref().map(EntryEpisode::of),
            published,
            edited: match edits {
                Edits::Explicit => article.updated_at,
                Edits::Content => article.updated_at.max(article.edited_at),
            }
            .map(FeedDate::new)
            .filter(|at| *at > published),
        })
    }

    /// When the entry changed last: Atom demands it.
    pub fn updated(&self) -> FeedDate {
        self.edited.unwrap_or(self.published)
    }

    /// The names of categories and tags, categories first, none twice.
    pub fn labels(&self) -> Vec<&Clean> {
        let mut names: Vec<&Clean> = Vec::new();
        for label in self.categories.iter().chain(&self.tags) {
            if !names.contains(&&label.name) {
                names.push(&label.name);
            }
        }
        names
    }
}

fn title(text: &str) -> Option<Clean> {
    let line = one_line(&xml_safe(text));
    let mut kept = String::new();
    let mut count = 0;
    for grapheme in line.graphemes(true) {
        count += grapheme.chars().count();
        if count > LONGEST_TITLE {
            break;
        }
        kept.push_str(grapheme);
    }
    Clean::line(&kept)
}

fn heading(content: &Content, published: FeedDate) -> Clean {
    let line = one_line(&xml_safe(&content.body_text));
    Clean::line(&truncate_at_word(&line, LONGEST_HEADING)).unwrap_or_else(|| Clean(published.day()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_that_turns_the_writing_around_ends_where_it_should() {
        let closed = |text: &str| Clean::line(text).unwrap().as_str().to_owned();
        assert_eq!(closed("a \u{202E}b \u{2067}c"), "a \u{202E}b \u{2067}c\u{2069}\u{202C}");
        assert_eq!(closed("\u{2067}a\u{202B}b\u{2069}"), "\u{2067}a\u{202B}b\u{2069}");
        assert_eq!(closed("a\u{202C}\u{2069}"), "a\u{202C}\u{2069}");
    }

    #[test]
    fn an_id_that_is_no_iri_becomes_one_for_atom_only() {
        let authority = "tag:example.org,2026-11-25";
        let iri = |text: &str| EntryId::new(text).unwrap().iri(authority);
        assert_eq!(iri("tag:example.org,2026-01-01:01h"), "tag:example.org,2026-01-01:01h");
        assert_eq!(iri("https://example.org/?p=1&q=ü"), "https://example.org/?p=1&q=ü");
        assert_eq!(iri("my first post"), "tag:example.org,2026-11-25:my%20first%20post");
        assert_eq!(iri("a: b"), "tag:example.org,2026-11-25:a%3A%20b");
        assert_eq!(iri("12:30"), "tag:example.org,2026-11-25:12%3A30");
        assert_eq!(
            iri("https://example.org/50%"),
            "tag:example.org,2026-11-25:https%3A%2F%2Fexample.org%2F50%25"
        );
        assert_eq!(EntryId::new("\u{1}\u{FEFF} "), None);
    }

    #[test]
    fn a_language_is_a_tag_or_nothing() {
        assert_eq!(Language::parse("en_GB").unwrap().as_str(), "en-GB");
        assert_eq!(Language::parse("zh-Hant-TW").unwrap().primary(), "zh");
        for text in ["", "english language", "1", "a\"b", "de-", "überlang"] {
            assert_eq!(Language::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_title_is_cut_between_letters_that_people_see() {
        let family = "👨‍👩‍👧‍👦".repeat(100);
        let cut = title(&family).unwrap();
        assert_eq!(cut.as_str().chars().count(), 511);
        assert!(title("\u{1}\u{2} \n").is_none());
    }

    proptest! {
        #[test]
        fn no_text_survives_with_a_character_that_breaks_a_feed(text in any::<String>()) {
            for clean in [Clean::text(&text), Clean::line(&text), title(&text)].into_iter().flatten() {
                prop_assert!(!clean.as_str().trim().is_empty());
                prop_assert_eq!(xml_safe(clean.as_str()), clean.as_str());
            }
        }
    }
}
