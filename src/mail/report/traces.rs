//! Words in a mail that may say whose letter it was: return path, ENVID, delivery token, Message-ID (BO1). Anybody can
//! write such words; only the keys of this installation tell which are ours.

use super::address::all;
use super::fields::{field, fields};
use super::parts::{Kind, Mail};

/// Most words of a kind that are kept.
const MOST: usize = 20;

/// Whose letter it may have been, the best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Left parts of return paths: `KeyRing::open_return`.
    pub return_words: Vec<String>,
    /// Delivery tokens, from `Original-Envelope-Id` and `X-Letterpress-Delivery`: `KeyRing::open`.
    pub tokens: Vec<String>,
    /// Left parts of Message-IDs: `KeyRing::message_word`.
    pub message_words: Vec<String>,
    /// Addresses that may be the one that was mailed.
    pub recipients: Vec<String>,
    /// The token of a request to leave.
    pub leave: Option<String>,
}

/// Headers that name where a mail was sent to.
const SENT_TO: &[&str] = &[
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "original-recipient",
    "to",
    "cc",
    "received",
];

/// Gathers them from a mail.
pub(super) fn of(mail: &Mail) -> Traces {
    let mut traces = Traces::default();
    for (name, value) in &mail.headers {
        traces.take_header(name, value);
        if SENT_TO.contains(&name.as_str()) {
            let asked = all(value).find_map(|address| leave_token(&address));
            traces.leave = traces.leave.take().or(asked);
        }
    }
    let mut subject = mail.subject.split_whitespace();
    if let (Some(word), Some(token), None) = (subject.next(), subject.next(), subject.next())
        && word.eq_ignore_ascii_case("unsubscribe")
    {
        traces.leave.get_or_insert_with(|| token.to_owned());
    }
    for inner in &mail.inner {
        for (name, value) in inner {
            traces.take_header(name, value);
        }
    }
    for leaf in &mail.leaves {
        match leaf.kind {
            Kind::Html => {}
            Kind::Text => {
                // Words and a letter in one: its headers begin anywhere.
                for (name, value) in leaf.text.lines().filter_map(field) {
                    traces.take_header(&name, value);
                }
            }
            Kind::Status | Kind::Feedback | Kind::Returned => {
                for (name, value) in fields(&leaf.text) {
                    traces.take_header(&name, &value);
                }
            }
        }
        push(&mut traces.recipients, all(&leaf.text));
    }
    traces
}

impl Traces {
    fn take_header(&mut self, name: &str, value: &str) {
        match name {
            "x-letterpress-delivery" | "original-envelope-id" => {
                push(&mut self.tokens, [value.trim().to_owned()].into_iter());
            }
            "message-id" | "in-reply-to" | "references" | "original-message-id" => {
                let words = all(value).filter_map(|id| Some(id.split_once('@')?.0.to_owned()));
                push(&mut self.message_words, words);
            }
            _ => {
                let words = all(value).filter_map(|address| return_word(&address));
                push(&mut self.return_words, words);
            }
        }
        if matches!(
            name,
            "to" | "x-failed-recipients" | "final-recipient" | "original-recipient" | "original-rcpt-to"
        ) {
            push(&mut self.recipients, all(value));
        }
    }
}

fn push(list: &mut Vec<String>, words: impl Iterator<Item = String>) {
    for word in words {
        if list.len() < MOST && !word.is_empty() && !list.contains(&word) {
            list.push(word);
        }
    }
}

/// `b.WORD.MAC@…`, `bounces+WORD.MAC@…`, also behind what relays put before it (`prvs=…=`, SRS).
fn return_word(address: &str) -> Option<String> {
    let local = address.split_once('@')?.0.to_ascii_lowercase();
    let local = local.rsplit(['+', '=']).next().unwrap_or(&local);
    let word = local.strip_prefix("b.").unwrap_or(local);
    let (body, mac) = word.split_once('.')?;
    let is_base32 = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
    };
    (body.len() >= 6 && mac.len() == 8 && is_base32(body) && is_base32(mac)).then(|| word.to_owned())
}

/// `unsubscribe+TOKEN@…`
fn leave_token(address: &str) -> Option<String> {
    let local = address.split_once('@')?.0;
    let (word, token) = local.split_once('+')?;
    (word.eq_ignore_ascii_case("unsubscribe") && !token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_letter_it_was_is_found_in_each_form_of_a_return_path() {
        for address in [
            "b.abcdefgh.ijklmnop@bounce.example",
            "bounces+abcdefgh.ijklmnop@example.org",
            "B.ABCDEFGH.IJKLMNOP@bounce.example",
            "prvs=12=b.abcdefgh.ijklmnop@bounce.example",
        ] {
            assert_eq!(return_word(address).as_deref(), Some("abcdefgh.ijklmnop"), "{address}");
        }
        assert_eq!(return_word("ada.lovelace@example.org"), None);
    }

    #[test]
    fn a_request_to_leave_is_read_from_the_address_or_the_subject() {
        let leave = |mail: &str| super::super::read(mail.as_bytes()).unwrap().traces.leave;
        assert_eq!(leave("To: <unsubscribe+abc2@b.example>\n\n").as_deref(), Some("abc2"));
        assert_eq!(
            leave("To: b@b.example\nSubject: Unsubscribe abc2\n\n").as_deref(),
            Some("abc2")
        );
        assert_eq!(leave("To: b@b.example\nSubject: Unsubscribe me please\n\n"), None);
    }
}
