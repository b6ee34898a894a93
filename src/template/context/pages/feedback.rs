//! What a reader thinks of an article.

use serde::Serialize;

use super::{Frame, Page};

/// Asks how an article was. Fields: `rating`, `comment`, and [`TRAP`](super::TRAP) where anybody may answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedbackForm {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// Title of the article.
    pub title: String,
    /// Its address.
    pub url: String,
    /// 1 to 5.
    pub ratings: Vec<RatingChoice>,
    /// The words as they were typed, to fill in again; empty at first.
    pub comment: String,
    /// Name of the trap field; `None`: none is needed.
    pub trap: Option<&'static str>,
    /// It came without a rating.
    pub is_missing: bool,
}
page!(FeedbackForm, "feedback");

/// A rating to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RatingChoice {
    /// 1 to 5.
    pub number: u8,
    /// Marked in the form.
    pub chosen: bool,
}

/// Says that an article cannot be rated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedbackUnknown {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
}
page!(FeedbackUnknown, "feedback_unknown");

/// Says that an answer is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedbackThanks {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Title of the article.
    pub title: String,
    /// Its address.
    pub url: String,
}
page!(FeedbackThanks, "feedback_thanks");
