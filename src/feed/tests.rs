use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use quick_xml::XmlVersion;
use quick_xml::events::Event;

use super::*;
use crate::model::article::{Article, Author, Content, Enclosure, Image, Term, Visibility};
use crate::model::entry::{Byline, Clean, Edits, EntryId, Language};
use crate::model::entry_file::EntryFile;
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::{Format, Scope};
use crate::model::feed_meta::Chain;
use crate::model::feed_url::FeedUrl;
use crate::model::media;
use crate::model::podcast::{self, Category, Episode, Index, Podcast, Transcript};

pub(super) const LIMITS: Limits = Limits {
    content: FullOrSummary::Full,
    max_bytes: 1 << 20,
    max_entry_bytes: 1 << 18,
};

fn recording(text: &str) -> Enclosure {
    Enclosure {
        url: format!("https://example.org/{text}.mp3"),
        media_type: format!("audio/{text}"),
        bytes: Some(1),
        seconds: Some(2),
        title: text.to_owned(),
    }
}

fn picture(text: &str) -> Image {
    Image {
        url: format!("https://example.org/{text}.png"),
        alt: text.to_owned(),
        width: Some(640),
        height: Some(480),
    }
}

fn episode(text: &str) -> Episode {
    Episode {
        number: Some(7),
        season: Some(2),
        explicit: Some(false),
        transcripts: vec![Transcript {
            url: format!("https://example.org/{text}.vtt"),
            media_type: "text/vtt".to_owned(),
        }],
    }
}

/// An article that says `text` wherever an article can say something.
pub(super) fn article(number: usize, text: &str) -> Article {
    let term = |slug: &str| Term {
        term: text.to_owned(),
        slug: slug.to_owned(),
    };
    let at = DateTime::from_timestamp(1_795_588_200, 123_456_000).unwrap();
    Article {
        id: format!("{number}"),
        entry_id: format!("tag:example.org,2026-11-25:{number}{text}"),
        is_permalink: false,
        source_id: "folder".to_owned(),
        locator: "a.md".to_owned(),
        url: format!("https://example.org/{number}/{text}"),
        former_urls: Vec::new(),
        content: Content {
            title: Some(text.to_owned()),
            body_html: format!("<p>{text}</p>"),
            body_text: text.to_owned(),
            summary: text.to_owned(),
            summary_from: "key".to_owned(),
            authors: vec![Author {
                name: text.to_owned(),
                url: Some(format!("https://example.org/{text}")),
                email: None,
                slug: "a".to_owned(),
            }],
            tags: vec![
                term("ink"),
                Term {
                    term: format!("{text} again"),
                    slug: text.to_owned(),
                },
            ],
            categories: vec![term("press")],
            language: text.to_owned(),
            direction: text.to_owned(),
            enclosures: vec![recording(text)],
            image: Some(picture(text)),
            comments_url: Some(format!("https://example.org/{text}#comments")),
            external_url: Some(format!("https://example.org/{text}")),
            episode: Some(episode(text)),
            markdown: Some(text.to_owned()),
            words: 1,
            reading_minutes: 1,
            reading_from: "computed".to_owned(),
        },
        published_at: at,
        published_from: "header".to_owned(),
        date_only: false,
        updated_at: Some(at + chrono::TimeDelta::seconds(90)),
        edited_at: None,
        first_seen: at,
        changed_at: at,
        mailable_at: None,
        not_mailable: None,
        visibility: Visibility::Public,
        reason: None,
        source_hash: Vec::new(),
        content_hash: Vec::new(),
        revision_id: 1,
    }
}

fn entry(number: usize, text: &str) -> Arc<Entry> {
    Arc::new(Entry::of(&article(number, text), Edits::Explicit).unwrap())
}

