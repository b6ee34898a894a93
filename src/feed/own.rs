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
        held.make_room(BUDGET);
    }
}

impl Held {
    /// Lets the documents go that nobody asked for longest, until the rest has at most `budget` bytes.
    fn make_room(&mut self, budget: usize) {
        while self.size > budget {
            let oldest = self.feeds.iter().min_by_key(|(_, own)| own.used);
            let oldest = oldest.map(|(who, _)| *who);
            let Some(own) = oldest.and_then(|who| self.feeds.remove(&who)) else {
                return;
            };
            self.size -= own.size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Bodies, Kind, Prepared};
    use crate::model::feed_date::FeedDate;
    use crate::model::feed_key::Format;

    fn documents(text: &str) -> Arc<Documents> {
        let one = |format| {
            let bodies = Bodies::of(text);
            Arc::new(Prepared::new(
                Kind::Feed(format),
                bodies,
                FeedDate::from_micros(0),
                None,
            ))
        };
        Arc::new(Format::ALL.map(one))
    }

    #[test]
    fn who_came_last_keeps_a_place_and_another_mark_is_another_feed() {
        let own = OwnFeeds::default();
        for subscriber in [1, 2, 3] {
            own.put(subscriber, "old".to_owned(), documents("before"));
        }
        own.put(2, "new".to_owned(), documents("after"));
        assert!(own.get(2, "old").is_none() && own.get(2, "new").is_some());
        assert!(own.get(1, "old").is_some());
        let mut held = own.0.lock().unwrap();
        let each: usize = held.feeds.values().map(|own| own.size).sum();
        assert_eq!(held.size, each, "what was replaced is not counted");
        let budget = held.size - 1;
        held.make_room(budget);
        drop(held);
        assert!(own.get(3, "old").is_none(), "nobody asked for it");
        assert!(own.get(1, "old").is_some() && own.get(2, "new").is_some());
        own.0.lock().unwrap().make_room(0);
        assert!(own.get(1, "old").is_none());
    }
}
