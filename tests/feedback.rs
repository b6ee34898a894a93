//! Readers say how an article was, from a letter and from its page; the author reads it.

use std::time::Duration;

use axum::http::{StatusCode, header};
use letterpress::config::Settings;
use letterpress::deliver;
use letterpress::feedback::{self, RatedArticle};
use letterpress::model::address::EmailAddress;
use letterpress::store::Engine;
use letterpress::subscribe;

use crate::support::engines;
use crate::support::mailroom::Press;
use crate::support::visitor::{knock, knock_as};

/// The links of ratings in everybody's letters, as paths: reader, path with `?rating=N`.
fn links(press: &Press) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for kept in press.memory.letters() {
        let text = String::from_utf8_lossy(&kept.message)
            .replace("=\r\n", "")
            .replace("=3D", "=");
        for piece in text.split("href=\"").skip(1) {
            let address = piece.split('"').next().unwrap();
            if let Some((_, path)) = address.split_once("example.org/feedback/") {
                found.push((kept.envelope.to.local_part().to_owned(), format!("/feedback/{path}")));
            }
        }
    }
    found
}

fn link_of(links: &[(String, String)], who: &str, place: usize) -> String {
    links
        .iter()
        .filter(|(name, _)| name == who)
        .nth(place)
        .unwrap()
        .1
        .clone()
}

/// The path without its query.
fn plain(path: &str) -> &str {
    path.split('?').next().unwrap()
}

async fn report(press: &Press) -> Vec<RatedArticle> {
    feedback::report(press.app(), None, None).await.unwrap()
}

