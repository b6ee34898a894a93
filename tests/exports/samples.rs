//! A small export of each platform, written here: fields, states, and the shapes in which exports come.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use letterpress::ingest::{BringIn, bring_in};
use letterpress::model::article::Draft;
use tempfile::TempDir;

use super::{brought, drafts, left_out, public};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Brings one document in and gives what our own source reads, oldest first.
fn read(name: &str, text: &str) -> Vec<Draft> {
    let (from, into) = (folder(), folder());
    put(from.path(), name, text);
    let report = brought(&from.path().join(name), into.path(), None).unwrap();
    assert_eq!(report.problems, []);
    public(into.path())
}

fn names(terms: &[letterpress::model::article::Term]) -> Vec<&str> {
    terms.iter().map(|term| term.term.as_str()).collect()
}

fn authors(draft: &Draft) -> Vec<&str> {
    draft
        .content
        .authors
        .iter()
        .map(|author| author.name.as_str())
        .collect()
}

pub(super) const WXR: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Workshop</title><wp:wxr_version>1.2</wp:wxr_version>
<wp:author><wp:author_login><![CDATA[rosa]]></wp:author_login><wp:author_display_name><![CDATA[Rosa & Co.]]></wp:author_display_name></wp:author>
<item><title><![CDATA[Wood &amp; *stone* &#8211; a <em>start</em>]]></title><link>https://old.example/2021/05/wood-stone/?x=1&y=2</link>
<guid isPermaLink="false">https://old.example/?p=7</guid><dc:creator><![CDATA[rosa]]></dc:creator>
<content:encoded><![CDATA[First paragraph with {{ braces }}.

Second [caption id="a"]<img src="/a.png" alt="A"> A tree[/caption]

<h2>Subscribe</h2>

The end.]]></content:encoded>
<excerpt:encoded><![CDATA[In <b>short</b> &amp; sweet]]></excerpt:encoded>
<wp:post_id>7</wp:post_id><wp:post_name><![CDATA[wood-stone]]></wp:post_name><wp:post_type>post</wp:post_type><wp:status>publish</wp:status>
<wp:post_date>2021-05-04 12:00:00</wp:post_date><wp:post_date_gmt>2021-05-04 10:00:00</wp:post_date_gmt>
<wp:post_modified_gmt>2021-06-01 08:00:00</wp:post_modified_gmt><wp:post_password></wp:post_password>
<category domain="category" nicename="c"><![CDATA[Craft &amp; Care]]></category><category domain="post_tag" nicename="t"><![CDATA[C++]]></category>
<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value><![CDATA[9]]></wp:meta_value></wp:postmeta></item>
<item><title>Secret</title><content:encoded><![CDATA[x]]></content:encoded><wp:post_type>post</wp:post_type><wp:status>publish</wp:status><wp:post_password>abc</wp:post_password></item>
<item><title>Later & more</title><content:encoded><![CDATA[soon]]></content:encoded><wp:post_type>post</wp:post_type><wp:status>future</wp:status></item>
<item><title>Mine</title><content:encoded><![CDATA[x]]></content:encoded><wp:post_type>post</wp:post_type><wp:status>private</wp:status></item>
<item><title>Pic</title><wp:post_id>9</wp:post_id><wp:post_type>attachment</wp:post_type><wp:attachment_url>https://old.example/up/pic.jpg</wp:attachment_url>
<wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key><wp:meta_value>A plane</wp:meta_value></wp:postmeta></item>
</channel></rss>"#;

#[test]
fn an_author_leaves_wordpress_with_everything_that_readers_see() {
    let (from, into) = (folder(), folder());
    put(from.path(), "site.xml", WXR);
    let report = brought(from.path(), into.path(), None).unwrap();
    assert_eq!((report.articles, report.drafts, report.written), (1, 1, 1));
    for why in ["with a password", "private", "attachment", "draft"] {
        assert_eq!(left_out(&report, why), 1, "{why}");
    }
    let articles = public(into.path());
    let [wood] = articles.as_slice() else {
        panic!("{articles:#?}")
    };
    assert_eq!(wood.locator, "2021-05-04-wood-stone.html");
    assert_eq!(wood.content.title.as_deref(), Some("Wood & *stone* – a start"));
    assert_eq!(wood.url, "https://example.org/2021/05/wood-stone/");
    assert_eq!(wood.aliases, ["https://old.example/2021/05/wood-stone/?x=1&y=2"]);
    assert_eq!(wood.header_id.as_deref(), Some("https://old.example/?p=7"));
    assert_eq!(wood.published_at.unwrap().to_rfc3339(), "2021-05-04T10:00:00+00:00");
    assert_eq!(wood.updated_at.unwrap().to_rfc3339(), "2021-06-01T08:00:00+00:00");
    assert_eq!(wood.content.summary, "In short & sweet");
    assert_eq!(authors(wood), ["Rosa & Co."]);
    assert_eq!(
        (names(&wood.content.categories), names(&wood.content.tags)),
        (vec!["Craft & Care"], vec!["C++"])
    );
    let image = wood.content.image.as_ref().unwrap();
    assert_eq!(
        (image.url.as_str(), image.alt.as_str()),
        ("https://old.example/up/pic.jpg", "A plane")
    );
    let html = &wood.content.body_html;
    assert!(
        html.contains("<p>First paragraph with {{ braces }}.</p>"),
        "braces were text there: {html}"
    );
    assert!(
        html.contains("<figcaption>A tree</figcaption>") && html.contains("The end."),
        "{html}"
    );
    assert_eq!((wood.leftovers, wood.already_mailed), (0, false));
}

#[test]
fn drafts_come_only_when_they_are_asked_for_and_stay_drafts() {
    let (from, into) = (folder(), folder());
    put(from.path(), "site.xml", WXR);
    let wish = BringIn {
        from: vec![from.path().to_owned()],
        into: into.path().to_owned(),
        drafts: true,
        ..BringIn::default()
    };
    assert_eq!(bring_in(&wish, |_| {}).unwrap().written, 2);
    let drafts = drafts(into.path());
    assert_eq!(drafts["later-more.html"].excluded.as_deref(), Some("draft"));
    assert_eq!(drafts["later-more.html"].content.title.as_deref(), Some("Later & more"));
}

pub(super) const GHOST: &str = r##"{"db":[{"meta":{"exported_on":1700000000000,"version":"5.70.0"},"data":{
"posts":[
 {"id":"p1","title":"Iron &amp; ore","slug":"iron","html":"<p>Hot <a href=\"__GHOST_URL__/about/\">iron</a></p>","feature_image":"__GHOST_URL__/content/images/i.png","type":"post","status":"published","visibility":"public","published_at":"2022-02-03T04:05:06.000Z","updated_at":"2022-02-04T04:05:06.000Z","custom_excerpt":"Short","newsletter_id":"n1"},
 {"id":"p2","title":"Members","slug":"members","html":"<p>x</p>","type":"post","status":"published","visibility":"members","published_at":"2022-02-03T04:05:06.000Z"},
 {"id":"p3","title":"About","slug":"about","html":"<p>x</p>","type":"page","status":"published","visibility":"public"},
 {"id":"p4","title":"Sketch","slug":"sketch","html":"<p>x</p>","type":"post","status":"draft","visibility":"public","newsletter_id":"n1"},
 {"id":"p5","title":"Mail only","slug":"mail-only","html":"<p>x</p>","type":"post","status":"sent","visibility":"public"}],
"posts_meta":[{"post_id":"p1","feature_image_alt":"An anvil"}],
"tags":[{"id":"t1","name":"Metal","visibility":"public"},{"id":"t2","name":"#internal","visibility":"internal"},{"id":"t3","name":"Fire","visibility":"public"}],
"posts_tags":[{"post_id":"p1","tag_id":"t3","sort_order":1},{"post_id":"p1","tag_id":"t1","sort_order":0},{"post_id":"p1","tag_id":"t2","sort_order":2}],
"users":[{"id":"u1","name":"Rosa","email":"rosa@canary.example"}],
"posts_authors":[{"post_id":"p1","author_id":"u1","sort_order":0}],
"newsletters":[{"id":"n1","name":"Metal letters"}],
"settings":[{"key":"ghost_private_key","value":"canary-key"}]}}]}"##;

