//! The gate before the final dot: whether this process may still let a letter go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::model::clock::Clock;

/// Asked directly before the dot: the lease must be valid by the clock that counts suspended time, and nobody may have
/// asked to stop.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    clock: Arc<dyn Clock>,
    /// End of the lease, milliseconds since boot.
    lease_until: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Gate {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            lease_until: Arc::default(),
            stopped: Arc::default(),
        }
    }

    /// The lease was renewed for `length`, counted from `asked_at`, the moment before the database was asked.
    pub(super) fn extend(&self, asked_at: Duration, length: Duration) {
        let until = u64::try_from((asked_at + length).as_millis()).unwrap_or(u64::MAX);
        self.lease_until.store(until, Ordering::SeqCst);
    }

    /// From now on no dot is written.
    pub(super) fn close(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Whether a dot may be written now.
    pub(super) fn is_open(&self) -> bool {
        let now = u64::try_from(self.clock.since_boot().as_millis()).unwrap_or(u64::MAX);
        !self.stopped.load(Ordering::SeqCst) && now < self.lease_until.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::SetClock;
    use chrono::DateTime;

    #[test]
    fn a_node_that_slept_past_its_lease_lets_no_letter_go() {
        let clock = Arc::new(SetClock::at(DateTime::UNIX_EPOCH));
        let gate = Gate::new(clock.clone());
        assert!(!gate.is_open(), "no lease yet");
        gate.extend(clock.since_boot(), Duration::from_secs(60));
        assert!(gate.is_open());
        clock.advance(Duration::from_secs(61));
        assert!(!gate.is_open(), "the machine was suspended");
        gate.extend(clock.since_boot(), Duration::from_secs(60));
        gate.close();
        assert!(!gate.is_open(), "asked to stop");
    }
}
