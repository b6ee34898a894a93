//! Whether the clock can be believed: what goes out by a wrong clock cannot be called back (`delivery.md` 4.3).

use std::time::Duration;

use super::clock::micros;

/// No build of this program is older: a clock that shows less was never set (2026-06-01, microseconds).
const OLDEST_BUILD: i64 = 1_780_272_000_000_000;
/// Wall time and time since boot may drift apart so far between two looks, and the ledger may be ahead so far.
const SLACK: Duration = Duration::from_mins(5);
/// How far the database's clock may be away.
const APART: Duration = Duration::from_secs(30);
/// Looks in a row that must agree before things go on.
const AGREEING: u8 = 2;

/// What the clocks show at one look, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Wall time.
    pub wall: i64,
    /// Time since boot, counting sleep.
    pub boot: i64,
    /// The database server's clock, if there is one to compare with.
    pub server: Option<i64>,
    /// The newest time that is written in the ledger.
    pub newest: i64,
}

/// Why a clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It was set forward or back.
    Jumped,
    /// The database's clock shows something else.
    Apart,
    /// It shows a time that is long over.
    Past,
}

impl Doubt {
    /// What is the matter and what to do, for people.
    pub fn because(self) -> &'static str {
        match self {
            Self::Jumped => "the clock was set by more than five minutes; this goes on by itself when it holds still",
            Self::Apart => "this machine's clock and the database's differ by more than 30 seconds; set both by NTP",
            Self::Past => "the clock shows a time before the newest one in the ledger; set it by NTP",
        }
    }
}

/// Remembers the last look.
#[derive(Debug, Clone, Default)]
pub struct Watchdog {
    last: Option<Reading>,
    doubt: Option<Doubt>,
    agreeing: u8,
}

impl Watchdog {
    /// Looks at the clocks; says why nothing may be decided now. After a doubt two looks in a row must agree.
    pub fn look(&mut self, now: Reading) -> Option<Doubt> {
        match judge(now, self.last.replace(now)) {
            Some(doubt) => {
                self.doubt = Some(doubt);
                self.agreeing = 0;
            }
            None if self.doubt.is_some() => {
                self.agreeing += 1;
                if self.agreeing >= AGREEING {
                    self.doubt = None;
                }
            }
            None => {}
        }
        self.doubt
    }

    /// What the last look came to.
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }
}

fn judge(now: Reading, last: Option<Reading>) -> Option<Doubt> {
    let apart = |one: i64, other: i64, slack: Duration| one.abs_diff(other) > micros(slack).unsigned_abs();
    if now.wall < OLDEST_BUILD || (now.wall < now.newest && apart(now.wall, now.newest, SLACK)) {
        return Some(Doubt::Past);
    }
    if now.server.is_some_and(|server| apart(server, now.wall, APART)) {
        return Some(Doubt::Apart);
    }
    let last = last?;
    apart(now.wall - last.wall, now.boot - last.boot, SLACK).then_some(Doubt::Jumped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;
    const NOON: i64 = 1_795_694_400_000_000;

    fn at(wall: i64, boot: i64) -> Reading {
        Reading {
            wall,
            boot,
            server: None,
            newest: NOON - 60 * MINUTE,
        }
    }

    #[test]
    fn a_clock_that_is_set_is_believed_after_two_looks_that_agree() {
        let mut dog = Watchdog::default();
        assert_eq!(dog.look(at(NOON, 0)), None);
        assert_eq!(dog.look(at(NOON + MINUTE, MINUTE)), None);
        assert_eq!(dog.look(at(NOON + 61 * MINUTE, 2 * MINUTE)), Some(Doubt::Jumped));
        assert_eq!(
            dog.look(at(NOON + 62 * MINUTE, 3 * MINUTE)),
            Some(Doubt::Jumped),
            "one look agrees"
        );
        assert_eq!(dog.look(at(NOON + 63 * MINUTE, 4 * MINUTE)), None);
        assert_eq!(
            dog.look(at(NOON + 3 * MINUTE, 5 * MINUTE)),
            Some(Doubt::Jumped),
            "back again"
        );
    }

    #[test]
    fn a_laptop_that_slept_is_believed_because_boot_time_runs_on() {
        let mut dog = Watchdog::default();
        dog.look(at(NOON, 0));
        assert_eq!(dog.look(at(NOON + 600 * MINUTE, 600 * MINUTE)), None);
    }

    #[test]
    fn a_board_that_boots_in_1970_sends_nothing_until_its_clock_is_set() {
        let mut dog = Watchdog::default();
        assert_eq!(dog.look(at(20 * MINUTE, 20 * MINUTE)), Some(Doubt::Past));
        assert_eq!(dog.look(at(NOON, 21 * MINUTE)), Some(Doubt::Jumped));
        assert_eq!(dog.look(at(NOON + MINUTE, 22 * MINUTE)), Some(Doubt::Jumped));
        assert_eq!(dog.look(at(NOON + 2 * MINUTE, 23 * MINUTE)), None);
    }

    #[test]
    fn a_node_whose_clock_is_not_the_databases_decides_nothing() {
        let mut dog = Watchdog::default();
        let server = |wall: i64, server: i64| Reading {
            server: Some(server),
            ..at(wall, wall - NOON)
        };
        assert_eq!(dog.look(server(NOON, NOON + MINUTE / 3)), None);
        assert_eq!(dog.look(server(NOON + MINUTE, NOON + 2 * MINUTE)), Some(Doubt::Apart));
        let behind = Reading {
            newest: NOON + 6 * MINUTE,
            ..at(NOON, 0)
        };
        assert_eq!(Watchdog::default().look(behind), Some(Doubt::Past));
    }
}
