//! The values of a generator's config, whatever language it is written in.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::kinds::{Generator, SITE_DATA};
use super::literal::literal;

/// Bytes of a config at most.
const LARGEST: u64 = 1024 * 1024;

/// Values of all config files, the first file that says something counts.
#[derive(Debug, Default)]
pub(super) struct Values {
    data: Vec<Value>,
    programs: Vec<String>,
}

impl Values {
    pub(super) fn read(base: &Path, generator: Generator, files: &[PathBuf], notes: &mut Vec<String>) -> Self {
        let mut values = Self::default();
        let is_program = !matches!(
            generator,
            Generator::Hugo | Generator::Zola | Generator::Jekyll | Generator::Hexo
        );
        let data = SITE_DATA
            .iter()
            .map(|name| base.join(name))
            .filter(|path| is_program && path.is_file());
        // What is kept apart from the program is meant to be read.
        let all: Vec<PathBuf> = data.chain(files.iter().cloned()).collect();
        for path in all.iter().filter(|path| path.is_file()) {
            let Some(text) = bounded(path) else { continue };
            let name = path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let end = name.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
            let parsed = match end.as_str() {
                "toml" => toml::from_str::<Value>(&text).map_err(|error| error.message().to_owned()),
                "yml" | "yaml" => serde_yaml_ng::from_str::<Value>(&text).map_err(|error| error.to_string()),
                "json" => serde_json::from_str::<Value>(&text).map_err(|error| error.to_string()),
                _ => {
                    values.programs.push(text);
                    continue;
                }
            };
            match parsed {
                Ok(value) => values.data.push(value),
                Err(error) => notes.push(format!("{name} could not be read: {}", super::shown(&error))),
            }
        }
        values
    }

    /// The first text under one of these keys.
    pub(super) fn text(&self, keys: &[&str]) -> Option<String> {
        for key in keys {
            let in_data = self.data.iter().find_map(|value| text_at(value, key));
            let in_program = || self.programs.iter().find_map(|program| literal(program, key));
            if let Some(text) = in_data.or_else(in_program) {
                return Some(text);
            }
        }
        None
    }

    /// The names of a list, or the keys of a map.
    pub(super) fn names(&self, keys: &[&str]) -> Vec<String> {
        let found = keys.iter().find_map(|key| {
            let mut all = self.data.iter().filter_map(|value| at(value, key));
            all.find(|value| value.is_object() || value.is_array())
        });
        match found {
            Some(Value::Object(map)) => map.keys().cloned().collect(),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Texts below a key, at any depth up to two, with their last key.
    pub(super) fn texts_below(&self, key: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for map in self.data.iter().filter_map(|value| at(value, key)?.as_object()) {
            for (name, value) in map {
                match value {
                    Value::String(text) => found.push((name.clone(), text.clone())),
                    Value::Object(inner) => {
                        let texts = inner
                            .iter()
                            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
                        found.extend(texts);
                    }
                    _ => {}
                }
            }
        }
        found
    }
}

fn text_at(value: &Value, key: &str) -> Option<String> {
    let text = match at(value, key)? {
        Value::String(text) => text.clone(),
        // `language: [en, de]`: the first is the site's.
        Value::Array(items) => items.first()?.as_str()?.to_owned(),
        _ => return None,
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// The value at a path of keys, compared without case.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| {
        let map = value.as_object()?;
        map.iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    })
}

/// A file as text, if it is one of a sensible size.
pub(super) fn bounded(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= LARGEST).then(|| String::from_utf8_lossy(&bytes).into_owned())
}
