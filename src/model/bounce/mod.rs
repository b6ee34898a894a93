//! What a refusal means, whether a server said it in a session or a report brought it back: `sources.md` 7.
//!
//! ```text
//!  action ─▶ stage (a refusal of the sender) ─▶ phrase ─▶ enhanced code ─▶ reply code ─▶ unknown
//! ```
//!
//! The phrase decides before any code, because servers choose codes carelessly; a temporary status never gives *dead*.

mod phrases;
mod stage;
mod status;

use std::fmt;

use serde::Serialize;

pub use stage::Stage;
use stage::stage_of;
pub use status::{Status, find_reply};

/// What became of a letter, as far as the person behind the address is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// It arrived, or went on to where no report comes from.
    Delivered,
    /// The relay goes on trying.
    Delayed,
    /// Somebody is away, or a machine answers.
    Auto,
    /// The sender's standing or the letter's content: never the person.
    Sender,
    /// None of the others.
    Unknown,
    /// The way there failed for so long that the relay gave up.
    Expired,
    /// The mailbox is there and takes nothing.
    Box,
    /// Nobody is there: mailbox, host or domain.
    Dead,
    /// The person wants no more of this.
    #[serde(rename = "opt-out")]
    OptOut,
    /// The person called the letter abuse.
    Complaint,
}

impl Class {
    const ALL: [Self; 10] = [
        Self::Delivered,
        Self::Delayed,
        Self::Auto,
        Self::Sender,
        Self::Unknown,
        Self::Expired,
        Self::Box,
        Self::Dead,
        Self::OptOut,
        Self::Complaint,
    ];

    /// As it stands in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Delayed => "delayed",
            Self::Auto => "auto",
            Self::Sender => "sender",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Box => "box",
            Self::Dead => "dead",
            Self::OptOut => "opt-out",
            Self::Complaint => "complaint",
        }
    }

    /// Reads a [`Class::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// Counts towards a pause of 90 days when it happens again and again (B3).
    pub fn is_soft(self) -> bool {
        matches!(self, Self::Box | Self::Expired | Self::Unknown)
    }
}

/// `Action` of a delivery status (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Given up.
    Failed,
    /// Still being tried.
    Delayed,
    /// In the mailbox.
    Delivered,
    /// Handed to a system that sends no reports.
    Relayed,
    /// Handed on to several.
    Expanded,
}

impl Action {
    /// Reads the word at the start of the field; comments and unknown words are survived.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.trim().split(|c: char| !c.is_ascii_alphabetic()).next()?;
        Some(match word.to_ascii_lowercase().as_str() {
            "failed" | "failure" | "fail" => Self::Failed,
            "delayed" | "delay" => Self::Delayed,
            // "deliverable" is what Postfix answers to an address probe (sendmail -bv).
            "delivered" | "deliverable" => Self::Delivered,
            "relayed" => Self::Relayed,
            "expanded" => Self::Expanded,
            _ => return None,
        })
    }

    fn class(self) -> Option<Class> {
        match self {
            Self::Failed => None,
            Self::Delayed => Some(Class::Delayed),
            Self::Delivered | Self::Relayed | Self::Expanded => Some(Class::Delivered),
        }
    }
}

/// What is known about the fate of one letter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clues<'a> {
    /// `Action`
    pub action: Option<Action>,
    /// `Status`, or the enhanced code of a reply.
    pub status: Option<Status>,
    /// `Diagnostic-Code` without its type, or the text of a reply with its code in front.
    pub diagnostic: &'a str,
    /// The words for people beside the address.
    pub near: &'a str,
    /// Where in the conversation it happened; when it is not known, the texts may tell.
    pub stage: Option<Stage>,
}

