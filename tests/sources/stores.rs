//! The real stores of the open test data, one source each (`sources.md` 8.1). Skipped where the data is not at hand.

use std::collections::BTreeMap;

use letterpress::config::Source;
use letterpress::ingest::{self, ArticleRow, ScanReport};
use letterpress::model::article::Severity;

use super::{list, scan};
use crate::support::{self, Bench, shared_data, source};

/// What a store comes to.
struct Expected {
    store: &'static str,
    inner: &'static str,
    published: usize,
    excluded: usize,
    untitled: usize,
    undated: usize,
    errors: &'static [&'static str],
}

const PLAIN: Expected = Expected {
    store: "",
    inner: "",
    published: 0,
    excluded: 0,
    untitled: 0,
    undated: 0,
    errors: &[],
};

const STORES: &[Expected] = &[
    Expected {
        store: "rust-blog",
        published: 40,
        ..PLAIN
    },
    Expected {
        store: "burntsushi",
        published: 17,
        excluded: 1,
        ..PLAIN
    },
    Expected {
        store: "hexo-theme-unit-test",
        inner: "source/_posts",
        published: 15,
        untitled: 1,
        ..PLAIN
    },
    Expected {
        store: "eleventy-base-blog",
        published: 4,
        errors: &["unsupported_header"],
        ..PLAIN
    },
    Expected {
        store: "eleventy-site",
        published: 14,
        excluded: 1,
        ..PLAIN
    },
    // Two by the author's marks, two of nothing but template tags.
    Expected {
        store: "jekyll-test-source",
        published: 54,
        excluded: 4,
        untitled: 16,
        undated: 1,
        ..PLAIN
    },
    Expected {
        store: "bridgetown-website",
        published: 19,
        errors: &["unsupported_header"],
        ..PLAIN
    },
    Expected {
        store: "prometheus",
        published: 14,
        excluded: 1,
        ..PLAIN
    },
    Expected {
        store: "tailwind-nextjs",
        published: 10,
        excluded: 1,
        ..PLAIN
    },
    Expected {
        store: "jekyll-docs",
        published: 20,
        ..PLAIN
    },
    Expected {
        store: "hexo-site",
        published: 20,
        ..PLAIN
    },
    Expected {
        store: "nodejs-org",
        published: 30,
        ..PLAIN
    },
    Expected {
        store: "tokio",
        published: 10,
        ..PLAIN
    },
    Expected {
        store: "gatsby-starter",
        published: 3,
        ..PLAIN
    },
    Expected {
        store: "simonw-til",
        published: 20,
        undated: 20,
        ..PLAIN
    },
    Expected {
        store: "matklad",
        ..PLAIN
    },
];

/// The few lines that a store needs in the config file.
fn configure(store: &str, source: &mut Source) {
    match store {
        "hexo-theme-unit-test" => source.permalink = Some("/:year/:month/:day/:slug/".to_owned()),
        "eleventy-base-blog" => source.permalink = Some("/blog/:slug/".to_owned()),
        "eleventy-site" => {
            source.map.insert("title".to_owned(), vec!["newstitle".to_owned()]);
        }
        "jekyll-test-source" => source.split_spaces = vec!["tags".to_owned(), "categories".to_owned()],
        _ => {}
    }
}

async fn bench_of_all() -> Option<Bench> {
    let data = shared_data()?.join("articles");
    let sources = STORES.iter().map(|expected| {
        let mut source = source(expected.store, data.join(expected.store).join(expected.inner));
        configure(expected.store, &mut source);
        source
    });
    let sources: Vec<Source> = sources.collect();
    Some(Bench::new(|settings| settings.sources = sources).await)
}

