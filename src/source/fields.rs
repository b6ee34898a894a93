//! The fields of a header by meaning: many stores, many names (`sources.md` FO3).

use std::collections::BTreeMap;

use crate::model::article::{Problem, Severity};

use super::header::{Header, Value, normal_key};

/// The fields of one file, looked up by the author's own names first.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) header: &'a Header,
    map: &'a BTreeMap<String, Vec<String>>,
    locator: &'a str,
}

/// A field that was found: the key as written and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a Value,
}

impl<'a> Fields<'a> {
    pub(super) fn new(header: &'a Header, map: &'a BTreeMap<String, Vec<String>>, locator: &'a str) -> Self {
        Self { header, map, locator }
    }

    /// Every field under a meaning's names that is not empty: the author's names first, then the usual ones.
    pub(super) fn all(&self, meaning: &str, names: &[&str]) -> Vec<Field<'a>> {
        let own = self
            .map
            .get(meaning)
            .into_iter()
            .flatten()
            .filter_map(|path| self.at_path(path));
        let usual = names.iter().filter_map(|name| self.named(name));
        own.chain(usual).filter(|field| !field.value.is_empty()).collect()
    }

    /// The first of [`Fields::all`].
    pub(super) fn first(&self, meaning: &str, names: &[&str]) -> Option<Field<'a>> {
        self.all(meaning, names).into_iter().next()
    }

    /// The first text under a meaning's names; a list or map in its place is a problem.
    pub(super) fn text(&self, meaning: &str, names: &[&str], problems: &mut Vec<Problem>) -> Option<&'a str> {
        for field in self.all(meaning, names) {
            match field.value.text() {
                Some(text) => return Some(text.trim()),
                None => problems.push(self.problem(
                    field.key,
                    "bad_header",
                    format!("`{}` is not a text", field.key),
                    "write one text there",
                )),
            }
        }
        None
    }

    fn named(&self, name: &str) -> Option<Field<'a>> {
        let found = self.header.named(name)?;
        Some(Field {
            key: &found.0,
            value: &found.1,
        })
    }

    fn at_path(&self, path: &str) -> Option<Field<'a>> {
        let mut parts = path.split('.');
        let mut field = self.named(&normal_key(parts.next()?))?;
        for part in parts {
            let Value::Map(pairs) = field.value else { return None };
            let found = pairs.iter().find(|(key, _)| normal_key(key) == normal_key(part))?;
            field.value = &found.1;
        }
        Some(field)
    }

    /// A warning about one field, with its line.
    pub(super) fn problem(&self, key: &str, code: &str, message: String, remedy: &str) -> Problem {
        Problem {
            locator: self.locator.to_owned(),
            line: self.header.line_of(key),
            code: code.to_owned(),
            message,
            remedy: remedy.to_owned(),
            severity: Severity::Warning,
        }
    }
}
