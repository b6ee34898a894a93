//! Dates in requests: the three forms of RFC 9110 §5.6.7.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Seconds since 1970; `None` for anything that is none of the three forms. `now` decides the century of two digits.
pub(super) fn parse(text: &str, now: DateTime<Utc>) -> Option<i64> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words.as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [weekday, day, month, year, time, "GMT"] if weekday.ends_with(',') => {
            seconds(number(year, 4)?, month, number(day, 2)?, time)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT
        [weekday, date, time, "GMT"] if weekday.ends_with(',') => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let two_digits = i32::try_from(number(year, 2)?).ok()?;
            let year = in_century_of(two_digits, now.year());
            parts.next().is_none().then_some(())?;
            seconds(u32::try_from(year).ok()?, month, number(day, 2)?, time)
        }
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] => seconds(number(year, 4)?, month, number(day, day.len().min(2))?, time),
        _ => None,
    }
}

/// A year that would lie more than 50 years ahead is one of the century before.
fn in_century_of(two_digits: i32, this_year: i32) -> i32 {
    let year = this_year - this_year.rem_euclid(100) + two_digits;
    if year > this_year + 50 { year - 100 } else { year }
}

fn seconds(year: u32, month: &str, day: u32, time: &str) -> Option<i64> {
    let month = MONTHS.iter().position(|name| *name == month)?;
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(())?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()? + 1, day)?;
    // A leap second counts as the one before.
    let second = number(second, 2)?.min(59);
    Some(
        date.and_hms_opt(number(hour, 2)?, number(minute, 2)?, second)?
            .and_utc()
            .timestamp(),
    )
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let good = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::feed_date::FeedDate;

    fn read(text: &str) -> Option<i64> {
        parse(text, FeedDate::from_seconds(1_795_588_200).moment())
    }

    #[test]
    fn a_reader_may_write_a_date_in_any_of_the_three_forms() {
        let wanted = Some(784_111_777);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), wanted);
        assert_eq!(read("Sunday, 06-Nov-94 08:49:37 GMT"), wanted);
        assert_eq!(read("Sun Nov  6 08:49:37 1994"), wanted);
        assert_eq!(read("Friday, 01-Jan-70 00:00:00 GMT"), Some(3_155_760_000));
        assert_eq!(read("Saturday, 01-Jan-77 00:00:00 GMT"), Some(220_924_800));
    }

    #[test]
    fn what_is_no_date_is_ignored() {
        for text in [
            "",
            "0",
            "now",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Feb 2026 00:00:00 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "2026-11-25T06:30:00Z",
            "Sun, 06-Nov-94-1 08:49:37 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_date_that_we_print_is_read_back(seconds in 0_i64..253_402_300_799, text in any::<String>()) {
            prop_assert_eq!(read(&FeedDate::from_seconds(seconds).http()), Some(seconds));
            let _ = read(&text);
        }
    }
}
