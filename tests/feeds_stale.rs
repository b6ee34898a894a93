//! What readers get while articles cannot be printed: what was good before, and the rest of the feeds.

use letterpress::app::App;
use letterpress::syndicate::{self, Answer};

use crate::support::{Bench, Proof, at, engines};

const FEEDS: [&str; 4] = ["/rss.xml", "/atom.xml", "/feed.json", "/tag/ink/rss.xml"];

async fn text(app: &App, path: &str) -> String {
    match syndicate::answer(app, path).await {
        Answer::Document(document) => String::from_utf8(document.bodies().identity().to_vec()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

async fn texts(app: &App) -> Vec<String> {
    let mut all = Vec::new();
    for path in FEEDS {
        all.push(text(app, path).await);
    }
    all
}

/// An article without a usable address.
fn broken(article: &mut Proof) {
    "not an address".clone_into(&mut article.known.url);
}

#[tokio::test]
async fn readers_keep_the_last_good_feeds_when_no_article_can_be_printed() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |_| {}).await;
    press.publish(2, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.app.feeds.note_scanned();
    let good = texts(&press.app).await;
    assert_eq!(syndicate::readiness(&press.app).reasons, [""; 0]);
    press.publish(1, broken).await;
    press.publish(2, broken).await;
    syndicate::refresh(&press.app).await.unwrap();
    assert_eq!(texts(&press.app).await, good);
    let standing = syndicate::readiness(&press.app);
    assert!(standing.ready, "readers are served");
    assert_eq!(standing.reasons, ["feeds_stale"]);
    press.publish(2, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    let mended = text(&press.app, "/rss.xml").await;
    assert!(mended.contains("Proof 2") && !mended.contains("Proof 1"));
    assert_eq!(syndicate::readiness(&press.app).reasons, [""; 0]);
    press.close().await;
}

#[tokio::test]
async fn readers_keep_the_last_good_feeds_when_every_row_is_spoilt() {
    for engine in engines() {
        let press = Bench::on(engine, at("2026-11-25T06:30:00Z"), |_| {}).await;
        press.publish(1, |_| {}).await;
        syndicate::refresh(&press.app).await.unwrap();
        let good = texts(&press.app).await;
        press.publish(2, broken).await;
        press.change("UPDATE revisions SET fields = '{' || fields").await;
        syndicate::refresh(&press.app).await.unwrap();
        assert_eq!(texts(&press.app).await, good);
        // The next start has nothing to show, and takes no term for an empty one.
        let next_start = press.another_node().await;
        syndicate::refresh(&next_start).await.unwrap();
        for path in FEEDS {
            let answer = syndicate::answer(&next_start, path).await;
            assert!(matches!(answer, Answer::NotYet), "{path}: {answer:?}");
        }
        press.change("UPDATE revisions SET fields = substr(fields, 2)").await;
        press.publish(3, |_| {}).await;
        for node in [&press.app, &next_start] {
            syndicate::refresh(node).await.unwrap();
            for text in texts(node).await {
                assert!(text.contains("Proof 1"), "{text}");
            }
        }
        next_start.database.close().await;
        press.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_a_new_service_that_can_print_nothing_are_asked_to_come_again() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, broken).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.app.feeds.note_scanned();
    let served = press.serve().await;
    for path in FEEDS {
        let got = served.get(path, &[]).await;
        assert_eq!((got.status, got.header("retry-after")), (503, Some("5")), "{path}");
    }
    assert_eq!(served.get("/feeds", &[]).await.status, 200);
    let ready = served.get("/health/ready", &[]).await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("feeds_not_rendered"), "{}", ready.text());
    press.publish(1, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    assert_eq!(served.get("/tag/ink/rss.xml", &[]).await.status, 200);
    assert_eq!(served.get("/health/ready", &[]).await.status, 200);
}

#[tokio::test]
async fn a_term_of_which_nothing_can_be_printed_takes_no_other_feed_down() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |_| {}).await;
    press
        .publish(2, |article| article.content.tags[0].slug = "wood".to_owned())
        .await;
    let folder = tempfile::tempdir().unwrap();
    syndicate::export(&press.app, folder.path(), &|_, _| {}).await.unwrap();
    let wood = std::fs::read(folder.path().join("tag/wood/rss.xml")).unwrap();
    let spoilt = |article: &mut Proof| {
        article.content.tags[0].slug = "wood".to_owned();
        broken(article);
    };
    press.publish(2, spoilt).await;
    press.publish(3, |_| {}).await;
    let next_start = press.another_node().await;
    syndicate::export(&next_start, folder.path(), &|_, _| {}).await.unwrap();
    assert!(matches!(
        syndicate::answer(&next_start, "/tag/wood/rss.xml").await,
        Answer::NotYet
    ));
    assert!(text(&next_start, "/tag/ink/rss.xml").await.contains("Proof 3"));
    let kept = std::fs::read(folder.path().join("tag/wood/rss.xml")).unwrap();
    assert_eq!(kept, wood);
    let ours = std::fs::read_to_string(folder.path().join("tag/ink/rss.xml")).unwrap();
    assert!(ours.contains("Proof 3"));
    next_start.database.close().await;
    press.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_over_the_service_sees_in_figures_how_the_feeds_do() {
    let press = Bench::in_the_morning(|_| {}).await;
    press.publish(1, |_| {}).await;
    press.publish(2, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    let served = press.serve().await;
    let says = async |line: &str| {
        let got = served.get("/metrics", &[]).await;
        assert_eq!(got.status, 200);
        let told = got.header("content-type").unwrap().to_owned();
        assert!(told.starts_with("application/openmetrics-text"), "{told}");
        assert!(
            got.text().lines().any(|found| found == line),
            "{line} in {}",
            got.text()
        );
    };
    let tag = served.get("/rss.xml", &[]).await.header("etag").unwrap().to_owned();
    served.get("/rss.xml", &[&format!("If-None-Match: {tag}")]).await;
    served.get("/nothing.xml", &[]).await;
    says("feed_requests_total{status=\"200\"} 1").await;
    says("feed_requests_total{status=\"304\"} 1").await;
    says("feed_requests_total{status=\"404\"} 1").await;
    says("feed_render_errors_total 0").await;
    says("feed_stale_seconds 0.0").await;
    // One article is left out, and the others go on.
    press.publish(1, broken).await;
    syndicate::refresh(&press.app).await.unwrap();
    says("feed_stale_seconds 0.0").await;
    assert!(syndicate::figures(&press.app).errors > 0);
    press.publish(2, broken).await;
    syndicate::refresh(&press.app).await.unwrap();
    press.wait(std::time::Duration::from_secs(90));
    says("feed_stale_seconds 90.0").await;
    press.publish(2, |_| {}).await;
    syndicate::refresh(&press.app).await.unwrap();
    says("feed_stale_seconds 0.0").await;
    // Without the database readers keep what they have, and that counts as stale, too.
    press.app.database.close().await;
    assert!(syndicate::refresh(&press.app).await.is_err());
    press.wait(std::time::Duration::from_secs(5));
    assert_eq!(served.get("/rss.xml", &[]).await.status, 200);
    says("feed_stale_seconds 5.0").await;
    for header in ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1"] {
        assert_eq!(served.get("/metrics", &[header]).await.status, 404, "{header}");
    }
}
