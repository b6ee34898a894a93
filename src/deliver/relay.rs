//! How the relay fares: shared by all connections, so that one refusal slows them all.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::verdict::{Class, Trouble, Verdict};

/// Longest wait between two tries to reach the relay.
const CAP: Duration = Duration::from_secs(300);
/// So many refusals of MAIL in a row pause the issue.
const REFUSED_SENDERS: u32 = 3;

/// What the sender should do about a trouble beyond waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    /// Pause this issue, with this reason.
    PauseIssue(&'static str),
    /// Pause every issue, with this reason.
    PauseAll(&'static str),
}

#[derive(Debug, Default)]
struct Health {
    failures: u32,
    refused_senders: u32,
    /// Counted since boot.
    quiet_until: Duration,
}

/// Back-off and alarms of the one relay.
#[derive(Debug, Default)]
pub(super) struct Relay(Mutex<Health>);

impl Relay {
    fn lock(&self) -> MutexGuard<'_, Health> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait before the relay may be asked again; `now` counts since boot.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        self.lock().quiet_until.saturating_sub(now)
    }

    /// Takes note of a verdict.
    pub(super) fn note(&self, verdict: &Verdict, now: Duration) -> Option<Alarm> {
        let mut health = self.lock();
        let Class::NotTried(trouble) = verdict.class() else {
            *health = Health::default();
            return None;
        };
        match trouble {
            Trouble::Stopped => None,
            Trouble::Size => Some(Alarm::PauseIssue("size")),
            Trouble::Login => {
                health.back_off(now);
                Some(Alarm::PauseAll("login"))
            }
            Trouble::Setup => {
                health.back_off(now);
                Some(Alarm::PauseAll("relay_setup"))
            }
            Trouble::Sender => {
                health.refused_senders += 1;
                health.back_off(now);
                (health.refused_senders >= REFUSED_SENDERS).then_some(Alarm::PauseIssue("sender_refused"))
            }
            Trouble::Relay => {
                health.back_off(now);
                None
            }
        }
    }
}

impl Health {
    /// 1 s doubling to 5 min. Many connections fail together when a relay goes away: that is one failure.
    fn back_off(&mut self, now: Duration) {
        if self.quiet_until > now {
            return;
        }
        let pause = Duration::from_secs(1)
            .saturating_mul(1 << self.failures.min(9))
            .min(CAP);
        self.failures += 1;
        self.quiet_until = now + pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::{Cause, Phase, Reply};

    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn a_relay_that_is_away_is_asked_less_and_less_often() {
        let relay = Relay::default();
        let away = Verdict::cause(Phase::Connect, Cause::Closed);
        assert_eq!(relay.note(&away, NOW), None);
        assert_eq!(
            relay.note(&away, NOW),
            None,
            "the second connection tells the same news"
        );
        assert_eq!(relay.wait(NOW), Duration::from_secs(1));
        let later = NOW + Duration::from_secs(1);
        relay.note(&away, later);
        assert_eq!(relay.wait(later), Duration::from_secs(2));
        relay.note(&Verdict::reply(Phase::Dot, Reply::new(250, "ok")), later);
        assert_eq!(relay.wait(later), Duration::ZERO);
    }

    #[test]
    fn a_refused_login_pauses_everything_and_a_refused_sender_its_issue() {
        let relay = Relay::default();
        let login = Verdict::reply(Phase::Auth, Reply::new(535, "5.7.8 no"));
        assert_eq!(relay.note(&login, NOW), Some(Alarm::PauseAll("login")));
        let relay = Relay::default();
        let sender = Verdict::reply(Phase::Mail, Reply::new(550, "5.1.8 no"));
        let alarms: Vec<_> = (0..3).map(|_| relay.note(&sender, NOW)).collect();
        assert_eq!(alarms, [None, None, Some(Alarm::PauseIssue("sender_refused"))]);
    }
}
