//! The message: headers in a fixed order and a `multipart/alternative` body (RFC 5322, RFC 2045, RFC 2046 §5.1.4).
//!
//! A letter's fixed parts are encoded once ([`EncodedLetter`]); per recipient only slots and headers are written. The
//! same inputs always give the same bytes: nothing here reads a clock or draws chance.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use crate::mail::header::Field;
use crate::mail::quoted_printable::{encode, soft_break};
use crate::model::address::{HeaderText, HeaderToken, HeaderUrl, Mailbox};
use crate::model::letter::{Letter, ListHeaders, MissingSlot, Outgoing, Place, Segment, SlotName, SlotValues, fill};

/// Why a message could not be written for one person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A slot has no value.
    #[error(transparent)]
    Slot(#[from] MissingSlot),
    /// Nothing readable is left of the subject.
    #[error("write the message: its subject is empty; check the subject template")]
    EmptySubject,
}

/// A letter whose fixed segments are quoted-printable already; cheap to clone behind an `Arc`, made once per variant.
#[derive(Debug, Clone)]
pub struct EncodedLetter {
    subject: Vec<Segment>,
    language: String,
    boundary: String,
    body: Vec<Piece>,
    slot_room: usize,
    nameless: Option<Box<EncodedLetter>>,
}

#[derive(Debug, Clone)]
enum Piece {
    Fixed(Vec<u8>),
    Slot {
        name: SlotName,
        place: Place,
        is_last: bool,
    },
}

impl EncodedLetter {
    /// Encodes a letter. The boundary is derived from what the letter says, so every node writes the same one.
    pub fn new(letter: &Letter) -> Self {
        let boundary = boundary_of(letter);
        let mut body = Vec::new();
        let mut bytes = part_head(&boundary, "text/plain", "");
        push_segments(&letter.text, &mut bytes, &mut body);
        bytes.extend_from_slice(&part_head(&boundary, "text/html", "\r\n"));
        push_segments(&letter.html, &mut bytes, &mut body);
        bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        body.push(Piece::Fixed(bytes));
        let slot_room = body.iter().map(Piece::expected_len).sum();
        Self {
            subject: letter.subject.clone(),
            language: letter.language.clone(),
            boundary,
            body,
            slot_room,
            nameless: letter.nameless.as_ref().map(|shape| Box::new(Self::new(shape))),
        }
    }

    /// As [`Letter::shape`].
    fn shape(&self, values: &SlotValues) -> &Self {
        match &self.nameless {
            Some(nameless) if !values.has_name() => nameless,
            _ => self,
        }
    }

    /// About how many bytes one message needs: for reserving a buffer.
    pub fn expected_len(&self) -> usize {
        self.slot_room + 2_048
    }
}

impl Piece {
    fn expected_len(&self) -> usize {
        match self {
            Self::Fixed(bytes) => bytes.len(),
            Self::Slot { .. } => 160,
        }
    }
}

/// `=_` cannot occur in quoted-printable text (RFC 2045 §6.7), so there is nothing to scan for.
fn boundary_of(letter: &Letter) -> String {
    let mut all = String::new();
    for segment in letter.text.iter().chain(&letter.html) {
        match segment {
            Segment::Fixed(text) => all.push_str(text),
            Segment::Slot { name, .. } => all.extend(["\0", &name.to_string(), "\0"]),
        }
    }
    let hash = digest(&SHA256, all.as_bytes());
    format!("=_{}", HEXLOWER.encode(&hash.as_ref()[..15]))
}

fn part_head(boundary: &str, kind: &str, before: &str) -> Vec<u8> {
    format!(
        "{before}--{boundary}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    .into_bytes()
}

/// Each fixed segment starts in column 0 and ends in a soft break before a slot, so that a slot of any length fits and
/// no line is wrapped again.
fn push_segments(segments: &[Segment], bytes: &mut Vec<u8>, body: &mut Vec<Piece>) {
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match segment {
            Segment::Fixed(text) => {
                let column = encode(text, bytes);
                if !is_last {
                    soft_break(column, bytes);
                }
            }
            Segment::Slot { name, place } => {
                body.push(Piece::Fixed(std::mem::take(bytes)));
                body.push(Piece::Slot {
                    name: *name,
                    place: *place,
                    is_last,
                });
            }
        }
    }
}

