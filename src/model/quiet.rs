//! When nothing is composed or sent: hours of every day, and whole days (`delivery.md` 4.3).

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

/// Hours of every day in local time, such as `22:00-07:00`; the end is not part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: NaiveTime,
    to: NaiveTime,
}

impl Window {
    /// Reads `22:00-07:00`; `24:00` is midnight at the end of a day.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (time(from.trim())?, time(to.trim())?);
        (from != to).then_some(Self { from, to })
    }

    fn holds(self, at: NaiveTime) -> bool {
        if self.from < self.to {
            self.from <= at && at < self.to
        } else {
            at >= self.from || at < self.to
        }
    }
}

fn time(text: &str) -> Option<NaiveTime> {
    if text == "24:00" {
        return Some(NaiveTime::MIN);
    }
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

/// A day on which nothing goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// `12-25`: every year.
    Yearly(u32, u32),
    /// `2027-05-01`.
    Once(NaiveDate),
}

impl Day {
    /// Reads `12-25` or `2027-05-01`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Self::Once(day));
        }
        // A leap year, so that 29 February can be written.
        let day = NaiveDate::parse_from_str(&format!("2000-{text}"), "%Y-%m-%d").ok()?;
        Some(Self::Yearly(day.month(), day.day()))
    }

    fn is(self, day: NaiveDate) -> bool {
        match self {
            Self::Yearly(month, number) => (day.month(), day.day()) == (month, number),
            Self::Once(once) => once == day,
        }
    }
}

/// All of a schedule's quiet times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quiet {
    /// Hours of every day.
    pub hours: Vec<Window>,
    /// Whole days.
    pub days: Vec<Day>,
}

/// Quiet times that follow each other are looked through this far: more than a year of days, each with its hours.
const STEPS: usize = 2_000;

impl Quiet {
    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.days.is_empty()
    }

    /// Whether the hours leave no minute of a day.
    pub fn leaves_nothing(&self) -> bool {
        (0..24 * 60).all(|minute| {
            NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).is_some_and(|time| self.is_hour(time))
        })
    }

    fn is_hour(&self, at: NaiveTime) -> bool {
        self.hours.iter().any(|window| window.holds(at))
    }

    /// When the quiet time that `at` falls into is over; `None` when `at` is not in one.
    pub fn until(&self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let mut end = at;
        for _ in 0..STEPS {
            let local = end.with_timezone(&zone).naive_local();
            let Some(wall) = self.end_of(local) else { break };
            end = first_instant(wall, zone, end);
        }
        (end > at).then_some(end)
    }

    /// Where the quiet time ends that a wall time falls into, if it does.
    fn end_of(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let tomorrow = local.date().checked_add_days(Days::new(1))?;
        if self.days.iter().any(|day| day.is(local.date())) {
            return Some(tomorrow.and_time(NaiveTime::MIN));
        }
        let window = self.hours.iter().find(|window| window.holds(local.time()))?;
        let day = if window.to > local.time() {
            local.date()
        } else {
            tomorrow
        };
        Some(day.and_time(window.to))
    }
}

