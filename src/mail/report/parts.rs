//! A mail opened: its headers, and its leaves by what they are for.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::fields::fields;
use super::{LARGEST, Unreadable};

/// Deepest nest that is walked.
const DEEPEST: usize = 20;
/// Most parts that a mail may have.
const MOST_PARTS: usize = 100;

/// What a leaf is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `message/delivery-status`, also the global form.
    Status,
    /// `message/feedback-report`
    Feedback,
    /// Words for people.
    Text,
    /// The same as HTML, made readable.
    Html,
    /// Headers of the letter that came back.
    Returned,
}

/// A part without parts.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) kind: Kind,
    /// How many mails are around it: 0 is the report itself.
    pub(super) depth: usize,
    pub(super) text: String,
}

/// A mail opened.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    /// Names in lower case, values unfolded and as they came.
    pub(super) headers: Vec<(String, String)>,
    pub(super) subject: String,
    pub(super) leaves: Vec<Leaf>,
    /// Headers of each mail inside.
    pub(super) inner: Vec<Vec<(String, String)>>,
    /// After the headers, as it came.
    pub(super) body: String,
}

impl Mail {
    /// The first header of this name, lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The leaves of a kind that stand in the outermost mail that has any.
    pub(super) fn outermost(&self, kind: Kind) -> Vec<&Leaf> {
        let depth = self
            .leaves
            .iter()
            .filter(|leaf| leaf.kind == kind)
            .map(|leaf| leaf.depth)
            .min();
        let of_kind = self.leaves.iter().filter(|leaf| leaf.kind == kind);
        of_kind.filter(|leaf| Some(leaf.depth) == depth).collect()
    }

    /// What it says to people: plain words, else HTML made readable.
    pub(super) fn words(&self) -> String {
        let plain = self.outermost(Kind::Text);
        let leaves = if plain.iter().all(|leaf| leaf.text.trim().is_empty()) {
            self.outermost(Kind::Html)
        } else {
            plain
        };
        leaves
            .iter()
            .map(|leaf| leaf.text.as_str())
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// Whether a person or a mail program wrote it, and no relay.
    pub(super) fn is_request(&self) -> bool {
        !self
            .leaves
            .iter()
            .any(|leaf| matches!(leaf.kind, Kind::Status | Kind::Feedback))
            && !self.is_from_a_daemon()
    }

    /// Whether it comes from software that reports: by its empty return path (RFC 5321 §4.5.5) or its name.
    pub(super) fn is_from_a_daemon(&self) -> bool {
        let from = self.header("from").unwrap_or_default().to_lowercase();
        let named = [
            "mailer-daemon",
            "mailerdaemon",
            "postmaster",
            "mail delivery",
            "mail-daemon",
            "mdaemon",
        ];
        let empty_path = self.header("return-path").is_some_and(|path| path.trim() == "<>");
        let report = self
            .header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("multipart/report"));
        empty_path
            || report
            || self.header("x-failed-recipients").is_some()
            || named.iter().any(|name| from.contains(name))
    }
}

/// Opens one mail, line ends LF.
pub(super) fn open(bytes: &[u8]) -> Result<Mail, Unreadable> {
    if bytes.len() > LARGEST {
        return Err(Unreadable::TooLarge);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unreadable::Empty);
    }
    // The parser keeps mails inside mails as a chain, which is taken down on the stack: none may be long.
    if count_types(bytes) > MOST_PARTS {
        return Err(Unreadable::TooManyParts);
    }
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut mail = Mail {
        headers: fields(head),
        subject: String::new(),
        leaves: Vec::new(),
        inner: Vec::new(),
        body: body.to_owned(),
    };
    match MessageParser::default().parse(bytes) {
        Some(message) => {
            message.subject().unwrap_or_default().clone_into(&mut mail.subject);
            walk(&message, 0, &mut mail)?;
        }
        None => mail.leaves.push(Leaf {
            kind: Kind::Text,
            depth: 0,
            text: text.clone().into_owned(),
        }),
    }
    Ok(mail)
}

/// How many lines begin with `Content-Type`: each part that can hold others has one.
fn count_types(bytes: &[u8]) -> usize {
    let name = b"content-type";
    let lines = bytes.split(|byte| *byte == b'\n');
    lines
        .filter(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name))
        .count()
}

