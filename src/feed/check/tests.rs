use proptest::prelude::*;

use super::*;

const RSS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
<title>Notes</title>
<link>https://example.org/</link>
<description>About ink</description>
<language>en</language>
<lastBuildDate>Wed, 25 Nov 2026 06:30:00 +0000</lastBuildDate>
<ttl>60</ttl>
<image><url>https://example.org/i.png</url><title>Notes</title><link>https://example.org/</link></image>
<atom:link rel="self" type="application/rss+xml" href="https://example.org/rss.xml"/>
<item>
<title>Second</title>
<link>https://example.org/2</link>
<guid isPermaLink="false">tag:example.org,2026:2</guid>
<pubDate>Wed, 25 Nov 2026 06:30:00 +0000</pubDate>
<category>ink</category>
<dc:creator>A. Author</dc:creator>
<description>All about the second</description>
<content:encoded><![CDATA[<p>Text with <a href="https://example.org/x?a=1&amp;b=2">a link</a>.</p>
<p><img src="https://example.org/a.png" alt=""></p>]]></content:encoded>
<enclosure url="https://example.org/a.mp3" length="12" type="audio/mpeg"/>
</item>
<item>
<title>First</title>
<link>https://example.org/1</link>
<guid>https://example.org/1</guid>
<pubDate>Tue, 24 Nov 2026 06:30:00 GMT</pubDate>
<description>All about the first</description>
</item>
</channel>
</rss>
"#;

const ATOM: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>tag:example.org,2026:feed</id>
<title>Notes</title>
<updated>2026-11-25T06:30:00Z</updated>
<author><name>A. Author</name><uri>https://example.org/me</uri></author>
<link rel="alternate" type="text/html" href="https://example.org/"/>
<link rel="self" type="application/atom+xml" href="https://example.org/atom.xml"/>
<entry>
<id>tag:example.org,2026:2</id>
<title>Second</title>
<published>2026-11-25T06:30:00Z</published>
<updated>2026-11-25T07:30:00Z</updated>
<link rel="alternate" type="text/html" href="https://example.org/2"/>
<category term="ink" label="Ink"/>
<content type="html">&lt;p&gt;Text&lt;/p&gt;
&lt;p&gt;&lt;a href="https://example.org/x"&gt;More&lt;/a&gt;&lt;/p&gt;</content>
</entry>
<entry>
<id>tag:example.org,2026:1</id>
<title>First</title>
<updated>2026-11-24T06:30:00Z</updated>
<link href="https://example.org/1"/>
<summary>All about the first</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Plain</p></div></content>
</entry>
</feed>
"#;

