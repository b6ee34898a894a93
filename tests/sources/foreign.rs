//! The feeds of other projects' tests, against what those projects expect of them.

use std::path::Path;

use chrono::{DateTime, Utc};
use letterpress::source::foreign::{WholeEntry, WholeFeed, read_whole};
use serde_json::Value;

fn read(bytes: &[u8], charset: Option<&str>) -> Result<WholeFeed, String> {
    let address = "http://example.org/".parse().unwrap();
    read_whole(bytes, Some(&address), charset).map_err(|error| error.to_string())
}

/// Counts of documents that are read, and the names of those that are not.
fn count(folder: &Path) -> (usize, Vec<String>) {
    let files = super::files(folder).into_iter();
    let documents = files.filter(|file| {
        let is_json = file.extension().is_some_and(|end| end == "json");
        let is_own_format = file.parent().is_some_and(|folder| folder.ends_with("json"));
        let expects_another = file.with_extension("xml").exists();
        file.extension().is_some_and(|end| end == "xml") || (is_json && is_own_format && !expects_another)
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
    as_gofeed_reads_them(&folder.join("gofeed"));
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
    // An id stays letter for letter, whatever stands around it.
    ("atom/entry_id_xml_base.xml", ": id:"),
    // A title is text, and markup in it is no part of it.
    ("atom/entry_title_xml_base.xml", ": title:"),
    ("rss/rss_channel_item_title_naked_markup.xml", ": title:"),
    ("atom/atom03_feed_entry_title_naked_markup.xml", ": title:"),
    // Addresses are written as browsers write them.
    ("rss/rdf_item_link.xml", ": link:"),
    // RSS 1.0 wants a link in every item.
    ("rss/rdf_item_description.xml", "0 entries"),
    ("rss/rdf_item_title_escaped_markup.xml", "0 entries"),
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
        entries += listed.len();
        for (wanted, got) in listed.iter().zip(&feed.entries) {
            let said = differences(wanted, got);
            different.extend(said.into_iter().map(|said| format!("{name}: {said}")));
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

/// Fields of one entry that differ.
fn differences(wanted: &Value, got: &WholeEntry) -> Vec<String> {
    let mut different = Vec::new();
    let text = |key: &str| wanted[key].as_str().map(str::to_owned);
    let date = |date: Option<DateTime<Utc>>| date.map(|date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    for (key, own) in [
        ("id", got.entry.id.clone()),
        ("title", got.entry.title.clone()),
        ("link", got.entry.link.clone()),
        ("published", date(got.entry.published)),
        ("updated", date(got.entry.updated)),
        ("author", got.authors.first().map(|author| author.name.clone())),
    ] {
        if text(key) != own {
            different.push(format!("{key}: {own:?} for {:?}", text(key)));
        }
    }
    let tags = wanted["tags"].as_array().unwrap().iter();
    let tags: Vec<&str> = tags.filter_map(Value::as_str).collect();
    if tags != got.terms {
        different.push(format!("tags: {:?} for {tags:?}", got.terms));
    }
    if wanted["enclosures"].as_u64() != Some(got.enclosures.len() as u64) {
        different.push(format!("enclosures: {:?}", got.enclosures));
    }
    different
}

/// The same against a third reader, which says less of each entry.
fn as_gofeed_reads_them(folder: &Path) {
    let (mut entries, mut different) = (0, Vec::new());
    for file in super::files(folder) {
        let expectation = file.with_extension("json");
        if file.extension().is_none_or(|end| end != "xml") || !expectation.exists() {
            continue;
        }
        let Ok(feed) = read(&std::fs::read(&file).unwrap(), None) else {
            continue;
        };
        let Ok(expected) = serde_json::from_slice::<Value>(&std::fs::read(&expectation).unwrap()) else {
            continue;
        };
        let name = file.strip_prefix(folder).unwrap().display();
        let listed = ["items", "entries"].iter().find_map(|key| expected[key].as_array());
        let listed = listed.map_or(&[][..], Vec::as_slice);
        if listed.len() != feed.entries.len() {
            different.push(format!("{name}: {} entries for {}", feed.entries.len(), listed.len()));
            continue;
        }
        for (wanted, got) in listed.iter().zip(&feed.entries) {
            entries += 1;
            let id = wanted["guid"]
                .as_str()
                .or(wanted["guid"]["value"].as_str())
                .or(wanted["id"].as_str());
            let link = wanted["link"].as_str();
            let own = [
                ("id", id, got.entry.id.as_deref()),
                ("title", wanted["title"].as_str(), got.entry.title.as_deref()),
                ("link", link, got.entry.link.as_deref()),
            ];
            for (key, wanted, own) in own {
                if wanted.is_some_and(|wanted| Some(wanted.trim()) != own) {
                    different.push(format!("{name}: {key}: {own:?} for {wanted:?}"));
                }
            }
            for (key, own) in [
                ("publishedParsed", got.entry.published),
                ("updatedParsed", got.entry.updated),
            ] {
                let date = wanted[key]
                    .as_str()
                    .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
                if date.is_some_and(|date| Some(date.with_timezone(&Utc)) != own) {
                    different.push(format!("{name}: {key}: {own:?} for {date:?}"));
                }
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
        "{entries} entries, {} differences:\n{}",
        different.len(),
        different.join("\n")
    );
}