#[test]
fn an_author_leaves_ghost_and_its_keys_stay_where_they_are() {
    let (from, into) = (folder(), folder());
    put(from.path(), "backup.json", GHOST);
    let report = brought(&from.path().join("backup.json"), into.path(), None).unwrap();
    assert_eq!(
        (
            report.format.as_str(),
            report.articles,
            report.drafts,
            report.already_mailed
        ),
        ("ghost", 1, 1, 1)
    );
    for why in ["not for everyone", "page", "draft", "only mailed"] {
        assert_eq!(left_out(&report, why), 1, "{why}");
    }
    let text = fs::read_to_string(into.path().join("2022-02-03-iron.html")).unwrap();
    assert!(!text.contains("canary"), "{text}");
    let articles = public(into.path());
    let [iron] = articles.as_slice() else {
        panic!("{articles:#?}")
    };
    assert_eq!(
        (iron.content.title.as_deref(), iron.url.as_str()),
        (Some("Iron & ore"), "https://example.org/iron/")
    );
    assert_eq!(
        (authors(iron), names(&iron.content.tags)),
        (vec!["Rosa"], vec!["Metal", "Fire"])
    );
    assert!(iron.already_mailed && iron.content.body_html.contains("https://example.org/about/"));
    let image = iron.content.image.as_ref().unwrap();
    assert_eq!(
        (image.url.as_str(), image.alt.as_str()),
        ("https://example.org/content/images/i.png", "An anvil")
    );
}

