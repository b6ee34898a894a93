//! How many whole copies of the same bytes one network may take (`feeds.md` 14): those who remember what they have are
//! never counted, and nobody is ever denied what is new.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::model::network::vicinity;

/// Networks and documents that are remembered; the one that was seen longest ago is forgotten first.
const REMEMBERED: usize = 100_000;

/// A bucket of tokens: one for each copy.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Duration,
}

/// What networks took of each document lately.
#[derive(Debug, Default)]
pub struct Allowance(Mutex<HashMap<(String, String), Bucket>>);

impl Allowance {
    /// Takes one copy of the document with this entity tag for whoever asks from `client`; `at` is time since boot, one
    /// copy comes back each `every`.
    ///
    /// # Errors
    /// How long to wait for the next one, when the network has taken `burst` of them.
    pub fn take(
        &self,
        (client, tag): (IpAddr, &str),
        at: Duration,
        burst: u32,
        every: Duration,
    ) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (vicinity(client), tag.to_owned());
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&key) {
            forget(&mut buckets, at, burst, every);
        }
        let full = f64::from(burst);
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: full, at });
        let back = at.saturating_sub(bucket.at).as_secs_f64() / every.as_secs_f64().max(1.0);
        bucket.tokens = (bucket.tokens + back).min(full);
        bucket.at = at;
        if bucket.tokens < 1.0 {
            return Err(every.mul_f64(1.0 - bucket.tokens));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

/// Those that are full again say nothing; if none is, the oldest tenth goes.
fn forget(buckets: &mut HashMap<(String, String), Bucket>, at: Duration, burst: u32, every: Duration) {
    buckets.retain(|_, bucket| at.saturating_sub(bucket.at) < every.saturating_mul(burst));
    if buckets.len() < REMEMBERED {
        return;
    }
    let mut ages: Vec<Duration> = buckets.values().map(|bucket| bucket.at).collect();
    let tenth = ages.len() / 10;
    let (_, oldest, _) = ages.select_nth_unstable(tenth);
    let oldest = *oldest;
    buckets.retain(|_, bucket| bucket.at > oldest);
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: Duration = Duration::from_mins(15);

    #[test]
    fn a_network_that_takes_copy_after_copy_waits_for_the_next_one_and_others_do_not() {
        let allowance = Allowance::default();
        let take = |client: &str, path: &str, minutes: u64| {
            let at = Duration::from_mins(minutes);
            allowance.take((client.parse().unwrap(), path), at, 3, QUARTER)
        };
        for _ in 0..3 {
            take("192.0.2.1", "rss.xml", 100).unwrap();
        }
        assert_eq!(take("192.0.2.200", "rss.xml", 100), Err(QUARTER));
        assert!(take("192.0.3.1", "rss.xml", 100).is_ok());
        assert!(take("192.0.2.1", "atom.xml", 100).is_ok());
        assert!(take("192.0.2.1", "rss.xml", 114).is_err());
        assert!(take("192.0.2.1", "rss.xml", 115).is_ok());
        assert!(take("2001:db8:0:1::1", "rss.xml", 0).is_ok());
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let allowance = Allowance::default();
        for number in (0_u32..).take(REMEMBERED + 1000) {
            let client = IpAddr::from((number << 8).to_be_bytes());
            let at = Duration::from_secs(1000 + u64::from(number) / 1000);
            allowance.take((client, "rss.xml"), at, 3, QUARTER).unwrap();
        }
        let remembered = allowance.0.lock().unwrap().len();
        assert!((REMEMBERED / 2..=REMEMBERED).contains(&remembered), "{remembered}");
    }
}
