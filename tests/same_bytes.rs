//! The same articles give the same bytes, wherever and whenever they are printed; where they do not, the log says so.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::servers::free_port;
use crate::support::service::{Service, Setup};

const PATHS: [&str; 5] = ["/rss.xml", "/atom.xml", "/feed.json", "/feeds.opml", "/feeds"];

/// Three plain articles, and one whose letters and dates other places write otherwise.
fn service() -> Service {
    let service = Service::new(&Setup::plain(25, 0));
    let text = "---\ntitle: İstanbul'da ıssız İZ, FILE\ndate: 2020-03-29 02:30:00\ntags: [İş, TITLE, éa, ez]\nauthor: Işıl\n---\n\nIt cost 1234.5.\n";
    std::fs::write(service.path().join("content/İz-FILE.md"), text).unwrap();
    service
}

/// A copy that believes to be in another place.
fn abroad(service: &Service, zone: &str, locale: &str, language: &str) -> (Service, u16) {
    let port = free_port();
    let words = vec![
        ("TZ", zone.to_owned()),
        ("LC_ALL", locale.to_owned()),
        ("LANG", language.to_owned()),
        ("LETTERPRESS__HTTP__LISTEN", format!("127.0.0.1:{port}")),
    ];
    (service.copy_with(words), port)
}

fn both(service: &Service) -> [(Service, u16); 2] {
    [
        abroad(service, "Asia/Kathmandu", "tr_TR.UTF-8", "ar_EG.UTF-8"),
        abroad(service, "UTC", "C", "C"),
    ]
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn exported(service: &Service) -> BTreeMap<String, Vec<u8>> {
    service.run(&["feeds", "export", "out"]);
    files(&service.path().join("out"))
}

/// The answer of a service that starts, without the date.
fn got(port: u16, path: &str) -> String {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = ask(port, path).unwrap_or_default();
        let is_there = answer.starts_with("HTTP/1.1 200");
        if is_there || Instant::now() > until {
            assert!(is_there, "{path}: {answer}");
            let lines = answer
                .split_inclusive("\r\n")
                .filter(|line| !line.to_lowercase().starts_with("date:"));
            return lines.collect();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn ask(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: letters.example.org\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn readers_get_the_same_bytes_tag_and_date_from_kathmandu_in_turkish_and_from_greenwich() {
    let service = service();
    exported(&service);
    let [kathmandu, greenwich] = both(&service).map(|(service, port)| {
        let running = service.serve();
        let answers = PATHS.map(|path| got(port, path));
        assert!(running.stop(), "{}", service.log());
        (answers, exported(&service))
    });
    for (path, (one, two)) in PATHS.iter().zip(kathmandu.0.iter().zip(&greenwich.0)) {
        let head = one.to_lowercase();
        assert!(
            head.contains("\r\netag: ") && head.contains("\r\nlast-modified: "),
            "{path}"
        );
        assert_eq!(one, two, "{path}");
    }
    assert!(kathmandu.1.len() > 20);
    for (name, bytes) in &kathmandu.1 {
        assert_eq!(Some(bytes), greenwich.1.get(name), "{name}");
    }
    assert_eq!(kathmandu.1.len(), greenwich.1.len());
}

#[test]
fn articles_are_read_alike_wherever_the_author_is() {
    let [kathmandu, greenwich] = both(&service()).map(|(service, _)| {
        service.run(&["articles", "scan"]);
        let articles: Vec<Value> = serde_json::from_str(&service.run(&["articles", "list", "--json"])).unwrap();
        // Ids and moments are each installation's own.
        let alike = [
            "title",
            "url",
            "authors",
            "tags",
            "published_at",
            "summary",
            "content_hash",
        ];
        let articles = articles.iter().map(|article| alike.map(|field| article[field].clone()));
        let paths: Vec<String> = exported(&service).into_keys().collect();
        (articles.collect::<Vec<_>>(), paths)
    });
    assert_eq!(kathmandu, greenwich);
    assert_eq!(kathmandu.0[0][4], "2020-03-29T02:30:00Z");
}

#[test]
fn an_operator_hears_when_the_same_articles_are_printed_in_two_ways() {
    let service = service();
    let complaints = |service: &Service| {
        let output = service.command(&["feeds", "export", "out"]).output().unwrap();
        assert!(output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        said.matches("printed in two ways").count()
    };
    assert_eq!(complaints(&service), 0);
    // Other settings, other words and other programs print otherwise by right.
    let renamed = service.copy_with(vec![("LETTERPRESS__SITE__TITLE", "Other".to_owned())]);
    assert_eq!(complaints(&renamed), 0);
    let text = "---\ntitle: Proof 1, mended\ndate: 2020-01-01\n---\n\nOther words.";
    std::fs::write(service.path().join("content/proof-1.md"), text).unwrap();
    service.run(&["articles", "scan"]);
    assert_eq!(complaints(&service), 0);
    change(
        &service,
        "UPDATE feed_changes SET etag = 'OTHERWISE', inputs = '' WHERE path = 'rss.xml'",
    );
    assert_eq!(complaints(&service), 0, "nobody knows what that was printed from");
    change(
        &service,
        "UPDATE feed_changes SET etag = 'OTHERWISE' WHERE path = 'rss.xml'",
    );
    assert_eq!(complaints(&service), 1);
    assert_eq!(complaints(&service), 0, "it is as it should be again");
}

fn change(service: &Service, statement: &'static str) {
    let url = format!("sqlite://{}", service.path().join("letterpress.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        assert_eq!(database.execute(statement).await.unwrap().rows_affected(), 1);
    });
}
