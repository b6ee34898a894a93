//! Email addresses and text that may stand in a header (RFC 5321 §4.1.2, RFC 5322 §3.6).
//!
//! Nothing reaches a header except through these types: their constructors refuse or remove every character that could
//! end a line, start a header of its own, or turn the reading direction.

use std::fmt;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use crate::model::text::one_line;

/// Longest address in octets (RFC 5321 §4.5.3.1.3 without the angle brackets).
pub const MAX_ADDRESS: usize = 254;
/// Longest local part in octets (RFC 5321 §4.5.3.1.1).
pub const MAX_LOCAL_PART: usize = 64;
/// Longest display name in characters, after cleaning.
pub const MAX_DISPLAY_NAME: usize = 64;
/// Longest free header text (the subject) in characters.
pub const MAX_HEADER_TEXT: usize = 250;
/// Longest URL in a header in octets: it cannot be folded, and a line ends at 998 (RFC 5322 §2.1.1).
pub const MAX_HEADER_URL: usize = 900;

/// Why a text is no address, name or header value. Never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No or more than one `@`, quotes, comments, blanks, control characters.
    #[error("not an email address; write it as name@example.org")]
    Syntax,
    /// Over 254 octets, or over 64 before the `@`.
    #[error("email address is too long; at most 254 characters, 64 of them before the @")]
    TooLong,
    /// The part after the `@` is no domain name with a dot.
    #[error("the part after the @ is not a domain name; write it as name@example.org")]
    Domain,
    /// Control characters, line breaks or direction overrides in a header text.
    #[error("text contains control characters or line breaks; remove them")]
    Control,
    /// The header text is empty.
    #[error("text is empty; write something")]
    Empty,
    /// The header text is too long.
    #[error("text is too long for a header; shorten it")]
    TextTooLong,
    /// Angle brackets of a mailbox that do not match.
    #[error("not a mailbox; write it as Name <name@example.org>")]
    Mailbox,
}

/// An email address: dot-atom local part as typed, domain as lower-case A-labels.
///
/// No quotes, comments, address literals or single-label domains. The local part may hold non-ASCII letters (RFC 6531);
/// such a letter goes out only over a relay that offers SMTPUTF8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    text: String,
    at: usize,
}

impl EmailAddress {
    /// Reads an address; blanks around it are ignored, the domain goes through UTS 46 (RFC 5891).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Syntax)?;
        check_local_part(local)?;
        let domain = ascii_domain(domain)?;
        if local.len() + 1 + domain.len() > MAX_ADDRESS {
            return Err(AddressError::TooLong);
        }
        Ok(Self {
            text: format!("{local}@{domain}"),
            at: local.len(),
        })
    }

    /// The whole address, as it goes into envelope and headers.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`, as typed.
    pub fn local_part(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain as lower-case A-labels.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// What two spellings of one address share: everything in lower case. No dot or plus folding, which would merge
    /// different people.
    pub fn comparison_form(&self) -> String {
        format!("{}@{}", self.local_part().to_lowercase(), self.domain())
    }

    /// Whether the local part has only ASCII characters; if not, the relay must offer SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }
}

/// Never shows the address: what is debug-printed ends in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.text
    }
}

fn check_local_part(local: &str) -> Result<(), AddressError> {
    if local.len() > MAX_LOCAL_PART {
        return Err(AddressError::TooLong);
    }
    let atoms_are_whole = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char));
    if atoms_are_whole {
        Ok(())
    } else {
        Err(AddressError::Syntax)
    }
}

/// `atext` of RFC 5322 §3.2.3, and what RFC 6531 §3.3 adds to it.
fn is_atom_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    }
    !is_unsafe_in_header(c) && !c.is_whitespace() && c != '\u{FEFF}'
}

fn ascii_domain(domain: &str) -> Result<String, AddressError> {
    let ascii = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .map_err(|_| AddressError::Domain)?;
    let top = ascii.rsplit('.').next().unwrap_or_default();
    let has_dot = ascii.contains('.');
    // An all-digit top label is an IPv4 address or a typing error, never a domain.
    if !has_dot || top.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AddressError::Domain);
    }
    Ok(ascii.into_owned())
}

