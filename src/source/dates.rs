//! Dates in every spelling that stores use (`sources.md` FO5).

use chrono::{DateTime, Duration, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// An instant, and whether the author gave only the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: DateTime<Utc>,
    pub(super) date_only: bool,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const MONTHS_IN_FULL: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads a date; one without a zone is in `zone`. Prose and impossible dates are `None`, never "now".
pub(super) fn parse(text: &str, zone: Tz) -> Option<Moment> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    epoch(text)
        .or_else(|| numeric(text, zone))
        .or_else(|| in_words(text, zone))
}

/// Midnight of a day in a zone.
pub(super) fn day(year: i32, month: u32, day: u32, zone: Tz) -> Option<Moment> {
    let date = plausible(NaiveDate::from_ymd_opt(year, month, day)?)?;
    Some(Moment {
        at: local(date.and_time(NaiveTime::MIN), zone)?,
        date_only: true,
    })
}

fn plausible(date: NaiveDate) -> Option<NaiveDate> {
    use chrono::Datelike;
    (1000..=9999).contains(&date.year()).then_some(date)
}

fn epoch(text: &str) -> Option<Moment> {
    // Eight digits are a day; ten count seconds, thirteen milliseconds.
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let at = match text.len() {
        9 | 10 => DateTime::from_timestamp(number, 0)?,
        13 => DateTime::from_timestamp_millis(number)?,
        _ => return None,
    };
    Some(Moment { at, date_only: false })
}

/// `2020-1-2`, `2020/01/02`, `20200102`, each with or without time, fraction and offset.
fn numeric(text: &str, zone: Tz) -> Option<Moment> {
    let (date, rest) = numeric_date(text)?;
    let rest = rest.strip_prefix(['T', 't', ' ', '_']).map_or(rest, str::trim_start);
    if rest.is_empty() {
        return Some(Moment {
            at: local(date.and_time(NaiveTime::MIN), zone)?,
            date_only: true,
        });
    }
    let (time, rest) = clock_time(rest)?;
    zoned(date.and_time(time), rest.trim(), zone)
}

fn numeric_date(text: &str) -> Option<(NaiveDate, &str)> {
    let (year, rest) = digits(text, 4..=8)?;
    if (1000..=9999).contains(&year) && rest.starts_with(['-', '/', '.']) {
        let mark = rest.chars().next()?;
        let (month, rest) = digits(rest.strip_prefix(mark)?, 1..=2)?;
        let (day, rest) = digits(rest.strip_prefix(mark)?, 1..=2)?;
        return Some((
            plausible(NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?)?,
            rest,
        ));
    }
    if text.len() - rest.len() == 8 {
        let date = NaiveDate::from_ymd_opt(i32::try_from(year / 10_000).ok()?, year / 100 % 100, year % 100)?;
        return Some((plausible(date)?, rest));
    }
    None
}

/// `7:05`, `07:05:09`, `07:05:09.123`, each with or without `am` or `pm`.
fn clock_time(text: &str) -> Option<(NaiveTime, &str)> {
    let (hour, rest) = digits(text, 1..=2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 1..=2)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 1..=2)?,
        None => (0, rest),
    };
    let (micros, rest) = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if count == 0 {
                return None;
            }
            let six: String = format!("{:0<6}", &fraction[..count.min(6)]);
            (six.parse().ok()?, &fraction[count..])
        }
        None => (0, rest),
    };
    let (hour, rest) = half_of_day(hour, rest);
    // A leap second is written as the last second before it.
    Some((
        NaiveTime::from_hms_micro_opt(hour, minute, second.min(59), micros)?,
        rest,
    ))
}

fn half_of_day(hour: u32, rest: &str) -> (u32, &str) {
    let word = rest.trim_start();
    let lower = word.get(..2).unwrap_or("").to_ascii_lowercase();
    match lower.as_str() {
        "am" if hour <= 12 => (hour % 12, &word[2..]),
        "pm" if hour <= 12 => (hour % 12 + 12, &word[2..]),
        _ => (hour, rest),
    }
}

/// A local time with what stands behind it: nothing, an offset, or the name of a zone.
fn zoned(time: NaiveDateTime, rest: &str, zone: Tz) -> Option<Moment> {
    let at = match offset(rest)? {
        None => local(time, zone)?,
        Some(offset) => offset.from_local_datetime(&time).single()?.to_utc(),
    };
    Some(Moment { at, date_only: false })
}

/// `None`: not a zone; `Some(None)`: nothing was given.
#[expect(
    clippy::option_option,
    reason = "nothing given and nothing understood are different answers"
)]
fn offset(text: &str) -> Option<Option<FixedOffset>> {
    if text.is_empty() {
        return Some(None);
    }
    let hours = |h: i32| FixedOffset::east_opt(h * 3600);
    let named = match text.to_ascii_uppercase().as_str() {
        "Z" | "UTC" | "GMT" | "UT" => hours(0),
        "EDT" => hours(-4),
        "EST" | "CDT" => hours(-5),
        "CST" | "MDT" => hours(-6),
        "MST" | "PDT" => hours(-7),
        "PST" => hours(-8),
        _ => None,
    };
    if named.is_some() {
        return Some(named);
    }
    let text = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"))
        .unwrap_or(text);
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let rest = text.trim_start_matches(['+', '-', '\u{2212}']);
    let (hour, minute) = match rest.split_once(':') {
        Some((hour, minute)) => (hour.parse::<i32>().ok()?, minute.parse::<i32>().ok()?),
        None if rest.len() == 4 => (rest.get(..2)?.parse().ok()?, rest.get(2..)?.parse().ok()?),
        None if rest.len() <= 2 => (rest.parse().ok()?, 0),
        None => return None,
    };
    if !(0..60).contains(&minute) {
        return None;
    }
    Some(Some(FixedOffset::east_opt(sign * (hour * 3600 + minute * 60))?))
}

