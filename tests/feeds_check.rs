//! What an author hears of a feed, ours or foreign, in files and as it is served.

use std::path::{Path, PathBuf};
use std::process::Command;

use letterpress::feed::check::{Specimen, Weight, examine};
use letterpress::syndicate;
use serde_json::Value;

use crate::support::service::{Service, Setup};
use crate::support::site::site;
use crate::support::{Bench, at, shared_data};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for item in std::fs::read_dir(&inner).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_feed(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    ["rss.xml", "atom.xml", "feed.json"].contains(&name.as_ref())
}

/// The findings that `feeds check` prints, and its exit code.
fn checked(command: &mut Command) -> (Vec<Value>, i32) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (found, output.status.code().unwrap())
}

#[test]
fn the_feeds_that_we_write_are_found_without_fault() {
    let service = Service::new(&Setup::plain(25, 1));
    service.run(&["feeds", "export", "public"]);
    let demo = service.path().join("demo");
    service.run(&["demo", "--once", "--dir", demo.to_str().unwrap()]);
    let mut seen = 0;
    for path in files(service.path()).iter().filter(|path| is_feed(path)) {
        let found = checked(&mut service.command(&["--json", "feeds", "check", path.to_str().unwrap()]));
        assert_eq!(found, (Vec::new(), 0), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 6, "{seen}");
}

#[test]
fn an_author_who_checks_hears_what_readers_of_the_feeds_would_trip_over() {
    let service = Service::with_people(&Setup::plain(25, 1));
    let check = || {
        let output = service.command(&["--json", "check"]).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["warnings"].as_array().unwrap().clone()
    };
    let of_feeds = |found: Vec<Value>| {
        let is_feed = |one: &Value| one["file"].as_str().is_some_and(|file| file.ends_with("rss.xml"));
        found.into_iter().filter(is_feed).collect::<Vec<Value>>()
    };
    assert_eq!(of_feeds(check()), Vec::<Value>::new());
    let old = "---\ntitle: Old\ndate: 1972-01-01\ntags: [Ink]\n---\n\nText.\n";
    std::fs::write(service.path().join("content/old.md"), old).unwrap();
    service.run(&["articles", "scan"]);
    let found = of_feeds(check());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["file"], "rss.xml");
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.starts_with("https://proofs.example.org/old/: "), "{message}");
    assert!(
        message.contains("lies before 1990: Sat, 01 Jan 1972") && message.ends_with(" more)"),
        "{message}"
    );
    assert!(found[0]["remedy"].as_str().unwrap().contains("became a zero"));
}

#[tokio::test]
async fn looking_through_the_feeds_decides_nothing() {
    let bench = Bench::with_archives().await;
    let before = bench.onlooker().await.everything().await;
    let found = syndicate::examine(&bench.app).await.unwrap();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(bench.onlooker().await.everything().await, before);
    assert_eq!(bench.app.feeds.shelf().version, None);
    bench.close().await;
}

