//! What a relay says it can do, in its reply to EHLO (RFC 5321 §4.1.1.1).

use std::collections::BTreeMap;
use std::fmt;

use lettre::transport::smtp::response::Response;

/// Keywords and their parameters; keywords compare without regard to case.
#[derive(Debug, Clone, Default)]
pub(super) struct Offers(BTreeMap<String, String>);

impl fmt::Display for Offers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing beyond SMTP");
        }
        for (index, (keyword, parameters)) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{keyword}{}", parameters.trim_end())?;
        }
        Ok(())
    }
}

impl Offers {
    /// Reads the reply to EHLO; its first line is a greeting.
    pub(super) fn read(response: &Response) -> Self {
        let mut offers = BTreeMap::<String, String>::new();
        for line in response.message().skip(1) {
            let line = line.trim();
            // Old servers write `AUTH=LOGIN`.
            let (keyword, parameters) = line.split_once([' ', '=']).unwrap_or((line, ""));
            let known = offers.entry(keyword.to_ascii_uppercase()).or_default();
            known.push(' ');
            known.push_str(parameters);
        }
        Self(offers)
    }

    /// Whether the keyword is there.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    /// Whether one of the keyword's parameters is this word.
    pub(super) fn has_parameter(&self, keyword: &str, word: &str) -> bool {
        self.parameters(keyword).any(|found| found.eq_ignore_ascii_case(word))
    }

    /// Bytes that a letter may have (RFC 1870 §3); `None` when the relay names no limit.
    pub(super) fn largest_letter(&self) -> Option<usize> {
        self.parameters("SIZE").next()?.parse().ok().filter(|limit| *limit > 0)
    }

    /// Letters that one connection may carry (RFC 9422 §4.1).
    pub(super) fn most_letters(&self) -> Option<u32> {
        self.parameters("LIMITS").find_map(|word| {
            let (name, value) = word.split_once('=')?;
            let number = value.parse().ok().filter(|most| *most > 0)?;
            name.eq_ignore_ascii_case("MAILMAX").then_some(number)
        })
    }

    fn parameters(&self, keyword: &str) -> impl Iterator<Item = &str> {
        self.0
            .get(keyword)
            .into_iter()
            .flat_map(|words| words.split_whitespace())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(text: &str) -> Offers {
        Offers::read(&text.parse().unwrap())
    }

    #[test]
    fn keywords_are_understood_in_any_case() {
        let offers = offers(
            "250-mx.example.org\r\n250-size 1000\r\n250-Pipelining\r\n250-AUTH plain\r\n250-AUTH=LOGIN\r\n250 LIMITS RCPTMAX=5 mailmax=20\r\n",
        );
        assert!(offers.has("PIPELINING") && !offers.has("DSN") && !offers.has("MX.EXAMPLE.ORG"));
        assert!(offers.has_parameter("AUTH", "PLAIN") && offers.has_parameter("AUTH", "LOGIN"));
        assert_eq!(offers.largest_letter(), Some(1_000));
        assert_eq!(offers.most_letters(), Some(20));
    }

    #[test]
    fn a_relay_that_offers_nothing_is_understood_too() {
        let offers = offers("250 \r\n");
        assert_eq!((offers.largest_letter(), offers.most_letters()), (None, None));
        assert_eq!(
            super::Offers::read(&"250-x\r\n250 SIZE 0\r\n".parse().unwrap()).largest_letter(),
            None
        );
    }
}
