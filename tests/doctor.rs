//! What an author is told about what visitors of the site and of the service see.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::service::{Service, Setup};
use crate::support::site::site;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn looked(service: &Service) -> BTreeMap<String, Value> {
    let output = service.command(&["--json", "doctor", "web"]).output().unwrap();
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    all.into_iter()
        .map(|one| (one["what"].as_str().unwrap().to_owned(), one))
        .collect()
}

/// Such as `good`, of everything that `doctor` opened on the web.
fn standings(looked: &BTreeMap<String, Value>) -> Vec<&str> {
    let names = [
        "Leaving by one click",
        "The site announces its feeds",
        "The RSS feed",
        "The Atom feed",
        "The JSON feed",
        "The built-in hub",
    ];
    names
        .iter()
        .map(|name| looked[*name]["standing"].as_str().unwrap())
        .collect()
}

/// The author's site, and beside it what stands where Letterpress should.
async fn site_of(own: u16) -> u16 {
    let links = format!(
        "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"http://127.0.0.1:{own}/rss.xml\">\
         <link rel=\"alternate\" type=\"application/atom+xml\" href=\"http://127.0.0.1:{own}/atom.xml\">"
    );
    let page = "200 OK\r\nContent-Type: text/html";
    site(vec![
        ("/", page, links),
        ("/silent/", page, "<p>Nothing here".to_owned()),
        (
            "/rss.xml",
            "301 Moved Permanently\r\nLocation: /feed.xml",
            String::new(),
        ),
        ("/atom.xml", page, "<p>Are you a robot?".to_owned()),
    ])
    .await
}