/// Where in the written message its parts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Offset of the first byte of the body; the headers end with the empty line before it.
    pub body_at: usize,
}

/// Writes one message into `out`, which is cleared first and may be used again for the next one.
///
/// A signature goes on top later: it covers `out[..body_at]` and, as its body hash, `out[body_at..]` as it is.
pub fn write_message(
    letter: &EncodedLetter,
    values: &SlotValues,
    facts: &Outgoing,
    out: &mut Vec<u8>,
) -> Result<Written, MessageError> {
    let letter = letter.shape(values);
    out.clear();
    out.reserve(letter.expected_len());
    let subject = subject_of(letter, values)?;
    write_identity(facts, &subject, out);
    write_structure(letter, out);
    write_list(facts.list.as_ref(), out);
    write_handling(facts, out);
    out.extend_from_slice(b"\r\n");
    let body_at = out.len();
    write_body(letter, values, out)?;
    Ok(Written { body_at })
}

/// The subject that [`write_message`] writes for these values.
pub fn subject_of(letter: &EncodedLetter, values: &SlotValues) -> Result<HeaderText, MessageError> {
    let letter = letter.shape(values);
    HeaderText::cleaned(&fill(&letter.subject, values)?).ok_or(MessageError::EmptySubject)
}

fn write_identity(facts: &Outgoing, subject: &HeaderText, out: &mut Vec<u8>) {
    let date = facts.date.format("%a, %d %b %Y %H:%M:%S +0000").to_string();
    Field::new("Date", out).words(&date).end();
    Field::new("From", out).mailbox(&facts.from).end();
    if let Some(reply_to) = facts
        .reply_to
        .as_ref()
        .filter(|mailbox| mailbox.address != facts.from.address)
    {
        Field::new("Reply-To", out).mailbox(reply_to).end();
    }
    let to = Mailbox {
        name: facts.to_name.clone(),
        address: facts.to.clone(),
    };
    Field::new("To", out).mailbox(&to).end();
    Field::new("Subject", out).text(subject.as_str()).end();
    Field::new("Message-ID", out).word(&facts.message_id.to_string()).end();
}

fn write_structure(letter: &EncodedLetter, out: &mut Vec<u8>) {
    Field::new("MIME-Version", out).word("1.0").end();
    let boundary = format!("boundary=\"{}\"", letter.boundary);
    Field::new("Content-Type", out)
        .word("multipart/alternative;")
        .word(&boundary)
        .end();
    // A language tag comes from the configuration; what is no tag is left out rather than written.
    let is_tag = !letter.language.is_empty() && letter.language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_tag {
        Field::new("Content-Language", out).word(&letter.language).end();
    }
}

fn write_list(list: Option<&ListHeaders>, out: &mut Vec<u8>) {
    let Some(list) = list else { return };
    let id = format!("<{}>", list.list_id.id());
    let field = Field::new("List-Id", out);
    let field = match list.list_id.name() {
        Some(name) => field.phrase(name.as_str()),
        None => field,
    };
    field.word(&id).end();
    let field = Field::new("List-Unsubscribe", out);
    match &list.unsubscribe_mail {
        Some(mail) => field
            .word(&format!("{},", bracketed(&list.unsubscribe)))
            .word(&bracketed(mail))
            .end(),
        None => field.word(&bracketed(&list.unsubscribe)).end(),
    }
    // RFC 8058 §3.1: exactly this value.
    Field::new("List-Unsubscribe-Post", out)
        .word("List-Unsubscribe=One-Click")
        .end();
    let links = [
        ("List-Subscribe", &list.subscribe),
        ("List-Help", &list.help),
        ("List-Owner", &list.owner),
        ("List-Archive", &list.archive),
    ];
    for (name, url) in links {
        if let Some(url) = url {
            Field::new(name, out).word(&bracketed(url)).end();
        }
    }
    Field::new("List-Post", out).word("NO").end();
}