pub(super) fn meta(text: &str) -> FeedMeta {
    let clean = |fallback: &str| Clean::line(text).or_else(|| Clean::line(fallback)).unwrap();
    FeedMeta {
        scope: Scope::Tag("ink".to_owned()),
        title: clean("Notes"),
        description: Clean::line(text),
        home: FeedUrl::parse("https://example.org/").unwrap(),
        base: FeedUrl::parse("https://letters.example.org/").unwrap(),
        sign_up: FeedUrl::parse("https://letters.example.org/subscribe").unwrap(),
        id: Clean::line("tag:example.org,2026-11-25:feed").unwrap(),
        authority: "tag:example.org,2026-11-25".to_owned(),
        updated: FeedDate::from_seconds(1_795_588_200),
        hubs: FeedUrl::parse("https://letters.example.org/websub")
            .into_iter()
            .collect(),
        language: Language::parse("en"),
        author: Byline {
            name: clean("A. Author"),
            url: None,
        },
        avatar: FeedUrl::parse("https://example.org/me.jpg"),
        podcast: Some(Podcast {
            category: Category::parse("TV & Film > After Shows").unwrap(),
            email: clean("author@example.org"),
            explicit: false,
            image: FeedUrl::parse("https://example.org/square.png"),
            index: Some(Index {
                guid: podcast::guid("https://letters.example.org/tag/ink/rss.xml"),
                locked: true,
            }),
        }),
        icon: FeedUrl::parse("https://example.org/icon.png"),
        logo: FeedUrl::parse("https://example.org/wide.png"),
        email: None,
        formats: Format::ALL.to_vec(),
        rights: Clean::line(text),
        deleted: EntryId::new(text)
            .map(|id| (id, FeedDate::from_seconds(0)))
            .into_iter()
            .collect(),
        chain: Chain::default(),
        minutes: Some(15),
    }
}

fn write(meta: &FeedMeta, entries: &[Arc<Entry>], limits: Limits) -> Result<Texts, RenderError> {
    super::write(meta, entries, limits).map(|(texts, _)| texts)
}

/// Reads a document with a parser that is not ours; returns the names of its elements and its texts.
fn read(xml: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    let mut reader = quick_xml::NsReader::from_str(xml);
    reader.config_mut().check_end_names = true;
    loop {
        let (namespace, event) = reader.read_resolved_event().unwrap();
        assert!(
            !matches!(namespace, quick_xml::name::ResolveResult::Unknown(_)),
            "an undeclared prefix in {xml}"
        );
        match event {
            Event::Start(start) | Event::Empty(start) => {
                names.push(start.name().as_ref().to_owned());
                for attribute in start.attributes() {
                    let value = attribute.unwrap().normalized_value(XmlVersion::Implicit1_0).unwrap();
                    texts.push(value.into_owned());
                }
            }
            Event::Text(text) => texts.push(text.xml10_content().into_owned()),
            Event::CData(text) => texts.push(text.xml10_content().into_owned()),
            Event::Eof => break,
            _ => {}
        }
    }
    (names, texts)
}

const KNOWN: [&str; 65] = [
    "itunes:author",
    "itunes:category",
    "itunes:email",
    "itunes:episode",
    "itunes:explicit",
    "itunes:image",
    "itunes:name",
    "itunes:owner",
    "itunes:season",
    "podcast:guid",
    "podcast:locked",
    "podcast:transcript",
    "source:markdown",
    "at:deleted-entry",
    "rss",
    "channel",
    "title",
    "link",
    "description",
    "language",
    "copyright",
    "lastBuildDate",
    "generator",
    "ttl",
    "image",
    "url",
    "item",
    "guid",
    "pubDate",
    "category",
    "content:encoded",
    "dc:creator",
    "atom:link",
    "atom:updated",
    "comments",
    "enclosure",
    "fh:archive",
    "itunes:duration",
    "logo",
    "media:thumbnail",
    "media:content",
    "sy:updatePeriod",
    "sy:updateFrequency",
    "xhtml:div",
    "xhtml:p",
    "xhtml:a",
    "feed",
    "id",
    "updated",
    "author",
    "name",
    "uri",
    "icon",
    "rights",
    "subtitle",
    "entry",
    "published",
    "summary",
    "content",
    "opml",
    "head",
    "body",
    "outline",
    "ownerName",
    "dateModified",
];

