//! The header of a file: where it ends, and its fields as untyped values (`sources.md` FO1 and FO2).

mod forms;
mod plain;
mod yaml;

use serde::Serialize;

pub(super) use forms::split;

/// A value as it stands in a header. Scalars keep their spelling: `1.10` is not 1.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// `true`, `yes`, `on`, `1` and their opposites, in any case.
    pub(super) fn truth(&self) -> Option<bool> {
        match self.text()?.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        }
    }

    /// The text under the first of a map's keys that is one of `names`, as names are compared.
    pub(super) fn inner(&self, names: &[&str]) -> Option<&str> {
        let Self::Map(pairs) = self else { return None };
        let found = pairs.iter().find(|(key, _)| names.contains(&normal_key(key).as_str()));
        found.and_then(|(_, value)| value.text()).map(str::trim)
    }

    /// Null, an empty text, an empty list or map: as good as not given.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.iter().all(Self::is_empty),
            Self::Map(pairs) => pairs.is_empty(),
        }
    }
}

/// What keeps a header from being read: the file is not published, because a draft mark inside cannot be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderError {
    /// `bad_header`, `header_not_map` or `unsupported_header`.
    pub(super) code: &'static str,
    /// 1-based line in the file.
    pub(super) line: u32,
    pub(super) message: String,
    pub(super) remedy: &'static str,
}

/// A file in two: its fields, and where its body begins.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// In the order of the file, keys as written; a key that stands twice keeps its last value.
    pub(super) fields: Vec<(String, Value)>,
    /// The keys as they are compared, in the same order.
    names: Vec<String>,
    /// Keys that stood twice.
    pub(super) doubled: Vec<String>,
    /// Byte at which the body begins.
    pub(super) body: usize,
    /// The header as written, to find the line of a field.
    raw: String,
    /// 1-based line at which `raw` begins.
    first_line: u32,
    /// Whether there was a header at all, be it empty.
    pub(super) present: bool,
}

impl Header {
    /// The 1-based line on which a top-level key stands.
    pub(super) fn line_of(&self, key: &str) -> Option<u32> {
        let starts = |line: &str| {
            let line = line.trim_start_matches(['"', '\'', ' ']);
            line.get(..key.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(key))
                && line[key.len()..]
                    .trim_start_matches(['"', '\'', ' '])
                    .starts_with([':', '='])
        };
        let at = self.raw.lines().position(starts)?;
        u32::try_from(at).ok().map(|at| self.first_line + at)
    }

    /// The field with this name, as names are compared.
    pub(super) fn named(&self, name: &str) -> Option<&(String, Value)> {
        let at = self.names.iter().position(|known| known == name)?;
        self.fields.get(at)
    }

    /// Fields that stand in no file.
    pub(super) fn of(pairs: Vec<(String, Value)>) -> Self {
        Self::new(pairs, "", 1, 0)
    }

    fn new(pairs: Vec<(String, Value)>, raw: &str, first_line: u32, body: usize) -> Self {
        let mut header = Self {
            raw: raw.to_owned(),
            first_line,
            body,
            present: true,
            ..Self::default()
        };
        for (key, value) in pairs {
            let name = normal_key(&key);
            if let Some(at) = header.names.iter().position(|known| *known == name) {
                header.fields[at].1 = value;
                header.doubled.push(key);
            } else {
                header.names.push(name);
                header.fields.push((key, value));
            }
        }
        header
    }
}

/// Keys are compared without case, with `-` as `_`.
pub(super) fn normal_key(key: &str) -> String {
    key.trim().to_lowercase().replace('-', "_")
}
