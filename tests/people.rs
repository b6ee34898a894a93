//! People at the door: sign up, confirm, choose, leave, over the real router and on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod files;
mod lists;
mod press;

use axum::http::StatusCode;
use chrono::Duration;
use letterpress::model::links::{CONFIRM_FOR, Confirm, Leave, Preferences, Undo, code_of};
use letterpress::model::subscriber::{ALL, Suppressed};
use letterpress::store::suppressions::{self, Suppression};
use letterpress::subscribe;

use press::{Press, on_both_engines};

const ROSA: &str = "rosa@example.org";

on_both_engines! {
    a_stranger_signs_up_confirms_and_gets_one_welcome,
    a_newcomer_gets_the_first_digest_that_everyone_gets,
    a_reader_changes_the_schedule_and_keeps_what_is_owed,
    a_reader_leaves_with_one_click_and_can_take_it_back_for_a_quarter_of_an_hour,
    a_reader_who_unticks_the_newsletter_has_left,
    scanners_that_fetch_every_link_change_nothing,
    the_answer_to_a_sign_up_says_nothing_about_the_address,
    a_subscriber_who_signs_up_again_is_told_so_once_a_day,
    a_person_who_never_answers_gets_three_letters_in_a_month,
    one_household_causes_five_letters_an_hour,
    all_strangers_together_cause_fifty_letters_an_hour,
    a_person_whose_address_bounced_gets_a_second_chance_after_a_month,
    a_machine_that_fills_the_hidden_field_leaves_no_trace,
    a_link_that_opens_nothing_gives_one_page_whatever_is_wrong_with_it,
    only_pages_of_the_authors_site_may_read_json_answers,
    a_person_who_left_cannot_be_brought_back_by_an_old_confirmation,
}

fn confirm_path(press: &Press, id: i64, schedule: &str) -> String {
    let link = Confirm {
        subscriber: id,
        newsletter: code_of("notes"),
        schedule: code_of(schedule),
        epoch: 0,
        expires: press.now() + CONFIRM_FOR,
    };
    format!("/{}", link.to_path(&press.app.keys))
}

fn leave_path(press: &Press, id: i64) -> String {
    format!(
        "/{}",
        Leave {
            subscriber: id,
            newsletter: code_of("notes")
        }
        .to_path(&press.app.keys)
    )
}

fn preferences_path(press: &Press, id: i64) -> String {
    let link = Preferences {
        subscriber: id,
        newsletter: code_of("notes"),
        epoch: 0,
    };
    format!("/{}", link.to_path(&press.app.keys))
}

/// Signs up by the form and confirms; the person's number.
async fn subscribed(press: &Press, email: &str, schedule: &str) -> i64 {
    press.sign_up(email, schedule).await;
    let id = subscribe::show(&press.app, email).await.unwrap().id;
    assert_eq!(
        press.post(&confirm_path(press, id, schedule), "").await.status,
        StatusCode::OK
    );
    id
}

async fn status(press: &Press, email: &str) -> String {
    let shown = serde_json::to_value(subscribe::show(&press.app, email).await.unwrap()).unwrap();
    shown["status"].as_str().unwrap().to_owned()
}

async fn notices(press: &Press, email: &str, kind: &str) -> usize {
    let shown = subscribe::show(&press.app, email).await.unwrap();
    shown.notices.iter().filter(|notice| notice.kind == kind).count()
}

async fn suppress(press: &Press, email: &str, reason: Suppressed) {
    let mut conn = press.app.database.begin().await.unwrap();
    let row = Suppression {
        address_key: press.app.keys.address_key(email),
        scope: ALL.to_owned(),
        reason: reason.word().to_owned(),
        since: 1,
        until: None,
        evidence: None,
    };
    suppressions::put(&mut conn, &row).await.unwrap();
    conn.commit().await.unwrap();
}

async fn a_stranger_signs_up_confirms_and_gets_one_welcome(press: &Press) {
    let answer = press.sign_up(ROSA, "weekly").await;
    assert_eq!(answer.status, StatusCode::OK);
    let shown = subscribe::show(&press.app, "ROSA@Example.org").await.unwrap();
    assert_eq!(
        (status(press, ROSA).await.as_str(), shown.notices.len()),
        ("pending", 1)
    );
    assert!(shown.consents[0].confirmed_at.is_none() && shown.consents[0].network.as_deref() == Some("192.0.2.0/24"));

    let path = confirm_path(press, shown.id, "weekly");
    let page = press.get(&path).await;
    assert!(page.text().contains(&format!("action=\"{path}\"")) && page.text().contains("Weekly"));
    assert_eq!(status(press, ROSA).await, "pending");

    let first = press.post(&path, "").await;
    let tables = press.tables().await;
    let second = press.post(&path, "").await;
    assert_eq!((first.status, second.text()), (StatusCode::OK, first.text()));
    assert_eq!(tables, press.tables().await, "a repeat does nothing");
    let shown = subscribe::show(&press.app, ROSA).await.unwrap();
    assert_eq!(
        (status(press, ROSA).await.as_str(), shown.consents.len()),
        ("active", 1)
    );
    assert!(shown.consents[0].confirmed_at.is_some());
    assert_eq!(notices(press, ROSA, "welcome").await, 1);
}

