//! WebSub: whoever subscribes to a feed is sent what is new, and hubs of others are told. Subscribers are real web servers.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use letterpress::app::App;
use letterpress::config::Settings;
use letterpress::model::feed_key::Format;
use letterpress::model::feed_url::FeedUrl;
use letterpress::model::tick::Tick;
use letterpress::store::Engine;
use letterpress::syndicate::websub::{self, Courier};
use letterpress::syndicate::{self, Answer};
use letterpress::worker::{self, Roles};
use tokio_util::sync::CancellationToken;

use crate::support::subscriber::{Heard, Manner, Subscriber};
use crate::support::{Bench, Got, Served, at, engines};

const RSS: &str = "https://letters.example.org/rss.xml";
const SETTLE: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_hours(1);

/// A service with three articles, rendered; callbacks may be on the loopback interface.
async fn press_on(engine: Engine, change: impl FnOnce(&mut Settings)) -> Bench {
    let press = Bench::on(engine, at("2026-11-25T06:30:00Z"), |settings| {
        settings.feeds.websub.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
        change(settings);
    })
    .await;
    for number in 1..=3 {
        press.publish(number, |_| {}).await;
    }
    syndicate::refresh(&press.app).await.unwrap();
    press
}

async fn press() -> Bench {
    press_on(Engine::Sqlite, |_| {}).await
}

