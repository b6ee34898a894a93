//! From wall time to instants, across time changes.
//!
//! | wall time is | fixed rule | periodic rule |
//! |---|---|---|
//! | unique | that instant | that instant |
//! | in an overlap (clock set back) | the first of the two | both, fold 0 and fold 1 |
//! | in a gap (clock set forward) | read with the offset before the gap | dropped, noted as a gap |

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use super::{CronRule, OccurrenceKey};

/// What became of an occurrence on its way from wall time to an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It happens at its wall time.
    Plain,
    /// The clock skips its wall time; it happens as long after the change as it would have been after midnight.
    Shifted,
    /// The clock skips its wall time and the rule is periodic: it does not happen.
    Gap,
    /// It falls on the same instant as the named occurrence and happens with it.
    Merged(OccurrenceKey),
}

/// One wall-clock time of a schedule, placed in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Its name, unique within the schedule for ever.
    pub key: OccurrenceKey,
    /// When it is due. For one that does not happen: the instant at which it would have.
    pub at: DateTime<Utc>,
    /// What the author's clock was meant to show.
    pub wall: NaiveDateTime,
    /// What a time change did to it.
    pub note: Note,
}

impl Occurrence {
    /// Whether it happens; the others are only recorded.
    pub fn fires(&self) -> bool {
        matches!(self.note, Note::Plain | Note::Shifted)
    }
}

/// Every occurrence of `rule` in `zone` after `after` (exclusive) up to `until` (inclusive), ordered by instant.
/// Those that a time change swallows are in the list with their [`Note`].
pub fn occurrences(rule: &CronRule, zone: Tz, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Occurrence> {
    // No zone was ever 16 hours from UTC, and no gap longer than a day.
    let margin = TimeDelta::hours(40);
    let from = after
        .naive_utc()
        .checked_sub_signed(margin)
        .unwrap_or(NaiveDateTime::MIN);
    let to = until
        .naive_utc()
        .checked_add_signed(margin)
        .unwrap_or(NaiveDateTime::MAX);
    let mut found: Vec<Occurrence> = rule
        .walls(from, to)
        .into_iter()
        .flat_map(|wall| place(rule.is_periodic(), zone, wall))
        .collect();
    found.retain(|occurrence| occurrence.at > after && occurrence.at <= until);
    // On one instant the one that the clock really shows comes first and takes the others with it.
    found.sort_by(|a, b| (a.at, a.note != Note::Plain, &a.key).cmp(&(b.at, b.note != Note::Plain, &b.key)));
    merge(&mut found);
    found
}

/// The next `count` occurrences of `rule` in `zone` after `after` that happen. Fewer when the calendar ends (2100).
pub fn next(rule: &CronRule, zone: Tz, after: DateTime<Utc>, count: usize) -> Vec<Occurrence> {
    let mut found = Vec::new();
    let mut from = after;
    let mut span = TimeDelta::days(2);
    while found.len() < count && from.naive_utc().and_utc().timestamp() < END_OF_CALENDAR {
        let until = from + span;
        found.extend(
            occurrences(rule, zone, from, until)
                .into_iter()
                .filter(Occurrence::fires),
        );
        from = until;
        span = (span * 2).min(TimeDelta::days(1_000));
    }
    found.truncate(count);
    found
}

/// 2101-01-01: the `cron` crate enumerates no further.
const END_OF_CALENDAR: i64 = 4_133_980_800;

fn place(periodic: bool, zone: Tz, wall: NaiveDateTime) -> Vec<Occurrence> {
    let occurrence = |fold: u8, at: DateTime<Utc>, note: Note| Occurrence {
        key: OccurrenceKey::wall(wall, fold),
        at,
        wall,
        note,
    };
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) => vec![occurrence(0, at.to_utc(), Note::Plain)],
        MappedLocalTime::Ambiguous(first, second) if periodic => vec![
            occurrence(0, first.to_utc(), Note::Plain),
            occurrence(1, second.to_utc(), Note::Plain),
        ],
        MappedLocalTime::Ambiguous(first, _) => vec![occurrence(0, first.to_utc(), Note::Plain)],
        MappedLocalTime::None => {
            let note = if periodic { Note::Gap } else { Note::Shifted };
            vec![occurrence(0, read_with_offset_before(zone, wall), note)]
        }
    }
}

/// The instant of a wall time that the clock skips, by the offset that held before the gap: 02:30 becomes 03:30.
fn read_with_offset_before(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    let before = GapInfo::new(&wall, &zone).and_then(|gap| gap.begin);
    let offset = before.map_or_else(
        || zone.offset_from_utc_datetime(&(wall - TimeDelta::days(1))).fix(),
        |(_, offset)| offset.fix(),
    );
    (wall - TimeDelta::seconds(i64::from(offset.local_minus_utc()))).and_utc()
}

fn merge(found: &mut [Occurrence]) {
    let mut winner: Option<(DateTime<Utc>, OccurrenceKey)> = None;
    for occurrence in found {
        if !occurrence.fires() {
            continue;
        }
        match &winner {
            Some((at, key)) if *at == occurrence.at => occurrence.note = Note::Merged(key.clone()),
            _ => winner = Some((occurrence.at, occurrence.key.clone())),
        }
    }
}
