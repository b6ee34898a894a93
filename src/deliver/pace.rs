//! Rates: moments at which letters may leave, bought from the database so that all nodes share one quota.
//!
//! All times here are microseconds since boot: a wall clock that is set back must not hold letters up.
//!
//! A node buys at most what leaves within a second, for letters that wait; what it bought and did not use is lost with
//! it: too slow, never too fast (`delivery.md` 11).

use std::collections::VecDeque;

use crate::model::rate::Rate;
use crate::store::{Database, StoreError, budgets};

/// How long somebody who could buy nothing waits before asking again, microseconds.
const ASK_AGAIN: i64 = 250_000;
/// How far ahead of the clock moments are bought, microseconds.
const AHEAD: i64 = 1_000_000;

/// The moments that were bought of one rate.
#[derive(Debug)]
pub(super) struct Purse {
    scope: String,
    rate: Rate,
    moments: VecDeque<i64>,
    ask_at: i64,
}

/// Whether a letter may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Now.
    Now,
    /// At that moment, microseconds.
    At(i64),
    /// When more was bought.
    Buy,
}

impl Purse {
    /// The purse of a rate; `whose` is `relay` or `domain:NAME`.
    pub(super) fn new(whose: &str, rate: Rate) -> Self {
        Self {
            scope: format!("{whose}:{}", rate.span_word()),
            rate,
            moments: VecDeque::new(),
            ask_at: 0,
        }
    }

    pub(super) fn may(&self, now: i64) -> May {
        match self.moments.front() {
            Some(at) if *at <= now => May::Now,
            Some(at) => May::At(*at),
            None if self.ask_at > now => May::At(self.ask_at),
            None => May::Buy,
        }
    }

    /// One letter leaves.
    pub(super) fn spend(&mut self) {
        self.moments.pop_front();
    }

    /// What is to be bought for `waiting` letters, if anything.
    pub(super) fn order(&self, waiting: usize, now: i64) -> Option<Order> {
        (self.may(now) == May::Buy).then(|| Order {
            scope: self.scope.clone(),
            rate: self.rate,
            count: self
                .rate
                .a_second_of_it()
                .min(u32::try_from(waiting.max(1)).unwrap_or(u32::MAX)),
        })
    }

    /// What was bought comes in; nothing means to ask again later.
    pub(super) fn fill(&mut self, order: &Order, moments: Vec<i64>, now: i64) {
        if self.scope != order.scope {
            return;
        }
        if moments.is_empty() {
            self.ask_at = now + ASK_AGAIN;
        }
        self.moments.extend(moments);
    }
}

/// So many moments of a rate.
#[derive(Debug, Clone)]
pub(super) struct Order {
    scope: String,
    rate: Rate,
    count: u32,
}

impl Order {
    /// Buys, or finds that nothing is left. `wall` stands for the shared clock where there is only this machine; the
    /// moments count as `boot` does.
    pub(super) async fn buy(&self, database: &Database, wall: i64, boot: i64) -> Result<Vec<i64>, StoreError> {
        let mut conn = database.begin().await?;
        let now = conn.shared_time(wall).await?;
        let (interval, tolerance) = (self.rate.interval(), self.rate.tolerance());
        let cost = interval * i64::from(self.count);
        let stands = budgets::buy(&mut conn, &self.scope, cost, now, tolerance + AHEAD).await?;
        conn.commit().await?;
        let offset = boot - now;
        Ok(stands.map_or_else(Vec::new, |tat| {
            (0..i64::from(self.count))
                .map(|n| (tat - cost + n * interval - tolerance).max(now) + offset)
                .collect()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_purse_gives_what_was_bought_at_its_moments_and_asks_no_more_often_than_it_must() {
        let mut purse = Purse::new("relay", Rate::new(10, Duration::from_secs(1)).unwrap());
        assert_eq!(purse.may(0), May::Buy);
        let order = purse.order(3, 0).unwrap();
        assert_eq!((order.scope.as_str(), order.count), ("relay:s", 3));
        purse.fill(&order, vec![0, 100_000], 0);
        assert_eq!(purse.may(0), May::Now);
        purse.spend();
        assert_eq!(purse.may(0), May::At(100_000));
        purse.spend();
        purse.fill(&order, Vec::new(), 0);
        assert_eq!(purse.may(0), May::At(ASK_AGAIN), "nothing is left: ask again later");
        assert_eq!(purse.may(ASK_AGAIN), May::Buy);
    }
}
