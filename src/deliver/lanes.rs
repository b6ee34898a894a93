//! Two lanes into the connections: notices first, then deliveries; within a lane whatever may go.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::store::chunks::Chunk;
use crate::store::deliveries::Due;
use crate::store::notices::DueNotice;

use super::admission::{Admission, Admitted, Seat, domain_of};
use super::letters::IssueLetters;

/// One delivery on its way to a connection.
#[derive(Debug)]
pub(super) struct DeliveryJob {
    pub(super) due: Due,
    pub(super) chunk_no: i64,
    pub(super) letters: Arc<IssueLetters>,
    pub(super) ticket: Ticket,
}

/// When to look again for a domain's connection to come back, microseconds.
const LOOK_AGAIN: i64 = 50_000;

/// What waits, each domain in a row of its own: however many wait for one that has its share, it is asked about once.
#[derive(Debug)]
struct Lane<T> {
    rows: HashMap<Arc<str>, VecDeque<(u64, Box<T>)>>,
    /// The first of each row by its number, which counts arrivals.
    fronts: BTreeMap<u64, Arc<str>>,
    arrivals: u64,
    waiting: usize,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            fronts: BTreeMap::new(),
            arrivals: 0,
            waiting: 0,
        }
    }
}

impl<T> Lane<T> {
    fn push(&mut self, domain: Arc<str>, job: T) {
        self.arrivals += 1;
        self.waiting += 1;
        let row = self.rows.entry(domain).or_insert_with_key(|domain| {
            self.fronts.insert(self.arrivals, Arc::clone(domain));
            VecDeque::new()
        });
        row.push_back((self.arrivals, Box::new(job)));
    }

    /// Takes what stands first in the row of a front.
    fn take(&mut self, front: u64) -> Option<(Box<T>, Arc<str>)> {
        let domain = self.fronts.remove(&front)?;
        let row = self.rows.get_mut(&domain)?;
        let (_, job) = row.pop_front()?;
        self.waiting -= 1;
        match row.front() {
            Some((next, _)) => drop(self.fronts.insert(*next, Arc::clone(&domain))),
            None => drop(self.rows.remove(&domain)),
        }
        Some((job, domain))
    }
}

/// What a connection does next.
#[derive(Debug)]
pub(super) enum Next {
    Notice(Box<DueNotice>, Seat),
    Delivery(Box<DeliveryJob>, Seat),
    /// Its domain turns us away until that moment, microseconds since boot.
    Postpone(Box<DeliveryJob>, i64),
    /// More of a rate must be bought for letters to this domain; so many wait.
    Buy(Arc<str>, usize),
    /// Nothing may go before that moment, microseconds since boot.
    Wait(i64),
    /// Nothing waits, or nothing may go before another letter is done.
    Nothing,
}

/// Which lanes a connection serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serves {
    /// Both.
    All,
    /// Only notices: a confirmation must not wait for a million letters.
    Notices,
}

#[derive(Debug, Default)]
struct Waiting {
    notices: Lane<DueNotice>,
    deliveries: Lane<DeliveryJob>,
    closed: bool,
}

/// The lanes; shared by the feeder and every connection.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

/// The front that may go, or what stands in the way of the one that may go soonest.
enum Found {
    Front(u64),
    Closed(u64, i64),
    Buy(Arc<str>),
    Wait(i64),
    Nothing,
}

/// Looks through a lane in the order of arrival.
fn find<T>(lane: &Lane<T>, admission: &Admission, now: i64) -> Found {
    let (mut over_share, mut soonest, mut buy) = (None, None, None);
    for (front, domain) in &lane.fronts {
        match admission.of(domain, now) {
            Admitted::Yes => return Found::Front(*front),
            Admitted::Closed(until) => return Found::Closed(*front, until),
            Admitted::Share => over_share = over_share.or(Some(*front)),
            Admitted::Buy => buy = buy.or_else(|| Some(Arc::clone(domain))),
            Admitted::Until(at) => soonest = Some(soonest.map_or(at, |other: i64| other.min(at))),
            Admitted::Busy => {}
        }
    }
    match (over_share, buy, soonest) {
        (Some(front), _, _) => Found::Front(front),
        (None, Some(domain), _) => Found::Buy(domain),
        (None, None, Some(at)) => Found::Wait(at),
        (None, None, None) => Found::Nothing,
    }
}

impl Waiting {
    fn delivery(&mut self, admission: &Arc<Admission>, now: i64) -> Next {
        match find(&self.deliveries, admission, now) {
            Found::Front(front) => match self.deliveries.take(front) {
                Some((job, domain)) => Next::Delivery(job, admission.enter(&domain)),
                None => Next::Nothing,
            },
            Found::Closed(front, until) => match self.deliveries.take(front) {
                Some((job, _)) => Next::Postpone(job, until),
                None => Next::Nothing,
            },
            Found::Buy(domain) => Next::Buy(domain, self.deliveries.waiting),
            Found::Wait(at) => Next::Wait(at),
            // Every domain that waits has all the connections it may have.
            Found::Nothing if self.deliveries.waiting > 0 => Next::Wait(now + LOOK_AGAIN),
            Found::Nothing => Next::Nothing,
        }
    }
}

impl Lanes {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues notices, unless the last ones still wait.
    pub(super) fn add_notices(&self, notices: Vec<DueNotice>) {
        let mut waiting = self.lock();
        if waiting.notices.waiting == 0 && !waiting.closed {
            for notice in notices {
                waiting.notices.push(domain_of(&notice.address), notice);
            }
        }
        drop(waiting);
        self.wake.notify_waiters();
    }