/// Which rule decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// `Action`
    Action,
    /// A phrase of the table.
    Phrase(&'static str),
    /// Where in the conversation it happened.
    Stage(Stage),
    /// The enhanced code.
    Status(Status),
    /// The reply code.
    Reply(u16),
    /// Type of a feedback report (RFC 5965 §7.3), or the event of a provider.
    Feedback(String),
    /// Nothing did.
    Nothing,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action => f.write_str("action"),
            Self::Phrase(phrase) => write!(f, "phrase: {phrase}"),
            Self::Stage(stage) => write!(f, "stage: {}", stage.word()),
            Self::Status(status) => write!(f, "status: {status}"),
            Self::Reply(code) => write!(f, "reply code: {code}"),
            Self::Feedback(kind) => write!(f, "feedback: {kind}"),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

/// What the clues come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What became of the letter.
    pub class: Class,
    /// Whether one such report is enough (B1); otherwise it takes a second one for another issue (B2).
    pub certain: bool,
    /// The enhanced code that counts.
    pub status: Option<Status>,
    /// The reply code.
    pub reply: Option<u16>,
    /// Why.
    pub evidence: Evidence,
}

/// Judges one letter for one recipient; total over all texts.
pub fn judge(clues: &Clues<'_>) -> Judgement {
    let (diagnostic, near) = (prepare(clues.diagnostic), prepare(clues.near));
    let reply = find_reply(clues.diagnostic).or_else(|| find_reply(clues.near));
    let status = counting_status(clues);
    let told = |class, evidence| Judgement {
        class,
        certain: class == Class::Dead && !matches!(evidence, Evidence::Reply(_)),
        status,
        reply,
        evidence,
    };
    if let Some(class) = clues.action.and_then(Action::class) {
        return told(class, Evidence::Action);
    }
    let stage = clues
        .stage
        .or_else(|| stage_of(&diagnostic))
        .or_else(|| stage_of(&near));
    let is_temporary = match (clues.status, status, reply) {
        (Some(told), _, _) if told.is_temporary() => true,
        (_, Some(status), _) => status.is_temporary(),
        (_, _, Some(code)) => code < 500,
        _ => false,
    };
    let mild = |class| match class {
        Class::Dead if stage == Some(Stage::Sender) => Class::Sender,
        Class::Dead if is_temporary => Class::Expired,
        Class::Dead if stage == Some(Stage::Data) => Class::Box,
        class => class,
    };
    for text in [&diagnostic, &near] {
        if let Some((class, phrase, _)) = phrases::best(text) {
            // "5.2.1 … disabled" is a mailbox; "host unknown" with 5.7.1 is still a host.
            return told(mild(*class), Evidence::Phrase(phrase));
        }
    }
    if stage == Some(Stage::Sender) && !is_temporary {
        return told(Class::Sender, Evidence::Stage(Stage::Sender));
    }
    if let Some(status) = status.filter(|status| status.is_specific())
        && let Some(class) = class_of_status(status)
    {
        return told(mild(class), Evidence::Status(status));
    }
    match reply.and_then(|code| class_of_reply(code, stage).map(|class| (code, class))) {
        Some((code, class)) => told(mild(class), Evidence::Reply(code)),
        None => told(Class::Unknown, Evidence::Nothing),
    }
}

/// Whether somebody who is away, or a machine, answers: `subject` and `text` of a mail that is no report.
pub fn answers_by_itself(subject: &str, text: &str) -> Option<&'static str> {
    [subject, text]
        .into_iter()
        .find_map(|text| phrases::away(&prepare(text)).map(|row| row.1))
}

/// Whether a text holds a phrase, stage or code of a failure.
pub fn speaks_of_failure(text: &str) -> bool {
    let prepared = prepare(text);
    phrases::best(&prepared).is_some() || stage_of(&prepared).is_some() || find_reply(text).is_some()
}

/// The status that counts: what the other server said inside the diagnostic says more than a relay's own `x.0.0`, and more
/// than a relay's summary of the same class.
fn counting_status(clues: &Clues<'_>) -> Option<Status> {
    let inside = Status::find(clues.diagnostic)
        .filter(|status| status.is_specific() && status.0 != 2)
        .or_else(|| Status::find(clues.near).filter(|status| clues.status.is_none() && status.0 != 2));
    match (clues.status, inside) {
        (Some(told), Some(inside)) if !told.is_specific() => Some(inside),
        (None, Some(inside)) => Some(inside),
        (told, _) => told,
    }
}

