//! A feed on another server as a source: asked politely, read with care; nobody is mailed by mistake.

use std::time::Duration;

use letterpress::config::{CursorType, FeedSource, SiteSource, Source, SourceKind, TableSource};
use letterpress::ingest::{self, ScanReport};

use super::{list, public, scan};
use crate::support::changing::Changing;
use crate::support::{Bench, at, engines, shared_data, source};

const HOUR: Duration = Duration::from_hours(1);

fn feed_source(server: &Changing) -> Source {
    Source {
        kind: SourceKind::Feed(FeedSource {
            url: server.at("/atom.xml"),
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        }),
        every: Duration::from_mins(30),
        raw_templates: true,
        ..source("feed", std::path::PathBuf::new())
    }
}

async fn bench(engine: letterpress::store::Engine, server: &Changing) -> Bench {
    let source = feed_source(server);
    Bench::on(engine, at("2027-01-01T00:00:00Z"), |settings| {
        settings.sources = vec![source];
    })
    .await
}

fn entry(number: usize, id: &str) -> String {
    format!(
        "<entry><id>{id}</id><title>Note {number} &amp; more</title><link href=\"/notes/{number}/\"/>\
         <published>2026-12-{:02}T08:00:00Z</published><updated>2026-12-30T08:00:00Z</updated><author><name>Jane Doe</name></author>\
         <category term=\"wood\"/><content type=\"html\">&lt;p&gt;Text {number} with a &lt;a href=\"x\"&gt;link&lt;/a&gt; and {{{{ braces }}}}.&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</content></entry>",
        number % 28 + 1
    )
}

fn atom(entries: &[String]) -> String {
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\"><id>urn:f</id><title>Notes</title><updated>2026-12-30T08:00:00Z</updated>{}</feed>",
        entries.concat()
    )
}

fn entries(numbers: std::ops::RangeInclusive<usize>) -> Vec<String> {
    numbers
        .map(|number| entry(number, &format!("urn:note:{number}")))
        .collect()
}

