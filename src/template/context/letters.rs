//! Contexts of letters. Values that differ per recipient are not here: the compiler puts slots in their places.
//!
//! | in templates | slot |
//! |---|---|
//! | `subscriber.name`, `.email`, `.since` | `Name`, `Email`, `Since` |
//! | `links.unsubscribe`, `.preferences`, `.feedback` | `Unsubscribe`, `Preferences`, `Feedback` |
//! | `articles.[n].feedback_url` | `ArticleFeedback(n)`; the template adds `?rating=4` |
//! | `confirmation.url`, `.expires` | `Confirm`, `Expires` |

use serde::Serialize;

use super::{Frame, Moment, Newsletter};
use crate::model::author_notice::AuthorNotice;

/// Which letter an issue becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueKind {
    /// One article.
    Instant,
    /// Several articles.
    Digest,
}

impl IssueKind {
    /// Name of the template folder.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Digest => "digest",
        }
    }

    /// The kind with this folder name.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Instant, Self::Digest]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// One variant of an issue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IssueLetter {
    /// Which template.
    pub kind: IssueKind,
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// The newsletter and the schedule of this issue.
    pub newsletter: Newsletter,
    /// The issue.
    pub issue: Issue,
    /// In the order of the letter, at least one.
    pub articles: Vec<Article>,
    /// Articles that this letter only names, because there are too many of them (`overflow = "list"`).
    pub listed: Vec<Neighbour>,
    /// The article before the only one (instant letters).
    pub previous: Option<Neighbour>,
    /// The article after the only one (instant letters).
    pub next: Option<Neighbour>,
    /// Older articles, never those of this letter.
    pub more: Vec<Neighbour>,
    /// Links that are the same for everybody.
    pub links: FixedLinks,
    /// Shown on the web instead of being sent: without links of a recipient.
    pub web: bool,
    /// Whether articles carry rating links; the page behind them must exist.
    #[serde(skip)]
    pub feedback: bool,
    /// Bytes of HTML above which the letter is shortened (`mail.max_html`).
    #[serde(skip)]
    pub max_html: usize,
}

/// An issue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Issue {
    /// Opaque and stable.
    pub id: String,
    /// Counts the issues of a schedule from 1; `None` where nobody counts.
    pub number: Option<u64>,
    /// When it was due, in the newsletter's zone.
    pub date: Moment,
    /// Line beneath the subject in the inbox; empty: made from the first summary.
    pub preheader: String,
    /// Where it can be read on the web, when it is public.
    pub url: Option<String>,
    /// Articles in this letter.
    pub count: usize,
    /// Articles that did not fit this time and come with the next one.
    pub left_out: usize,
}

/// An article of a letter. What it lacks leaves no trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Article {
    /// ULID.
    pub id: String,
    /// Never empty; see `Content::display_title`.
    pub title: String,
    /// Absolute.
    pub url: String,
    /// The first category.
    pub category: Option<Link>,
    /// Names of tags.
    pub tags: Vec<String>,
    /// The first author.
    pub author: Option<Link>,
    /// When it was published, in the newsletter's zone.
    pub date: Moment,
    /// When the source says that it was changed.
    pub updated: Option<Moment>,
    /// Minutes to read it.
    pub minutes: Option<u32>,
    /// Plain text; may be empty.
    pub summary: String,
    /// HTML: the sanitised body, or empty where only the summary travels. The compiler adapts it for letters.
    pub html: String,
    /// The same as plain text, as ingest made it from the article; empty where `html` is.
    pub text: String,
    /// The picture that stands for the article.
    pub image: Option<Picture>,
    /// The first article of a digest; set by the compiler.
    pub lead: bool,
    /// Cut short for the size of the letter; set by the compiler.
    pub truncated: bool,
}

/// Something with a name and perhaps a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// What people see.
    pub name: String,
    /// Absolute.
    pub url: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// Absolute.
    pub url: String,
    /// Empty when decorative.
    pub alt: String,
    /// Pixels, if known.
    pub width: Option<u32>,
    /// Pixels, if known.
    pub height: Option<u32>,
    /// Plain text; may be empty.
    pub caption: String,
}

/// An article that is only named.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Neighbour {
    /// Never empty.
    pub title: String,
    /// Absolute.
    pub url: String,
    /// When it was published, in the newsletter's zone.
    pub date: Moment,
    /// Minutes to read it.
    pub minutes: Option<u32>,
    /// Plain text; may be empty.
    pub summary: String,
}

/// Links that are the same for every recipient. All absolute.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FixedLinks {
    /// This letter on the web, when it is public.
    pub browser: Option<String>,
    /// The sign-up page.
    pub subscribe: String,
    /// A page that explains; `None` for none.
    pub help: Option<String>,
}

/// Asks a person who signed up whether it was them. No text of the form is in it. Slots: `Confirm`, `Expires`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfirmationLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// What was asked for.
    pub newsletter: Newsletter,
}

/// Carries a fresh link to a person's data. Slots: `Confirm` is the link.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Whose letters the person gets.
    pub newsletter: Newsletter,
}

/// Asks a new address whether it is to take the place of the old one. Slots: `Confirm` is the link, `Expires` its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewAddressLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Whose letters the person gets.
    pub newsletter: Newsletter,
}

/// Greets a new subscriber. Slots: `Unsubscribe`, `Preferences`, and those a template of the author's adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WelcomeLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// What was chosen.
    pub newsletter: Newsletter,
    /// The latest articles, newest first; they count for nothing in the ledger.
    pub latest: Vec<Neighbour>,
    /// Links that are the same for everybody.
    pub links: FixedLinks,
}

/// Tells a subscriber who signed up once more that all is well. Slots: `Preferences`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlreadyLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// What was asked for.
    pub newsletter: Newsletter,
}

/// Tells a person that they have left, and the way back. Without slots.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnsubscribedLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// What was left.
    pub newsletter: Newsletter,
    /// Links that are the same for everybody.
    pub links: FixedLinks,
}

/// Tells the author what happened. Without slots: it goes to one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoticeLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// What happened: `kind`, `title`, `text`, `said`, `facts`, `commands`, `articles`.
    pub notice: AuthorNotice,
}
