//! `[feedback]`: what readers may say about articles.

use super::section::Section;
use super::value::flag;

/// `[feedback]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feedback {
    /// Articles in letters end in a row of ratings; default yes.
    pub letters: bool,
    /// Anybody may rate an article from its own page; default yes.
    pub page: bool,
    /// Reports never say which subscriber answered, because it is not kept; default yes.
    pub anonymous: bool,
}

impl Default for Feedback {
    fn default() -> Self {
        Self {
            letters: true,
            page: true,
            anonymous: true,
        }
    }
}

/// Reads `[feedback]`.
pub(super) fn read(mut section: Section<'_>) -> Feedback {
    let usual = Feedback::default();
    let feedback = Feedback {
        letters: section.get("letters", flag).unwrap_or(usual.letters),
        page: section.get("page", flag).unwrap_or(usual.page),
        anonymous: section.get("anonymous", flag).unwrap_or(usual.anonymous),
    };
    section.close();
    feedback
}