#[test]
fn a_person_hears_the_line_and_the_remedy_and_a_script_sees_the_exit_code() {
    let service = Service::new(&Setup::plain(25, 1));
    let broken = "<rss version=\"2.0\"><channel>\n<title>a & b</title>\n<link>/</link></channel></rss>";
    std::fs::write(service.path().join("broken.xml"), broken).unwrap();
    let output = service.command(&["feeds", "check", "broken.xml"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.starts_with("broken.xml: RSS, 0 entries\n"), "{text}");
    assert!(
        text.contains("error    line 2, well_formed: a bare & in the text"),
        "{text}"
    );
    let (found, code) = checked(&mut service.command(&["--json", "feeds", "check", "broken.xml"]));
    let relative = found.iter().find(|one| one["rule"] == "relative_url").unwrap();
    assert_eq!((relative["line"].as_u64(), code), (Some(3), 1));
    assert_eq!(
        (&relative["file"], &relative["weight"]),
        (&"broken.xml".into(), &"error".into())
    );
    assert!(relative["message"].is_string() && relative["remedy"].is_string());
    let usage = service.command(&["feeds", "check"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    let missing = service.command(&["feeds", "check", "nothing.xml"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(said.starts_with("failed to read nothing.xml: "), "{said}");
}

/// A sound feed of some length, with its own address.
fn feed(own: &str) -> String {
    let text = "A word or two. ".repeat(200);
    format!(
        "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\"><id>tag:example.org,2026:f</id>\
         <title>Notes</title><updated>2020-01-01T00:00:00Z</updated><author><name>A.</name></author>\
         <link rel=\"self\" href=\"{own}\"/><link href=\"https://example.org/\"/><entry><id>tag:example.org,2026:1</id>\
         <title>One</title><updated>2020-01-01T00:00:00Z</updated><content>{text}</content></entry></feed>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_hears_how_feeds_are_served_and_those_of_a_page_are_found() {
    let sound = "200 OK\r\nContent-Type: application/atom+xml\r\nETag: \"one\"\r\nCache-Control: max-age=1800";
    let poor = "200 OK\r\nContent-Type: text/html; charset=iso-8859-1\r\nSet-Cookie: a=b\r\nCache-Control: no-store\r\n\
                ETag: \"two\"\r\nLast-Modified: Tue, 01 Jan 2999 00:00:00 GMT";
    let links = "<html><link rel=\"alternate\" type=\"application/atom+xml\" href=\"/sound.xml\">\
                 <link rel=\"alternate\" type=\"application/atom+xml\" href=\"poor.xml\">";
    let own = "https://example.org/atom.xml";
    let site = site(vec![
        ("/", "200 OK\r\nContent-Type: text/html", links.to_owned()),
        (
            "/silent",
            "200 OK\r\nContent-Type: text/html",
            "<!doctype html><p>x".to_owned(),
        ),
        ("/sound.xml", sound, feed(own)),
        ("/poor.xml", poor, feed(own).replace("?>", " encoding=\"utf-8\"?>")),
        ("/bare.xml", "200 OK", feed(own)),
        ("/way", "302 Found\r\nLocation: /on", String::new()),
        ("/on", "301 Moved Permanently\r\nLocation: /sound.xml", String::new()),
    ])
    .await;
    tokio::task::spawn_blocking(move || {
        let service = Service::new(&Setup::plain(25, 1));
        let look = |path: &str| {
            let address = format!("http://127.0.0.1:{site}{path}");
            let (found, code) = checked(&mut service.command(&["--json", "feeds", "check", &address]));
            let of = |file: &str| -> Vec<String> {
                let found = found.iter().filter(|one| one["file"].as_str().unwrap().ends_with(file));
                found.map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
            };
            (of("/sound.xml"), of("/poor.xml"), of(path), code)
        };
        let (sound, poor, _, code) = look("/");
        assert_eq!(sound, ["compression", "self_link"]);
        let expected = [
            "media_type",
            "compression",
            "caching",
            "caching",
            "conditional",
            "conditional",
            "encoding",
            "encoding",
        ];
        assert_eq!(poor[..expected.len()], expected);
        assert_eq!(code, 1);
        assert_eq!(look("/silent").2, ["discovery"]);
        let (_, _, bare, _) = look("/bare.xml");
        assert_eq!(
            bare,
            ["media_type", "compression", "caching", "conditional", "self_link"]
        );
        let (_, _, way, code) = look("/way");
        assert_eq!(way, ["redirect", "redirect", "compression", "self_link"]);
        assert_eq!(code, 0);
        assert_eq!((look("/gone").2, look("/gone").3), (vec!["http".to_owned()], 1));
    })
    .await
    .unwrap();
}

#[test]
fn feeds_of_many_programs_can_be_examined() {
    let Some(shared) = shared_data() else { return };
    let (mut feeds, mut entries, mut errors, mut warnings, mut clean) = (0, 0, 0, 0, 0);
    for path in files(&shared.join("feeds")) {
        let bytes = std::fs::read(&path).unwrap();
        let found = examine(Specimen {
            bytes: &bytes,
            address: None,
            charset: None,
            now: at("2027-01-01T00:00:00Z"),
        });
        let wrong = found
            .findings
            .iter()
            .filter(|one| one.flaw.weight == Weight::Error)
            .count();
        feeds += usize::from(found.dialect.is_some());
        entries += found.entries;
        errors += wrong;
        warnings += found.findings.len() - wrong;
        clean += usize::from(wrong == 0);
    }
    println!("{feeds} feeds with {entries} entries: {errors} errors, {warnings} warnings, {clean} without error");
    assert!(feeds > 200);
}

/// Each thing that `check` says of the feeds as they would be: path, rule, message.
async fn said(press: &Bench) -> Vec<(String, &'static str, String)> {
    let found = syndicate::examine(&press.app).await.unwrap();
    let each = found.into_iter().filter(|one| one.flaw.weight == Weight::Warning);
    each.map(|one| (one.path, one.flaw.rule, one.flaw.message)).collect()
}

#[tokio::test]
async fn an_author_hears_which_article_is_too_long_for_feeds() {
    let press = Bench::in_the_morning(|settings| {
        settings.feeds.max_entry_bytes = 10_000;
        settings.feeds.by = Vec::new();
    })
    .await;
    press.publish(1, |_| {}).await;
    press
        .publish(2, |article| {
            article.content.body_html = format!("<p>{}</p>", "word ".repeat(2_500));
        })
        .await;
    let message = "its text has 13 kB, and feeds.max_entry_bytes is 10 kB: feeds show its summary and a link";
    assert_eq!(
        said(&press).await,
        [("rss.xml".to_owned(), "too_long", message.to_owned())]
    );
    let mut settings = letterpress::config::Settings::clone(&press.app.settings());
    settings.feeds.content = letterpress::config::FullOrSummary::Summary;
    press.app.replace_settings(settings);
    assert_eq!(said(&press).await, [], "nobody expects the whole article");
    press.close().await;
}

#[tokio::test]
async fn an_author_hears_which_feeds_are_called_gone_and_have_articles() {
    let press = Bench::in_the_morning(|settings| {
        settings.feeds.retired = ["tag/ink/rss.xml", "tag/old/rss.xml"].map(str::to_owned).into();
        settings.feeds.aliases = [("category/press/feed.json".to_owned(), "feed.json".to_owned())].into();
    })
    .await;
    press.publish(1, |_| {}).await;
    let rules: Vec<(String, &str)> = said(&press)
        .await
        .into_iter()
        .map(|(path, rule, _)| (path, rule))
        .collect();
    assert_eq!(
        rules,
        [
            ("tag/ink/rss.xml".to_owned(), "live"),
            ("category/press/feed.json".to_owned(), "live")
        ]
    );
    press.withdraw(1).await;
    assert_eq!(said(&press).await, []);
    press.close().await;
}
