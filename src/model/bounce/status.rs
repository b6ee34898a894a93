//! Codes in reports and replies: enhanced status (RFC 3463) and reply codes (RFC 5321 §4.2).

use std::fmt;

/// An enhanced status code: class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u8, pub u16, pub u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Status {
    /// Reads `5.1.1` at the start of a text; whatever follows it is no digit and no further dot with one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let mut parts = text[..end].trim_end_matches('.').split('.');
        let class = parts.next().filter(|class| matches!(*class, "2" | "4" | "5"))?;
        let number = |part: &str| (1..=3).contains(&part.len()).then(|| part.parse().ok()).flatten();
        let (subject, detail) = (number(parts.next()?)?, number(parts.next()?)?);
        parts
            .next()
            .is_none()
            .then(|| Some(Self(class.parse().ok()?, subject, detail)))?
    }

    /// The first one in a text, where it stands by itself: not in a version, an address or a host name.
    pub fn find(text: &str) -> Option<Self> {
        starts(text).find_map(|at| {
            let status = Self::parse(&text[at..])?;
            let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            (!rest.starts_with(|c: char| c.is_alphanumeric() || c == '@' || c == '_')).then_some(status)
        })
    }

    /// Whether it says more than "failed": `x.0.0` says nothing (RFC 3463 §3.1).
    pub fn is_specific(self) -> bool {
        self.1 != 0 || self.2 != 0
    }

    /// Whether it speaks of a failure for now.
    pub fn is_temporary(self) -> bool {
        self.0 == 4
    }
}

/// Where a number may begin: at the start, after white space, or after a sign that is no part of a name.
fn starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().filter_map(|(at, c)| {
        let before = text[..at].chars().next_back();
        let free = before.is_none_or(|b| b.is_whitespace() || "#([<-:;,=\"'/".contains(b));
        (c.is_ascii_digit() && free).then_some(at)
    })
}

/// The first reply code of a refusal in a text: three digits by themselves, followed by words or an enhanced code.
pub fn find_reply(text: &str) -> Option<u16> {
    starts(text).find_map(|at| {
        let digits = text.get(at..at + 3).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
        let rest = &text[at + 3..];
        let separated =
            rest.is_empty() || rest.starts_with([' ', '-', ',', ':', ';', '\t', '\n', '\r', '#', ')', '"', '>']);
        let told = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let is_measure = [
            "second", "sec", "minute", "hour", "day", "byte", "kb", "mb", "message", "port",
        ]
        .iter()
        .any(|unit| {
            told.get(..unit.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(unit))
        });
        let code = digits.parse().ok()?;
        let is_refusal = matches!(code, 400..=459 | 471 | 500..=559 | 571);
        (separated && is_refusal && !is_measure).then_some(code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_where_it_is_meant_and_nowhere_else() {
        let found = |text| Status::find(text).map(|status| status.to_string());
        assert_eq!(found("550 5.1.1 <x>... User unknown").as_deref(), Some("5.1.1"));
        assert_eq!(found("550-5.1.10 null mx").as_deref(), Some("5.1.10"));
        assert_eq!(found("550 no such user (#5.1.1)").as_deref(), Some("5.1.1"));
        assert_eq!(found("status=5.7.606, access").as_deref(), Some("5.7.606"));
        for nothing in [
            "Exim 4.81",
            "from 5.6.7.8",
            "v5.1.1",
            "x5.1.1",
            "mx5.1.1.example",
            "5.1.1a",
            "6.1.1",
        ] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
        assert!(!Status(5, 0, 0).is_specific() && Status(5, 2, 0).is_specific());
    }

    #[test]
    fn a_reply_code_is_no_count_of_anything() {
        assert_eq!(find_reply("said: 550 no"), Some(550));
        assert_eq!(find_reply("550-5.1.1 no"), Some(550));
        assert_eq!(find_reply("SMTP; 421"), Some(421));
        for nothing in [
            "in 450 seconds",
            "550 kB of mail",
            "id 5501",
            "192.0.2.550",
            "host-550x",
            "250 ok",
            "",
        ] {
            assert_eq!(find_reply(nothing), None, "{nothing}");
        }
    }
}
