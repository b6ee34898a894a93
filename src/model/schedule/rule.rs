//! Five-field crontab lines, parsed into sets.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use super::field::{DAY, HOUR, MINUTE, MONTH, WEEKDAY};

/// The shortest allowed time between two occurrences, in minutes.
const SHORTEST_STEP: u32 = 5;

/// The names of the weekdays in crontab order, Sunday first.
pub(super) const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// The names of the months.
pub(super) const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// How the day of the month and the weekday work together when both are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DayMatch {
    /// Crontab's rule: either of the two is enough.
    #[default]
    Any,
    /// Both must match: `1-7` with `MON` is the first Monday of the month.
    All,
}

/// Why a line is no schedule, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {remedy}")]
pub struct RuleError {
    message: String,
    remedy: String,
}

impl RuleError {
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (message, remedy) = (message.into(), remedy.into());
        Self { message, remedy }
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

/// A set of small numbers, bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Set(pub(super) u64);

impl Set {
    pub(super) fn holds(self, value: u32) -> bool {
        self.0 >> value & 1 == 1
    }

    pub(super) fn values(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |value| self.holds(*value))
    }

    fn print(self, name: impl Fn(u32) -> String) -> String {
        self.values().map(name).collect::<Vec<_>>().join(",")
    }
}

/// When a schedule fires, in wall time: a crontab line as sets of minutes, hours, days, months and weekdays.
#[derive(Debug, Clone, PartialEq)]
pub struct CronRule {
    pub(super) minutes: Set,
    pub(super) hours: Set,
    pub(super) days: Set,
    pub(super) months: Set,
    pub(super) weekdays: Set,
    /// Either of the two day fields is enough.
    pub(super) either_day: bool,
    /// The minute or the hour field starts with a star: the rule counts passing time and is no fixed appointment.
    periodic: bool,
    /// What enumerates the wall times: one line, or two that are united.
    enumerators: Vec<cron::Schedule>,
}

impl CronRule {
    /// Parses five crontab fields or one of `@hourly @daily @midnight @weekly @monthly @yearly @annually`.
    ///
    /// # Errors
    /// Refuses what a crontab does not know (`L`, `W`, `#`, `?`, seconds, years), rules that never fire, and rules that fire
    /// more often than every five minutes.
    pub fn parse(text: &str, day_match: DayMatch) -> Result<Self, RuleError> {
        let line = expand_short_form(text.trim())?;
        let fields = split_fields(&line)?;
        let minutes = MINUTE.parse(fields[0])?;
        let hours = HOUR.parse(fields[1])?;
        let days = DAY.parse(fields[2])?;
        let months = MONTH.parse(fields[3])?;
        let weekdays = WEEKDAY.parse(fields[4])?;
        // As cron does: a field that starts with a star, `*/2` included, narrows the other one instead of widening it.
        let either_day = day_match == DayMatch::Any && !fields[2].starts_with('*') && !fields[4].starts_with('*');
        let mut rule = Self {
            minutes,
            hours,
            days,
            months,
            weekdays,
            either_day,
            periodic: fields[0].starts_with('*') || fields[1].starts_with('*'),
            enumerators: Vec::new(),
        };
        rule.refuse_what_never_fires()?;
        rule.refuse_what_fires_too_often()?;
        rule.enumerators = rule.compile()?;
        Ok(rule)
    }

    /// Whether the rule counts passing time (`*/15 * * * *`) instead of naming appointments (`0 8 * * *`).
    pub fn is_periodic(&self) -> bool {
        self.periodic
    }

    /// The longest time between two occurrences in a row, to the day, over a cycle of leap years and weekdays.
    pub fn longest_gap(&self) -> TimeDelta {
        let mut longest = TimeDelta::days(1);
        let mut last = None;
        for day in some_days(40) {
            if !self.fires_on(day) {
                continue;
            }
            if let Some(last) = last.replace(day) {
                longest = longest.max(day - last);
            }
        }
        longest
    }

    /// The wall times after `from` (exclusive), in order, up to `to` (inclusive).
    pub(super) fn walls(&self, from: NaiveDateTime, to: NaiveDateTime) -> Vec<NaiveDateTime> {
        let mut walls = Vec::new();
        for enumerator in &self.enumerators {
            let times = enumerator.after_owned(from.and_utc());
            walls.extend(times.map(|time| time.naive_utc()).take_while(|time| *time <= to));
        }
        walls.sort_unstable();
        walls.dedup();
        walls
    }

