//! What is in which feed, and that it stays the same on every node, after every restart, and as files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterpress::app::App;
use letterpress::model::clock::to_micros;
use letterpress::model::feed_key::{Format, Kind};
use letterpress::store::feeds;
use letterpress::syndicate::{self, Answer, Coding, Prepared};

use crate::support::{Bench, at, engines};

async fn document(app: &App, path: &str) -> Arc<Prepared> {
    match syndicate::answer(app, path).await {
        Answer::Document(document) => document,
        other => panic!("{path}: {other:?}"),
    }
}

async fn text(app: &App, path: &str) -> String {
    String::from_utf8(document(app, path).await.bodies().identity().to_vec()).expect("documents are text")
}

#[tokio::test]
async fn a_reader_sees_new_articles_once_and_nothing_else_changes() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(2, |_| {}).await;
    press.publish(3, |article| article.content.tags.clear()).await;
    assert!(syndicate::refresh(&press.app).await.unwrap());
    assert!(!syndicate::refresh(&press.app).await.unwrap());
    let tag_before = document(&press.app, "/tag/ink/atom.xml").await;
    press.clock.advance(Duration::from_mins(1));
    press.publish(1, |article| article.content.tags.clear()).await;
    assert!(syndicate::refresh(&press.app).await.unwrap());
    let all = text(&press.app, "/rss.xml").await;
    assert!(all.find("Proof 1").unwrap() < all.find("Proof 2").unwrap());
    assert!(all.contains("<lastBuildDate>Wed, 25 Nov 2026 06:31:00 +0000</lastBuildDate>"));
    let tag_after = document(&press.app, "/tag/ink/atom.xml").await;
    assert!(
        Arc::ptr_eq(&tag_before, &tag_after),
        "the tag's feed was rendered again"
    );
    assert!(!text(&press.app, "/tag/ink/rss.xml").await.contains("Proof 1"));
}

#[tokio::test]
async fn another_node_and_the_next_start_answer_with_the_same_bytes_tag_and_date() {
    for engine in engines() {
        on_another_node(Bench::on(engine, at("2026-11-25T06:30:00Z"), |_| {}).await).await;
    }
}

async fn on_another_node(press: Bench) {
    for number in 1..5 {
        press.publish(number, |_| {}).await;
    }
    syndicate::refresh(&press.app).await.expect("feeds can be rendered");
    press.clock.advance(Duration::from_hours(1));
    let other = press.another_node().await;
    syndicate::refresh(&other).await.expect("feeds can be rendered");
    for path in [
        "/rss.xml",
        "/atom.xml",
        "/feed.json",
        "/tag/ink/atom.xml",
        "/author/a-author/feed.json",
        "/feeds.opml",
        "/feeds",
    ] {
        let (one, two) = (document(&press.app, path).await, document(&other, path).await);
        assert_eq!(one.bodies().identity(), two.bodies().identity(), "{path}");
        assert_eq!((one.tag(), one.changed()), (two.tag(), two.changed()), "{path}");
    }
    other.database.close().await;
    press.close().await;
}

#[tokio::test]
async fn changed_bytes_have_a_later_date_even_within_one_second() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    let before = document(&press.app, "/rss.xml").await.changed().unwrap();
    press
        .publish(1, |article| article.content.title = Some("Proof 1, mended".to_owned()))
        .await;
    syndicate::refresh(&press.app).await.unwrap();
    let after = document(&press.app, "/rss.xml").await;
    assert_eq!(after.changed().unwrap().seconds(), before.seconds() + 1);
    assert!(text(&press.app, "/rss.xml").await.contains("mended"));
}

#[tokio::test]
async fn one_article_that_cannot_be_printed_takes_no_feed_down() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |_| {}).await;
    press
        .publish(2, |article| "not an address".clone_into(&mut article.known.url))
        .await;
    press
        .publish(3, |article| article.content.title = Some("a\u{1}b\u{FFFE}c".to_owned()))
        .await;
    syndicate::refresh(&press.app).await.unwrap();
    let all = text(&press.app, "/rss.xml").await;
    assert!(all.contains("Proof 1") && !all.contains("Proof 2") && all.contains("<title>abc</title>"));
}

