//! The key of an occurrence: what makes an issue happen once.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// Names one occurrence of one schedule, for ever.
///
/// A key of a cron schedule is wall time and fold, `2027-03-14T09:00#0`. It names neither the instant nor the zone: a new
/// zone table moves an occurrence instead of doubling it, and a changed zone does not send today's issue again.
/// The other forms: `article:ID` (instant cadence), `owed:DATE` (catch-up letter), `manual:INSTANT` (sent by hand).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceKey(String);

impl OccurrenceKey {
    /// A wall time of a cron schedule; `fold` is 1 for the second pass through an hour that the clock repeats.
    pub fn wall(wall: NaiveDateTime, fold: u8) -> Self {
        Self(format!("{}#{fold}", wall.format("%Y-%m-%dT%H:%M")))
    }

    /// The one occurrence of an article in the instant cadence.
    pub fn article(article_id: &str) -> Self {
        Self(format!("article:{article_id}"))
    }

    /// The catch-up letter of one local day.
    pub fn owed(day: NaiveDate) -> Self {
        Self(format!("owed:{}", day.format("%Y-%m-%d")))
    }

    /// An issue that a person sends at `at`.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(format!("manual:{}", at.to_rfc3339_opts(SecondsFormat::Micros, true)))
    }

    /// Reads a key back that one of the constructors wrote; `None` for any other text.
    pub fn read(text: &str) -> Option<Self> {
        let known = match text.split_once(':') {
            Some(("article", id)) => !id.is_empty(),
            Some(("owed", day)) => NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok(),
            Some(("manual", at)) => DateTime::parse_from_rfc3339(at).is_ok(),
            _ => wall_and_fold(text).is_some(),
        };
        known.then(|| Self(text.to_owned()))
    }

    /// The key as the database holds it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The wall time, when this is an occurrence of a cron schedule.
    pub fn wall_time(&self) -> Option<NaiveDateTime> {
        wall_and_fold(&self.0).map(|(wall, _)| wall)
    }

    /// The article's id, when this is an occurrence of the instant cadence.
    pub fn article_id(&self) -> Option<&str> {
        self.0.strip_prefix("article:")
    }
}

impl fmt::Display for OccurrenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn wall_and_fold(text: &str) -> Option<(NaiveDateTime, u8)> {
    let (wall, fold) = text.split_once('#')?;
    let fold = fold.parse().ok().filter(|fold| *fold < 2)?;
    Some((NaiveDateTime::parse_from_str(wall, "%Y-%m-%dT%H:%M").ok()?, fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        let day = NaiveDate::from_ymd_opt(2027, 3, 14).unwrap();
        let keys = [
            OccurrenceKey::wall(day.and_hms_opt(9, 0, 0).unwrap(), 0),
            OccurrenceKey::article("01J8ZQ"),
            OccurrenceKey::owed(day),
            OccurrenceKey::manual(DateTime::UNIX_EPOCH),
        ];
        for key in &keys {
            assert_eq!(OccurrenceKey::read(key.as_str()).as_ref(), Some(key));
        }
        assert_eq!(keys[0].as_str(), "2027-03-14T09:00#0");
        assert_eq!(keys[1].article_id(), Some("01J8ZQ"));
        assert_eq!(OccurrenceKey::read("2027-03-14T09:00#2"), None);
        assert_eq!(OccurrenceKey::read("next tuesday"), None);
    }
}
