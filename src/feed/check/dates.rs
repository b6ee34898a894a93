//! Dates of feeds: RFC 822 in RSS, RFC 3339 in Atom and JSON Feed, W3C dates in the Dublin Core.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use super::{Notes, shown};

/// How a date has to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `Wed, 25 Nov 2026 06:30:00 +0000`.
    Mail,
    /// `2026-11-25T06:30:00Z`.
    Iso,
    /// The same, or only its first parts.
    Short,
}

/// Years before this one are rather a default of a program than the truth.
const EARLIEST: i32 = 1990;

const MAIL: &str = "write it like Wed, 25 Nov 2026 06:30:00 +0000 (RFC 822): readers date what they cannot read “now”";
const ISO: &str = "write it like 2026-11-25T06:30:00Z (RFC 3339): readers date what they cannot read “now”";

/// Reads a date and says what is wrong with it.
pub(super) fn read(
    notes: &mut Notes,
    line: Option<usize>,
    what: &str,
    text: &str,
    style: Style,
) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let remedy = if style == Style::Mail { MAIL } else { ISO };
    if text.is_empty() {
        notes.error(line, "date", format!("{what} is empty"), remedy);
        return None;
    }
    let read = match style {
        Style::Mail => mail(text, notes, line, what),
        Style::Iso => iso(text),
        Style::Short => iso(text).or_else(|| short(text)),
    };
    let Some(at) = read else {
        let message = format!("{what} cannot be read: “{}”", shown(text));
        notes.error(line, "date", message, remedy);
        return None;
    };
    if at > notes.scene.now + TimeDelta::days(1) {
        let message = format!("{what} lies in the future: {}", shown(text));
        let remedy = "publish it when it is due: some readers hide such an entry, others keep it on top";
        notes.warning(line, "future", message, remedy);
    } else if at.year() < EARLIEST {
        let message = format!("{what} lies before {EARLIEST}: {}", shown(text));
        notes.warning(line, "old_date", message, "see whether a missing date became a zero");
    }
    Some(at)
}

fn mail(text: &str, notes: &mut Notes, line: Option<usize>, what: &str) -> Option<DateTime<Utc>> {
    let (at, day_fits) = match DateTime::parse_from_rfc2822(text) {
        Ok(at) => (at, true),
        Err(_) => (
            DateTime::parse_from_rfc2822(text.split_once(',')?.1.trim()).ok()?,
            false,
        ),
    };
    if !day_fits {
        let message = format!(
            "{what} names another day of the week than the date has: “{}”",
            shown(text)
        );
        notes.warning(
            line,
            "date",
            message,
            "take the day of the week out, or let a library write it",
        );
    }
    let short_year = text
        .split_ascii_whitespace()
        .find(|word| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_digit()));
    let years = text
        .split_ascii_whitespace()
        .any(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()));
    if short_year.is_some() && !years {
        notes.warning(line, "date", format!("{what} has a year of two digits"), MAIL);
    }
    Some(at.to_utc())
}

fn iso(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    (text.as_bytes().get(10) == Some(&b'T')).then(|| at.to_utc())
}

/// A year, a month, a day, or a moment without seconds.
fn short(text: &str) -> Option<DateTime<Utc>> {
    if let Some((day, rest)) = text.split_once('T') {
        let zone = rest.find(['Z', '+', '-'])?;
        return iso(&format!("{day}T{}:00{}", &rest[..zone], &rest[zone..]));
    }
    let mut parts = text.split('-').map(str::parse::<u32>);
    let year = i32::try_from(parts.next()?.ok()?).ok()?;
    let month = parts.next().map_or(Some(1), Result::ok)?;
    let day = parts.next().map_or(Some(1), Result::ok)?;
    Some(
        NaiveDate::from_ymd_opt(year, month, day)?
            .and_hms_opt(0, 0, 0)?
            .and_utc(),
    )
}

/// What was edited before it was published is one of the two by mistake.
pub(super) fn in_order(
    notes: &mut Notes,
    line: Option<usize>,
    published: Option<DateTime<Utc>>,
    updated: Option<DateTime<Utc>>,
) {
    if let (Some(published), Some(updated)) = (published, updated)
        && updated < published
    {
        let remedy = "print the later of both as the date of the last edit";
        notes.warning(line, "date_order", "it was edited before it was published", remedy);
    }
}