/// An installation that serves at `own` and believes that its address is at `public`.
fn installation(own: u16, public: u16, site: &str) -> Service {
    Service::with_people(&Setup::plain(25, 3)).copy_with(vec![
        ("LETTERPRESS__HTTP__LISTEN", format!("127.0.0.1:{own}")),
        ("LETTERPRESS__HTTP__PUBLIC_URL", format!("http://127.0.0.1:{public}")),
        ("LETTERPRESS__SITE__URL", site.to_owned()),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_hears_what_visitors_meet_on_the_site_its_feeds_and_the_page_of_leaving() {
    let own = free_port();
    let site = site_of(own).await;
    tokio::task::spawn_blocking(move || {
        let service = installation(own, own, &format!("http://127.0.0.1:{site}/"));
        assert_eq!(standings(&looked(&service))[0], "not_checked", "nobody serves yet");
        let _running = service.serve();
        let until = Instant::now() + Duration::from_secs(30);
        while looked(&service)["The RSS feed"]["standing"] != "good" && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(200));
        }
        let before = service.run(&["subscribers", "list", "--json"]);
        let all = looked(&service);
        // Everything answers as it should; what is wrong is that mail programs post to https alone.
        assert_eq!(
            standings(&all),
            ["wrong", "good", "good", "good", "good", "good"],
            "{all:?}"
        );
        let leaving = all["Leaving by one click"]["found"].as_str().unwrap();
        assert!(leaving.ends_with("answers 200 to GET and POST"), "{leaving}");
        assert_eq!(service.run(&["subscribers", "list", "--json"]), before, "nobody left");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_hears_what_stands_in_the_way_of_visitors() {
    let site = site_of(9).await;
    tokio::task::spawn_blocking(move || {
        let service = installation(9, site, &format!("http://127.0.0.1:{site}/silent/"));
        let all = looked(&service);
        assert_eq!(
            standings(&all),
            ["wrong", "warning", "wrong", "wrong", "wrong", "warning"],
            "{all:?}"
        );
        for (what, end) in [
            ("Leaving by one click", "unsubscribe/TOKEN answers 404"),
            ("The site announces its feeds", "/silent/ announces none"),
            ("The RSS feed", "answers 301: it redirects"),
            (
                "The Atom feed",
                "answers with text/html instead of application/atom+xml",
            ),
            ("The JSON feed", "answers 404 to a feed reader"),
            ("The built-in hub", "/websub answers 404 to a subscriber"),
        ] {
            let found = all[what]["found"].as_str().unwrap();
            assert!(found.contains(end), "{found}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_hears_of_links_that_lead_nowhere_before_they_are_sent() {
    let site = site(vec![
        ("/there", "200 OK", "here I am".to_owned()),
        ("/moved", "301 Moved Permanently\r\nLocation: /there", String::new()),
        ("/members", "403 Forbidden", String::new()),
        ("/broken", "500 Internal Server Error", String::new()),
    ])
    .await;
    tokio::task::spawn_blocking(move || {
        let service = Service::new(&Setup::plain(25, 1));
        let config = std::fs::read_to_string(service.path().join("letterpress.toml")).unwrap();
        let at_once = config.replace("cron = \"0 8 * * MON\"", "settle = \"20m\"");
        std::fs::write(service.path().join("letterpress.toml"), at_once).unwrap();
        let links: String = ["there", "there#part", "moved", "members", "gone", "broken"]
            .map(|page| format!("[{page}](http://127.0.0.1:{site}/{page})\n"))
            .concat();
        let text = format!("---\ntitle: Links\ndate: 2020-02-01\n---\n\n{links}\n");
        std::fs::remove_dir_all(service.path().join("content")).unwrap();
        std::fs::create_dir(service.path().join("content")).unwrap();
        std::fs::write(service.path().join("content/links.md"), text).unwrap();
        service.run(&["articles", "scan"]);
        let dead = |arguments: &[&str]| -> Vec<String> {
            let output = service.command(arguments).output().unwrap();
            let linted: Value = serde_json::from_slice(&output.stdout).unwrap();
            let flaws = linted[0]["flaws"].as_array().unwrap();
            let said = flaws.iter().map(|flaw| flaw["message"].as_str().unwrap().to_owned());
            said.filter(|message| message.contains(" answers ")).collect()
        };
        let here = format!("http://127.0.0.1:{site}");
        assert_eq!(
            dead(&["--json", "lint", "--links"]),
            [format!("{here}/gone answers 404"), format!("{here}/broken answers 500")]
        );
        assert!(dead(&["--json", "lint"]).is_empty(), "nothing is opened unasked");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_hears_which_articles_no_feed_can_show() {
    let service = tokio::task::spawn_blocking(|| {
        let service = installation(9, 9, "http://127.0.0.1:9/");
        service.run(&["articles", "scan"]);
        service
    })
    .await
    .unwrap();
    let url = format!("sqlite://{}", service.path().join("letterpress.db").display());
    let service = Arc::new(service);
    let said = async || {
        let service = Arc::clone(&service);
        let all = tokio::task::spawn_blocking(move || looked(&service)).await.unwrap();
        let one = &all["The articles in the feeds"];
        (
            one["standing"].as_str().unwrap().to_owned(),
            one["found"].as_str().unwrap().to_owned(),
        )
    };
    let spoil = async |which: &str| {
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        let statement = format!("UPDATE articles SET url = 'nowhere' || id {which}");
        database.execute(AssertSqlSafe(statement)).await.unwrap();
    };
    let (standing, found) = said().await;
    assert_eq!(
        (standing.as_str(), found.as_str()),
        ("good", "all 3 can be printed"),
        "{found}"
    );
    spoil("WHERE id = (SELECT min(id) FROM articles)").await;
    let (standing, found) = said().await;
    assert_eq!(standing, "warning", "{found}");
    assert!(
        found.starts_with("1 of 3 left out: ") && found.contains("its address cannot be used"),
        "{found}"
    );
    spoil("").await;
    let (standing, found) = said().await;
    assert_eq!(standing, "wrong", "{found}");
    assert!(found.starts_with("none can be printed"), "{found}");
}

/// A connection to a service that starts.
fn connected(port: u16) -> TcpStream {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
            connected => return connected.unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_hears_of_a_proxy_that_the_config_does_not_name() {
    let own = free_port();
    tokio::task::spawn_blocking(move || {
        let service = installation(own, own, "http://127.0.0.1:9/");
        let running = service.serve();
        assert!(!looked(&service).contains_key("The proxy"), "nobody named a client");
        for header in ["X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7"] {
            let mut stream = connected(own);
            let request = format!("GET /rss.xml HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n{header}\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
        }
        // What was noted last is written down when the service ends.
        assert!(running.stop());
        let proxy = looked(&service)["The proxy"].clone();
        let (found, remedy) = (proxy["found"].as_str().unwrap(), proxy["remedy"].as_str().unwrap());
        assert_eq!(proxy["standing"], "warning");
        assert!(found.contains("come from 127.0.0.1 (2 requests)"), "{found}");
        assert!(remedy.contains("http.trusted_proxies = [\"127.0.0.1\"]"), "{remedy}");
        assert!(!proxy.to_string().contains("198.51.100"), "whom it named is not kept");
        let named = service.copy_with(vec![("LETTERPRESS__HTTP__TRUSTED_PROXIES", "127.0.0.1".to_owned())]);
        assert!(!looked(&named).contains_key("The proxy"));
    })
    .await
    .unwrap();
}
