//! Why a draft does not become an article, in words for its author.

use crate::model::article::{Draft, Problem, Severity};
use crate::store::articles::Known;

/// What is to be said about a draft as a whole.
pub(super) fn problem(draft: &Draft, code: &str, severity: Severity, message: String, remedy: &str) -> Problem {
    Problem {
        locator: draft.locator.clone(),
        line: None,
        code: code.to_owned(),
        message,
        remedy: remedy.to_owned(),
        severity,
    }
}

pub(super) fn duplicate(draft: &Draft, other: &Known) -> Problem {
    let message = format!("the text equals {}, which is still there", other.locator);
    problem(
        draft,
        "duplicate",
        Severity::Warning,
        message,
        "remove one of the two; it is published when the other is gone",
    )
}

pub(super) fn url_taken(draft: &Draft, other: &str) -> Problem {
    let message = format!("its address {} belongs to {other}", draft.url);
    problem(
        draft,
        "url_taken",
        Severity::Error,
        message,
        "give one of the two another slug, url or permalink",
    )
}

pub(super) fn ambiguous(draft: &Draft, one: &Known, other: &Known) -> Problem {
    let message = format!(
        "it could be {} or {}, both of which vanished",
        one.locator, other.locator
    );
    problem(
        draft,
        "ambiguous_move",
        Severity::Error,
        message,
        "write `id:` of the right article into its header",
    )
}
