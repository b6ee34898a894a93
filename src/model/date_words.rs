//! How a language writes dates in letters. An issue freezes it with its letterhead.

use chrono::{DateTime, Datelike, FixedOffset};
use serde::{Deserialize, Serialize};

/// Names of months, and where they stand in a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateWords {
    /// January first.
    pub months: Vec<String>,
    /// The same, short.
    pub short_months: Vec<String>,
    /// `{day} {month} {year}`; `{number}` is the month's number.
    pub long: String,
    /// The same, with `{short_month}`.
    pub short: String,
}

impl Default for DateWords {
    fn default() -> Self {
        let names = |names: &str| names.split(' ').map(ToOwned::to_owned).collect();
        Self {
            months: names("January February March April May June July August September October November December"),
            short_months: names("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
            long: "{day} {month} {year}".to_owned(),
            short: "{day} {short_month} {year}".to_owned(),
        }
    }
}

impl DateWords {
    /// `12 September 2024`
    pub fn long(&self, at: &DateTime<FixedOffset>) -> String {
        self.written(&self.long, at)
    }

    /// `12 Sep 2024`
    pub fn short(&self, at: &DateTime<FixedOffset>) -> String {
        self.written(&self.short, at)
    }

    fn written(&self, pattern: &str, at: &DateTime<FixedOffset>) -> String {
        let name = |names: &[String]| names.get(at.month0() as usize).cloned().unwrap_or_default();
        pattern
            .replace("{day}", &at.day().to_string())
            .replace("{month}", &name(&self.months))
            .replace("{short_month}", &name(&self.short_months))
            .replace("{number}", &at.month().to_string())
            .replace("{year}", &at.year().to_string())
    }
}