fn write_handling(facts: &Outgoing, out: &mut Vec<u8>) {
    if let Some(url) = &facts.archived_at {
        Field::new("Archived-At", out).word(&bracketed(url)).end();
    }
    if let Some(id) = &facts.feedback_id {
        Field::new("Feedback-ID", out).word(id.as_str()).end();
    }
    if facts.list.is_some() {
        Field::new("Precedence", out).word("bulk").end();
    }
    if facts.auto_submitted {
        Field::new("Auto-Submitted", out).word("auto-generated").end();
    }
    Field::new("X-Auto-Response-Suppress", out)
        .words("OOF, AutoReply")
        .end();
    if let Some(token) = &facts.delivery_token {
        Field::new("X-Letterpress-Delivery", out).word(token.as_str()).end();
        if let Some(name) = &facts.key_header {
            Field::new(name, out).word(token.as_str()).end();
        }
    }
    if let Some(provider) = facts.provider {
        let token = facts.delivery_token.as_ref().map(HeaderToken::as_str);
        let headers = provider.headers(token, facts.list.is_some()).into_iter();
        // A key that the config asks for under the same name is the same token, and stands there already.
        let is_there = |name: &str| {
            let key = facts.key_header.as_ref().filter(|_| facts.delivery_token.is_some());
            key.is_some_and(|key| key.eq_ignore_ascii_case(name))
        };
        for (name, value) in headers.filter(|(name, _)| !is_there(name)) {
            Field::new(name, out).words(&value).end();
        }
    }
}

fn bracketed(url: &HeaderUrl) -> String {
    format!("<{}>", url.as_str())
}

