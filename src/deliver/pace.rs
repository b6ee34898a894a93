//! `mail.smtp.rate`: delays an attempt, never makes one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Hands out moments at an even rate, in the order of asking.
#[derive(Debug, Default)]
pub(super) struct Pace {
    interval: Option<Duration>,
    next: Mutex<Duration>,
}

impl Pace {
    /// At most `per_second` letters; `None` for as fast as it goes.
    pub(super) fn new(per_second: Option<f64>) -> Self {
        let interval = per_second
            .filter(|rate| *rate > 0.0)
            .map(|rate| Duration::from_secs_f64(1.0 / rate));
        Self {
            interval,
            next: Mutex::default(),
        }
    }

    /// How long to wait before the next letter; `now` counts since boot.
    pub(super) fn reserve(&self, now: Duration) -> Duration {
        let Some(interval) = self.interval else {
            return Duration::ZERO;
        };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (*next).max(now);
        *next = at + interval;
        at - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_leave_at_an_even_rate_and_an_idle_time_is_not_saved_up() {
        let pace = Pace::new(Some(10.0));
        let start = Duration::from_secs(5);
        assert_eq!(pace.reserve(start), Duration::ZERO);
        assert_eq!(pace.reserve(start), Duration::from_millis(100));
        assert_eq!(pace.reserve(start), Duration::from_millis(200));
        assert_eq!(pace.reserve(start + Duration::from_secs(60)), Duration::ZERO);
        assert_eq!(Pace::new(None).reserve(start), Duration::ZERO);
    }
}
