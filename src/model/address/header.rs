//! Values that may stand in a header: text, names, URLs and words that cannot leave their place.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AddressError;
use crate::model::text::one_line;

/// Longest display name in characters, after cleaning.
pub const MAX_DISPLAY_NAME: usize = 64;
/// Longest free header text (the subject) in characters.
pub const MAX_HEADER_TEXT: usize = 250;
/// Longest URL in a header in octets: it cannot be folded, and a line ends at 998 (RFC 5322 §2.1.1).
pub const MAX_HEADER_URL: usize = 900;

/// C0, DEL, C1, line and paragraph separators, and the bidi overrides and isolates.
pub(super) fn is_unsafe_in_header(c: char) -> bool {
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
        fn cleaned_text_is_one_line_without_controls(text in any::<String>()) {
            for clean in [DisplayName::cleaned(&text).map(String::from), HeaderText::cleaned(&text).map(String::from)].into_iter().flatten() {
                prop_assert!(!clean.chars().any(is_unsafe_in_header));
                prop_assert!(HeaderText::parse(&clean).is_ok());
            }
        }
    }
}
