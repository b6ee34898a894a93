//! Email addresses and text that may stand in a header (RFC 5321 §4.1.2, RFC 5322 §3.6).
//!
//! Nothing reaches a header except through these types: their constructors refuse or remove every character that could
//! end a line, start a header of its own, or turn the reading direction.

mod header;

use std::fmt;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use header::is_unsafe_in_header;
pub use header::{DisplayName, HeaderText, HeaderToken, HeaderUrl, MAX_DISPLAY_NAME, MAX_HEADER_TEXT, MAX_HEADER_URL};

/// Longest address in octets (RFC 5321 §4.5.3.1.3 without the angle brackets).
pub const MAX_ADDRESS: usize = 254;
/// Longest local part in octets (RFC 5321 §4.5.3.1.1).
pub const MAX_LOCAL_PART: usize = 64;
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
                let quoted = name.as_str().replace('\\', "\\\\").replace('"', "\\\"");
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
    fn debug_output_never_shows_a_person() {
        let mailbox = Mailbox::parse("Rosa <rosa@example.org>").unwrap();
        let shown = format!("{mailbox:?}");
        assert!(!shown.contains("rosa") && !shown.contains("Rosa"), "{shown}");
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
    }
}
