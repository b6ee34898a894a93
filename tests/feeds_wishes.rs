//! What an author can add to the feeds: a podcast, a footer, Markdown, films of named hosts, pictures of site and person.

use std::sync::Arc;
use std::time::Duration;

use letterpress::app::App;
use letterpress::config::{Podcast, Settings};
use letterpress::ingest;
use letterpress::model::clock::{SeededChance, SetClock};
use letterpress::model::podcast::{Category, guid};
use letterpress::syndicate::{self, Answer};
use tempfile::TempDir;
use url::Url;

use crate::support::{Bench, at, engines, settings};

const RECORDING: &str = "---\ntitle: Talk\ndate: 2026-12-01\nimage: https://example.org/square.jpg\nepisode: 3\nseason: 1\n\
     explicit: clean\ntranscript: https://example.org/talk.vtt\nenclosure: { url: \"https://example.org/talk.MP3?from=feed\", length: 9, \
     duration: \"1:15\" }\n---\nA talk.\n";

fn podcast() -> Podcast {
    Podcast {
        category: Category::parse("Arts > Books").unwrap(),
        email: "podcast@example.org".to_owned(),
        explicit: false,
        image: None,
        index: true,
        locked: true,
        guid: None,
    }
}

async fn read(app: &App) {
    ingest::scan_all(app, &|_, _| {}).await.unwrap();
    syndicate::refresh(app).await.unwrap();
}

