//! Links of letters and pages: what each one names, and the path that carries it (`subscribers-and-security.md` 7).
//!
//! A path is one word of the service and one token; it has no leading slash, so that `Http::address` can make a URL of
//! it. Newsletters and schedules stand in it as [`code_of`] their ids.

use chrono::{DateTime, Duration, Utc};

use super::feed_key::{FeedKey, Format, Scope};
pub use super::token::code_of;
use super::token::{KeyRing, Purpose};

/// How long a link in a confirmation letter works.
pub const CONFIRM_FOR: Duration = Duration::hours(72);
/// How long a fresh link works.
pub const FRESH_FOR: Duration = Duration::hours(1);
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
    /// `token_epoch` of the subscriber: the page that follows leads to the preferences only while it is the same.
    pub epoch: i64,
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
            number(self.epoch),
            seconds(self.expires),
        ];
        format!("confirm/{}", keys.sign(Purpose::Confirm, &numbers))
    }

    /// What a token says, if it was made here and its time is not over.
    pub fn read(keys: &KeyRing, token: &str, now: DateTime<Utc>) -> Option<Self> {
        let [who, newsletter, schedule, epoch, expires] = open(keys, Purpose::Confirm, token)?;
        let link = Self {
            subscriber: id(who)?,
            newsletter,
            schedule,
            epoch: id(epoch)?,
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

/// Opens a person's own feed. Valid while the person's token epoch stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnFeed {
    /// Who.
    pub subscriber: i64,
    /// `token_epoch` of the subscriber.
    pub epoch: i64,
}

impl OwnFeed {
    /// The path in a format: `private/TOKEN/rss.xml`
    pub fn to_path(self, keys: &KeyRing, format: Format) -> String {
        let token = keys.sign(Purpose::OwnFeed, &[number(self.subscriber), number(self.epoch)]);
        let scope = Scope::Private(token);
        FeedKey { scope, format }.path()
    }

    /// What a token says, if it was made here; the epoch is for the caller to compare.
    pub fn read(keys: &KeyRing, token: &str) -> Option<Self> {
        let [who, epoch] = open(keys, Purpose::OwnFeed, token)?;
        Some(Self {
            subscriber: id(who)?,
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

/// Opens a person's data, for an hour and one thing: it goes to the address itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fresh {
    /// Who.
    pub subscriber: i64,
    /// Code of the newsletter.
    pub newsletter: u64,
    /// `token_epoch` of the subscriber.
    pub epoch: i64,
    /// From then on it is refused; whole seconds.
    pub expires: DateTime<Utc>,
}

impl Fresh {
    /// `preferences/TOKEN/data`
    pub fn to_path(self, keys: &KeyRing) -> String {
        let numbers = [
            number(self.subscriber),
            self.newsletter,
            number(self.epoch),
            seconds(self.expires),
        ];
        format!("preferences/{}/data", keys.sign(Purpose::Fresh, &numbers))
    }

    /// What a token says, if it was made here and its time is not over; the epoch is for the caller to compare.
    pub fn read(keys: &KeyRing, token: &str, now: DateTime<Utc>) -> Option<Self> {
        let [who, newsletter, epoch, expires] = open(keys, Purpose::Fresh, token)?;
        let link = Self {
            subscriber: id(who)?,
            newsletter,
            epoch: id(epoch)?,
            expires: time(expires)?,
        };
        (now < link.expires).then_some(link)
    }
}

/// Puts a new address in the place of the old one. Which address it is stands in the notice, never in a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAddress {
    /// Who.
    pub subscriber: i64,
    /// Number of the notice that went to the new address.
    pub notice: i64,
    /// `token_epoch` of the subscriber when it was asked for.
    pub epoch: i64,
    /// From then on it is refused; whole seconds.
    pub expires: DateTime<Utc>,
}

impl NewAddress {
    /// `preferences/TOKEN/address`
    pub fn to_path(self, keys: &KeyRing) -> String {
        let numbers = [
            number(self.subscriber),
            number(self.notice),
            number(self.epoch),
            seconds(self.expires),
        ];
        format!("preferences/{}/address", keys.sign(Purpose::NewAddress, &numbers))
    }

    /// What a token says, if it was made here and its time is not over; the epoch is for the caller to compare.
    pub fn read(keys: &KeyRing, token: &str, now: DateTime<Utc>) -> Option<Self> {
        let [who, notice, epoch, expires] = open(keys, Purpose::NewAddress, token)?;
        let link = Self {
            subscriber: id(who)?,
            notice: id(notice)?,
            epoch: id(epoch)?,
            expires: time(expires)?,
        };
        (now < link.expires).then_some(link)
    }
}

/// Rates an article of a letter. Works for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Who.
    pub subscriber: i64,
    /// Which issue: its ULID as a number.
    pub issue: u128,
    /// Which of its letters.
    pub variant: i64,
    /// Which article of the letter, counted from 1.
    pub place: i64,
}

impl Rate {
    /// `feedback/TOKEN`
    pub fn to_path(self, keys: &KeyRing) -> String {
        let [high, low] = halves(self.issue);
        let numbers = [
            number(self.subscriber),
            high,
            low,
            number(self.variant),
            number(self.place),
        ];
        format!("feedback/{}", keys.sign(Purpose::Feedback, &numbers))
    }

    /// What a token says, if it was made here.
    pub fn read(keys: &KeyRing, token: &str) -> Option<Self> {
        let [who, high, low, variant, place] = open(keys, Purpose::Feedback, token)?;
        Some(Self {
            subscriber: id(who)?,
            issue: whole(high, low),
            variant: id(variant)?,
            place: id(place)?,
        })
    }
}

/// Rates an article on its own page. Anybody may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateInPublic {
    /// Which article: its ULID as a number.
    pub article: u128,
}

impl RateInPublic {
    /// `feedback/TOKEN`
    pub fn to_path(self, keys: &KeyRing) -> String {
        format!("feedback/{}", keys.sign(Purpose::PublicFeedback, &halves(self.article)))
    }

    /// What a token says, if it was made here.
    pub fn read(keys: &KeyRing, token: &str) -> Option<Self> {
        let [high, low] = open(keys, Purpose::PublicFeedback, token)?;
        Some(Self {
            article: whole(high, low),
        })
    }
}

/// A number in the halves that a token holds.
fn halves(number: u128) -> [u64; 2] {
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    [u64::try_from(number >> 64).unwrap_or(0), low]
}

fn whole(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
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
            epoch: 2,
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
        let rate = Rate {
            subscriber: i64::MAX,
            issue: u128::MAX - 7,
            variant: 3,
            place: 12,
        };
        assert_eq!(Rate::read(&keys, token(&rate.to_path(&keys))), Some(rate));
        assert!(token(&rate.to_path(&keys)).len() <= 100);
        let public = RateInPublic { article: 7 << 64 | 9 };
        assert_eq!(RateInPublic::read(&keys, token(&public.to_path(&keys))), Some(public));
        assert_eq!(Rate::read(&keys, token(&public.to_path(&keys))), None);
    }

    #[test]
    fn a_link_whose_time_is_over_opens_nothing() {
        let (keys, newsletter) = (ring(), code_of("notes"));
        let confirm = Confirm {
            subscriber: 7,
            newsletter,
            schedule: 1,
            epoch: 0,
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