/// C0, DEL, C1, line and paragraph separators, and the bidi overrides and isolates.
fn is_unsafe_in_header(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn cleaned(text: &str, max: usize) -> String {
    // White space first, so that a line break becomes a blank instead of gluing two words.
    let spaced = one_line(text);
    let safe: String = spaced
        .chars()
        .filter(|c| !is_unsafe_in_header(*c) && *c != '\u{FEFF}')
        .collect();
    one_line(&safe.chars().take(max).collect::<String>())
}

/// Free text for a header such as the subject: one line, no controls, at most [`MAX_HEADER_TEXT`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderText(String);

impl HeaderText {
    /// Takes a text that is already fit; runs of blanks are joined.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.chars().any(is_unsafe_in_header) {
            return Err(AddressError::Control);
        }
        let text = one_line(text);
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.chars().count() > MAX_HEADER_TEXT {
            return Err(AddressError::TextTooLong);
        }
        Ok(Self(text))
    }

    /// Makes any text fit: controls and line breaks go, blanks are joined, the end is cut. Nothing left is `None`.
    pub fn cleaned(text: &str) -> Option<Self> {
        let text = cleaned(text, MAX_HEADER_TEXT);
        (!text.is_empty()).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HeaderText {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<HeaderText> for String {
    fn from(text: HeaderText) -> Self {
        text.0
    }
}

/// A person's or newsletter's name beside an address: one line, no controls, at most [`MAX_DISPLAY_NAME`] characters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// Makes any text fit, see [`HeaderText::cleaned`].
    pub fn cleaned(text: &str) -> Option<Self> {
        let text = cleaned(text, MAX_DISPLAY_NAME);
        (!text.is_empty()).then_some(Self(text))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never shows the name: what is debug-printed ends in logs.
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayName(…)")
    }
}

impl TryFrom<String> for DisplayName {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::cleaned(&text).ok_or(AddressError::Empty)
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

/// An address with an optional name, as in `From` (RFC 5322 §3.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mailbox {
    /// The name, shown by mail programs instead of the address.
    pub name: Option<DisplayName>,
    /// The address.
    pub address: EmailAddress,
}

impl Mailbox {
    /// Reads `name@example.org`, `Name <name@example.org>` or `"Name, with comma" <name@example.org>`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Self {
                name: None,
                address: EmailAddress::parse(text)?,
            });
        };
        let address = rest.strip_suffix('>').ok_or(AddressError::Mailbox)?;
        if name.chars().any(is_unsafe_in_header) {
            return Err(AddressError::Control);
        }
        let name = unquoted(name.trim())?;
        Ok(Self {
            name: DisplayName::cleaned(&name),
            address: EmailAddress::parse(address)?,
        })
    }
}

impl TryFrom<String> for Mailbox {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<Mailbox> for String {
    fn from(mailbox: Mailbox) -> Self {
        match mailbox.name {
            None => mailbox.address.text,
            Some(name) => {
                let quoted = name.0.replace('\\', "\\\\").replace('"', "\\\"");
                format!("\"{quoted}\" <{}>", mailbox.address.text)
            }
        }
    }
}

fn unquoted(name: &str) -> Result<String, AddressError> {
    let Some(rest) = name.strip_prefix('"') else {
        return if name.contains(['<', '>', '"']) {
            Err(AddressError::Mailbox)
        } else {
            Ok(name.to_owned())
        };
    };
    let inner = rest.strip_suffix('"').ok_or(AddressError::Mailbox)?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next().ok_or(AddressError::Mailbox)?),
            '"' => return Err(AddressError::Mailbox),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// A URL that stands in angle brackets in a header: printable ASCII, no blanks or brackets, at most
/// [`MAX_HEADER_URL`] octets, `https:`, `http:` or `mailto:`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HeaderUrl(String);

impl HeaderUrl {
    /// Takes a URL that is already in its ASCII form.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        if url.len() > MAX_HEADER_URL {
            return Err(AddressError::TextTooLong);
        }
        let is_fit = url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\".contains(&b));
        let is_known = ["https://", "http://", "mailto:"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        if is_fit && is_known {
            Ok(Self(url.to_owned()))
        } else {
            Err(AddressError::Control)
        }
    }

    /// The URL without brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never shows the URL: most of them carry a token.
impl fmt::Debug for HeaderUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderUrl(…)")
    }
}

/// One unbroken word for a header or an SMTP parameter: 1 to 200 letters, digits and `-._:+=`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeaderToken(String);

