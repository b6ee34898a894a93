//! What happens to files over time: renamed, copied, edited, broken, many at once.

use std::fs;
use std::time::Duration;

use letterpress::ingest::{self, EvenIf};

use super::{list, public, scan};
use crate::support::{self, Bench};

const MINUTE: Duration = Duration::from_mins(1);
const LONG_TEXT: &str = "The bench is level, the plane is sharp, and the board is straight, which is more than can be said of most \
    Mondays. You begin with the long side, because everything else is measured from there, and you take a thin shaving, and \
    another, until light no longer shows under the rule. Then the other side, and the ends, and only then the face.";

fn article(title: &str, date: &str, text: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\n---\n{text}\n")
}

/// A bench with some articles, scanned once, an hour ago.
async fn with_articles(count: usize) -> Bench {
    let bench = Bench::new(|_| {}).await;
    for n in 0..count {
        bench.write(
            &format!("a{n}.md"),
            &article(
                &format!("Article {n}"),
                "2026-12-01",
                &format!("Text number {n}. {LONG_TEXT}"),
            ),
        );
    }
    scan(&bench).await;
    bench.wait(60 * MINUTE);
    bench
}

async fn entry_ids(bench: &Bench) -> Vec<(String, String)> {
    let mut ids: Vec<(String, String)> = public(bench)
        .await
        .into_iter()
        .map(|row| (row.title, row.entry_id))
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_renamed_article_stays_the_same_for_readers_and_is_not_announced() {
    let bench = with_articles(3).await;
    let before = entry_ids(&bench).await;
    fs::rename(bench.content().join("a1.md"), bench.content().join("renamed.md")).unwrap();
    let report = scan(&bench).await;
    assert_eq!(
        (report.moved, report.added, report.mailable, report.updated),
        (1, 0, 0, 0)
    );
    assert_eq!(entry_ids(&bench).await, before);
    let rows = public(&bench).await;
    let moved = rows.iter().find(|row| row.locator == "renamed.md").unwrap();
    assert_eq!(
        (moved.url.as_str(), moved.former_urls.as_slice()),
        (
            "https://example.org/renamed/",
            ["https://example.org/a1/".to_owned()].as_slice()
        )
    );
    bench.close().await;
}

#[tokio::test]
async fn an_article_that_was_moved_and_edited_at_once_is_still_the_same() {
    let bench = with_articles(2).await;
    let before = entry_ids(&bench).await;
    fs::remove_file(bench.content().join("a1.md")).unwrap();
    bench.write(
        "sub/new.md",
        &article("Article 1", "2026-12-01", &format!("Text number 1. {LONG_TEXT} Added.")),
    );
    let report = scan(&bench).await;
    assert_eq!((report.moved, report.added), (1, 0));
    assert_eq!(entry_ids(&bench).await, before);
    bench.close().await;
}

#[tokio::test]
async fn a_copy_waits_until_the_other_goes() {
    let bench = with_articles(3).await;
    let before = entry_ids(&bench).await;
    fs::create_dir(bench.content().join("copies")).unwrap();
    for n in 0..3 {
        fs::copy(
            bench.content().join(format!("a{n}.md")),
            bench.content().join(format!("copies/a{n}.md")),
        )
        .unwrap();
    }
    let report = scan(&bench).await;
    assert_eq!(report.added, 0);
    assert_eq!(
        report
            .problems
            .iter()
            .filter(|problem| problem.code == "duplicate")
            .count(),
        3
    );
    for n in 0..3 {
        fs::remove_file(bench.content().join(format!("a{n}.md"))).unwrap();
    }
    let report = scan(&bench).await;
    assert_eq!((report.moved, report.added, report.mailable), (3, 0, 0), "{report:?}");
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(entry_ids(&bench).await, before);
    bench.close().await;
}

#[tokio::test]
async fn swapped_files_carry_their_articles_with_them() {
    let bench = Bench::new(|_| {}).await;
    let of = |title: &str, url: &str| {
        format!("---\ntitle: {title}\ndate: 2026-12-01\nurl: {url}\n---\nText of {title}. {LONG_TEXT}\n")
    };
    bench.write("a.md", &of("One", "/one/"));
    bench.write("b.md", &of("Two", "/two/"));
    scan(&bench).await;
    let before = entry_ids(&bench).await;
    bench.write("a.md", &of("Two", "/two/"));
    bench.write("b.md", &of("One", "/one/"));
    let report = scan(&bench).await;
    assert_eq!((report.moved, report.added), (2, 0), "{report:?}");
    assert_eq!(entry_ids(&bench).await, before);
    bench.close().await;
}

#[tokio::test]
async fn a_path_that_is_used_again_holds_a_new_article() {
    let bench = with_articles(3).await;
    let other = "Quite other words stand here now, about bread, about water, about salt and about the patience that an oven asks of people.";
    bench.write("a1.md", &article("On bread", "2026-12-31", other));
    let report = scan(&bench).await;
    assert_eq!(
        (report.added, report.mailable, report.withdrawn),
        (1, 1, 1),
        "{report:?}"
    );
    let mut titles: Vec<String> = public(&bench).await.into_iter().map(|row| row.title).collect();
    titles.sort();
    assert_eq!(titles, ["Article 0", "Article 2", "On bread"]);
    bench.close().await;
}

#[tokio::test]
async fn two_files_that_claim_one_address_are_told_apart() {
    let bench = with_articles(1).await;
    bench.write(
        "b.md",
        "---\ntitle: Thief\ndate: 2026-12-31\nurl: /a0/\n---\nOther words.\n",
    );
    let report = scan(&bench).await;
    assert_eq!(report.added, 0);
    assert_eq!(report.problems[0].code, "url_taken");
    assert_eq!(public(&bench).await.len(), 1);
    bench.write(
        "b.md",
        "---\ntitle: Honest\ndate: 2026-12-31\nurl: /b/\n---\nOther words.\n",
    );
    let report = scan(&bench).await;
    assert_eq!((report.added, report.problems.len()), (1, 0), "{report:?}");
    bench.close().await;
}

#[tokio::test]
async fn a_few_new_articles_may_be_mailed_and_many_are_held_until_a_person_decides() {
    for engine in support::engines() {
        let bench = Bench::on(engine, support::at("2027-01-01T00:00:00Z"), |_| {}).await;
        scan(&bench).await;
        bench.wait(60 * MINUTE);
        let add = |name: &str, count: usize| {
            for n in 0..count {
                bench.write(
                    &format!("{name}{n}.md"),
                    &article(
                        &format!("{name} {n}"),
                        "2026-12-31",
                        &format!("{name} {n} has words of its own."),
                    ),
                );
            }
        };
        add("few", 5);
        let report = scan(&bench).await;
        assert_eq!((report.added, report.mailable, report.held), (5, 5, 0));
        add("many", 6);
        let report = scan(&bench).await;
        assert_eq!((report.added, report.mailable, report.held), (6, 0, 6));
        assert_eq!(public(&bench).await.len(), 11, "held articles are in the feeds");
        let first = list(&bench)
            .await
            .into_iter()
            .find(|row| row.title == "many 3")
            .unwrap();
        let passed = ingest::dismiss(&bench.app, std::slice::from_ref(&first.id))
            .await
            .unwrap();
        assert!(passed[0].done);
        let approved = ingest::approve(&bench.app, &[], EvenIf::default()).await.unwrap();
        assert_eq!(approved.iter().filter(|approval| approval.done).count(), 5);
        assert!(
            ingest::approve(&bench.app, &[], EvenIf::default())
                .await
                .unwrap()
                .is_empty(),
            "doing it twice changes nothing"
        );
        let mailable = list(&bench)
            .await
            .into_iter()
            .filter(|row| row.mailable_at.is_some())
            .count();
        assert_eq!(mailable, 10);
        bench.close().await;
    }
}

#[tokio::test]
async fn old_articles_and_those_of_the_first_scan_are_mailed_only_when_somebody_says_so_twice() {
    let bench = with_articles(1).await;
    bench.write("old.md", &article("Old", "2020-01-01", "Found in a drawer."));
    assert_eq!(scan(&bench).await.mailable, 0);
    let rows = list(&bench).await;
    let reasons: Vec<&str> = rows.iter().filter_map(|row| row.not_mailable.as_deref()).collect();
    assert_eq!(reasons, ["baseline", "old"]);
    let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
    let refused = ingest::approve(&bench.app, &ids, EvenIf::default()).await.unwrap();
    assert!(
        refused
            .iter()
            .all(|approval| !approval.done && approval.why_not.contains("--even-old"))
    );
    let done = ingest::approve(
        &bench.app,
        &ids,
        EvenIf {
            old: true,
            mailed: false,
        },
    )
    .await
    .unwrap();
    assert!(done.iter().all(|approval| approval.done));
    bench.close().await;
}

#[tokio::test]
async fn a_scheduled_article_becomes_public_and_mailable_when_its_time_comes() {
    let bench = Bench::new(|_| {}).await;
    bench.write(
        "soon.md",
        &article("Soon", "2027-01-02T08:00:00Z", "Words for tomorrow."),
    );
    let report = scan(&bench).await;
    assert_eq!((report.added, report.baseline), (1, 0));
    assert_eq!(list(&bench).await[0].status, "scheduled");
    assert!(!ingest::publish_due(&bench.app).await.unwrap());
    bench.wait(48 * 60 * MINUTE);
    assert!(ingest::publish_due(&bench.app).await.unwrap());
    let rows = public(&bench).await;
    assert_eq!(rows[0].mailable_at.as_deref(), Some("2027-01-02T08:00:00Z"));
    assert!(!ingest::publish_due(&bench.app).await.unwrap());
    bench.close().await;
}

#[tokio::test]
async fn a_draft_that_is_finished_is_new_on_that_day() {
    let bench = Bench::new(|_| {}).await;
    bench.write("d.md", "---\ntitle: Draft\ndraft: true\n---\nWords.\n");
    let report = scan(&bench).await;
    assert_eq!((report.added, report.excluded), (0, 1));
    bench.wait(24 * 60 * MINUTE);
    bench.write("d.md", "---\ntitle: Draft\ndraft: false\n---\nWords.\n");
    let report = scan(&bench).await;
    assert_eq!((report.mailable, report.held), (1, 0), "{report:?}");
    assert_eq!(
        public(&bench).await[0].mailable_at.as_deref(),
        Some("2027-01-02T00:00:00Z")
    );
    bench.close().await;
}

#[tokio::test]
async fn an_article_that_is_taken_back_leaves_and_its_return_is_not_announced() {
    let bench = with_articles(1).await;
    let text = |mark: &str| format!("---\ntitle: New\ndate: 2026-12-31\n{mark}\n---\nWords.\n");
    bench.write("n.md", &text("draft: false"));
    assert_eq!(scan(&bench).await.mailable, 1);
    bench.write("n.md", &text("draft: true"));
    assert_eq!(scan(&bench).await.withdrawn, 1);
    assert_eq!(public(&bench).await.len(), 1);
    bench.write("n.md", &text("draft: false"));
    let report = scan(&bench).await;
    assert_eq!((report.added, report.mailable, report.held), (0, 0, 0));
    assert_eq!(public(&bench).await.len(), 2);
    bench.close().await;
}

#[tokio::test]
async fn a_file_that_is_gone_leaves_after_ten_minutes_and_comes_back_as_the_same_article() {
    let bench = with_articles(8).await;
    let before = entry_ids(&bench).await;
    let text = fs::read(bench.content().join("a3.md")).unwrap();
    fs::remove_file(bench.content().join("a3.md")).unwrap();
    assert_eq!(scan(&bench).await.withdrawn, 0);
    assert_eq!(public(&bench).await.len(), 8, "a checkout may be under way");
    bench.wait(11 * MINUTE);
    assert_eq!(scan(&bench).await.withdrawn, 1);
    assert_eq!(public(&bench).await.len(), 7);
    fs::write(bench.content().join("a3.md"), text).unwrap();
    let report = scan(&bench).await;
    assert_eq!((report.added, report.mailable), (0, 0));
    assert_eq!(entry_ids(&bench).await, before);
    bench.close().await;
}

#[tokio::test]
async fn a_folder_that_is_away_withdraws_nothing() {
    let bench = with_articles(3).await;
    fs::rename(bench.content(), bench.folder.path().join("away")).unwrap();
    let report = scan(&bench).await;
    assert_eq!(report.problems[0].code, "mass_vanish");
    assert_eq!(public(&bench).await.len(), 3);
    fs::rename(bench.folder.path().join("away"), bench.content()).unwrap();
    assert!(scan(&bench).await.problems.is_empty());
    assert!(ingest::problems(&bench.app).await.unwrap().is_empty());
    bench.close().await;
}

#[tokio::test]
async fn an_author_who_means_it_can_withdraw_many_at_once() {
    let bench = with_articles(9).await;
    for n in 0..8 {
        fs::remove_file(bench.content().join(format!("a{n}.md"))).unwrap();
    }
    assert_eq!(scan(&bench).await.problems[0].code, "mass_vanish");
    let report = ingest::accept_vanished(&bench.app, &|_, _| {}).await.unwrap();
    assert_eq!((report.withdrawn, report.problems.len()), (8, 0), "{report:?}");
    assert_eq!(public(&bench).await.len(), 1);
    bench.close().await;
}

#[tokio::test]
async fn broken_files_are_named_and_the_others_go_on() {
    let bench = with_articles(1).await;
    bench.write("broken.md", "---\ntitle: [\n---\nText");
    bench.write("code.md", "---js\n{}\n---\nText");
    bench.write("unclear.md", "---\ntitle: x\ndraft: perhaps\n---\nText");
    bench.write("deep.html", &format!("<h1>x</h1>{}", "<div>".repeat(2_000)));
    fs::write(bench.content().join("binary.md"), b"\xff\x00\x01").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", bench.content().join("link.md")).unwrap();
    bench.write("good.md", &article("Good", "2026-12-31", "Words."));
    let report = scan(&bench).await;
    assert_eq!(report.added, 1);
    let found: Vec<(&str, Option<u32>, &str)> = report
        .problems
        .iter()
        .map(|p| (p.file.as_str(), p.line, p.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("binary.md", None, "not_utf8"),
            ("broken.md", Some(3), "bad_header"),
            ("code.md", Some(1), "unsupported_header"),
            ("deep.html", None, "html_limits"),
            ("link.md", None, "unreadable"),
            ("unclear.md", Some(3), "bad_header"),
        ]
    );
    // The next scan tells the same and writes nothing.
    assert_eq!(scan(&bench).await.problems, report.problems);
    bench.close().await;
}

#[tokio::test]
async fn a_public_article_that_breaks_keeps_its_last_good_text() {
    let bench = with_articles(1).await;
    bench.write("a0.md", "---\ntitle: [\n---\nText");
    let report = scan(&bench).await;
    assert_eq!(report.problems[0].code, "bad_header");
    assert_eq!(public(&bench).await[0].title, "Article 0");
    bench.write("a0.md", &article("Article 0", "2026-12-01", "Mended."));
    let report = scan(&bench).await;
    assert_eq!((report.updated, report.problems.len()), (1, 0));
    assert_eq!(public(&bench).await[0].body_text, "Mended.");
    bench.close().await;
}

#[tokio::test]
async fn a_new_address_of_the_site_is_a_move_and_no_edit() {
    let bench = with_articles(7).await;
    let before = entry_ids(&bench).await;
    let changed: Vec<String> = public(&bench).await.into_iter().map(|row| row.changed_at).collect();
    let mut settings = (*bench.app.settings()).clone();
    settings.sources[0].permalink = Some("/:year/:slug/".to_owned());
    bench.app.replace_settings(settings);
    bench.wait(MINUTE);
    let report = scan(&bench).await;
    assert_eq!(
        (report.moved, report.added, report.mailable, report.held),
        (7, 0, 0, 0),
        "{report:?}"
    );
    assert_eq!(entry_ids(&bench).await, before);
    assert_eq!(
        public(&bench)
            .await
            .into_iter()
            .map(|row| row.changed_at)
            .collect::<Vec<_>>(),
        changed
    );
    bench.close().await;
}

#[tokio::test]
async fn two_scans_at_once_find_every_article_once() {
    let bench = Bench::new(|_| {}).await;
    for n in 0..40 {
        bench.write(
            &format!("a{n}.md"),
            &article(&format!("Article {n}"), "2026-12-01", &format!("Text {n}.")),
        );
    }
    let (one, other) = tokio::join!(scan(&bench), scan(&bench));
    assert_eq!(one.added + other.added, 40);
    assert_eq!(public(&bench).await.len(), 40);
    bench.close().await;
}

#[tokio::test]
async fn an_article_that_grows_beyond_all_measure_stays_as_readers_know_it() {
    let bench = with_articles(3).await;
    let before = entry_ids(&bench).await;
    let of_length = |length: usize| {
        let head = article("Longer", "2026-12-01", "");
        format!("{head}{}", "word ".repeat(length / 5 + 1))[..length].to_owned()
    };
    let page = |text: usize| {
        let words = "word ".repeat(text / 5);
        format!("---\ntitle: Page\ndate: 2026-12-02\n---\n<p>{words}</p>\n")
    };
    // One byte too many to be read, just few enough, and few enough with too much to show.
    bench.write("a0.md", &of_length((5 << 20) + 1));
    bench.write("a1.md", &of_length(5 << 20));
    bench.write("a2.md", &of_length(3 << 20));
    bench.write("large.html", &page((2 << 20) + 5));
    bench.write("fits.html", &page((2 << 20) - 50));
    let report = scan(&bench).await;
    let found: Vec<(&str, &str)> = report
        .problems
        .iter()
        .map(|problem| (problem.file.as_str(), problem.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("a0.md", "too_large"),
            ("a1.md", "html_limits"),
            ("a2.md", "html_limits"),
            ("large.html", "html_limits")
        ]
    );
    assert!(
        report.problems[0].message.contains("at most 5 MiB"),
        "{:?}",
        report.problems
    );
    let mut after = entry_ids(&bench).await;
    after.retain(|(title, _)| title != "Page");
    assert_eq!(after, before, "readers keep what was there");
    assert_eq!(report.added, 1, "the page that fits");
    bench.close().await;
}
