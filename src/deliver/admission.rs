//! Who may go next: rates, the fair share of each recipient domain, and domains that turn us away.
//!
//! A limit delays a claim and never creates one: what may not go yet stays where it is, and another domain's letter goes
//! first (`delivery.md` 10 and 11).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::Limit;
use crate::model::clock::micros;
use crate::model::rate::Rate;
use crate::model::verdict::{Class, Fault, Verdict};

use super::pace::{May, Order, Purse};
use super::streak::{Patience, Streak};

/// Policy refusals of one domain: 5 in a row, or a fifth of the last 50.
const POLICY: Patience = Patience {
    in_a_row: 5,
    of_window: 10,
    window: 50,
};
/// A domain that refuses for policy is left alone this long.
pub(super) const CLOSED_FOR: Duration = Duration::from_secs(4 * 3600);
/// A domain that asked for less gets half of its connections this long (4.7.x).
const SLOW_FOR: Duration = Duration::from_secs(600);

/// What stands in a letter's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    /// Nothing.
    Yes,
    /// Its domain has its share; it goes when no other domain waits.
    Share,
    /// A rate, until that moment (microseconds since boot).
    Until(i64),
    /// A rate of which more must be bought.
    Buy,
    /// Its domain has as many connections as it may; one of them must come back.
    Busy,
    /// Its domain turns us away until that moment (microseconds since boot).
    Closed(i64),
}

#[derive(Debug)]
struct Group {
    limit: Limit,
    purses: Vec<Purse>,
    busy: usize,
}

#[derive(Debug)]
struct Domain {
    busy: usize,
    slow_until: i64,
    closed_until: i64,
    policy: Streak,
}

impl Default for Domain {
    fn default() -> Self {
        Self {
            busy: 0,
            slow_until: 0,
            closed_until: 0,
            policy: Streak::new(POLICY),
        }
    }
}

#[derive(Debug)]
struct Inner {
    relay: Vec<Purse>,
    groups: Vec<Group>,
    domains: HashMap<Arc<str>, Domain>,
    connections: usize,
    nodes: usize,
}

/// Decides for all connections of a node.
#[derive(Debug)]
pub(super) struct Admission(Mutex<Inner>);

impl Admission {
    /// The rates of the relay, the limits of groups of domains, and how many connections there are to share.
    pub(super) fn new(rates: &[Rate], limits: &[Limit], connections: usize) -> Self {
        let purses =
            |whose: &str, rates: &[Rate]| -> Vec<Purse> { rates.iter().map(|rate| Purse::new(whose, *rate)).collect() };
        let groups = limits.iter().map(|limit| {
            let whose = format!("domain:{}", limit.domains.first().map_or("", String::as_str));
            Group {
                purses: purses(&whose, &limit.rates),
                limit: limit.clone(),
                busy: 0,
            }
        });
        Self(Mutex::new(Inner {
            relay: purses("relay", rates),
            groups: groups.collect(),
            domains: HashMap::new(),
            connections,
            nodes: 1,
        }))
    }

