//! `[[newsletters]]` and their schedules.

use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;

use crate::model::schedule::CronRule;

use super::FullOrSummary;

/// One `[[newsletters]]`.
#[derive(Debug, Clone)]
pub struct Newsletter {
    /// `[a-z0-9-]{1,40}`: part of List-Id, so it never changes.
    pub id: String,
    /// What people see.
    pub name: String,
    /// One sentence on the sign-up page; empty for none.
    pub description: String,
    /// Zone of schedules and of dates in letters.
    pub time_zone: Tz,
    /// BCP 47 tag of letters; default `site.language`.
    pub language: String,
    /// Only articles with one of these categories; empty means all.
    pub categories: Vec<String>,
    /// Only articles with one of these tags; empty means all.
    pub tags: Vec<String>,
    /// Articles older than this are not mailed any more; default 90 d.
    pub look_back: Duration,
    /// `ledger = "own"`: articles of other newsletters count for nothing here.
    pub own_ledger: bool,
    /// At least one.
    pub schedules: Vec<Schedule>,
}

impl Newsletter {
    /// The terms that an article must carry one of; empty means all.
    pub fn filter(&self) -> Vec<String> {
        self.categories.iter().chain(&self.tags).cloned().collect()
    }

    /// The schedule with this id.
    pub fn schedule(&self, id: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.id == id)
    }

    /// The schedule of people who choose none: the one marked `default`, else the first.
    pub fn default_schedule(&self) -> Option<&Schedule> {
        self.schedules
            .iter()
            .find(|schedule| schedule.is_default)
            .or(self.schedules.first())
    }
}

/// One `[[newsletters.schedules]]`.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// `[a-z0-9-]{1,40}`.
    pub id: String,
    /// What people choose from; default: made from the id.
    pub name: String,
    /// When issues go out.
    pub cadence: Cadence,
    /// The line as the author wrote it; empty for the instant cadence.
    pub cron_text: String,
    /// For people who choose none.
    pub is_default: bool,
    /// How long an article must have stopped changing; default 20 m (instant), 2 m (digests).
    pub settle: Duration,
    /// Default 10.
    pub max_articles: usize,
    /// Default 1.
    pub min_articles: usize,
    /// Default 6 h.
    pub max_lateness: Duration,
    /// What becomes of a missed occurrence.
    pub catch_up: CatchUp,
    /// When the catch-up letter of the instant cadence goes out; default 08:00.
    pub catch_up_at: NaiveTime,
    /// More articles than this from one scan stop as `flood`; default 25 (instant 5).
    pub flood_guard: usize,
    /// Order inside a letter.
    pub order: Order,
    /// Where a newcomer starts.
    pub joiner: Joiner,
    /// Whole articles or summaries in letters; default: instant full, digests summary.
    pub content: FullOrSummary,
}

/// When issues of a schedule go out.
#[derive(Debug, Clone, PartialEq)]
pub enum Cadence {
    /// At the times of a crontab rule.
    Cron(CronRule),
    /// One issue per article, once it has settled.
    Instant,
}

/// `catch_up`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// What a missed occurrence would have carried travels with the next one.
    Merge,
    /// It is passed over.
    Skip,
}

/// `order`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Newest article first.
    Newest,
    /// Oldest article first.
    Oldest,
}

/// `joiner`: the first letter of a newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joiner {
    /// Equals everyone's: articles since the previous occurrence.
    Issue,
    /// Only articles after the confirmation.
    Now,
}
