//! `[[newsletters]]` and their schedules.

use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;
use config::{Value, ValueKind};

use super::FullOrSummary;
use super::feeds::CONTENT;
use super::problem::Wrong;
use super::section::Section;
use super::site::Site;
use super::value::{
    Read, duration, filled, flag, id, language, list, one_of, some_time, text, time_of_day, whole, zone,
};
use crate::model::quiet::{Day, Quiet, Window};
use crate::model::schedule::{CronRule, DayMatch};

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
    /// One last letter to people who leave.
    pub goodbye: bool,
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
    /// What becomes of owed articles beyond `max_articles`.
    pub overflow: Overflow,
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
    /// When nothing is composed or sent; default: what the newsletter says, else never.
    pub quiet: Quiet,
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
    /// So many of the latest articles, and what comes after.
    Latest(usize),
}

/// `overflow`: articles that are owed beyond `max_articles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// They go into the next issue.
    Next,
    /// They are named in the same letter, with a link.
    List,
}

const LEDGERS: &[(&str, bool)] = &[("shared", false), ("own", true)];
const DAY_MATCHES: &[(&str, DayMatch)] = &[("any", DayMatch::Any), ("all", DayMatch::All)];
const CATCH_UPS: &[(&str, CatchUp)] = &[("merge", CatchUp::Merge), ("skip", CatchUp::Skip)];
const ORDERS: &[(&str, Order)] = &[("newest", Order::Newest), ("oldest", Order::Oldest)];
const JOINERS: &[(&str, Joiner)] = &[("issue", Joiner::Issue), ("now", Joiner::Now)];

const OVERFLOWS: &[(&str, Overflow)] = &[("next", Overflow::Next), ("list", Overflow::List)];

/// Reads every `[[newsletters]]`.
pub(super) fn read(sections: Vec<Section<'_>>, site: &Site) -> Vec<Newsletter> {
    let mut newsletters: Vec<Newsletter> = Vec::new();
    for mut section in sections {
        let newsletter = read_newsletter(&mut section, site);
        if newsletters
            .iter()
            .any(|other| other.id == newsletter.id && !other.id.is_empty())
        {
            let message = format!("\"{}\" is the id of another newsletter", newsletter.id);
            section.refuse("id", Wrong::new(message, "give each newsletter an id of its own"));
        }
        section.close();
        newsletters.push(newsletter);
    }
    newsletters
}

fn read_newsletter(section: &mut Section<'_>, site: &Site) -> Newsletter {
    let remedy = "write a short id such as `id = \"notes\"`; never change it later";
    let mut newsletter = Newsletter {
        id: section.require("id", remedy, id).unwrap_or_default(),
        name: section.get("name", filled).unwrap_or_else(|| site.title.clone()),
        description: section.get("description", text).unwrap_or_default(),
        time_zone: section.get("time_zone", zone).unwrap_or(Tz::UTC),
        language: section
            .get("language", language)
            .unwrap_or_else(|| site.language.clone()),
        categories: section.get("categories", list(filled)).unwrap_or_default(),
        tags: section.get("tags", list(filled)).unwrap_or_default(),
        look_back: section
            .get("look_back", some_time)
            .unwrap_or(Duration::from_secs(90 * 86_400)),
        goodbye: section.get("goodbye", flag).unwrap_or(false),
        own_ledger: section.get("ledger", one_of(LEDGERS)).unwrap_or(false),
        schedules: Vec::new(),
    };
    let quiet = read_quiet(section, &Quiet::default());
    newsletter.schedules = read_schedules(section, &quiet);
    check_look_back(section, &newsletter);
    newsletter
}

/// What goes out once in a long while must not find its articles too old.
fn check_look_back(section: &Section<'_>, newsletter: &Newsletter) {
    let gaps = newsletter
        .schedules
        .iter()
        .filter_map(|schedule| match &schedule.cadence {
            Cadence::Cron(rule) => Some((rule.longest_gap().num_days(), &schedule.id)),
            Cadence::Instant => None,
        });
    let Some((gap, schedule)) = gaps.max() else { return };
    let look_back = newsletter.look_back.as_secs() / 86_400;
    if u64::try_from(gap * 2).is_ok_and(|needed| look_back < needed) {
        let message = format!(
            "{look_back} days are less than twice the longest time between two issues of \"{schedule}\" ({gap} days)"
        );
        let remedy = format!("write `look_back = \"{}d\"` or more", gap * 2);
        section.refuse("look_back", Wrong::new(message, remedy));
    }
}

fn read_schedules(section: &mut Section<'_>, quiet: &Quiet) -> Vec<Schedule> {
    if !section.has("schedules") {
        let remedy =
            "write `[[newsletters.schedules]]` with an `id`, and `cron = \"0 8 * * MON\"` or `settle = \"20m\"`";
        section.refuse("schedules", Wrong::new("are missing", remedy));
    }
    let mut schedules: Vec<Schedule> = Vec::new();
    for mut section in section.sections("schedules") {
        let schedule = read_schedule(&mut section, quiet);
        if schedules
            .iter()
            .any(|other| other.id == schedule.id && !other.id.is_empty())
        {
            let message = format!("\"{}\" is the id of another schedule of this newsletter", schedule.id);
            section.refuse("id", Wrong::new(message, "give each schedule an id of its own"));
        }
        if schedule.is_default && schedules.iter().any(|other| other.is_default) {
            let remedy = "mark only the schedule of people who choose none";
            section.refuse("default", Wrong::new("marks a second schedule", remedy));
        }
        section.close();
        schedules.push(schedule);
    }
    schedules
}