fn count<'r>(
    rows: impl Iterator<Item = &'r ArticleRow>,
    word: impl Fn(&'r ArticleRow) -> &'r str,
) -> BTreeMap<&'r str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(word(row)).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn every_store_comes_to_the_articles_that_its_author_published() {
    let Some(bench) = bench_of_all().await else { return };
    let report = scan(&bench).await;
    let rows = list(&bench).await;
    for expected in STORES {
        holds_for_store(expected, &rows, &report);
    }
    let published = || rows.iter().filter(|row| row.status == "published");
    assert_eq!(published().count(), 290);
    let origins = count(published(), |row| &row.published_from);
    assert_eq!(
        origins,
        BTreeMap::from([("header", 132), ("file_name", 97), ("path", 40), ("first_seen", 21)])
    );
    assert_eq!(published().filter(|row| row.title.is_empty()).count(), 17);
    assert_eq!(
        count(published(), |row| &row.summary_from)
            .get("marker")
            .copied()
            .unwrap_or(0),
        35 - keyed_with_marker(&bench, &rows)
    );
    assert_eq!((report.baseline, report.mailable, report.held), (290, 0, 0));
    holds_for_every_article(&rows);
    the_details_are_right(&rows, &report);
    bench.close().await;
}

fn holds_for_store(expected: &Expected, rows: &[ArticleRow], report: &ScanReport) {
    let name = expected.store;
    let own = || rows.iter().filter(|row| row.source == name);
    let published = || own().filter(|row| row.status == "published");
    let problems = || report.problems.iter().filter(|problem| problem.source == name);
    let errors: Vec<&str> = problems()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| problem.code.as_str())
        .collect();
    let told: Vec<_> = problems()
        .filter(|problem| problem.severity > Severity::Notice)
        .map(|problem| (&problem.file, &problem.code, &problem.message))
        .collect();
    assert_eq!(errors, expected.errors, "{name}: {told:?}");
    let excluded: Vec<_> = own()
        .filter(|row| row.status == "excluded")
        .map(|row| (&row.locator, &row.reason))
        .collect();
    assert_eq!(excluded.len(), expected.excluded, "{name}: {excluded:?}");
    assert_eq!(published().count(), expected.published, "{name}: {told:?}");
    let untitled: Vec<_> = published()
        .filter(|row| row.title.is_empty())
        .map(|row| &row.locator)
        .collect();
    assert_eq!(untitled.len(), expected.untitled, "{name}: {untitled:?}");
    let undated = published().filter(|row| row.published_from == "first_seen").count();
    assert_eq!(undated, expected.undated, "{name}");
}

/// Articles with a mark of the summary's end whose header says the summary itself.
fn keyed_with_marker(bench: &Bench, rows: &[ArticleRow]) -> usize {
    let settings = bench.app.settings();
    let marks = ["<!--more-->", "<!-- more -->", "<!-- truncate -->"];
    let marked = |row: &&ArticleRow| {
        let root = settings
            .sources
            .iter()
            .find(|source| source.id == row.source)
            .map(|source| source.path.clone());
        let text = root
            .and_then(|root| std::fs::read_to_string(root.join(&row.locator)).ok())
            .unwrap_or_default();
        marks.iter().any(|mark| text.contains(mark))
    };
    rows.iter()
        .filter(|row| row.status == "published" && row.summary_from == "key")
        .filter(marked)
        .count()
}

fn holds_for_every_article(rows: &[ArticleRow]) {
    for row in rows.iter().filter(|row| row.status == "published") {
        let (outside, code) = (without_code(&row.body_html), code_of(&row.body_html));
        for tag in ["{{", "{%"] {
            assert!(
                !outside.contains(tag),
                "{} {}: {}",
                row.source,
                row.locator,
                around(&outside, tag)
            );
            // Plain text shows code without marks: what stands there must stand in code.
            let lines = row.body_text.lines().filter(|line| line.contains(tag));
            for line in lines {
                let found: String = around(line, tag).chars().take(9).collect();
                assert!(code.contains(&found), "{} {}: {line}", row.source, row.locator);
            }
        }
        assert!(
            row.url.starts_with("https://example.org/"),
            "{} {}",
            row.locator,
            row.url
        );
        assert!(
            !outside.contains(" href=\"/") && !outside.contains(" src=\"/"),
            "{}",
            row.locator
        );
        assert!((1..=240).contains(&row.reading_minutes) && !row.entry_id.is_empty());
    }
    let urls: std::collections::BTreeSet<(&str, &str)> =
        rows.iter().map(|row| (row.source.as_str(), row.url.as_str())).collect();
    assert_eq!(urls.len(), rows.len(), "addresses are unique within a source");
}

