//! What the writers cost beside the bare crates that print the same documents.

use std::hint::black_box;
use std::time::{Duration, Instant};

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

/// What the crates alone take for the same documents: the values they read in ours are copied and printed.
struct Bare {
    rss: ::rss::Channel,
    atom: atom_syndication::Feed,
    json: serde_json::Value,
}

impl Bare {
    fn of([rss, atom, json]: &Texts) -> Self {
        Self {
            rss: rss.parse().unwrap(),
            atom: atom.parse().unwrap(),
            json: serde_json::from_str(json).unwrap(),
        }
    }

    fn rss(&self) -> String {
        black_box(self.rss.clone()).to_string()
    }

    fn atom(&self) -> String {
        black_box(self.atom.clone()).to_string()
    }

    fn json(&self) -> String {
        black_box(self.json.clone()).to_string()
    }
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
    let bodies: Vec<body::Body<'_>> = entries.iter().map(|entry| body::of(entry, &meta, limits)).collect();
    let items: Vec<Item<'_>> = entries
        .iter()
        .zip(&bodies)
        .map(|(entry, body)| Item { entry, body })
        .collect();
    let items = items.as_slice();
    let (texts, _) = write(&meta, &entries, limits).unwrap();
    let bare = Bare::of(&texts);
    beside("RSS", || rss::document(&meta, items).unwrap(), || bare.rss());
    beside("Atom", || atom::document(&meta, items).unwrap(), || bare.atom());
    beside("JSON Feed", || json::document(&meta, items).unwrap(), || bare.json());
    beside(
        "All three with the bodies made",
        || write(&meta, &entries, limits).unwrap(),
        || [bare.rss(), bare.atom(), bare.json()],
    );
    println!("{ARTICLES} articles, RSS of {} kB", texts[0].len() / 1_000);
}

/// Ours beside the bare crates.
fn beside<A, B>(what: &str, ours: impl Fn() -> A, bare: impl Fn() -> B) {
    let (ours, bare) = (median(|| drop(black_box(ours()))), median(|| drop(black_box(bare()))));
    println!(
        "{what}: {} µs, the bare crate {} µs: {:.2} ×",
        ours.as_micros(),
        bare.as_micros(),
        ours.as_secs_f64() / bare.as_secs_f64()
    );
}
