//! What providers tell by webhook, over the real router, with signatures made here.

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use data_encoding::HEXLOWER;
use letterpress::config::{Hook, HookTrust};
use letterpress::http;
use letterpress::mail::memory::Kept;
use letterpress::model::provider::Provider;
use letterpress::store::Engine;
use letterpress::subscribe;
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::engines;
use crate::support::mailroom::Press;

async fn press(engine: Engine) -> Press {
    let hook = |provider, secret: &str| Hook {
        provider,
        trust: HookTrust::Secret(SecretString::from(secret.to_owned())),
    };
    Press::with(engine, |settings| {
        settings.bounces.hooks = vec![
            hook(Provider::Postmark, "me:word"),
            hook(Provider::Mailgun, "key"),
            Hook {
                provider: Provider::Ses,
                trust: HookTrust::Topics(vec!["arn:aws:sns:eu-west-1:1:bounces".to_owned()]),
            },
        ];
    })
    .await
}

/// Sends an issue; its letters.
async fn letters(press: &Press) -> Vec<Kept> {
    press.join("rosa", "weekly").await;
    press.join("emil", "weekly").await;
    press.publish("Ink").await;
    let issue = press.send().await.unwrap();
    press.drain(&issue).await;
    press.memory.letters()
}

fn token(letters: &[Kept], name: &str) -> String {
    let letter = letters
        .iter()
        .find(|kept| kept.envelope.to.local_part() == name)
        .unwrap();
    letter.envelope.token.as_ref().unwrap().as_str().to_owned()
}

async fn tell(press: &Press, provider: &str, headers: &[(&str, &str)], body: &Value) -> StatusCode {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("/hooks/bounces/{provider}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let router = http::router(Arc::clone(press.app()), http::Options::default());
    router.oneshot(request).await.unwrap().status()
}

async fn status(press: &Press, name: &str) -> Value {
    let people = subscribe::list(press.app()).await.unwrap();
    let one = people
        .iter()
        .find(|one| one.email == format!("{name}@example.org"))
        .unwrap();
    serde_json::to_value(one.status).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_provider_reports_a_dead_address_is_mailed_no_more_and_a_forger_gets_nowhere() {
    for engine in engines() {
        let press = press(engine).await;
        let letters = letters(&press).await;
        let body = json!({"RecordType": "Bounce", "ID": 7, "Type": "HardBounce", "Email": "rosa@example.org",
            "Details": "smtp;550 5.1.1 unknown user", "Metadata": {"delivery": token(&letters, "rosa")},
            "Content": "x".repeat(100_000)});
        let forged = tell(&press, "postmark", &[("X-Letterpress-Secret", "me:guess")], &body).await;
        assert_eq!(forged, StatusCode::UNAUTHORIZED);
        assert_eq!(status(&press, "rosa").await, "active", "{engine:?}");
        let secret = [("X-Letterpress-Secret", "me:word")];
        for _ in 0..2 {
            assert_eq!(tell(&press, "postmark", &secret, &body).await, StatusCode::OK);
            assert_eq!(status(&press, "rosa").await, "suppressed");
        }
        let by_address = json!({"RecordType": "Bounce", "ID": 8, "Type": "HardBounce", "Email": "emil@example.org"});
        assert_eq!(tell(&press, "postmark", &secret, &by_address).await, StatusCode::OK);
        assert_eq!(
            status(&press, "emil").await,
            "active",
            "an address alone proves nothing"
        );
        assert_eq!(
            tell(&press, "postmark", &secret, &json!(7)).await,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(tell(&press, "sendgrid", &secret, &body).await, StatusCode::NOT_FOUND);
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_was_used_for_one_reader_cannot_be_used_for_another() {
    let press = press(Engine::Sqlite).await;
    let letters = letters(&press).await;
    let seconds = press.app().clock.now().timestamp().to_string();
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, b"key"),
        format!("{seconds}once").as_bytes(),
    );
    let body = |id: &str, name: &str| {
        json!({"signature": {"timestamp": seconds, "token": "once", "signature": HEXLOWER.encode(tag.as_ref())},
            "event-data": {"event": "complained", "id": id, "user-variables": {"delivery": token(&letters, name)}}})
    };
    assert_eq!(tell(&press, "mailgun", &[], &body("a", "rosa")).await, StatusCode::OK);
    assert_eq!(status(&press, "rosa").await, "suppressed");
    assert_eq!(
        tell(&press, "mailgun", &[], &body("b", "emil")).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(status(&press, "emil").await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_a_strangers_topic_is_refused_before_anything_is_fetched() {
    let press = press(Engine::Sqlite).await;
    let notice = |topic: &str, certificate: &str| {
        json!({"Type": "Notification", "MessageId": "m", "TopicArn": topic, "Message": "{}", "SignatureVersion": "2",
            "Timestamp": "2027-01-01T00:00:00Z", "Signature": "AAAA", "SigningCertURL": certificate})
    };
    let own = "arn:aws:sns:eu-west-1:1:bounces";
    for body in [
        notice(
            "arn:aws:sns:eu-west-1:2:other",
            "https://sns.eu-west-1.amazonaws.com/a.pem",
        ),
        notice(own, "https://evil.example/a.pem"),
        json!({}),
    ] {
        assert_eq!(tell(&press, "ses", &[], &body).await, StatusCode::UNAUTHORIZED);
    }
}
