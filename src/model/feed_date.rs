//! A moment as feeds and HTTP print it.
//!
//! chrono's own printers panic outside years 0 to 9999 (RFC 2822), print `+10000-…` (RFC 3339) and `:60` for a leap
//! second; readers misread offsets and fractions. So there is one type that can only be printed well.

use chrono::{DateTime, Datelike, Timelike, Utc};

const FIRST: i64 = -30_610_224_000; // 1000-01-01T00:00:00Z
const LAST: i64 = 253_402_300_799; // 9999-12-31T23:59:59Z
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A whole second in UTC between the years 1000 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedDate(DateTime<Utc>);

impl FeedDate {
    /// Cuts off fractions (and a leap second) and clamps to the years 1000 to 9999.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self::from_seconds(at.timestamp())
    }

    /// From seconds since 1970, clamped to the years 1000 to 9999.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(DateTime::from_timestamp(seconds.clamp(FIRST, LAST), 0).unwrap_or(DateTime::UNIX_EPOCH))
    }

    /// From microseconds since 1970, rounded down and clamped.
    pub fn from_micros(micros: i64) -> Self {
        Self::from_seconds(micros.div_euclid(1_000_000))
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// The moment.
    pub fn moment(self) -> DateTime<Utc> {
        self.0
    }

    /// `2026-11-25T06:30:00Z` (RFC 3339): Atom and JSON Feed.
    pub fn iso(self) -> String {
        format!("{}T{}Z", self.day(), self.time())
    }

    /// `2026-11-25`.
    pub fn day(self) -> String {
        format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }

    /// `Wed, 25 Nov 2026 06:30:00 +0000` (RFC 822 with four digits of the year): RSS and OPML.
    pub fn mail_style(self) -> String {
        format!("{} +0000", self.words())
    }

    /// `Wed, 25 Nov 2026 06:30:00 GMT` (IMF-fixdate, RFC 9110 §5.6.7): HTTP headers.
    pub fn http(self) -> String {
        format!("{} GMT", self.words())
    }

    fn words(self) -> String {
        let weekday = DAYS[self.0.weekday().num_days_from_monday() as usize];
        let month = MONTHS[self.0.month0() as usize];
        format!(
            "{weekday}, {:02} {month} {:04} {}",
            self.0.day(),
            self.0.year(),
            self.time()
        )
    }

    fn time(self) -> String {
        format!("{:02}:{:02}:{:02}", self.0.hour(), self.0.minute(), self.0.second())
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reader_sees_whole_seconds_in_utc() {
        let date = FeedDate::from_micros(1_795_588_200_999_999);
        assert_eq!(date.iso(), "2026-11-25T06:30:00Z");
        assert_eq!(date.mail_style(), "Wed, 25 Nov 2026 06:30:00 +0000");
        assert_eq!(date.http(), "Wed, 25 Nov 2026 06:30:00 GMT");
        assert_eq!(FeedDate::from_micros(-1).iso(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn years_that_no_reader_can_parse_are_clamped() {
        assert_eq!(FeedDate::new(DateTime::<Utc>::MIN_UTC).iso(), "1000-01-01T00:00:00Z");
        assert_eq!(FeedDate::new(DateTime::<Utc>::MAX_UTC).iso(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_leap_second_is_printed_as_the_second_before() {
        let leap = NaiveDate::from_ymd_opt(2016, 12, 31)
            .and_then(|day| day.and_hms_micro_opt(23, 59, 59, 1_500_000))
            .unwrap();
        assert_eq!(FeedDate::new(leap.and_utc()).iso(), "2016-12-31T23:59:59Z");
    }

    proptest! {
        #[test]
        fn every_moment_has_a_date_of_fixed_width(seconds in any::<i64>()) {
            let date = FeedDate::from_seconds(seconds);
            prop_assert_eq!(date.iso().len(), 20);
            prop_assert_eq!(date.http().len(), 29);
            prop_assert_eq!(date.mail_style().len(), 31);
        }
    }
}
