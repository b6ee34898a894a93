//! What an examination finds fault with, in a feed or a letter.

use serde::Serialize;

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Somebody cannot read it, reads something broken or reads it twice, or cannot leave.
    Error,
    /// Some programs show less than they could, or guess; filters distrust it.
    Warning,
}

/// Something that is wrong. Ordered: the worst first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Flaw {
    /// How much it matters.
    pub weight: Weight,
    /// A word such as `id`, `relative_url`, `alt` or `contrast`.
    pub rule: &'static str,
    /// What was found.
    pub message: String,
    /// What to do.
    pub remedy: &'static str,
}

impl Flaw {
    /// Something that breaks.
    pub fn error(rule: &'static str, message: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            weight: Weight::Error,
            rule,
            message: message.into(),
            remedy,
        }
    }

    /// Something that could be better.
    pub fn warning(rule: &'static str, message: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            weight: Weight::Warning,
            ..Self::error(rule, message, remedy)
        }
    }
}
