//! Time and chance as inputs: the only two trait objects of the house.

use std::fmt::Debug;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Reads the time. Everything that stamps takes it from here, so that tests can set it.
pub trait Clock: Send + Sync + Debug {
    /// The wall time, UTC, truncated to whole microseconds.
    fn now(&self) -> DateTime<Utc>;
    /// Time since the machine started, counting suspended time (`CLOCK_BOOTTIME`): for leases and deadlines.
    fn since_boot(&self) -> Duration;
    /// Whether it shows the time of the world, so that it can be compared with other clocks; one that a test sets does not.
    fn is_real(&self) -> bool {
        true
    }
}

/// Draws random bytes. Everything that mints takes them from here, so that tests can repeat a run.
pub trait Chance: Send + Sync + Debug {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct SetClock(Mutex<(DateTime<Utc>, Duration)>);

impl SetClock {
    /// A clock that shows `now`.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new((now, Duration::from_secs(1))))
    }

    /// Moves both the wall time and the time since boot forward by `by`.
    pub fn advance(&self, by: Duration) {
        let mut both = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        both.0 += by;
        both.1 += by;
    }
}

impl SetClock {
    /// Sets the wall time alone, as somebody who changes a machine's clock does.
    pub fn set(&self, now: DateTime<Utc>) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0 = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    fn since_boot(&self) -> Duration {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1
    }

    fn is_real(&self) -> bool {
        false
    }
}

/// Random bytes that repeat from a seed (`SplitMix64`): for tests, never for keys.
#[derive(Debug)]
pub struct SeededChance(Mutex<u64>);

impl SeededChance {
    /// The sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for part in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            part.copy_from_slice(&z.to_le_bytes()[..part.len()]);
        }
    }
}

/// Mints a ULID (26 characters, sorts by time) from the injected clock and random source.
pub fn mint_ulid(clock: &dyn Clock, chance: &dyn Chance) -> String {
    let mut bytes = [0u8; 16];
    chance.fill(&mut bytes);
    let millis = u64::try_from(clock.now().timestamp_millis()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, u128::from_le_bytes(bytes)).to_string()
}

/// The number that a ULID writes; `None` for other texts.
pub fn ulid_number(text: &str) -> Option<u128> {
    ulid::Ulid::from_string(text).ok().map(|ulid| ulid.0)
}

/// The ULID that writes a number.
pub fn ulid_text(number: u128) -> String {
    ulid::Ulid(number).to_string()
}

/// A time as the database holds it: microseconds since 1970, UTC.
pub fn to_micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// A span of time as the database counts: microseconds.
pub fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// The time that [`to_micros`] wrote.
pub fn from_micros(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH)
}
