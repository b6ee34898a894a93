//! Reads the letters that [`message`](super::message) writes: for the demo's outbox page and for previews.
//!
//! No general MIME reader: it knows two quoted-printable parts under one boundary and RFC 2047 words, nothing else.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use encodify::qp;
use encodify::rfc2047::{decode_text, utf8_charset};

/// A letter as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLetter {
    /// The subject, decoded.
    pub subject: String,
    /// The recipient as the header shows it, decoded.
    pub to: String,
    /// The sender as the header shows it, decoded.
    pub from: String,
    /// The `Date` header.
    pub date: Option<DateTime<Utc>>,
    /// The HTML part, decoded, with the letter's CRLF line ends.
    pub html: String,
    /// The text part, decoded, with the letter's CRLF line ends.
    pub text: String,
    /// The whole message.
    pub source: String,
}

/// The header fields of a letter, unfolded.
pub(super) struct Head<'a>(Cow<'a, str>);

impl<'a> Head<'a> {
    /// Reads up to the first empty line; a message that is cut before it counts as all head.
    pub(super) fn of(message: &'a [u8]) -> Self {
        let end = find(message, "\r\n\r\n").unwrap_or(message.len());
        Self(String::from_utf8_lossy(&message[..end]))
    }

    /// The decoded value of the first field with this name, empty if there is none.
    pub(super) fn text(&self, name: &str) -> String {
        let raw = self.raw(name).unwrap_or_default();
        decode_text(raw.trim().as_bytes(), utf8_charset).into_owned()
    }

    /// The `Date` header.
    pub(super) fn date(&self) -> Option<DateTime<Utc>> {
        let raw = self.raw("Date")?;
        Some(DateTime::parse_from_rfc2822(raw.trim()).ok()?.to_utc())
    }

    fn raw(&self, name: &str) -> Option<String> {
        let mut lines = self.0.split("\r\n");
        let first = lines.find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })?;
        let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
        Some(std::iter::once(first).chain(folded).collect::<Vec<_>>().join("\r\n"))
    }
}

/// Reads a whole letter; `None` when it is none of ours.
pub(super) fn read_letter(message: &[u8]) -> Option<ReadLetter> {
    let head = Head::of(message);
    let body = &message[find(message, "\r\n\r\n")? + 4..];
    let kind = head.raw("Content-Type")?;
    let boundary = kind.split_once("boundary=\"")?.1.split_once('"')?.0;
    Some(ReadLetter {
        subject: head.text("Subject"),
        to: head.text("To"),
        from: head.text("From"),
        date: head.date(),
        html: part(body, boundary, "text/html")?,
        text: part(body, boundary, "text/plain")?,
        source: String::from_utf8_lossy(message).into_owned(),
    })
}

/// The decoded part of this type. The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
fn part(body: &[u8], boundary: &str, kind: &str) -> Option<String> {
    let opening = format!("--{boundary}\r\nContent-Type: {kind};");
    let from_part = &body[find(body, &opening)? + opening.len()..];
    let content = &from_part[find(from_part, "\r\n\r\n")? + 4..];
    let end = find(content, &format!("\r\n--{boundary}"))?;
    let decoded = qp::BODY.decode(&content[..end]).ok()?;
    Some(String::from_utf8_lossy(&decoded).into_owned())
}

fn find(bytes: &[u8], wanted: &str) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted.as_bytes())
}
