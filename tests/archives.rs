//! Archives of the main feed, walked as a reader walks them.

use std::collections::BTreeSet;

use letterpress::app::App;
use letterpress::model::feed_key::Format;
use letterpress::syndicate::{self, Answer};

use crate::support::{Bench, at, engines};

async fn text(app: &App, path: &str) -> String {
    match syndicate::answer(app, path).await {
        Answer::Document(document) => String::from_utf8(document.bodies().identity().to_vec()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

/// Where a document sends those who want what is older: by the relation `prev-archive`, or by `next_url` in JSON.
fn older(document: &str, format: Format) -> Option<String> {
    let address = match format {
        Format::Json => between(document, "\"next_url\":\"", "\""),
        _ => {
            let mut links = document.split("<link ");
            let link = links.find(|link| link.split('>').next().unwrap().contains("rel=\"prev-archive\""));
            link.and_then(|link| between(link, "href=\"", "\""))
        }
    };
    address.map(|address| address.replace("https://letters.example.org", ""))
}

/// The numbers of the proofs in a document.
fn proofs(document: &str, format: Format) -> BTreeSet<i64> {
    let start = if format == Format::Json {
        "\"id\":\"tag:example.org,2026-11-25:"
    } else {
        "<id>tag:example.org,2026-11-25:"
    };
    let ids = document.split(start).skip(1);
    ids.filter_map(|rest| rest.split(['<', '"']).next()?.parse().ok())
        .collect()
}

/// Each document that a walker meets from the current one on, with the proofs in it.
async fn walked(app: &App, format: Format) -> Vec<(String, BTreeSet<i64>)> {
    let (mut found, mut next) = (Vec::new(), Some(format!("/{}", format.file_name())));
    while let Some(path) = next {
        let document = text(app, &path).await;
        next = older(&document, format);
        found.push((path, proofs(&document, format)));
    }
    found
}

fn all(walked: &[(String, BTreeSet<i64>)]) -> BTreeSet<i64> {
    walked.iter().flat_map(|(_, proofs)| proofs.clone()).collect()
}

/// Thirty articles of last month are there when the service starts; ten go to an archive and five into the feed.
async fn press(engine: letterpress::store::Engine) -> Bench {
    let press = Bench::on(engine, at("2026-11-25T06:30:00Z"), |settings| {
        settings.feeds.limit = 5;
        settings.feeds.archives = Some(10);
    })
    .await;
    for number in 31..=60 {
        press.publish(number, |_| {}).await;
    }
    syndicate::refresh(&press.app).await.unwrap();
    press
}

#[tokio::test]
async fn whoever_walks_back_through_the_archives_meets_every_article_and_none_moves() {
    for engine in engines() {
        let press = press(engine).await;
        let first = walked(&press.app, Format::Atom).await;
        let paths: Vec<&str> = first.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/atom.xml",
                "/archive/3/atom.xml",
                "/archive/2/atom.xml",
                "/archive/1/atom.xml"
            ]
        );
        assert_eq!(first[3].1, (51..=60).collect());
        // Proof 1 is the newest.
        for number in (1..=30).rev() {
            press.publish(number, |_| {}).await;
            syndicate::refresh(&press.app).await.unwrap();
        }
        // A back-dated one is new all the same; one of the first archive is taken back, another one is edited.
        press.publish(70, |_| {}).await;
        press.withdraw(55).await;
        press
            .publish(56, |article| article.content.summary = "Edited".to_owned())
            .await;
        syndicate::refresh(&press.app).await.unwrap();
        let later = walked(&press.app, Format::Atom).await;
        assert_eq!(
            all(&later),
            (1..=60).filter(|number| *number != 55).chain([70]).collect()
        );
        let of = |path: &str| &later.iter().find(|(other, _)| other == path).unwrap().1;
        assert_eq!(
            *of("/archive/1/atom.xml"),
            (51..=60).filter(|number| *number != 55).collect()
        );
        assert_eq!(of("/archive/2/atom.xml"), &first[2].1);
        assert_eq!(of("/archive/3/atom.xml"), &first[1].1);
        assert_eq!(all(&walked(&press.app, Format::Json).await), all(&later));
        // Another node, and the next start, print the same.
        let other = press.another_node().await;
        syndicate::refresh(&other).await.unwrap();
        assert_eq!(walked(&other, Format::Atom).await, later);
        other.database.close().await;
        press.close().await;
    }
}

#[tokio::test]
async fn an_archive_says_what_it_is_and_nobody_subscribes_to_it() {
    let press = press(letterpress::store::Engine::Sqlite).await;
    let oldest = text(&press.app, "/archive/1/rss.xml").await;
    for expected in ["<fh:archive", "rel=\"current\"", "rel=\"next-archive\""] {
        assert!(oldest.contains(expected), "{expected} in {oldest}");
    }
    assert!(!oldest.contains("prev-archive"));
    let id = |document: &str| between(document, "<id>", "</id>").unwrap().to_owned();
    let newest = text(&press.app, "/archive/3/atom.xml").await;
    assert_eq!(
        id(&newest),
        id(&text(&press.app, "/atom.xml").await),
        "it is the same feed"
    );
    assert!(!newest.contains("next-archive"));
    match syndicate::answer(&press.app, "/archive/1/rss.xml").await {
        Answer::Document(document) => assert!(document.is_settled()),
        other => panic!("{other:?}"),
    }
    assert!(!text(&press.app, "/feeds.opml").await.contains("archive/"));
    for path in ["/archive/4/rss.xml", "/archive/0/rss.xml", "/archive/x/rss.xml"] {
        assert!(
            matches!(syndicate::answer(&press.app, path).await, Answer::NotFound),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_too_long_for_the_feed_is_found_in_an_archive() {
    let press = Bench::in_the_morning(|settings| settings.feeds.max_bytes = 12_000).await;
    for number in 1..=12 {
        let long = format!("<p>{}</p>", "word ".repeat(500));
        press.publish(number, |article| article.content.body_html = long).await;
    }
    syndicate::refresh(&press.app).await.unwrap();
    let found = walked(&press.app, Format::Atom).await;
    assert!(found[0].1.len() < 6, "{found:?}");
    assert_eq!(all(&found), (1..=12).collect());
}

#[tokio::test]
async fn an_article_that_cannot_be_printed_sends_no_other_to_an_archive() {
    let press = Bench::in_the_morning(|_| {}).await;
    for number in 1..=3 {
        press
            .publish(number, |article| {
                if number == 2 {
                    "not an address".clone_into(&mut article.known.url);
                }
            })
            .await;
    }
    syndicate::refresh(&press.app).await.unwrap();
    let found = walked(&press.app, Format::Atom).await;
    assert_eq!(found, [("/atom.xml".to_owned(), [1, 3].into())]);
    assert!(matches!(
        syndicate::answer(&press.app, "/archive/1/atom.xml").await,
        Answer::NotFound
    ));
}

#[tokio::test]
async fn a_feed_that_has_room_again_sends_nothing_to_an_archive() {
    let press = Bench::in_the_morning(|settings| {
        settings.feeds.max_bytes = 12_000;
        settings.feeds.archives = Some(1);
    })
    .await;
    let long = || format!("<p>{}</p>", "word ".repeat(1_500));
    for number in [8, 9] {
        press
            .publish(number, |article| article.content.body_html = long())
            .await;
    }
    syndicate::refresh(&press.app).await.unwrap();
    let paths = |found: Vec<(String, BTreeSet<i64>)>| found.into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    let both = ["/atom.xml", "/archive/1/atom.xml"];
    assert_eq!(paths(walked(&press.app, Format::Atom).await), both);
    // The newest one is short now, and so are those that follow.
    for number in [8, 7, 6] {
        press.publish(number, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
    }
    let found = walked(&press.app, Format::Atom).await;
    assert!(found[0].1.is_superset(&[6, 7, 8].into()), "{found:?}");
    assert_eq!(paths(found), both);
}
