//! `init DIR --from SITE_FOLDER`: the commented config with what a site's folder says of itself.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, ensure};

use super::super::output::line;
use crate::config;
use crate::source::generator::{self, Found};

/// What was found, and where the articles are as seen from the config.
pub(super) struct FromSite {
    found: Found,
    articles: String,
    /// The config that is to be written.
    file: PathBuf,
}

/// Looks at a site for a config in `dir`.
pub(super) fn look(site: &Path, dir: &Path) -> anyhow::Result<FromSite> {
    let whole = site
        .canonicalize()
        .with_context(|| format!("look at {}: check the path", site.display()))?;
    let found = generator::look(&whole).with_context(|| format!("look at {}: it must be a folder", site.display()))?;
    let folder = if found.path == "." {
        whole
    } else {
        whole.join(&found.path)
    };
    let articles = as_seen_from(&absolute(dir)?, &folder);
    let articles = articles
        .to_str()
        .with_context(|| format!("write the path {} into a config: it is not UTF-8", articles.display()))?
        .to_owned();
    let file = dir.join("letterpress.toml");
    Ok(FromSite { found, articles, file })
}

/// An absolute path without links in the part that exists.
fn absolute(dir: &Path) -> anyhow::Result<PathBuf> {
    let whole = std::path::absolute(dir).with_context(|| format!("find {}", dir.display()))?;
    let mut missing = Vec::new();
    let mut there = whole.as_path();
    loop {
        if let Ok(real) = there.canonicalize() {
            return Ok(missing.iter().rev().fold(real, |path, name| path.join(name)));
        }
        let (Some(name), Some(above)) = (there.file_name(), there.parent()) else {
            return Ok(whole);
        };
        missing.push(name.to_owned());
        there = above;
    }
}

/// A path relative to a folder that is near, so that both can be moved together; else the path itself.
fn as_seen_from(dir: &Path, path: &Path) -> PathBuf {
    let (from, to): (Vec<Component>, Vec<Component>) = (dir.components().collect(), path.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.len() - shared;
    if shared < 2 || up > 4 {
        return path.to_owned();
    }
    let steps = std::iter::repeat_n(Component::ParentDir, up).chain(to[shared..].iter().copied());
    let relative: PathBuf = steps.collect();
    if relative.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        relative
    }
}

impl FromSite {
    /// The example with what was found in it. It is read as it will be when it is there: a value of the site that does not fit is
    /// left out, with a note.
    pub(super) fn config(&mut self, example: &str) -> anyhow::Result<String> {
        let mut values = self.values();
        loop {
            let text = self.with(example, &values);
            let problems = match config::parse(&text, &self.file, Vec::new()) {
                Ok(_) => return Ok(text),
                Err(problems) => problems.0,
            };
            let errors = problems
                .iter()
                .filter(|problem| problem.severity == config::Severity::Error);
            let culprit = errors.filter_map(|problem| {
                let at = values.iter().position(|value| value.is_meant_by(&problem.key))?;
                Some((at, problem.message.clone()))
            });
            let Some((at, message)) = culprit.min_by_key(|(at, _)| *at) else {
                // What is left is about folders that are made after this.
                ensure!(
                    toml::from_str::<toml::Value>(&text).is_ok(),
                    "write the config: a value of the site's own config does not fit; run `init` without --from"
                );
                return Ok(text);
            };
            let value = values.remove(at);
            self.found
                .notes
                .push(format!("`{}` was left out: {message}", value.name()));
        }
    }