const MEDIUM: &str = r#"<!DOCTYPE html><html><head><title>T</title></head><body><article class="h-entry"><header><h1 class="p-name">Clay</h1></header>
<section data-field="subtitle" class="p-summary">About clay</section><section data-field="body" class="e-content"><section class="section section--body section--first">
<div class="section-divider"><hr></div><h3 class="graf graf--title">Clay</h3><p>It is wet.</p></section></section>
<footer><p><a class="p-tag">Earth</a></p><p>By <a class="p-author h-card">Rosa</a> on <time class="dt-published" datetime="2020-01-02T03:04:05.678Z">x</time></p>
<p><a href="https://medium.com/@rosa/clay-0123456789ab" class="p-canonical">Canonical link</a></p></footer></article></body></html>"#;

#[test]
fn an_author_leaves_medium_and_the_title_stands_once() {
    let (from, into) = (folder(), folder());
    put(from.path(), "posts/2020-01-02_Clay-0123456789ab.html", MEDIUM);
    put(
        from.path(),
        "posts/reply.html",
        &MEDIUM
            .replace("<p>It is wet.</p>", "")
            .replace("<div class=\"section-divider\"><hr></div>", ""),
    );
    put(
        from.path(),
        "profile/profile.html",
        "<html><body><h1>Rosa</h1></body></html>",
    );
    let report = brought(from.path(), into.path(), None).unwrap();
    assert_eq!(
        (report.format.as_str(), report.articles, left_out(&report, "reply")),
        ("medium", 1, 1)
    );
    let articles = public(into.path());
    let [clay] = articles.as_slice() else {
        panic!("{articles:#?}")
    };
    assert_eq!(
        (clay.locator.as_str(), clay.url.as_str()),
        ("2020-01-02-clay.html", "https://example.org/clay/")
    );
    assert_eq!(clay.aliases, ["https://medium.com/@rosa/clay-0123456789ab"]);
    assert_eq!(
        (authors(clay), names(&clay.content.tags)),
        (vec!["Rosa"], vec!["Earth"])
    );
    assert_eq!(
        (clay.content.summary.as_str(), clay.content.body_text.trim()),
        ("About clay", "It is wet.")
    );
}

const SUBSTACK: &str = "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url\n\
    11.glue,2023-03-04T05:06:07.000Z,true,2023-03-04T05:10:00.000Z,newsletter,everyone,Glue &amp; tape,&#x201C;sticky&#x201D;,\n\
    12.paid,2023-03-05T05:06:07.000Z,true,,newsletter,only_paid,Paid,,\n13.talk,2023-03-06T05:06:07.000Z,true,,podcast,everyone,Talk,,https://cdn.example/talk.mp3\n";

fn substack(folder: &Path) {
    put(folder, "posts.csv", SUBSTACK);
    put(
        folder,
        "posts/11.glue.html",
        "<p>It holds.</p><div class=\"subscription-widget-wrap\"><p>Subscribe now</p></div><p>Well.</p>",
    );
    put(folder, "posts/12.paid.html", "<p>x</p>");
    put(folder, "posts/13.talk.html", "<p>Listen.</p>");
}

