//! Writing one header field: folding at 78 columns, encoded words, phrases (RFC 5322 §2.2.3, RFC 2047).

use encodify::Fold;
use encodify::rfc2047::{B, Q_PHRASE, Q_TEXT, WordEncoder};

use crate::model::address::Mailbox;

/// A header line is folded before this column where there is a blank (RFC 5322 §2.1.1).
const WIDTH: usize = 78;
/// A plain word longer than this is written as encoded words, which can be folded.
const LONGEST_PLAIN_WORD: usize = 70;

/// One header field under construction.
pub(super) struct Field<'a> {
    out: &'a mut Vec<u8>,
    column: usize,
    is_empty: bool,
}

impl<'a> Field<'a> {
    /// Starts the field `name`.
    pub(super) fn new(name: &str, out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        Self {
            column: name.len() + 1,
            is_empty: true,
            out,
        }
    }

    /// Appends a word that is never split, on a new line if it does not fit and this is not the first word.
    pub(super) fn word(mut self, word: &str) -> Self {
        // A field's first word stays on its line: a line of nothing but the name confuses old parsers.
        let is_first = std::mem::replace(&mut self.is_empty, false);
        if !is_first && self.column + 1 + word.len() > WIDTH {
            self.out.extend_from_slice(b"\r\n");
            self.column = 0;
        }
        self.out.push(b' ');
        self.out.extend_from_slice(word.as_bytes());
        self.column += 1 + word.len();
        self
    }

    /// Appends words separated by single blanks.
    pub(super) fn words(self, text: &str) -> Self {
        text.split(' ').filter(|word| !word.is_empty()).fold(self, Self::word)
    }

    /// Appends free text such as a subject, as encoded words where plain text would not survive.
    pub(super) fn text(self, text: &str) -> Self {
        if is_plain(text) {
            self.words(text)
        } else {
            self.encoded(text, Q_TEXT)
        }
    }

    /// Appends a display name: atoms, a quoted string, or encoded words (RFC 5322 §3.2.5, RFC 2047 §5 rule 3).
    pub(super) fn phrase(self, name: &str) -> Self {
        if !is_plain(name) {
            return self.encoded(name, Q_PHRASE);
        }
        let is_atoms = name
            .bytes()
            .all(|b| b == b' ' || b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b));
        if is_atoms {
            return self.words(name);
        }
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        self.words(&format!("\"{escaped}\""))
    }

    /// Appends `Name <address>`, or the bare address.
    pub(super) fn mailbox(self, mailbox: &Mailbox) -> Self {
        match &mailbox.name {
            Some(name) => self
                .phrase(name.as_str())
                .word(&format!("<{}>", mailbox.address.as_str())),
            None => self.word(mailbox.address.as_str()),
        }
    }

    /// Ends the field.
    pub(super) fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }

    fn encoded(mut self, text: &str, q: WordEncoder) -> Self {
        let encoder = if q.payload_len(text) <= B.payload_len(text) {
            q
        } else {
            B
        };
        self.is_empty = false;
        self.out.push(b' ');
        self.column += 1;
        encoder.encode_words("utf-8", text, &mut self.column, Fold::HEADER, self.out);
        self
    }
}

/// Whether a text survives as it is: printable ASCII, single blanks, no word that looks encoded or cannot be folded.
fn is_plain(text: &str) -> bool {
    let is_printable = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    let is_tidy = !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ");
    let is_foldable = text.split(' ').all(|word| word.len() <= LONGEST_PLAIN_WORD);
    is_printable && is_tidy && is_foldable && !text.contains("=?")
}

#[cfg(test)]
mod tests {
    use encodify::rfc2047::{decode_text, utf8_charset};
    use proptest::prelude::*;

    use super::*;
    use crate::model::address::{DisplayName, HeaderText};

    fn written(write: impl FnOnce(Field<'_>) -> Field<'_>) -> String {
        let mut out = Vec::new();
        write(Field::new("Subject", &mut out)).end();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_words_are_folded_at_blanks() {
        let long = "word ".repeat(40);
        let line = written(|field| field.text(long.trim_end()));
        assert!(line.lines().all(|l| l.len() <= WIDTH), "{line}");
        assert_eq!(line.replace("\r\n ", " "), format!("Subject: {}\r\n", long.trim_end()));
    }

    #[test]
    fn names_are_written_as_mail_programs_expect() {
        let cases = [
            ("Workshop Notes", "Subject: Workshop Notes\r\n"),
            ("Notes, weekly", "Subject: \"Notes, weekly\"\r\n"),
            ("a \"b\" \\c", "Subject: \"a \\\"b\\\" \\\\c\"\r\n"),
            ("Grüße", "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"),
            ("=?x?=", "Subject: =?utf-8?B?PT94Pz0=?=\r\n"),
        ];
        for (name, expected) in cases {
            assert_eq!(written(|field| field.phrase(name)), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_folded_header(text in any::<String>(), long in "[a-zé漢🦀 =?_\"\\\\]{0,400}") {
            for text in [text, long] {
                let Some(clean) = HeaderText::cleaned(&text) else { continue };
                let line = written(|field| field.text(clean.as_str()));
                let lines: Vec<_> = line.strip_suffix("\r\n").unwrap().split("\r\n").collect();
                prop_assert!(lines.iter().all(|l| l.len() <= WIDTH && l.bytes().all(|b| b == b' ' || b.is_ascii_graphic())));
                prop_assert!(lines[1..].iter().all(|l| l.starts_with(' ') && l.trim() != ""));
                let value = line.strip_prefix("Subject: ").unwrap();
                prop_assert_eq!(decode_text(value.as_bytes(), utf8_charset), clean.as_str());
            }
        }

        #[test]
        fn any_name_stays_inside_its_header(text in any::<String>()) {
            if let Some(name) = DisplayName::cleaned(&text) {
                let line = written(|field| field.phrase(name.as_str()));
                prop_assert!(line.strip_suffix("\r\n").unwrap().split("\r\n").skip(1).all(|l| l.starts_with(' ')));
                prop_assert!(!line.contains('\0') && line.is_ascii());
            }
        }
    }
}