/// BO5. Temporary codes of a person become *expired* with the caller.
fn class_of_status(status: Status) -> Option<Class> {
    let class = match (status.1, status.2) {
        (1, 1..=3 | 6 | 10) | (2, 1) | (4, 4) => Class::Dead,
        (1, 7 | 8) | (6 | 7, _) => Class::Sender,
        (2, _) => Class::Box,
        (3 | 4, _) => Class::Expired,
        _ => return None,
    };
    match status.0 {
        2 => Some(Class::Delivered),
        _ => Some(class),
    }
}

/// What a bare reply code says; without a stage only codes that cannot mean anything else.
fn class_of_reply(code: u16, stage: Option<Stage>) -> Option<Class> {
    Some(match code {
        550 | 551 | 553 if stage == Some(Stage::Recipient) => Class::Dead,
        // RFC 7504: the host takes no mail at all.
        521 | 556 => Class::Dead,
        452 | 552 => Class::Box,
        530 | 534 | 535 | 538 => Class::Sender,
        400..=499 => Class::Expired,
        _ => return None,
    })
}

/// Block lists that refusals point to by nothing but a URL.
const LISTS: &[&str] = &[
    "spamhaus.",
    "spamcop.",
    "barracudacentral.",
    "sorbs.",
    "uceprotect.",
    "abusix.",
];

/// Lower case, white space folded, typographic quotes plain; addresses and URLs give way to a sign, because names in them
/// (`nospam@…`) are no words of the server.
pub(crate) fn prepare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let lower = word.to_lowercase().replace(['\u{2019}', '\u{2018}', '`'], "'");
        let is_address = lower.find('@').is_some_and(|at| at > 0 && at + 1 < lower.len());
        match lower.find("http://").or_else(|| lower.find("https://")) {
            Some(at) => {
                out.push_str(&lower[..at]);
                let host = lower[at..].split('/').nth(2).unwrap_or_default();
                if LISTS.iter().any(|list| host.contains(list)) {
                    out.push_str("dnsbl");
                }
            }
            None if is_address => push_masked(&lower, &mut out),
            None => out.push_str(&lower),
        }
    }
    out
}

