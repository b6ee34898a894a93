//! An address as feeds print it.

use std::fmt;

use url::Url;

/// An absolute http or https address: ASCII, percent-encoded, punycoded, without user info or white space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedUrl(String);

impl FeedUrl {
    /// Reads an address; `None` when it is relative, of another scheme, or names a user.
    pub fn parse(text: &str) -> Option<Self> {
        Url::parse(text).ok().as_ref().and_then(Self::from_url)
    }

    /// The same from an address that is parsed already.
    pub fn from_url(url: &Url) -> Option<Self> {
        let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
        let anonymous = url.username().is_empty() && url.password().is_none();
        (web && anonymous).then(|| Self(strict(url)))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Only the host, in lower case.
    pub fn host(&self) -> String {
        Url::parse(&self.0)
            .ok()
            .and_then(|url| url.host_str().map(str::to_lowercase))
            .unwrap_or_default()
    }
}

impl fmt::Display for FeedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The `url` crate follows browsers and lets `|`, `[` and stray `%` stand in a path; RFC 3986 does not.
fn strict(url: &Url) -> String {
    let text = url.as_str();
    let after_authority = text.find("://").map_or(0, |at| at + 3);
    let path_at = text[after_authority..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |at| at + after_authority);
    let (authority, rest) = text.split_at(path_at);
    let mut out = authority.to_owned();
    let mut in_fragment = false;
    for (at, c) in rest.char_indices() {
        let second_hash = c == '#' && in_fragment;
        let stray_percent = c == '%' && !is_escape(&rest[at..]);
        in_fragment |= c == '#';
        if second_hash || stray_percent || !is_uri_char(c) {
            out.push_str(&percent_encode(c.encode_utf8(&mut [0; 4])));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_escape(text: &str) -> bool {
    let digits = text.as_bytes().get(1..3).unwrap_or_default();
    digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
}

/// RFC 3986 §2, without the brackets that only belong around an IPv6 host.
fn is_uri_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=%".contains(c)
}

/// Percent-encodes every byte that is not unreserved (RFC 3986 §2.3): for one segment of a path.
pub fn percent_encode(text: &str) -> String {
    use fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Undoes percent-encoding; `None` when the bytes are no UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        if first == b'%' && is_escape(rest) {
            bytes.push(u8::from_str_radix(&rest[1..3], 16).ok()?);
            rest = &rest[3..];
        } else {
            let width = rest.chars().next().map_or(1, char::len_utf8);
            bytes.extend_from_slice(&rest.as_bytes()[..width]);
            rest = &rest[width..];
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Option<String> {
        FeedUrl::parse(text).map(|url| url.to_string())
    }

    #[test]
    fn a_reader_gets_an_address_that_every_parser_takes() {
        assert_eq!(
            parsed("https://Ünï.example/ä b?q=[1]|2").unwrap(),
            "https://xn--n-nga1b.example/%C3%A4%20b?q=%5B1%5D%7C2"
        );
        assert_eq!(
            parsed("http://example.org/100%#a#b").unwrap(),
            "http://example.org/100%25#a%23b"
        );
        assert_eq!(parsed("http://[::1]:80/x").unwrap(), "http://[::1]/x");
        assert_eq!(parsed("http://example.org").unwrap(), "http://example.org/");
    }

    #[test]
    fn what_no_reader_should_open_is_dropped() {
        for text in [
            "",
            "/a",
            "//host/a",
            "javascript:alert(1)",
            "ftp://a/b",
            "mailto:a@b.example",
            "https://me:pw@host/",
            "https://a b/",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_always_plain_ascii_and_stays_as_it_is(text in "https?://[a-z]{1,8}/\\PC{0,30}") {
            if let Some(url) = FeedUrl::parse(&text) {
                prop_assert!(url.as_str().chars().all(|c| c.is_ascii_graphic()));
                prop_assert_eq!(FeedUrl::parse(url.as_str()), Some(url));
            }
        }

        #[test]
        fn a_segment_comes_back_as_it_was(text in any::<String>()) {
            prop_assert_eq!(percent_decode(&percent_encode(&text)), Some(text));
        }
    }
}
