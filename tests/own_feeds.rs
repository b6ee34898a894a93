//! A subscriber's own feed: what the letters would bring, at an address that is that person's alone.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use letterpress::feed::check::{Specimen, examine};
use letterpress::model::article::Term;
use letterpress::model::clock::SeededChance;
use letterpress::model::feed_key::Format;
use letterpress::model::links::{OwnFeed, Preferences, code_of};
use letterpress::model::token::KeyRing;
use letterpress::store::Engine;
use letterpress::subscribe::{self, Add};
use letterpress::syndicate;

use crate::support::servers::free_port;
use crate::support::service::{Service, Setup};
use crate::support::{Bench, Got, Served, at, engines};

async fn bench(engine: Engine) -> Bench {
    let bench = Bench::on(engine, at("2026-11-25T06:30:00Z"), |settings| {
        settings.feeds.private = true;
        let mut wood = settings.newsletters[0].clone();
        (wood.id, wood.name, wood.tags) = ("wood".to_owned(), "From wood".to_owned(), vec!["Wood".to_owned()]);
        settings.newsletters.push(wood);
    })
    .await;
    for (number, tag) in [(1, "Ink"), (2, "Wood"), (3, "Paper")] {
        publish(&bench, number, tag).await;
    }
    syndicate::refresh(&bench.app).await.unwrap();
    bench
}

async fn publish(bench: &Bench, number: i64, tag: &str) {
    let tag = Term {
        term: tag.to_owned(),
        slug: tag.to_lowercase(),
    };
    bench.publish(number, |proof| proof.content.tags = vec![tag]).await;
}

async fn subscriber(bench: &Bench, email: &str, newsletter: &str, topics: &[&str]) -> i64 {
    let add = Add {
        email: email.to_owned(),
        newsletter: Some(newsletter.to_owned()),
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        active: true,
        note: Some("asked at the fair".to_owned()),
        ..Add::default()
    };
    subscribe::add(&bench.app, &add).await.unwrap().id
}

fn preferences(bench: &Bench, subscriber: i64, newsletter: &str, epoch: i64) -> String {
    let link = Preferences {
        subscriber,
        newsletter: code_of(newsletter),
        epoch,
    };
    format!("/{}", link.to_path(&bench.app.keys))
}

/// The path of the feed that the person's page shows.
async fn found(served: &Served, page: &str) -> String {
    let page = served.get(page, &[]).await;
    assert_eq!(page.status, 200);
    let start = page
        .text()
        .find("https://letters.example.org/private/")
        .expect("the page shows a feed");
    let url = page.text()[start..].split(['"', '<']).next().unwrap();
    url.strip_prefix("https://letters.example.org").unwrap().to_owned()
}