fn write_body(letter: &EncodedLetter, values: &SlotValues, out: &mut Vec<u8>) -> Result<(), MissingSlot> {
    let mut escaped = String::new();
    for piece in &letter.body {
        match piece {
            Piece::Fixed(bytes) => out.extend_from_slice(bytes),
            Piece::Slot { name, place, is_last } => {
                let value = values.get(*name).ok_or(MissingSlot(*name))?;
                escaped.clear();
                place.escape_into(value, &mut escaped);
                let column = encode(&escaped, out);
                if !is_last {
                    soft_break(column, out);
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::TimeZone;
    use chrono::Utc;
    use proptest::prelude::*;

    use super::*;
    use crate::mail::quoted_printable::tests::{decoded, relaxed, with_crlf};
    use crate::model::address::{DisplayName, EmailAddress};
    use crate::model::letter::{ListId, MessageId};
    use crate::model::provider::Provider;

    pub(in crate::mail) fn issue_facts() -> Outgoing {
        let url = |text: &str| HeaderUrl::parse(text).unwrap();
        Outgoing {
            message_id: MessageId::new("m3xq2k7a4n5z6w2y8e9r0t1u2i", "example.org").unwrap(),
            date: Utc.with_ymd_and_hms(2026, 5, 3, 8, 0, 7).unwrap(),
            from: Mailbox::parse("Workshop Notes <notes@example.org>").unwrap(),
            reply_to: Some(Mailbox::parse("author@example.org").unwrap()),
            return_path: EmailAddress::parse("b.1.x@bounce.example.org").unwrap(),
            to: EmailAddress::parse("reader@example.com").unwrap(),
            to_name: DisplayName::cleaned("Jörg, the reader"),
            list: Some(ListHeaders {
                list_id: ListId::new(DisplayName::cleaned("Workshop Notes"), "notes", "example.org").unwrap(),
                unsubscribe: url("https://letters.example.org/unsubscribe/TOKEN"),
                unsubscribe_mail: Some(url("mailto:unsubscribe+TOKEN@bounce.example.org")),
                subscribe: Some(url("https://letters.example.org/subscribe")),
                help: Some(url("https://letters.example.org/preferences/TOKEN")),
                owner: Some(url("mailto:author@example.org")),
                archive: Some(url("https://letters.example.org/issues")),
            }),
            auto_submitted: false,
            archived_at: Some(url("https://letters.example.org/issues/7")),
            feedback_id: Some(HeaderToken::parse("i7:v1:notes:letterpress").unwrap()),
            delivery_token: Some(HeaderToken::parse("d41x").unwrap()),
            key_header: None,
            provider: None,
        }
    }

    fn issue_letter() -> Letter {
        let fixed = |text: &str| Segment::Fixed(text.to_owned());
        let slot = |name, place| Segment::Slot { name, place };
        Letter {
            subject: vec![fixed("A plane sharpened, "), slot(SlotName::Name, Place::Subject)],
            html: vec![
                fixed("<p>Hello "),
                slot(SlotName::Name, Place::Text),
                fixed(". More soon.</p>\n<a href=\""),
                slot(SlotName::Unsubscribe, Place::Attribute),
                fixed("\">leave</a>\n"),
            ],
            text: vec![
                fixed("Hello "),
                slot(SlotName::Name, Place::Plain),
                fixed("\nLeave: "),
                slot(SlotName::Unsubscribe, Place::Plain),
            ],
            language: "en".to_owned(),
            nameless: None,
            recipe: None,
        }
    }

    fn issue_values(name: &str) -> SlotValues {
        let mut values = SlotValues::new();
        values.set(SlotName::Name, name).set(
            SlotName::Unsubscribe,
            "https://letters.example.org/unsubscribe/T?a=1&b=2",
        );
        values
    }

    fn message(letter: &Letter, values: &SlotValues, facts: &Outgoing) -> (String, usize) {
        let mut out = b"left over".to_vec();
        let written = write_message(&EncodedLetter::new(letter), values, facts, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), written.body_at)
    }

    /// A letter without slots as it goes out.
    pub(in crate::mail) fn written(letter: &Letter, facts: &Outgoing) -> Vec<u8> {
        message(letter, &SlotValues::new(), facts).0.into_bytes()
    }

    #[test]
    fn a_relay_that_asks_for_it_finds_the_key_of_a_letter_in_its_own_header() {
        let mut facts = issue_facts();
        assert_eq!(
            message(&issue_letter(), &issue_values(""), &facts)
                .0
                .matches("d41x")
                .count(),
            1
        );
        facts.key_header = Some("X-EE-Idempotency-Key".to_owned());
        let (text, body_at) = message(&issue_letter(), &issue_values(""), &facts);
        assert!(text[..body_at].contains("\r\nX-EE-Idempotency-Key: d41x\r\n"), "{text}");
        // Once, although the preset of that provider brings the same header.
        facts.key_header = Some("resend-idempotency-key".to_owned());
        facts.provider = Some(Provider::Resend);
        let (text, _) = message(&issue_letter(), &issue_values(""), &facts);
        let keys = text
            .lines()
            .filter(|line| line.to_lowercase().starts_with("resend-idempotency-key:"));
        assert_eq!(keys.count(), 1, "{text}");
    }

    /// The decoded text and HTML parts, found by the boundary that the header names.
    fn parts(message: &str) -> (String, String) {
        let boundary = message.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let delimiter = format!("--{boundary}");
        let mut pieces = message.split(&delimiter).skip(1).map(|piece| {
            let body = piece.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            String::from_utf8(decoded(body.strip_suffix("\r\n").unwrap_or(body))).unwrap()
        });
        (pieces.next().unwrap(), pieces.next().unwrap())
    }

    #[test]
    fn an_issue_has_its_headers_in_order() {
        let (message, body_at) = message(&issue_letter(), &issue_values("Ana"), &issue_facts());
        let head = &message[..body_at];
        let expected = "Date: Sun, 03 May 2026 08:00:07 +0000\r\n\
            From: Workshop Notes <notes@example.org>\r\n\
            Reply-To: author@example.org\r\n\
            To: =?utf-8?Q?J=C3=B6rg=2C_the_reader?= <reader@example.com>\r\n\
            Subject: A plane sharpened, Ana\r\n\
            Message-ID: <m3xq2k7a4n5z6w2y8e9r0t1u2i@example.org>\r\n\
            MIME-Version: 1.0\r\n\
            Content-Type: multipart/alternative;";
        assert!(head.starts_with(expected), "{head}");
        let after = "Content-Language: en\r\n\
            List-Id: Workshop Notes <notes.example.org>\r\n\
            List-Unsubscribe: <https://letters.example.org/unsubscribe/TOKEN>,\r\n \
            <mailto:unsubscribe+TOKEN@bounce.example.org>\r\n\
            List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
            List-Subscribe: <https://letters.example.org/subscribe>\r\n\
            List-Help: <https://letters.example.org/preferences/TOKEN>\r\n\
            List-Owner: <mailto:author@example.org>\r\n\
            List-Archive: <https://letters.example.org/issues>\r\n\
            List-Post: NO\r\n\
            Archived-At: <https://letters.example.org/issues/7>\r\n\
            Feedback-ID: i7:v1:notes:letterpress\r\n\
            Precedence: bulk\r\n\
            X-Auto-Response-Suppress: OOF, AutoReply\r\n\
            X-Letterpress-Delivery: d41x\r\n\r\n";
        assert!(head.ends_with(after), "{head}");
    }

    #[test]
    fn a_confirmation_is_no_list_mail() {
        let facts = Outgoing {
            list: None,
            auto_submitted: true,
            archived_at: None,
            ..issue_facts()
        };
        let letter = Letter::whole("Please confirm", "<p>x</p>", "x", "en");
        let (message, _) = message(&letter, &SlotValues::new(), &facts);
        assert!(message.contains("\r\nAuto-Submitted: auto-generated\r\n"));
        assert!(!message.contains("List-") && !message.contains("Precedence"));
    }

    #[test]
    fn a_person_reads_what_was_rendered_for_them() {
        for name in ["Ana", "", ".", "From ", "a  b ", "<b>&\"", "名前", &"long ".repeat(40)] {
            let values = issue_values(name);
            let letter = issue_letter();
            let (message, body_at) = message(&letter, &values, &issue_facts());
            let (text, html) = parts(&message);
            assert_eq!(text, with_crlf(&fill(&letter.text, &values).unwrap()));
            assert_eq!(html, with_crlf(&fill(&letter.html, &values).unwrap()));
            assert_eq!(relaxed(&message[body_at..]), &message[body_at..]);
        }
    }

    #[test]
    fn two_attempts_have_the_same_bytes() {
        let first = message(&issue_letter(), &issue_values("Ana"), &issue_facts());
        assert_eq!(first, message(&issue_letter(), &issue_values("Ana"), &issue_facts()));
    }

    #[test]
    fn a_letter_without_a_value_or_subject_is_not_written() {
        let letter = EncodedLetter::new(&issue_letter());
        let mut out = Vec::new();
        let missing = write_message(&letter, &SlotValues::new(), &issue_facts(), &mut out);
        assert_eq!(missing, Err(MessageError::Slot(MissingSlot(SlotName::Name))));
        let letter = EncodedLetter::new(&Letter::whole(" \r\n", "x", "x", "en"));
        assert_eq!(
            write_message(&letter, &SlotValues::new(), &issue_facts(), &mut out),
            Err(MessageError::EmptySubject)
        );
    }

    proptest! {
        #[test]
        fn whatever_a_person_is_called_the_message_stays_whole(name in any::<String>(), fixed in "[ -~\r\n.é]{0,200}") {
            let mut letter = issue_letter();
            letter.html.insert(0, Segment::Fixed(fixed));
            let facts = Outgoing { to_name: DisplayName::cleaned(&name), ..issue_facts() };
            let values = issue_values(&name);
            let (message, body_at) = message(&letter, &values, &facts);
            let lines: Vec<_> = message.split("\r\n").collect();
            prop_assert!(lines.iter().all(|l| !l.contains(['\r', '\n', '\0']) && l.len() <= 998 && !l.starts_with('.')));
            prop_assert!(message[body_at..].split("\r\n").all(|l| l.len() <= 76));
            let head: Vec<_> = message[..body_at].split("\r\n").filter(|l| !l.starts_with(' ') && !l.is_empty()).collect();
            prop_assert_eq!(head.len(), 22);
            prop_assert!(message.ends_with("--\r\n") && !message.ends_with("\r\n\r\n"));
            prop_assert_eq!(relaxed(&message[body_at..]), &message[body_at..]);
            let (text, html) = parts(&message);
            // A CR at the end of one segment and an LF at the start of the next are two line ends.
            if !name.ends_with('\r') && !name.starts_with('\n') {
                prop_assert_eq!(text, with_crlf(&fill(&letter.text, &values).unwrap()));
                let _ = html;
            }
        }
    }
}
