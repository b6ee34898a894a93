//! A person and the data that is kept: a fresh link by letter, and what it is good for.

use std::time::Duration;

use axum::http::{StatusCode, header};
use letterpress::deliver;
use letterpress::model::links::{Leave, Preferences, code_of};
use letterpress::store::Engine;
use letterpress::subscribe::{self, Add};

use crate::support::engines;
use crate::support::mailroom::Press;
use crate::support::visitor::{Got, knock};

const ROSA: &str = "rosa@example.org";

async fn press(engine: Engine) -> (Press, String) {
    let press = Press::new(engine).await;
    press.join("rosa", "weekly").await;
    press.join("otto", "weekly").await;
    let id = subscribe::show(press.app(), ROSA).await.unwrap().id;
    let link = Preferences {
        subscriber: id,
        newsletter: code_of("notes"),
        epoch: 0,
    };
    let path = format!("/{}", link.to_path(&press.app().keys));
    (press, path)
}

async fn post(press: &Press, path: &str, form: &str) -> Got {
    knock(press, "POST", path, "192.0.2.1", form).await
}

async fn get(press: &Press, path: &str) -> Got {
    knock(press, "GET", path, "192.0.2.1", "").await
}

/// The last address below `/preferences/` with this ending in the letters to somebody, as a path.
fn link_to(press: &Press, who: &str, ending: &str) -> Option<String> {
    let letters = press.memory.letters();
    let theirs = letters.iter().rev().filter(|kept| kept.envelope.to.as_str() == who);
    let mut links = theirs.filter_map(|kept| {
        let text = String::from_utf8_lossy(&kept.message).replace("=\r\n", "");
        let (before, _) = text.split_once(ending)?;
        Some(format!("{}{ending}", &before[before.rfind("/preferences/")?..]))
    });
    links.next()
}

