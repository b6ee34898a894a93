//! The demo's sample articles, dated relative to now.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// File name, text with `{{date}}` in its header, and how long ago it was published.
type Sample = (&'static str, &'static str, TimeDelta);

const FIRST: [Sample; 4] = [
    (
        "a-letter-waits.md",
        include_str!("a-letter-waits.md"),
        TimeDelta::days(9),
    ),
    (
        "the-subject-comes-last.md",
        include_str!("the-subject-comes-last.md"),
        TimeDelta::days(6),
    ),
    (
        "a-digest-is-a-promise.md",
        include_str!("a-digest-is-a-promise.md"),
        TimeDelta::days(3),
    ),
    (
        "feeds-are-letters-too.md",
        include_str!("feeds-are-letters-too.md"),
        TimeDelta::hours(2),
    ),
];
const ONE_MORE: Sample = (
    "leaving-takes-one-click.md",
    include_str!("leaving-takes-one-click.md"),
    TimeDelta::zero(),
);

/// Writes the first articles, those that are not there yet.
pub(super) fn write_first(folder: &Path, now: DateTime<Utc>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for sample in FIRST {
        write(folder, sample, now)?;
    }
    Ok(())
}

/// Writes one more article and returns its title; `None` when it is there already.
pub(super) fn write_one_more(folder: &Path, now: DateTime<Utc>) -> std::io::Result<Option<String>> {
    if !write(folder, ONE_MORE, now)? {
        return Ok(None);
    }
    let title = ONE_MORE.1.lines().find_map(|line| line.strip_prefix("title: "));
    Ok(title.map(str::to_owned))
}

fn write(folder: &Path, (name, text, age): Sample, now: DateTime<Utc>) -> std::io::Result<bool> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(false);
    }
    let date = (now - age).to_rfc3339_opts(SecondsFormat::Secs, true);
    // Whole or not at all: the running service watches this folder.
    let draft = folder.join(format!(".{name}.tmp"));
    std::fs::write(&draft, text.replacen("{{date}}", &date, 1))?;
    std::fs::rename(&draft, &path)?;
    Ok(true)
}