fn around(text: &str, tag: &str) -> String {
    let at = text.find(tag).unwrap_or(0);
    text[at..].chars().take(80).collect()
}

fn without_code(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((at, end)) = next_code(rest) {
        out.push_str(&rest[..at]);
        rest = &rest[end..];
    }
    out + rest
}

/// The next `pre` or `code` element.
fn next_code(html: &str) -> Option<(usize, usize)> {
    let at = html.find("<pre").into_iter().chain(html.find("<code")).min()?;
    let close = if html[at..].starts_with("<pre") {
        "</pre>"
    } else {
        "</code>"
    };
    let end = html[at..].find(close).map_or(html.len(), |end| at + end + close.len());
    Some((at, end))
}

/// Everything that stands in code, as plain text.
fn code_of(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((at, end)) = next_code(rest) {
        out.push_str(&rest[at..end]);
        rest = &rest[end..];
    }
    out.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn the_details_are_right(rows: &[ArticleRow], report: &ScanReport) {
    let of = |store: &str| {
        rows.iter()
            .filter(|row| row.source == store && row.status == "published")
            .collect::<Vec<_>>()
    };
    assert!(of("rust-blog").iter().all(|row| row.published_from == "path"));
    assert!(
        of("rust-blog")
            .iter()
            .filter(|row| row
                .former_urls
                .iter()
                .any(|url| url.rsplit_once('.').is_some_and(|(_, end)| end == "html")))
            .count()
            > 30
    );
    assert!(of("burntsushi").iter().all(|row| row.summary_from == "marker"));
    assert!(
        of("bridgetown-website")
            .iter()
            .filter(|row| row.published_from == "header")
            .count()
            == 3
    );
    assert!(of("simonw-til").iter().all(|row| !row.title.is_empty()));
    let hexo = of("hexo-theme-unit-test");
    assert!(
        hexo.iter()
            .any(|row| row.url == "https://example.org/2013/12/24/%E4%B8%AD%E6%96%87%E6%B8%AC%E8%A9%A6/"),
        "{:?}",
        hexo.iter().map(|r| &r.url).collect::<Vec<_>>()
    );
    let bad = report
        .problems
        .iter()
        .find(|problem| problem.code == "bad_url" && problem.source == "jekyll-test-source")
        .expect("the traversal is told");
    assert_eq!(
        (bad.file.as_str(), bad.line),
        ("test/source/_posts/2014-01-06-permalink-traversal.md", Some(2))
    );
    let djot = report
        .problems
        .iter()
        .find(|problem| problem.code == "unsupported_format" && problem.source == "matklad")
        .expect("Djot is told");
    assert!(djot.message.starts_with("15 "), "{}", djot.message);
}

#[tokio::test]
async fn a_second_scan_of_an_unchanged_store_writes_nothing() {
    let Some(bench) = bench_of_all().await else { return };
    let first = scan(&bench).await;
    let mut onlooker = bench.onlooker().await;
    let before = onlooker.everything().await;
    bench.wait(std::time::Duration::from_mins(1));
    let report = scan(&bench).await;
    assert_eq!(
        (report.added, report.updated, report.moved, report.withdrawn),
        (0, 0, 0, 0)
    );
    assert_eq!(report.problems, first.problems);
    assert!(onlooker.everything().await == before, "a row was written");
    bench.close().await;
}

#[tokio::test]
async fn the_life_of_a_store_announces_only_what_is_new() {
    let Some(data) = shared_data() else { return };
    for engine in support::engines() {
        for expected in STORES.iter().filter(|expected| expected.published > 0) {
            live(
                &data.join("articles").join(expected.store).join(expected.inner),
                expected,
                engine,
            )
            .await;
        }
    }
}

async fn live(store: &std::path::Path, expected: &Expected, engine: letterpress::store::Engine) {
    let bench = Bench::on(engine, support::at("2027-01-01T00:00:00Z"), |settings| {
        configure(expected.store, &mut settings.sources[0]);
    })
    .await;
    let name = expected.store;
    super::copy_folder(store, &bench.content());
    assert_eq!(scan(&bench).await.baseline, expected.published as u64, "{name}");
    let ids = |rows: Vec<ArticleRow>| {
        rows.into_iter()
            .map(|row| (row.id, row.entry_id))
            .collect::<std::collections::BTreeSet<_>>()
    };
    let first = ids(super::public(&bench).await);

    for file in super::files(&bench.content()) {
        let mut text = std::fs::read(&file).expect("a test may change its own folder");
        text.extend(b"\n\nOne more line.\n");
        std::fs::write(&file, text).expect("a test may change its own folder");
    }
    let report = scan(&bench).await;
    // Two files of nothing but tags have text now.
    assert!(
        report.added + report.mailable + report.held <= 2 && report.updated >= expected.published as u64,
        "{name}: edited {report:?}"
    );
    let edited = ids(super::public(&bench).await);
    assert!(edited.is_superset(&first), "{name}");

    bench.wait(std::time::Duration::from_hours(1));
    move_away(&bench, "elsewhere");
    let report = scan(&bench).await;
    assert_eq!(
        (report.added, report.mailable, report.held),
        (0, 0, 0),
        "{name}: moved {report:?}"
    );
    assert_eq!(ids(super::public(&bench).await), edited, "{name}: moved");

    let beside = bench.folder.path().join("beside");
    std::fs::rename(bench.content(), &beside).expect("a test may change its own folder");
    std::fs::create_dir(bench.content()).expect("a test may change its own folder");
    let report = scan(&bench).await;
    assert!(
        report.problems.iter().any(|problem| problem.code == "mass_vanish"),
        "{name}"
    );
    assert_eq!(ids(super::public(&bench).await), edited, "{name}: emptied");
    std::fs::remove_dir(bench.content()).expect("a test may change its own folder");
    std::fs::rename(&beside, bench.content()).expect("a test may change its own folder");
    let report = scan(&bench).await;
    assert_eq!(
        (report.added, report.mailable, report.held),
        (0, 0, 0),
        "{name}: back {report:?}"
    );
    assert!(
        !report.problems.iter().any(|problem| problem.code == "mass_vanish"),
        "{name}"
    );
    assert_eq!(ids(super::public(&bench).await), edited, "{name}: back");
    bench.close().await;
}

/// Moves every file into a folder below the source's root.
fn move_away(bench: &Bench, folder: &str) {
    let aside = bench.folder.path().join("aside");
    std::fs::rename(bench.content(), &aside).expect("a test may change its own folder");
    std::fs::create_dir(bench.content()).expect("a test may change its own folder");
    std::fs::rename(&aside, bench.content().join(folder)).expect("a test may change its own folder");
}

#[tokio::test]
async fn articles_are_shown_with_the_reason_why_nobody_was_told() {
    let Some(data) = shared_data() else { return };
    let bench = Bench::new(|settings| settings.sources[0].path = data.join("articles/gatsby-starter")).await;
    scan(&bench).await;
    let rows = list(&bench).await;
    let shown = ingest::show(&bench.app, &rows[0].id).await.unwrap();
    assert!(shown.why.contains("first scan"), "{}", shown.why);
    assert!(ingest::show(&bench.app, "nobody").await.is_err());
    bench.close().await;
}
