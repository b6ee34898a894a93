//! What a letter is made from where slots are not enough.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A letter whose template lets a recipient's values decide what it says: it is rendered anew for each of them. Frozen
/// with the issue, so that an edit of a template or an article does not touch a letter that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Folder of its templates: `instant`.
    pub folder: String,
    /// The text of every template that it needs, by path.
    pub templates: BTreeMap<String, String>,
    /// What they are told, without a recipient's values.
    pub context: serde_json::Value,
    /// Whether its articles have a link for ratings.
    pub feedback: bool,
}