#[tokio::test]
async fn what_was_taken_back_leaves_every_feed_and_an_empty_one_goes_after_a_month() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |article| article.content.tags.clear()).await;
    press.publish(2, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.clock.advance(Duration::from_mins(1));
    press.withdraw(2).await;
    syndicate::refresh(&press.app).await.unwrap();
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/tag/ink/rss.xml", "/feeds.opml"] {
        assert!(!text(&press.app, path).await.contains("Proof 2"), "{path}");
    }
    assert!(!text(&press.app, "/feeds.opml").await.contains("tag/ink"));
    assert!(
        text(&press.app, "/tag/ink/rss.xml")
            .await
            .contains("06:31:00 +0000</lastBuildDate>")
    );
    press.clock.advance(Duration::from_hours(31 * 24));
    assert!(matches!(
        syndicate::answer(&press.app, "/tag/ink/rss.xml").await,
        Answer::Gone
    ));
    assert!(matches!(
        syndicate::answer(&press.app, "/rss.xml").await,
        Answer::Document(_)
    ));
}

#[tokio::test]
async fn a_feed_holds_as_many_articles_as_the_author_wants() {
    let press = Bench::in_the_morning(|settings| settings.feeds.limit = 3).await;
    for number in 1..=6 {
        press.publish(number, |_| {}).await;
    }
    press.publish(-1, |_| {}).await; // dated tomorrow
    syndicate::refresh(&press.app).await.unwrap();
    let all = text(&press.app, "/atom.xml").await;
    assert_eq!(all.matches("<entry>").count(), 3);
    assert!(all.contains("Proof 3") && !all.contains("Proof 4") && !all.contains("Proof -1"));
}

#[tokio::test]
async fn other_settings_print_other_feeds_without_a_new_article() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    let mut settings = letterpress::config::Settings::clone(&press.app.settings());
    settings.feeds.content = letterpress::config::FullOrSummary::Summary;
    press.app.replace_settings(settings);
    assert!(syndicate::refresh(&press.app).await.unwrap());
    assert!(!text(&press.app, "/rss.xml").await.contains("The text of proof"));
}