async fn post(served: &Served, fields: &[(&str, &str)]) -> Got {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let length = form.len();
    served
        .raw(&format!(
            "POST /websub HTTP/1.1\r\nHost: letters.example.org\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        ))
        .await
}

async fn ask(served: &Served, mode: &str, callback: &str, topic: &str, further: &[(&str, &str)]) -> u16 {
    let fields = [("hub.mode", mode), ("hub.callback", callback), ("hub.topic", topic)];
    post(served, &[&fields, further].concat()).await.status
}

/// Everything that is due is done.
async fn settle(app: &App) {
    // Its store of root certificates takes long to read.
    static NEAR: OnceLock<Courier> = OnceLock::new();
    let near = NEAR.get_or_init(|| Courier::new(app).unwrap()).clone();
    let courier = if near.fits(app) {
        near
    } else {
        Courier::new(app).unwrap()
    };
    while courier.tick(app).await.unwrap() != Tick::Idle {}
}

/// Subscribes, and the callback confirms.
async fn subscribe(
    press: &Bench,
    served: &Served,
    subscriber: &Subscriber,
    topic: &str,
    further: &[(&str, &str)],
) -> Heard {
    assert_eq!(
        ask(served, "subscribe", &subscriber.at("/in?who=7"), topic, further).await,
        202
    );
    settle(&press.app).await;
    let mut heard = subscriber.heard();
    assert_eq!(heard.len(), 1, "one question: {heard:?}");
    heard.remove(0)
}

/// Article `number` becomes public, and what follows from it is done.
async fn publish(press: &Bench, number: i64) {
    press.publish(number, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(SETTLE);
    settle(&press.app).await;
}

async fn bytes(app: &App, path: &str) -> Vec<u8> {
    match syndicate::answer(app, path).await {
        Answer::Document(document) => document.bodies().identity().to_vec(),
        other => panic!("{path}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_finds_the_hubs_in_every_feed_and_in_its_headers() {
    let press = press_on(Engine::Sqlite, |settings| {
        settings.feeds.limit = 2;
        settings.feeds.archives = Some(1);
        settings.feeds.websub.hubs = FeedUrl::parse("https://hub.example/").into_iter().collect();
    })
    .await;
    let served = press.serve().await;
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/tag/ink/rss.xml"] {
        for method in ["GET", "HEAD"] {
            let got = served.ask(method, path, &[]).await;
            let expected = format!(
                "<https://letters.example.org{path}>; rel=\"self\", <https://letters.example.org/websub>; rel=\"hub\", \
                 <https://hub.example/>; rel=\"hub\""
            );
            assert_eq!(got.header("link"), Some(expected.as_str()), "{method} {path}");
        }
    }
    for (path, link) in [
        (
            "/rss.xml",
            "<atom:link href=\"https://letters.example.org/websub\" rel=\"hub\"",
        ),
        (
            "/atom.xml",
            "<link href=\"https://letters.example.org/websub\" rel=\"hub\"",
        ),
        (
            "/feed.json",
            "\"hubs\":[{\"type\":\"WebSub\",\"url\":\"https://letters.example.org/websub\"},\
             {\"type\":\"WebSub\",\"url\":\"https://hub.example/\"}]",
        ),
    ] {
        let document = String::from_utf8(served.get(path, &[]).await.body).unwrap();
        assert!(document.contains(link), "{link} in {document}");
    }
    // An archive does not change, so nobody waits for it.
    let archive = served.get("/archive/1/atom.xml", &[]).await;
    assert_eq!(
        archive.header("link"),
        Some("<https://letters.example.org/archive/1/atom.xml>; rel=\"self\"")
    );
    assert!(!archive.text().contains("rel=\"hub\""));
}

/// 100 of websub.rocks: the ordinary case.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_is_asked_and_then_sent_every_new_feed_whole() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let question = subscribe(&press, &served, &subscriber, RSS, &[]).await;
    assert!(
        question.target.starts_with("/in?who=7&hub.mode=subscribe&"),
        "{}",
        question.target
    );
    assert_eq!(
        (question.method.as_str(), question.field("hub.topic").as_deref()),
        ("GET", Some(RSS))
    );
    assert_eq!(question.field("hub.lease_seconds").as_deref(), Some("864000"));
    assert!(question.field("hub.challenge").unwrap().len() >= 32);
    for number in 4..=5 {
        publish(&press, number).await;
        let heard = subscriber.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        let sent = &heard[0];
        assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/in?who=7"));
        assert_eq!(sent.body, served.get("/rss.xml", &[]).await.body);
        assert!(String::from_utf8_lossy(&sent.body).contains(&format!("Proof {number}")));
        assert_eq!(sent.header("content-type"), Some("application/rss+xml; charset=utf-8"));
        let link =
            "<https://letters.example.org/rss.xml>; rel=\"self\", <https://letters.example.org/websub>; rel=\"hub\"";
        assert_eq!(sent.header("link"), Some(link));
        assert_eq!(sent.header("x-hub-signature"), None);
    }
    // What is the same is not sent again.
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(HOUR);
    settle(&press.app).await;
    assert!(subscriber.heard().is_empty());
}

fn signed(heard: &Heard, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", HEXLOWER.encode(hmac::sign(&key, &heard.body).as_ref()))
}

/// 101: with a secret; 103: subscribed again before the end, which renews.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_with_a_secret_can_tell_our_documents_from_forged_ones() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    subscribe(&press, &served, &subscriber, RSS, &[("hub.secret", "first secret")]).await;
    publish(&press, 4).await;
    let heard = subscriber.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(
        heard[0].header("x-hub-signature"),
        Some(signed(&heard[0], "first secret").as_str())
    );
    let everything = press.onlooker().await.everything().await;
    let hex = HEXLOWER.encode(b"secret").to_uppercase();
    assert!(
        !everything.contains("first secret") && !everything.contains(&hex),
        "it stands in the database"
    );

    press.wait(HOUR * 24 * 9);
    subscribe(&press, &served, &subscriber, RSS, &[("hub.secret", "second secret")]).await;
    press.wait(HOUR * 24 * 9);
    publish(&press, 5).await;
    let heard = subscriber.heard();
    assert_eq!(heard.len(), 1, "it is subscribed once");
    assert_eq!(
        heard[0].header("x-hub-signature"),
        Some(signed(&heard[0], "second secret").as_str())
    );
}

/// 102: parameters that we do not know; 104: no subscriber any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_may_say_more_than_we_know_and_may_leave() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let more = [("foo", "bar"), ("hub.verify", "sync"), ("hub.lease_seconds", "86400")];
    let question = subscribe(&press, &served, &subscriber, RSS, &more).await;
    assert_eq!(question.field("hub.lease_seconds").as_deref(), Some("86400"));
    publish(&press, 4).await;
    assert_eq!(subscriber.heard().len(), 1);

    // Somebody else cannot end it: the callback does not confirm.
    subscriber.become_(Manner::Unwilling);
    let callback = subscriber.at("/in?who=7");
    assert_eq!(ask(&served, "unsubscribe", &callback, RSS, &[]).await, 202);
    settle(&press.app).await;
    let asked = subscriber.heard();
    assert_eq!(asked[0].field("hub.mode").as_deref(), Some("unsubscribe"));
    subscriber.become_(Manner::Willing);
    publish(&press, 5).await;
    assert_eq!(subscriber.heard().len(), 1);

    assert_eq!(ask(&served, "unsubscribe", &callback, RSS, &[]).await, 202);
    settle(&press.app).await;
    assert_eq!(subscriber.heard().len(), 1);
    publish(&press, 6).await;
    assert!(subscriber.heard().is_empty());
}

/// 105 and 106: text and JSON arrive as they are served, each with its own type.
#[tokio::test(flavor = "multi_thread")]
async fn every_format_arrives_byte_for_byte_with_its_own_type() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let feeds = [
        ("/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json"),
        ("/tag/ink/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/author/a-author/feed.json", "application/feed+json"),
    ];
    for (path, _) in feeds {
        let topic = format!("https://letters.example.org{path}");
        assert_eq!(ask(&served, "subscribe", &subscriber.at(path), &topic, &[]).await, 202);
    }
    settle(&press.app).await;
    assert_eq!(subscriber.heard().len(), feeds.len());
    publish(&press, 4).await;
    let heard = subscriber.heard();
    assert_eq!(heard.len(), feeds.len());
    for (path, media_type) in feeds {
        let sent = heard.iter().find(|heard| heard.target == path).unwrap();
        assert_eq!(sent.header("content-type"), Some(media_type));
        assert_eq!(sent.body, bytes(&press.app, path).await, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_subscribed_by_somebody_else() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    for manner in [
        Manner::Unwilling,
        Manner::Vague,
        Manner::Talkative,
        Manner::Failing,
        Manner::Elsewhere,
    ] {
        subscriber.become_(manner);
        subscribe(&press, &served, &subscriber, RSS, &[]).await;
    }
    publish(&press, 4).await;
    assert!(subscriber.heard().is_empty());
    // Whoever is subscribed stays so, with the secret of then.
    subscriber.become_(Manner::Willing);
    subscribe(&press, &served, &subscriber, RSS, &[("hub.secret", "mine")]).await;
    subscriber.become_(Manner::Vague);
    subscribe(&press, &served, &subscriber, RSS, &[("hub.secret", "a stranger's")]).await;
    publish(&press, 5).await;
    let heard = subscriber.heard();
    assert_eq!(
        heard[0].header("x-hub-signature"),
        Some(signed(&heard[0], "mine").as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_with_its_lease() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    for (asked, granted) in [("1", "3600"), ("99999999999999999999", "2592000"), ("7200", "7200")] {
        let question = subscribe(&press, &served, &subscriber, RSS, &[("hub.lease_seconds", asked)]).await;
        assert_eq!(question.field("hub.lease_seconds").as_deref(), Some(granted));
    }
    press.wait(HOUR);
    publish(&press, 4).await;
    assert_eq!(subscriber.heard().len(), 1);
    press.wait(HOUR);
    publish(&press, 5).await;
    assert!(subscriber.heard().is_empty());
    assert_eq!(websub::forget_expired(&press.app).await.unwrap(), 1);
    // One that ends while a document waits for it is not sent that either.
    subscribe(&press, &served, &subscriber, RSS, &[("hub.lease_seconds", "3600")]).await;
    press.publish(6, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(HOUR);
    settle(&press.app).await;
    assert!(subscriber.heard().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_is_gone_is_left_alone_and_one_that_is_ill_is_tried_for_a_day() {
    let press = press().await;
    let (served, gone) = (press.serve().await, Subscriber::start(Manner::Refusing(410)).await);
    let ill = Subscriber::start(Manner::Refusing(500)).await;
    let (moved, wordy) = (
        Subscriber::start(Manner::Refusing(302)).await,
        Subscriber::start(Manner::Gushing).await,
    );
    for subscriber in [&gone, &ill, &moved, &wordy] {
        subscribe(&press, &served, subscriber, RSS, &[]).await;
    }
    publish(&press, 4).await;
    for subscriber in [&gone, &ill, &moved, &wordy] {
        assert_eq!(subscriber.heard().len(), 1);
    }
    // After a minute, and then after two; by then there is something newer, which takes the place of the older.
    press.wait(Duration::from_secs(59));
    settle(&press.app).await;
    assert!(ill.heard().is_empty());
    press.wait(Duration::from_secs(1));
    settle(&press.app).await;
    assert_eq!(ill.heard().len(), 1);
    publish(&press, 5).await;
    assert_eq!((ill.heard().len(), gone.heard().len(), wordy.heard().len()), (0, 0, 1));
    press.wait(Duration::from_mins(2));
    settle(&press.app).await;
    let heard = ill.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].body, bytes(&press.app, "/rss.xml").await);
    let mut tries = 0;
    for _ in 0..26 {
        press.wait(HOUR);
        settle(&press.app).await;
        tries += ill.heard().len();
    }
    assert!((20..=25).contains(&tries), "{tries}");
    press.wait(HOUR * 24);
    settle(&press.app).await;
    assert!(ill.heard().is_empty());
    // It is still subscribed, and well by the next article.
    ill.become_(Manner::Willing);
    publish(&press, 6).await;
    assert_eq!((ill.heard().len(), gone.heard().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_comes_back_while_it_is_forgotten_stays() {
    for engine in engines() {
        let press = press_on(engine, |_| {}).await;
        let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
        subscribe(&press, &served, &subscriber, RSS, &[]).await;
        subscriber.become_(Manner::Pondering(410));
        press.publish(4, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        press.wait(SETTLE);
        let jobs = websub::claim(&press.app, 16).await.unwrap();
        let (app, courier) = (press.app.clone(), Courier::new(&press.app).unwrap());
        let node = tokio::spawn(async move { courier.carry(&app, &jobs[0]).await });
        subscriber.listens().await;
        assert_eq!(subscriber.heard()[0].method, "POST");
        subscribe(&press, &served, &subscriber, RSS, &[]).await;
        subscriber.become_(Manner::Willing);
        node.await.unwrap().unwrap();
        press.wait(SETTLE);
        settle(&press.app).await;
        let heard = subscriber.heard();
        assert_eq!(heard.len(), 1, "it is sent what it had not taken");
        assert_eq!(heard[0].body, bytes(&press.app, "/rss.xml").await);
        press.close().await;
    }
}

/// Addresses that a stranger would like us to call; the last ones are ours, and no address at all.
const REFUSED: [&str; 19] = [
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://reader.example:22/",
    "http://reader.example:8080/",
    "http://name:word@reader.example/",
    "https://letters.example.org/websub",
    "https://reader.example/#part",
    "ftp://reader.example/",
    "file:///etc/passwd",
    "/in",
    "",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_make_the_hub_call_where_it_should_not() {
    let press = press_on(Engine::Sqlite, |settings| {
        settings.feeds.websub.allow_private = Vec::new();
    })
    .await;
    let served = press.serve().await;
    for callback in REFUSED {
        let fields = [
            ("hub.mode", "subscribe"),
            ("hub.callback", callback),
            ("hub.topic", RSS),
        ];
        let got = post(&served, &fields).await;
        assert_eq!(got.status, 400, "{callback}: {}", got.text());
        assert!(got.text().starts_with("hub.callback"), "{callback}: {}", got.text());
    }
    // A name tells where it leads only when it is looked up.
    assert_eq!(ask(&served, "subscribe", "http://localhost/in", RSS, &[]).await, 202);
    settle(&press.app).await;
    assert!(!press.onlooker().await.everything().await.contains("localhost/in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_asks_wrongly_is_told_so_at_once() {
    let press = press().await;
    let served = press.serve().await;
    let reader = "https://reader.example/in";
    for topic in [
        "https://letters.example.org/RSS.xml",
        "https://letters.example.org/rss.xml?a",
        "https://letters.example.org//rss.xml",
        "https://letters.example.org/feed",
        "https://letters.example.org/feeds",
        "https://letters.example.org/tag/none/rss.xml",
        "https://elsewhere.example/rss.xml",
        "http://letters.example.org/rss.xml",
    ] {
        assert_eq!(ask(&served, "subscribe", reader, topic, &[]).await, 404, "{topic}");
    }
    let long = "s".repeat(200);
    for wrong in [("hub.secret", long.as_str()), ("hub.lease_seconds", "-1")] {
        assert_eq!(ask(&served, "subscribe", reader, RSS, &[wrong]).await, 400);
    }
    assert_eq!(ask(&served, "publish", reader, RSS, &[]).await, 400);
    let huge = "x".repeat(17 * 1024);
    assert_eq!(ask(&served, "subscribe", reader, RSS, &[("x", &huge)]).await, 413);
    assert_eq!(served.get("/websub", &[]).await.status, 200);
    assert_eq!(served.ask("PUT", "/websub", &[]).await.status, 405);
    assert!(websub::claim(&press.app, 16).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_host_and_one_network_have_their_limits() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let callback = |number: usize| subscriber.at(&format!("/in?{number}"));
    for number in 0..64 {
        assert_eq!(ask(&served, "subscribe", &callback(number), RSS, &[]).await, 202);
    }
    settle(&press.app).await;
    assert_eq!(subscriber.heard().len(), 64);
    let fields = [
        ("hub.mode", "subscribe"),
        ("hub.callback", &callback(64)),
        ("hub.topic", RSS),
    ];
    let refused = post(&served, &fields).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    press.wait(Duration::from_mins(2));
    assert_eq!(ask(&served, "subscribe", &callback(64), RSS, &[]).await, 202);
    settle(&press.app).await;
    let heard = subscriber.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].field("hub.mode").as_deref(), Some("denied"));
    assert_eq!(
        (heard[0].field("hub.topic").as_deref(), heard[0].field("hub.challenge")),
        (Some(RSS), None)
    );
    assert!(heard[0].field("hub.reason").unwrap().contains("too many"));
    // Renewing is always possible.
    assert_eq!(ask(&served, "subscribe", &callback(3), RSS, &[]).await, 202);
    settle(&press.app).await;
    assert_eq!(subscriber.heard()[0].field("hub.mode").as_deref(), Some("subscribe"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_keeps_no_document_waiting() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    subscribe(&press, &served, &subscriber, RSS, &[]).await;
    let flood = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000) \
         INSERT INTO websub_jobs (id, kind, target, topic, tag, queued_at, next_at) \
         SELECT 'question/' || n, 'subscribe', 'https://victim.example/' || n, '', '', 0, 0 FROM number";
    press.change(flood).await;
    let busy = ask(&served, "subscribe", &subscriber.at("/other"), RSS, &[]).await;
    assert_eq!(busy, 503);
    press.publish(4, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(SETTLE);
    let first = websub::claim(&press.app, 1).await.unwrap();
    assert_eq!(first[0].target, subscriber.at("/in?who=7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_never_answers_keeps_nobody_waiting() {
    let press = press().await;
    let (served, hanging) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let other = Subscriber::start(Manner::Willing).await;
    subscribe(&press, &served, &hanging, RSS, &[]).await;
    subscribe(&press, &served, &other, RSS, &[]).await;
    hanging.become_(Manner::Silent);
    press.publish(4, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(SETTLE);
    let jobs = websub::claim(&press.app, 16).await.unwrap();
    assert_eq!(jobs.len(), 2);
    let courier = Courier::new(&press.app).unwrap();
    let (stuck, well): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.target == hanging.at("/in?who=7"));
    let (app, its_courier) = (press.app.clone(), courier.clone());
    let node = tokio::spawn(async move { its_courier.carry(&app, &stuck[0]).await });
    hanging.listens().await;
    courier.carry(&press.app, &well[0]).await.unwrap();
    assert_eq!(other.heard().len(), 1);
    assert!(
        websub::claim(&press.app, 16).await.unwrap().is_empty(),
        "it is somebody's already"
    );
    // The node dies with it; after a minute another one takes over.
    node.abort();
    assert_eq!(hanging.heard().len(), 1);
    hanging.become_(Manner::Willing);
    press.wait(Duration::from_mins(1));
    settle(&press.app).await;
    assert_eq!((hanging.heard().len(), other.heard().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_sends_each_document() {
    for engine in engines() {
        let press = press_on(engine, |_| {}).await;
        let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
        let other = press.another_node().await;
        for number in 0..40 {
            let callback = subscriber.at(&format!("/{number}"));
            assert_eq!(
                ask(&served, "subscribe", &callback, RSS, &[("hub.secret", "ours")]).await,
                202
            );
        }
        // The node that took the requests may be another one than the one that asks.
        tokio::join!(settle(&other), settle(&press.app));
        assert_eq!(subscriber.heard().len(), 40);
        press.publish(4, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        press.wait(SETTLE);
        // The other one has not rendered the newest bytes when it takes its share.
        tokio::join!(settle(&other), settle(&press.app));
        let heard = subscriber.heard();
        let mut targets: Vec<&str> = heard.iter().map(|heard| heard.target.as_str()).collect();
        targets.sort_unstable();
        targets.dedup();
        assert_eq!((heard.len(), targets.len()), (40, 40), "everybody has it once");
        let newest = bytes(&press.app, "/rss.xml").await;
        assert!(heard.iter().all(|heard| heard.body == newest));
        assert!(
            heard
                .iter()
                .all(|heard| heard.header("x-hub-signature") == Some(&signed(heard, "ours")))
        );
        other.database.close().await;
        press.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_of_others_is_told_once_and_tried_five_times() {
    let hub = Subscriber::start(Manner::Willing).await;
    let address = hub.at("/hub");
    let press = press_on(Engine::Sqlite, |settings| {
        settings.feeds.websub.hubs = FeedUrl::parse(&address).into_iter().collect();
        settings.feeds.websub.allow_private = Vec::new();
        settings.feeds.by = Vec::new();
    })
    .await;
    press.wait(SETTLE);
    settle(&press.app).await;
    hub.heard();
    for number in 4..=6 {
        press.publish(number, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        settle(&press.app).await;
    }
    assert!(hub.heard().is_empty(), "more may come");
    press.wait(SETTLE);
    settle(&press.app).await;
    let heard = hub.heard();
    let mut bodies: Vec<String> = heard
        .iter()
        .map(|heard| String::from_utf8(heard.body.clone()).unwrap())
        .collect();
    bodies.sort();
    assert_eq!(
        bodies,
        ["atom.xml", "feed.json", "rss.xml"]
            .map(|name| format!("hub.mode=publish&hub.url=https%3A%2F%2Fletters.example.org%2F{name}"))
    );
    assert!(
        heard
            .iter()
            .all(|heard| heard.method == "POST" && heard.target == "/hub")
    );
    assert_eq!(
        heard[0].header("content-type"),
        Some("application/x-www-form-urlencoded")
    );

    hub.become_(Manner::Refusing(503));
    publish(&press, 7).await;
    let mut tries = vec![hub.heard().len()];
    for minutes in [1, 2, 4, 8, 16, 32, 64] {
        press.wait(Duration::from_mins(minutes));
        settle(&press.app).await;
        tries.push(hub.heard().len());
    }
    assert_eq!(tries, [3, 3, 3, 3, 3, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_of_a_static_site_tells_hubs_once_the_files_are_there() {
    let hub = Subscriber::start(Manner::Refusing(503)).await;
    let address = hub.at("/hub");
    let press = press_on(Engine::Sqlite, |settings| {
        settings.feeds.websub.hubs = FeedUrl::parse(&address).into_iter().collect();
        settings.feeds.by = Vec::new();
    })
    .await;
    let courier = Courier::new(&press.app).unwrap();
    let folder = press.folder.path().join("out");
    syndicate::export(&press.app, &folder, &|_, _| {}).await.unwrap();
    assert_eq!(courier.ping_now(&press.app).await.unwrap(), (0, 3));
    hub.become_(Manner::Willing);
    assert_eq!(courier.ping_now(&press.app).await.unwrap(), (3, 0));
    assert_eq!(courier.ping_now(&press.app).await.unwrap(), (0, 0));
    assert_eq!(hub.heard().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_of_a_rare_term_is_sent_though_nobody_reads_it() {
    let press = press_on(Engine::Sqlite, |_| {}).await;
    let tags = |proof: &mut crate::support::Proof| {
        let many = (0..220).map(|number| letterpress::model::article::Term {
            term: format!("Tag {number}"),
            slug: format!("tag-{number}"),
        });
        proof.content.tags = many.collect();
    };
    press.publish(4, tags).await;
    syndicate::refresh(&press.app).await.unwrap();
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let topic = "https://letters.example.org/tag/tag-77/rss.xml";
    subscribe(&press, &served, &subscriber, topic, &[]).await;
    // A later start has nothing of it in memory.
    let later = press.another_node().await;
    syndicate::refresh(&later).await.unwrap();
    press.publish(5, tags).await;
    syndicate::refresh(&later).await.unwrap();
    press.wait(SETTLE);
    settle(&later).await;
    let heard = subscriber.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].body, bytes(&later, "/tag/tag-77/rss.xml").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_runs_asks_and_sends_by_itself() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let roles = Roles {
        send: false,
        announce: true,
        watch: false,
    };
    let stop = CancellationToken::new();
    let loops = tokio::spawn(worker::run(Arc::clone(&press.app), roles, HOUR, stop.clone()));
    assert_eq!(ask(&served, "subscribe", &subscriber.at("/in"), RSS, &[]).await, 202);
    subscriber.listens().await;
    assert_eq!(subscriber.heard()[0].field("hub.mode").as_deref(), Some("subscribe"));
    // The answer is recorded when no job is left.
    while press.onlooker().await.everything().await.contains("question/") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    press.publish(4, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(SETTLE);
    subscriber.listens().await;
    assert_eq!(subscriber.heard()[0].body, bytes(&press.app, "/rss.xml").await);
    stop.cancel();
    loops.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_is_told_when_its_feed_or_our_keys_are_gone() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    let json = "https://letters.example.org/feed.json";
    subscribe(&press, &served, &subscriber, RSS, &[]).await;
    subscribe(&press, &served, &subscriber, json, &[("hub.secret", "ours")]).await;
    press.publish(4, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press
        .change("UPDATE websub_subscriptions SET secret = x'0101' WHERE secret IS NOT NULL")
        .await;
    let mut settings = Settings::clone(&press.app.settings());
    settings.feeds.formats = vec![Format::Json];
    press.app.replace_settings(settings);
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(SETTLE);
    settle(&press.app).await;
    let heard = subscriber.heard();
    for (topic, reason) in [(RSS, "not published"), (json, "lost its keys")] {
        let denied = heard
            .iter()
            .find(|heard| heard.field("hub.topic").as_deref() == Some(topic));
        let denied = denied.unwrap();
        assert_eq!(denied.field("hub.mode").as_deref(), Some("denied"), "{topic}");
        assert!(denied.field("hub.reason").unwrap().contains(reason), "{topic}");
    }
    assert!(
        heard.iter().all(|heard| heard.method == "GET"),
        "nothing is sent unsigned: {heard:?}"
    );
    publish(&press, 5).await;
    assert!(subscriber.heard().is_empty(), "both are over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_service_tells_nobody_anything() {
    let press = press().await;
    let (served, subscriber) = (press.serve().await, Subscriber::start(Manner::Willing).await);
    subscribe(&press, &served, &subscriber, RSS, &[]).await;
    press
        .change("UPDATE instance SET guard = 'elsewhere', guard_at = 1")
        .await;
    publish(&press, 4).await;
    assert!(subscriber.heard().is_empty());
    press.change("UPDATE instance SET guard = NULL, guard_at = NULL").await;
    settle(&press.app).await;
    assert_eq!(subscriber.heard().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_without_a_hub_announces_none() {
    let off = press_on(Engine::Sqlite, |settings| settings.feeds.websub.builtin = false).await;
    // Files for a static host, made on a machine that nobody else can reach.
    let unreachable = press_on(Engine::Sqlite, |settings| {
        settings.http.public_url = "http://127.0.0.1:8080/".parse().unwrap();
    })
    .await;
    for press in [off, unreachable] {
        let served = press.serve().await;
        let got = served.get("/rss.xml", &[]).await;
        assert_eq!(
            got.header("link"),
            Some("<https://letters.example.org/rss.xml>; rel=\"self\"")
        );
        assert!(!got.text().contains("rel=\"hub\""));
        assert!(!served.get("/feed.json", &[]).await.text().contains("\"hubs\""));
        assert_eq!(served.get("/websub", &[]).await.status, 404);
        assert_eq!(
            ask(&served, "subscribe", "https://reader.example/in", RSS, &[]).await,
            404
        );
    }
}
