//! SES by SNS: an envelope that is signed with a certificate of Amazon's
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>).

use std::path::Path;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use url::Url;
use webpki::EndEntityCert;
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;

use super::Refusal;
use super::authentic::is_fresh;

/// The envelope.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Notice {
    /// `Notification`, `SubscriptionConfirmation`, `UnsubscribeConfirmation`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The same for each try.
    pub message_id: String,
    /// Which topic.
    pub topic_arn: String,
    /// Of a notification, if it has one.
    pub subject: Option<String>,
    /// What SES says, JSON in a text.
    pub message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    /// Where a subscription is confirmed.
    #[serde(rename = "SubscribeURL")]
    pub subscribe_url: Option<String>,
    token: Option<String>,
}

impl Notice {
    /// What is signed: the fields that are there, name and value on lines of their own.
    fn signed(&self) -> String {
        let is_notification = self.kind == "Notification";
        let fields = [
            ("Message", Some(&self.message)),
            ("MessageId", Some(&self.message_id)),
            ("Subject", self.subject.as_ref().filter(|_| is_notification)),
            ("SubscribeURL", self.subscribe_url.as_ref().filter(|_| !is_notification)),
            ("Timestamp", Some(&self.timestamp)),
            ("Token", self.token.as_ref().filter(|_| !is_notification)),
            ("TopicArn", Some(&self.topic_arn)),
            ("Type", Some(&self.kind)),
        ];
        let present = fields
            .iter()
            .filter_map(|(name, value)| value.map(|value| (name, value)));
        present.map(|(name, value)| format!("{name}\n{value}\n")).collect()
    }
}

/// Where the certificate of a notice lies, if that is a host of SNS itself; also of the address that confirms a
/// subscription.
pub fn certificate_address(notice: &Notice) -> Option<Url> {
    own_address(&notice.signing_cert_url)
        .filter(|url| Path::new(url.path()).extension().is_some_and(|kind| kind == "pem"))
}

/// `https://sns.REGION.amazonaws.com/…`, also in China.
pub(super) fn own_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let region = host.strip_prefix("sns.").and_then(|rest| {
        rest.strip_suffix(".amazonaws.com")
            .or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
    })?;
    let is_region = !region.is_empty()
        && region
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let is_plain =
        url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none();
    (is_region && is_plain).then_some(url)
}

impl Notice {
    /// The address that confirms a subscription, if that is a host of SNS itself.
    pub fn confirmation_address(&self) -> Option<Url> {
        own_address(self.subscribe_url.as_deref()?)
    }
}

/// Believes a notice by a certificate (PEM) that came from its [`certificate_address`].
pub fn is_signed(notice: &Notice, certificate: &[u8], now: DateTime<Utc>) -> Result<(), Refusal> {
    if notice.signature_version != "2" {
        return Err(Refusal::Unsigned);
    }
    let signature = BASE64.decode(notice.signature.as_bytes()).map_err(|_| Refusal::Wrong)?;
    let der = CertificateDer::from_pem_slice(certificate).map_err(|_| Refusal::Wrong)?;
    let certificate = EndEntityCert::try_from(&der).map_err(|_| Refusal::Wrong)?;
    certificate
        .verify_signature(RSA_PKCS1_2048_8192_SHA256, notice.signed().as_bytes(), &signature)
        .map_err(|_| Refusal::Wrong)?;
    match DateTime::parse_from_rfc3339(&notice.timestamp) {
        Ok(at) if is_fresh(at.to_utc(), now) => Ok(()),
        _ => Err(Refusal::Stale),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

    use super::*;

    #[test]
    fn a_certificate_is_taken_from_nowhere_but_sns() {
        for right in [
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
        ] {
            assert!(own_address(right).is_some(), "{right}");
        }
        for wrong in [
            "http://sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
            "https://sns.evil.example/a.pem",
            "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.eu.west.amazonaws.com/a.pem",
            "https://user@sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.eu-west-1.amazonaws.com:444/a.pem",
            "https://bucket.s3.amazonaws.com/a.pem",
        ] {
            assert!(own_address(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_notice_is_believed_by_its_certificate_for_five_minutes() {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let mut notice: Notice = serde_json::from_value(serde_json::json!({
            "Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:1:bounces", "Message": "{}",
            "Timestamp": "2027-01-15T08:00:00.000Z", "SignatureVersion": "2", "Signature": "",
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem"
        }))
        .unwrap();
        let signer = RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap();
        let mut signature = vec![0; signer.public_modulus_len()];
        let chance = SystemRandom::new();
        signer
            .sign(&RSA_PKCS1_SHA256, &chance, notice.signed().as_bytes(), &mut signature)
            .unwrap();
        notice.signature = BASE64.encode(&signature);
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let pem = certificate.pem();
        let told = |notice: &Notice, now| is_signed(notice, pem.as_bytes(), at(now));
        assert_eq!(told(&notice, "2027-01-15T08:04:00Z"), Ok(()));
        assert_eq!(told(&notice, "2027-01-15T08:06:00Z"), Err(Refusal::Stale));
        let forged = Notice {
            message: "{ }".to_owned(),
            ..notice
        };
        assert_eq!(told(&forged, "2027-01-15T08:04:00Z"), Err(Refusal::Wrong));
    }
}