    /// So many nodes send: they divide the connections that a group of domains may have.
    pub(super) fn share_with(&self, nodes: usize) {
        self.lock().nodes = nodes.max(1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands in the way of a letter to `domain`.
    pub(super) fn of(&self, domain: &str, now: i64) -> Admitted {
        self.lock().of(domain, now)
    }

    /// A letter to `domain` goes now: what it needs is taken, and its place is held until the result is dropped.
    pub(super) fn enter(self: &Arc<Self>, domain: &Arc<str>) -> Seat {
        let mut inner = self.lock();
        for purse in &mut inner.relay {
            purse.spend();
        }
        if let Some(group) = inner.group(domain) {
            group.busy += 1;
            group.purses.iter_mut().for_each(Purse::spend);
        }
        inner.domains.entry(Arc::clone(domain)).or_default().busy += 1;
        Seat {
            admission: Arc::clone(self),
            domain: Arc::clone(domain),
        }
    }

    /// Everything of which more must be bought so that letters to `domain` may go.
    pub(super) fn orders(&self, domain: &str, waiting: usize, now: i64) -> Vec<Order> {
        let mut inner = self.lock();
        let mut orders: Vec<Order> = inner
            .relay
            .iter()
            .filter_map(|purse| purse.order(waiting, now))
            .collect();
        if let Some(group) = inner.group(domain) {
            orders.extend(group.purses.iter().filter_map(|purse| purse.order(waiting, now)));
        }
        orders
    }

    /// Puts in what was bought.
    pub(super) fn fill(&self, order: &Order, moments: &[i64], now: i64) {
        let mut inner = self.lock();
        let Inner { relay, groups, .. } = &mut *inner;
        let purses = relay
            .iter_mut()
            .chain(groups.iter_mut().flat_map(|group| &mut group.purses));
        for purse in purses {
            purse.fill(order, moments.to_vec(), now);
        }
    }

    /// Takes note of how a domain answered; `true` when it is to be left alone from now on.
    pub(super) fn note(&self, domain: &Arc<str>, verdict: &Verdict, now: i64) -> bool {
        let class = verdict.class();
        if matches!(class, Class::NotTried(_) | Class::Unknown) {
            return false;
        }
        let mut inner = self.lock();
        let state = inner.domains.entry(Arc::clone(domain)).or_default();
        if class == Class::Deferred(Fault::Policy) {
            state.slow_until = now + micros(SLOW_FOR);
        }
        let closes = state.policy.note(class == Class::Failed(Fault::Policy));
        if closes {
            state.closed_until = now + micros(CLOSED_FOR);
        }
        closes
    }

    /// Another node, or an earlier process, found that a domain turns us away until then.
    pub(super) fn close(&self, domain: &str, until: i64) {
        let mut inner = self.lock();
        let state = inner.domains.entry(Arc::from(domain)).or_default();
        state.closed_until = state.closed_until.max(until);
    }
}

impl Inner {
    fn group(&mut self, domain: &str) -> Option<&mut Group> {
        self.groups
            .iter_mut()
            .find(|group| group.limit.domains.iter().any(|listed| listed == domain))
    }

    fn of(&mut self, domain: &str, now: i64) -> Admitted {
        let mut share = (self.connections / 2).max(1);
        let mut busy = 0;
        let mut slow = false;
        if let Some(state) = self.domains.get(domain) {
            if state.closed_until > now {
                return Admitted::Closed(state.closed_until);
            }
            slow = state.slow_until > now;
            busy = state.busy;
        }
        if slow {
            share = (share / 2).max(1);
            if busy >= share {
                return Admitted::Busy;
            }
        }
        let mut ways: Vec<May> = self.relay.iter().map(|purse| purse.may(now)).collect();
        let nodes = self.nodes;
        if let Some(group) = self.group(domain) {
            let most = group.limit.connections.map(|most| (most / nodes).max(1));
            if most.is_some_and(|most| group.busy >= most) {
                return Admitted::Busy;
            }
            ways.extend(group.purses.iter().map(|purse| purse.may(now)));
        }
        if ways.contains(&May::Buy) {
            return Admitted::Buy;
        }
        let latest = ways.iter().filter_map(|way| match way {
            May::At(at) => Some(*at),
            May::Now | May::Buy => None,
        });
        match latest.max() {
            Some(at) => Admitted::Until(at),
            None if busy >= share => Admitted::Share,
            None => Admitted::Yes,
        }
    }
}

/// A letter on its way to a domain.
#[derive(Debug)]
pub(super) struct Seat {
    admission: Arc<Admission>,
    domain: Arc<str>,
}

impl Seat {
    /// Which domain.
    pub(super) fn domain(&self) -> &Arc<str> {
        &self.domain
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.admission.lock();
        if let Some(group) = inner.group(&self.domain) {
            group.busy -= 1;
        }
        let Some(state) = inner.domains.get_mut(&self.domain) else {
            return;
        };
        state.busy -= 1;
        // A long list has many domains, and there is nothing to remember of most.
        if state.busy == 0 && state.slow_until == 0 && state.closed_until == 0 && state.policy.is_clean() {
            inner.domains.remove(&self.domain);
        }
    }
}

/// The domain of an address, lower case.
pub(super) fn domain_of(address: &str) -> Arc<str> {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    Arc::from(domain.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::{Phase, Reply};

    const NOW: i64 = 0;

    fn limit(domain: &str, connections: usize) -> Limit {
        Limit {
            domains: vec![domain.to_owned()],
            connections: Some(connections),
            rates: Vec::new(),
        }
    }

    /// How many letters to `domain` may be under way at once, on a node with many connections.
    fn room(admission: &Arc<Admission>, domain: &str, now: i64) -> usize {
        let domain = Arc::from(domain);
        let mut seats = Vec::new();
        while admission.of(&domain, now) == Admitted::Yes {
            seats.push(admission.enter(&domain));
        }
        seats.len()
    }

    #[test]
    fn nodes_divide_the_connections_that_a_domain_may_have() {
        let admission = Arc::new(Admission::new(&[], &[limit("strict.example", 6)], 32));
        let rooms = [1, 2, 3, 4, 6, 60].map(|nodes| {
            admission.share_with(nodes);
            room(&admission, "strict.example", NOW)
        });
        // Whoever comes last has one all the same: nobody is left without.
        assert_eq!(rooms, [6, 3, 2, 1, 1, 1]);
        assert_eq!(room(&admission, "other.example", NOW), 16, "half for one domain");
    }

    #[test]
    fn a_domain_that_asks_for_less_gets_half_for_ten_minutes() {
        let admission = Arc::new(Admission::new(&[], &[], 16));
        let (domain, other) = (Arc::from("busy.example"), "other.example");
        assert_eq!(room(&admission, &domain, NOW), 8);
        let asks = Verdict::reply(Phase::Rcpt, Reply::new(450, "4.7.1 too fast"));
        assert!(
            !admission.note(&domain, &asks, NOW),
            "asking for less is no turning away"
        );
        assert_eq!(room(&admission, &domain, NOW), 4);
        assert_eq!(room(&admission, other, NOW), 8, "the others keep theirs");
        let later = NOW + micros(SLOW_FOR);
        assert_eq!(room(&admission, &domain, later - 1), 4);
        assert_eq!(room(&admission, &domain, later), 8);
    }

    #[test]
    fn what_another_node_found_out_about_a_domain_holds_here_too() {
        let admission = Arc::new(Admission::new(&[], &[], 16));
        let until = NOW + micros(CLOSED_FOR);
        admission.close("shut.example", until);
        // An older word does not open it earlier.
        admission.close("shut.example", until - 5);
        assert_eq!(admission.of("shut.example", NOW), Admitted::Closed(until));
        assert_eq!(admission.of("shut.example", until), Admitted::Yes);
    }
}
