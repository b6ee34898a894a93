use proptest::prelude::*;

use super::*;

const RSS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>x</title>
<atom:link rel="self" href="/rss.xml"/><atom:link rel="prev-archive" href="/archive/2.xml"/>
<item><title>One &amp;amp; two</title><link>/1?a=1&amp;b=2</link><guid>https://example.org/?p=1&amp;c=<![CDATA[2 ]]></guid><pubDate>Wed, 25 Nov 2026 06:30:00 +0000</pubDate>
<media:group><media:guid>no</media:guid></media:group></item>
<item><title>Two</title><link>https://example.org/2</link><guid isPermaLink="false"> Some Words </guid></item>
<item><title>Three</title><guid isPermaLink="true">https://example.org/3</guid></item>
<item><title>Four</title><link>https://example.org/4</link><guid>no address</guid></item>
<item><title>Five</title><link>https://example.org/5</link></item></channel></rss>"#;

const ATOM: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>x</title><updated>2026-11-25T06:30:00Z</updated>
<link rel="next" href="?page=2"/><entry><id>urn:A%2f</id><title type="html">&lt;b&gt;One&lt;/b&gt;</title>
<link rel="enclosure" href="https://example.org/a.mp3"/><link href="https://example.org/1"/><updated>2026-11-25T07:30:00Z</updated>
<published>2026-11-25T06:30:00Z</published><source><id>other</id></source></entry></feed>"#;

const JSON: &str = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "x", "next_url": "https://example.org/2.json",
"items": [{"id": 7, "url": "https://example.org/7", "content_text": "x", "date_published": "2026-11-25T06:30:00Z"}]}"#;

fn at(address: &str) -> Url {
    address.parse().unwrap()
}

fn of(text: &str) -> ForeignFeed {
    read(text.as_bytes(), Some(&at("https://example.org/rss.xml")), None).unwrap()
}

fn ids(feed: &ForeignFeed) -> Vec<(Option<&str>, bool, Option<&str>)> {
    let entries = feed.entries.iter();
    entries
        .map(|entry| (entry.id.as_deref(), entry.is_permalink, entry.link.as_deref()))
        .collect()
}

#[test]
fn ids_of_a_foreign_feed_are_read_letter_for_letter() {
    let rss = of(RSS);
    assert_eq!(
        ids(&rss),
        [
            (
                Some("https://example.org/?p=1&c=2"),
                true,
                Some("https://example.org/1?a=1&b=2")
            ),
            (Some("Some Words"), false, Some("https://example.org/2")),
            (Some("https://example.org/3"), true, Some("https://example.org/3")),
            (Some("no address"), false, Some("https://example.org/4")),
            (None, false, Some("https://example.org/5")),
        ]
    );
    assert_eq!(rss.older, [at("https://example.org/archive/2.xml")]);
    assert_eq!(rss.entries[0].title.as_deref(), Some("One & two"));
    assert_eq!(
        rss.entries[0].published.map(|date| date.timestamp()),
        Some(1_795_588_200)
    );
    assert_eq!(rss.entries[4].identity(), Some("https://example.org/5"));
    let atom = of(ATOM);
    assert_eq!(ids(&atom), [(Some("urn:A%2f"), false, Some("https://example.org/1"))]);
    assert_eq!(atom.entries[0].title.as_deref(), Some("One"));
    assert!(atom.entries[0].updated > atom.entries[0].published);
    assert_eq!(atom.older, [at("https://example.org/rss.xml?page=2")]);
    let json = of(JSON);
    assert_eq!(ids(&json), [(Some("7"), false, Some("https://example.org/7"))]);
    let untitled = of(&JSON.replace("\"title\": \"x\",", ""));
    assert_eq!(ids(&untitled), ids(&json));
    assert_eq!(json.older, [at("https://example.org/2.json")]);
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><title>x</title><item><guid>Gr\u{fc}n</guid></item></channel></rss>");
    assert_eq!(read(&latin, None, None).unwrap().entries[0].id.as_deref(), Some("Grün"));
}

#[test]
fn a_feed_that_means_harm_is_refused_before_it_is_parsed() {
    let rss = |inside: &str| format!("<rss version=\"2.0\"><channel><title>x</title>{inside}</channel></rss>");
    let refused = |text: &str| read(text.as_bytes(), None, None).unwrap_err().to_string();
    let deep = rss(&format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)));
    assert!(refused(&deep).contains("more than 256 deep"));
    let wide = (0..65).map(|n| format!(" a{n}=\"\"")).collect::<String>();
    assert!(refused(&rss(&format!("<a{wide}/>"))).contains("more than 64 attributes"));
    let long = "<item><guid>a</guid></item>".repeat(5_001);
    assert!(refused(&rss(&long)).contains("more than 5000 entries"));
    let with_entities = |declared: &str| format!("<!DOCTYPE rss [{declared}]>{}", rss("<item><guid>&a;</guid></item>"));
    for harm in [
        "<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">",
        "<!ENTITY % a \"b\">",
        "<!ENTITY a SYSTEM \"file:///etc/passwd\">",
        &"<!ENTITY a \"aaaa\">".repeat(1_000),
    ] {
        assert!(refused(&with_entities(harm)).contains("DOCTYPE"), "{harm}");
    }
    // A few plain texts do no harm where nothing is ever expanded.
    let plain = read(with_entities("<!ENTITY a \"aaaa\">").as_bytes(), None, None).unwrap();
    assert_eq!(plain.entries[0].id.as_deref(), Some("&a;"));
    assert!(refused(&"x".repeat(MOST_BYTES + 1)).contains("more than 10 MB"));
    assert!(refused(&format!("{{\"items\": {}", "[".repeat(100_000))).contains("recursion"));
    assert!(refused("<html><body>no feed</body></html>").contains("feeds check"));
    let outer = "<!DOCTYPE rss SYSTEM \"http://127.0.0.1:9/rss.dtd\">";
    assert_eq!(
        read(
            format!("{outer}{}", rss("<item><guid>a</guid></item>")).as_bytes(),
            None,
            None
        )
        .unwrap()
        .entries
        .len(),
        1
    );
}

proptest! {
    #[test]
    fn whatever_happened_to_a_foreign_feed_reading_it_ends(
        which in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), "[<>&;\"'/=\\]!\\-a0\u{0}é]{0,5}"), 1..10),
    ) {
        let mut bytes = [RSS, ATOM, JSON][which].as_bytes().to_vec();
        for (place, byte, text) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
            drop(bytes.splice(place..place, text.bytes()));
        }
        drop(read(&bytes, None, None));
    }
}