async fn a_newcomer_gets_the_first_digest_that_everyone_gets(press: &Press) {
    press.fired("weekly", press.now() - Duration::days(3)).await;
    let rosa = subscribed(press, ROSA, "weekly").await;
    assert_eq!(press.floor(rosa).await, press.now() - Duration::days(3));
    let paul = subscribed(press, "paul@example.org", "instant").await;
    assert_eq!(press.floor(paul).await, press.now());
}

async fn a_reader_changes_the_schedule_and_keeps_what_is_owed(press: &Press) {
    let rosa = subscribed(press, ROSA, "weekly").await;
    let floor = press.floor(rosa).await;
    press.pass(Duration::hours(5));
    let path = preferences_path(press, rosa);
    assert!(press.get(&path).await.text().contains("notes/instant"));
    let saved = press
        .post(&path, "shown=notes&newsletter=notes&schedule=notes/instant")
        .await;
    assert_eq!(saved.status, StatusCode::OK);
    let line = &subscribe::show(&press.app, ROSA).await.unwrap().subscriptions[0];
    assert_eq!((line.schedule.as_str(), line.state.as_str()), ("instant", "active"));
    assert_eq!(press.floor(rosa).await, floor);
    assert_eq!(press.number("SELECT owed_check FROM subscriptions").await, 1);
    let refused = press.post(&path, "schedule=notes/hourly").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let until = press.now() + Duration::days(30);
    press
        .post(&path, &format!("pause_until={}", until.format("%Y-%m-%d")))
        .await;
    assert_eq!(status(press, ROSA).await, "paused");
    press.pass(Duration::days(31));
    assert_eq!(status(press, ROSA).await, "active");
}