    /// What is written into the example, and where.
    fn values(&self) -> Vec<Value> {
        let found = &self.found;
        let whence = format!("found in {}", found.because);
        let text = |value: &Option<String>| value.as_deref().map(quoted);
        let several = |values: &[String]| (!values.is_empty()).then(|| list(values));
        let split = found
            .split_spaces
            .then(|| list(&["tags".to_owned(), "categories".to_owned()]));
        let all = [
            ("[site]", "title", text(&found.title), whence.as_str()),
            ("[site]", "url", text(&found.url), &whence),
            ("[site]", "language", text(&found.language), &whence),
            ("[site.author]", "name", text(&found.author), &whence),
            ("[site.author]", "email", text(&found.email), &whence),
            (
                "[[sources]]",
                "path",
                Some(quoted(&self.articles)),
                "where the articles are; nothing is written there",
            ),
            (
                "[[sources]]",
                "include",
                several(&found.include),
                "only these are articles; the rest are pages of the site",
            ),
            (
                "[[sources]]",
                "permalink",
                text(&found.permalink),
                "how the generator makes addresses",
            ),
            ("[[sources]]", "time_zone", text(&found.time_zone), &whence),
            ("[[sources]]", "languages", several(&found.languages), &whence),
            ("[[sources]]", "split_spaces", split, "as Jekyll reads them"),
            (
                "[[newsletters]]",
                "name",
                text(&found.title),
                "what people see: the name of the site",
            ),
            ("[[newsletters]]", "time_zone", text(&found.time_zone), &whence),
        ];
        let filled = all.into_iter().filter_map(|(section, key, value, comment)| {
            Some(Value {
                section,
                key,
                value: value?,
                comment: comment.to_owned(),
            })
        });
        filled.collect()
    }

    fn with(&self, example: &str, values: &[Value]) -> String {
        let mut config = Config(example.lines().map(str::to_owned).collect());
        for value in values {
            config.set(value);
        }
        config.explain(&self.words());
        config.0.join("\n") + "\n"
    }

    /// What was found, sentence by sentence.
    fn words(&self) -> Vec<String> {
        let found = &self.found;
        let mut words = vec![format!(
            "The site is made by {} ({}); {} articles were counted.",
            found.generator.name(),
            found.because,
            found.articles
        )];
        words.extend(found.notes.iter().map(|note| format!("Please check: {note}.")));
        words.push("Compare a few addresses of `letterpress articles list` with your site before you send.".to_owned());
        words
    }

    /// Tells the author.
    pub(super) fn say(&self) -> anyhow::Result<()> {
        self.words().iter().try_for_each(|words| line(words))
    }
}

/// A value for our config.
struct Value {
    section: &'static str,
    key: &'static str,
    /// As TOML.
    value: String,
    comment: String,
}

impl Value {
    /// As problems of a config name it: `sources[0].path`.
    fn name(&self) -> String {
        let table = self.section.trim_matches(['[', ']']);
        let number = if self.section.starts_with("[[") { "[0]" } else { "" };
        format!("{table}{number}.{}", self.key)
    }

    /// The folder of the articles was seen; the loader looks for it from a folder that is not there yet.
    fn is_meant_by(&self, key: &str) -> bool {
        if self.key == "path" {
            return false;
        }
        let rest = key.strip_prefix(&self.name());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
    }
}

/// Lines of a commented config.
struct Config(Vec<String>);

impl Config {
    /// Writes a value in the place of the one that stands under a key of a section, or of its default behind a `#`.
    fn set(&mut self, value: &Value) {
        let Value {
            section,
            key,
            value,
            comment,
        } = value;
        let Some(start) = self.0.iter().position(|line| line == section) else {
            return;
        };
        let end = self.0[start + 1..].iter().position(|line| line.starts_with('['));
        let end = end.map_or(self.0.len(), |end| start + 1 + end);
        let is_key = |line: &String| {
            let line = line.strip_prefix('#').unwrap_or(line);
            line.strip_prefix(*key).is_some_and(|rest| rest.starts_with(" ="))
        };
        if let Some(at) = self.0[start..end].iter().position(is_key) {
            let comment: String = comment.chars().filter(|c| !c.is_control()).collect();
            let pair = format!("{key} = {value}");
            self.0[start + at] = format!("{pair:<39} # {comment}");
        }
    }

    /// Comments at the top of the file.
    fn explain(&mut self, words: &[String]) {
        let mut lines: Vec<String> = vec!["# What `letterpress init --from` found:".to_owned()];
        for words in words {
            let words: String = words.chars().filter(|c| !c.is_control()).collect();
            lines.push(format!("# - {words}"));
        }
        lines.push(String::new());
        self.0.splice(0..0, lines);
    }
}

/// A text as TOML.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}
