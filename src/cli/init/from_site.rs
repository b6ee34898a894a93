//! `init DIR --from SITE_FOLDER`: the commented config with what a site's folder says of itself.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, ensure};

use super::super::output::line;
use crate::source::generator::{self, Found};

/// What was found, and where the articles are as seen from the config.
pub(super) struct FromSite {
    found: Found,
    articles: String,
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
    Ok(FromSite { found, articles })
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
    /// The example with what was found in it.
    pub(super) fn config(&self, example: &str) -> anyhow::Result<String> {
        let found = &self.found;
        let mut config = Config(example.lines().map(str::to_owned).collect());
        let whence = format!("found in {}", found.because);
        let text = |value: &Option<String>| value.as_deref().map(quoted);
        config.set("[site]", "title", text(&found.title), &whence);
        config.set("[site]", "url", text(&found.url), &whence);
        config.set("[site]", "language", text(&found.language), &whence);
        config.set("[site.author]", "name", text(&found.author), &whence);
        config.set("[site.author]", "email", text(&found.email), &whence);
        config.set(
            "[[sources]]",
            "path",
            Some(quoted(&self.articles)),
            "where the articles are; nothing is written there",
        );
        let include = (!found.include.is_empty()).then(|| list(&found.include));
        config.set(
            "[[sources]]",
            "include",
            include,
            "only these are articles; the rest are pages of the site",
        );
        config.set(
            "[[sources]]",
            "permalink",
            text(&found.permalink),
            "how the generator makes addresses",
        );
        config.set("[[sources]]", "time_zone", text(&found.time_zone), &whence);
        let languages = (!found.languages.is_empty()).then(|| list(&found.languages));
        config.set("[[sources]]", "languages", languages, &whence);
        let split = found
            .split_spaces
            .then(|| list(&["tags".to_owned(), "categories".to_owned()]));
        config.set("[[sources]]", "split_spaces", split, "as Jekyll reads them");
        config.set(
            "[[newsletters]]",
            "name",
            text(&found.title),
            "what people see: the name of the site",
        );
        config.set("[[newsletters]]", "time_zone", text(&found.time_zone), &whence);
        config.explain(&self.words());
        let config = config.0.join("\n") + "\n";
        let problems = toml::from_str::<toml::Value>(&config).err();
        ensure!(
            problems.is_none(),
            "write the config: a value of the site's own config does not fit; run `init` without --from"
        );
        Ok(config)
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

/// Lines of a commented config.
struct Config(Vec<String>);

impl Config {
    /// Writes a value in the place of the one that stands under a key of a section, or of its default behind a `#`.
    fn set(&mut self, section: &str, key: &str, value: Option<String>, comment: &str) {
        let Some(value) = value else { return };
        let Some(start) = self.0.iter().position(|line| line == section) else {
            return;
        };
        let end = self.0[start + 1..].iter().position(|line| line.starts_with('['));
        let end = end.map_or(self.0.len(), |end| start + 1 + end);
        let is_key = |line: &String| {
            let line = line.strip_prefix('#').unwrap_or(line);
            line.strip_prefix(key).is_some_and(|rest| rest.starts_with(" ="))
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
