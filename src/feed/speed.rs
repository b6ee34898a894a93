//! What the writers cost beside the bare crates that write the same articles.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ::rss::extension::dublincore::DublinCoreExtension;
use atom_syndication as atom;

use super::tests::{article, meta};
use super::*;
use crate::model::article::Article;
use crate::model::entry::Edits;

const ARTICLES: usize = 20;
const TURNS: u32 = 200;

/// An article of about 8 kB, which makes a feed of about 170 kB.
fn long(number: usize) -> Article {
    let mut long = article(number, "ink");
    let paragraph = "<p>The press sets <em>ink</em> on paper &amp; a <a href=\"https://example.org/a?b=1&amp;c=2\">line of type</a> waits.</p>\n";
    long.content.body_html = paragraph.repeat(66);
    long
}

/// Median of the turns.
fn median(mut turn: impl FnMut()) -> Duration {
    let mut took: Vec<Duration> = (0..TURNS)
        .map(|_| {
            let began = Instant::now();
            turn();
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[took.len() / 2]
}

fn bare_rss(articles: &[Article]) -> String {
    let items = articles.iter().map(|article| ::rss::Item {
        title: article.content.title.clone(),
        link: Some(article.url.clone()),
        guid: Some(::rss::Guid {
            value: article.entry_id.clone(),
            permalink: false,
        }),
        description: Some(article.content.summary.clone()),
        content: Some(article.content.body_html.clone()),
        pub_date: Some(article.published_at.to_rfc2822()),
        dublin_core_ext: Some(DublinCoreExtension {
            creators: article
                .content
                .authors
                .iter()
                .map(|author| author.name.clone())
                .collect(),
            ..DublinCoreExtension::default()
        }),
        ..::rss::Item::default()
    });
    let channel = ::rss::Channel {
        title: "Notes".to_owned(),
        link: "https://example.org/".to_owned(),
        items: items.collect(),
        ..::rss::Channel::default()
    };
    channel.to_string()
}

fn bare_atom(articles: &[Article]) -> String {
    let entries = articles.iter().map(|article| atom::Entry {
        title: article.content.title.clone().unwrap_or_default().into(),
        id: article.entry_id.clone(),
        updated: article.published_at.fixed_offset(),
        published: Some(article.published_at.fixed_offset()),
        summary: Some(article.content.summary.clone().into()),
        links: vec![atom::Link {
            href: article.url.clone(),
            ..atom::Link::default()
        }],
        content: Some(atom::Content {
            value: Some(article.content.body_html.clone()),
            content_type: Some("html".to_owned()),
            ..atom::Content::default()
        }),
        ..atom::Entry::default()
    });
    let feed = atom::Feed {
        title: "Notes".into(),
        id: "tag:example.org,2026-11-25:feed".to_owned(),
        entries: entries.collect(),
        ..atom::Feed::default()
    };
    feed.to_string()
}

fn bare_json(articles: &[Article]) -> String {
    let items: Vec<_> = articles
        .iter()
        .map(|article| {
            serde_json::json!({
                "id": article.entry_id, "url": article.url, "title": article.content.title,
                "content_html": article.content.body_html, "summary": article.content.summary,
                "date_published": article.published_at.to_rfc3339(),
            })
        })
        .collect();
    serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Notes", "items": items }).to_string()
}

#[test]
#[ignore = "says something only with optimisation: cargo test --release --lib feed::speed -- --ignored --nocapture"]
fn three_documents_beside_the_bare_crates() {
    let articles: Vec<Article> = (0..ARTICLES).map(long).collect();
    let entries: Vec<Arc<Entry>> = articles
        .iter()
        .map(|article| Arc::new(Entry::of(article, Edits::Explicit).unwrap()))
        .collect();
    let (meta, limits) = (meta("Notes"), super::tests::LIMITS);
    let ours = median(|| {
        black_box(write(black_box(&meta), black_box(&entries), limits).unwrap());
    });
    let bare = median(|| {
        let articles = black_box(articles.as_slice());
        black_box((bare_rss(articles), bare_atom(articles), bare_json(articles)));
    });
    let (texts, _) = write(&meta, &entries, limits).unwrap();
    println!(
        "RSS, Atom and JSON of {ARTICLES} articles ({} kB): {} µs, the bare crates {} µs: {:.2} ×",
        texts[0].len() / 1_000,
        ours.as_micros(),
        bare.as_micros(),
        ours.as_secs_f64() / bare.as_secs_f64()
    );
}