/// Keeps what stands around an address: `<x@y>...` becomes `@...`.
fn push_masked(word: &str, out: &mut String) {
    let of_address = |c: char| c.is_alphanumeric() || "@.-_+=%&'/!#$*~^{|}".contains(c);
    let mut masked = false;
    for piece in word.split_inclusive(|c| !of_address(c)) {
        let name = piece.trim_end_matches(|c| !of_address(c));
        if name.contains('@') {
            masked = true;
            out.push('@');
            out.push_str(&piece[name.len()..]);
        } else {
            out.push_str(piece);
        }
    }
    if !masked {
        out.push('@');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: Option<&str>, diagnostic: &str) -> Class {
        judged(status, diagnostic).class
    }

    fn judged(status: Option<&str>, diagnostic: &str) -> Judgement {
        judge(&Clues {
            status: status.and_then(Status::parse),
            diagnostic,
            ..Clues::default()
        })
    }

    #[test]
    fn a_person_who_is_gone_is_told_from_one_whose_mailbox_is_full() {
        let cases = [
            (
                Some("5.1.1"),
                "smtp; 550 5.1.1 <x@example.org>... User unknown",
                Class::Dead,
            ),
            (Some("5.0.0"), "550 no such user here", Class::Dead),
            (Some("5.1.2"), "", Class::Dead),
            (Some("5.1.10"), "550 5.1.10 it has a null MX", Class::Dead),
            (Some("5.4.4"), "", Class::Dead),
            (Some("5.2.1"), "550 5.2.1 gone for good", Class::Dead),
            (Some("5.2.1"), "550 5.2.1 The account is disabled", Class::Box),
            (Some("5.2.2"), "552 5.2.2 over quota", Class::Box),
            (Some("4.2.2"), "", Class::Box),
            (
                Some("5.0.0"),
                "550 5.4.1 Recipient address rejected: Access denied",
                Class::Dead,
            ),
            (Some("5.7.1"), "554 5.7.1 Relay access denied", Class::Sender),
            (Some("5.7.26"), "550 5.7.26 unauthenticated", Class::Sender),
            (
                Some("5.1.8"),
                "553 5.1.8 Domain of sender address a@b.example does not exist",
                Class::Sender,
            ),
            (
                Some("5.1.1"),
                "550 5.1.1 rejected: our filter calls it spam",
                Class::Sender,
            ),
            (Some("4.4.7"), "", Class::Expired),
            (Some("5.4.7"), "delivery time expired", Class::Expired),
            (Some("5.5.0"), "", Class::Unknown),
            (Some("5.0.0"), "", Class::Unknown),
            (None, "554 no", Class::Unknown),
            (None, "550 Benutzer unbekannt", Class::Dead),
            (None, "550 ящик переполнен", Class::Box),
            (None, "该邮箱不存在 用户不存在", Class::Dead),
        ];
        for (status, diagnostic, class) in cases {
            assert_eq!(of(status, diagnostic), class, "{status:?} {diagnostic}");
        }
    }

    #[test]
    fn a_person_whose_server_is_away_for_now_is_never_given_up() {
        assert_eq!(of(Some("4.1.1"), "450 4.1.1 user unknown"), Class::Expired);
        assert_eq!(of(None, "450 user unknown"), Class::Expired);
        assert_eq!(of(Some("4.4.3"), "Host or domain name not found"), Class::Expired);
        assert_eq!(
            of(Some("5.4.3"), "Malformed or unexpected name server reply"),
            Class::Expired
        );
    }

    #[test]
    fn a_refusal_before_or_after_the_recipient_was_named_is_not_about_the_person() {
        let at = |stage, text: &str| {
            judge(&Clues {
                stage: Some(stage),
                diagnostic: text,
                ..Clues::default()
            })
            .class
        };
        assert_eq!(at(Stage::Sender, "550 5.1.1 user unknown"), Class::Sender);
        assert_eq!(at(Stage::Data, "550 5.1.1 user unknown"), Class::Box);
        assert_eq!(at(Stage::Recipient, "550 5.1.1 user unknown"), Class::Dead);
        assert_eq!(
            of(None, "550 5.1.1 unknown user (in reply to end of DATA command)"),
            Class::Box
        );
        assert_eq!(of(None, "550 no (in reply to MAIL FROM command)"), Class::Sender);
        assert_eq!(of(None, "550 no (in reply to RCPT TO command)"), Class::Dead);
    }

    #[test]
    fn a_bare_550_alone_is_not_enough_to_give_somebody_up() {
        let bare = judged(None, "550 no (in reply to RCPT TO command)");
        assert!(!bare.certain && bare.evidence == Evidence::Reply(550));
        assert!(judged(Some("5.1.1"), "").certain);
    }

    #[test]
    fn a_name_inside_an_address_is_no_word_of_the_server() {
        assert_eq!(
            of(Some("5.1.1"), "550 <spam-virus@junk.example>: user unknown"),
            Class::Dead
        );
        assert_eq!(of(Some("5.1.1"), "550 see https://spam.example/blacklist"), Class::Dead);
        assert_eq!(
            of(Some("5.1.3"), "553 https://www.spamhaus.org/query/ip/192.0.2.1"),
            Class::Sender
        );
        assert_eq!(prepare("A  <X@Y.example>,\n(b) c@d…"), "a <@>, (b) @…");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(text in proptest::prelude::any::<String>(), near in "[ -~]{0,80}") {
            let _ = judge(&Clues { diagnostic: &text, near: &near, ..Clues::default() });
            let _ = (answers_by_itself(&text, &near), speaks_of_failure(&text));
        }
    }
}
