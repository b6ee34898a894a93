//! What readers get over the wire, on raw connections because a client library would tidy up.

use std::io::Read;
use std::time::Duration;

use letterpress::config::OldHost;
use letterpress::syndicate;

use crate::support::{Bench, Got};

const FEEDS: [(&str, &str); 4] = [
    ("/rss.xml", "application/rss+xml; charset=utf-8"),
    ("/atom.xml", "application/atom+xml; charset=utf-8"),
    ("/feed.json", "application/feed+json"),
    ("/tag/ink/rss.xml", "application/rss+xml; charset=utf-8"),
];

/// A service with three articles, rendered.
async fn press() -> Bench {
    let press = Bench::in_the_morning(|_| {}).await;
    for number in 1..=3 {
        press.publish(number, |_| {}).await;
    }
    syndicate::refresh(&press.app).await.expect("feeds can be rendered");
    press
}

fn plain(got: &Got) -> Vec<u8> {
    let mut out = Vec::new();
    match got.header("content-encoding") {
        Some("gzip") => drop(
            flate2::read::GzDecoder::new(&*got.body)
                .read_to_end(&mut out)
                .expect("a body can be unpacked"),
        ),
        Some("br") => drop(
            brotli::Decompressor::new(&*got.body, 4096)
                .read_to_end(&mut out)
                .expect("a body can be unpacked"),
        ),
        Some("zstd") => out = zstd::decode_all(&*got.body).expect("a body can be unpacked"),
        None => out.clone_from(&got.body),
        Some(other) => panic!("{other}"),
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_gets_every_feed_in_every_encoding_with_all_that_it_needs_to_ask_again() {
    let served = press().await.serve().await;
    for (path, media_type) in FEEDS {
        let whole = served.get(path, &[]).await;
        assert_eq!(
            (whole.status, whole.header("content-type")),
            (200, Some(media_type)),
            "{path}"
        );
        let tag = whole.header("etag").unwrap();
        assert!(tag.starts_with("W/\"") && tag.len() == 30, "{tag}");
        for (accepted, coding) in [
            ("gzip", Some("gzip")),
            ("br, gzip", Some("br")),
            ("zstd, gzip", Some("zstd")),
            ("identity", None),
            ("gzip;q=0, *;q=0", None),
        ] {
            let got = served.get(path, &[&format!("Accept-Encoding: {accepted}")]).await;
            assert_eq!(
                (got.status, got.header("content-encoding")),
                (200, coding),
                "{path} {accepted}"
            );
            assert_eq!(plain(&got), whole.body, "{path} {accepted}");
            assert_eq!(got.header("content-length"), Some(got.body.len().to_string().as_str()));
            for name in ["etag", "last-modified", "cache-control", "vary", "link", "content-type"] {
                assert_eq!(got.header(name), whole.header(name), "{path} {accepted} {name}");
            }
            let head = served
                .ask("HEAD", path, &[&format!("Accept-Encoding: {accepted}")])
                .await;
            assert_eq!(head.body, b"");
            assert_eq!(without_date(&head), without_date(&got), "{path} {accepted} HEAD");
        }
        let own = format!("<https://letters.example.org{path}>; rel=\"self\"");
        let link = format!("{own}, <https://letters.example.org/websub>; rel=\"hub\"");
        assert_eq!(whole.header("link"), Some(link.as_str()));
        assert_eq!(whole.header("vary"), Some("Accept-Encoding, Sec-Fetch-Dest"));
        assert_eq!(
            whole.header("cache-control"),
            Some("public, max-age=900, stale-while-revalidate=60, stale-if-error=86400")
        );
        assert_eq!(whole.header("last-modified"), Some("Wed, 25 Nov 2026 06:30:00 GMT"));
        assert_eq!(whole.header("accept-ranges"), Some("none"));
        assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(whole.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            whole.header("access-control-expose-headers"),
            Some("ETag, Link, Last-Modified, Retry-After")
        );
        assert!(whole.header("date").is_some());
        for absent in ["expires", "pragma", "set-cookie", "access-control-allow-credentials"] {
            assert_eq!(whole.header(absent), None, "{path} {absent}");
        }
    }
}

fn without_date(got: &Got) -> Vec<(String, String)> {
    let mut headers = got.headers.clone();
    headers.retain(|(name, _)| name != "date");
    headers.sort();
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_the_newest_feed_is_told_so_and_sent_nothing() {
    let served = press().await.serve().await;
    for (path, _) in FEEDS {
        let whole = served.get(path, &[]).await;
        let tag = whole.header("etag").unwrap();
        let bare = tag.trim_start_matches("W/").trim_matches('"');
        let known = [
            format!("If-None-Match: {tag}"),
            format!("If-None-Match: \"{bare}\""),
            format!("If-None-Match: {bare}"),
            format!("If-None-Match: \"x\", {tag}"),
            format!("If-None-Match: \"a,b\",{tag}"),
            format!("If-None-Match: \"x\"\r\nIf-None-Match: {tag}"),
            format!("If-None-Match: W/\"{bare}-gzip\""),
            format!("If-None-Match: \"{bare}\"-gzip"),
            format!("If-None-Match: \"{bare}-br\""),
            format!("If-None-Match: \"{bare};gzip\""),
            "If-None-Match: *".to_owned(),
            format!("If-None-Match: {tag}\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
            format!("If-None-Match: {tag}\r\nAccept-Encoding: gzip"),
            format!("If-None-Match: {tag}\r\nAccept-Encoding: br\r\nSec-Fetch-Dest: document"),
            "If-Modified-Since: Wed, 25 Nov 2026 06:30:00 GMT".to_owned(),
            "If-Modified-Since: Wednesday, 25-Nov-26 06:30:00 GMT".to_owned(),
            "If-Modified-Since: Wed Nov 25 06:30:00 2026".to_owned(),
            "If-Modified-Since: Thu, 26 Nov 2026 06:30:00 GMT".to_owned(),
        ];
        for header in &known {
            for method in ["GET", "HEAD"] {
                let got = served.ask(method, path, &[header]).await;
                assert_eq!((got.status, got.body.len()), (304, 0), "{method} {path} {header}");
                for name in [
                    "etag",
                    "last-modified",
                    "cache-control",
                    "vary",
                    "access-control-allow-origin",
                ] {
                    assert_eq!(got.header(name), whole.header(name), "{path} {header} {name}");
                }
                assert!(got.header("date").is_some());
                for absent in [
                    "content-length",
                    "content-encoding",
                    "content-type",
                    "content-security-policy",
                    "transfer-encoding",
                ] {
                    assert_eq!(got.header(absent), None, "{path} {header} {absent}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_something_else_or_asks_oddly_gets_the_whole_feed() {
    let served = press().await.serve().await;
    for (path, _) in FEEDS {
        let whole = served.get(path, &[]).await;
        let bare = whole
            .header("etag")
            .unwrap()
            .trim_start_matches("W/")
            .trim_matches('"')
            .to_owned();
        let unknown = [
            "If-None-Match: \"x\"".to_owned(),
            "If-None-Match: W/\"x\", \"y\"".to_owned(),
            "If-None-Match:".to_owned(),
            format!("If-None-Match: \"{}\"", bare.to_lowercase()),
            "If-None-Match: \"x\"\r\nIf-Modified-Since: Thu, 26 Nov 2026 06:30:00 GMT".to_owned(),
            "If-Modified-Since: Wed, 25 Nov 2026 06:29:59 GMT".to_owned(),
            "If-Modified-Since: yesterday".to_owned(),
            "If-Modified-Since: 2026-11-25T06:30:00Z".to_owned(),
            "Range: bytes=0-9".to_owned(),
            "A-IM: feed".to_owned(),
            "Accept: text/html".to_owned(),
            "Accept: image/png;q=1, */*;q=0".to_owned(),
        ];
        for header in &unknown {
            let got = served.get(path, &[header]).await;
            assert_eq!((got.status, &got.body), (200, &whole.body), "{path} {header}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_feed_is_shown_with_its_style_and_runs_nothing() {
    let served = press().await.serve().await;
    for (path, media_type) in FEEDS {
        let got = served.get(path, &["Sec-Fetch-Dest: document"]).await;
        let xml = !media_type.contains("json");
        let expected = if xml {
            "application/xml; charset=utf-8"
        } else {
            media_type
        };
        assert_eq!(got.header("content-type"), Some(expected), "{path}");
        assert_eq!(got.body, served.get(path, &["Sec-Fetch-Dest: empty"]).await.body);
        if xml {
            assert!(
                got.header("content-security-policy")
                    .unwrap()
                    .contains("sandbox allow-popups")
            );
            assert!(got.text().starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<?xml-stylesheet type=\"text/css\" href=\"https://letters.example.org/feeds.css\"?>\n<"));
            assert!(got.text().ends_with(">\n") && !got.text().contains("text/xsl"));
        }
    }
    let style = served.get("/feeds.css", &[]).await;
    assert_eq!(
        (style.status, style.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_guesses_an_address_is_led_to_the_feed_in_one_step() {
    let served = press().await.serve().await;
    for (alias, target) in [
        ("/feed", "/rss.xml"),
        ("/feed/", "/rss.xml"),
        ("/feed.xml", "/rss.xml"),
        ("/feed.rss", "/rss.xml"),
        ("/rss", "/rss.xml"),
        ("/rss/", "/rss.xml"),
        ("/rss/feed.xml", "/rss.xml"),
        ("/index.rss", "/rss.xml"),
        ("/index.xml", "/rss.xml"),
        ("/atom", "/atom.xml"),
        ("/feed.atom", "/atom.xml"),
        ("/index.atom", "/atom.xml"),
        ("/index.json", "/feed.json"),
        ("/TAG/Ink/RSS.xml", "/tag/ink/rss.xml"),
        ("/category/PRESS/feed.json", "/category/press/feed.json"),
        ("/feed?x=1", "/rss.xml"),
    ] {
        let got = served.get(alias, &[]).await;
        assert_eq!((got.status, got.header("location")), (301, Some(target)), "{alias}");
        assert_eq!(served.get(target, &[]).await.status, 200, "{target}");
    }
    for path in [
        "/rss.xml?a=b&c",
        "/%72ss.xml",
        "/author/a-author/atom.xml",
        "/feeds",
        "/feeds.opml",
    ] {
        assert_eq!(served.get(path, &[]).await.status, 200, "{path}");
    }
    for path in [
        "/tag/none/rss.xml",
        "/rss.xml/",
        "/tag/ink/",
        "/%ff.xml",
        "/../rss.xml",
        "/language/en/rss.xml",
    ] {
        let got = served.get(path, &[]).await;
        assert_eq!(
            (got.status, got.header("content-type"), got.header("cache-control")),
            (404, Some("text/plain; charset=utf-8"), Some("public, max-age=60")),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_reading_is_allowed() {
    let served = press().await.serve().await;
    for (path, _) in FEEDS {
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let got = served.ask(method, path, &["Content-Length: 0"]).await;
            assert_eq!(
                (got.status, got.header("allow")),
                (405, Some("GET, HEAD, OPTIONS")),
                "{method} {path}"
            );
        }
        let got = served
            .ask(
                "OPTIONS",
                path,
                &["Origin: https://x.example", "Access-Control-Request-Method: GET"],
            )
            .await;
        assert_eq!(
            (got.status, got.header("access-control-max-age"), got.body.len()),
            (204, Some("86400"), 0)
        );
        assert_eq!(got.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_read_from_memory_and_stay_when_the_database_is_away() {
    let press = press().await;
    let served = press.serve().await;
    let before = served.get("/atom.xml", &[]).await;
    press.app.database.close().await;
    assert!(syndicate::refresh(&press.app).await.is_err());
    assert_eq!(served.get("/atom.xml", &[]).await.body, before.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_comes_before_the_first_rendering_is_asked_to_come_again() {
    let press = Bench::in_the_morning(|_| {}).await;
    let served = press.serve().await;
    for path in ["/rss.xml", "/tag/ink/feed.json", "/feeds"] {
        let got = served.get(path, &[]).await;
        assert_eq!((got.status, got.header("retry-after")), (503, Some("5")), "{path}");
        let seen = got.header("access-control-expose-headers");
        assert!(seen.is_some_and(|seen| seen.contains("Retry-After")), "{path}");
    }
    let ready = served.get("/health/ready", &[]).await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("feeds_not_rendered") && ready.text().contains("first_scan_pending"));
    syndicate::refresh(&press.app).await.unwrap();
    assert_eq!(served.get("/rss.xml", &[]).await.status, 200);
    press.app.feeds.note_scanned();
    assert_eq!(served.get("/health/ready", &[]).await.status, 200);
    assert_eq!(served.get("/health/live", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_sends_too_much_or_too_slowly_is_turned_away() {
    let served = press().await.serve().await;
    let large = served.ask("POST", "/rss.xml", &["Content-Length: 20000"]).await;
    assert_eq!(large.status, 413);
    let kept = served
        .raw("GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\nGET /atom.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        String::from_utf8_lossy(&kept.body).matches("HTTP/1.1 200").count() == 1,
        "two answers on one connection"
    );
    let page = served.get("/nothing", &[]).await;
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_answers_finish_and_takes_no_new_ones() {
    let served = press().await.serve().await;
    assert_eq!(served.get("/rss.xml", &[]).await.status, 200);
    served.stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), served.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(tokio::net::TcpStream::connect(served.address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_sent_request_is_cut_off() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let served = press().await.serve().await;
    let mut stream = tokio::net::TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /rss.xml HTTP/1.1\r\nHost").await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "the connection is still open after 15 s");
}

#[tokio::test]
async fn who_copies_a_feed_again_and_again_without_remembering_it_is_asked_to_wait() {
    let bench = Bench::in_the_morning(|settings| {
        settings.feeds.burst = Some(10);
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    bench.publish(1, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let served = bench.serve().await;
    let from = |client: &str| format!("X-Forwarded-For: {client}");
    let forgetful = from("9.9.9.9");
    let mut turns = Vec::new();
    for _ in 0..12 {
        turns.push(served.get("/rss.xml", &[&forgetful]).await);
    }
    assert!(turns[..10].iter().all(|turn| turn.status == 200));
    let refused = &turns[11];
    assert_eq!(
        (refused.status, refused.header("cache-control")),
        (429, Some("no-store"))
    );
    assert_eq!(refused.header("retry-after"), Some("900"));
    assert_eq!(
        refused.header("access-control-expose-headers"),
        Some("ETag, Link, Last-Modified, Retry-After")
    );
    // A neighbour is the same network; everybody else, every other feed and everybody who remembers is not meant.
    assert_eq!(served.get("/rss.xml", &[&from("9.9.9.200")]).await.status, 429);
    assert_eq!(served.get("/rss.xml", &[&from("9.9.8.1")]).await.status, 200);
    assert_eq!(served.get("/atom.xml", &[&forgetful]).await.status, 200);
    assert_eq!(served.ask("HEAD", "/rss.xml", &[&forgetful]).await.status, 200);
    let tag = format!("If-None-Match: {}", turns[0].header("etag").unwrap());
    assert_eq!(served.get("/rss.xml", &[&forgetful, &tag]).await.status, 304);
    assert_eq!(
        served
            .get("/rss.xml", &[&forgetful, "If-None-Match: \"old\""])
            .await
            .status,
        200
    );
    bench.wait(Duration::from_mins(15));
    assert_eq!(served.get("/rss.xml", &[&forgetful]).await.status, 200);
    assert_eq!(served.get("/rss.xml", &[&forgetful]).await.status, 429);
    // What is new it gets at once.
    bench.publish(2, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let news = served.get("/rss.xml", &[&forgetful]).await;
    assert!(news.status == 200 && news.text().contains("Proof 2"));
}

#[tokio::test]
async fn readers_behind_a_proxy_that_nobody_named_do_not_share_one_limit() {
    let bench = Bench::in_the_morning(|settings| settings.feeds.burst = Some(2)).await;
    bench.publish(1, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let served = bench.serve().await;
    for _ in 0..6 {
        assert_eq!(served.get("/rss.xml", &["X-Forwarded-For: 9.9.9.9"]).await.status, 200);
    }
    for expected in [200, 200, 429] {
        assert_eq!(served.get("/rss.xml", &[]).await.status, expected);
    }
}

#[tokio::test]
async fn readers_behind_a_proxy_are_told_apart_by_either_header_and_not_limited_where_it_names_nobody() {
    let bench = Bench::in_the_morning(|settings| {
        settings.feeds.burst = Some(2);
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    bench.publish(1, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let served = bench.serve().await;
    for reader in 1..=6 {
        let header = format!("Forwarded: for=6.6.6.6, for=\"192.0.{reader}.1:4711\";proto=https");
        assert_eq!(served.get("/rss.xml", &[&header]).await.status, 200, "{header}");
    }
    for expected in [200, 200, 429] {
        let got = served
            .get("/rss.xml", &["forwarded: proto=https;For=198.51.100.7"])
            .await;
        assert_eq!(got.status, expected);
    }
    for nobody in [
        "X-Real-IP: 192.0.2.1",
        "Forwarded: for=unknown",
        "X-Forwarded-For: ?",
        "Accept: */*",
    ] {
        for _ in 0..6 {
            assert_eq!(served.get("/rss.xml", &[nobody]).await.status, 200, "{nobody}");
        }
    }
}

#[tokio::test]
async fn who_names_no_host_or_two_is_not_understood() {
    let served = press().await.serve().await;
    let ask = async |version: &str, hosts: &str| {
        let request = format!("GET /rss.xml HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        served.raw(&request).await.status
    };
    for refused in [
        "",
        "Host: a.example\r\nHost: a.example\r\n",
        "Host: a b\r\n",
        "Host: a.example/x\r\n",
        "Host: me@a.example\r\n",
        "Host: a.example:x\r\n",
        "Host: [::1\r\n",
        "Host: a,b:1:2\r\n",
        "Host: caf\u{e9}.example\r\n",
    ] {
        assert_eq!(ask("1.1", refused).await, 400, "{refused}");
    }
    for fine in [
        "Host: a.example\r\n",
        "host:a_b.example:8080\r\n",
        "Host: [2001:db8::1]:80\r\n",
        "Host: 192.0.2.1\r\n",
        "Host:\r\n",
    ] {
        assert_eq!(ask("1.1", fine).await, 200, "{fine}");
    }
    assert_eq!(ask("1.0", "").await, 200);
    assert_eq!(ask("1.0", "Host: a\r\nHost: b\r\n").await, 400);
    let page = served
        .raw("GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(
        (page.status, page.header("x-content-type-options")),
        (400, Some("nosniff"))
    );
}

#[tokio::test]
async fn a_date_ahead_of_the_clock_is_not_announced() {
    let bench = press().await;
    let served = bench.serve().await;
    let first = served.get("/rss.xml", &[]).await;
    assert_eq!(first.header("last-modified"), Some("Wed, 25 Nov 2026 06:30:00 GMT"));
    // Two versions within one second: the later one changed a second later, whatever the clock says.
    bench.publish(4, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let second = served.get("/rss.xml", &[]).await;
    assert!(second.status == 200 && second.header("etag") != first.header("etag"));
    assert_eq!(second.header("last-modified"), None);
    let since = "If-Modified-Since: Wed, 25 Nov 2026 06:30:00 GMT";
    assert_eq!(served.get("/rss.xml", &[since]).await.status, 200);
    bench.wait(Duration::from_secs(1));
    let later = served.get("/rss.xml", &[]).await;
    assert_eq!(later.header("last-modified"), Some("Wed, 25 Nov 2026 06:30:01 GMT"));
    assert_eq!(
        (later.header("etag"), &later.body),
        (second.header("etag"), &second.body)
    );
}

#[tokio::test]
async fn an_archive_is_kept_for_a_day() {
    let bench = Bench::with_archives().await;
    syndicate::refresh(&bench.app).await.unwrap();
    let served = bench.serve().await;
    for path in ["/archive/1/rss.xml", "/archive/1/atom.xml", "/archive/1/feed.json"] {
        let whole = served.get(path, &[]).await;
        assert_eq!(
            (whole.status, whole.header("cache-control")),
            (200, Some("public, max-age=86400")),
            "{path}"
        );
        let tag = format!("If-None-Match: {}", whole.header("etag").unwrap());
        let known = served.get(path, &[&tag]).await;
        assert_eq!(
            (known.status, known.header("cache-control")),
            (304, Some("public, max-age=86400")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_author_is_named_with_an_address_only_where_that_is_wanted() {
    for wanted in [false, true] {
        let bench = Bench::in_the_morning(|settings| {
            settings.site.author.email = Some("author@example.org".parse().unwrap());
            settings.feeds.publish_email = wanted;
        })
        .await;
        bench.publish(1, |_| {}).await;
        syndicate::refresh(&bench.app).await.unwrap();
        let served = bench.serve().await;
        for (path, expected) in [
            (
                "/rss.xml",
                "<managingEditor>author@example.org (A. Author)</managingEditor>",
            ),
            ("/atom.xml", "<email>author@example.org</email>"),
        ] {
            let feed = served.get(path, &[]).await;
            assert_eq!(feed.text().contains(expected), wanted, "{path}: {}", feed.text());
            assert_eq!(feed.text().contains("author@"), wanted, "{path}");
        }
        // JSON Feed has no place for it.
        assert!(!served.get("/feed.json", &[]).await.text().contains("author@"));
    }
}

#[tokio::test]
async fn readers_of_an_old_host_are_led_to_the_new_one_in_one_step_and_nobody_else_is() {
    let bench = Bench::in_the_morning(|settings| {
        settings.http.old_hosts = vec![
            old_host("old.example.org", false),
            old_host("letters.example.org", true),
        ];
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    bench.publish(1, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let served = bench.serve().await;
    let ask = async |method: &str, path: &str, host: &str, more: &str| {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
        let got = served.raw(&request).await;
        (got.status, got.header("location").map(str::to_owned))
    };
    let to = |path: &str| (301, Some(format!("https://letters.example.org/{path}")));
    for (path, target) in [
        ("/rss.xml", "rss.xml"),
        ("/rss.xml?a=b&c", "rss.xml?a=b&c"),
        ("/feed", "rss.xml"),
        ("/TAG/Ink/RSS.xml?x", "tag/ink/rss.xml?x"),
        ("/tag/%C3%BC/rss.xml", "tag/%C3%BC/rss.xml"),
        ("/issues/X", "issues/X"),
        ("/", ""),
        ("//evil.example/x", "evil.example/x"),
        ("http://old.example.org/atom.xml", "atom.xml"),
    ] {
        assert_eq!(
            ask("GET", path, "Old.Example.ORG.:8080", "").await,
            to(target),
            "{path}"
        );
    }
    assert_eq!(ask("HEAD", "/rss.xml", "old.example.org", "").await, to("rss.xml"));
    let other_name = "X-Forwarded-Host: old.example.org\r\n";
    assert_eq!(ask("GET", "/rss.xml", "inside", other_name).await, to("rss.xml"));
    let plain = "X-Forwarded-Proto: http\r\n";
    assert_eq!(
        ask("GET", "/rss.xml", "letters.example.org", plain).await,
        to("rss.xml")
    );
    for (method, host, more) in [
        ("GET", "letters.example.org", ""),
        ("GET", "letters.example.org", "X-Forwarded-Proto: https\r\n"),
        ("GET", "letters.example.org", "X-Forwarded-Proto: https, http\r\n"),
        (
            "GET",
            "letters.example.org",
            "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n",
        ),
        ("GET", "other.example", plain),
        ("GET", "not.old.example.org", ""),
    ] {
        assert_eq!(ask(method, "/rss.xml", host, more).await, (200, None), "{host} {more}");
    }
    // Links in old letters are pressed where they are.
    let (status, _) = ask("POST", "/unsubscribe/x", "old.example.org", "Content-Length: 0\r\n").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_a_stranger_says_of_its_way_here_leads_nobody() {
    let bench = Bench::in_the_morning(|settings| {
        settings.http.old_hosts = vec![
            old_host("old.example.org", false),
            old_host("letters.example.org", true),
        ];
    })
    .await;
    bench.publish(1, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let served = bench.serve().await;
    for said in ["X-Forwarded-Proto: http", "X-Forwarded-Host: old.example.org"] {
        assert_eq!(served.get("/rss.xml", &[said]).await.status, 200, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cache_gives_the_way_from_an_old_host_to_readers_of_the_new_one() {
    let bench = Bench::new(|settings| settings.http.old_hosts = vec![old_host("old.example.org", false)]).await;
    syndicate::refresh(&bench.app).await.unwrap();
    let served = bench.serve().await;
    let got = served
        .raw("GET /rss.xml HTTP/1.1\r\nHost: old.example.org\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!((got.status, got.header("cache-control")), (301, Some("no-store")));
}

fn old_host(name: &str, plain_only: bool) -> OldHost {
    OldHost {
        name: name.to_owned(),
        plain_only,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_gets_a_smaller_body_under_the_same_tag_once_there_was_nothing_else_to_do() {
    let bench = press().await;
    let served = bench.serve().await;
    let mut idle = syndicate::Idle::default();
    assert!(!idle.tick(&bench.app).await.unwrap(), "nobody read one");
    let ask = async || served.get("/rss.xml", &["Accept-Encoding: br"]).await;
    let quick = ask().await;
    for _ in 0..20 {
        ask().await;
    }
    assert!(!idle.tick(&bench.app).await.unwrap(), "readers come first");
    let rendering = bench.app.feeds.index.lock().await;
    assert!(!idle.tick(&bench.app).await.unwrap(), "what is new comes first");
    drop(rendering);
    assert_eq!(ask().await.body, quick.body);
    assert!(idle.tick(&bench.app).await.unwrap());
    let dense = ask().await;
    assert!(dense.body.len() < quick.body.len());
    assert_eq!(plain(&dense), plain(&quick));
    for name in ["etag", "last-modified", "content-encoding"] {
        assert_eq!(dense.header(name), quick.header(name), "{name}");
    }
    assert_eq!(
        dense.header("content-length"),
        Some(dense.body.len().to_string().as_str())
    );
    assert!(!idle.tick(&bench.app).await.unwrap(), "the others nobody asked for so");
}