#[test]
fn files_go_with_an_article_as_each_format_knows_them() {
    let mut entry = Entry::clone(&entry(1, "x"));
    let file = |path: &str, media_type: &str| EntryFile {
        url: FeedUrl::parse(&format!("https://example.org/{path}")).unwrap(),
        media_type: Clean::line(media_type).unwrap(),
        bytes: (path == "a.mp3").then_some(1_234_567),
        seconds: (path == "a.mp3").then_some(75),
        title: Clean::line("Said & done"),
    };
    entry.files = vec![file("a.mp3", "audio/mpeg"), file("b.pdf", "application/pdf")];
    let [rss, atom, json] = write(&meta("Notes"), &[Arc::new(entry)], LIMITS).unwrap();
    assert!(rss.contains("<enclosure url=\"https://example.org/a.mp3\" length=\"1234567\" type=\"audio/mpeg\"/>"));
    assert!(rss.contains("<itunes:duration>75</itunes:duration>") && !rss.contains("b.pdf"));
    let link = atom.split("<link ").find(|link| link.contains("a.mp3")).unwrap();
    for attribute in [
        "rel=\"enclosure\"",
        "type=\"audio/mpeg\"",
        "title=\"Said &amp; done\"",
        "length=\"1234567\"",
    ] {
        assert!(link.contains(attribute), "{attribute} in {link}");
    }
    assert!(atom.contains("b.pdf"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let attachments = &json["items"][0]["attachments"];
    assert_eq!(attachments[0]["duration_in_seconds"], 75);
    assert_eq!(attachments[1]["mime_type"], "application/pdf");
    assert!(attachments[1].get("size_in_bytes").is_none());
}

proptest! {
    #[test]
    fn whatever_an_author_writes_every_reader_can_read_the_feed(text in any::<String>(), nasty in "[<>&\"'\\]!\\-\u{0}-\u{1f}\u{7f}-\u{9f}\u{fffe}\u{feff}\u{202e}\u{2028}/?a]{0,24}") {
        for text in [text, nasty] {
            let documents = write(&meta(&text), &[entry(1, &text), entry(2, &text)], LIMITS).unwrap();
            for xml in &documents[..2] {
                prop_assert_eq!(crate::model::text::xml_safe(xml), xml.as_str());
                let (names, _) = read(xml);
                let strange: BTreeSet<&String> = names.iter().filter(|name| !KNOWN.contains(&name.as_str())).collect();
                prop_assert!(strange.is_empty(), "{:?} in {}", strange, xml);
                prop_assert_eq!(names.iter().filter(|name| ["item", "entry"].contains(&name.as_str())).count(), 2);
            }
            let json: serde_json::Value = serde_json::from_str(&documents[2]).unwrap();
            prop_assert_eq!(json["items"].as_array().map(Vec::len), Some(2));
            prop_assert!(!documents[2].contains("</"));
        }
    }
}

/// How often each element stands in a document.
fn elements(xml: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in read(xml).0 {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// A text that fills the same fields as `text`, and cannot break out of any.
fn harmless(text: &str) -> &'static str {
    let is_medium = media::parse(&format!("audio/{text}")).is_some_and(|medium| medium.starts_with("audio/"));
    match Clean::line(text) {
        None => "",
        Some(_) if is_medium => "ink",
        Some(_) => "two words",
    }
}

/// The documents of a feed that says `text` in every field.
fn saying(text: &str) -> Texts {
    write(&meta(text), &[entry(1, text), entry(2, text)], LIMITS).unwrap()
}

/// What an author writes must not become a part of the document's structure, not even a part that could be there.
fn adds_no_element(text: &str) -> Result<(), TestCaseError> {
    for (ours, expected) in saying(text).iter().zip(&saying(harmless(text))).take(2) {
        prop_assert_eq!(elements(ours), elements(expected), "{:?} in {}", text, ours);
    }
    Ok(())
}

#[test]
fn no_payload_adds_an_element_to_a_feed() {
    for payload in [
        "\"><id>tag:evil</id><a b=\"",
        "'><id>tag:evil</id><a b='",
        "\" xmlns:evil=\"https://evil.example/\" evil:a=\"",
        "]]><id>tag:evil</id><![CDATA[",
        "]]]]><![CDATA[><id/>",
        "--><id>tag:evil</id><!--",
        "?><id>tag:evil</id><?",
        "<?xml-stylesheet href=\"https://evil.example/\"?>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]>&b;",
        "</title></item><item><title>evil",
        "</title></entry><entry><id>tag:evil</id>",
        "</content:encoded><guid>evil</guid>",
        "&lt;id&gt;&#60;id&#62;&amp;lt;id&amp;gt;",
        "<script>alert(1)</script><style>*{}</style>",
    ] {
        adds_no_element(payload).unwrap();
        let outline = Outline {
            title: payload.to_owned(),
            feed: payload.to_owned(),
            page: payload.to_owned(),
        };
        let list = |of: Outline, text: &str| {
            outlines(
                text,
                text,
                FeedDate::from_seconds(0),
                std::slice::from_ref(&of),
                &[("Tags", vec![of.clone()])],
            )
        };
        let plain = Outline {
            title: "a".to_owned(),
            feed: "a".to_owned(),
            page: "a".to_owned(),
        };
        assert_eq!(
            elements(&list(outline, payload)),
            elements(&list(plain, "a")),
            "{payload}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_that_an_author_writes_adds_an_element_to_a_feed(text in any::<String>(), nasty in "[<>&\"'\\]!\\-\\[?/=:a-z ]{0,32}") {
        adds_no_element(&text)?;
        adds_no_element(&nasty)?;
    }
}

#[test]
fn each_format_prints_these_articles_like_this() {
    let mut plain = article(1, "ink");
    plain.entry_id = "tag:example.org,2026-11-25:1".to_owned();
    plain.content.title = Some("Ink & paper <b>".to_owned());
    plain.content.body_html = "<p>Set in <em>type</em> &amp; printed ]]&gt;.</p>".to_owned();
    plain.content.summary = "a < b".to_owned();
    let mut bare = article(2, "");
    bare.entry_id = "https://old.example/?p=2&c=3".to_owned();
    bare.is_permalink = true;
    bare.url = "https://example.org/2/".to_owned();
    bare.content = Content {
        body_html: "<p>\u{5e9}\u{5dc}\u{5d5}\u{5dd}</p>".to_owned(),
        body_text: "\u{5e9}\u{5dc}\u{5d5}\u{5dd}".to_owned(),
        language: "he".to_owned(),
        direction: "rtl".to_owned(),
        ..Content::default()
    };
    bare.updated_at = None;
    let entries: Vec<Arc<Entry>> = [plain, bare]
        .iter()
        .map(|one| Arc::new(Entry::of(one, Edits::Explicit).unwrap()))
        .collect();
    let documents = write(&meta("Notes & news"), &entries, LIMITS).unwrap();
    for (format, document) in crate::model::feed_key::Format::ALL.into_iter().zip(documents) {
        insta::assert_snapshot!(format.file_name(), document);
    }
}

#[test]
fn a_reader_sees_the_words_that_the_author_wrote_once_escaped() {
    let text = "a < b & c ]]> \"d\" 'e' <b>bold</b> 🖨️ \u{5d0}\u{5d1}";
    let [rss, atom, json] = write(&meta("Notes"), &[entry(1, text)], LIMITS).unwrap();
    let rss_again = ::rss::Channel::read_from(rss.as_bytes()).unwrap();
    assert_eq!(rss_again.items()[0].title(), Some(text));
    assert_eq!(rss_again.items()[0].content(), Some(format!("<p>{text}</p>").as_str()));
    let as_html = "a &lt; b &amp; c ]]&gt; \"d\" 'e' &lt;b&gt;bold&lt;/b&gt; 🖨️ \u{5d0}\u{5d1}";
    assert_eq!(rss_again.items()[0].description(), Some(as_html));
    let atom_again = atom_syndication::Feed::read_from(atom.as_bytes()).unwrap();
    assert_eq!(atom_again.entries()[0].title().value, text);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"][0]["title"], text);
    assert_eq!(json["items"][0]["content_html"], format!("<p>{text}</p>"));
}

#[test]
fn a_reader_that_changes_the_format_meets_the_same_ids_and_dates() {
    let [rss, atom, json] = write(&meta("Notes"), &[entry(1, "x"), entry(2, "y")], LIMITS).unwrap();
    let rss = ::rss::Channel::read_from(rss.as_bytes()).unwrap();
    let atom_feed = atom_syndication::Feed::read_from(atom.as_bytes()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    for number in 0..2 {
        let guid = rss.items()[number].guid().unwrap();
        assert!(!guid.permalink);
        assert_eq!(guid.value, atom_feed.entries()[number].id);
        assert_eq!(guid.value, json["items"][number]["id"]);
    }
    assert_eq!(rss.items()[0].pub_date(), Some("Wed, 25 Nov 2026 06:30:00 +0000"));
    assert_eq!(json["items"][0]["date_published"], "2026-11-25T06:30:00Z");
    assert_eq!(json["items"][0]["date_modified"], "2026-11-25T06:31:30Z");
    assert!(atom.contains("<published>2026-11-25T06:30:00Z</published>") && !atom.contains("+00:00<"));
}

#[test]
fn entries_come_last_in_atom_behind_everything_else() {
    let [_, atom, _] = write(&meta("Notes"), &[entry(1, "x")], LIMITS).unwrap();
    let (names, _) = read(&atom);
    let first = names.iter().position(|name| name == "entry").unwrap();
    assert!(names[..first].contains(&"xhtml:div".to_owned()));
    assert!(atom.trim_end().ends_with("</entry></feed>") && !atom.contains("<entry xmlns"));
}

#[test]
fn an_untitled_article_has_a_description_in_rss_and_a_title_in_atom() {
    let mut bare = article(1, "x");
    bare.content.title = None;
    bare.content.summary = String::new();
    bare.content.body_text = "word ".repeat(40);
    let entry = Arc::new(Entry::of(&bare, Edits::Explicit).unwrap());
    let [rss, atom, json] = write(&meta("Notes"), &[entry], LIMITS).unwrap();
    let rss = ::rss::Channel::read_from(rss.as_bytes()).unwrap();
    assert_eq!(rss.items()[0].title(), None);
    assert!(rss.items()[0].description().unwrap().starts_with("word word"));
    let atom = atom_syndication::Feed::read_from(atom.as_bytes()).unwrap();
    assert!(atom.entries()[0].title().value.ends_with('…') && atom.entries()[0].title().value.len() <= 83);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"][0].get("title"), None);
}

#[test]
fn a_summary_feed_holds_no_article_and_says_where_to_read_on() {
    let limits = Limits {
        content: FullOrSummary::Summary,
        ..LIMITS
    };
    let mut whole = article(1, "x");
    whole.content.body_html = "<p>the secret middle</p>".to_owned();
    let entry = Arc::new(Entry::of(&whole, Edits::Explicit).unwrap());
    let documents = write(&meta("Notes"), &[Arc::clone(&entry)], limits).unwrap();
    assert!(documents.iter().all(|text| !text.contains("secret middle")));
    assert!(!documents[0].contains("content:encoded>") && !documents[1].contains("<content "));
    let json: serde_json::Value = serde_json::from_str(&documents[2]).unwrap();
    assert!(
        json["items"][0]["content_html"]
            .as_str()
            .unwrap()
            .contains("Continue reading: x")
    );
    let short = Limits {
        max_entry_bytes: 10,
        ..LIMITS
    };
    let documents = write(&meta("Notes"), &[entry], short).unwrap();
    assert!(
        documents
            .iter()
            .all(|text| !text.contains("secret middle") && text.contains("Continue reading"))
    );
}

#[test]
fn a_document_that_would_be_too_long_ends_at_the_same_entry_in_every_format() {
    let entries: Vec<Arc<Entry>> = (0..20).map(|number| entry(number, &"word ".repeat(40))).collect();
    let limits = Limits {
        max_bytes: 20_000,
        ..LIMITS
    };
    let [rss, atom, json] = write(&meta("Notes"), &entries, limits).unwrap();
    let counts = [
        rss.matches("<item>").count(),
        atom.matches("<entry>").count(),
        json.matches("\"date_published\"").count(),
    ];
    assert!(
        counts[0] > 1 && counts[0] < 20 && counts.iter().all(|count| *count == counts[0]),
        "{counts:?}"
    );
    let one = write(&meta("Notes"), &entries, Limits { max_bytes: 1, ..LIMITS }).unwrap();
    assert_eq!(one[0].matches("<item>").count(), 1);
}

#[test]
fn an_article_in_another_language_says_so_on_its_text() {
    let mut hebrew = article(1, "שלום");
    hebrew.content.language = "he".to_owned();
    hebrew.content.direction = "rtl".to_owned();
    let entry = Arc::new(Entry::of(&hebrew, Edits::Explicit).unwrap());
    let [_, atom, json] = write(&meta("Notes"), &[entry], LIMITS).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let html = json["items"][0]["content_html"].as_str().unwrap();
    assert!(html.starts_with("<div lang=\"he\" dir=\"rtl\"><p>"), "{html}");
    assert!(atom.contains("<title xml:lang=\"he\">") && atom.contains("xml:base=\"https://example.org/1/"));
}

#[test]
fn a_feed_without_articles_is_a_feed() {
    let [rss, atom, json] = write(&meta("Notes"), &[], LIMITS).unwrap();
    assert!(read(&rss).0.contains(&"channel".to_owned()) && read(&atom).0.contains(&"updated".to_owned()));
    assert!(json.contains("\"items\":[]"));
}

#[test]
fn a_list_of_feeds_is_well_formed_whatever_they_are_called() {
    let outline = |title: &str| Outline {
        title: title.to_owned(),
        feed: "https://a.example/?a=1&b=2".to_owned(),
        page: "https://a.example/".to_owned(),
    };
    let text = outlines(
        "A & \"B\"",
        "<me>",
        FeedDate::from_seconds(0),
        &[outline("all")],
        &[("Tags", vec![outline("<&\">")]), ("None", vec![])],
    );
    let (names, texts) = read(&text);
    assert_eq!(names.iter().filter(|name| *name == "outline").count(), 3);
    assert!(texts.contains(&"<&\">".to_owned()) && texts.contains(&"https://a.example/?a=1&b=2".to_owned()));
}

#[test]
fn the_linter_finds_no_fault_with_our_own_feeds() {
    let now = DateTime::from_timestamp(1_795_600_000, 0).unwrap();
    for text in ["Ink and paper", "a < b & c ]]> \"d\" 'e' \u{5d0}\u{5d1} 🖨️", "page"] {
        let ours = |number: usize| {
            let mut article = article(number, text);
            article.entry_id = format!("tag:example.org,2026-11-25:{number}");
            article.content.tags.truncate(1);
            article.content.tags[0].term = format!("{text} tag");
            article.content.body_html = format!(
                "<p>{}</p><p><img src=\"https://example.org/a.png\" alt=\"\"> <a href=\"https://example.org/#a\">a</a></p>",
                escape(text)
            );
            article.content.language = "en".to_owned();
            article
        };
        let mut bare = ours(3);
        bare.content.title = None;
        let entries: Vec<Arc<Entry>> = [ours(1), ours(2), bare]
            .iter()
            .map(|one| Arc::new(Entry::of(one, Edits::Explicit).unwrap()))
            .collect();
        for content in [FullOrSummary::Full, FullOrSummary::Summary] {
            let documents = write(&meta(text), &entries, Limits { content, ..LIMITS }).unwrap();
            for (document, format) in documents.iter().zip(crate::model::feed_key::Format::ALL) {
                let address = meta(text).address(format).parse().unwrap();
                let found = check::examine(check::Specimen {
                    bytes: document.as_bytes(),
                    address: Some(&address),
                    charset: Some("utf-8"),
                    now,
                });
                assert_eq!(found.findings, [], "{document}");
                assert_eq!(found.entries, 3);
            }
        }
    }
}

#[test]
fn quotes_in_a_summary_need_no_reference_where_a_browser_shows_the_feed_as_it_is() {
    assert_eq!(escape_content("\"a\" < b & &quot;"), "\"a\" &lt; b &amp; &amp;quot;");
}
