//! What `feed-rs`, which many readers in Rust build on, makes of our documents (feeds.md F4).

use chrono::{DateTime, Utc};
use letterpress::ingest;
use letterpress::syndicate::{self, Answer};

use crate::support::Bench;

/// What a reader shows of an entry.
#[derive(Debug, PartialEq)]
struct Seen {
    id: String,
    title: Option<String>,
    link: Option<String>,
    published: Option<DateTime<Utc>>,
    content: Option<String>,
    authors: Vec<String>,
}

async fn seen(bench: &Bench, path: &str) -> Vec<Seen> {
    let Answer::Document(document) = syndicate::answer(&bench.app, path).await else {
        panic!("{path} is there");
    };
    let feed = feed_rs::parser::parse(&**document.bodies().identity()).unwrap();
    let entries = feed.entries.into_iter();
    entries
        .map(|entry| Seen {
            id: entry.id,
            title: entry.title.map(|title| title.content),
            link: entry.links.into_iter().next().map(|link| link.href),
            published: entry.published,
            content: entry.content.and_then(|content| content.body),
            authors: entry.authors.into_iter().filter_map(|author| author.name).collect(),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_the_same_article_whichever_format_it_takes() {
    let bench = Bench::new(|_| {}).await;
    for (name, header, body) in [
        (
            "plain",
            "title: Plain words\nauthors: [A. Author, Ünï Cödé]",
            "One *word*.",
        ),
        (
            "marks",
            "title: \"a < b & \\\"c\\\" <b>d</b> &amp;amp; ]]> -->\"",
            "`a < b` & ]]> <!-- no --> 🖨️ 漢字",
        ),
        ("hebrew", "title: שלום עולם\nlanguage: he", "טקסט *עברי*."),
        ("old", "title: Before the epoch\nid: a word & more", "Text."),
    ] {
        let year = if name == "old" { 1969 } else { 2026 };
        bench.write(
            &format!("{name}.md"),
            &format!("---\n{header}\ndate: {year}-12-01T07:08:09Z\n---\n{body}\n"),
        );
    }
    ingest::scan_all(&bench.app, &|_, _| {}).await.unwrap();
    syndicate::refresh(&bench.app).await.unwrap();
    let atom = seen(&bench, "/atom.xml").await;
    assert_eq!(atom.len(), 4);
    let marks = atom
        .iter()
        .find(|entry| entry.link.as_deref().is_some_and(|link| link.contains("marks")))
        .unwrap();
    assert_eq!(marks.title.as_deref(), Some("a < b & \"c\" <b>d</b> &amp; ]]> -->"));
    assert!(
        marks
            .content
            .as_deref()
            .unwrap()
            .contains("<code>a &lt; b</code> &amp; ]]&gt;"),
        "{marks:?}"
    );
    let (rss, json) = (seen(&bench, "/rss.xml").await, seen(&bench, "/feed.json").await);
    assert_eq!(json, atom);
    for (one, other) in rss.iter().zip(&atom) {
        assert_eq!(
            (&one.id, &one.link, one.published),
            (&other.id, &other.link, other.published)
        );
        assert_eq!(
            (&one.content, &one.authors, &one.title),
            (&other.content, &other.authors, &other.title)
        );
    }
    bench.close().await;
}
