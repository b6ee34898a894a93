//! A rule in words, so that an author can see what was understood.

use super::CronRule;
use super::rule::{MONTHS, Set, WEEKDAYS};

impl CronRule {
    /// The rule in words: "at 08:00 on Mondays".
    pub fn in_words(&self) -> String {
        let mut words = self.times();
        words.push_str(&self.day_words());
        if self.months.values().count() < 12 {
            words.push_str(" in ");
            words.push_str(&joined(
                self.months.values().map(|month| month_name(month).to_owned()).collect(),
                "and",
            ));
        }
        words
    }

    fn times(&self) -> String {
        let minutes: Vec<u32> = self.minutes.values().collect();
        let hours: Vec<u32> = self.hours.values().collect();
        let every_hour = hours.len() == 24;
        let step = even_step(&minutes, 60);
        if let (true, Some(step)) = (every_hour, step) {
            return format!("every {step} minutes");
        }
        if every_hour {
            return format!(
                "every hour at {}",
                joined(minutes.iter().map(|m| format!(":{m:02}")).collect(), "and")
            );
        }
        if minutes.len() * hours.len() <= 6 {
            let times = hours
                .iter()
                .flat_map(|hour| minutes.iter().map(move |minute| format!("{hour:02}:{minute:02}")));
            return format!("at {}", joined(times.collect(), "and"));
        }
        let during = joined(spans(&hours, |hour| format!("{hour:02}"), 2), "and");
        if let Some(step) = step {
            return format!("every {step} minutes in the hours {during}");
        }
        let minutes = joined(minutes.iter().map(|m| format!(":{m:02}")).collect(), "and");
        format!("at {minutes} in the hours {during}")
    }

    fn day_words(&self) -> String {
        let all_days = self.days.values().count() == 31;
        let all_weekdays = self.weekdays.values().count() == 7;
        let month_days = || {
            format!(
                "the {}",
                joined(spans(&self.days.values().collect::<Vec<_>>(), ordinal, 2), "and")
            )
        };
        match (all_days, all_weekdays) {
            _ if self.either_day => format!(" on {} of the month and on {}", month_days(), weekdays(self.weekdays)),
            (true, true) => " every day".to_owned(),
            (true, false) => format!(" on {}", weekdays(self.weekdays)),
            (false, true) => format!(" on {} of the month", month_days()),
            (false, false) => format!(
                " on {} of the month that is one of {}",
                month_days(),
                weekdays(self.weekdays)
            ),
        }
    }
}

/// The step of values that divide `whole` evenly from zero on, when there is more than one.
fn even_step(values: &[u32], whole: u32) -> Option<u32> {
    let step = whole / u32::try_from(values.len()).ok()?;
    let even = values.len() > 1 && values.iter().zip(0..).all(|(value, place)| *value == place * step);
    (even && whole.is_multiple_of(step)).then_some(step)
}

fn weekdays(set: Set) -> String {
    // From Monday, as people read a week.
    let order: Vec<u32> = (1..=7).filter(|day| set.holds(day % 7)).collect();
    joined(spans(&order, |day| format!("{}s", weekday_name(day % 7)), 2), "and")
}

/// Runs longer than `plain` values as "first to last", the rest one by one.
fn spans(values: &[u32], name: impl Fn(u32) -> String, plain: usize) -> Vec<String> {
    let runs = values.chunk_by(|a, b| a + 1 == *b);
    runs.flat_map(|run| match run {
        [first, .., last] if run.len() > plain => vec![format!("{} to {}", name(*first), name(*last))],
        _ => run.iter().map(|value| name(*value)).collect(),
    })
    .collect()
}

fn joined(mut parts: Vec<String>, word: &str) -> String {
    match (parts.pop(), parts.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} {word} {last}", parts.join(", ")),
    }
}

fn ordinal(day: u32) -> String {
    let ending = match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

fn weekday_name(day: u32) -> &'static str {
    const NAMES: [&str; WEEKDAYS.len()] = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    NAMES[day as usize]
}

fn month_name(month: u32) -> &'static str {
    const NAMES: [&str; MONTHS.len()] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES[(month - 1) as usize]
}