async fn a_reader_leaves_with_one_click_and_can_take_it_back_for_a_quarter_of_an_hour(press: &Press) {
    let rosa = subscribed(press, ROSA, "weekly").await;
    let path = leave_path(press, rosa);
    let boundary = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let answer = press
        .send(
            "POST",
            &path,
            &[("content-type", "multipart/form-data; boundary=x")],
            boundary,
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(status(press, ROSA).await, "unsubscribed");
    let again = press.post(&path, "List-Unsubscribe=One-Click").await;
    assert_eq!((again.status, again.text()), (StatusCode::OK, answer.text()));

    let undo = answer.action();
    assert_eq!(press.post(&undo, "").await.status, StatusCode::OK);
    assert_eq!(press.post(&undo, "").await.status, StatusCode::OK);
    assert_eq!(status(press, ROSA).await, "active");
    let line = &subscribe::show(&press.app, ROSA).await.unwrap().subscriptions[0];
    assert_eq!(line.schedule, "weekly");
    assert_eq!(press.number("SELECT COUNT(*) FROM suppressions").await, 0);

    press.post(&path, "").await;
    press.pass(Duration::minutes(16));
    assert_eq!(press.post(&undo, "").await.status, StatusCode::NOT_FOUND);
    press.pass(Duration::days(3_000));
    let late = press.post(&path, "").await;
    assert_eq!(late.status, StatusCode::OK, "works for ever");
    assert!(!late.text().contains("/undo"));
}

async fn a_reader_who_unticks_the_newsletter_has_left(press: &Press) {
    let rosa = subscribed(press, ROSA, "weekly").await;
    let path = preferences_path(press, rosa);
    assert!(press.get(&path).await.text().contains("name=\"shown\" value=\"notes\""));
    press.post(&path, "shown=notes&schedule=notes/weekly").await;
    assert_eq!(status(press, ROSA).await, "unsubscribed");
    assert_eq!(
        press
            .number("SELECT COUNT(*) FROM suppressions WHERE reason = 'left'")
            .await,
        1
    );
}

async fn scanners_that_fetch_every_link_change_nothing(press: &Press) {
    press.sign_up("pending@example.org", "weekly").await;
    let pending = subscribe::show(&press.app, "pending@example.org").await.unwrap().id;
    let rosa = subscribed(press, ROSA, "weekly").await;
    let tables = press.tables().await;
    let undo = Undo {
        subscriber: rosa,
        newsletter: code_of("notes"),
        expires: press.now() + Duration::minutes(9),
    };
    let mut links = vec!["/subscribe".to_owned(), confirm_path(press, pending, "weekly")];
    for id in [pending, rosa] {
        links.extend([leave_path(press, id), preferences_path(press, id)]);
    }
    links.push(format!("/{}", undo.to_path(&press.app.keys)));
    for method in ["GET", "HEAD", "GET", "HEAD"] {
        for link in &links {
            let answer = press.send(method, link, &[], "").await;
            assert!(!answer.status.is_server_error(), "{method} {link}");
            assert!(!answer.headers.contains_key("set-cookie"));
        }
    }
    assert_eq!(tables, press.tables().await);
}

async fn the_answer_to_a_sign_up_says_nothing_about_the_address(press: &Press) {
    press.sign_up("pending@example.org", "weekly").await;
    subscribed(press, "active@example.org", "weekly").await;
    let left = subscribed(press, "left@example.org", "weekly").await;
    press.post(&leave_path(press, left), "").await;
    subscribed(press, "bounced@example.org", "weekly").await;
    suppress(press, "bounced@example.org", Suppressed::Bounce).await;
    suppress(press, "complained@example.org", Suppressed::Complaint).await;
    let people = ["unknown", "pending", "active", "left", "bounced", "complained"];
    let mut answers = Vec::new();
    for (number, who) in people.into_iter().enumerate() {
        press.come_from(&format!("198.51.100.{number}"));
        let form = press.sign_up(&format!("{who}@example.org"), "weekly").await;
        let json = format!(r#"{{"email":"{who}@example.org"}}"#);
        let json = press
            .send("POST", "/subscribe", &[("content-type", "application/json")], &json)
            .await;
        answers.push((form, json));
    }
    for (form, json) in &answers {
        assert_eq!((form, json), (&answers[0].0, &answers[0].1));
        assert_eq!((form.status, json.status), (StatusCode::OK, StatusCode::OK));
    }
    let complained = subscribe::show(&press.app, "complained@example.org").await;
    assert!(complained.is_err(), "nothing is stored of a person who complained");
    assert_eq!(status(press, "left@example.org").await, "pending");
}

async fn a_subscriber_who_signs_up_again_is_told_so_once_a_day(press: &Press) {
    subscribed(press, ROSA, "weekly").await;
    for _ in 0..3 {
        press.sign_up(ROSA, "instant").await;
    }
    assert_eq!(notices(press, ROSA, "already").await, 1);
    let line = &subscribe::show(&press.app, ROSA).await.unwrap().subscriptions[0];
    assert_eq!(line.schedule, "weekly", "a stranger cannot change it");
    press.pass(Duration::hours(25));
    press.sign_up(ROSA, "weekly").await;
    assert_eq!(notices(press, ROSA, "already").await, 2);
}

async fn a_person_who_never_answers_gets_three_letters_in_a_month(press: &Press) {
    for day in 0..29 {
        press.sign_up(ROSA, "weekly").await;
        press.sign_up(ROSA, "weekly").await;
        let letters = notices(press, ROSA, "confirmation").await;
        assert_eq!(letters, (day + 1).min(3), "day {day}");
        press.pass(Duration::hours(24));
    }
}

async fn one_household_causes_five_letters_an_hour(press: &Press) {
    for number in 0..8 {
        let answer = press.sign_up(&format!("reader{number}@example.org"), "weekly").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(press.number("SELECT COUNT(*) FROM notices").await, 5);
    assert_eq!(press.number("SELECT COUNT(*) FROM subscribers").await, 5);
    press.come_from("198.51.100.7");
    press.sign_up("other@example.org", "weekly").await;
    assert_eq!(press.number("SELECT COUNT(*) FROM notices").await, 6);
}

async fn all_strangers_together_cause_fifty_letters_an_hour(press: &Press) {
    for number in 0..60 {
        press.come_from(&format!("2001:db8:{number}::1"));
        let answer = press.sign_up(&format!("reader{number}@example.org"), "weekly").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(press.number("SELECT COUNT(*) FROM notices").await, 50);
}

async fn a_person_whose_address_bounced_gets_a_second_chance_after_a_month(press: &Press) {
    let rosa = subscribed(press, ROSA, "weekly").await;
    suppress(press, ROSA, Suppressed::Bounce).await;
    assert_eq!(status(press, ROSA).await, "suppressed");
    press.sign_up(ROSA, "weekly").await;
    press.pass(Duration::days(2));
    press.sign_up(ROSA, "weekly").await;
    assert_eq!(
        notices(press, ROSA, "confirmation").await,
        2,
        "one of them is from the first sign-up"
    );
    assert_eq!(
        press.post(&confirm_path(press, rosa, "weekly"), "").await.status,
        StatusCode::OK
    );
    assert_eq!(status(press, ROSA).await, "active");
    suppress(press, ROSA, Suppressed::Complaint).await;
    press.pass(Duration::days(60));
    press.sign_up(ROSA, "weekly").await;
    assert_eq!(notices(press, ROSA, "confirmation").await, 2);
}

async fn a_machine_that_fills_the_hidden_field_leaves_no_trace(press: &Press) {
    let honest = press.sign_up(ROSA, "weekly").await;
    let tables = press.tables().await;
    let page = press.get("/subscribe").await;
    assert!(
        page.text().contains("name=\"nickname_2\"") && !page.text().contains("type=\"hidden\" name=\"nickname_2\"")
    );
    let caught = press.post("/subscribe", "email=bot@example.org&nickname_2=x").await;
    assert_eq!(caught, honest);
    assert_eq!(tables, press.tables().await);
}

async fn a_link_that_opens_nothing_gives_one_page_whatever_is_wrong_with_it(press: &Press) {
    let rosa = subscribed(press, ROSA, "weekly").await;
    let old = confirm_path(press, rosa, "weekly");
    let (leave, preferences) = (leave_path(press, rosa), preferences_path(press, rosa));
    let token = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    press.pass(Duration::hours(73));
    let unknown = Leave {
        subscriber: 4_711,
        newsletter: code_of("notes"),
    };
    let mut links = vec![
        old,
        "/confirm/x".to_owned(),
        format!("/preferences/{}", "A".repeat(500)),
    ];
    links.push(format!(
        "/{}",
        Preferences {
            subscriber: 4_711,
            newsletter: 1,
            epoch: 0
        }
        .to_path(&press.app.keys)
    ));
    for (kind, right) in [("confirm", ""), ("unsubscribe", &leave), ("preferences", &preferences)] {
        for other in [&leave, &preferences].into_iter().filter(|other| *other != right) {
            links.push(format!("/{kind}/{}", token(other)));
        }
    }
    let mut forged = leave.clone();
    forged.pop();
    links.push(forged);
    let first = press.get(&links[0]).await;
    assert!(first.text().contains("/subscribe"), "a way to the form");
    for link in &links {
        let (seen, done) = (press.get(link).await, press.post(link, "").await);
        assert_eq!((seen.status, &seen), (StatusCode::NOT_FOUND, &first), "GET {link}");
        assert_eq!((done.status, &done), (StatusCode::NOT_FOUND, &first), "POST {link}");
    }
    assert_eq!(first.headers["x-robots-tag"], "noindex");
    assert_eq!(first.headers["cache-control"], "no-store");
    assert_eq!(first.headers["referrer-policy"], "no-referrer");
    let gone = format!("/{}", unknown.to_path(&press.app.keys));
    assert_eq!(
        press.post(&gone, "").await.status,
        StatusCode::OK,
        "whoever is gone already has left"
    );
}

async fn only_pages_of_the_authors_site_may_read_json_answers(press: &Press) {
    let ask = |origin: &'static str| [("origin", origin), ("access-control-request-method", "POST")];
    let friend = press
        .send("OPTIONS", "/subscribe", &ask("https://example.org"), "")
        .await;
    assert_eq!(friend.status, StatusCode::NO_CONTENT);
    assert_eq!(friend.headers["access-control-allow-origin"], "https://example.org");
    assert!(!friend.headers.contains_key("access-control-allow-credentials"));
    for origin in ["https://example.com", "null", "https://example.org.evil.example"] {
        let other = press.send("OPTIONS", "/subscribe", &ask(origin), "").await;
        assert_eq!(other.status, StatusCode::FORBIDDEN);
        assert!(!other.headers.contains_key("access-control-allow-origin"));
    }
    let plain = press
        .send(
            "POST",
            "/subscribe",
            &[("content-type", "text/plain")],
            r#"{"email":"a@example.org"}"#,
        )
        .await;
    assert_eq!(plain.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let wrong = press
        .send(
            "POST",
            "/subscribe",
            &[("content-type", "application/json")],
            r#"{"email":"a"}"#,
        )
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text().contains("\"error\""));
    assert_eq!(press.number("SELECT COUNT(*) FROM subscribers").await, 0);
}

async fn a_person_who_left_cannot_be_brought_back_by_an_old_confirmation(press: &Press) {
    let rosa = subscribed(press, ROSA, "weekly").await;
    press.post(&leave_path(press, rosa), "").await;
    assert_eq!(
        press.post(&confirm_path(press, rosa, "weekly"), "").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(status(press, ROSA).await, "unsubscribed");
    press.sign_up(ROSA, "weekly").await;
    press.post(&confirm_path(press, rosa, "weekly"), "").await;
    assert_eq!(status(press, ROSA).await, "active");
    assert_eq!(
        press.number("SELECT COUNT(*) FROM suppressions").await,
        0,
        "a new double opt-in forgets the leave"
    );
    assert_eq!(
        notices(press, ROSA, "welcome").await,
        1,
        "no second welcome within 30 days"
    );
}
