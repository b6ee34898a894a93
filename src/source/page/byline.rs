//! The line under a title that says who wrote when, and the line above it (`sources.md` SI7 and SI9).

use chrono_tz::Tz;

use crate::model::text::one_line;
use crate::source::dates::{self, Moment};

use super::blocks::Block;
use super::tail;

/// What a byline says.
#[derive(Debug, Default, Clone)]
pub(crate) struct Byline {
    pub(crate) author: Option<String>,
    pub(crate) date: Option<Moment>,
    /// Reading time as stated.
    pub(crate) minutes: Option<u32>,
    /// How many blocks of the page it stands in.
    pub(super) blocks: usize,
}

/// Reads a byline: one part is a date, one may be a reading time, the rest is the author.
pub(crate) fn byline(text: &str, zone: Tz) -> Option<Byline> {
    if text.chars().count() > 160 {
        return None;
    }
    let parts = parts(text);
    let (at, count, date) = find_date(&parts, zone)?;
    let mut byline = Byline {
        date: Some(date),
        blocks: 1,
        ..Byline::default()
    };
    let rest = parts
        .iter()
        .enumerate()
        .filter(|(index, _)| !(at..at + count).contains(index))
        .map(|(_, part)| part.as_str());
    for part in rest {
        let bare = without_lead(part);
        if bare.is_empty() {
            continue;
        }
        if byline.minutes.is_none()
            && let Some(minutes) = reading_minutes(part)
        {
            byline.minutes = Some(minutes);
        } else if byline.author.is_none() && is_name(bare) {
            byline.author = Some(bare.to_owned());
        } else if !is_name(bare) {
            return None;
        }
    }
    Some(byline)
}

fn parts(text: &str) -> Vec<String> {
    let split = text.split(['·', '•', '|', '–', '—', ',', '\n']);
    let words = split.flat_map(|part| {
        // `by Jane Doe on 3 May`: the date begins behind the last ` on `.
        match part.rsplit_once(" on ") {
            Some((before, after)) if after.chars().any(|c| c.is_ascii_digit()) => {
                vec![before.to_owned(), after.to_owned()]
            }
            _ => vec![part.to_owned()],
        }
    });
    words
        .map(|part| one_line(&part))
        .filter(|part| !part.is_empty())
        .collect()
}

fn find_date(parts: &[String], zone: Tz) -> Option<(usize, usize, Moment)> {
    for at in 0..parts.len() {
        for count in (1..=3usize).rev().filter(|count| at + count <= parts.len()) {
            let joined = parts[at..at + count].join(", ");
            if let Some(date) = dates::parse(without_lead(&joined), zone) {
                return Some((at, count, date));
            }
        }
    }
    None
}

/// Without the words that lead to a name or a date.
fn without_lead(part: &str) -> &str {
    const LEADS: &[&str] = &[
        "published",
        "posted",
        "written",
        "updated",
        "by",
        "on",
        "author",
        "date",
        "von",
        "am",
        "par",
        "le",
        "por",
        "el",
        "di",
        "il",
    ];
    let mut rest = part.trim();
    loop {
        let word = rest.split([' ', ':']).next().unwrap_or("");
        if !LEADS.contains(&word.to_lowercase().as_str()) {
            return rest;
        }
        rest = rest[word.len()..].trim_start_matches([' ', ':']);
    }
}

fn is_name(text: &str) -> bool {
    text.chars().count() <= 60 && !text.chars().any(|c| c.is_ascii_digit()) && text.chars().any(char::is_alphabetic)
}

/// `8 min read`, `read in 5 minutes`, `5 minute read`, `Reading time: 4 min`.
pub(crate) fn reading_minutes(text: &str) -> Option<u32> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let at = words.iter().position(|word| {
        matches!(
            *word,
            "min" | "mins" | "minute" | "minutes" | "minuten" | "minuti" | "minutos"
        )
    });
    let (number, glued) = match at {
        Some(at) => (words.get(at.checked_sub(1)?)?.parse::<u32>().ok()?, false),
        None => (
            words
                .iter()
                .find_map(|word| word.strip_suffix("min")?.parse::<u32>().ok())?,
            true,
        ),
    };
    let about_reading = words.iter().any(|word| {
        matches!(
            *word,
            "read" | "reading" | "lesezeit" | "lecture" | "lectura" | "lettura"
        )
    });
    ((1..=240).contains(&number) && words.len() <= 6 && (about_reading || glued || words.len() == 2)).then_some(number)
}

/// Whether a block right above the title is a category: a few words, no sentence, no way back.
pub(super) fn is_category(block: &Block<'_>, site_title: &str) -> bool {
    is_category_line(&block.line(), site_title) && block.links <= 1
}

/// The same for a line of text.
pub(crate) fn is_category_line(line: &str, site_title: &str) -> bool {
    let words = line.split_whitespace().count();
    (1..=4).contains(&words)
        && line.chars().count() <= 40
        && !line.ends_with(['.', '!', '?', ':', ';', ','])
        && !line.eq_ignore_ascii_case(site_title)
        && !tail::leads_elsewhere(line)
}

/// A line that is a heading among paragraphs: at most 90 characters, and no end of a sentence.
pub(crate) fn is_heading_line(line: &str) -> bool {
    line.chars().count() <= 90
        && line.chars().any(char::is_alphanumeric)
        && !line.ends_with(['.', '!', '?', ':', ';', ',', '…'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, Option<u32>)> {
        let byline = byline(text, Tz::UTC)?;
        Some((
            byline.author.unwrap_or_default(),
            byline.date?.at.format("%F").to_string(),
            byline.minutes,
        ))
    }

    #[test]
    fn a_byline_says_who_when_and_how_long() {
        for (text, author, date, minutes) in [
            (
                "Jane Doe · September 12, 2024 · 8 min read",
                "Jane Doe",
                "2024-09-12",
                Some(8),
            ),
            (
                "Jane Doe·September 12, 2024·8 min read",
                "Jane Doe",
                "2024-09-12",
                Some(8),
            ),
            ("By Jane Doe on 12 September 2024", "Jane Doe", "2024-09-12", None),
            ("Published September 12, 2024 by Jane Doe", "", "", None),
            (
                "Posted by Jane Doe | 2024-09-12 | 5 minute read",
                "Jane Doe",
                "2024-09-12",
                Some(5),
            ),
            (
                "Jane Doe\nSep 12, 2024\nread in 5 minutes",
                "Jane Doe",
                "2024-09-12",
                Some(5),
            ),
            ("2024-09-12", "", "2024-09-12", None),
            ("Published on September 12, 2024", "", "2024-09-12", None),
        ] {
            let expected = (!date.is_empty()).then(|| (author.to_owned(), date.to_owned(), minutes));
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_sentence_with_a_date_is_no_byline() {
        for text in [
            "On 12 September 2024, 40 people met in room 5, and left",
            "Jane Doe",
            "8 min read",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn reading_times_are_read_in_their_usual_forms() {
        for (text, minutes) in [
            ("8 min read", Some(8)),
            ("read in 5 minutes", Some(5)),
            ("Reading time: 4 min", Some(4)),
            ("5min", Some(5)),
            ("999 min read", None),
            ("I waited 5 minutes for the bus to come", None),
        ] {
            assert_eq!(reading_minutes(text), minutes, "{text}");
        }
    }
}
