//! Schedules: crontab rules, wall time to instants, occurrence keys.
//!
//! The `cron` crate only enumerates naive wall times from lines that this module prints; the author's text never
//! reaches it, because its weekday numbers, its day rule and its handling of time changes differ from what a crontab
//! promises. What is due when, in which zone and across which time change is decided here.

mod field;
mod key;
mod occurrences;
mod rule;
mod words;

pub use key::OccurrenceKey;
pub use occurrences::{Note, Occurrence, next, occurrences};
pub use rule::{CronRule, DayMatch, RuleError};
