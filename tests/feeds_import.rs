//! After a move from another program no reader shows an old article as new.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use letterpress::ingest::{self, TakenOver};
use letterpress::source::foreign::{self, ForeignEntry};
use letterpress::store::Engine;
use letterpress::syndicate::{self, Answer};
use serde_json::Value;

use crate::support::service::{Service, Setup};
use crate::support::site::site;
use crate::support::{Bench, at, engines, shared_data};

fn entry(id: &str, link: &str, title: &str, published: &str) -> ForeignEntry {
    ForeignEntry {
        id: Some(id.to_owned()),
        is_permalink: id.starts_with("http"),
        link: Some(link.to_owned()).filter(|link| !link.is_empty()),
        title: Some(title.to_owned()),
        published: Some(at(published)),
        updated: None,
    }
}

async fn rss(press: &Bench) -> String {
    syndicate::refresh(&press.app).await.unwrap();
    match syndicate::answer(&press.app, "/rss.xml").await {
        Answer::Document(document) => String::from_utf8(document.bodies().identity().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn counts(report: &TakenOver) -> [usize; 5] {
    let rejected = report.rejected.len();
    [
        report.entries,
        report.matched,
        report.waiting,
        report.unchanged,
        rejected,
    ]
}

/// What the site's feed held before the move.
fn old_feed() -> [ForeignEntry; 9] {
    [
        entry(
            "http://www.example.org/1",
            "http://www.example.org/1",
            "x",
            "2026-11-24T01:02:03Z",
        ),
        entry("old two", "https://example.org/old/2/", "x", "2026-11-23T06:30:00Z"),
        // Once more on the next page of the feed.
        entry("old two", "https://example.org/old/2", "x", "2026-11-23T06:30:00Z"),
        entry(
            "old three",
            "https://old.example.net/3",
            "PROOF 3",
            "2026-11-22T20:00:00Z",
        ),
        entry(
            "tag:example.org,2026-11-25:4",
            "https://example.org/4",
            "x",
            "2026-11-21T06:30:00Z",
        ),
        entry("not own", "https://example.org/5", "x", "2026-11-20T06:30:00Z"),
        entry("later", "http://example.org/later", "Later", "2026-11-19T06:30:00Z"),
        entry(
            "tag:example.org,2026-11-25:4",
            "https://example.org/2",
            "x",
            "2026-11-21T06:30:00Z",
        ),
        entry("nowhere", "", "Nothing like it", "2026-11-19T06:30:00Z"),
    ]
}

/// The old ids and dates, the flag with each id, and our own ids where the old ones do not count. RSS takes a guid without flag
/// for a permalink.
fn see_what_readers_see(after: &str) {
    for expected in [
        "<guid>http://www.example.org/1</guid><pubDate>Tue, 24 Nov 2026 01:02:03 +0000",
        "<guid isPermaLink=\"false\">old two</guid><pubDate>Mon, 23 Nov 2026 06:30:00 +0000",
        "<guid isPermaLink=\"false\">old three</guid><pubDate>Sun, 22 Nov 2026 20:00:00 +0000",
        "<guid isPermaLink=\"false\">tag:example.org,2026-11-25:4</guid>",
        "<guid isPermaLink=\"false\">tag:example.org,2026-11-25:5</guid>",
    ] {
        assert!(after.replace('\n', "").contains(expected), "{expected} in {after}");
    }
}

#[tokio::test]
async fn articles_keep_the_ids_and_dates_that_readers_have_seen() {
    for engine in engines() {
        let press = Bench::on(engine, at("2026-11-25T06:30:00Z"), |_| {}).await;
        for number in 1..=5 {
            press
                .publish(number, |proof| match number {
                    2 => proof.known.former_urls = vec!["https://example.org/old/2".to_owned()],
                    5 => proof.known.header_id = Some(proof.known.entry_id.clone()),
                    _ => {}
                })
                .await;
        }
        let before = rss(&press).await;
        press.wait(Duration::from_secs(60));
        let feed = old_feed();
        let tried = ingest::take_over(&press.app, &feed, true).await.unwrap();
        assert_eq!(rss(&press).await, before, "{engine:?}: a dry run changes nothing");
        let report = ingest::take_over(&press.app, &feed, false).await.unwrap();
        assert_eq!(tried, report);
        assert_eq!(counts(&report), [8, 3, 1, 0, 4], "{engine:?}: {report:?}");
        let reasons: Vec<&str> = report.rejected.iter().map(|one| one.reason.as_str()).collect();
        assert!(
            reasons[0].contains("same id") && reasons[2].contains("same id"),
            "{reasons:?}"
        );
        assert!(reasons[1].contains("the header of 5.md"), "{reasons:?}");
        assert!(reasons[3].contains("no address"), "{reasons:?}");
        see_what_readers_see(&rss(&press).await);
        let again = ingest::take_over(&press.app, &feed, false).await.unwrap();
        assert_eq!(counts(&again), [8, 0, 1, 3, 4], "{engine:?}: {again:?}");
        let stolen = [entry("old two", "https://example.org/4", "x", "2026-11-21T06:30:00Z")];
        let report = ingest::take_over(&press.app, &stolen, false).await.unwrap();
        assert!(
            report.rejected[0].reason.contains("belongs to 2.md already"),
            "{report:?}"
        );
        press.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_ids_are_made_of_gives_way_to_the_id_that_readers_know() {
    for is_read_first in [false, true] {
        let press = Bench::on(Engine::Sqlite, at("2026-11-25T06:30:00Z"), |_| {}).await;
        press.write("a.md", "---\ntitle: One\ndate: 2026-11-01\nid: my-own\n---\nText.\n");
        press.write(
            "b.md",
            "---\ntitle: Two\ndate: 2026-11-02\nid: tag:me.example,2020:b\n---\nText.\n",
        );
        let known = [
            entry(
                "tag:old.example.net,2020-01-02:my-own",
                "https://example.org/a/",
                "One",
                "2026-11-01T00:00:00Z",
            ),
            entry(
                "tag:old.example.net,2020-01-02:b",
                "https://example.org/b/",
                "Two",
                "2026-11-02T00:00:00Z",
            ),
        ];
        if is_read_first {
            ingest::scan_all(&press.app, &|_, _| {}).await.unwrap();
        }
        ingest::take_over(&press.app, &known, false).await.unwrap();
        press.wait(Duration::from_secs(60));
        ingest::scan_all(&press.app, &|_, _| {}).await.unwrap();
        let after = rss(&press).await;
        assert!(after.contains("tag:old.example.net,2020-01-02:my-own"), "{after}");
        assert!(
            after.contains("tag:me.example,2020:b") && !after.contains("2020-01-02:b"),
            "{after}"
        );
    }
}

#[tokio::test]
async fn an_article_that_comes_later_gets_the_id_that_waits_for_it() {
    for engine in engines() {
        let press = Bench::on(engine, at("2026-11-25T06:30:00Z"), |_| {}).await;
        let site = press.app.settings().site.url.clone();
        let there = |path: &str| site.join(path).unwrap().to_string().replace("https://", "http://www.");
        let feed = [
            entry("one", &there("/one"), "One", "2026-11-01T06:30:00Z"),
            entry(&there("/two"), &there("/two"), "Two", "2026-11-02T06:30:00Z"),
            entry("three", &there("/three"), "Three", "2026-11-03T06:30:00Z"),
        ];
        let report = ingest::take_over(&press.app, &feed, false).await.unwrap();
        assert_eq!(counts(&report), [3, 0, 3, 0, 0], "{engine:?}");
        press.write("one.md", "---\ntitle: One\ndate: 2026-10-01\n---\n\nThe first text.\n");
        press.write("two.md", "---\ntitle: Two\n---\n\nThe second text.\n");
        press.write("three.md", "---\ntitle: Three\nid: urn:own\n---\n\nThe third text.\n");
        ingest::scan_all(&press.app, &|_, _| {}).await.unwrap();
        let articles = ingest::list(&press.app).await.unwrap();
        let mut seen: Vec<(&str, &str, &str)> = articles
            .iter()
            .map(|one| (one.title.as_str(), one.entry_id.as_str(), one.published_at.as_str()))
            .collect();
        seen.sort_unstable();
        let two = there("/two");
        assert_eq!(
            seen,
            [
                ("One", "one", "2026-11-01T06:30:00Z"),
                ("Three", "urn:own", seen[1].2),
                ("Two", two.as_str(), "2026-11-02T06:30:00Z"),
            ],
            "{engine:?}"
        );
        assert!(rss(&press).await.contains(&format!("<guid>{two}</guid>")));
        let again = ingest::take_over(&press.app, &feed[..2], false).await.unwrap();
        assert_eq!(counts(&again), [2, 0, 0, 2, 0], "{engine:?}: {again:?}");
        press.close().await;
    }
}

/// Ids and dates of a JSON Feed on disk.
fn feed_of(service: &Service, folder: &str) -> BTreeSet<(String, String)> {
    let text = std::fs::read_to_string(service.path().join(folder).join("feed.json")).unwrap();
    let feed: Value = serde_json::from_str(&text).unwrap();
    let items = feed["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|item| (text(&item["id"]), text(&item["date_published"])))
        .collect()
}

#[test]
fn after_a_move_the_new_installation_prints_the_ids_and_dates_of_the_old_one() {
    for document in ["rss.xml", "atom.xml", "feed.json"] {
        let old = Service::new(&Setup::plain(25, 1));
        std::fs::write(
            old.path().join("content/undated.md"),
            "---\ntitle: Undated\n---\n\nIts date is when it was seen first.\n",
        )
        .unwrap();
        old.run(&["feeds", "export", "out"]);
        let ids = feed_of(&old, "out");
        let new = Service::new(&Setup::plain(25, 1));
        std::fs::copy(
            old.path().join("content/undated.md"),
            new.path().join("content/undated.md"),
        )
        .unwrap();
        std::thread::sleep(Duration::from_millis(1_100));
        new.run(&["feeds", "export", "out"]);
        assert!(
            feed_of(&new, "out").is_disjoint(&ids),
            "ids are minted anew without an import"
        );
        let feed = old.path().join("out").join(document);
        let feed = feed.to_str().unwrap();
        let tried: Value = serde_json::from_str(&new.run(&["--json", "feeds", "import", feed, "--dry-run"])).unwrap();
        let said: Value = serde_json::from_str(&new.run(&["--json", "feeds", "import", feed])).unwrap();
        assert_eq!(tried, said);
        assert_eq!((&said["entries"], &said["matched"]), (&4.into(), &4.into()), "{said}");
        new.run(&["feeds", "export", "out"]);
        assert_eq!(feed_of(&new, "out"), ids, "{document}");
        new.run(&["articles", "scan"]);
        new.run(&["feeds", "export", "out"]);
        assert_eq!(feed_of(&new, "out"), ids, "{document}: a scan changes neither");
        let text = new.run(&["feeds", "import", feed]);
        assert!(text.contains("4 articles had them already"), "{text}");
    }
}

/// A document of a feed of one entry, and where the older ones are.
fn document(number: u8, older: &str) -> String {
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>f</id><title>x</title><updated>2020-01-01T00:00:00Z</updated>{older}\
         <entry><id>urn:{number}</id><title>Proof {number}</title><updated>2020-01-0{number}T05:00:00Z</updated></entry></feed>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn older_documents_of_a_feed_are_read_to_the_end_and_those_of_other_servers_are_not() {
    let ok = "200 OK\r\nContent-Type: application/atom+xml";
    let page = "<html><link rel=\"alternate\" type=\"application/atom+xml\" href=\"/1.xml\">";
    let back = "<link rel=\"next\" href=\"/2.xml\"/><link rel=\"prev-archive\" href=\"http://127.0.0.2:9/x\"/>";
    let around = "<link rel=\"next\" href=\"/1.xml\"/><link rel=\"prev-archive\" href=\"3.xml\"/>";
    let site = site(vec![
        ("/", "200 OK\r\nContent-Type: text/html", page.to_owned()),
        ("/1.xml", ok, document(3, back)),
        ("/2.xml", ok, document(2, around)),
        ("/3.xml", ok, document(1, "<link rel=\"next\" href=\"/gone.xml\"/>")),
    ])
    .await;
    tokio::task::spawn_blocking(move || {
        let service = Service::new(&Setup::plain(25, 1));
        let address = format!("http://127.0.0.1:{site}/");
        let output = service
            .command(&["--json", "feeds", "import", &address])
            .output()
            .unwrap();
        let unread = String::from_utf8(output.stderr).unwrap();
        assert!(
            unread.contains("Not read: http://127.0.0.2:9/x is another server's"),
            "{unread}"
        );
        assert!(
            unread.contains("gone.xml: failed to fetch") && unread.contains("answers 404"),
            "{unread}"
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&report["entries"], &report["matched"]),
            (&3.into(), &3.into()),
            "{report}"
        );
        service.run(&["feeds", "export", "out"]);
        let expected = (1..=3).map(|n| (format!("urn:{n}"), format!("2020-01-0{n}T05:00:00Z")));
        assert_eq!(feed_of(&service, "out"), expected.collect());
    })
    .await
    .unwrap();
}

#[test]
fn feeds_of_many_programs_can_be_taken_over() {
    let Some(shared) = shared_data() else { return };
    let (mut read, mut entries, mut with_id, mut refused) = (0, 0, 0, 0);
    let mut newest: Option<DateTime<Utc>> = None;
    for file in walkdir::WalkDir::new(shared.join("feeds")) {
        let file = file.unwrap();
        if !file.file_type().is_file() {
            continue;
        }
        match foreign::read(&std::fs::read(file.path()).unwrap(), None, None) {
            Ok(feed) => {
                read += 1;
                entries += feed.entries.len();
                with_id += feed.entries.iter().filter(|entry| entry.id.is_some()).count();
                newest = newest.max(feed.entries.iter().filter_map(|entry| entry.published).max());
            }
            Err(_) => refused += 1,
        }
    }
    println!("{read} feeds read, {refused} refused; {entries} entries, {with_id} with an id, the newest of {newest:?}");
    assert!(read > 200);
}