fn read_schedule(section: &mut Section<'_>, quiet: &Quiet) -> Schedule {
    let remedy = "write a short id such as `id = \"weekly\"`; never change it later";
    let id = section.require("id", remedy, id).unwrap_or_default();
    let (cadence, cron_text) = read_cadence(section);
    let instant = cadence == Cadence::Instant;
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    Schedule {
        name: section.get("name", filled).unwrap_or_else(|| name_from(&id)),
        id,
        cadence,
        cron_text,
        is_default: section.get("default", flag).unwrap_or(false),
        settle: section
            .get("settle", duration)
            .unwrap_or(minutes(if instant { 20 } else { 2 })),
        max_articles: section.get("max_articles", whole(1)).unwrap_or(10),
        min_articles: section.get("min_articles", whole(1)).unwrap_or(1),
        overflow: section.get("overflow", one_of(OVERFLOWS)).unwrap_or(Overflow::Next),
        max_lateness: section.get("max_lateness", duration).unwrap_or(minutes(6 * 60)),
        catch_up: section.get("catch_up", one_of(CATCH_UPS)).unwrap_or(CatchUp::Merge),
        catch_up_at: section
            .get("catch_up_at", time_of_day)
            .unwrap_or_else(|| NaiveTime::from_hms_opt(8, 0, 0).expect("eight o'clock is a time")),
        flood_guard: section
            .get("flood_guard", whole(1))
            .unwrap_or(if instant { 5 } else { 25 }),
        order: section.get("order", one_of(ORDERS)).unwrap_or(Order::Newest),
        joiner: section
            .get("joiner", joiner)
            .unwrap_or(if instant { Joiner::Now } else { Joiner::Issue }),
        content: section.get("content", one_of(CONTENT)).unwrap_or(if instant {
            FullOrSummary::Full
        } else {
            FullOrSummary::Summary
        }),
        quiet: read_quiet(section, quiet),
    }
}

/// `quiet` and `no_send`; what is not given is as outside.
fn read_quiet(section: &mut Section<'_>, outside: &Quiet) -> Quiet {
    let quiet = Quiet {
        hours: section
            .get("quiet", list(window))
            .unwrap_or_else(|| outside.hours.clone()),
        days: section
            .get("no_send", list(day))
            .unwrap_or_else(|| outside.days.clone()),
    };
    if quiet.leaves_nothing() {
        let remedy = "leave some time of the day in which letters may go out";
        section.refuse("quiet", Wrong::new("leaves no time at all", remedy));
    }
    quiet
}

fn window(value: &Value) -> Read<Window> {
    let text = text(value)?;
    Window::parse(&text).ok_or_else(|| {
        let message = format!("\"{text}\" is no span of a day");
        Wrong::new(
            message,
            "write two times of the newsletter's zone, such as `22:00-07:00`",
        )
    })
}

fn day(value: &Value) -> Read<Day> {
    let text = text(value)?;
    Day::parse(&text).ok_or_else(|| {
        let message = format!("\"{text}\" is no day");
        Wrong::new(
            message,
            "write month and day, such as `12-25`, or one day, such as `2027-05-01`",
        )
    })
}

/// A word, or a number of articles.
fn joiner(value: &Value) -> Read<Joiner> {
    let count: Read<usize> = whole(1)(value);
    match count {
        Ok(count) => Ok(Joiner::Latest(count)),
        Err(wrong) if matches!(value.kind, ValueKind::I64(_)) => Err(wrong),
        Err(_) => one_of(JOINERS)(value),
    }
}

fn read_cadence(section: &mut Section<'_>) -> (Cadence, String) {
    let day_match = section.get("day_match", one_of(DAY_MATCHES)).unwrap_or_default();
    if !section.has("cron") && !section.has("settle") {
        let remedy = "write `cron = \"0 8 * * MON\"` for a digest, or `settle = \"20m\"` for a letter per article";
        section.refuse("", Wrong::new("has neither `cron` nor `settle`", remedy));
    }
    let rule = section.get("cron", |value| read_rule(value, day_match));
    rule.map_or((Cadence::Instant, String::new()), |(rule, text)| {
        (Cadence::Cron(rule), text)
    })
}

fn read_rule(value: &Value, day_match: DayMatch) -> Read<(CronRule, String)> {
    let text = text(value)?;
    let rule = CronRule::parse(&text, day_match).map_err(|error| Wrong::new(error.message(), error.remedy()))?;
    Ok((rule, text))
}

/// `weekly` is shown as "Weekly", `first-monday` as "First monday".
fn name_from(id: &str) -> String {
    let words = id.replace('-', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
