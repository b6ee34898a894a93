//! Reads one section of the merged config key by key, and notes everything that is wrong on the way.
//!
//! A serde structure stops at its first error and knows no place; people want to see all errors at once. What was asked
//! for is what is known, so a key that is left over at the end is unknown.

use std::cell::RefCell;
use std::collections::BTreeMap;

use config::{Value, ValueKind};

use super::nearest::nearest;
use super::place::{Step, Way};
use super::problem::{Severity, Wrong};

/// How the `config` crate names the origin of values that come from environment variables.
pub(super) const FROM_ENVIRONMENT: &str = "the environment";

/// Something that is wrong, before its place in the file is known.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) way: Way,
    pub(super) origin: Origin,
    pub(super) wrong: Wrong,
    pub(super) severity: Severity,
    /// Whether the config can be used all the same.
    pub(super) bearable: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The config file, or nowhere at all.
    File,
    /// One environment variable.
    Variable,
    /// Several that fill one section.
    Variables,
}

impl Origin {
    fn of(value: &Value) -> Self {
        let all_from_variables = |mut values: Box<dyn Iterator<Item = &Value> + '_>| {
            if values.all(|value| Self::of(value) != Self::File) {
                Self::Variables
            } else {
                Self::File
            }
        };
        match &value.kind {
            ValueKind::Table(table) if !table.is_empty() => all_from_variables(Box::new(table.values())),
            ValueKind::Array(list) if !list.is_empty() => all_from_variables(Box::new(list.iter())),
            _ if value.origin() == Some(FROM_ENVIRONMENT) => Self::Variable,
            _ => Self::File,
        }
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Vec<Finding>>);

impl Notes {
    pub(super) fn add(&self, finding: Finding) {
        self.0.borrow_mut().push(finding);
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.0.into_inner()
    }
}

/// One section of the config.
#[derive(Debug)]
pub(super) struct Section<'n> {
    notes: &'n Notes,
    way: Way,
    values: BTreeMap<String, Value>,
    origins: BTreeMap<String, Origin>,
    known: Vec<&'static str>,
}

impl<'n> Section<'n> {
    pub(super) fn new(notes: &'n Notes, way: Way, values: BTreeMap<String, Value>) -> Self {
        let origins = values
            .iter()
            .map(|(key, value)| (key.clone(), Origin::of(value)))
            .collect();
        Self {
            notes,
            way,
            values,
            origins,
            known: Vec::new(),
        }
    }

    /// The value of `key`; `None` when it is not given, or cannot be used, which is noted.
    pub(super) fn get<T>(&mut self, key: &'static str, read: impl FnOnce(&Value) -> Result<T, Wrong>) -> Option<T> {
        self.known.push(key);
        let value = self.values.remove(key)?;
        read(&value).map_err(|wrong| self.refuse(key, wrong)).ok()
    }

    /// As [`Section::get`]; that `key` is not given is noted, with `remedy`.
    pub(super) fn require<T>(
        &mut self,
        key: &'static str,
        remedy: &str,
        read: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        if !self.has(key) {
            self.refuse(key, Wrong::new("is missing", remedy));
        }
        self.get(key, read)
    }

    /// Whether `key` is given and was not read yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Whether nothing is given at all.
    pub(super) fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Whether `key` was given, readable or not.
    pub(super) fn was_given(&self, key: &str) -> bool {
        self.origins.contains_key(key)
    }

    /// Whether `key` stands in the config file, as opposed to the environment.
    pub(super) fn is_from_file(&self, key: &str) -> bool {
        self.origins.get(key) == Some(&Origin::File)
    }

