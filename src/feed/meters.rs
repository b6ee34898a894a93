//! What those who watch over the service want to know of the feeds: counted in memory, read at `/metrics`.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Statuses that requests for feeds are answered with.
const STATUSES: [u16; 9] = [200, 204, 301, 304, 404, 405, 410, 429, 503];

/// Counts since this process started, and since when feeds are not what they should be.
#[derive(Debug, Default)]
pub struct Meters {
    requests: [AtomicU64; STATUSES.len()],
    errors: AtomicU64,
    /// Microseconds since 1970; 0 while all is well.
    stale_since: AtomicI64,
}

impl Meters {
    /// A request was answered with `status`.
    pub fn note_request(&self, status: u16) {
        if let Some(place) = STATUSES.iter().position(|known| *known == status) {
            self.requests[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// An article was left out of a document, or a document could not be made.
    pub fn note_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Readers get what was good last, at least since `now` (microseconds).
    pub fn note_stale(&self, now: i64) {
        let _ = self
            .stale_since
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Every feed is as new as its articles.
    pub fn note_fresh(&self) {
        self.stale_since.store(0, Ordering::Relaxed);
    }

    /// Answers by status.
    pub fn requests(&self) -> impl Iterator<Item = (u16, u64)> {
        let counts = self.requests.iter().map(|count| count.load(Ordering::Relaxed));
        STATUSES.into_iter().zip(counts)
    }

    /// How often something could not be printed.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// How long feeds have been stale at `now`, in microseconds; 0 while all is well.
    pub fn stale_for(&self, now: i64) -> i64 {
        match self.stale_since.load(Ordering::Relaxed) {
            0 => 0,
            since => now.saturating_sub(since).max(0),
        }
    }
}
