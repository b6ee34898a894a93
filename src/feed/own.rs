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
    uses: u64,
}

#[derive(Debug)]
struct Own {
    mark: String,
    documents: Arc<Documents>,
    used: u64,
}

impl Own {
    /// Bytes held now: they grow with every coding that a reader asks for.
    fn size(&self) -> usize {
        self.documents.iter().map(|document| document.size()).sum()
    }
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
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let own = Own {
            mark,
            documents,
            used: held.uses,
        };
        held.feeds.insert(subscriber, own);
        held.make_room(BUDGET);
    }

    /// Lets the documents go that nobody asked for longest, until the rest fits.
    pub(super) fn keep_within_budget(&self) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.make_room(BUDGET);
    }
}

impl Held {
    /// Lets the documents go that nobody asked for longest, until the rest has at most `budget` bytes.
    fn make_room(&mut self, budget: usize) {
        let each = self.feeds.iter().map(|(who, own)| (own.used, *who, own.size()));
        let mut each: Vec<(u64, i64, usize)> = each.collect();
        let mut total: usize = each.iter().map(|(.., size)| size).sum();
        each.sort_unstable();
        for (_, who, size) in each {
            if total <= budget {
                break;
            }
            self.feeds.remove(&who);
            total -= size;
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
        let total: usize = held.feeds.values().map(Own::size).sum();
        held.make_room(total - 1);
        drop(held);
        assert!(own.get(3, "old").is_none(), "nobody asked for it");
        assert!(own.get(1, "old").is_some() && own.get(2, "new").is_some());
        own.0.lock().unwrap().make_room(0);
        assert!(own.get(1, "old").is_none());
    }

    #[test]
    fn a_feed_that_many_programs_read_counts_in_every_coding() {
        let set = crate::feed::FeedSet::default();
        let long = "word ".repeat(400 << 10);
        for subscriber in [1, 2, 3] {
            let documents = documents(&long);
            set.own.put(subscriber, String::new(), Arc::clone(&documents));
            for document in documents.iter() {
                document.bodies().identity();
            }
        }
        // Three times three documents of two megabytes.
        set.keep_within_budget();
        let held = |subscriber| set.own.get(subscriber, "").is_some();
        assert_eq!([held(1), held(2), held(3)], [false, true, true]);
    }
}