#[test]
fn an_author_leaves_substack_and_no_letter_goes_out_twice() {
    let (from, into) = (folder(), folder());
    substack(from.path());
    let report = brought(&from.path().join("posts.csv"), into.path(), None).unwrap();
    assert_eq!(
        (
            report.articles,
            report.already_mailed,
            left_out(&report, "not for everyone")
        ),
        (2, 1, 1)
    );
    let articles = public(into.path());
    assert_eq!(articles[0].content.title.as_deref(), Some("Glue & tape"));
    assert_eq!(articles[0].content.summary, "“sticky”");
    assert_eq!(articles[0].url, "https://example.org/p/glue");
    assert!(articles[0].already_mailed && !articles[0].content.body_html.contains("Subscribe"));
    assert_eq!(articles[1].content.enclosures[0].url, "https://cdn.example/talk.mp3");
    let again = brought(from.path(), into.path(), None).unwrap();
    assert_eq!((again.written, again.already_there), (0, 2), "nothing is overwritten");
}

#[test]
fn letters_of_buttondown_and_beehiiv_were_mailed() {
    let from = folder();
    put(
        from.path(),
        "emails.csv",
        "id,secondary_id,subject,publish_date,source,slug\na,1,Nails,2023-01-02 16:55:00+00:00,app,nails\nb,2,Rust,2023-01-05 13:00:00+00:00,app,rust\n",
    );
    put(
        from.path(),
        "emails/nails.md",
        "<!-- buttondown-editor-mode: plaintext -->## Head\n\nSome *nails*.",
    );
    put(
        from.path(),
        "emails/rust.md",
        "<!-- buttondown-editor-mode: fancy --><p>Some rust.</p>",
    );
    let into = folder();
    let report = brought(from.path(), into.path(), None).unwrap();
    assert_eq!((report.format.as_str(), report.already_mailed), ("buttondown", 2));
    let articles = public(into.path());
    assert!(articles.iter().all(|draft| draft.already_mailed));
    assert!(articles[0].content.body_html.contains("<em>nails</em>"));
    assert_eq!(articles[1].locator, "2023-01-05-rust.html");

    let text = "id,web_title,status,audience,content_tags,url,web_subtitle,email_subject_line,email_preview_text,content_html,thumbnail_url,created_at\n\
        1,Sand,confirmed,both,Earth; Sea,https://x.example/p/sand,Fine,Sand!,,\"<html><body><div id='content-blocks'><p>Fine sand.</p></div><p>Footer</p></body></html>\",https://x.example/s.png,2023-01-18 21:25:27\n\
        2,Gold,confirmed,premium,,https://x.example/p/gold,,Gold,,<p>x</p>,,2023-01-18 21:25:27\n3,Idea,draft,free,,,,,,<p>x</p>,,\n";
    let articles = read("posts.csv", text);
    let [sand] = articles.as_slice() else {
        panic!("{articles:#?}")
    };
    assert_eq!(
        (sand.content.body_text.trim(), sand.url.as_str()),
        ("Fine sand.", "https://example.org/p/sand")
    );
    assert!(sand.already_mailed && names(&sand.content.tags) == ["Earth", "Sea"]);
}