    /// Whether notices wait.
    pub(super) fn has_notices(&self) -> bool {
        self.lock().notices.waiting > 0
    }

    /// Queues deliveries; once the lanes are closed they are dropped, and with them their tickets.
    pub(super) fn add_deliveries(&self, jobs: impl Iterator<Item = DeliveryJob>) {
        let mut waiting = self.lock();
        if !waiting.closed {
            for job in jobs {
                waiting.deliveries.push(domain_of(&job.due.address), job);
            }
        }
        drop(waiting);
        self.wake.notify_waiters();
    }

    /// What a connection does next; whatever it takes holds its seat from now on.
    pub(super) fn take(&self, serves: Serves, admission: &Arc<Admission>, now: i64) -> Next {
        let mut waiting = self.lock();
        let notices = find(&waiting.notices, admission, now);
        if let Found::Front(front) | Found::Closed(front, _) = notices
            && let Some((notice, domain)) = waiting.notices.take(front)
        {
            // A domain that turns issues away may still want the one letter that a person asked for.
            return Next::Notice(notice, admission.enter(&domain));
        }
        let next = match notices {
            Found::Buy(domain) => Next::Buy(domain, waiting.notices.waiting),
            Found::Wait(at) => Next::Wait(at),
            _ => Next::Nothing,
        };
        // Notices draw first: as long as they wait for a rate, no delivery takes it.
        if serves == Serves::All && matches!(next, Next::Nothing) {
            return waiting.delivery(admission, now);
        }
        next
    }

    /// Whether no further jobs come.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Told when there may be something to take; to be enabled before the look.
    pub(super) fn woken(&self) -> tokio::sync::futures::Notified<'_> {
        self.wake.notified()
    }

    /// No further jobs: what waits goes back untouched.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.notices = Lane::default();
        waiting.deliveries = Lane::default();
        drop(waiting);
        self.wake.notify_waiters();
    }
}

/// How many deliveries of a chunk are on their way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    open: AtomicUsize,
    changed: Notify,
}

impl Tally {
    /// One more on its way, until the ticket is dropped.
    pub(super) fn ticket(self: &Arc<Self>) -> Ticket {
        self.open.fetch_add(1, Ordering::SeqCst);
        Ticket(Arc::clone(self))
    }

    /// Waits until at most `most` are on their way.
    pub(super) async fn down_to(&self, most: usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.open.load(Ordering::SeqCst) <= most {
                return;
            }
            changed.await;
        }
    }
}

/// Counts a delivery as on its way as long as it lives.
#[derive(Debug)]
pub(super) struct Ticket(Arc<Tally>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

/// A chunk and what is on its way from it.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) chunk: Chunk,
    pub(super) tally: Arc<Tally>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(id: i64) -> DueNotice {
        DueNotice {
            id,
            kind: "confirmation".to_owned(),
            subscriber_id: 1,
            newsletter_id: "notes".to_owned(),
            attempt_no: 0,
            unknowns: 0,
            first_at: None,
            created_at: 0,
            address: "reader@example.org".to_owned(),
            name: None,
            token_epoch: 0,
            schedule_id: String::new(),
            since: 0,
            content: None,
        }
    }

    fn admission() -> Arc<Admission> {
        Arc::new(Admission::new(&[], &[], 8))
    }

    #[test]
    fn a_notice_that_waits_is_not_queued_twice_and_a_closed_lane_gives_nothing() {
        let (lanes, admission) = (Lanes::default(), admission());
        lanes.add_notices(vec![notice(1)]);
        lanes.add_notices(vec![notice(1)]);
        let taken = lanes.take(Serves::Notices, &admission, 0);
        assert!(matches!(taken, Next::Notice(..)));
        assert!(matches!(lanes.take(Serves::All, &admission, 0), Next::Nothing));
        lanes.close();
        lanes.add_notices(vec![notice(2)]);
        assert!(matches!(lanes.take(Serves::All, &admission, 0), Next::Nothing));
        assert!(lanes.is_closed());
    }

    #[test]
    fn letters_go_in_the_order_in_which_they_came_and_a_domain_that_has_its_share_lets_others_pass() {
        let mut lane = Lane::default();
        for (job, domain) in ["a", "a", "b", "a", "b", "c"].into_iter().enumerate() {
            lane.push(Arc::from(domain), job);
        }
        let one_each = Arc::new(Admission::new(&[], &[], 2));
        let mut seats = Vec::new();
        let mut order = Vec::new();
        while let Found::Front(front) = find(&lane, &one_each, 0) {
            let (job, domain) = lane.take(front).unwrap();
            seats.push(one_each.enter(&domain));
            order.push(*job);
        }
        assert_eq!(
            order,
            [0, 2, 5, 1, 3, 4],
            "one of each domain, then the others as they came"
        );
        assert_eq!((lane.waiting, lane.rows.len(), lane.fronts.len()), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_chunk_waits_for_everything_that_is_on_its_way() {
        let tally = Arc::new(Tally::default());
        let tickets = [tally.ticket(), tally.ticket()];
        let waiting = tokio::spawn({
            let tally = Arc::clone(&tally);
            async move { tally.down_to(0).await }
        });
        drop(tickets);
        waiting.await.unwrap();
    }
}
