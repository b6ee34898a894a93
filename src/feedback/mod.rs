//! What readers say about articles: from the row under an article of a letter, and from the article's own page.
//!
//! ```text
//!  letter ──▶ /feedback/TOKEN?rating=4 ──▶ page, 4 chosen ──POST──▶ answer ──▶ [report] ──▶ author
//!  article's page ──▶ /feedback?article=URL ──▶ the same, for anybody
//! ```
//!
//! Opening a link keeps nothing, because scanners open every link; only the button does. There is one answer per person
//! and article, and a later one replaces it (`subscribers-and-security.md` 8).

mod answer;
mod forget;
pub mod pages;
mod report;
mod voter;

pub use answer::{About, Typed, about, address_for, answer};
pub use forget::tick;
pub use report::{CommentLine, RatedArticle, Report, form, report};

use crate::store::StoreError;
use crate::template::TemplateError;

/// Why an answer was not kept, or a page not shown.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// A link that was not made here, or whose article or reader is gone.
    #[error("open this link: it is unknown, or its article is gone")]
    BadLink,
    /// No rating was chosen.
    #[error("Please choose a number from 1 to 5.")]
    NoRating,
    /// No article like that.
    #[error(
        "find the article `{0}`: there is none with this id or address; `letterpress articles list` shows them all"
    )]
    NoArticle(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A page.
    #[error(transparent)]
    Template(#[from] TemplateError),
}
