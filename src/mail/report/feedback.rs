//! Feedback reports (RFC 5965, RFC 6591): what a mailbox provider passes on when a person presses "this is spam".

use super::Fate;
use super::address::first;
use super::fields::{fields, untyped};
use crate::model::bounce::{Class, Evidence, Judgement};

/// The fates that the fields of a report tell: one for each recipient, at least one; nothing without a type.
pub(super) fn fates(text: &str) -> Vec<Fate> {
    let fields = fields(text);
    let Some((_, kind)) = fields.iter().find(|(name, _)| name == "feedback-type") else {
        return Vec::new();
    };
    let kind = kind.trim().to_ascii_lowercase();
    let mut recipients: Vec<Option<String>> = fields
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "original-rcpt-to" | "removal-recipient"))
        .filter_map(|(_, value)| first(untyped(value)))
        .map(Some)
        .collect();
    recipients.dedup();
    if recipients.is_empty() {
        recipients.push(None);
    }
    recipients
        .into_iter()
        .map(|recipient| of_kind(&kind, recipient))
        .collect()
}

/// A complaint that is told by nothing but its subject.
pub(super) fn complaint(kind: &str) -> Fate {
    of_kind(kind, None)
}

fn of_kind(kind: &str, recipient: Option<String>) -> Fate {
    let class = class_of(kind);
    Fate {
        recipient,
        action: None,
        judgement: Judgement {
            class,
            certain: class == Class::Complaint && !is_about_us(kind),
            status: None,
            reply: None,
            evidence: Evidence::Feedback(kind.to_owned()),
        },
        said: kind.to_owned(),
    }
}

/// A complaint of a machine about our signatures (RFC 6591): it counts, and no person is behind it.
fn is_about_us(kind: &str) -> bool {
    matches!(kind, "auth-failure" | "dkim" | "dmarc")
}

/// RFC 5965 §7.3 and the types that came later. What nobody knows is shown to the operator.
fn class_of(kind: &str) -> Class {
    match kind {
        "abuse" | "fraud" | "virus" | "complaint" => Class::Complaint,
        kind if is_about_us(kind) => Class::Complaint,
        "opt-out" | "opt-out-list" | "unsubscribe" => Class::OptOut,
        "not-spam" => Class::Auto,
        _ => Class::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_calls_it_abuse_is_told_from_one_who_wants_out() {
        let class = |kind: &str| {
            fates(&format!("Version: 1\nFeedback-Type: {kind}\n"))[0]
                .judgement
                .class
        };
        assert_eq!(class("abuse"), Class::Complaint);
        assert_eq!(class("Opt-Out"), Class::OptOut);
        let failure = &fates("Feedback-Type: auth-failure\n")[0].judgement;
        assert!(
            failure.class == Class::Complaint && !failure.certain,
            "nobody complained"
        );
        assert!(fates("Version: 1\n").is_empty());
        let two = "Feedback-Type: abuse\nOriginal-Rcpt-To: <a@b.example>\nOriginal-Rcpt-To: c@d.example\n";
        assert_eq!(fates(two).len(), 2);
    }
}