fn codes(report: &ScanReport) -> Vec<&str> {
    report.problems.iter().map(|problem| problem.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_feed_becomes_articles_and_only_what_comes_later_is_mailed() {
    for engine in engines() {
        let server = Changing::start().await;
        server.say(
            "200 OK\r\nContent-Type: application/atom+xml\r\nETag: \"one\"",
            atom(&entries(1..=3)),
        );
        let bench = bench(engine, &server).await;
        let report = scan(&bench).await;
        assert_eq!(
            (report.added, report.baseline, report.mailable),
            (3, 3, 0),
            "{report:?}"
        );
        let articles = public(&bench).await;
        let shown = ingest::show(&bench.app, &articles[0].id).await.unwrap().article;
        assert_eq!(shown.title, "Note 3 & more");
        assert_eq!(shown.url, server.at("/notes/3/").as_str());
        assert_eq!(shown.tags, ["wood"]);
        // Asked again: 304, and not a row.
        bench.wait(HOUR);
        server.asked();
        let again = scan(&bench).await;
        assert_eq!((again.added, again.updated, again.files), (0, 0, 0));
        let asked = server.asked();
        assert!(
            asked[0].contains("if-none-match: \"one\"") && asked[0].contains("+https://example.org/"),
            "{asked:?}"
        );
        // It forgets what is old, and the new one is news.
        server.say("200 OK\r\nETag: \"two\"", atom(&entries(3..=4)));
        bench.wait(HOUR);
        let more = scan(&bench).await;
        assert_eq!((more.added, more.mailable, more.withdrawn), (1, 1, 0), "{more:?}");
        assert_eq!(public(&bench).await.len(), 4);
        // Every id is another one: the addresses say that these are the same articles.
        let renamed: Vec<String> = (3..=4)
            .map(|number| entry(number, &format!("https://new.example/{number}")))
            .collect();
        server.say("200 OK", atom(&renamed));
        bench.wait(HOUR);
        let moved = scan(&bench).await;
        assert_eq!((moved.added, moved.moved, moved.held), (0, 2, 0), "{moved:?}");
        assert_eq!(public(&bench).await.len(), 4);
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_finds_the_same_entries_writes_nothing() {
    let server = Changing::start().await;
    server.say("200 OK", atom(&entries(1..=3)));
    let bench = bench(letterpress::store::Engine::Sqlite, &server).await;
    scan(&bench).await;
    let mut onlooker = bench.onlooker().await;
    let before = onlooker.everything().await;
    bench.wait(HOUR);
    scan(&bench).await;
    assert_eq!(onlooker.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_or_sends_something_else_changes_no_article_and_is_asked_less_and_less() {
    let server = Changing::start().await;
    server.say("200 OK", atom(&entries(1..=3)));
    let bench = bench(letterpress::store::Engine::Sqlite, &server).await;
    scan(&bench).await;
    let big = vec![b' '; 11 << 20];
    let page = "<!DOCTYPE html><html><head><link rel=\"alternate\" type=\"application/atom+xml\" href=\"/new.xml\"></head></html>";
    for (head, body, code, words) in [
        ("200 OK", page.as_bytes().to_vec(), "feed_invalid", "/new.xml"),
        (
            "200 OK",
            b"<feed><entry></feed>".to_vec(),
            "feed_invalid",
            "before stay",
        ),
        ("200 OK", Vec::new(), "feed_invalid", "before stay"),
        ("200 OK", big, "too_large", "before stay"),
        (
            "500 Oops\r\nRetry-After: 7200",
            Vec::new(),
            "fetch_failed",
            "tried again",
        ),
        ("404 Not Found", Vec::new(), "fetch_failed", "browser"),
    ] {
        server.say(head, body);
        bench.wait(HOUR);
        let report = scan(&bench).await;
        assert_eq!(codes(&report), [code], "{head}");
        assert!(report.problems[0].remedy.contains(words), "{report:?}");
        assert_eq!(public(&bench).await.len(), 3);
    }
    // The service waits: a day at last.
    server.asked();
    bench.wait(HOUR * 15);
    ingest::scan_due(&bench.app, &|_, _| {}).await.unwrap();
    assert_eq!(server.asked().len(), 0);
    bench.wait(HOUR * 10);
    server.say("200 OK", atom(&entries(1..=4)));
    let back = ingest::scan_due(&bench.app, &|_, _| {}).await.unwrap();
    assert_eq!((back.added, back.mailable, codes(&back).len()), (1, 1, 0), "{back:?}");
    assert_eq!(ingest::problems(&bench.app).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_gone_for_good_is_not_asked_again_but_by_hand() {
    let server = Changing::start().await;
    server.say("200 OK", atom(&entries(1..=2)));
    let bench = bench(letterpress::store::Engine::Sqlite, &server).await;
    scan(&bench).await;
    server.say("410 Gone", "");
    bench.wait(HOUR);
    assert_eq!(codes(&scan(&bench).await), ["feed_gone"]);
    server.asked();
    bench.wait(HOUR * 24 * 30);
    ingest::scan_due(&bench.app, &|_, _| {}).await.unwrap();
    assert_eq!(server.asked().len(), 0);
    assert_eq!(public(&bench).await.len(), 2);
    server.say("200 OK", atom(&entries(1..=2)));
    assert_eq!(codes(&scan(&bench).await).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_in_our_own_network_and_our_own_feed_are_refused() {
    let server = Changing::start().await;
    let bench = bench(letterpress::store::Engine::Sqlite, &server).await;
    let mut closed = feed_source(&server);
    if let SourceKind::Feed(feed) = &mut closed.kind {
        feed.allow_private.clear();
    }
    let report = ingest::scan_source(&bench.app, &closed, &|_, _| {}).await.unwrap();
    assert_eq!(codes(&report), ["fetch_failed"]);
    assert!(report.problems[0].remedy.contains("allow_private"), "{report:?}");
    assert_eq!(server.asked().len(), 0);
    if let SourceKind::Feed(feed) = &mut closed.kind {
        feed.url = bench.app.settings().feeds.base_url.join("rss.xml").unwrap();
    }
    let report = ingest::scan_source(&bench.app, &closed, &|_, _| {}).await.unwrap();
    assert_eq!(codes(&report), ["feed_invalid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_with_one_address_publish_it_once() {
    let server = Changing::start().await;
    server.say("200 OK", atom(&entries(1..=2)));
    let feed = feed_source(&server);
    let bench = Bench::new(|settings| settings.sources.push(feed)).await;
    let own = server.at("/notes/1");
    bench.write(
        "one.md",
        &format!("---\ntitle: My own\ndate: 2026-12-01\ncanonical_url: {own}\n---\nText\n"),
    );
    let report = scan(&bench).await;
    assert_eq!(report.added, 2, "{report:?}");
    let taken: Vec<_> = report
        .problems
        .iter()
        .filter(|problem| problem.code == "url_taken")
        .collect();
    assert_eq!(taken.len(), 1, "{report:?}");
    assert!(taken[0].message.contains("one.md"), "{taken:?}");
    let titles: Vec<String> = public(&bench).await.into_iter().map(|row| row.title).collect();
    assert_eq!(titles, ["Note 2 & more", "My own"]);
    bench.wait(HOUR);
    let again = scan(&bench).await;
    assert_eq!((again.added, again.updated), (0, 0), "{again:?}");
    assert_eq!(list(&bench).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_new_entries_than_the_fuse_are_held() {
    let server = Changing::start().await;
    server.say("200 OK", atom(&entries(1..=2)));
    let bench = bench(letterpress::store::Engine::Sqlite, &server).await;
    scan(&bench).await;
    server.say("200 OK", atom(&entries(1..=20)));
    bench.wait(HOUR);
    let report = scan(&bench).await;
    assert_eq!((report.added, report.held, report.mailable), (18, 18, 0), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_sees_beforehand_what_sources_would_give_and_nothing_is_written() {
    let server = Changing::start().await;
    server.say("200 OK", atom(&entries(1..=7)));
    let feed = feed_source(&server);
    let bench = Bench::new(|settings| {
        let site = Source {
            kind: SourceKind::Site(SiteSource::default()),
            ..source("site", settings.sources[0].path.clone())
        };
        let table = Source {
            kind: SourceKind::Table(TableSource {
                database: "sqlite:///nowhere/blog.db".to_owned(),
                password: None,
                query: "SELECT id, body AS markdown FROM posts".to_owned(),
                keys: None,
                cursor_type: CursorType::Timestamp,
                full_every: HOUR,
            }),
            ..source("table", std::path::PathBuf::new())
        };
        settings.sources = vec![site, feed, table];
    })
    .await;
    bench.write("index.xml", "<rss version=\"2.0\"><channel><item><title>One</title><link>https://example.org/1/</link><description>x</description></item></channel></rss>");
    let mut onlooker = bench.onlooker().await;
    let before = onlooker.everything().await;
    let trials = ingest::try_sources(&bench.app).await.unwrap();
    assert_eq!(onlooker.everything().await, before);
    let seen: Vec<(&str, usize, usize)> = trials
        .iter()
        .map(|trial| (trial.kind, trial.found, trial.examples.len()))
        .collect();
    assert_eq!(seen, [("site", 1, 1), ("feed", 7, 5), ("table", 0, 0)]);
    assert_eq!(trials[0].examples[0].url, "https://example.org/1/");
    assert!(trials[0].problems.iter().any(|problem| problem.code == "page_missing"));
    assert_eq!(trials[1].problems, []);
    assert_eq!(trials[2].problems[0].code, "query_failed");
}

#[test]
fn feeds_of_the_world_are_read_as_others_read_them() {
    let Some(data) = shared_data() else { return };
    super::foreign::judge(&data.join("feeds"));
}
