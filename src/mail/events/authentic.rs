//! Whether a request comes from the provider: signature or shared secret, compared in constant time, and not older than
//! five minutes where it says when.

use aws_lc_rs::{constant_time, hmac, signature};
use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Provider, Request, Trust};

/// How old or how far ahead a signature may be, in seconds.
const FRESH: i64 = 300;

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something that proves it is missing.
    #[error("it is not signed")]
    Unsigned,
    /// The signature or secret is another one.
    #[error("its signature is wrong; compare the secret in the config with the provider's")]
    Wrong,
    /// Too old, or from the future.
    #[error("its signature is older than five minutes, or a clock is wrong")]
    Stale,
}

/// Believes a request, or not. With `Some` word it must not have been used before (Mailgun signs a word of its own and not
/// the body).
pub fn authentic(request: &Request<'_>, trust: &Trust<'_>) -> Result<Option<String>, Refusal> {
    match trust.provider {
        Provider::Postmark => shared_secret(request, trust).map(|()| None),
        Provider::Mailgun => mailgun(request, trust).map(Some),
        Provider::Resend => standard(request, trust).map(|()| None),
        Provider::SendGrid => sendgrid(request, trust).map(|()| None),
        // By certificate, which has to be fetched: `sns`.
        Provider::Ses => Err(Refusal::Unsigned),
    }
}

/// Whether a moment is near enough.
pub(super) fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (at - now).num_seconds().abs() <= FRESH
}

fn fresh(seconds: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
    let at = seconds
        .trim()
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    match at {
        Some(at) if is_fresh(at, now) => Ok(()),
        _ => Err(Refusal::Stale),
    }
}

/// Basic auth with `NAME:PASSWORD`, or the header `X-Letterpress-Secret`.
fn shared_secret(request: &Request<'_>, trust: &Trust<'_>) -> Result<(), Refusal> {
    let basic = request.header("authorization").and_then(|value| {
        let (scheme, encoded) = value.split_once(' ')?;
        let decoded = BASE64.decode(encoded.trim().as_bytes()).ok()?;
        scheme.eq_ignore_ascii_case("basic").then_some(decoded)
    });
    let own = request
        .header("x-letterpress-secret")
        .map(|value| value.as_bytes().to_vec());
    let told = basic.or(own).ok_or(Refusal::Unsigned)?;
    // Of equal length whatever was told: the comparison says nothing about the secret.
    let digest = |bytes: &[u8]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let secret = digest(trust.secret.expose_secret().as_bytes());
    constant_time::verify_slices_are_equal(digest(&told).as_ref(), secret.as_ref()).map_err(|_| Refusal::Wrong)
}

/// HMAC-SHA-256 over timestamp and token; all three stand in the body.
fn mailgun(request: &Request<'_>, trust: &Trust<'_>) -> Result<String, Refusal> {
    let body: Value = serde_json::from_slice(request.body).map_err(|_| Refusal::Unsigned)?;
    let text = |name: &str| match &body["signature"][name] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let (Some(timestamp), Some(token), Some(told)) = (text("timestamp"), text("token"), text("signature")) else {
        return Err(Refusal::Unsigned);
    };
    let told = HEXLOWER_PERMISSIVE
        .decode(told.as_bytes())
        .map_err(|_| Refusal::Wrong)?;
    verify(
        trust.secret.expose_secret().as_bytes(),
        format!("{timestamp}{token}").as_bytes(),
        &told,
    )?;
    fresh(&timestamp, trust.now)?;
    Ok(token)
}

/// Standard Webhooks: HMAC-SHA-256 over id, timestamp and body joined by dots; several signatures while keys change.
fn standard(request: &Request<'_>, trust: &Trust<'_>) -> Result<(), Refusal> {
    let header = |name: &str| {
        request
            .header(&format!("svix-{name}"))
            .or_else(|| request.header(&format!("webhook-{name}")))
    };
    let (Some(id), Some(timestamp), Some(told)) = (header("id"), header("timestamp"), header("signature")) else {
        return Err(Refusal::Unsigned);
    };
    let secret = trust.secret.expose_secret();
    let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = BASE64.decode(secret.as_bytes()).map_err(|_| Refusal::Wrong)?;
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", request.body].concat();
    let is_right = told.split_whitespace().any(|one| {
        let encoded = one.strip_prefix("v1,").unwrap_or_default();
        let tag = BASE64.decode(encoded.as_bytes()).unwrap_or_default();
        verify(&key, &signed, &tag).is_ok()
    });
    if !is_right {
        return Err(Refusal::Wrong);
    }
    fresh(timestamp, trust.now)
}

fn verify(key: &[u8], data: &[u8], tag: &[u8]) -> Result<(), Refusal> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::verify(&key, data, tag).map_err(|_| Refusal::Wrong)
}