    fn fires_on(&self, day: NaiveDate) -> bool {
        let by_day = self.days.holds(day.day());
        let by_weekday = self.weekdays.holds(day.weekday().num_days_from_sunday());
        let matched = if self.either_day {
            by_day || by_weekday
        } else {
            by_day && by_weekday
        };
        matched && self.months.holds(day.month())
    }

    fn refuse_what_never_fires(&self) -> Result<(), RuleError> {
        let possible = self.either_day
            || self
                .months
                .values()
                .any(|month| self.days.values().any(|day| day <= longest_month(month)));
        if possible {
            return Ok(());
        }
        Err(RuleError::new(
            "this rule never fires: none of its months has such a day",
            "choose a day that the month has; for the end of a month write the 28th",
        ))
    }

    fn refuse_what_fires_too_often(&self) -> Result<(), RuleError> {
        let minutes: Vec<u32> = self.minutes.values().collect();
        let within_hour = minutes.windows(2).map(|pair| pair[1] - pair[0]).min();
        let across_hours = 60 + minutes[0] - minutes[minutes.len() - 1];
        let hours_touch = self.hours.values().any(|hour| hour < 23 && self.hours.holds(hour + 1))
            || (self.hours.holds(23) && self.hours.holds(0) && self.fires_on_days_in_a_row());
        let too_often =
            within_hour.is_some_and(|step| step < SHORTEST_STEP) || (hours_touch && across_hours < SHORTEST_STEP);
        if !too_often {
            return Ok(());
        }
        Err(RuleError::new(
            "this rule fires more often than every 5 minutes",
            "write `*/5` or more in the minute field, or use `settle` for a letter per article",
        ))
    }

    fn fires_on_days_in_a_row(&self) -> bool {
        some_days(28)
            .zip(some_days(28).skip(1))
            .any(|(day, next)| self.fires_on(day) && self.fires_on(next))
    }

    fn compile(&self) -> Result<Vec<cron::Schedule>, RuleError> {
        let all_days = Set((1..=31).fold(0, |set, day| set | 1 << day));
        let all_weekdays = Set(0b111_1111);
        let pairs = if self.either_day {
            vec![(self.days, all_weekdays), (all_days, self.weekdays)]
        } else {
            vec![(self.days, self.weekdays)]
        };
        let lines = pairs
            .into_iter()
            .map(|(days, weekdays)| self.six_fields(days, weekdays));
        lines
            .map(|line| {
                cron::Schedule::from_str(&line).map_err(|_| {
                    RuleError::new(
                        format!("the rule cannot be enumerated ({line})"),
                        "write a simpler rule",
                    )
                })
            })
            .collect()
    }

    /// The line for the `cron` crate: seconds in front, weekdays by name, because its weekday 1 is Sunday and 0 unknown.
    fn six_fields(&self, days: Set, weekdays: Set) -> String {
        let number = |value: u32| value.to_string();
        format!(
            "0 {} {} {} {} {}",
            self.minutes.print(number),
            self.hours.print(number),
            days.print(number),
            self.months.print(number),
            weekdays.print(|day| WEEKDAYS[day as usize].to_owned())
        )
    }
}

/// The rule in one canonical spelling: equal for equal rules however they were written. Stored to notice a changed rule.
impl fmt::Display for CronRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.six_fields(self.days, self.weekdays);
        let days = if self.either_day { "either day" } else { "both days" };
        let kind = if self.periodic { "periodic" } else { "fixed" };
        write!(f, "{} ({days}, {kind})", &line[2..])
    }
}

/// Every day of `years` years, enough to meet each leap day and weekday.
fn some_days(years: i32) -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap_or_default();
    first.iter_days().take_while(move |day| day.year() < 2027 + years)
}

fn longest_month(month: u32) -> u32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn expand_short_form(text: &str) -> Result<String, RuleError> {
    if !text.starts_with('@') {
        return Ok(text.to_owned());
    }
    let line = match text.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => {
            return Err(RuleError::new(
                format!("`{text}` is not a known short form"),
                "write @hourly, @daily, @weekly, @monthly, @yearly or five fields such as `0 8 * * MON`",
            ));
        }
    };
    Ok(line.to_owned())
}

fn split_fields(line: &str) -> Result<Vec<&str>, RuleError> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    match fields.len() {
        5 => Ok(fields),
        6 | 7 => Err(RuleError::new(
            format!("a schedule has five fields, this one has {}", fields.len()),
            "leave out seconds and years: minute, hour, day of month, month, weekday, such as `0 8 * * MON`",
        )),
        found => Err(RuleError::new(
            format!("a schedule has five fields, this one has {found}"),
            "write minute, hour, day of month, month and weekday, such as `0 8 * * MON`",
        )),
    }
}
