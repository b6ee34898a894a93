//! People's own feeds that were asked for lately: each is one person's alone, and made anew when it would say otherwise.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Documents;

/// Bytes of documents that stay in memory.
const BUDGET: usize = 16 << 20;

/// The latest documents of people's own feeds.
#[derive(Debug, Default)]
pub struct OwnFeeds(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    feeds: HashMap<i64, Own>,
    size: usize,
    uses: u64,
}

#[derive(Debug)]
struct Own {
    mark: String,
    documents: Arc<Documents>,
    size: usize,
    used: u64,
}

impl OwnFeeds {
    /// A person's documents, if they were made under the same mark.
    pub fn get(&self, subscriber: i64, mark: &str) -> Option<Arc<Documents>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        let own = held.feeds.get_mut(&subscriber).filter(|own| own.mark == mark)?;
        own.used = now;
        Some(Arc::clone(&own.documents))
    }

    /// Keeps a person's documents; those that nobody asked for longest make room.
    pub fn put(&self, subscriber: i64, mark: String, documents: Arc<Documents>) {
        let size = documents.iter().map(|document| document.size()).sum();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let own = Own {
            mark,
            documents,
            size,
            used: held.uses,
        };
        held.size += size;
        if let Some(before) = held.feeds.insert(subscriber, own) {
            held.size -= before.size;
        }
        while held.size > BUDGET {
            let oldest = held.feeds.iter().min_by_key(|(_, own)| own.used).map(|(who, _)| *who);
            let Some(own) = oldest.and_then(|who| held.feeds.remove(&who)) else {
                break;
            };
            held.size -= own.size;
        }
    }
}
