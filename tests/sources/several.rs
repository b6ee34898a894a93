//! Several sources beside each other, and one after the other: an article stays one article.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use letterpress::config::Settings;

use super::{list, public, scan};
use crate::support::{Bench, source};

fn written(title: &str, url: &str, more: &str) -> String {
    format!("---\ntitle: {title}\nurl: {url}\ndate: 2027-01-01\n{more}---\nThe words of {title}.\n")
}

fn beside(bench: &Bench, locator: &str, text: &str) {
    let path = bench.content().with_file_name("other").join(locator);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Two folders: `content` and `other`.
async fn two_folders() -> Bench {
    let bench = Bench::new(|settings| {
        let other = settings.sources[0].path.with_file_name("other");
        fs::create_dir_all(&other).unwrap();
        settings.sources.push(source("other", other));
        for source in &mut settings.sources {
            source.vanish_after = Duration::from_secs(60);
        }
    })
    .await;
    scan(&bench).await;
    bench.wait(Duration::from_hours(1));
    bench
}

#[tokio::test]
async fn a_draft_that_another_source_published_first_is_not_published_again() {
    let bench = two_folders().await;
    bench.write("ink.md", &written("Ink", "/ink/", "draft: true\n"));
    beside(&bench, "ink.md", &written("Ink", "/ink/", ""));
    assert_eq!(scan(&bench).await.mailable, 1);
    bench.wait(Duration::from_hours(1));
    bench.write("ink.md", &written("Ink", "/ink/", ""));
    let report = scan(&bench).await;
    assert_eq!((report.mailable, public(&bench).await.len()), (0, 1));
    assert!(report.problems.iter().any(|problem| problem.code == "url_taken"));
    bench.close().await;
}

#[tokio::test]
async fn an_article_that_changes_its_source_stays_the_same_and_is_not_mailed_again() {
    let bench = two_folders().await;
    for n in 0..8 {
        bench.write(
            &format!("keep{n}.md"),
            &written(&format!("Keep {n}"), &format!("/keep{n}/"), ""),
        );
    }
    bench.write("ink.md", &written("Ink", "/ink/", ""));
    scan(&bench).await;
    let before = public(&bench).await;
    let ink = before.iter().find(|row| row.title == "Ink").unwrap();
    fs::remove_file(bench.content().join("ink.md")).unwrap();
    for _ in 0..3 {
        bench.wait(Duration::from_mins(5));
        scan(&bench).await;
    }
    assert_eq!(public(&bench).await.len(), 8, "it is gone");
    beside(&bench, "ink.md", &written("Ink", "/ink/", ""));
    let report = scan(&bench).await;
    assert_eq!(report.mailable, 0, "nobody gets it twice");
    let after = public(&bench).await;
    let back = after.iter().find(|row| row.title == "Ink").unwrap();
    assert_eq!((&back.id, back.source.as_str()), (&ink.id, "other"));
    bench.close().await;
}

#[tokio::test]
async fn a_source_that_gets_another_name_keeps_its_articles() {
    let bench = two_folders().await;
    bench.write("ink.md", &written("Ink", "/ink/", ""));
    scan(&bench).await;
    let before: Vec<String> = list(&bench).await.into_iter().map(|row| row.id).collect();
    let renamed = |settings: &Settings| {
        let mut settings = settings.clone();
        settings.sources[0].id = "renamed".to_owned();
        settings
    };
    bench.app.replace_settings(renamed(&bench.app.settings()));
    let report = scan(&bench).await;
    let problems: Vec<&str> = report.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!((report.mailable, report.baseline, problems.as_slice()), (0, 0, &[][..]));
    bench.write("ink.md", &written("Ink and paper", "/ink/", ""));
    bench.wait(Duration::from_hours(1));
    assert_eq!(scan(&bench).await.updated, 1, "edits arrive");
    let after: Vec<String> = list(&bench).await.into_iter().map(|row| row.id).collect();
    assert_eq!(after, before);
    bench.close().await;
}

#[tokio::test]
async fn a_folder_that_is_away_does_not_keep_the_others_from_being_read() {
    let bench = Bench::new(|settings| {
        let away = source("away", PathBuf::from("/nowhere/at/all"));
        settings.sources.insert(0, away);
    })
    .await;
    bench.write("ink.md", &written("Ink", "/ink/", ""));
    let report = scan(&bench).await;
    assert_eq!(public(&bench).await.len(), 1);
    assert!(report.problems.iter().any(|problem| problem.source == "away"));
    bench.close().await;
}