#[tokio::test]
async fn an_author_chooses_formats_kinds_and_pages_and_old_addresses_lead_on_or_are_gone() {
    let press = Bench::in_the_morning(|settings| {
        let feeds = &mut settings.feeds;
        feeds.formats = vec![Format::Atom, Format::Json];
        feeds.by = vec![Kind::Tag];
        feeds.pages = [(Kind::Tag, "/tags/{slug}/".to_owned())].into();
        feeds.aliases = [("blog/feed.php".to_owned(), "atom.xml".to_owned())].into();
        feeds.retired = vec!["tag/old/rss.xml".to_owned()];
        feeds.description = "All that is printed".to_owned();
        feeds.logo = Some("https://example.org/wide.png".to_owned());
    })
    .await;
    press.publish(1, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    let answer = async |path: &str| syndicate::answer(&press.app, path).await;
    for path in ["/rss.xml", "/tag/ink/rss.xml", "/category/press/atom.xml", "/feed"] {
        assert!(matches!(answer(path).await, Answer::NotFound), "{path}");
    }
    assert!(matches!(answer("/blog/feed.php").await, Answer::Moved(to) if to == "/atom.xml"));
    assert!(matches!(answer("/index.json").await, Answer::Moved(to) if to == "/feed.json"));
    assert!(matches!(answer("/tag/old/rss.xml").await, Answer::Gone));
    let tag = text(&press.app, "/tag/ink/atom.xml").await;
    for expected in [
        "href=\"https://example.org/tags/ink/\" rel=\"alternate\" type=\"text/html\"",
        "<logo>https://example.org/wide.png</logo>",
        "<subtitle>All that is printed</subtitle>",
    ] {
        assert!(tag.contains(expected), "{expected} in {tag}");
    }
    assert!(!tag.contains("rss.xml"), "a format that is not served is not announced");
    let (page, list) = (text(&press.app, "/feeds").await, text(&press.app, "/feeds.opml").await);
    assert!(!page.contains("rss.xml") && page.contains("atom.xml"), "{page}");
    assert!(
        list.contains("xmlUrl=\"https://letters.example.org/atom.xml\""),
        "{list}"
    );
    let folder = tempfile::tempdir().unwrap();
    syndicate::export(&press.app, folder.path(), &|_, _| {}).await.unwrap();
    assert!(folder.path().join("atom.xml.br").exists() && !folder.path().join("rss.xml").exists());
}

#[tokio::test]
async fn a_reader_may_be_told_that_an_article_was_taken_back() {
    for (kept, is_told) in [(Duration::ZERO, false), (Duration::from_hours(24), true)] {
        let press = Bench::in_the_morning(|settings| settings.feeds.tombstones = kept).await;
        press.publish(1, |_| {}).await;
        press.publish(2, |_| {}).await;
        press.withdraw(2).await;
        syndicate::refresh(&press.app).await.unwrap();
        let atom = text(&press.app, "/atom.xml").await;
        let mark = "<at:deleted-entry ref=\"tag:example.org,2026-11-25:2\" when=\"2026-11-25T06:30:00Z\"";
        assert_eq!(atom.contains(mark), is_told, "{atom}");
        assert!(!text(&press.app, "/rss.xml").await.contains("deleted-entry"));
    }
}

#[tokio::test]
async fn readers_of_one_language_get_its_articles_where_a_site_has_several() {
    let press = Bench::in_the_morning(|settings| settings.feeds.by = vec![Kind::Language]).await;
    press
        .publish(1, |article| article.content.language = "en".to_owned())
        .await;
    syndicate::refresh(&press.app).await.unwrap();
    let of = async |tag: &str| syndicate::answer(&press.app, &format!("/language/{tag}/rss.xml")).await;
    assert!(
        matches!(of("en").await, Answer::NotFound),
        "the main feed says the same"
    );
    press
        .publish(2, |article| article.content.language = "pt-BR".to_owned())
        .await;
    syndicate::refresh(&press.app).await.unwrap();
    assert!(matches!(of("en").await, Answer::Document(_)));
    let portuguese = text(&press.app, "/language/pt-br/rss.xml").await;
    assert!(portuguese.contains("<language>pt-BR</language>") && portuguese.contains("Workshop Notes: pt-BR"));
    assert!(portuguese.contains("Proof 2") && !portuguese.contains("Proof 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_many_tags_a_feed_that_nobody_reads_waits_for_its_first_reader() {
    let press = Bench::in_the_morning(|_| {}).await;
    for number in 1..=500 {
        press
            .publish(number, |article| {
                article.content.tags[0].slug = format!("tag-{number}");
            })
            .await;
    }
    syndicate::refresh(&press.app).await.unwrap();
    let shelf = press.app.feeds.shelf();
    let rendered = shelf.slots().filter(|slot| slot.last_good().is_some()).count();
    assert_eq!(rendered, 1, "nobody reads the others");
    let asked = (0..1_000).map(|_| document(&press.app, "/tag/tag-7/rss.xml"));
    let documents = futures_util::future::join_all(asked).await;
    assert!(
        documents.iter().all(|document| Arc::ptr_eq(document, &documents[0])),
        "rendered more than once"
    );
    press
        .publish(7, |article| article.content.tags[0].slug = "tag-7".to_owned())
        .await;
    syndicate::refresh(&press.app).await.unwrap();
    assert!(text(&press.app, "/tag/tag-7/rss.xml").await.contains("Proof 7"));
}

#[tokio::test]
async fn the_page_of_feeds_announces_and_shows_every_feed() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    let page = text(&press.app, "/feeds").await;
    assert_eq!(page, syndicate::feeds_page(&press.app).unwrap());
    for path in ["rss.xml", "tag/ink/atom.xml", "category/press/feed.json", "feeds.opml"] {
        assert!(
            page.contains(&format!("href=\"https://letters.example.org/{path}\"")),
            "{path} in {page}"
        );
    }
    let first = page
        .find("<link rel=\"alternate\" type=\"application/rss+xml\"")
        .unwrap();
    assert!(first < page.find("</head>").unwrap() && page.matches("<link rel=\"alternate\"").count() == 12);
    for (path, title) in [
        ("rss.xml", "Workshop Notes (RSS)"),
        ("tag/ink/atom.xml", "Workshop Notes: Ink (Atom)"),
        ("category/press/feed.json", "Workshop Notes: Press (JSON Feed)"),
    ] {
        let line = format!("title=\"{title}\" href=\"https://letters.example.org/{path}\">");
        assert!(page.contains(&line), "{line} in {page}");
    }
}

#[tokio::test]
async fn the_page_of_feeds_says_in_the_language_of_the_site_what_a_feed_is() {
    for (language, expected) in [
        (
            "en",
            ["A feed is a list", "Copy an address", "Rather by email?", ">Subscribe<"],
        ),
        (
            "de-AT",
            [
                "Ein Feed ist eine Liste",
                "Kopieren Sie eine Adresse",
                "Lieber per E-Mail?",
                ">Abonnieren<",
            ],
        ),
        (
            "fr",
            [
                "Un flux est une liste",
                "Copiez une adresse",
                "Plutôt par e-mail",
                "<title>Flux ·",
            ],
        ),
        ("hi", ["फ़ीड इस साइट", "कोई पता", "ईमेल से चाहिए?", "<h1>फ़ीड</h1>"]),
        (
            "nl",
            ["A feed is a list", "Copy an address", "Rather by email?", ">Feeds<"],
        ),
    ] {
        let press = Bench::in_the_morning(|settings| settings.site.language = language.to_owned()).await;
        press.publish(1, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        let page = text(&press.app, "/feeds").await;
        for words in expected {
            assert!(page.contains(words), "{language}: {words} in {page}");
        }
        let is_english = expected[0].starts_with("A feed");
        assert_eq!(page.contains("Subscribe"), is_english, "{language}: {page}");
        assert!(page.contains(&format!("<html lang=\"{language}\"")) && page.contains("<a href=\"/subscribe\">"));
    }
}

#[tokio::test]
async fn a_node_of_an_older_release_leaves_what_a_newer_one_noted() {
    for engine in engines() {
        let press = Bench::on(engine, at("2026-11-25T06:30:00Z"), |_| {}).await;
        press.publish(1, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        let noted = async || {
            let mut conn = press.app.database.read().await.unwrap();
            let row = feeds::change(&mut conn, "rss.xml").await.unwrap().unwrap();
            (row.etag, row.renderer, row.changed_at)
        };
        let later = to_micros(at("2026-11-25T06:45:00Z"));
        let newer = format!(
            "UPDATE feed_changes SET etag = 'NEWER', renderer = 999, changed_at = {later} WHERE path = 'rss.xml'"
        );
        press.change(&newer).await;
        press.clock.advance(Duration::from_hours(1));
        press.publish(2, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        assert!(
            text(&press.app, "/rss.xml").await.contains("Proof 2"),
            "its own readers are served"
        );
        assert_eq!(noted().await, ("NEWER".to_owned(), 999, later));
        // What an older one noted makes way.
        press
            .change("UPDATE feed_changes SET etag = 'OLDER', renderer = 0 WHERE path = 'rss.xml'")
            .await;
        press.publish(3, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        let document = document(&press.app, "/rss.xml").await;
        let (etag, renderer, changed_at) = noted().await;
        assert_eq!(
            (etag.as_str(), changed_at),
            (document.tag(), to_micros(at("2026-11-25T07:30:00Z")))
        );
        assert!((1..999).contains(&renderer));
        press.close().await;
    }
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for item in std::fs::read_dir(&inner).expect("the export can be read") {
            let path = item.expect("the export can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .expect("the export can be read")
                    .to_string_lossy()
                    .into_owned();
                found.insert(name, std::fs::read(path).expect("the export can be read"));
            }
        }
    }
    found
}

#[tokio::test]
async fn a_static_host_serves_what_we_would_and_keeps_no_feed_that_is_gone() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |article| article.content.tags.clear()).await;
    press.publish(2, |_| {}).await;
    let (one, two) = (press.folder.path().join("one"), press.folder.path().join("two"));
    let seen = std::sync::Mutex::new(Vec::new());
    let told = |done, all| seen.lock().unwrap().push((done, all));
    let first = syndicate::export(&press.app, &one, &told).await.unwrap();
    syndicate::export(&press.app, &two, &|_, _| {}).await.unwrap();
    assert_eq!(
        seen.into_inner().unwrap().last(),
        Some(&(first.documents, first.documents))
    );
    let files = tree(&one);
    assert_eq!(files, tree(&two));
    for (file, path) in [
        ("rss.xml", "/rss.xml"),
        ("tag/ink/feed.json", "/tag/ink/feed.json"),
        ("feeds/index.html", "/feeds"),
        ("feeds.opml", "/feeds.opml"),
    ] {
        let document = document(&press.app, path).await;
        assert_eq!(files[file], **document.bodies().identity(), "{file}");
        assert_eq!(
            files[&format!("{file}.gz")],
            *document.bodies().get(Coding::Gzip),
            "{file}"
        );
        assert_eq!(
            files[&format!("{file}.br")],
            *document.bodies().get(Coding::Brotli),
            "{file}"
        );
    }
    assert_eq!(
        syndicate::export(&press.app, &one, &|_, _| {}).await.unwrap().written,
        0
    );
    std::fs::write(one.join("tag/ink/mine.txt"), "the author's own").unwrap();
    press.withdraw(2).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.clock.advance(Duration::from_hours(31 * 24));
    let later = syndicate::export(&press.app, &one, &|_, _| {}).await.unwrap();
    assert_eq!(later.removed, 9);
    assert_eq!(std::fs::read_dir(one.join("tag/ink")).unwrap().count(), 1);
    assert!(one.join("author/a-author/rss.xml").exists());
}

#[tokio::test]
async fn feeds_on_another_host_bring_their_style_and_lead_back_here_and_the_host_is_told_what_to_answer() {
    let press = Bench::in_the_morning(|settings| {
        settings.feeds.base_url = "https://static.example.net/blog/".parse().unwrap();
        settings.feeds.aliases = [("old.xml".to_owned(), "atom.xml".to_owned())].into();
        settings.feeds.retired = vec!["comments.xml".to_owned()];
    })
    .await;
    press.publish(1, |_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    syndicate::export(&press.app, folder.path(), &|_, _| {}).await.unwrap();
    let page = std::fs::read_to_string(folder.path().join("feeds/index.html")).unwrap();
    for link in [
        "href=\"https://static.example.net/blog/pages.css\"",
        "href=\"https://letters.example.org/subscribe\"",
        "href=\"https://static.example.net/blog/rss.xml\"",
    ] {
        assert!(page.contains(link), "{link} in {page}");
    }
    assert!(!page.contains("href=\"/"), "{page}");
    for style in ["pages.css", "pages.css.gz", "feeds.css"] {
        assert!(folder.path().join(style).exists(), "{style}");
    }
    let host = syndicate::host_settings(&press.app);
    for (from, to) in [
        ("/blog/old.xml", "/blog/atom.xml"),
        ("/blog/index.xml", "/blog/rss.xml"),
    ] {
        assert!(host.moved.contains(&(from.to_owned(), to.to_owned())), "{host:?}");
    }
    assert_eq!(host.gone, ["/blog/comments.xml"]);
    let wants = |file, name, value: &str| {
        let mut headers = host.headers.iter();
        headers.any(|header| header.0 == file && header.1 == name && header.2.contains(value))
    };
    assert!(wants("rss.xml", "Content-Type", "application/rss+xml; charset=utf-8"));
    assert!(wants("atom.xml", "Content-Security-Policy", "sandbox"));
    assert!(wants("", "Cache-Control", "max-age="));
}
