//! Whatever a file holds, a reader of ours says what is wrong with it and goes on: copies of good files that were cut off,
//! torn, spliced and sprinkled with what parsers stumble over.
//!
//! A run tries a part; `cargo test --test suite -- --ignored mutations --nocapture` tries ten thousand of each kind.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use letterpress::feed::check::{self, Specimen};
use letterpress::ingest;
use letterpress::mail::report;
use letterpress::model::schedule::{CronRule, DayMatch};
use letterpress::source::foreign;
use letterpress::template::Templates;
use url::Url;

use crate::support::{Bench, at, shared_data};

/// Copies of each kind in an ordinary run.
const SOME: usize = 1_000;
/// Copies of each kind when somebody has the time.
const MANY: usize = 10_000;
/// Longest beginning of a file that is taken for a seed.
const SEED: usize = 12 << 10;
/// What one copy may take in a build without optimisation: what does not end is found by it, not what is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// What parsers stumble over.
const SPLINTERS: &[&[u8]] = &[
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n\r\n",
    b"---\n",
    b"+++\n",
    b"{{{",
    b"{% raw %}",
    b"{{< x",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a [<!ENTITY b \"c\">]>",
    b"&b;",
    b"&#xD800;",
    b"<div>",
    b"</p></p>",
    b"<svg><script>",
    b"<a href=\"javascript:x\" ",
    b"\\u0000",
    b"[[[[[[[[",
    b"> > > > > ",
    b"*/5,",
    b"99999999999999999999",
    b"-0001-13-32T25:61:61+99:99",
    b"=?utf-8?b?",
    b"=\n",
    b"Content-Type: multipart/mixed; boundary=\"-\"\n",
    b"Content-Transfer-Encoding: base64\n",
    "\u{202e}\u{200b}\u{0301}".as_bytes(),
    "🏳️‍🌈".as_bytes(),
];

/// Draws numbers; the same seed, the same run (Marsaglia's xorshift64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % end.max(1)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A copy that went through a few accidents.
    fn copy(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut copy = self.one_of(seeds).clone();
        for _ in 0..=self.below(4) {
            let at = self.below(copy.len() + 1);
            let end = (at + self.below(200)).min(copy.len());
            match self.below(7) {
                0 => copy.truncate(at),
                1 => drop(copy.drain(at..end)),
                2 => {
                    let twice = copy[at..end].repeat(1 + self.below(30));
                    copy.splice(at..at, twice);
                }
                3 => {
                    for byte in &mut copy[at..end] {
                        *byte = byte.rotate_left(3) ^ 0x15;
                    }
                }
                4 => {
                    let other = self.one_of(seeds);
                    copy.truncate(at);
                    copy.extend(&other[self.below(other.len() + 1)..]);
                }
                _ => {
                    let splinter = self.one_of(SPLINTERS).repeat(1 + self.below(12));
                    copy.splice(at..at, splinter);
                }
            }
        }
        copy
    }
}

/// The beginnings of files below a folder of the open data, after those that are always at hand.
fn seeds(folder: &str, endings: &[&str], own: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = own.iter().map(|text| text.as_bytes().to_vec()).collect();
    let Some(data) = shared_data() else { return seeds };
    let files = walkdir::WalkDir::new(data.join(folder)).sort_by_file_name();
    let files = files
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path);
    let wanted = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
        path.is_file() && endings.contains(&ending)
    };
    seeds.extend(files.filter(wanted).map(|path| {
        let mut bytes = std::fs::read(path).expect("the open data can be read");
        bytes.truncate(SEED);
        bytes
    }));
    seeds
}

/// Hands `count` copies to a reader, which must come back.
fn try_all(name: &str, seeds: &[Vec<u8>], count: usize, read: impl Fn(&[u8])) {
    let mut draw = Draw(0x5eed_0fa5);
    for number in 0..count {
        let copy = draw.copy(seeds);
        let began = Instant::now();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&copy)));
        let shown = String::from_utf8_lossy(&copy[..copy.len().min(600)]);
        assert!(outcome.is_ok(), "copy {number} of {name} ended in a panic: {shown}");
        assert!(
            began.elapsed() < PATIENCE,
            "copy {number} of {name} does not end: {shown}"
        );
    }
}

const ARTICLES: &[&str] = &[
    "---\ntitle: \"Ink: a history\"\ndate: 2024-01-02 03:04\ntags: [a, {b: c}]\n---\n# Ink\n\nText with `code`, {{< figure src=\"a.png\" >}} and [a link](other.md).\n\n<!--more-->\n\n:::note\nx\n:::\n",
    "+++\ntitle = \"x\"\ndate = 2024-01-02T03:04:05Z\n[extra]\na = 1\n+++\n| a | b |\n|---|---|\n| 1 | 2 |\n\n{% highlight rust %}\nfn a() {}\n{% endhighlight %}\n",
    "{\"title\": \"x\", \"date\": \"2024-01-02\"}\n\nText[^1]\n\n[^1]: A note\n",
    "<!doctype html><html lang=en><head><title>T</title><meta property=\"og:title\" content=\"T\"><script type=\"application/ld+json\">{\"@graph\": [{\"@type\": \"Article\", \"datePublished\": \"2024-01-02\"}]}</script></head><body><h1>T</h1><p>By J · 3 May 2024 · 8 min read</p><article><p>One</p><iframe src=x></iframe></article><form><input></form></body></html>",
];
const FEEDS: &[&str] = &[
    "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>T</title><link>https://example.org/</link><item><guid isPermaLink=\"false\">1</guid><title>A &amp; b</title><link>/a</link><pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate><content:encoded><![CDATA[<p>x</p>]]></content:encoded></item></channel></rss>",
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"https://example.org/\"><title type=\"html\">T</title><id>urn:x</id><updated>2024-01-02T03:04:05Z</updated><entry><id>urn:1</id><title>A</title><updated>2024-01-02T03:04:05Z</updated><link href=\"a\"/><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x</p></div></content></entry></feed>",
    "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"T\", \"items\": [{\"id\": 1, \"url\": \"https://example.org/a\", \"content_html\": \"<p>x</p>\", \"attachments\": [{\"url\": \"a\"}]}]}",
];
const REPORTS: &[&str] = &[
    "From: MAILER-DAEMON@mx.example.org\nTo: bounce+x@example.org\nSubject: Undelivered\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\nUser unknown\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <x@example.org>\nSubject: x\n\nbody\n--b--\n",
    "Subject: complaint\nContent-Type: multipart/report; report-type=feedback-report; boundary=c\n\n--c\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n\n--c\nContent-Type: text/rfc822-headers\n\nMessage-ID: <x@example.org>\n\n--c--\n",
];

