//! When and from where people signed up elsewhere: it goes into the consent record.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use super::table::Line;
use crate::model::clock::to_micros;
use crate::model::network::kept_part;
use crate::subscribe::columns::Column;

/// The order of day and month where dates are written with slashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/12/2026.
    DayFirst,
    /// 12/31/2026.
    MonthFirst,
}

/// What another program knew of a sign-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// Microseconds.
    pub(super) asked_at: Option<i64>,
    /// Microseconds.
    pub(super) confirmed_at: Option<i64>,
    /// The part of the network address that is kept.
    pub(super) network: Option<String>,
    /// Tags or groups there, cut short.
    pub(super) tags: Option<String>,
}

/// Longest list of tags that is kept, in characters.
const LONGEST_TAGS: usize = 200;

impl Origin {
    /// What the row says of it; `Err` for a date that can be read in two ways.
    pub(super) fn of(line: &Line, order: Option<DateOrder>) -> Result<Self, String> {
        let first = |columns: &[Column]| -> Result<Option<i64>, String> {
            let cells = columns.iter().flat_map(|column| line.cells_of(*column));
            for cell in cells.filter(|cell| !cell.is_empty()) {
                if let Some(at) = instant(cell, order)? {
                    return Ok(Some(at));
                }
            }
            Ok(None)
        };
        let network = line
            .cells_of(Column::Network)
            .find_map(|cell| cell.parse::<IpAddr>().ok());
        let tags: Vec<&str> = line
            .cells_of(Column::Tags)
            .flat_map(|cell| cell.split([',', ';']))
            .map(|tag| tag.trim_matches(|c: char| c.is_whitespace() || c == '"'))
            .filter(|tag| !tag.is_empty())
            .collect();
        let tags: String = tags
            .join(", ")
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_TAGS)
            .collect();
        Ok(Self {
            asked_at: first(&[Column::AskedOn, Column::AskedAt, Column::Receives])?,
            confirmed_at: first(&[Column::ConfirmedOn, Column::ConfirmedAt])?,
            network: network.map(kept_part),
            tags: Some(tags).filter(|tags| !tags.is_empty()),
        })
    }
}

/// An instant in microseconds; `None` for a cell that holds no date.
fn instant(cell: &str, order: Option<DateOrder>) -> Result<Option<i64>, String> {
    let cell = cell.trim();
    if let Some(numbers) = slashed(cell) {
        let Some(order) = order else {
            return Err(format!(
                "the date `{cell}` can be read in two ways; say --dates dmy (31/12/2026) or --dates mdy (12/31/2026)"
            ));
        };
        let (one, two, year) = numbers;
        let (day, month) = if order == DateOrder::DayFirst {
            (one, two)
        } else {
            (two, one)
        };
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), month, day);
        return Ok(date.map(|date| to_micros(date.and_time(NaiveTime::MIN).and_utc())));
    }
    Ok(plain_instant(cell))
}

/// Whether a cell holds a date in any of the spellings that are read.
pub(super) fn is_date(cell: &str) -> bool {
    slashed(cell).is_some() || plain_instant(cell).is_some()
}

/// `31/12/2026`, with or without a time after it.
fn slashed(cell: &str) -> Option<(u32, u32, u32)> {
    let date = cell.split([' ', 'T', ',']).next()?;
    let mut parts = date.split('/');
    let mut number = |longest: usize| {
        let part = parts.next()?;
        (1..=longest)
            .contains(&part.len())
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let (one, two, year) = (number(2)?, number(2)?, number(4)?);
    let year = if year < 100 { 2000 + year } else { year };
    parts.next().is_none().then_some((one, two, year))
}

/// ISO, `2026-01-31 07:05:09[.5] [+0000 | +00:00 | UTC]`, the same with Go's zone name after it, epoch seconds and
/// milliseconds.
fn plain_instant(cell: &str) -> Option<i64> {
    if cell.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = cell.parse().ok()?;
        return match cell.len() {
            9 | 10 => number.checked_mul(1_000_000),
            12 | 13 => number.checked_mul(1_000),
            _ => None,
        };
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(cell) {
        return Some(to_micros(at.to_utc()));
    }
    let mut words = cell.split([' ', 'T']).filter(|word| !word.is_empty());
    let date = NaiveDate::parse_from_str(words.next()?, "%Y-%m-%d").ok()?;
    let Some(time) = words.next() else {
        return Some(to_micros(date.and_time(NaiveTime::MIN).and_utc()));
    };
    let time = time.trim_end_matches('Z');
    let time = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
    let local = NaiveDateTime::new(date, time);
    let offset = words.next().map_or(0, offset_seconds);
    let at = local.checked_sub_signed(chrono::TimeDelta::seconds(offset))?;
    Some(to_micros(at.and_utc()))
}

/// Seconds of `+0530` and `+05:30`; a name is UTC.
fn offset_seconds(word: &str) -> i64 {
    let sign = match word.bytes().next() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return 0,
    };
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<i64>().ok()).unwrap_or(0);
    sign * (part(0..2) * 3_600 + part(2..4) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_sign_up_is_read_as_other_programs_write_it() {
        for (cell, seconds) in [
            ("2021-02-04 07:55:20 +0000", 1_612_425_320),
            ("2021-02-04T07:55:20.000Z", 1_612_425_320),
            ("2021-02-04 07:55:20 UTC", 1_612_425_320),
            ("2021-02-04 13:25:20 +05:30", 1_612_425_320),
            ("2021-02-04 07:55:20.5 +0000 UTC", 1_612_425_320),
            ("1612425320", 1_612_425_320),
            ("1612425320000", 1_612_425_320),
            ("2021-02-04", 1_612_396_800),
        ] {
            assert_eq!(instant(cell, None).unwrap().unwrap() / 1_000_000, seconds, "{cell}");
        }
        for cell in ["", "soon", "2021-02-31", "42", "99:99", "2021-02-04 25:00:00"] {
            assert_eq!(instant(cell, None), Ok(None), "{cell}");
        }
    }

    #[test]
    fn a_date_with_slashes_is_read_only_when_somebody_says_how() {
        assert!(instant("03/04/2021", None).unwrap_err().contains("--dates"));
        let first = instant("03/04/2021 10:00", Some(DateOrder::DayFirst)).unwrap();
        let second = instant("04/03/21", Some(DateOrder::MonthFirst)).unwrap();
        assert!(first.is_some() && first == second);
        assert_eq!(instant("31/31/2021", Some(DateOrder::DayFirst)), Ok(None));
    }
}
