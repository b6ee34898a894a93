//! A site's output as a source: its own feed first, then its pages; what is no article never becomes one.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use letterpress::config::{SiteSource, Source, SourceKind};
use letterpress::ingest::{self, ArticleRow};

use super::{public, scan};
use crate::support::{Bench, shared_data, source};

fn site_source(path: &Path, change: impl FnOnce(&mut SiteSource)) -> Source {
    let mut site = SiteSource::default();
    change(&mut site);
    Source {
        kind: SourceKind::Site(site),
        raw_templates: true,
        ..source("site", path.to_owned())
    }
}

async fn bench(url: &str, source: impl FnOnce(&Path) -> Source) -> Bench {
    let url = url.parse().unwrap();
    let bench = Bench::new(|settings| {
        settings.site.url = url;
        let folder = settings.sources[0].path.clone();
        settings.sources = vec![source(&folder)];
    })
    .await;
    bench.clock.set(crate::support::at("2027-01-01T00:00:00Z"));
    bench
}

/// What readers see of each article and generators agree on.
fn seen(rows: &[ArticleRow]) -> BTreeSet<(String, String, String)> {
    rows.iter()
        .map(|row| (row.url.clone(), row.title.clone(), row.published_at.clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_output_of_a_generator_gives_the_articles_that_went_into_it() {
    let Some(data) = shared_data() else { return };
    for (name, url, path, permalink, count) in [
        ("eleventy-base-blog", "https://example.com/", "", "/blog/:slug/", 4),
        (
            "hexo-theme-unit-test",
            "http://example.com/",
            "source/_posts",
            "/:year/:month/:day/:slug/",
            15,
        ),
    ] {
        let articles = data.join("articles").join(name).join(path);
        let from_files = bench(url, |_| Source {
            permalink: Some(permalink.to_owned()),
            ..source("files", articles)
        })
        .await;
        scan(&from_files).await;
        let output = data.join("site-output").join(name);
        let from_site = bench(url, |_| site_source(&output, |_| {})).await;
        let report = scan(&from_site).await;
        let (files, site) = (public(&from_files).await, public(&from_site).await);
        assert_eq!(site.len(), count, "{name}: {report:?}");
        assert_eq!(seen(&site), seen(&files), "{name}");
        assert!(
            site.iter().all(|row| row.updated_at.is_none()),
            "{name}: the time of building is no edit"
        );
        let again = scan(&from_site).await;
        assert_eq!((again.added, again.updated), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_summaries_is_filled_from_the_pages() {
    let Some(data) = shared_data() else { return };
    let output = data.join("site-output/burntsushi-hugo");
    let plain = bench("https://burntsushi.net/", |_| site_source(&output, |_| {})).await;
    let report = scan(&plain).await;
    let rows = public(&plain).await;
    assert_eq!(rows.len(), 15, "{report:?}");
    let missing: Vec<&str> = report
        .problems
        .iter()
        .filter(|one| one.code == "page_missing")
        .map(|one| one.file.as_str())
        .collect();
    assert_eq!(
        missing,
        [
            "entry:https://burntsushi.net/csv/",
            "entry:https://burntsushi.net/rust-error-handling/"
        ]
    );
    let whole = rows
        .iter()
        .filter(|row| row.body_text.split_whitespace().count() > 300)
        .count();
    assert!(whole >= 12, "{whole} whole articles");
    let wider = bench("https://burntsushi.net/", |_| {
        site_source(&output, |site| {
            site.pages = vec!["*/index.html".to_owned()];
            site.date_selector = Some(".post-meta".to_owned());
        })
    })
    .await;
    let report = scan(&wider).await;
    let rows = public(&wider).await;
    assert_eq!(rows.len(), 17, "{report:?}");
    for row in &rows {
        assert!(
            !row.title.is_empty() && row.published_from != "first_seen",
            "{} {}",
            row.url,
            row.published_from
        );
        assert!(!row.url.contains("404"), "{}", row.url);
    }
}

fn page(title: &str, text: &str) -> String {
    format!(
        "<!doctype html><html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )
}

fn rss(numbers: &[usize]) -> String {
    let items = numbers.iter().map(|number| {
        format!(
            "<item><title>Note {number}</title><link>https://example.org/n/{number}/</link><guid>https://example.org/n/{number}/</guid>\
             <pubDate>Tue, {number:02} Dec 2026 08:00:00 +0000</pubDate><description>Lead {number}.</description></item>"
        )
    });
    format!(
        "<rss version=\"2.0\"><channel><title>x</title>{}</channel></rss>",
        items.collect::<String>()
    )
}

/// A site with these pages, and these in its feed.
fn build(bench: &Bench, pages: &[usize], feed: &[usize]) {
    for number in pages {
        bench.write(
            &format!("n/{number}/index.html"),
            &page(&format!("Note {number}"), &format!("The whole text of {number}.")),
        );
    }
    bench.write(
        "index.html",
        "<html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feeds/main.xml\"></head></html>",
    );
    bench.write("about.html", &page("About", "Who we are."));
    bench.write("feeds/main.xml", &rss(feed));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_leaves_the_feed_stays_while_its_page_does() {
    let bench = bench("https://example.org/", |path| site_source(path, |_| {})).await;
    build(&bench, &[1, 2, 3], &[1, 2, 3]);
    let report = scan(&bench).await;
    assert_eq!(
        (report.added, report.baseline, report.problems.len()),
        (3, 3, 0),
        "{report:?}"
    );
    let rows = public(&bench).await;
    assert!(
        rows.iter()
            .all(|row| row.body_text.starts_with("The whole text") && row.summary.starts_with("Lead")),
        "{rows:?}"
    );
    build(&bench, &[4], &[3, 4]);
    let later = scan(&bench).await;
    assert_eq!((later.added, later.mailable, later.withdrawn), (1, 1, 0), "{later:?}");
    assert_eq!(public(&bench).await.len(), 4);
    // An edit of a page is an edit of its article.
    bench.write("n/4/index.html", &page("Note 4", "Other words altogether."));
    assert_eq!(scan(&bench).await.updated, 1);
    std::fs::remove_dir_all(bench.content().join("n/1")).unwrap();
    scan(&bench).await;
    bench.wait(Duration::from_mins(11));
    let gone = scan(&bench).await;
    assert_eq!((gone.withdrawn, public(&bench).await.len()), (1, 3), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_vanishes_or_whose_feed_breaks_changes_nothing() {
    let bench = bench("https://example.org/", |path| site_source(path, |_| {})).await;
    build(&bench, &[1, 2, 3], &[1, 2, 3]);
    scan(&bench).await;
    bench.write("feeds/main.xml", "<rss><channel>");
    let broken = scan(&bench).await;
    assert_eq!(broken.problems[0].code, "feed_invalid", "{broken:?}");
    std::fs::rename(bench.content(), bench.folder.path().join("away")).unwrap();
    for _ in 0..3 {
        bench.wait(Duration::from_mins(20));
        let away = scan(&bench).await;
        assert_eq!(away.problems[0].code, "mass_vanish", "{away:?}");
    }
    std::fs::create_dir(bench.content()).unwrap();
    for _ in 0..3 {
        bench.wait(Duration::from_mins(20));
        scan(&bench).await;
    }
    assert_eq!(public(&bench).await.len(), 3);
    std::fs::remove_dir(bench.content()).unwrap();
    std::fs::rename(bench.folder.path().join("away"), bench.content()).unwrap();
    build(&bench, &[], &[1, 2, 3]);
    let back = scan(&bench).await;
    assert_eq!(
        (back.added, back.mailable, back.withdrawn, back.problems.len()),
        (0, 0, 0, 0),
        "{back:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_feed_the_author_says_which_pages_are_articles() {
    let bench = bench("https://example.org/", |path| {
        site_source(path, |site| site.pages = vec!["20*/**".to_owned()])
    })
    .await;
    bench.write("2026/12/01/dated/index.html", &page("Dated", "Its address says when."));
    bench.write("2026/undated.html", &page("Undated", "Nothing says when."));
    bench.write("about.html", &page("About", "Who we are."));
    scan(&bench).await;
    let rows = public(&bench).await;
    let urls: Vec<&str> = rows.iter().map(|row| row.url.as_str()).collect();
    assert_eq!(urls, ["https://example.org/2026/12/01/dated/"]);
    assert_eq!(
        (rows[0].published_from.as_str(), rows[0].published_at.as_str()),
        ("path", "2026-12-01T00:00:00Z")
    );
    let closed = site_source(&bench.content(), |_| {});
    let report = ingest::scan_source(&bench.app, &closed, &|_, _| {}).await.unwrap();
    assert_eq!(report.problems[0].code, "feed_invalid");
    assert!(report.problems[0].remedy.contains("include"), "{report:?}");
    assert_eq!(public(&bench).await.len(), 1);
    std::fs::remove_dir_all(bench.content().join("2026/12")).unwrap();
    scan(&bench).await;
    bench.wait(Duration::from_mins(11));
    assert_eq!(scan(&bench).await.withdrawn, 1, "the only page was taken away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_feed_cannot_be_read_yet_says_nothing_about_what_is_old() {
    let bench = bench("https://example.org/", |path| site_source(path, |_| {})).await;
    build(&bench, &[1, 2], &[1, 2]);
    bench.write("feeds/main.xml", "<rss><channel>");
    let broken = scan(&bench).await;
    assert_eq!(broken.problems[0].code, "feed_invalid", "{broken:?}");
    build(&bench, &[1, 2], &[1, 2]);
    let first = scan(&bench).await;
    assert_eq!(
        (first.baseline, first.mailable, first.problems.len()),
        (2, 0, 0),
        "{first:?}"
    );
}