async fn text(app: &App, path: &str) -> String {
    match syndicate::answer(app, path).await {
        Answer::Document(document) => String::from_utf8(document.bodies().identity().to_vec()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

/// An application whose author wrote a footer, and the folder that it lives in.
async fn with_footer(footer: &str, articles: &[(&str, &str)]) -> (TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    for dir in ["content", "state", "own/feeds"] {
        std::fs::create_dir_all(folder.path().join(dir)).unwrap();
    }
    std::fs::write(folder.path().join("own/feeds/footer.html.hbs"), footer).unwrap();
    for (name, text) in articles {
        std::fs::write(folder.path().join("content").join(name), text).unwrap();
    }
    let mut settings = settings(folder.path());
    settings.templates = Some(folder.path().join("own"));
    let clock = Arc::new(SetClock::at(at("2027-01-01T00:00:00Z")));
    let app = App::assemble(settings, clock, Arc::new(SeededChance::new(7)))
        .await
        .unwrap();
    (folder, app)
}

/// The feed-level time of RSS.
fn feed_time(rss: &str) -> String {
    let (_, rest) = rss.split_once("<lastBuildDate>").unwrap();
    rest[..31].to_owned()
}

/// The bench with other settings, from now on.
fn change(bench: &Bench, change: impl FnOnce(&mut Settings)) {
    let mut settings = Settings::clone(&bench.app.settings());
    change(&mut settings);
    bench.app.replace_settings(settings);
    bench.wait(Duration::from_mins(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_podcasts_is_told_all_it_asks_for_or_nothing() {
    let bench = Bench::new(|settings| {
        settings.feeds.icon = Some("https://example.org/icon.png".to_owned());
    })
    .await;
    bench.write("talk.md", RECORDING);
    bench.write(
        "words.md",
        "---\ntitle: Words\ndate: 2026-12-02\nseason: 4\ntags: [w]\n---\nNo recording.\n",
    );
    read(&bench.app).await;
    let silent = text(&bench.app, "/rss.xml").await;
    assert!(silent.contains("<enclosure") && !silent.contains("itunes:") && !silent.contains("podcast:"));

    change(&bench, |settings| settings.feeds.podcast = Some(podcast()));
    read(&bench.app).await;
    let told = text(&bench.app, "/rss.xml").await;
    for part in [
        "<itunes:owner><itunes:name>A. Author</itunes:name><itunes:email>podcast@example.org</itunes:email></itunes:owner>",
        "<itunes:category text=\"Arts\"><itunes:category text=\"Books\"></itunes:category></itunes:category>",
        "<itunes:explicit>false</itunes:explicit>",
        "<itunes:image href=\"https://example.org/icon.png\"></itunes:image>",
        "<podcast:locked owner=\"podcast@example.org\">yes</podcast:locked>",
        "<itunes:duration>75</itunes:duration><itunes:episode>3</itunes:episode><itunes:season>1</itunes:season>",
        "<podcast:transcript type=\"text/vtt\" url=\"https://example.org/talk.vtt\"></podcast:transcript>",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(
        told.matches("<itunes:season>").count(),
        1,
        "an article without a recording has no season"
    );
    // What nobody added to keeps its time.
    let (silent, told) = (feed_time(&silent), feed_time(&told));
    assert_eq!(silent, told);
    let wordy = text(&bench.app, "/tag/w/rss.xml").await;
    assert!(!wordy.contains("itunes:") && !wordy.contains("podcast:"), "{wordy}");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_podcast_keeps_its_name_when_the_feed_moves() {
    for engine in engines() {
        let bench = Bench::on(engine, at("2027-01-01T00:00:00Z"), |_| {}).await;
        bench.write("talk.md", RECORDING);
        read(&bench.app).await;
        change(&bench, |settings| settings.feeds.podcast = Some(podcast()));
        read(&bench.app).await;
        let address = format!("{}rss.xml", bench.app.settings().feeds.base_url);
        let name = format!("<podcast:guid>{}</podcast:guid>", guid(&address));
        assert!(text(&bench.app, "/rss.xml").await.contains(&name), "{name}");
        let elsewhere = Url::parse("https://new.example.net/").unwrap();
        change(&bench, |settings| settings.feeds.base_url = elsewhere);
        bench.write("more.md", "---\ntitle: More\ndate: 2026-12-03\n---\nText.\n");
        read(&bench.app).await;
        let moved = text(&bench.app, "/rss.xml").await;
        assert!(
            moved.contains("https://new.example.net/rss.xml") && moved.contains(&name),
            "{moved}"
        );
        let former = "9b024349-ccf0-5f69-a609-6b82873eab3c".to_owned();
        let known = podcast();
        change(&bench, |settings| {
            settings.feeds.podcast = Some(Podcast {
                guid: Some(former.clone()),
                ..known
            });
        });
        read(&bench.app).await;
        assert!(text(&bench.app, "/rss.xml").await.contains(&former));
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_footer_of_the_authors_own_stands_under_whole_articles() {
    let footer =
        "{{!-- a note --}}<p>{{article.title}} first stood on <a href=\"{{site.url}}\">{{site.title}}</a>.</p>\n";
    let article = "---\ntitle: R&D\ndate: 2026-12-01\nsummary: In short.\n---\nText.\n";
    let (_folder, app) = with_footer(footer, &[("a.md", article)]).await;
    read(&app).await;
    let under = "<p>Text.</p>\n<p>R&amp;D first stood on <a href=\"https://example.org/\">";
    let rss = text(&app, "/rss.xml").await;
    assert!(rss.contains(under), "{rss}");
    let short = rss.split("<description>").nth(2).unwrap();
    assert!(!short[..40].contains("first stood"), "{short}");
    let json: serde_json::Value = serde_json::from_str(&text(&app, "/feed.json").await).unwrap();
    assert!(json["items"][0]["content_html"].as_str().unwrap().contains(under));
    app.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_markdown_is_shown_when_the_author_wants_it_and_that_is_no_edit() {
    let bench = Bench::new(|_| {}).await;
    bench.write(
        "a.md",
        "---\ntitle: One\ndate: 2026-12-01\n---\n\nA *word* & [more](https://example.org/).\n",
    );
    bench.write("b.html", "<article><h1>Two</h1><p>No Markdown.</p></article>");
    read(&bench.app).await;
    assert!(!text(&bench.app, "/rss.xml").await.contains("source:"));
    change(&bench, |settings| settings.feeds.markdown = true);
    read(&bench.app).await;
    let rss = text(&bench.app, "/rss.xml").await;
    assert_eq!(rss.matches("<source:markdown>").count(), 1, "{rss}");
    assert!(
        rss.contains("<source:markdown>A *word* &amp; [more](https://example.org/).</source:markdown>"),
        "{rss}"
    );
    assert!(!rss.contains("<atom:updated>"), "{rss}");
    // What is longer by far than what readers see stays out, and takes no other article down.
    let long = format!(
        "---\ntitle: Long\ndate: 2026-12-20\n---\nShort.\n\n<!-- {} -->\n",
        "x".repeat(600_000)
    );
    bench.write("c.md", &long);
    read(&bench.app).await;
    let rss = text(&bench.app, "/rss.xml").await;
    assert!(
        rss.contains("Short.") && rss.contains("A *word*") && rss.len() < 10_000,
        "{}",
        rss.len()
    );
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_of_a_host_that_the_author_named_plays_in_feeds() {
    let bench = Bench::new(|settings| settings.sources[0].embeds = vec!["film.example.net".to_owned()]).await;
    let film = "<iframe src=\"https://film.example.net/1\" title=\"The press\" onload=\"x()\" srcdoc=\"<p>\"></iframe>";
    let other = "<iframe src=\"https://other.example.net/1\" title=\"Another\"></iframe>";
    bench.write(
        "a.md",
        &format!("---\ntitle: One\ndate: 2026-12-01\n---\nText.\n\n{film}\n\n{other}\n"),
    );
    read(&bench.app).await;
    let rss = text(&bench.app, "/rss.xml").await;
    assert!(
        rss.contains("<iframe src=\"https://film.example.net/1\" title=\"The press\"></iframe>"),
        "{rss}"
    );
    assert!(
        rss.contains("<a href=\"https://other.example.net/1\">Another</a>"),
        "{rss}"
    );
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_json_feed_see_the_sites_picture_and_the_authors() {
    let bench = Bench::new(|settings| {
        settings.feeds.icon = Some("https://example.org/icon.svg".to_owned());
        settings.site.theme.author_photo = Some("https://example.org/me.jpg".to_owned());
    })
    .await;
    bench.write(
        "a.md",
        "---\ntitle: One\ndate: 2026-12-01\nauthors: [A. Author, Somebody Else]\n---\nText.\n",
    );
    read(&bench.app).await;
    let json: serde_json::Value = serde_json::from_str(&text(&bench.app, "/feed.json").await).unwrap();
    assert_eq!(json["favicon"], json["icon"]);
    assert_eq!(json["authors"][0]["avatar"], "https://example.org/me.jpg");
    assert_eq!(json["items"][0]["authors"][0]["avatar"], "https://example.org/me.jpg");
    assert!(json["items"][0]["authors"][1].get("avatar").is_none());
    // RSS 2.0 knows no SVG.
    assert!(!text(&bench.app, "/rss.xml").await.contains("<image>"));
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_footer_that_fails_takes_no_article_down() {
    let footer = "<p>In {{article.category.name}}</p>\n";
    let articles = [
        (
            "a.md",
            "---\ntitle: One\ndate: 2026-12-01\ncategory: Ink\n---\nText of a.\n",
        ),
        ("b.md", "---\ntitle: Two\ndate: 2026-12-01\n---\nText of b.\n"),
    ];
    let (_folder, app) = with_footer(footer, &articles).await;
    read(&app).await;
    let rss = text(&app, "/rss.xml").await;
    assert!(
        rss.contains("Text of a.</p>\n<p>In Ink</p>") && rss.contains("Text of b.</p>"),
        "{rss}"
    );
    app.database.close().await;
}