fn walk(message: &Message<'_>, depth: usize, mail: &mut Mail) -> Result<(), Unreadable> {
    if depth > DEEPEST {
        return Err(Unreadable::TooManyParts);
    }
    for part in &message.parts {
        if mail.leaves.len() + mail.inner.len() >= MOST_PARTS {
            return Err(Unreadable::TooManyParts);
        }
        let kind = part.content_type().map(|kind| {
            let sub = kind.subtype().unwrap_or_default();
            format!("{}/{sub}", kind.ctype()).to_ascii_lowercase()
        });
        let kind = match kind.as_deref() {
            Some(kind) if is_delimited(message, part) => kind,
            _ => "",
        };
        match &part.body {
            PartType::Multipart(_) => {}
            PartType::Message(inner) => {
                mail.inner.push(headers_of(inner));
                walk(inner, depth + 1, mail)?;
            }
            PartType::Text(text) => mail.push(kind_of(kind, Kind::Text), depth, text.clone().into_owned()),
            PartType::Html(html) => mail.push(Kind::Html, depth, readable(html)),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                if kind.is_empty() {
                    mail.push(Kind::Text, depth, String::from_utf8_lossy(bytes).into_owned());
                } else if kind.starts_with("message/") || kind.starts_with("text/") || kind == "application/json" {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    mail.push(kind_of(kind, Kind::Returned), depth, text);
                }
            }
        }
    }
    Ok(())
}

/// Whether the delimiter before a part begins a line, as RFC 2046 §5.1.1 wants it; the parser takes any.
fn is_delimited(message: &Message<'_>, part: &MessagePart<'_>) -> bool {
    let start = usize::try_from(part.offset_header).unwrap_or(0);
    let before = message.raw_message.get(..start).unwrap_or_default();
    let Some(line) = before.strip_suffix(b"\n") else {
        return true;
    };
    let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    line.first().is_none_or(|first| !first.is_ascii_whitespace())
}

fn kind_of(name: &str, other: Kind) -> Kind {
    match name {
        "message/delivery-status" | "message/global-delivery-status" => Kind::Status,
        "message/feedback-report" => Kind::Feedback,
        "text/rfc822-headers" | "message/global-headers" | "text/rfc822" | "message/rfc822-headers" => Kind::Returned,
        "application/json" => Kind::Text,
        _ => other,
    }
}

impl Mail {
    fn push(&mut self, kind: Kind, depth: usize, text: String) {
        self.leaves.push(Leaf { kind, depth, text });
    }
}

fn headers_of(message: &Message<'_>) -> Vec<(String, String)> {
    let raw = message.headers_raw();
    raw.map(|(name, value)| {
        let value = crate::model::text::one_line(value);
        (name.to_ascii_lowercase(), value)
    })
    .collect()
}

/// HTML as lines of words: enough to find phrases and addresses in it.
fn readable(html: &str) -> String {
    // The same length: places in one are places in the other.
    let lower = html.to_ascii_lowercase();
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    while let Some(tag) = lower[at..].find('<').map(|found| at + found) {
        out.push_str(&html[at..tag]);
        let is_end = lower[tag + 1..].starts_with('/');
        let name: &str = lower[tag + 1..].trim_start_matches('/');
        let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())];
        let hidden = matches!(name, "style" | "script" | "head") && !is_end;
        let end = if hidden {
            lower[tag + 1..].find(&format!("</{name}"))
        } else {
            lower[tag + 1..].find('>').map(|end| end + 1)
        };
        out.push(match name {
            "b" | "i" | "a" | "span" | "font" | "strong" | "em" => ' ',
            _ => '\n',
        });
        at = end.map_or(html.len(), |end| tag + 1 + end);
    }
    out.push_str(&html[at..]);
    let entities = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(out, |text, (entity, plain)| text.replace(entity, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_of_a_thousand_mails_inside_each_other_is_set_aside() {
        let nest = "Content-Type: message/rfc822\n\n".repeat(1_000);
        assert_eq!(open(nest.as_bytes()).unwrap_err(), Unreadable::TooManyParts);
        assert_eq!(open(&vec![b'x'; LARGEST + 1]).unwrap_err(), Unreadable::TooLarge);
        assert_eq!(open(b"\n \n").unwrap_err(), Unreadable::Empty);
        let shallow = "Content-Type: message/rfc822\n\n".repeat(DEEPEST + 3) + "Subject: x\n\nend\n";
        assert_eq!(open(shallow.as_bytes()).unwrap_err(), Unreadable::TooManyParts);
    }

    #[test]
    fn a_report_in_html_is_read_like_one_in_words() {
        assert_eq!(
            readable("<style>p{}</style><p>User<b>x</b>&lt;a@b.example&gt;</p>")
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["User", "x", "<a@b.example>"]
        );
        readable("<style>");
        readable("<");
    }
}
