//! Links of letters and pages: what each one names, and the path that carries it (`subscribers-and-security.md` 7).
//!
//! A path is one word of the service and one token; it has no leading slash, so that `Http::address` can make a URL of
//! it. Newsletters and schedules stand in it as [`code_of`] their ids.

use chrono::{DateTime, Duration, Utc};

pub use super::token::code_of;
use super::token::{KeyRing, Purpose};

/// How long a link in a confirmation letter works.
pub const CONFIRM_FOR: Duration = Duration::hours(72);
/// How long a leave can be taken back.
pub const UNDO_FOR: Duration = Duration::minutes(15);

/// Confirms a sign-up. The page behind it is drawn from the link alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirm {
    /// Who.
    pub subscriber: i64,
    /// Code of the newsletter.
    pub newsletter: u64,
    /// Code of the schedule that the person chose.
    pub schedule: u64,
    /// From then on it is refused; whole seconds.
    pub expires: DateTime<Utc>,
}

impl Confirm {
    /// `confirm/TOKEN`
    pub fn to_path(self, keys: &KeyRing) -> String {
        let numbers = [
            number(self.subscriber),
            self.newsletter,
            self.schedule,
            seconds(self.expires),
        ];
        format!("confirm/{}", keys.sign(Purpose::Confirm, &numbers))
    }

    /// What a token says, if it was made here and its time is not over.
    pub fn read(keys: &KeyRing, token: &str, now: DateTime<Utc>) -> Option<Self> {
        let [who, newsletter, schedule, expires] = open(keys, Purpose::Confirm, token)?;
        let link = Self {
            subscriber: id(who)?,
            newsletter,
            schedule,
            expires: time(expires)?,
        };
        (now < link.expires).then_some(link)
    }
}

/// Ends a subscription. Works for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// Who.
    pub subscriber: i64,
    /// Code of the newsletter.
    pub newsletter: u64,
}

impl Leave {
    /// `unsubscribe/TOKEN`
    pub fn to_path(self, keys: &KeyRing) -> String {
        let numbers = [number(self.subscriber), self.newsletter];
        format!("unsubscribe/{}", keys.sign(Purpose::Leave, &numbers))
    }

    /// What a token says, if it was made here.
    pub fn read(keys: &KeyRing, token: &str) -> Option<Self> {
        let [who, newsletter] = open(keys, Purpose::Leave, token)?;
        Some(Self {
            subscriber: id(who)?,
            newsletter,
        })
    }
}

/// Opens the preferences. Valid while the person's token epoch stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// Who.
    pub subscriber: i64,
    /// Code of the newsletter.
    pub newsletter: u64,
    /// `token_epoch` of the subscriber.
    pub epoch: i64,
}

impl Preferences {
    /// `preferences/TOKEN`
    pub fn to_path(self, keys: &KeyRing) -> String {
        let numbers = [number(self.subscriber), self.newsletter, number(self.epoch)];
        format!("preferences/{}", keys.sign(Purpose::Preferences, &numbers))
    }

    /// What a token says, if it was made here; the epoch is for the caller to compare.
    pub fn read(keys: &KeyRing, token: &str) -> Option<Self> {
        let [who, newsletter, epoch] = open(keys, Purpose::Preferences, token)?;
        Some(Self {
            subscriber: id(who)?,
            newsletter,
            epoch: id(epoch)?,
        })
    }
}

/// Takes back a leave, for a quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undo {
    /// Who.
    pub subscriber: i64,
    /// Code of the newsletter.
    pub newsletter: u64,
    /// From then on it is refused; whole seconds.
    pub expires: DateTime<Utc>,
}

impl Undo {
    /// `unsubscribe/TOKEN/undo`
    pub fn to_path(self, keys: &KeyRing) -> String {
        let numbers = [number(self.subscriber), self.newsletter, seconds(self.expires)];
        format!("unsubscribe/{}/undo", keys.sign(Purpose::Undo, &numbers))
    }

    /// What a token says, if it was made here and its time is not over.
    pub fn read(keys: &KeyRing, token: &str, now: DateTime<Utc>) -> Option<Self> {
        let [who, newsletter, expires] = open(keys, Purpose::Undo, token)?;
        let link = Self {
            subscriber: id(who)?,
            newsletter,
            expires: time(expires)?,
        };
        (now < link.expires).then_some(link)
    }
}

fn open<const N: usize>(keys: &KeyRing, purpose: Purpose, token: &str) -> Option<[u64; N]> {
    keys.open(purpose, token)?.try_into().ok()
}

/// Ids count from 1 and epochs from 0, so nothing is lost.
fn number(id: i64) -> u64 {
    u64::try_from(id).unwrap_or(0)
}

fn id(number: u64) -> Option<i64> {
    i64::try_from(number).ok()
}

fn seconds(at: DateTime<Utc>) -> u64 {
    number(at.timestamp())
}

fn time(seconds: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(id(seconds)?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::SeededChance;

    fn ring() -> KeyRing {
        KeyRing::generate(&SeededChance::new(3))
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_770_000_000, 0).unwrap()
    }

    fn token(path: &str) -> &str {
        path.split('/').nth(1).unwrap()
    }

    #[test]
    fn each_link_comes_back_as_it_was_made() {
        let (keys, newsletter, schedule) = (ring(), code_of("notes"), code_of("weekly"));
        let confirm = Confirm {
            subscriber: 7,
            newsletter,
            schedule,
            expires: noon() + CONFIRM_FOR,
        };
        assert_eq!(
            Confirm::read(&keys, token(&confirm.to_path(&keys)), noon()),
            Some(confirm)
        );
        let leave = Leave {
            subscriber: i64::MAX,
            newsletter,
        };
        assert_eq!(Leave::read(&keys, token(&leave.to_path(&keys))), Some(leave));
        let preferences = Preferences {
            subscriber: 7,
            newsletter,
            epoch: 0,
        };
        assert_eq!(
            Preferences::read(&keys, token(&preferences.to_path(&keys))),
            Some(preferences)
        );
        let undo = Undo {
            subscriber: 7,
            newsletter,
            expires: noon() + UNDO_FOR,
        };
        assert_eq!(Undo::read(&keys, token(&undo.to_path(&keys)), noon()), Some(undo));
    }

    #[test]
    fn a_link_whose_time_is_over_opens_nothing() {
        let (keys, newsletter) = (ring(), code_of("notes"));
        let confirm = Confirm {
            subscriber: 7,
            newsletter,
            schedule: 1,
            expires: noon(),
        };
        assert_eq!(Confirm::read(&keys, token(&confirm.to_path(&keys)), noon()), None);
        let undo = Undo {
            subscriber: 7,
            newsletter,
            expires: noon(),
        };
        assert_eq!(Undo::read(&keys, token(&undo.to_path(&keys)), noon()), None);
    }

    #[test]
    fn a_link_of_one_kind_is_refused_for_every_other() {
        let (keys, newsletter) = (ring(), code_of("notes"));
        let path = Leave {
            subscriber: 7,
            newsletter,
        }
        .to_path(&keys);
        let leave = token(&path);
        assert!(Confirm::read(&keys, leave, noon()).is_none());
        assert!(Preferences::read(&keys, leave).is_none());
        assert!(Undo::read(&keys, leave, noon()).is_none());
        assert!(leave.len() <= 100);
    }
}