impl HeaderToken {
    /// Takes a word.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > 200 {
            return Err(AddressError::TextTooLong);
        }
        let is_fit = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:+=".contains(&b));
        if is_fit {
            Ok(Self(text.to_owned()))
        } else {
            Err(AddressError::Control)
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_keeps_its_local_part_and_gets_an_ascii_domain() {
        let address = EmailAddress::parse(" Rosa.Meier+Notes@MÜLLER.example ").unwrap();
        assert_eq!(address.as_str(), "Rosa.Meier+Notes@xn--mller-kva.example");
        assert_eq!(address.local_part(), "Rosa.Meier+Notes");
        assert_eq!(address.domain(), "xn--mller-kva.example");
        assert_eq!(address.comparison_form(), "rosa.meier+notes@xn--mller-kva.example");
        assert!(address.is_ascii());
        assert!(!EmailAddress::parse("küche@example.org").unwrap().is_ascii());
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@example.org",
            "a@b",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a b@example.org",
            "\"a b\"@example.org",
            "a@b@example.org",
            "a..b@example.org",
            ".a@example.org",
            "a.@example.org",
            "a(x)@example.org",
            "a@exa mple.org",
            "a@example..org",
            "a@-x.example",
            "a\r\n@example.org",
            "a@example.org.",
            "a@example.org\r\nBcc: x@example.org",
            "a\0@example.org",
            "a\u{202E}@example.org",
            "a@exa_mple.org",
            "<a@example.org>",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?} was taken");
        }
        let long = format!("{}@example.org", "x".repeat(65));
        assert_eq!(EmailAddress::parse(&long), Err(AddressError::TooLong));
        let label = "y".repeat(60);
        let long = format!("{}@{label}.{label}.{label}.example", "x".repeat(64));
        assert_eq!(EmailAddress::parse(&long), Err(AddressError::TooLong));
    }

    #[test]
    fn a_mailbox_is_read_with_and_without_a_name() {
        let plain = Mailbox::parse("notes@example.org").unwrap();
        assert_eq!(plain.name, None);
        let named = Mailbox::parse("Workshop Notes <notes@example.org>").unwrap();
        assert_eq!(named.name.unwrap().as_str(), "Workshop Notes");
        let quoted = Mailbox::parse(r#""Notes, \"weekly\"" <notes@example.org>"#).unwrap();
        assert_eq!(quoted.name.as_ref().unwrap().as_str(), r#"Notes, "weekly""#);
        assert_eq!(Mailbox::parse(&String::from(quoted.clone())).unwrap(), quoted);
        for text in [
            "Notes <notes@example.org",
            "a <b> <notes@example.org>",
            "\"x <notes@example.org>",
            "x\r\ny <a@b.org>",
        ] {
            assert!(Mailbox::parse(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_poisoned_name_becomes_harmless() {
        let name = DisplayName::cleaned("Eve\r\nBcc: all@example.org\0\u{202E}\u{2066} \t x\u{85}y").unwrap();
        assert_eq!(name.as_str(), "Eve Bcc: all@example.org x y");
        assert!(DisplayName::cleaned("\r\n\u{202A}").is_none());
        assert_eq!(
            DisplayName::cleaned(&"ß".repeat(10_000))
                .unwrap()
                .as_str()
                .chars()
                .count(),
            64
        );
        assert_eq!(HeaderText::parse("a\nb"), Err(AddressError::Control));
        assert_eq!(HeaderText::parse("  a   b ").unwrap().as_str(), "a b");
    }

    #[test]
    fn debug_output_never_shows_a_person() {
        let mailbox = Mailbox::parse("Rosa <rosa@example.org>").unwrap();
        let shown = format!("{mailbox:?}");
        assert!(!shown.contains("rosa") && !shown.contains("Rosa"), "{shown}");
    }

    #[test]
    fn header_urls_and_tokens_refuse_what_could_leave_their_place() {
        assert!(HeaderUrl::parse("https://letters.example.org/unsubscribe/abc").is_ok());
        for url in [
            "javascript:x",
            "https://x/>",
            "https://x/ y",
            "https://x/\r\ny",
            "https://x/ü",
            "",
        ] {
            assert!(HeaderUrl::parse(url).is_err(), "{url:?} was taken");
        }
        assert!(HeaderUrl::parse(&format!("https://x/{}", "a".repeat(900))).is_err());
        assert!(HeaderToken::parse("i12:v3:notes:letterpress").is_ok());
        assert!(HeaderToken::parse("a b").is_err());
    }

    proptest! {
        #[test]
        fn lettre_takes_every_address_that_we_take(local in "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~ü漢-]{1,20}", domain in "[a-z0-9äß.-]{1,30}") {
            if let Ok(address) = EmailAddress::parse(&format!("{local}@{domain}")) {
                prop_assert!(address.as_str().parse::<lettre::Address>().is_ok());
                prop_assert!(address.domain().is_ascii());
                prop_assert_eq!(EmailAddress::parse(address.as_str()).unwrap(), address);
            }
        }

        #[test]
        fn cleaned_text_is_one_line_without_controls(text in any::<String>()) {
            for clean in [DisplayName::cleaned(&text).map(String::from), HeaderText::cleaned(&text).map(String::from)].into_iter().flatten() {
                prop_assert!(!clean.chars().any(is_unsafe_in_header));
                prop_assert!(HeaderText::parse(&clean).is_ok());
            }
        }
    }
}
