//! What became of the rows of an import, in numbers that add up.

use serde::Serialize;

use super::known::{Became, Known};
use super::row::Row;
use super::status::Said;
use crate::model::address::EmailAddress;
use crate::model::subscriber::Suppressed;

/// Words that are counted apart: a column of notes that was taken for the status has as many as rows.
const MOST_WORDS: usize = 100;
/// Rows that are shown masked.
const SAMPLE: usize = 10;

/// What became of the rows: `rows` is the sum of `added`, `updated`, `unchanged`, `suppressed` and `rejected`; and,
/// seen from the files, of `active`, `unconfirmed`, `left`, `bounce`, `complaint`, `by_hand`, `unknown`, `rejected` and
/// `merged`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows read, without headings.
    pub rows: u64,
    /// New subscriptions.
    pub added: u64,
    /// Subscriptions that a row changed.
    pub updated: u64,
    /// Rows that said nothing new, or less than the person's own choice.
    pub unchanged: u64,
    /// Rows about people who must not be mailed, as the file or we know.
    pub suppressed: u64,
    /// Rows that could not be used.
    pub rejected: Vec<Rejected>,
    /// Columns that mean nothing to us.
    pub unused_columns: Vec<String>,
    /// People who may be mailed, as the files say.
    pub active: u64,
    /// People who have not confirmed.
    pub unconfirmed: u64,
    /// People who left.
    pub left: u64,
    /// Addresses that do not work.
    pub bounce: u64,
    /// People who called a letter spam.
    pub complaint: u64,
    /// People whom somebody there blocked.
    pub by_hand: u64,
    /// People of whom the files say nothing that we understand: not mailed.
    pub unknown: u64,
    /// Further rows about people who were counted already.
    pub merged: u64,
    /// The words behind `unknown`.
    pub unknown_words: Vec<UnknownWord>,
    /// People whose address needs a relay with SMTPUTF8.
    pub smtputf8: u64,
    /// The files, in the order in which they were read.
    pub files: Vec<FileRead>,
    /// The first rows, with masked addresses.
    pub sample: Vec<SampleRow>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// A row that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The file, where there are names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line of the file, counted from 1.
    pub row: u64,
    /// What stood in the address column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Why.
    pub reason: String,
}

/// A status that nobody understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownWord {
    /// As it stood there; empty where nothing stood.
    pub word: String,
    /// How many people.
    pub people: u64,
}

/// One file of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRead {
    /// Its name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The program that wrote it, as `--format` names it.
    pub format: String,
    /// Why it was taken for that.
    pub because: String,
    /// Rows read, without the heading.
    pub rows: u64,
}

/// A row that shows the operator how the file is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleRow {
    /// Line of the file.
    pub row: u64,
    /// The address with most of it masked.
    pub email: String,
    /// What the row says.
    pub status: String,
}

impl ImportReport {
    pub(super) fn count(&mut self, became: Became) {
        match became {
            Became::Added => self.added += 1,
            Became::Updated => self.updated += 1,
            Became::Unchanged => self.unchanged += 1,
            Became::Suppressed => self.suppressed += 1,
        }
    }

    /// Shows the first rows.
    pub(super) fn show(&mut self, number: u64, row: &Row) {
        if self.sample.len() < SAMPLE {
            self.sample.push(SampleRow {
                row: number,
                email: row.address().map_or_else(String::new, masked),
                status: row.said.word().to_owned(),
            });
        }
    }

    /// Counts people by what all rows together say of them.
    pub(super) fn count_people(&mut self, known: &Known) {
        let mut people = 0;
        for (said, word) in known.all_said() {
            people += 1;
            *match said {
                Said::Active => &mut self.active,
                Said::Pending => &mut self.unconfirmed,
                Said::Unknown => &mut self.unknown,
                Said::Not(Suppressed::Left) => &mut self.left,
                Said::Not(Suppressed::Bounce) => &mut self.bounce,
                Said::Not(Suppressed::Complaint) => &mut self.complaint,
                Said::Not(Suppressed::ByHand) => &mut self.by_hand,
            } += 1;
            if said == Said::Unknown {
                self.count_word(word.unwrap_or_default());
            }
        }
        self.unknown_words
            .sort_by(|a, b| b.people.cmp(&a.people).then_with(|| a.word.cmp(&b.word)));
        self.merged = self.rows - self.rejected.len() as u64 - people;
    }

    fn count_word(&mut self, word: &str) {
        let is_full = self.unknown_words.len() == MOST_WORDS;
        match self.unknown_words.iter_mut().find(|known| known.word == word) {
            Some(known) => known.people += 1,
            None if is_full => {}
            None => self.unknown_words.push(UnknownWord {
                word: word.to_owned(),
                people: 1,
            }),
        }
    }
}

/// `r…@example.org`.
fn masked(address: &EmailAddress) -> String {
    let first: String = address.local_part().chars().take(1).collect();
    format!("{first}…@{}", address.domain())
}
