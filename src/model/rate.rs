//! Rates: so many letters in a span of time, never more.
//!
//! The generic cell rate algorithm (ITU-T I.371, Annex A) keeps one number, the theoretical arrival time, that moves
//! ahead by one interval per letter. Short spans are spaced evenly. Of an hour's or a day's letters one half may go at
//! once and the other half fills up over the span, so that no window of that length ever holds more than the quota.

use std::time::Duration;

use super::clock::micros;

/// Spans from which on a part may go at once.
const LONG: Duration = Duration::from_secs(3600);

/// So many letters in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    per: Duration,
}

impl Rate {
    /// `None` for zero letters or no time at all.
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        (count > 0 && !per.is_zero()).then_some(Self { count, per })
    }

    /// How many may go at once after a rest, beyond the first.
    pub fn burst(self) -> u32 {
        if self.per < LONG { 0 } else { self.count / 2 }
    }

    /// Microseconds between two letters when there is no rest; at least 1.
    pub fn interval(self) -> i64 {
        (micros(self.per) / i64::from(self.count - self.burst())).max(1)
    }

    /// How far the arrival time may be ahead of the clock when a letter leaves, in microseconds.
    pub fn tolerance(self) -> i64 {
        self.interval() * i64::from(self.burst())
    }

    /// How many letters a node may buy at once: what leaves within a second, at least one.
    pub fn a_second_of_it(self) -> u32 {
        u32::try_from(1_000_000 / self.interval()).unwrap_or(u32::MAX).max(1)
    }

    /// Names the budget of this rate, such as `s` or `d`.
    pub fn span_word(self) -> String {
        match self.per.as_secs() {
            1 => "s".to_owned(),
            60 => "m".to_owned(),
            3_600 => "h".to_owned(),
            86_400 => "d".to_owned(),
            seconds => format!("{seconds}s"),
        }
    }

    /// The same rate for one of `shares` that divide it; never less than one letter in the span.
    #[must_use]
    pub fn divided(self, shares: u32) -> Self {
        Self {
            count: (self.count / shares.max(1)).max(1),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters that leave within `span` when somebody buys whenever it is allowed.
    fn most_in(rate: Rate, span: i64) -> usize {
        let (mut tat, mut now, mut left) = (0_i64, 0_i64, Vec::new());
        while now < span * 3 {
            if tat - rate.tolerance() <= now {
                left.push(now);
                tat = tat.max(now) + rate.interval();
            } else {
                now = tat - rate.tolerance();
            }
        }
        (0..left.len())
            .map(|first| left[first..].iter().take_while(|at| **at < left[first] + span).count())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_window_ever_holds_more_than_the_quota() {
        for (count, per) in [(50, 1), (1, 1), (600, 60), (7, 3_600), (1_000, 3_600), (5_001, 86_400)] {
            let rate = Rate::new(count, Duration::from_secs(per)).unwrap();
            let most = most_in(rate, micros(Duration::from_secs(per)));
            assert!(most <= count as usize + 1, "{count} in {per} s: {most}");
            assert!(most + 1 >= count as usize, "{count} in {per} s: only {most}");
        }
    }

    #[test]
    fn half_of_a_days_quota_may_go_at_once() {
        let day = Rate::new(50_000, Duration::from_secs(86_400)).unwrap();
        assert_eq!((day.burst(), day.span_word().as_str()), (25_000, "d"));
        assert_eq!(Rate::new(14, Duration::from_secs(1)).unwrap().burst(), 0);
        assert_eq!(Rate::new(0, Duration::from_secs(1)), None);
    }
}
