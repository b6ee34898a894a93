//! What mail software says, in its own words: one table for sessions and reports.
//!
//! Texts are compared in lower case, white space folded, addresses and URLs masked. Each row is wording that more than one
//! server uses or that says by itself what it means; the comment names software that is known to say so. Add a row here
//! when a report is judged wrong, never a rule elsewhere.

mod away;
mod languages;
mod recipient;
mod sender;

use super::Class::{self, Box, Dead, Expired, Sender};
use away::AWAY;
use languages::{ELSEWHERE, FAR_EAST};
use recipient::{OF_THE_BOX, OF_THE_PERSON, OF_THE_WAY};
use sender::{OF_THE_LETTER, OF_US};

/// Class, wording, language (ISO 639-1).
pub(super) type Row = (Class, &'static str, &'static str);

/// Which class is asked first where several phrases stand in one text.
const ORDER: [Class; 4] = [Sender, Box, Expired, Dead];

/// The row that decides about a prepared text (`prepare`).
pub(super) fn best(text: &str) -> Option<&'static Row> {
    let mut found: Vec<(usize, &Row)> = Vec::new();
    for row in REFUSALS.iter().flat_map(|part| part.iter()) {
        found.extend(places(text, row.1).map(|at| (at, row)));
    }
    // "Recipient address rejected: access denied" is another thing than "access denied".
    let covered = |at: usize, row: &Row| {
        found.iter().any(|(other_at, other)| {
            other.1.len() > row.1.len() && *other_at <= at && other_at + other.1.len() >= at + row.1.len()
        })
    };
    let rank = |class: Class| ORDER.iter().position(|one| *one == class);
    let standing = found.iter().filter(|(at, row)| !covered(*at, row));
    standing
        .min_by_key(|(at, row)| (rank(row.0), std::cmp::Reverse(row.1.len()), *at))
        .map(|(_, row)| *row)
}

/// Whether a prepared text reads as if nobody were there just now.
pub(super) fn away(text: &str) -> Option<&'static Row> {
    AWAY.iter().find(|row| places(text, row.1).next().is_some())
}

/// Where `phrase` stands in `text` as words of their own: never as part of a host name.
fn places<'a>(text: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(phrase).map(|(at, _)| at).filter(move |at| {
        let (before, after) = (&text[..*at], &text[at + phrase.len()..]);
        let is_word = |c: char| c.is_ascii_alphanumeric();
        let joins = |c: char| matches!(c, '.' | '-' | '_');
        let starts = !before.ends_with(|c: char| is_word(c) || joins(c)) || !phrase.starts_with(is_word);
        let mut rest = after.chars();
        let ends = match rest.next() {
            Some(c) if is_word(c) => !phrase.ends_with(is_word),
            Some(c) if joins(c) => !rest.next().is_some_and(is_word) || !phrase.ends_with(is_word),
            _ => true,
        };
        starts && ends
    })
}

const REFUSALS: [&[Row]; 7] = [
    OF_US,
    OF_THE_LETTER,
    OF_THE_BOX,
    OF_THE_WAY,
    OF_THE_PERSON,
    ELSEWHERE,
    FAR_EAST,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_author_finds_each_wording_once_prepared_and_in_many_languages() {
        let rows: Vec<&Row> = REFUSALS.iter().flat_map(|part| part.iter()).chain(AWAY).collect();
        assert!(rows.len() >= 120, "{}", rows.len());
        let mut seen = HashSet::new();
        for (_, phrase, _) in &rows {
            assert!(seen.insert(*phrase), "twice: {phrase}");
            assert_eq!(super::super::prepare(phrase), *phrase, "not as it is compared");
        }
        let languages: HashSet<&str> = rows.iter().map(|row| row.2).collect();
        for language in ["en", "de", "fr", "es", "it", "ru", "ja", "zh"] {
            assert!(languages.contains(language), "{language}");
        }
    }

    #[test]
    fn a_word_inside_a_host_name_says_nothing_about_a_person() {
        assert!(best("mx.spam.example said 550").is_none());
        assert!(best("host nospam-1.example refused").is_none());
        assert_eq!(best("550 this is spam.").map(|row| row.0), Some(Sender));
    }

    #[test]
    fn the_longer_wording_wins_over_the_one_inside_it() {
        let of = |text: &str| best(text).map(|row| row.0);
        assert_eq!(of("5.4.1 recipient address rejected: access denied"), Some(Dead));
        assert_eq!(of("554 access denied"), Some(Sender));
        assert_eq!(of("sender address rejected: domain not found"), Some(Sender));
        assert_eq!(of("domain of sender address does not exist"), Some(Sender));
        assert_eq!(of("user unknown, mailbox is full"), Some(Box));
    }
}