    /// A section inside this one; empty when it is not given.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'n> {
        let values = self.get(key, table).unwrap_or_default();
        Section::new(self.notes, self.way_to(key), values)
    }

    /// The `[[key]]` sections inside this one, in order.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'n>> {
        let list = self.get(key, tables).unwrap_or_default();
        let way = self.way_to(key);
        let place = |item| [way.as_slice(), &[Step::Item(item)]].concat();
        list.into_iter()
            .enumerate()
            .map(|(item, values)| Section::new(self.notes, place(item), values))
            .collect()
    }

    /// A section whose keys are the author's own; values that cannot be used are noted.
    pub(super) fn entries<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&Value) -> Result<T, Wrong>,
    ) -> BTreeMap<String, T> {
        let values = self.get(key, table).unwrap_or_default();
        let inner = Section::new(self.notes, self.way_to(key), values);
        let mut entries = BTreeMap::new();
        for (name, value) in &inner.values {
            match read(value) {
                Ok(entry) => drop(entries.insert(name.clone(), entry)),
                Err(wrong) => inner.refuse(name, wrong),
            }
        }
        entries
    }

    /// A section whose keys are the author's own and whose values are sections; a text stands for the key `short` alone.
    pub(super) fn named_sections(&mut self, key: &'static str, short: &str) -> Vec<(String, Section<'n>)> {
        let way = self.way_to(key);
        let read = |value: &Value| match value.kind {
            ValueKind::String(_) => Ok(BTreeMap::from([(short.to_owned(), value.clone())])),
            _ => table(value),
        };
        let entries = self.entries(key, read).into_iter();
        let inner = |(name, values): (String, BTreeMap<String, Value>)| {
            let way = [way.as_slice(), &[Step::Key(name.clone())]].concat();
            (name, Section::new(self.notes, way, values))
        };
        entries.map(inner).collect()
    }

    /// Notes that the value of `key` cannot be used.
    pub(super) fn refuse(&self, key: &str, wrong: Wrong) {
        self.note(key, wrong, Severity::Error, false);
    }

    /// Notes that something about `key` does not work, though the rest can go on without it.
    pub(super) fn report(&self, key: &str, wrong: Wrong) {
        self.note(key, wrong, Severity::Error, true);
    }

    /// Notes something about `key` that somebody should look at.
    pub(super) fn warn(&self, key: &str, wrong: Wrong) {
        self.note(key, wrong, Severity::Warning, true);
    }

    fn note(&self, key: &str, wrong: Wrong, severity: Severity, bearable: bool) {
        self.notes.add(Finding {
            way: self.way_to(key),
            origin: self.origins.get(key).copied().unwrap_or(Origin::File),
            wrong,
            severity,
            bearable,
        });
    }

    fn way_to(&self, key: &str) -> Way {
        let mut way = self.way.clone();
        if !key.is_empty() {
            way.push(Step::Key(key.to_owned()));
        }
        way
    }

    /// Ends the reading: whatever was not asked for is unknown.
    pub(super) fn close(self) {
        for key in self.values.keys() {
            let remedy = match nearest(key, self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`? otherwise remove it"),
                None => format!("remove it; known here are {}", self.known.join(", ")),
            };
            self.refuse(key, Wrong::new("is not a known key", remedy));
        }
    }
}

fn table(value: &Value) -> Result<BTreeMap<String, Value>, Wrong> {
    match &value.kind {
        ValueKind::Table(table) => Ok(table.iter().map(|(key, value)| (key.clone(), value.clone())).collect()),
        ValueKind::Nil => Ok(BTreeMap::new()),
        _ => Err(Wrong::new(
            "must be a section, not a single value",
            "write a header such as `[section]`, and the keys below it",
        )),
    }
}

fn tables(value: &Value) -> Result<Vec<BTreeMap<String, Value>>, Wrong> {
    let wrong = || {
        Wrong::new(
            "must be a list of sections",
            "write a header with two brackets, such as `[[section]]`, for each of them",
        )
    };
    match &value.kind {
        ValueKind::Array(list) => list.iter().map(|item| table(item).map_err(|_| wrong())).collect(),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_nobody_asked_for_is_unknown_and_the_nearest_one_is_named() {
        let notes = Notes::default();
        let values = BTreeMap::from([("hots".to_owned(), Value::new(None, "x"))]);
        let mut section = Section::new(&notes, Vec::new(), values);
        assert_eq!(section.get("host", |_| Ok(())), None);
        section.close();
        let findings = notes.into_findings();
        assert_eq!(findings.len(), 1);
        assert!(findings[0].wrong.remedy.contains("`host`"));
    }
}