#[test]
fn wix_blogger_and_letterdrop_are_read_in_their_own_forms() {
    let rich = r#"{""nodes"":[{""type"":""HEADING"",""headingData"":{""level"":2},""nodes"":[{""type"":""TEXT"",""textData"":{""text"":""Head""}}]},{""type"":""PARAGRAPH"",""nodes"":[{""type"":""TEXT"",""textData"":{""text"":""a <b>"",""decorations"":[{""type"":""BOLD""}]}}]}]}"#;
    let head = "Author,Main Category,Title,Excerpt,ID,Tags,Featured,Slug,Plain Content,Cover Image,Published Date,Categories,Rich Content,Post Page URL";
    let text = format!(
        "{head}\nRosa,Craft,Paper,Thin,1,\"[\"\"t\"\"]\",TRUE,paper,plain,wix:image://v1/a~mv2.jpg/x.jpg#w=1,2024-01-02T03:04:05Z,Craft,\"{rich}\",/post/paper\n,,Cloth,,2,[],FALSE,cloth,\"One\n\nTwo & three\",,2024-01-03T03:04:05Z,,not json,/post/cloth\n"
    );
    let articles = read("posts.csv", &text);
    assert!(
        articles[0].content.body_html.contains("<strong>a &lt;b&gt;</strong>"),
        "{}",
        articles[0].content.body_html
    );
    assert_eq!(
        articles[0].content.image.as_ref().unwrap().url,
        "https://static.wixstatic.com/media/a~mv2.jpg"
    );
    assert_eq!(
        (articles[0].url.as_str(), authors(&articles[0])),
        ("https://example.org/post/paper", vec!["Rosa"])
    );
    assert!(articles[1].content.body_html.contains("<p>Two &amp; three</p>"));

    let atom = r#"<?xml version='1.0'?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:blogger.com,1999:blog-5</id>
        <entry><id>tag:blogger.com,1999:blog-5.post-1</id><published>2017-06-20T00:32:00-04:00</published><category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#post"/>
        <category scheme="http://www.blogger.com/atom/ns#" term="Books &amp; films"/><title type="text">Ink &amp; pen</title><content type="html">&lt;p&gt;Blue &amp;amp; black&lt;/p&gt;</content>
        <link rel="alternate" href="http://x.blogspot.example/2017/06/ink.html"/><author><name>Rosa</name></author></entry>
        <entry><id>c</id><category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#comment"/><content>x</content></entry></feed>"#;
    let articles = read("blog.xml", atom);
    let [ink] = articles.as_slice() else {
        panic!("{articles:#?}")
    };
    assert_eq!(
        (ink.content.title.as_deref(), ink.url.as_str()),
        (Some("Ink & pen"), "https://example.org/2017/06/ink.html")
    );
    assert_eq!(
        (ink.header_id.as_deref(), ink.content.body_text.trim()),
        (Some("tag:blogger.com,1999:blog-5.post-1"), "Blue & black")
    );
    assert_eq!(names(&ink.content.tags), ["Books & films"]);

    let json = r#"{"posts":[{"id":"1","title":"Thread","subtitle":"Long","body":"<p>Red thread.</p>","author":{"name":"Rosa"},"tags":["Wool"],"coverImage":"https://x.example/t.webp","slug":"thread","url":"https://x.example/p/thread","publishedOn":"2023-02-03T09:49:30.272Z"}]}"#;
    let articles = read("api.json", json);
    assert_eq!(
        (
            articles[0].content.title.as_deref(),
            articles[0].content.summary.as_str()
        ),
        (Some("Thread"), "Long")
    );
}

#[test]
fn a_jekyll_tree_keeps_what_its_names_say() {
    let (from, into) = (folder(), folder());
    put(
        from.path(),
        "_posts/2021-9-1-saw.md",
        "---\ntitle: Saw\ntags: wood Steel\ncategories: [Tools]\n---\nA *saw* {{ site.title }}.\n",
    );
    put(
        from.path(),
        "_posts/2021-10-01-file.html",
        "---\ntitle: File\npublished: false\n---\n<p>x</p>\n",
    );
    put(
        from.path(),
        "_layouts/post.html",
        "---\nlayout: default\n---\n{{ content }}",
    );
    put(from.path(), "README.md", "# Site");
    let report = brought(from.path(), into.path(), None).unwrap();
    assert_eq!(
        (report.format.as_str(), report.articles, report.drafts),
        ("jekyll", 1, 1)
    );
    let articles = public(into.path());
    assert_eq!(
        (articles[0].locator.as_str(), names(&articles[0].content.tags)),
        ("2021-09-01-saw.md", vec!["wood", "Steel"])
    );
    assert!(
        articles[0].content.body_html.contains("Workshop Notes"),
        "Liquid is known"
    );
}