/// Files of one folder, read by a scan as the service does it. A defect inside one is a problem of that file.
async fn articles(count: usize) {
    let now = at("2026-11-25T08:00:00Z");
    let bench = Bench::on(letterpress::store::Engine::Sqlite, now, |settings| {
        settings.sources[0].fuse = u32::MAX;
    })
    .await;
    let seeds = seeds("articles", &["md", "mdx", "html", "markdown"], ARTICLES);
    let mut draw = Draw(0x0a11_ac1d);
    for number in 0..count {
        let copy = draw.copy(&seeds);
        let ending = draw.one_of(&["md", "html", "txt", "mdx"]);
        let path = bench.content().join(format!("{}/a{number}.{ending}", number % 40));
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder can be made");
        std::fs::write(path, copy).expect("a file can be written");
    }
    let report = ingest::scan_all(&bench.app, &|_, _| {}).await.expect("a scan goes on");
    assert_eq!(report.files, count as u64);
    let fallen: Vec<&str> = report
        .problems
        .iter()
        .filter(|problem| problem.code == "unreadable")
        .map(|problem| problem.file.as_str())
        .collect();
    assert!(
        fallen.is_empty(),
        "defects at {fallen:?} in {}",
        bench.content().display()
    );
    bench.close().await;
}

fn feeds(count: usize) {
    let seeds = seeds("feeds", &["xml", "json", "rss", "atom"], FEEDS);
    let address = Url::parse("https://example.org/feed").expect("a URL");
    let now = at("2026-11-25T08:00:00Z");
    try_all("a feed", &seeds, count, |bytes| {
        let _ = foreign::read(bytes, Some(&address), None);
        check::examine(Specimen {
            bytes,
            address: Some(&address),
            charset: None,
            now,
        });
    });
}

fn reports(count: usize) {
    let seeds = seeds("bounces", &["eml", "txt", "mbox"], REPORTS);
    try_all("a report", &seeds, count, |bytes| {
        for mail in report::split(bytes) {
            let _ = report::read(&mail);
        }
    });
}

fn rules(count: usize) {
    let own = ["0 8 * * MON", "*/15 9-17 1,15 JAN-MAR 1-5", "@weekly", "30 2 29 2 *"];
    try_all("a schedule", &seeds("none", &[], &own), count, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for days in [DayMatch::Any, DayMatch::All] {
            let _ = CronRule::parse(&text, days);
        }
    });
}

/// Each copy stands for one of the author's own templates.
fn templates(count: usize) {
    let defaults = Templates::defaults();
    let own: Vec<&str> = defaults.iter().map(|(_, text)| text.as_str()).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<&str> = defaults.iter().map(|(name, _)| name.as_str()).collect();
    let place = std::cell::Cell::new(0);
    try_all("a template", &seeds("none", &[], &own), count, |bytes| {
        let path = folder.path().join(names[place.get() % names.len()]);
        place.set(place.get() + 1);
        std::fs::create_dir_all(path.parent().unwrap_or(folder.path())).expect("a folder can be made");
        std::fs::write(&path, bytes).expect("a template can be written");
        let _ = Templates::check(Some(folder.path()));
        std::fs::remove_file(path).expect("it can be removed");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_can_save_any_bytes_as_an_article() {
    articles(SOME / 2).await;
}

#[test]
fn a_feed_of_any_bytes_ends_in_entries_or_a_sentence() {
    feeds(SOME);
}

#[test]
fn a_report_of_any_bytes_ends_in_fates_or_nothing() {
    reports(SOME);
}

#[test]
fn a_schedule_of_any_characters_is_a_rule_or_a_mistake() {
    rules(MANY);
}

#[test]
fn a_template_of_any_bytes_is_good_or_named_with_its_line() {
    templates(6);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn ten_thousand_articles_of_any_bytes() {
    articles(MANY).await;
}

#[test]
#[ignore = "takes minutes"]
fn ten_thousand_feeds_of_any_bytes() {
    feeds(MANY);
}

#[test]
#[ignore = "takes minutes"]
fn ten_thousand_reports_of_any_bytes() {
    reports(MANY);
}

#[test]
#[ignore = "takes minutes"]
fn three_hundred_templates_of_any_bytes() {
    templates(300);
}