fn proofs(got: &Got) -> Vec<u8> {
    let held = [1, 2, 3, 4].into_iter();
    held.filter(|number| got.text().contains(&format!("<title>Proof {number}</title>")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_reads_in_a_feed_what_the_letters_would_bring() {
    for engine in engines() {
        let bench = bench(engine).await;
        let served = bench.serve().await;
        let rosa = subscriber(&bench, "rosa@example.org", "wood", &[]).await;
        subscriber(&bench, "rosa@example.org", "notes", &["ink"]).await;
        let paul = subscriber(&bench, "paul@example.org", "notes", &["paper"]).await;
        let path = found(&served, &preferences(&bench, rosa, "notes", 0)).await;
        let got = served.get(&path, &[]).await;
        assert_eq!((got.status, proofs(&got)), (200, vec![1, 2]));
        assert!(
            got.text().contains("<title>Workshop Notes: From wood</title>"),
            "{}",
            got.text()
        );
        assert_eq!(got.header("content-type"), Some("application/rss+xml; charset=utf-8"));
        assert_eq!(got.header("cache-control"), Some("private, max-age=900"));
        assert_eq!(got.header("x-robots-tag"), Some("noindex"));
        assert_eq!(got.header("access-control-allow-origin"), None);
        assert!(!got.text().contains("rel=\"hub\""), "nobody is told of it");
        let tag = format!("If-None-Match: {}", got.header("etag").unwrap());
        let again = served.get(&path, &[&tag]).await;
        assert_eq!(
            (again.status, again.header("cache-control")),
            (304, Some("private, max-age=900"))
        );
        let his = served
            .get(&found(&served, &preferences(&bench, paul, "notes", 0)).await, &[])
            .await;
        assert_eq!(proofs(&his), [3]);
        assert_ne!(
            feed_id(&served, &bench, rosa).await,
            feed_id(&served, &bench, paul).await
        );
        // News and other choices show at once.
        bench.wait(Duration::from_mins(1));
        publish(&bench, 4, "Wood").await;
        assert_eq!(proofs(&served.get(&path, &[&tag]).await), [1, 2, 4]);
        let topics = subscribe::Wishes {
            topics: Some(vec!["Paper".to_owned()]),
            leave: vec!["wood".to_owned()],
            ..subscribe::Wishes::default()
        };
        let page = preferences(&bench, rosa, "notes", 0);
        let token = page.rsplit('/').next().unwrap();
        subscribe::set_preferences(&bench.app, token, &topics).await.unwrap();
        assert_eq!(proofs(&served.get(&path, &[]).await), [3]);
        let is_counted = syndicate::count_readers(&bench.app).await.unwrap();
        assert!(!is_counted, "who reads it is nobody's business");
        bench.close().await;
    }
}

async fn feed_id(served: &Served, bench: &Bench, subscriber: i64) -> String {
    let link = OwnFeed { subscriber, epoch: 0 };
    let path = format!("/{}", link.to_path(&bench.app.keys, Format::Atom));
    let got = served.get(&path, &[]).await;
    let id = got.text().split("<id>").nth(1).unwrap().split("</id>").next().unwrap();
    assert!(id.starts_with("tag:example.org,2026-11-25:") && !id.contains(path.split('/').nth(2).unwrap()));
    for format in Format::ALL {
        let path = link.to_path(&bench.app.keys, format);
        let got = served.get(&format!("/{path}"), &[]).await;
        let url = format!("https://letters.example.org/{path}").parse().unwrap();
        let seen = examine(Specimen {
            bytes: &got.body,
            address: Some(&url),
            charset: None,
            now: bench.app.clock.now(),
        });
        assert_eq!(seen.findings, [], "{format:?}");
    }
    id.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_remembers_only_a_date_misses_nothing_of_its_own_feed() {
    let bench = bench(Engine::Sqlite).await;
    let served = bench.serve().await;
    let rosa = subscriber(&bench, "rosa@example.org", "notes", &[]).await;
    let path = found(&served, &preferences(&bench, rosa, "notes", 0)).await;
    let got = served.get(&path, &[]).await;
    assert_eq!((got.status, got.header("last-modified")), (200, None));
    bench.wait(Duration::from_hours(1));
    let mut settings = letterpress::config::Settings::clone(&bench.app.settings());
    settings.site.title = "Notes from the Workshop".to_owned();
    bench.app.replace_settings(settings);
    let got = served
        .get(&path, &["If-Modified-Since: Wed, 25 Nov 2026 07:00:00 GMT"])
        .await;
    assert_eq!(got.status, 200);
    assert!(got.text().contains("Notes from the Workshop"), "{}", got.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_came_into_other_hands_ends_with_the_press_of_a_button() {
    let bench = bench(Engine::Sqlite).await;
    let served = bench.serve().await;
    let rosa = subscriber(&bench, "rosa@example.org", "notes", &[]).await;
    let page = preferences(&bench, rosa, "notes", 0);
    let path = found(&served, &page).await;
    assert_eq!(served.get(&path, &[]).await.status, 200);
    let looked = served.get(&format!("{page}/renew"), &[]).await;
    assert_eq!(
        (looked.status, served.get(&path, &[]).await.status),
        (405, 200),
        "looking changes nothing"
    );
    let renewed = served
        .ask("POST", &format!("{page}/renew"), &["Content-Length: 0"])
        .await;
    let new_page = preferences(&bench, rosa, "notes", 1);
    assert!(renewed.text().contains(&new_page), "{}", renewed.text());
    assert_eq!(
        (served.get(&path, &[]).await.status, served.get(&page, &[]).await.status),
        (410, 404)
    );
    let renewed = found(&served, &new_page).await;
    assert_eq!(served.get(&renewed, &[]).await.status, 200);
    subscribe::erase(&bench.app, "rosa@example.org").await.unwrap();
    assert_eq!(served.get(&renewed, &[]).await.status, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_no_feed_of_anybody() {
    let bench = bench(Engine::Sqlite).await;
    let served = bench.serve().await;
    let rosa = subscriber(&bench, "rosa@example.org", "notes", &[]).await;
    let page = preferences(&bench, rosa, "notes", 0);
    let path = found(&served, &page).await;
    let (token, foreign) = (
        path.split('/').nth(2).unwrap(),
        KeyRing::generate(&SeededChance::new(9)),
    );
    let link = OwnFeed {
        subscriber: rosa,
        epoch: 0,
    };
    for wrong in [
        format!("/{}", link.to_path(&foreign, Format::Rss)),
        page.replace("/preferences/", "/private/") + "/rss.xml",
        format!("/private/{token}"),
        format!("/private/{token}/"),
        format!("/private/{token}/rss.xml/x"),
        format!("/private/{}/rss.xml", token.to_lowercase()),
        format!("/preferences/{token}"),
        "/private//rss.xml".to_owned(),
    ] {
        assert_eq!(served.get(&wrong, &[]).await.status, 404, "{wrong}");
    }
    let lists = [served.get("/feeds", &[]).await, served.get("/feeds.opml", &[]).await];
    assert!(lists.iter().all(|list| !list.text().contains("private")));
    let mut settings = letterpress::config::Settings::clone(&bench.app.settings());
    settings.feeds.private = false;
    bench.app.replace_settings(settings);
    assert_eq!(served.get(&path, &[]).await.status, 404);
    assert!(!served.get(&page, &[]).await.text().contains("private/"));
}

#[test]
fn nobody_finds_the_address_of_a_persons_feed_in_a_log() {
    let service = Service::with_people(&Setup::plain(25, 1));
    let port = free_port();
    let service = service.copy_with(vec![
        ("LETTERPRESS__FEEDS__PRIVATE", "true".to_owned()),
        ("LETTERPRESS__HTTP__LISTEN", format!("127.0.0.1:{port}")),
        ("LETTERPRESS_LOG", "trace".to_owned()),
    ]);
    let keys = KeyRing::read(&std::fs::read_to_string(service.path().join("state/keys")).unwrap()).unwrap();
    let path = OwnFeed {
        subscriber: 1,
        epoch: 0,
    }
    .to_path(&keys, Format::Rss);
    let token = path.split('/').nth(1).unwrap().to_owned();
    let running = service.serve();
    let ask = |path: &str| {
        let mut answer = Vec::new();
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            write!(stream, "GET /{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
            stream.read_to_end(&mut answer).unwrap();
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while ask("health/ready") != "200" && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(ask(&path), "200");
    assert_eq!(ask(&path.replace("rss.xml", "none")), "404");
    assert!(running.stop());
    let log = service.log();
    assert!(log.contains("TRACE"), "the log holds everything");
    assert!(!log.contains(&token));
}
