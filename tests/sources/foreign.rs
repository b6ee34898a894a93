//! The feeds of other projects' tests, against what those projects expect of them.

use std::path::Path;

use letterpress::source::foreign::{WholeFeed, read_whole};
use serde_json::Value;

fn read(bytes: &[u8], charset: Option<&str>) -> Result<WholeFeed, String> {
    let address = "http://example.org/".parse().unwrap();
    read_whole(bytes, Some(&address), charset).map_err(|error| error.to_string())
}

/// Counts of documents that are read, and the names of those that are not.
fn count(folder: &Path) -> (usize, Vec<String>) {
    let files = super::files(folder).into_iter();
    let documents = files.filter(|file| {
        let name = file.to_string_lossy();
        let is_expectation = name.ends_with(".json") && file.with_extension("xml").exists();
        !is_expectation
            && !name.ends_with(".jsonl")
            && !(name.contains("/gofeed/") && name.ends_with(".json") && !name.contains("/gofeed/json/"))
    });
    let mut missed = Vec::new();
    let mut good = 0;
    for file in documents {
        match read(&std::fs::read(&file).unwrap(), None) {
            Ok(_) => good += 1,
            Err(error) => missed.push(format!("{}: {error}", file.strip_prefix(folder).unwrap().display())),
        }
    }
    (good, missed)
}

/// Holds all of AC3 against the feeds below `folder`.
pub(super) fn judge(folder: &Path) {
    for (name, least) in [
        ("atom-crate", 26),
        ("rss-crate", 23),
        ("gofeed", 82),
        ("feedparser", 129),
    ] {
        let (good, missed) = count(&folder.join(name));
        assert!(good >= least, "{name}: {good} of {least}\n{}", missed.join("\n"));
        assert!(missed.iter().all(|line| line.contains("read the feed")), "{missed:?}");
    }
    same_in_every_encoding(folder);
    as_feedparser_reads_them(folder);
}

fn words(feed: &WholeFeed) -> String {
    format!("{:?}", feed.entries)
}

/// A copy in another encoding says the same.
fn same_in_every_encoding(folder: &Path) {
    for file in super::files(folder)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|end| end == "xml"))
    {
        let bytes = std::fs::read(&file).unwrap();
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        let text = text.trim_start_matches('\u{feff}');
        let bare = match text
            .trim_start()
            .strip_prefix("<?xml")
            .and_then(|rest| rest.split_once("?>"))
        {
            Some((_, rest)) => rest,
            None => text,
        };
        let plain = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{bare}");
        let Ok(expected) = read(plain.as_bytes(), None) else {
            continue;
        };
        let declared = |label: &str| format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{bare}");
        let little: Vec<u8> = declared("utf-16").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = declared("utf-16").encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xFE, 0xFF][..], &big].concat();
        let mut copies = vec![("utf-16le", little), ("utf-16be", big), ("utf-16be with mark", marked)];
        for label in ["windows-1251", "shift_jis"] {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let text = declared(label);
            let (encoded, _, lossy) = encoding.encode(&text);
            if !lossy && encoding.decode_without_bom_handling(&encoded).0 == text {
                copies.push((label, encoded.into_owned()));
            }
        }
        for (label, copy) in copies {
            let got = read(&copy, None).unwrap_or_else(|error| panic!("{}: {label}: {error}", file.display()));
            assert_eq!(words(&got), words(&expected), "{}: {label}", file.display());
        }
    }
}

/// Where our reading differs from the other reader's on purpose.
const ON_PURPOSE: &[(&str, &str)] = &[
    // `dc:date` is when an entry was published, for want of any other date.
    ("rss-crate/dublincore", ": published:"),
    // A permalink that is no whole address leads nowhere.
    ("rss-crate/guid.xml", ": link:"),
    // An address of a person is nobody's name, and nothing to print.
    ("rss-crate/item.xml", ": author:"),
    // Apple gave up `itunes:keywords`, which were for searching.
    ("rss-crate/itunes.xml", ": tags:"),
    // Of several authors the first is named first.
    ("atom-crate/entry", ": author:"),
];

/// What another reader says, and where ours differs on purpose: see the comment of each.
fn as_feedparser_reads_them(folder: &Path) {
    let lines = std::fs::read_to_string(folder.join("feeds-expected-feedparser.jsonl")).unwrap();
    let (mut files, mut entries, mut different) = (0, 0, Vec::new());
    for line in lines.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let name = expected["file"].as_str().unwrap();
        let Ok(bytes) = std::fs::read(folder.join(name)) else {
            continue;
        };
        let feed = match read(&bytes, None) {
            Ok(feed) => feed,
            Err(error) => {
                different.push(format!("{name}: {error}"));
                continue;
            }
        };
        files += 1;
        let listed = expected["entries"].as_array().unwrap();
        if listed.len() != feed.entries.len() {
            different.push(format!("{name}: {} entries for {}", feed.entries.len(), listed.len()));
            continue;
        }
        for (wanted, got) in listed.iter().zip(&feed.entries) {
            entries += 1;
            let text = |key: &str| wanted[key].as_str().map(str::to_owned);
            let date = |date: Option<chrono::DateTime<chrono::Utc>>| {
                date.map(|date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            };
            for (key, own) in [
                ("id", got.entry.id.clone()),
                ("title", got.entry.title.clone()),
                ("link", got.entry.link.clone()),
                ("published", date(got.entry.published)),
                ("updated", date(got.entry.updated)),
                ("author", got.authors.first().map(|author| author.name.clone())),
            ] {
                if text(key) != own {
                    different.push(format!("{name}: {key}: {own:?} for {:?}", text(key)));
                }
            }
            let tags: Vec<String> = wanted["tags"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|tag| Some(tag.as_str()?.to_owned()))
                .collect();
            if tags != got.terms {
                different.push(format!("{name}: tags: {:?} for {tags:?}", got.terms));
            }
            if wanted["enclosures"].as_u64().unwrap_or(0) as usize != got.enclosures.len() {
                different.push(format!("{name}: enclosures: {:?}", got.enclosures));
            }
        }
    }
    different.retain(|line| {
        !ON_PURPOSE
            .iter()
            .any(|(file, what)| line.starts_with(file) && line.contains(what))
    });
    assert!(
        different.is_empty(),
        "{files} files, {entries} entries, {} differences:\n{}",
        different.len(),
        different.join("\n")
    );
}
