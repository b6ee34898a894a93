//! Proxies that the config does not name (`feeds.md` 14): what they say of their clients is not believed, so that all of those
//! would share one limit.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::network::whereabouts;

/// Networks that are remembered between two looks.
const MOST: usize = 100;

/// How many requests came from where, since the numbers were taken last.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<HashMap<String, i64>>);

impl Strangers {
    /// Notes a request that names its client and does not come from a trusted proxy.
    pub fn note(&self, peer: IpAddr) {
        let from = whereabouts(peer);
        let mut held = self.lock();
        if held.len() < MOST || held.contains_key(&from) {
            *held.entry(from).or_default() += 1;
        }
    }

    /// Takes the numbers.
    pub fn take(&self) -> Vec<(String, i64)> {
        self.lock().drain().collect()
    }

    /// Puts numbers back that could not be written.
    pub fn put_back(&self, taken: Vec<(String, i64)>) {
        let mut held = self.lock();
        for (from, requests) in taken.into_iter().take(MOST) {
            *held.entry(from).or_default() += requests;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_strangers_come_what_is_remembered_has_an_end() {
        let strangers = Strangers::default();
        for number in 0..100_000_u32 {
            strangers.note(IpAddr::from((0x0b00_0000 + (number << 8)).to_be_bytes()));
        }
        for _ in 0..3 {
            strangers.note("11.0.0.77".parse().unwrap());
        }
        let taken = strangers.take();
        assert_eq!(taken.len(), MOST);
        assert!(taken.contains(&("11.0.0.0/24".to_owned(), 4)));
        assert!(strangers.take().is_empty());
        strangers.put_back(taken);
        assert_eq!(strangers.take().len(), MOST);
    }
}