/// ECDSA P-256 over timestamp and body.
fn sendgrid(request: &Request<'_>, trust: &Trust<'_>) -> Result<(), Refusal> {
    let told = request.header("x-twilio-email-event-webhook-signature");
    let timestamp = request.header("x-twilio-email-event-webhook-timestamp");
    let (Some(told), Some(timestamp)) = (told, timestamp) else {
        return Err(Refusal::Unsigned);
    };
    let told = BASE64.decode(told.trim().as_bytes()).map_err(|_| Refusal::Wrong)?;
    let pem = trust.secret.expose_secret();
    let encoded: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = BASE64.decode(encoded.trim().as_bytes()).map_err(|_| Refusal::Wrong)?;
    let key = signature::ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, key).map_err(|_| Refusal::Wrong)?;
    let signed = [timestamp.as_bytes(), request.body].concat();
    key.verify_sig(&signed, &told).map_err(|_| Refusal::Wrong)?;
    fresh(timestamp, trust.now)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
    use data_encoding::HEXLOWER;
    use secrecy::SecretString;

    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn ask(
        provider: Provider,
        secret: &str,
        headers: &[(&str, &str)],
        body: &str,
        late: i64,
    ) -> Result<Option<String>, Refusal> {
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let secret = SecretString::from(secret.to_owned());
        let trust = Trust {
            provider,
            secret: &secret,
            now: noon() + chrono::Duration::seconds(late),
        };
        authentic(
            &Request {
                headers: &headers,
                body: body.as_bytes(),
            },
            &trust,
        )
    }

    fn tag(key: &[u8], data: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
            .as_ref()
            .to_vec()
    }

    #[test]
    fn postmark_is_believed_by_its_password_or_by_a_header() {
        let basic = format!("Basic {}", BASE64.encode(b"me:word"));
        let told = |headers: &[(&str, &str)]| ask(Provider::Postmark, "me:word", headers, "{}", 0);
        assert!(told(&[("authorization", &basic)]).is_ok());
        assert!(told(&[("x-letterpress-secret", "me:word")]).is_ok());
        assert_eq!(told(&[("x-letterpress-secret", "me:other")]), Err(Refusal::Wrong));
        assert_eq!(told(&[]), Err(Refusal::Unsigned));
    }

    #[test]
    fn mailgun_is_believed_by_what_stands_in_the_body() {
        let signature = HEXLOWER.encode(&tag(b"key", b"1800000000once"));
        let body = format!(r#"{{"signature":{{"timestamp":"1800000000","token":"once","signature":"{signature}"}}}}"#);
        let told = |body: &str, late| ask(Provider::Mailgun, "key", &[], body, late);
        assert_eq!(told(&body, 299), Ok(Some("once".to_owned())));
        assert_eq!(told(&body, 301), Err(Refusal::Stale));
        assert_eq!(told(&body.replace("once", "twice"), 0), Err(Refusal::Wrong));
        assert_eq!(told("{}", 0), Err(Refusal::Unsigned));
    }

    #[test]
    fn resend_is_believed_by_one_of_several_signatures() {
        let secret = format!("whsec_{}", BASE64.encode(b"key"));
        let right = format!("v1,AAAA v1,{}", BASE64.encode(&tag(b"key", b"msg_1.1800000000.{}")));
        let told = |name: &str, signature: &str, body: &str, late| {
            let names = ["id", "timestamp", "signature"].map(|part| format!("{name}-{part}"));
            let headers = [
                (names[0].as_str(), "msg_1"),
                (&names[1], "1800000000"),
                (&names[2], signature),
            ];
            ask(Provider::Resend, &secret, &headers, body, late)
        };
        assert_eq!(told("svix", &right, "{}", 0), Ok(None));
        assert_eq!(told("webhook", &right, "{}", 0), Ok(None));
        assert_eq!(told("svix", &right, "{ }", 0), Err(Refusal::Wrong));
        assert_eq!(told("svix", "v1,AAAA", "{}", 0), Err(Refusal::Wrong));
        assert_eq!(told("svix", &right, "{}", 400), Err(Refusal::Stale));
    }

    #[test]
    fn sendgrid_is_believed_by_its_public_key() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let chance = SystemRandom::new();
        let signature = BASE64.encode(key.sign(&chance, b"1800000000[]").unwrap().as_ref());
        let spki =
            aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(key.public_key()).unwrap();
        let public = BASE64.encode(spki.as_ref());
        let told = |body: &str, late| {
            let headers = [
                ("x-twilio-email-event-webhook-signature", signature.as_str()),
                ("x-twilio-email-event-webhook-timestamp", "1800000000"),
            ];
            ask(Provider::SendGrid, &public, &headers, body, late)
        };
        assert_eq!(told("[]", 0), Ok(None));
        assert_eq!(told("[ ]", 0), Err(Refusal::Wrong));
        assert_eq!(told("[]", 301), Err(Refusal::Stale));
    }
}
