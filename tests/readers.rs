//! How an author learns how many people read the feeds, and what is kept of them.

use std::time::Duration;

use letterpress::config::Settings;
use letterpress::model::readers::{Audience, ServiceReaders};
use letterpress::store::Engine;
use letterpress::syndicate;

use crate::support::{Bench, Served, at, engines};

const FEEDLY: &str = "User-Agent: Feedly/1.0 (+https://feedly.com/poller.html; 16 subscribers)";

async fn press(engine: Engine, change: impl FnOnce(&mut Settings)) -> Bench {
    let bench = Bench::on(engine, at("2026-11-25T06:30:00Z"), |settings| {
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        change(settings);
    })
    .await;
    bench.publish(1, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    bench
}

async fn read(served: &Served, method: &str, path: &str, client: &str, agent: &str, more: &str) -> u16 {
    let client = format!("X-Forwarded-For: {client}");
    let headers = [client.as_str(), agent, more];
    let headers: Vec<&str> = headers.into_iter().filter(|line| !line.is_empty()).collect();
    served.ask(method, path, &headers).await.status
}

async fn audience(bench: &Bench) -> Vec<Audience> {
    syndicate::count_readers(&bench.app).await.unwrap();
    syndicate::audience(&bench.app).await.unwrap()
}

fn in_short(all: &[Audience]) -> Vec<(&str, i64, i64)> {
    all.iter()
        .map(|one| (one.feed.as_str(), one.readers, one.direct))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_sees_how_many_read_each_feed_and_through_whom() {
    for engine in engines() {
        let bench = press(engine, |_| {}).await;
        let served = bench.serve().await;
        let vienna = "User-Agent: Vienna/3.9";
        let tag = served.get("/rss.xml", &[]).await.header("etag").unwrap().to_owned();
        let known = format!("If-None-Match: {tag}");
        assert_eq!(read(&served, "GET", "/rss.xml", "192.0.2.1", vienna, &known).await, 304);
        assert_eq!(read(&served, "HEAD", "/rss.xml", "192.0.2.2", vienna, "").await, 200);
        assert_eq!(read(&served, "GET", "/feed.json", "192.0.2.1", vienna, "").await, 200);
        assert_eq!(read(&served, "GET", "/rss.xml", "192.0.2.9", FEEDLY, "").await, 200);
        assert_eq!(
            read(&served, "GET", "/tag/%69nk/atom.xml", "192.0.2.1", vienna, "").await,
            200
        );
        // Nobody reads what is no feed, what is not there, and what a browser shows once.
        let opened = "Sec-Fetch-Dest: document";
        assert_eq!(
            read(&served, "GET", "/rss.xml", "192.0.2.50", vienna, opened).await,
            200
        );
        for path in ["/feeds", "/feeds.opml", "/tag/none/rss.xml", "/feed"] {
            read(&served, "GET", path, "192.0.2.51", vienna, "").await;
        }
        let all = audience(&bench).await;
        // The one that asked for the tag of the feed is there, too.
        assert_eq!(in_short(&all), [("all", 19, 3), ("tag/ink", 1, 1)], "{engine:?}");
        let feedly = ServiceReaders {
            name: "Feedly".to_owned(),
            readers: 16,
        };
        assert_eq!(all[0].services, [feedly]);
        bench.wait(Duration::from_hours(24));
        read(&served, "GET", "/rss.xml", "192.0.2.1", vienna, "").await;
        let all = audience(&bench).await;
        assert_eq!(in_short(&all)[0], ("all", 19, 3), "yesterday is whole");
        assert_eq!(all[0].days.iter().map(|day| day.direct).collect::<Vec<_>>(), [1, 3]);
        bench.wait(Duration::from_hours(24 * 100));
        read(&served, "GET", "/rss.xml", "192.0.2.1", vienna, "").await;
        assert_eq!(in_short(&audience(&bench).await), [("all", 1, 1)]);
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_and_no_program_of_a_reader_is_kept() {
    let bench = press(Engine::Sqlite, |_| {}).await;
    let served = bench.serve().await;
    for client in ["203.0.113.77", "2001:db8:77::1"] {
        assert_eq!(
            read(&served, "GET", "/rss.xml", client, "User-Agent: Reeder/5050", "").await,
            200
        );
        assert_eq!(read(&served, "GET", "/rss.xml", client, FEEDLY, "").await, 200);
    }
    assert_eq!(in_short(&audience(&bench).await), [("all", 18, 2)]);
    let kept = bench.onlooker().await.everything().await;
    assert!(kept.contains("Feedly"), "a service is no person");
    for person in ["203.0.113", "2001:db8", "127.0.0.1", "Reeder", "5050"] {
        assert!(!kept.contains(person), "{person}");
    }
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_add_up_their_readers_and_a_restart_loses_none() {
    for engine in engines() {
        let bench = press(engine, |_| {}).await;
        let served = bench.serve().await;
        for client in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            read(&served, "GET", "/rss.xml", client, "User-Agent: Vienna", "").await;
        }
        read(&served, "GET", "/rss.xml", "192.0.2.9", FEEDLY, "").await;
        syndicate::count_readers(&bench.app).await.unwrap();
        // It starts anew, and one of the three comes back; a service with fewer people says so on the next day.
        let again = bench.another_node().await;
        let mut settings = Settings::clone(&bench.app.settings());
        settings.http.listen = "127.0.0.1:1".parse().unwrap();
        let other = bench.another_node().await;
        other.replace_settings(settings);
        for (app, clients) in [(&again, vec!["192.0.2.1"]), (&other, vec!["192.0.2.4", "192.0.2.5"])] {
            for (client, agent) in clients
                .iter()
                .map(|client| (client, "Vienna"))
                .chain([(&"192.0.2.9", &FEEDLY[12..])])
            {
                let reading = syndicate::Reading {
                    path: "rss.xml",
                    agent,
                    client: Some(client.parse().unwrap()),
                };
                syndicate::note(app, reading);
            }
            assert!(syndicate::count_readers(app).await.unwrap());
            assert!(!syndicate::count_readers(app).await.unwrap(), "nothing changed");
        }
        assert_eq!(in_short(&audience(&bench).await), [("all", 21, 5)], "{engine:?}");
        again.database.close().await;
        other.database.close().await;
        bench.close().await;
    }
}