/// RFC 2822, `12 September 2024`, `September 12, 2024`, `Sep 12 2024`, each with or without weekday and time.
fn in_words(text: &str, zone: Tz) -> Option<Moment> {
    let words: Vec<&str> = text
        .split([' ', ',', '\u{a0}'])
        .filter(|word| !word.is_empty())
        .collect();
    let words = match words.as_slice() {
        [first, rest @ ..] if is_weekday(first) => rest,
        all => all,
    };
    let [one, two, year, rest @ ..] = words else {
        return None;
    };
    let (day, month) = match (day_number(one), month_number(two)) {
        (Some(day), Some(month)) => (day, month),
        _ => (day_number(two)?, month_number(one)?),
    };
    let year: i32 = year.parse().ok().filter(|_| year.len() == 4)?;
    let date = plausible(NaiveDate::from_ymd_opt(year, month, day)?)?;
    let rest = match rest {
        [at, rest @ ..] if at.eq_ignore_ascii_case("at") => rest,
        all => all,
    };
    if rest.is_empty() {
        return Some(Moment {
            at: local(date.and_time(NaiveTime::MIN), zone)?,
            date_only: true,
        });
    }
    let joined = rest.join(" ");
    let (time, zone_text) = clock_time(&joined)?;
    zoned(
        date.and_time(time),
        zone_text.split(" (").next().unwrap_or("").trim(),
        zone,
    )
}

fn is_weekday(word: &str) -> bool {
    let word = word.trim_end_matches('.').to_lowercase();
    WEEKDAYS.iter().any(|day| word.starts_with(day)) && (word.len() == 3 || word.ends_with("day") || word.len() <= 5)
}

fn day_number(word: &str) -> Option<u32> {
    let number = word.trim_end_matches('.');
    let number = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|end| number.strip_suffix(end))
        .unwrap_or(number);
    number.parse().ok().filter(|_| number.len() <= 2)
}

fn month_number(word: &str) -> Option<u32> {
    let word = word.trim_end_matches('.').to_lowercase();
    let at = MONTHS_IN_FULL.iter().position(|month| *month == word).or_else(|| {
        MONTHS
            .iter()
            .position(|month| *month == word || (word == "sept" && *month == "sep"))
    })?;
    u32::try_from(at + 1).ok()
}

fn digits(text: &str, width: std::ops::RangeInclusive<usize>) -> Option<(u32, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    if !width.contains(&count) {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// A local time in a zone: in a gap it moves forward, in an overlap the first counts.
fn local(time: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&time) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => {
            // The offset before the gap carries the time over it.
            let before = zone.from_local_datetime(&(time - Duration::hours(3))).earliest()?;
            Some((before + Duration::hours(3)).to_utc())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Berlin;

    fn at(text: &str) -> String {
        parse(text, Berlin).map_or_else(
            || "none".to_owned(),
            |m| format!("{}{}", m.at.format("%FT%TZ"), if m.date_only { " d" } else { "" }),
        )
    }

    #[test]
    fn an_author_may_spell_a_date_in_any_usual_way() {
        for (text, expected) in [
            ("2024-09-12", "2024-09-11T22:00:00Z d"),
            ("2024-9-2", "2024-09-01T22:00:00Z d"),
            ("2024/09/12", "2024-09-11T22:00:00Z d"),
            ("2024/09/12 08:30", "2024-09-12T06:30:00Z"),
            ("2024-09-12T08:30", "2024-09-12T06:30:00Z"),
            ("2024-09-12 8:30:05.25", "2024-09-12T06:30:05Z"),
            ("2024-09-12T08:30:05+01:00", "2024-09-12T07:30:05Z"),
            ("2024-09-12 08:30:05 +0100", "2024-09-12T07:30:05Z"),
            ("2024-09-12T08:30:05.123Z", "2024-09-12T08:30:05Z"),
            ("2024-09-12 08:30:05 UTC", "2024-09-12T08:30:05Z"),
            ("Thu, 12 Sep 2024 08:30:05 +0200", "2024-09-12T06:30:05Z"),
            ("Thu, 12 Sep 2024 08:30:05 EST", "2024-09-12T13:30:05Z"),
            ("Thursday, 12 September 2024 08:30", "2024-09-12T06:30:00Z"),
            ("12 September 2024", "2024-09-11T22:00:00Z d"),
            ("September 12, 2024", "2024-09-11T22:00:00Z d"),
            ("Sep 12 2024", "2024-09-11T22:00:00Z d"),
            ("Sept. 12th, 2024", "2024-09-11T22:00:00Z d"),
            ("Apr 2, 2024 9:05 pm", "2024-04-02T19:05:00Z"),
            ("1700000000", "2023-11-14T22:13:20Z"),
            ("1700000000123", "2023-11-14T22:13:20Z"),
            ("20240912", "2024-09-11T22:00:00Z d"),
            ("2024-09-12T08:30:05-0700", "2024-09-12T15:30:05Z"),
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
    }

    #[test]
    fn prose_and_impossible_dates_are_none() {
        for text in [
            "",
            "soon",
            "2024-13-01",
            "2024-02-30",
            "2024-09-12 25:00",
            "12",
            "2024",
            "last Monday",
            "September 2024",
            "3/4/2024",
            "0000-01-01",
        ] {
            assert_eq!(at(text), "none", "{text}");
        }
    }

    #[test]
    fn a_local_time_that_the_clocks_skip_moves_forward_and_a_double_one_is_the_first() {
        assert_eq!(at("2024-03-31 02:30"), "2024-03-31T01:30:00Z");
        assert_eq!(at("2024-10-27 02:30"), "2024-10-27T00:30:00Z");
    }
}