#[test]
fn a_squarespace_picture_is_where_browsers_look_for_it() {
    let html = "<div class=\"sqs-block\"><noscript><img src=\"https://x.example/a.png\"></noscript><img class=\"thumb-image\" data-src=\"https://x.example/a.png\" alt=\"A\"></div><p>Words.</p>";
    let start = WXR.find("First paragraph").unwrap();
    let end = WXR.find("The end.").unwrap() + 8;
    let text = format!("{}{html}{}", &WXR[..start], &WXR[end..]);
    let articles = read("squarespace.xml", &text);
    let body = &articles[0].content.body_html;
    assert_eq!(body.matches("https://x.example/a.png").count(), 1, "{body}");
}

/// A zip archive of these files, deflated.
pub(super) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut table) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(bytes).unwrap();
        let packed = deflate.finish().unwrap();
        let at = u32::try_from(archive.len()).unwrap();
        let sizes = [packed.len(), bytes.len()].map(|size| u32::try_from(size).unwrap().to_le_bytes());
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        // Version, flags, deflate, time and date; no checksum is looked at.
        let common = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &sizes[0],
            &sizes[1],
            &length,
            &[0, 0],
        ]
        .concat();
        archive.extend([b"PK\x03\x04".as_slice(), &common, name.as_bytes(), &packed].concat());
        table.extend(
            [
                b"PK\x01\x02\x14\x00".as_slice(),
                &common,
                &[0; 10],
                &at.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let place = [table.len(), archive.len()].map(|number| u32::try_from(number).unwrap().to_le_bytes());
    archive.extend(
        [
            table.as_slice(),
            b"PK\x05\x06\0\0\0\0",
            &count,
            &count,
            &place[0],
            &place[1],
            &[0, 0],
        ]
        .concat(),
    );
    archive
}

/// A tar archive of these files, packed with gzip.
pub(super) fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    for (name, bytes) in files {
        let mut head = [0; 512];
        head[..name.len()].copy_from_slice(name.as_bytes());
        head[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        head[156] = b'0';
        head[257..262].copy_from_slice(b"ustar");
        packer.write_all(&head).unwrap();
        packer.write_all(bytes).unwrap();
        packer.write_all(&vec![0; (512 - bytes.len() % 512) % 512]).unwrap();
    }
    packer.write_all(&[0; 1024]).unwrap();
    packer.finish().unwrap()
}

#[test]
fn an_archive_is_read_as_it_was_downloaded() {
    let files: [(&str, &[u8]); 4] = [
        ("export/posts.csv", SUBSTACK.as_bytes()),
        ("export/posts/11.glue.html", b"<p>It holds.</p>"),
        ("export/posts/13.talk.html", b"<p>Listen.</p>"),
        ("__MACOSX/._posts.csv", b"\0\0"),
    ];
    for (name, bytes) in [("export.zip", zipped(&files)), ("export.tar.gz", tarred(&files))] {
        let (from, into) = (folder(), folder());
        fs::write(from.path().join(name), bytes).unwrap();
        let report = brought(&from.path().join(name), into.path(), None).unwrap();
        assert_eq!((report.articles, report.problems.len()), (2, 0), "{name}: {report:#?}");
        assert_eq!(public(into.path()).len(), 2);
    }
}

#[test]
fn no_name_in_an_export_leads_out_of_the_folder() {
    let hostile = [
        "../../etc/passwd",
        "/abs",
        "..\\..\\x",
        "a/../../b",
        ".hidden",
        "%2e%2e%2fx",
        "con\u{0}trol",
        "",
        "index",
    ];
    let (from, top) = (folder(), folder());
    let into = top.path().join("content");
    let rows: Vec<String> = hostile.iter().enumerate().map(|(number, slug)| {
        format!("{{\"title\":\"T{number}\",\"slug\":{},\"url\":{},\"body\":\"<p>x</p>\",\"publishedOn\":\"2023-02-03T09:49:30Z\"}}",
            serde_json::Value::from(*slug), serde_json::Value::from(format!("https://x.example/{slug}")))
    }).collect();
    put(from.path(), "api.json", &format!("{{\"posts\":[{}]}}", rows.join(",")));
    let report = brought(from.path(), &into, None).unwrap();
    assert_eq!(report.written, hostile.len() as u64, "{report:#?}");
    assert_eq!(fs::read_dir(top.path()).unwrap().count(), 1);
    for entry in fs::read_dir(&into).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.strip_suffix(".html").unwrap();
        assert!(
            stem.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{name}"
        );
    }
    assert_eq!(drafts(&into).len(), hostile.len());
}
