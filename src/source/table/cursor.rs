//! How far a table was read, as the text of an `updated_at` (`sources.md` TA3).

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};

use crate::config::CursorType;

/// Rows commit late: what changed this long before the latest row is looked at again, in seconds.
const OVERLAP: i64 = 300;

/// The value of `$1`: some minutes before a cursor, in its own spelling; before everything without one.
pub(super) fn overlapping(cursor: Option<&str>, kind: CursorType) -> String {
    let earliest = if kind == CursorType::Epoch {
        "-62135596800"
    } else {
        "0001-01-01"
    };
    cursor.and_then(earlier).unwrap_or_else(|| earliest.to_owned())
}

fn earlier(cursor: &str) -> Option<String> {
    if let Ok(number) = cursor.parse::<i64>() {
        return Some(number.saturating_sub(OVERLAP * unit(number)).to_string());
    }
    let overlap = Duration::seconds(OVERLAP);
    if cursor.get(..19).is_some() {
        let (at, pattern) = time_of(cursor)?;
        return Some(at.checked_sub_signed(overlap)?.format(&pattern).to_string());
    }
    let day = NaiveDate::parse_from_str(cursor.get(..10)?, "%Y-%m-%d").ok()?;
    Some(day.pred_opt()?.format("%Y-%m-%d").to_string())
}

/// Seconds, milliseconds or microseconds since 1970, by the size of the number: how many are a second.
fn unit(number: i64) -> i64 {
    match number.unsigned_abs() {
        0..100_000_000_000 => 1,
        100_000_000_000..100_000_000_000_000 => 1_000,
        _ => 1_000_000,
    }
}

/// The time that a text begins with, and its spelling: a shorter text sorts before a longer one that begins with it, so
/// fraction and zone may go.
fn time_of(cursor: &str) -> Option<(NaiveDateTime, String)> {
    let start = cursor.get(..19)?;
    let separator = start.get(10..11)?;
    let pattern = format!("%Y-%m-%d{separator}%H:%M:%S");
    let at = NaiveDateTime::parse_from_str(start, &pattern).ok()?;
    Some((at, pattern))
}

/// A cursor that is no later than now, in its own spelling.
pub(super) fn capped(cursor: String, now: DateTime<Utc>) -> String {
    if let Ok(number) = cursor.parse::<i64>() {
        return number.min(now.timestamp().saturating_mul(unit(number))).to_string();
    }
    match time_of(&cursor) {
        Some((at, pattern)) if at > now.naive_utc() => now.format(&pattern).to_string(),
        Some(_) => cursor,
        None => {
            let today = now.date_naive();
            let day = cursor
                .get(..10)
                .and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
            if day.is_some_and(|day| day > today) {
                today.to_string()
            } else {
                cursor
            }
        }
    }
}

/// The later one; numbers are compared as such.
pub(super) fn later(one: Option<String>, other: Option<String>) -> Option<String> {
    let (Some(a), Some(b)) = (&one, &other) else {
        return one.or(other);
    };
    let first = match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) => a >= b,
        _ => a >= b,
    };
    if first { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_set_back_some_minutes_in_its_own_spelling() {
        for (cursor, expected) in [
            ("2026-01-01T00:01:02.123456Z", "2025-12-31T23:56:02"),
            ("2026-01-01 00:01:02", "2025-12-31 23:56:02"),
            ("2026-01-01", "2025-12-31"),
            ("1767225600", "1767225300"),
            ("1767225600000", "1767225300000"),
            ("1767225600000000", "1767225300000000"),
            ("tomorrow", "0001-01-01"),
            ("äöü", "0001-01-01"),
        ] {
            assert_eq!(overlapping(Some(cursor), CursorType::Text), expected);
        }
        assert_eq!(overlapping(None, CursorType::Epoch), "-62135596800");
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        for (cursor, expected) in [
            ("2026-01-01 00:00:01.5", "2026-01-01 00:00:00"),
            ("2025-12-31T23:00:00Z", "2025-12-31T23:00:00Z"),
            ("2026-01-02", "2026-01-01"),
            ("9999999999999", "1767225600000"),
            ("tomorrow", "tomorrow"),
        ] {
            assert_eq!(capped(cursor.to_owned(), now), expected);
        }
        let later = |one: &str, other: &str| later(Some(one.to_owned()), Some(other.to_owned())).unwrap();
        assert_eq!(later("999", "1000"), "1000");
        assert_eq!(later("2026-02", "2026-01"), "2026-02");
    }
}