/// A digest of two articles to two readers, both delivered.
async fn press_with_a_letter(engine: Engine, change: impl FnOnce(&mut Settings)) -> Press {
    let press = Press::with(engine, |settings| {
        settings.newsletters[0].schedules[1].content = letterpress::config::FullOrSummary::Full;
        change(settings);
    })
    .await;
    press.join("rosa", "weekly").await;
    press.join("otto", "weekly").await;
    press.publish("Ink").await;
    press.publish("Paper").await;
    press.bench.wait(Duration::from_secs(3600));
    let issue = press.send().await.unwrap();
    press.drain(&issue).await;
    press
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_rates_an_article_from_the_letter_and_changes_it_later() {
    for engine in engines() {
        let press = press_with_a_letter(engine, |_| {}).await;
        let links = links(&press);
        assert_eq!(
            links.len(),
            2 * 2 * 5,
            "two readers, two articles, five links: {links:?}"
        );
        let four = link_of(&links, "rosa", 3);
        assert!(four.ends_with("?rating=4"), "{four}");
        let asked = knock(&press, "GET", &four, "192.0.2.1", "").await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.text.contains("value=\"4\" required checked"), "{}", asked.text);
        assert!(report(&press).await.is_empty(), "looking keeps nothing");
        let sent = knock(&press, "POST", plain(&four), "192.0.2.1", "rating=4&comment=Well+said").await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
        // Later the reader thinks otherwise, and writes nothing.
        knock(&press, "POST", plain(&four), "192.0.2.99", "rating=2").await;
        let otto = link_of(&links, "otto", 0);
        knock(&press, "POST", plain(&otto), "192.0.2.1", "rating=5").await;
        let rated = report(&press).await;
        assert_eq!(rated.len(), 1, "both mean the same article: {rated:?}");
        assert_eq!(rated[0].all.by_rating, [0, 1, 0, 0, 1]);
        assert_eq!((rated[0].letter.count, rated[0].page.count), (2, 0));
        assert_eq!(rated[0].comments.len(), 1);
        assert_eq!(rated[0].comments[0].comment, "Well said");
        assert_eq!(rated[0].comments[0].subscriber, None, "answers are anonymous");
        // The other article of the letter is another one.
        let second = link_of(&links, "rosa", 5);
        knock(&press, "POST", plain(&second), "192.0.2.1", "rating=1").await;
        let titles: Vec<String> = report(&press).await.into_iter().map(|rated| rated.title).collect();
        assert_eq!(titles.len(), 2);
        assert!(titles.contains(&"Ink".to_owned()) && titles.contains(&"Paper".to_owned()));
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_opens_all_five_links_keeps_nothing() {
    let press = press_with_a_letter(Engine::Sqlite, |_| {}).await;
    let mut onlooker = press.bench.onlooker().await;
    let before = onlooker.everything().await;
    for (_, path) in links(&press) {
        for method in ["GET", "HEAD", "GET"] {
            assert_eq!(
                knock(&press, method, &path, "192.0.2.1", "").await.status,
                StatusCode::OK
            );
        }
    }
    assert_eq!(onlooker.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_sends_no_number_keeps_the_words_and_is_asked_again() {
    let press = press_with_a_letter(Engine::Sqlite, |_| {}).await;
    let link = link_of(&links(&press), "rosa", 0);
    for rating in ["", "rating=0&", "rating=6&", "rating=%00&", "rating=4;5&"] {
        let form = format!("{rating}comment=%3Cscript%3Ealert(1)%3C/script%3E");
        let asked = knock(&press, "POST", plain(&link), "192.0.2.1", &form).await;
        assert_eq!(asked.status, StatusCode::BAD_REQUEST, "{rating}");
        assert!(asked.text.contains("Please choose a number"));
        assert!(asked.text.contains("&lt;script&gt;alert(1)"), "the words stay text");
    }
    assert!(report(&press).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_link_opens_nothing_and_all_of_them_look_alike() {
    let press = press_with_a_letter(Engine::Sqlite, |_| {}).await;
    let link = link_of(&links(&press), "rosa", 0);
    let token = plain(&link).strip_prefix("/feedback/").unwrap();
    let mut seen = Vec::new();
    for at in (0..token.len()).step_by(7) {
        let mut forged = token.as_bytes().to_vec();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = format!("/feedback/{}", String::from_utf8(forged).unwrap());
        for (method, form) in [("GET", ""), ("POST", "rating=5")] {
            let got = knock(&press, method, &forged, "192.0.2.1", form).await;
            assert_eq!(got.status, StatusCode::NOT_FOUND);
            seen.push(got.text);
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
    assert!(report(&press).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_was_erased_leaves_no_trace_in_the_answers() {
    for engine in engines() {
        let press = press_with_a_letter(engine, |settings| settings.feedback.anonymous = false).await;
        let link = link_of(&links(&press), "rosa", 0);
        knock(&press, "POST", plain(&link), "192.0.2.1", "rating=3&comment=Mine").await;
        assert!(
            report(&press).await[0].comments[0].subscriber.is_some(),
            "the author wants names"
        );
        subscribe::erase(press.app(), "rosa@example.org").await.unwrap();
        assert_eq!(report(&press).await[0].comments[0].subscriber, None);
        let again = knock(&press, "POST", plain(&link), "192.0.2.1", "rating=1").await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        press.bench.close().await;
    }
}

/// The page of the article, where a form on the author's site leads.
async fn page_of(press: &Press, article: &str) -> String {
    let found = knock(
        press,
        "GET",
        &format!("/feedback?article={article}&rating=5"),
        "192.0.2.1",
        "",
    )
    .await;
    assert_eq!(found.status, StatusCode::SEE_OTHER, "{}", found.text);
    let to = found.headers[header::LOCATION].to_str().unwrap();
    to.split_once("example.org").unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_rates_an_article_from_its_page_once_however_often() {
    for engine in engines() {
        let press = press_with_a_letter(engine, |_| {}).await;
        let page = page_of(&press, "https://example.org/Ink/").await;
        let asked = knock(&press, "GET", &page, "192.0.2.1", "").await;
        assert!(asked.text.contains("value=\"5\" required checked"));
        let policy = asked.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors https://example.org"), "{policy}");
        for number in 0..1_000 {
            let form = format!("rating={}", number % 5 + 1);
            let sent = knock(&press, "POST", plain(&page), "192.0.2.1", &form).await;
            assert_eq!(sent.status, StatusCode::OK, "the answer is always the same");
        }
        assert_eq!(report(&press).await[0].page.count, 1);
        // Another household, and another program in this one, are other voters.
        knock(&press, "POST", plain(&page), "198.51.100.9", "rating=1").await;
        let trapped = "rating=1&nickname_2=x";
        knock(&press, "POST", plain(&page), "203.0.113.5", trapped).await;
        assert_eq!(
            report(&press).await[0].page.count,
            2,
            "who fills the trap does not count"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_answers_twenty_times_an_hour_at_most_whatever_it_calls_itself() {
    let press = press_with_a_letter(Engine::Sqlite, |_| {}).await;
    let page = page_of(&press, "https://example.org/Ink/").await;
    for number in 0..50 {
        let agent = format!("Program {number}");
        knock_as(&press, ("POST", plain(&page)), "192.0.2.1", &agent, "rating=1").await;
    }
    assert_eq!(report(&press).await[0].page.count, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_two_days_nobody_can_tell_who_voted() {
    for engine in engines() {
        let press = press_with_a_letter(engine, |_| {}).await;
        let page = page_of(&press, "https://example.org/Ink/").await;
        knock(&press, "POST", plain(&page), "192.0.2.1", "rating=4&comment=Fine").await;
        if engine == Engine::Sqlite {
            let mut onlooker = press.bench.onlooker().await;
            assert!(
                !onlooker.everything().await.contains("voter_salts\n\n"),
                "there is a salt of the day"
            );
        }
        press.bench.wait(Duration::from_hours(72));
        feedback::tick(press.app()).await.unwrap();
        let rated = report(&press).await;
        assert_eq!(
            (rated[0].page.count, rated[0].comments.len()),
            (1, 1),
            "the answer itself stays"
        );
        if engine == Engine::Sqlite {
            let mut onlooker = press.bench.onlooker().await;
            assert!(
                onlooker.everything().await.contains("voter_salts\n\n"),
                "the salt is destroyed"
            );
        }
        // With another salt the same visitor is another voter: nobody could tell.
        knock(&press, "POST", plain(&page), "192.0.2.1", "rating=4").await;
        assert_eq!(report(&press).await[0].page.count, 2);
        press.bench.wait(Duration::from_secs(3 * 366 * 86_400));
        feedback::tick(press.app()).await.unwrap();
        assert!(
            report(&press).await[0].comments.is_empty(),
            "words are kept for two years"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_is_not_public_is_not_told_of_and_a_page_can_be_switched_off() {
    let press = press_with_a_letter(Engine::Sqlite, |_| {}).await;
    let page = page_of(&press, "https://example.org/Ink/").await;
    for unknown in ["https://example.org/None/", "", "%00", "01J7Q8G3Z5K6M7N8P9QRSTV000"] {
        let got = knock(&press, "GET", &format!("/feedback?article={unknown}"), "192.0.2.1", "").await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{unknown}");
    }
    assert_eq!(
        knock(&press, "GET", "/feedback", "192.0.2.1", "").await.status,
        StatusCode::NOT_FOUND
    );
    std::fs::remove_file(press.bench.content().join("Ink.md")).unwrap();
    for _ in 0..3 {
        press.bench.wait(Duration::from_secs(3 * 86_400));
        letterpress::ingest::scan_all(press.app(), &|_, _| {}).await.unwrap();
    }
    let gone = knock(&press, "GET", &page, "192.0.2.1", "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text);

    let off = press_with_a_letter(Engine::Sqlite, |settings| settings.feedback.page = false).await;
    let found = knock(
        &off,
        "GET",
        "/feedback?article=https://example.org/Ink/",
        "192.0.2.1",
        "",
    )
    .await;
    assert_eq!(found.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_wants_no_ratings_sends_letters_without_the_row() {
    let press = press_with_a_letter(Engine::Sqlite, |settings| settings.feedback.letters = false).await;
    assert!(links(&press).is_empty());
    let letters = press.memory.letters();
    assert!(
        letters
            .iter()
            .all(|kept| !String::from_utf8_lossy(&kept.message).contains("Takes 30"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_reads_in_the_weekly_letter_what_readers_said() {
    let press = press_with_a_letter(Engine::Sqlite, |settings| {
        settings.site.author.email = EmailAddress::parse("author@example.org").ok();
        settings.mail.report = true;
    })
    .await;
    let link = link_of(&links(&press), "rosa", 0);
    knock(
        &press,
        "POST",
        plain(&link),
        "192.0.2.1",
        "rating=5&comment=More+of+this",
    )
    .await;
    press.bench.wait(Duration::from_hours(24 * 7));
    for _ in 0..2 {
        deliver::send_all(press.app()).await.unwrap();
    }
    let letters = press.memory.letters();
    let to_author = letters
        .iter()
        .find(|kept| kept.envelope.to.local_part() == "author")
        .unwrap();
    let text = String::from_utf8_lossy(&to_author.message).replace("=\r\n", "");
    assert!(
        text.contains("5.0 of 5 from 1 reader") && text.contains("More of this"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_may_write_two_thousand_characters_in_any_script() {
    let press = press_with_a_letter(Engine::Sqlite, |_| {}).await;
    let link = link_of(&links(&press), "rosa", 0);
    let words = "%E0%A4%95".repeat(2_000);
    let sent = knock(
        &press,
        "POST",
        plain(&link),
        "192.0.2.1",
        &format!("rating=5&comment={words}"),
    )
    .await;
    assert_eq!(sent.status, StatusCode::OK);
    assert_eq!(report(&press).await[0].comments[0].comment.chars().count(), 2_000);
    let more = "x".repeat(40_000);
    let refused = knock(
        &press,
        "POST",
        plain(&link),
        "192.0.2.1",
        &format!("rating=5&comment={more}"),
    )
    .await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_anonymous_do_not_say_which_letter_asked() {
    let press = press_with_a_letter(Engine::Sqlite, |_| {}).await;
    let link = link_of(&links(&press), "rosa", 0);
    knock(&press, "POST", plain(&link), "192.0.2.1", "rating=5&comment=Mine").await;
    assert_eq!(report(&press).await[0].comments[0].issue, None);
    let issue = letterpress::deliver::list(press.app(), 1).await.unwrap()[0].id.clone();
    let of_issue = feedback::report(press.app(), None, Some(&issue)).await.unwrap();
    assert_eq!((of_issue[0].all.count, of_issue[0].comments.len()), (1, 0));
}
