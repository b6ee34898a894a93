//! How the relay fares: shared by all connections, so that one refusal slows them all; from the fifth failure in a row on
//! other nodes are told, too (`delivery.md` 10).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::verdict::{Class, Trouble, Verdict};

/// Longest wait between two tries to reach the relay.
const CAP: Duration = Duration::from_secs(300);
/// So many failures in a row open the breaker that all nodes see.
const OPENS_AT: u32 = 5;
/// How long a connection waits while another one asks the relay.
const ASKED_BY_ANOTHER: Duration = Duration::from_millis(100);
/// So many refusals of MAIL in a row pause the issue.
const REFUSED_SENDERS: u32 = 3;

/// What the sender should do about a trouble beyond waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    /// Pause this issue, with this reason.
    PauseIssue(&'static str),
    /// Pause every issue, with this reason.
    PauseAll(&'static str),
    /// The relay is away: nobody asks it for so long.
    LeaveAlone(Duration),
    /// The relay is back.
    Back,
}

#[derive(Debug, Default)]
struct Health {
    failures: u32,
    refused_senders: u32,
    /// Counted since boot.
    quiet_until: Duration,
    /// One connection is asking whether the relay is back.
    is_asked: bool,
}

/// Whether a connection may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Now; the verdict is to be noted.
    Connect,
    /// Not before that time has passed.
    Wait(Duration),
}

/// Back-off and alarms of the one relay.
#[derive(Debug, Default)]
pub(super) struct Relay(Mutex<Health>);

impl Relay {
    fn lock(&self) -> MutexGuard<'_, Health> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a letter may go over an open connection: a relay that turned a letter away before it looked at it is left
    /// alone, however many connections stand.
    pub(super) fn may_be_used(&self, now: Duration) -> bool {
        self.lock().quiet_until <= now
    }

    /// Whether the relay may be asked; `now` counts since boot. While it is away one connection asks for all.
    pub(super) fn may_connect(&self, now: Duration) -> May {
        let mut health = self.lock();
        if health.quiet_until > now {
            return May::Wait(health.quiet_until - now);
        }
        if health.failures > 0 && std::mem::replace(&mut health.is_asked, true) {
            return May::Wait(ASKED_BY_ANOTHER);
        }
        May::Connect
    }

    /// A connection stands. Whether letters are taken over it shows with the first one; the next connection may ask.
    pub(super) fn connected(&self) {
        self.lock().is_asked = false;
    }

    /// Another node found the relay away; `until` counts since boot.
    pub(super) fn leave_alone(&self, until: Duration) {
        let mut health = self.lock();
        health.failures = health.failures.max(OPENS_AT);
        health.quiet_until = health.quiet_until.max(until);
    }

    /// Takes note of a verdict.
    pub(super) fn note(&self, verdict: &Verdict, now: Duration) -> Option<Alarm> {
        let mut health = self.lock();
        health.is_asked = false;
        let Class::NotTried(trouble) = verdict.class() else {
            return health.recover();
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
            Trouble::Relay => health.back_off(now),
        }
    }
}

impl Health {
    fn recover(&mut self) -> Option<Alarm> {
        let was = std::mem::take(self);
        (was.failures >= OPENS_AT).then_some(Alarm::Back)
    }

    /// 1 s doubling to 5 min. Many connections fail together when a relay goes away: that is one failure.
    fn back_off(&mut self, now: Duration) -> Option<Alarm> {
        if self.quiet_until > now {
            return None;
        }
        let pause = Duration::from_secs(1)
            .saturating_mul(1 << self.failures.min(9))
            .min(CAP);
        self.failures += 1;
        self.quiet_until = now + pause;
        (self.failures >= OPENS_AT).then_some(Alarm::LeaveAlone(pause))
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
        assert_eq!(relay.may_connect(NOW), May::Wait(Duration::from_secs(1)));
        let later = NOW + Duration::from_secs(1);
        relay.note(&away, later);
        assert_eq!(relay.may_connect(later), May::Wait(Duration::from_secs(2)));
        relay.note(&Verdict::reply(Phase::Dot, Reply::new(250, "ok")), later);
        assert_eq!(relay.may_connect(later), May::Connect);
    }

    #[test]
    fn a_relay_that_wants_less_is_left_alone_over_open_connections_too() {
        let relay = Relay::default();
        let slower = Verdict::reply(Phase::Mail, Reply::new(450, "4.7.1 too many messages"));
        assert!(relay.may_be_used(NOW));
        relay.note(&slower, NOW);
        assert!(!relay.may_be_used(NOW));
        assert!(relay.may_be_used(NOW + Duration::from_secs(1)));
        relay.note(&Verdict::reply(Phase::Rcpt, Reply::new(450, "4.2.0 greylisted")), NOW);
        assert!(relay.may_be_used(NOW), "one person's trouble is not the relay's");
    }

    #[test]
    fn one_connection_asks_for_all_whether_the_relay_is_back() {
        let relay = Relay::default();
        let away = Verdict::cause(Phase::Connect, Cause::Closed);
        relay.note(&away, NOW);
        let later = NOW + Duration::from_secs(1);
        assert_eq!(relay.may_connect(later), May::Connect);
        assert_eq!(relay.may_connect(later), May::Wait(ASKED_BY_ANOTHER));
        relay.connected();
        assert_eq!(relay.may_connect(later), May::Connect);
    }

    #[test]
    fn the_fifth_failure_in_a_row_is_news_for_other_nodes_and_so_is_the_end_of_it() {
        let relay = Relay::default();
        let away = Verdict::cause(Phase::Connect, Cause::Closed);
        let hours = |n: u64| NOW + Duration::from_secs(n * 3_600);
        let news: Vec<_> = (1..=5).map(|n| relay.note(&away, hours(n))).collect();
        assert_eq!(
            news,
            [None, None, None, None, Some(Alarm::LeaveAlone(Duration::from_secs(16)))]
        );
        let taken = Verdict::reply(Phase::Dot, Reply::new(250, "ok"));
        assert_eq!(relay.note(&taken, hours(6)), Some(Alarm::Back));
        assert_eq!(relay.note(&taken, hours(6)), None);
        relay.leave_alone(hours(7));
        assert_eq!(relay.may_connect(hours(6)), May::Wait(Duration::from_secs(3_600)));
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
