//! Two lanes into the connections: notices first, then deliveries.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::store::chunks::Chunk;
use crate::store::deliveries::Due;
use crate::store::notices::DueNotice;

use super::letters::IssueLetters;

/// One delivery on its way to a connection.
#[derive(Debug)]
pub(super) struct DeliveryJob {
    pub(super) due: Due,
    pub(super) chunk_no: i64,
    pub(super) letters: Arc<IssueLetters>,
    pub(super) ticket: Ticket,
}

/// What a connection takes next.
#[derive(Debug)]
pub(super) enum Job {
    Notice(Box<DueNotice>),
    Delivery(Box<DeliveryJob>),
}

#[derive(Debug, Default)]
struct Waiting {
    notices: VecDeque<Box<DueNotice>>,
    deliveries: VecDeque<Box<DeliveryJob>>,
    closed: bool,
}

/// The lanes; shared by the feeder and every connection.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

impl Lanes {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues notices, unless the last ones still wait.
    pub(super) fn add_notices(&self, notices: Vec<DueNotice>) {
        let mut waiting = self.lock();
        if waiting.notices.is_empty() && !waiting.closed {
            waiting.notices.extend(notices.into_iter().map(Box::new));
        }
        drop(waiting);
        self.wake.notify_waiters();
    }

    /// Whether notices wait.
    pub(super) fn has_notices(&self) -> bool {
        !self.lock().notices.is_empty()
    }

    /// Queues deliveries; once the lanes are closed they are dropped, and with them their tickets.
    pub(super) fn add_deliveries(&self, jobs: impl Iterator<Item = DeliveryJob>) {
        let mut waiting = self.lock();
        if !waiting.closed {
            waiting.deliveries.extend(jobs.map(Box::new));
        }
        drop(waiting);
        self.wake.notify_waiters();
    }

    /// The next job, if one waits.
    pub(super) fn take(&self) -> Option<Job> {
        let mut waiting = self.lock();
        if let Some(notice) = waiting.notices.pop_front() {
            return Some(Job::Notice(notice));
        }
        waiting.deliveries.pop_front().map(Job::Delivery)
    }

    /// Waits for the next job; `None` when the lanes are closed.
    pub(super) async fn next(&self) -> Option<Job> {
        loop {
            // Registered before the look, so that a job that comes between look and sleep is not missed.
            let woken = self.wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if let Some(job) = self.take() {
                return Some(job);
            }
            if self.lock().closed {
                return None;
            }
            woken.await;
        }
    }

    /// No further jobs: what waits goes back untouched.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.notices.clear();
        waiting.deliveries.clear();
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
        }
    }

    #[tokio::test]
    async fn a_notice_that_waits_is_not_queued_twice_and_a_closed_lane_gives_nothing() {
        let lanes = Lanes::default();
        lanes.add_notices(vec![notice(1)]);
        lanes.add_notices(vec![notice(1)]);
        assert!(matches!(lanes.next().await, Some(Job::Notice(_))));
        assert!(lanes.take().is_none());
        lanes.close();
        lanes.add_notices(vec![notice(2)]);
        assert!(lanes.next().await.is_none());
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
