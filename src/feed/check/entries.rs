//! What is asked of all entries together: ids that stand once, the newest first, not too many.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Notes, shown};

/// An entry, as far as the others matter to it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) line: Option<usize>,
    pub(super) id: Option<String>,
    pub(super) link: Option<String>,
    pub(super) date: Option<DateTime<Utc>>,
}

const MOST: usize = 500;

/// Says what is wrong with the list; returns how long it is.
pub(super) fn examine(notes: &mut Notes, all: &[Seen]) -> usize {
    if all.is_empty() {
        let remedy = "see whether the generator finds the articles: a reader that is sent an empty feed may forget it";
        notes.warning(None, "empty", "the feed has no entries", remedy);
    }
    if all.len() > MOST {
        let message = format!("the feed has {} entries", all.len());
        notes.warning(
            None,
            "entries",
            message,
            "keep the newest 20 to 50; every reader fetches all of them",
        );
    }
    twice(notes, all, "id_doubled", |seen| seen.id.as_deref());
    let without_id = |seen: &Seen| seen.id.is_none();
    if all.iter().all(without_id) {
        twice(notes, all, "link_doubled", |seen| seen.link.as_deref());
    }
    let dated: Vec<&Seen> = all.iter().filter(|seen| seen.date.is_some()).collect();
    if let Some(pair) = dated.windows(2).find(|pair| pair[0].date < pair[1].date) {
        let remedy = "print the newest entry first: some readers show only the first ones";
        notes.warning(
            pair[1].line,
            "order",
            "an entry is newer than the one before it",
            remedy,
        );
    }
    all.len()
}

fn twice(notes: &mut Notes, all: &[Seen], rule: &'static str, of: impl Fn(&Seen) -> Option<&str>) {
    let mut first: HashMap<&str, Option<usize>> = HashMap::new();
    for seen in all {
        let Some(value) = of(seen).filter(|value| !value.is_empty()) else {
            continue;
        };
        match first.get(value) {
            None => {
                first.insert(value, seen.line);
            }
            Some(line) => {
                let place = line.map_or(String::new(), |line| format!(" as in line {line}"));
                let message = format!("two entries have the same id{place}: {}", shown(value));
                let remedy = "give each entry an id of its own: readers show only one of the two";
                notes.error(seen.line, rule, message, remedy);
            }
        }
    }
}
