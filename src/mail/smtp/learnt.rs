//! What the connections of one relay have taught, for an hour: relays change, and a restart is no rule.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a lesson holds.
const LESSON: Duration = Duration::from_hours(1);

/// Shared by all connections of one relay.
#[derive(Debug, Default)]
pub(super) struct Learnt(Mutex<Lessons>);

#[derive(Debug, Default)]
struct Lessons {
    most_letters: Option<(u32, Instant)>,
    stalled: Option<Instant>,
    next_turn: Option<Instant>,
}

impl Learnt {
    /// The relay ended a connection by 421 after so many letters: the next ones end themselves before that.
    pub(super) fn goodbye_after(&self, letters: u32) {
        if letters > 0 {
            let fewest = self.most_letters().map_or(letters, |most| most.min(letters));
            self.lessons().most_letters = Some((fewest, Instant::now()));
        }
    }

    /// Letters that a connection may carry, if a relay has shown it.
    pub(super) fn most_letters(&self) -> Option<u32> {
        let (letters, since) = self.lessons().most_letters?;
        (since.elapsed() < LESSON).then_some(letters)
    }

    /// Commands sent together were not all answered.
    pub(super) fn stalled(&self) {
        tracing::warn!("the relay did not answer commands that were sent together; they go one by one for an hour");
        self.lessons().stalled = Some(Instant::now());
    }

    /// Whether commands go one by one although the relay offers PIPELINING.
    pub(super) fn sends_singly(&self) -> bool {
        self.lessons().stalled.is_some_and(|since| since.elapsed() < LESSON)
    }

    /// How long to wait before opening a connection, so that openings lie `spacing` apart.
    pub(super) fn turn(&self, spacing: Duration) -> Duration {
        let now = Instant::now();
        let mut lessons = self.lessons();
        let at = lessons.next_turn.map_or(now, |next| next.max(now));
        lessons.next_turn = Some(at + spacing);
        at - now
    }

    fn lessons(&self) -> MutexGuard<'_, Lessons> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_says_goodbye_after_some_letters_is_left_before_that() {
        let learnt = Learnt::default();
        learnt.goodbye_after(0);
        assert_eq!(learnt.most_letters(), None);
        for (letters, most) in [(7, 7), (3, 3), (9, 3)] {
            learnt.goodbye_after(letters);
            assert_eq!(learnt.most_letters(), Some(most));
        }
    }

    #[test]
    fn connections_to_a_relay_open_one_after_the_other() {
        let learnt = Learnt::default();
        let spacing = Duration::from_secs(10);
        assert_eq!(learnt.turn(spacing), Duration::ZERO);
        let waits = [learnt.turn(spacing), learnt.turn(spacing)];
        assert!(
            waits[0] > Duration::from_secs(9) && waits[1] > Duration::from_secs(19),
            "{waits:?}"
        );
    }
}