/// Asks for a fresh link; its path.
async fn fresh(press: &Press, preferences: &str) -> String {
    assert_eq!(
        post(press, &format!("{preferences}/link"), "").await.status,
        StatusCode::OK
    );
    deliver::send_all(press.app()).await.unwrap();
    press.bench.wait(Duration::from_secs(1));
    link_to(press, ROSA, "/data").expect("a letter with the link")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_downloads_what_is_kept_once_per_link() {
    for engine in engines() {
        let (press, preferences) = press(engine).await;
        assert!(get(&press, &preferences).await.text.contains("Send me the link"));
        let data = fresh(&press, &preferences).await;
        assert!(get(&press, &data).await.text.contains(ROSA));
        assert_eq!(
            get(&press, &data).await.status,
            StatusCode::OK,
            "looking uses nothing up"
        );
        let file = post(&press, &data, "act=download").await;
        assert_eq!(file.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(
            file.headers[header::CONTENT_DISPOSITION],
            "attachment; filename=\"my-data.json\""
        );
        assert_eq!(file.headers[header::CACHE_CONTROL], "no-store");
        let kept: serde_json::Value = serde_json::from_str(&file.text).unwrap();
        assert_eq!(kept["email"], ROSA);
        assert!(!file.text.contains("otto"));
        for (got, what) in [
            (post(&press, &data, "act=download").await, "a second time"),
            (get(&press, &data).await, "a look afterwards"),
        ] {
            assert_eq!(got.status, StatusCode::NOT_FOUND, "{what}");
        }
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_letter_opens_no_data_and_an_old_link_none_either() {
    let (press, preferences) = press(Engine::Sqlite).await;
    let token = preferences.strip_prefix("/preferences/").unwrap();
    let with_the_old_one = format!("/preferences/{token}/data");
    for form in [
        "act=download",
        "act=erase&sure=yes",
        "act=address&email=thief@example.org",
    ] {
        assert_eq!(
            post(&press, &with_the_old_one, form).await.status,
            StatusCode::NOT_FOUND
        );
    }
    let data = fresh(&press, &preferences).await;
    press.bench.wait(Duration::from_secs(3_601));
    assert_eq!(post(&press, &data, "act=download").await.status, StatusCode::NOT_FOUND);
    assert_eq!(subscribe::show(press.app(), ROSA).await.unwrap().email, ROSA);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_a_letter_causes_three_links_a_day_at_most() {
    let (press, preferences) = press(Engine::Sqlite).await;
    for _ in 0..10 {
        assert_eq!(
            post(&press, &format!("{preferences}/link"), "").await.status,
            StatusCode::OK
        );
        press.bench.wait(Duration::from_secs(60));
    }
    deliver::send_all(press.app()).await.unwrap();
    assert_eq!(press.memory.letters().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_erases_everything_is_gone_and_has_to_tick_the_box() {
    for engine in engines() {
        let (press, preferences) = press(engine).await;
        let data = fresh(&press, &preferences).await;
        let asked = post(&press, &data, "act=erase").await;
        assert_eq!(asked.status, StatusCode::BAD_REQUEST);
        assert!(asked.text.contains("tick the box"));
        assert_eq!(post(&press, &data, "act=erase&sure=yes").await.status, StatusCode::OK);
        assert!(subscribe::show(press.app(), ROSA).await.is_err());
        if engine == Engine::Sqlite {
            let mut onlooker = press.bench.onlooker().await;
            assert!(!onlooker.everything().await.contains(ROSA));
        }
        assert_eq!(get(&press, &preferences).await.status, StatusCode::NOT_FOUND);
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_moves_to_an_address_that_answers() {
    for engine in engines() {
        let (press, preferences) = press(engine).await;
        let data = fresh(&press, &preferences).await;
        let wrong = post(&press, &data, "act=address&email=no+address").await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "a slip does not use the link up");
        let new = "rosa.new@example.net";
        assert_eq!(
            post(&press, &data, &format!("act=address&email={new}")).await.status,
            StatusCode::OK
        );
        deliver::send_all(press.app()).await.unwrap();
        assert_eq!(
            subscribe::show(press.app(), ROSA).await.unwrap().email,
            ROSA,
            "nothing has changed yet"
        );
        let confirm = link_to(&press, new, "/address").expect("a letter to the new address");
        for _ in 0..2 {
            assert!(get(&press, &confirm).await.text.contains(new));
            assert!(
                subscribe::show(press.app(), new).await.is_err(),
                "looking changes nothing"
            );
        }
        for _ in 0..2 {
            let moved = post(&press, &confirm, "").await;
            assert_eq!(moved.status, StatusCode::OK, "a repeat shows the same: {}", moved.text);
        }
        assert_eq!(subscribe::show(press.app(), new).await.unwrap().email, new);
        assert_eq!(
            get(&press, &preferences).await.status,
            StatusCode::NOT_FOUND,
            "old links to choices end"
        );
        press.publish("Ink").await;
        press.bench.wait(Duration::from_secs(3_600));
        let issue = press.send().await.unwrap();
        press.drain(&issue).await;
        let letters = press.memory.letters();
        let to: Vec<&str> = letters.iter().map(|kept| kept.envelope.to.as_str()).collect();
        assert!(
            to.ends_with(&[new, "otto@example.org"]) || to.ends_with(&["otto@example.org", new]),
            "{to:?}"
        );
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_has_letters_of_its_own_is_not_taken_over() {
    let (press, preferences) = press(Engine::Sqlite).await;
    let data = fresh(&press, &preferences).await;
    let asked = post(&press, &data, "act=address&email=otto@example.org").await;
    assert_eq!(asked.status, StatusCode::OK, "whether it is known is not said here");
    deliver::send_all(press.app()).await.unwrap();
    let confirm = link_to(&press, "otto@example.org", "/address").unwrap();
    let refused = post(&press, &confirm, "").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("Letters go to this address already"));
    assert_eq!(subscribe::show(press.app(), ROSA).await.unwrap().email, ROSA);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_moves_to_an_address_that_was_left_or_never_confirmed() {
    for engine in engines() {
        let (press, preferences) = press(engine).await;
        subscribe::unsubscribe(press.app(), "otto@example.org", None)
            .await
            .unwrap();
        let data = fresh(&press, &preferences).await;
        post(&press, &data, "act=address&email=otto@example.org").await;
        deliver::send_all(press.app()).await.unwrap();
        let confirm = link_to(&press, "otto@example.org", "/address").unwrap();
        assert_eq!(post(&press, &confirm, "").await.status, StatusCode::OK);
        let moved = serde_json::to_value(subscribe::show(press.app(), "otto@example.org").await.unwrap()).unwrap();
        assert_eq!((&moved["id"], &moved["status"]), (&1.into(), &"active".into()));
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_list_does_not_bring_the_old_address_back_after_a_move() {
    let (press, preferences) = press(Engine::Sqlite).await;
    let data = fresh(&press, &preferences).await;
    post(&press, &data, "act=address&email=new@example.net").await;
    deliver::send_all(press.app()).await.unwrap();
    let confirm = link_to(&press, "new@example.net", "/address").unwrap();
    post(&press, &confirm, "").await;
    let list = "email,status\nrosa@example.org,active\n";
    let options = subscribe::ImportOptions {
        consent: Some("an old list".to_owned()),
        ..subscribe::ImportOptions::default()
    };
    subscribe::import(press.app(), list.as_bytes(), &options, |_| {})
        .await
        .unwrap();
    let back = subscribe::show(press.app(), ROSA).await;
    let status = back
        .ok()
        .map(|back| serde_json::to_value(back).unwrap()["status"].clone());
    assert_ne!(status, Some("active".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_old_links_back_ends_a_move_that_is_under_way() {
    let (press, preferences) = press(Engine::Sqlite).await;
    let data = fresh(&press, &preferences).await;
    post(&press, &data, "act=address&email=thief@example.net").await;
    assert_eq!(
        post(&press, &format!("{preferences}/renew"), "").await.status,
        StatusCode::OK
    );
    deliver::send_all(press.app()).await.unwrap();
    assert_eq!(link_to(&press, "thief@example.net", "/address"), None);
    // Whoever holds an old letter can leave and come back, and learns no new address from it.
    let leave = Leave {
        subscriber: 1,
        newsletter: code_of("notes"),
    };
    let left = post(&press, &format!("/{}", leave.to_path(&press.app().keys)), "").await;
    let (_, rest) = left.text.split_once("action=\"").expect("a way back");
    let back = post(&press, rest.split('"').next().unwrap(), "").await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    assert!(!back.text.contains("/preferences/"), "{}", back.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_notices_and_unanswered_new_addresses_are_forgotten() {
    for engine in engines() {
        let (press, preferences) = press(engine).await;
        let data = fresh(&press, &preferences).await;
        post(&press, &data, "act=address&email=else@example.net").await;
        deliver::send_all(press.app()).await.unwrap();
        press.bench.wait(Duration::from_hours(73));
        subscribe::tick(press.app()).await.unwrap();
        if engine == Engine::Sqlite {
            let mut onlooker = press.bench.onlooker().await;
            assert!(!onlooker.everything().await.contains("else@example.net"));
        }
        assert!(!subscribe::show(press.app(), ROSA).await.unwrap().notices.is_empty());
        press.bench.wait(Duration::from_hours(24 * 31));
        subscribe::tick(press.app()).await.unwrap();
        assert!(subscribe::show(press.app(), ROSA).await.unwrap().notices.is_empty());
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_confirms_is_forgotten_after_a_fortnight_and_may_sign_up_again() {
    let asked = |email: &str| Add {
        email: email.to_owned(),
        ..Add::default()
    };
    for engine in engines() {
        let (press, _) = press(engine).await;
        subscribe::add(press.app(), &asked("silent@example.net")).await.unwrap();
        let list = "email,status\nbrought@example.net,pending\n";
        let options = subscribe::ImportOptions {
            consent: Some("an old list".to_owned()),
            ..subscribe::ImportOptions::default()
        };
        subscribe::import(press.app(), list.as_bytes(), &options, |_| {})
            .await
            .unwrap();
        deliver::send_all(press.app()).await.unwrap();
        press.bench.wait(Duration::from_hours(24 * 13));
        subscribe::tick(press.app()).await.unwrap();
        assert!(subscribe::show(press.app(), "silent@example.net").await.is_ok());
        press.bench.wait(Duration::from_hours(24 * 2));
        subscribe::tick(press.app()).await.unwrap();
        assert!(subscribe::show(press.app(), "silent@example.net").await.is_err());
        if engine == Engine::Sqlite {
            let mut onlooker = press.bench.onlooker().await;
            assert!(!onlooker.everything().await.contains("silent@example.net"));
        }
        assert!(
            subscribe::show(press.app(), "brought@example.net").await.is_ok(),
            "nobody asked them yet"
        );
        press.bench.wait(Duration::from_hours(24 * 80));
        subscribe::tick(press.app()).await.unwrap();
        assert!(subscribe::show(press.app(), "brought@example.net").await.is_err());
        assert!(subscribe::show(press.app(), ROSA).await.is_ok());
        subscribe::add(press.app(), &asked("silent@example.net")).await.unwrap();
        let again = subscribe::show(press.app(), "silent@example.net").await.unwrap();
        assert_eq!(serde_json::to_value(again).unwrap()["status"], "pending");
        press.bench.close().await;
    }
}
