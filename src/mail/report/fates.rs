//! Which kind of report a mail is, and so who tells the fates.

use super::parts::{Kind, Mail};
use super::plain::before_the_letter;
use super::{Fate, feedback, plain, shortened, status};
use crate::mail::events;
use crate::model::bounce::{Class, Evidence, Judgement, Status, answers_by_itself, speaks_of_failure};

/// How people and programs say that a letter did not arrive.
const NOT_ARRIVED: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "was not delivered",
    "wasn't delivered",
    "not been delivered",
    "did not reach",
    "unable to deliver",
    "undeliverable",
    "undelivered",
    "delivery failed",
    "delivery failure",
    "delivery has failed",
    "delivery status notification",
    "failure notice",
    "returned mail",
    "returned to sender",
    "unzustellbar",
    "nicht zugestellt",
    "n'a pas pu",
    "non remis",
    "no se pudo entregar",
    "no se ha podido entregar",
    "impossibile recapitare",
    "mancato recapito",
    "não foi possível entregar",
    "не может быть доставлено",
    "не доставлено",
    "配信できません",
    "届きません",
    "退信",
    "无法投递",
    "無法傳遞",
];

/// At least one fate for every mail.
pub(super) fn of(mail: &Mail) -> Vec<Fate> {
    let words = mail.words();
    let of_status = told(mail, Kind::Status, |text| status::fates(text, &words));
    if !of_status.is_empty() {
        return of_status;
    }
    let of_feedback = told(mail, Kind::Feedback, feedback::fates);
    if !of_feedback.is_empty() {
        return of_feedback;
    }
    // The same fields as plain text, as gateways make of them that know no such parts.
    for kind in [Kind::Text, Kind::Returned] {
        for read in [status::fates as fn(&str, &str) -> Vec<Fate>, |text, _| {
            feedback::fates(text)
        }] {
            let found = told(mail, kind, |text| read(text, before_the_letter(&words)));
            if !found.is_empty() {
                return found.into_iter().map(hearsay).collect();
            }
        }
    }
    let events = events::read_mail(&words);
    if !events.is_empty() {
        return events.into_iter().map(|event| event.fate).collect();
    }
    // Microsoft's junk mail reports have no part of fields.
    if mail.subject.to_lowercase().starts_with("complaint about message from") {
        return vec![feedback::complaint("abuse")];
    }
    if let Some(answer) = answer(mail, before_the_letter(&words)) {
        return vec![answer];
    }
    plain::fates(mail)
}

/// Fields in no part of their own may be quoted from anywhere: there nobody is dead but by a status that says so.
fn hearsay(mut fate: Fate) -> Fate {
    let judgement = &mut fate.judgement;
    if judgement.class == Class::Dead && !judgement.status.is_some_and(Status::is_specific) {
        judgement.class = Class::Unknown;
        judgement.certain = false;
    }
    fate
}

fn told(mail: &Mail, kind: Kind, read: impl Fn(&str) -> Vec<Fate>) -> Vec<Fate> {
    let leaves = mail.outermost(kind);
    leaves.into_iter().flat_map(|leaf| read(&leaf.text)).collect()
}

/// BO7: the answer of a person who is away, of a machine, or of somebody who simply wrote back. `Auto-Submitted` alone
/// proves nothing, because relays put it on bounces.
fn answer(mail: &Mail, said: &str) -> Option<Fate> {
    let not_arrived = |text: &str| {
        let lower = text.to_lowercase();
        NOT_ARRIVED.iter().any(|words| lower.contains(words))
    };
    let failure = [said, &mail.subject]
        .iter()
        .any(|text| speaks_of_failure(text) || not_arrived(text));
    let away = answers_by_itself(&mail.subject, said);
    let is_automatic = mail
        .header("auto-submitted")
        .is_some_and(|value| !value.trim().eq_ignore_ascii_case("no"))
        || [
            "x-autoreply",
            "x-autorespond",
            "x-auto-response-suppress",
            "x-autoresponse",
        ]
        .iter()
        .any(|name| mail.header(name).is_some())
        || mail
            .header("precedence")
            .is_some_and(|value| value.to_ascii_lowercase().contains("auto"));
    let evidence = match away {
        _ if failure => return None,
        Some(words) => Evidence::Phrase(words),
        None if mail.is_from_a_daemon() => return None,
        None if is_automatic => Evidence::Feedback("auto-submitted".to_owned()),
        None => Evidence::Nothing,
    };
    Some(Fate {
        recipient: None,
        action: None,
        judgement: Judgement {
            class: Class::Auto,
            certain: false,
            status: None,
            reply: None,
            evidence,
        },
        said: shortened(&mail.subject),
    })
}
