//! What other sources have: an address is published once, and an article that changes its source stays the same article.

use std::collections::{HashMap, HashSet};

use crate::model::article::{Draft, Visibility};
use crate::model::same_address::comparison_form;
use crate::store::articles::{self, Known, OfOthers};
use crate::store::{Conn, StoreError};

use super::identity::{Identity, Index};

/// For so long an article that is gone from one source may turn up in another, in microseconds: 30 days.
pub(super) const MATCHABLE: i64 = 30 * 86_400_000_000;

/// Addresses of other sources' articles, as they are compared.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// Those that are published or will be, with the words that name the article.
    taken: HashMap<String, String>,
    /// Those whose source let them go, or is no more, with the id of the article.
    left: HashMap<String, String>,
}

impl Elsewhere {
    /// `sources` are those of the config.
    pub(super) fn of(rows: Vec<OfOthers>, sources: &HashSet<&str>) -> Self {
        let mut elsewhere = Self::default();
        for row in rows {
            let Some(address) = comparison_form(&row.url) else {
                continue;
            };
            if row.visibility == Visibility::Gone.word() || !sources.contains(row.source_id.as_str()) {
                elsewhere.left.insert(address, row.id);
            } else {
                let owner = format!("{} of the source {}", row.locator, row.source_id);
                elsewhere.taken.insert(address, owner);
            }
        }
        elsewhere
    }

    /// Which article of another source has the address that this draft would get.
    pub(super) fn owner(&self, index: &Index, draft: &Draft, identity: Identity) -> Option<&str> {
        let would_come = match identity {
            Identity::New => true,
            Identity::Same(at) | Identity::Moved(at) => {
                let known = &index.known[at];
                let is_out = matches!(known.visibility, Visibility::Public | Visibility::Scheduled);
                known.url != draft.url || !is_out
            }
            _ => false,
        };
        if !would_come || self.taken.is_empty() || draft.excluded.is_some() {
            return None;
        }
        self.taken.get(&comparison_form(&draft.url)?).map(String::as_str)
    }

    /// The article that this draft goes on with: it has that address, and its source has it no more.
    pub(super) async fn heir_of(&self, conn: &mut Conn, draft: &Draft) -> Result<Option<Known>, StoreError> {
        if self.left.is_empty() || draft.excluded.is_some() {
            return Ok(None);
        }
        let left = comparison_form(&draft.url).and_then(|address| self.left.get(&address));
        match left {
            Some(id) => articles::known_by_id(conn, id).await,
            None => Ok(None),
        }
    }
}