/// The first instant after `after` at which clocks in `zone` show `wall`, or something later when they skip it.
fn first_instant(wall: NaiveDateTime, zone: Tz, after: DateTime<Utc>) -> DateTime<Utc> {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) if at.to_utc() > after => at.to_utc(),
        // In a zone that lives through a time twice without saying so.
        MappedLocalTime::Single(_) => after + TimeDelta::minutes(1),
        MappedLocalTime::Ambiguous(first, second) => {
            let first = first.to_utc();
            if first > after { first } else { second.to_utc() }
        }
        MappedLocalTime::None => {
            // Skipped: clocks go from before to after it in one instant. No gap is longer than a day.
            let mut at = after + TimeDelta::minutes(1);
            while at < after + TimeDelta::hours(49) && at.with_timezone(&zone).naive_local() < wall {
                at += TimeDelta::minutes(1);
            }
            at
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Asia, Europe};

    use super::*;

    fn quiet(hours: &[&str], days: &[&str]) -> Quiet {
        Quiet {
            hours: hours.iter().map(|text| Window::parse(text).unwrap()).collect(),
            days: days.iter().map(|text| Day::parse(text).unwrap()).collect(),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_lasts_until_the_morning_of_the_newsletters_zone() {
        let night = quiet(&["22:00-07:00"], &[]);
        let until = |text: &str| night.until(at(text), Europe::Berlin);
        assert_eq!(until("2026-11-26T20:59:59Z"), None);
        assert_eq!(until("2026-11-26T21:00:00Z"), Some(at("2026-11-27T06:00:00Z")));
        assert_eq!(until("2026-11-27T05:59:59Z"), Some(at("2026-11-27T06:00:00Z")));
        assert_eq!(until("2026-11-27T06:00:00Z"), None);
        assert_eq!(
            night.until(at("2026-11-26T17:00:00Z"), Asia::Kolkata),
            Some(at("2026-11-27T01:30:00Z"))
        );
    }

    #[test]
    fn a_holiday_and_the_nights_around_it_are_one_quiet_time() {
        let calm = quiet(&["22:00-07:00"], &["12-25", "2026-12-26"]);
        let until = calm.until(at("2026-12-24T23:00:00Z"), chrono_tz::UTC);
        assert_eq!(until, Some(at("2026-12-27T07:00:00Z")));
        let next_year = calm.until(at("2027-12-25T12:00:00Z"), chrono_tz::UTC);
        assert_eq!(next_year, Some(at("2027-12-26T07:00:00Z")), "one of them was only once");
    }

    #[test]
    fn a_night_ends_as_the_clock_on_the_wall_says_also_when_it_is_changed() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00; 25 October 2026: 03:00 becomes 02:00.
        let spring = quiet(&["22:00-02:30"], &[]).until(at("2026-03-29T00:00:00Z"), Europe::Berlin);
        assert_eq!(spring, Some(at("2026-03-29T01:00:00Z")));
        let autumn = quiet(&["22:00-02:30"], &[]).until(at("2026-10-24T22:00:00Z"), Europe::Berlin);
        assert_eq!(autumn, Some(at("2026-10-25T00:30:00Z")));
        let second = quiet(&["22:00-02:30"], &[]).until(at("2026-10-25T01:00:00Z"), Europe::Berlin);
        assert_eq!(
            second,
            Some(at("2026-10-25T01:30:00Z")),
            "the half hour that comes twice is quiet twice"
        );
    }

    #[test]
    fn an_author_can_write_hours_and_days_in_one_way_only() {
        for wrong in ["22-7", "22:00", "25:00-07:00", "07:00-07:00", ""] {
            assert_eq!(Window::parse(wrong), None, "{wrong}");
        }
        for wrong in ["25.12.", "13-01", "02-30", "Christmas"] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        assert!(Day::parse("02-29").is_some());
        assert!(quiet(&["00:00-12:00", "12:00-24:00"], &[]).leaves_nothing());
        assert!(!quiet(&["07:01-07:00"], &[]).leaves_nothing());
    }

    /// Walks every minute of two years in a few zones: inside is what has an end, and the end is outside.
    #[test]
    fn every_quiet_minute_has_an_end_and_every_end_is_not_quiet() {
        let calm = quiet(&["22:00-02:30", "12:00-13:00"], &["01-01", "03-29"]);
        for zone in [
            Europe::Berlin,
            chrono_tz::America::Sao_Paulo,
            chrono_tz::Pacific::Apia,
            chrono_tz::Australia::Lord_Howe,
        ] {
            let mut now = at("2011-12-20T00:00:00Z");
            while now < at("2012-04-20T00:00:00Z") {
                if let Some(end) = calm.until(now, zone) {
                    assert!(end > now && calm.until(end, zone).is_none(), "{zone} {now} {end}");
                }
                now += TimeDelta::minutes(7);
            }
        }
    }
}