const JSON: &str = r#"{
"version": "https://jsonfeed.org/version/1.1",
"title": "Notes",
"home_page_url": "https://example.org/",
"feed_url": "https://example.org/feed.json",
"language": "en",
"authors": [{"name": "A. Author", "url": "https://example.org/me"}],
"items": [
{"id": "2", "url": "https://example.org/2", "title": "Second", "content_html": "<p>Text</p>", "tags": ["ink", "press"],
 "date_published": "2026-11-25T06:30:00Z", "date_modified": "2026-11-25T07:30:00Z",
 "attachments": [{"url": "https://example.org/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12}]},
{"id": "1", "url": "https://example.org/1", "content_text": "Plain", "date_published": "2026-11-24T06:30:00Z"}
]}
"#;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_600_000, 0).unwrap()
}

fn examined(bytes: &[u8]) -> Examination {
    examine(Specimen {
        bytes,
        address: None,
        charset: None,
        now: now(),
    })
}

/// Changes one place of a sound feed; returns what is found, and the line of `place` in the changed text.
fn planted(feed: &str, from: &str, to: &str) -> (Examination, usize) {
    assert!(feed.contains(from), "{from}");
    let changed = feed.replacen(from, to, 1);
    let at = feed.find(from).unwrap();
    let line = 1 + changed[..at].matches('\n').count();
    (examined(changed.as_bytes()), line)
}

/// What is changed into what, the rule that must find it, and how many lines below the change it is found.
type Defect = (&'static str, &'static str, &'static str, usize);

const OF_FORM: &[Defect] = &[
    ("<title>Second</title>", "<title>Second", "well_formed", 0),
    ("</description>", "</descripton>", "well_formed", 0),
    ("About ink", "Ink & paper", "well_formed", 0),
    ("About ink", "Ink&nbsp;paper", "well_formed", 0),
    ("About ink", "Ink ]]> paper", "well_formed", 0),
    ("About ink", "Ink \u{8} paper", "character", 0),
    ("About ink", "Ink &#x1F; paper", "character", 0),
    ("length=\"12\"", "length=12", "well_formed", 0),
    ("length=\"12\"", "length=\"12\" length=\"13\"", "well_formed", 0),
    ("a.mp3\"", "a.mp3?a&b\"", "well_formed", 0),
    ("length=\"12\"", "length=\"12<\"", "well_formed", 0),
    ("<dc:creator>", "<!-- a -- b --><dc:creator>", "well_formed", 0),
    ("<?xml version", "\n<?xml version", "well_formed", 1),
    ("</rss>\n", "</rss>\nWarning: Undefined variable\n", "well_formed", 1),
    ("</rss>\n", "</rss>\n<rss/>\n", "well_formed", 1),
    ("</channel>\n</rss>", "</channel>", "well_formed", usize::MAX),
    ("<ttl>", "<1tl/><ttl>", "well_formed", 0),
    ("<rss ", "<!DOCTYPE rss [<!ENTITY a \"b\">]>\n<rss ", "doctype", 0),
    ("<rss ", "<!DOCTYPE rss SYSTEM \"rss.dtd\">\n<rss ", "doctype", 0),
    ("utf-8", "latin-17", "encoding", 0),
    ("utf-8", "iso-8859-1", "encoding", 0),
    ("<?xml", "\u{feff}<?xml", "bom", 0),
    (
        " xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"",
        "",
        "prefix",
        18,
    ),
    (
        "<dc:creator>A. Author</dc:creator>",
        "<media:thumbnail url=\"x\"/>",
        "prefix",
        0,
    ),
];

const OF_RSS: &[Defect] = &[
    ("<title>Notes</title>\n", "", "missing", usize::MAX),
    ("<link>https://example.org/</link>\n", "", "missing", usize::MAX),
    ("<description>About ink</description>\n", "", "missing", usize::MAX),
    ("<title>Notes</title>", "<title></title>", "title", 0),
    ("About ink", "", "description", 0),
    ("<link>https://example.org/</link>", "<link>/</link>", "relative_url", 0),
    ("<language>en</language>\n", "", "language", usize::MAX),
    ("<language>en<", "<language>en_US<", "language", 0),
    ("<ttl>60<", "<ttl>an hour<", "ttl", 0),
    ("<ttl>60</ttl>", "<managingEditor>Ann</managingEditor>", "author", 0),
    ("<url>https://example.org/i.png</url>", "", "image", 0),
    ("rel=\"self\" ", "rel=\"hub\" ", "self_link", usize::MAX),
    ("version=\"2.0\"", "version=\"0.91\"", "version", 0),
    (" version=\"2.0\"", "", "version", 0),
    (
        "pubDate>Wed, 25 Nov 2026 06:30:00 +0000",
        "pubDate>2026-11-25 06:30",
        "date",
        0,
    ),
    ("pubDate>Wed, 25", "pubDate>Fri, 25", "date", 0),
    ("pubDate>Wed, 25 Nov 2026", "pubDate>Wed, 25 Nov 26", "date", 0),
    ("pubDate>Wed, 25 Nov 2026", "pubDate>Thu, 25 Nov 2027", "future", 0),
    ("Tue, 24 Nov 2026", "Thu, 01 Jan 1970", "old_date", 0),
    ("Tue, 24 Nov 2026", "Fri, 27 Nov 2026", "order", usize::MAX),
    (
        "<pubDate>Wed, 25 Nov 2026 06:30:00 +0000</pubDate>\n",
        "",
        "date",
        usize::MAX,
    ),
    (
        "<guid isPermaLink=\"false\">tag:example.org,2026:2</guid>\n",
        "",
        "id",
        usize::MAX,
    ),
    (
        "<guid isPermaLink=\"false\">tag:example.org,2026:2<",
        "<guid><",
        "id",
        0,
    ),
    (
        "<guid isPermaLink=\"false\">tag:example.org,2026:2<",
        "<guid isPermaLink=\"false\">https://example.org/1<",
        "id_doubled",
        usize::MAX,
    ),
    (" isPermaLink=\"false\"", "", "permalink", 0),
    ("isPermaLink=\"false\"", "isPermaLink=\"no\"", "permalink", 0),
    ("<link>https://example.org/2<", "<link>2/<", "relative_url", 0),
    ("<link>https://example.org/2<", "<link>urn:2<", "scheme", 0),
    (
        "<link>https://example.org/2<",
        "<link>http://localhost:1313/2<",
        "localhost",
        0,
    ),
    (
        "<link>https://example.org/2<",
        "<link>https://example.org/a b<",
        "url",
        0,
    ),
    ("<link>https://example.org/2<", "<link>http://[<", "url", 0),
    ("<title>Second<", "<title>&lt;b&gt;Second&lt;/b&gt;<", "title", 0),
    ("<title>Second<", "<title>Ink &amp;amp; paper<", "title", 0),
    (
        "<title>Second</title>",
        "<title>Second</title><title>Two</title>",
        "doubled",
        0,
    ),
    (
        "<dc:creator>A. Author</dc:creator>",
        "<author>A. Author</author>",
        "author",
        0,
    ),
    ("<category>ink<", "<category><", "category", 0),
    (
        "<category>ink</category>",
        "<category>ink</category><category>ink</category>",
        "category",
        0,
    ),
    (
        "<description>All about the first</description>\n",
        "",
        "content",
        usize::MAX,
    ),
    ("href=\"https://example.org/x?", "href=\"/x?", "relative_url", 0),
    (
        "href=\"https://example.org/x?a=1&amp;b=2\"",
        "href=\"#note\"",
        "relative_url",
        0,
    ),
    (
        "href=\"https://example.org/x?a=1&amp;b=2\"",
        "href=\"javascript:x()\"",
        "scheme",
        0,
    ),
    (
        "src=\"https://example.org/a.png\"",
        "src=\"//example.org/a.png\"",
        "relative_url",
        0,
    ),
    (
        "src=\"https://example.org/a.png\"",
        "srcset=\"https://example.org/a.png 1x, b.png 2x\"",
        "relative_url",
        0,
    ),
    (
        "<img src=\"https://example.org/a.png\" alt=\"\">",
        "<video poster=p.png></video>",
        "relative_url",
        0,
    ),
    (" alt=\"\"", "", "alt", 0),
    ("<img", "<script>x()</script><img", "script", 0),
    (
        "<img",
        "<iframe src=\"https://example.org/\"></iframe><img",
        "iframe",
        0,
    ),
    ("<img", "<img onerror=\"x()\"", "script", 0),
    ("<img", "<style>p{}</style><img", "style", 0),
    (" length=\"12\"", "", "enclosure", 0),
    (" type=\"audio/mpeg\"", " type=\"mp3\"", "enclosure", 0),
    ("url=\"https://example.org/a.mp3\"", "", "enclosure", 0),
    ("<category>ink</category>", "<pubdate>x</pubdate>", "spelling", 0),
    ("<category>ink</category>", "<updated>x</updated>", "unknown", 0),
    ("<category>ink</category>", "<encoded>x</encoded>", "namespace", 0),
    (
        "rss/1.0/modules/content/\"",
        "rss/1.0/modules/content\"",
        "namespace",
        18,
    ),
    (
        "</item>\n</channel>",
        "</item>\n</channel><item><title>x</title></item>",
        "item_outside",
        1,
    ),
];

const OF_ATOM: &[Defect] = &[
    (
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atom/ns#",
        "namespace",
        0,
    ),
    (" xmlns=\"http://www.w3.org/2005/Atom\"", "", "namespace", 0),
    ("<id>tag:example.org,2026:feed</id>\n", "", "missing", usize::MAX),
    ("<title>Second</title>\n", "", "missing", usize::MAX),
    ("<updated>2026-11-25T07:30:00Z</updated>\n", "", "missing", usize::MAX),
    ("<id>tag:example.org,2026:2<", "<id>2<", "id", 0),
    ("<id>tag:example.org,2026:2<", "<id><", "id", 0),
    (
        "<id>tag:example.org,2026:2<",
        "<id>tag:example.org,2026:1<",
        "id_doubled",
        usize::MAX,
    ),
    (
        "<published>2026-11-25T06:30:00Z",
        "<published>Wed, 25 Nov 2026 06:30:00 GMT",
        "date",
        0,
    ),
    (
        "<published>2026-11-25T06:30:00Z",
        "<published>2026-11-25 06:30:00Z",
        "date",
        0,
    ),
    (
        "<published>2026-11-25T06:30:00Z",
        "<published>2026-11-25T08:30:00Z",
        "date_order",
        0,
    ),
    (
        "<author><name>A. Author</name><uri>https://example.org/me</uri></author>\n",
        "",
        "author",
        usize::MAX,
    ),
    ("<name>A. Author</name>", "", "author", 0),
    ("rel=\"self\"", "rel=\"related\"", "self_link", usize::MAX),
    (" xml:lang=\"en\"", "", "language", 0),
    ("<category term=\"ink\" label", "<category label", "category", 0),
    (
        "<link href=\"https://example.org/1\"/>",
        "<link>https://example.org/1</link>",
        "url",
        0,
    ),
    ("<title>First<", "<title type=\"text/html\">First<", "media_type", 0),
    ("<div xmlns=\"http://www.w3.org/1999/xhtml\">", "<div>", "namespace", 0),
    ("<p>Plain</p>", "<p><a href=\"/x\">x</a></p>", "relative_url", 0),
    ("\"https://example.org/x\"", "\"x\"", "relative_url", 0),
    (
        "<summary>All about the first</summary>",
        "<summary>x</summary><summary>y</summary>",
        "doubled",
        0,
    ),
    (
        "<summary>All about the first</summary>",
        "<pubDate>x</pubDate>",
        "unknown",
        0,
    ),
];

const OF_JSON: &[Defect] = &[
    ("\"title\": \"Notes\",", "\"title\": \"Notes\"", "well_formed", 1),
    (
        "jsonfeed.org/version/1.1",
        "jsonfeed.org/version/2",
        "version",
        usize::MAX,
    ),
    ("\"title\": \"Notes\",\n", "", "missing", usize::MAX),
    ("\"items\"", "\"entries\"", "missing", usize::MAX),
    ("{\"id\": \"2\", ", "{\"id\": 2, ", "id", usize::MAX),
    ("{\"id\": \"2\", ", "{", "id", usize::MAX),
    ("{\"id\": \"2\", ", "{\"id\": \"1\", ", "id_doubled", usize::MAX),
    (", \"content_text\": \"Plain\"", "", "content", usize::MAX),
    ("2026-11-25T06:30:00Z", "25 Nov 2026", "date", usize::MAX),
    ("\"mime_type\": \"audio/mpeg\", ", "", "enclosure", usize::MAX),
    ("\"size_in_bytes\": 12", "\"size_in_bytes\": \"12\"", "type", usize::MAX),
    (
        "[{\"name\": \"A. Author\", \"url\": \"https://example.org/me\"}]",
        "{\"name\": \"A. Author\"}",
        "author",
        usize::MAX,
    ),
    ("[\"ink\", \"press\"]", "\"ink\"", "type", usize::MAX),
    ("[\"ink\", \"press\"]", "[\"ink\", \"ink\"]", "category", usize::MAX),
    (
        "\"feed_url\": \"https://example.org/feed.json\",\n",
        "",
        "self_link",
        usize::MAX,
    ),
    ("<p>Text</p>", "<p><a href='/x'>x</a></p>", "relative_url", usize::MAX),
    (
        "\"url\": \"https://example.org/2\"",
        "\"url\": \"/2\"",
        "relative_url",
        usize::MAX,
    ),
    ("\"language\"", "\"lang\"", "unknown", usize::MAX),
];

#[test]
fn an_author_hears_of_every_planted_defect_with_its_line_and_what_to_do() {
    let mut count = 0;
    let mut missed = Vec::new();
    for (feed, defects) in [(RSS, OF_FORM), (RSS, OF_RSS), (ATOM, OF_ATOM), (JSON, OF_JSON)] {
        assert_eq!(examined(feed.as_bytes()).findings, [], "the feed is sound before");
        for (from, to, rule, below) in defects {
            let (found, line) = planted(feed, from, to);
            let fits = |finding: &&Finding| {
                let place = *below == usize::MAX || finding.line == Some(line + below);
                finding.flaw.rule == *rule && place && !finding.flaw.remedy.is_empty()
            };
            if !found.findings.iter().any(|finding| fits(&finding)) {
                missed.push(format!(
                    "{from} → {to}: {rule} in {line}+{below}, but {:#?}",
                    found.findings
                ));
            }
            if feed != JSON {
                assert!(found.findings.iter().any(|one| one.line.is_some()), "{to} has a line");
            }
            count += 1;
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    assert!(count >= 60, "{count}");
}

#[test]
fn an_author_hears_of_what_concerns_the_whole_document() {
    let rules = |bytes: &[u8]| -> Vec<&'static str> {
        examined(bytes)
            .findings
            .iter()
            .map(|finding| finding.flaw.rule)
            .collect()
    };
    let (start, rest) = RSS.split_once("<item>").unwrap();
    let (_, end) = rest.rsplit_once("</item>").unwrap();
    let item = |number: usize| {
        format!(
            "<item><title>{number}</title><guid isPermaLink=\"false\">{number}</guid><description>x</description><pubDate>Wed, 25 Nov 2026 06:30:00 GMT</pubDate></item>\n"
        )
    };
    let items = |count: usize| (0..count).map(item).collect::<String>();
    assert_eq!(rules(format!("{start}{end}").as_bytes()), ["empty"]);
    assert_eq!(rules(format!("{start}{}{end}", items(501)).as_bytes()), ["entries"]);
    let long = "x".repeat(600 << 10);
    assert_eq!(rules(RSS.replace("All about the first", &long).as_bytes()), ["size"]);
    assert_eq!(rules(&vec![b' '; MOST_BYTES + 1]), ["size"]);
    assert_eq!(rules(b"  \n"), ["empty"]);
    assert_eq!(rules(b"<!DOCTYPE html><html>"), ["no_feed"]);
    assert_eq!(rules(b"<opml version=\"2.0\"/>"), ["no_feed"]);
    assert_eq!(rules(b"just words").last(), Some(&"no_feed"));
    assert_eq!(rules(b"[1]"), ["no_feed"]);
    assert!(
        rules(
            &RSS.replace("About ink", "Gr\u{fc}n")
                .bytes()
                .map(|b| if b == 0xc3 { 0xfc } else { b })
                .collect::<Vec<u8>>()
        )
        .contains(&"encoding")
    );
    let rdf = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">
        <channel><title>a</title><link>https://example.org/</link><description>b</description><dc:language>en</dc:language></channel>
        <item rdf:about=\"https://example.org/1\"><title>x</title><link>https://example.org/1</link><description>y</description><dc:date>2026-11-24</dc:date></item></rdf:RDF>";
    assert_eq!(rules(rdf.as_bytes()), ["version"]);
}

#[test]
fn a_feed_is_compared_with_where_it_was_read_and_with_what_http_says() {
    let of = |address: &str, charset: Option<&'static str>| {
        let address: Url = address.parse().unwrap();
        let specimen = Specimen {
            bytes: RSS.as_bytes(),
            address: Some(&address),
            charset,
            now: now(),
        };
        examine(specimen)
            .findings
            .iter()
            .map(|finding| finding.flaw.rule)
            .collect::<Vec<_>>()
    };
    assert!(of("https://example.org/rss.xml", Some("UTF-8")).is_empty());
    assert_eq!(of("https://example.org/feed", None), ["self_link"]);
    assert!(of("https://example.org/rss.xml", Some("iso-8859-1")).contains(&"encoding"));
}

#[test]
fn a_document_that_means_harm_costs_no_more_than_a_long_one() {
    let deep = format!("<rss version=\"2.0\">{}", "<a>".repeat(200_000));
    let found = examined(deep.as_bytes());
    assert!(found.findings.iter().any(|finding| finding.flaw.rule == "depth"));
    let wide = format!(
        "<rss {}/>",
        (0..100_000).map(|n| format!("a{n}=\"\" ")).collect::<String>()
    );
    let found = examined(wide.as_bytes());
    assert!(found.findings.iter().any(|finding| finding.flaw.rule == "attributes"));
    let many = format!("<rss version=\"2.0\"><channel>{}", "<x/>".repeat(400_000));
    assert!(
        examined(many.as_bytes())
            .findings
            .iter()
            .any(|finding| finding.flaw.rule == "size")
    );
    for text in [
        "<a ".repeat(100_000),
        "<script>".repeat(100_000),
        "<!--".repeat(100_000),
        "&".repeat(100_000),
    ] {
        let html = RSS.replace("All about the first", &format!("<![CDATA[{text}]]>"));
        assert!(examined(html.as_bytes()).findings.len() < 200);
    }
    let nested = format!("{{\"items\": {}", "[".repeat(1_000_000));
    let found = examined(nested.as_bytes());
    assert!(found.findings.iter().any(|finding| finding.flaw.rule == "well_formed"));
    let wrong = RSS.replace("</channel>", &"<item></itm>".repeat(50_000));
    assert!(examined(wrong.as_bytes()).findings.len() < 1_000);
}

proptest! {
    #[test]
    fn whatever_happened_to_a_feed_it_can_be_examined(
        which in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>(), "[<>&;\"'/=\\]!\\-?:a#x0\u{0}é \n]{0,6}"), 1..12),
    ) {
        let mut bytes = [RSS, ATOM, JSON][which].as_bytes().to_vec();
        for (at, kind, byte, text) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.splice(at..at, text.bytes())),
                2 => drop(bytes.drain(at..bytes.len().min(at + usize::from(byte)))),
                _ => {
                    let end = bytes.len().min(at + usize::from(byte));
                    let copy = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, copy));
                }
            }
        }
        let found = examined(&bytes);
        prop_assert!(found.findings.iter().all(|finding| finding.line.is_none_or(|line| line >= 1)));
    }
}
