//! Bytes to text: byte order marks, what HTTP and the XML declaration say, and characters that XML forbids.

use encoding_rs::{Encoding, UTF_8};

use crate::model::text::declared_encoding;

use super::{Notes, Specimen, shown};

/// The text, if the bytes are one.
pub(super) fn decoded(specimen: Specimen<'_>, notes: &mut Notes) -> Option<String> {
    let bytes = specimen.bytes;
    let (marked, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (Some(encoding), &bytes[length..]),
        None => (None, bytes),
    };
    if marked == Some(UTF_8) {
        let remedy = "save without byte order mark: some readers take it for text before the declaration";
        notes.warning(Some(1), "bom", "it begins with a byte order mark", remedy);
    }
    let declared = declared_encoding(bytes);
    let stated = specimen.charset.or(declared.as_deref());
    conflict(specimen.charset, declared.as_deref(), marked, notes);
    let encoding = match (marked, stated) {
        (Some(encoding), _) => encoding,
        (None, None) => UTF_8,
        (None, Some(label)) => {
            let known = Encoding::for_label(label.as_bytes());
            if known.is_none() {
                let message = format!("nobody knows the encoding “{}”", shown(label));
                notes.error(Some(1), "encoding", message, "write the feed in UTF-8 and say so");
            }
            known.unwrap_or(UTF_8)
        }
    };
    if encoding != UTF_8 {
        let message = format!("it is written in {}", encoding.name());
        notes.warning(
            Some(1),
            "encoding",
            message,
            "write the feed in UTF-8: every reader knows it",
        );
    }
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken {
        let remedy =
            "write the feed in UTF-8 throughout; such a byte often comes from a text pasted in another encoding";
        let message = format!("a byte does not fit {}", encoding.name());
        notes.error(Some(line_of_broken(bytes, encoding)), "encoding", message, remedy);
    }
    if text.matches('\0').count() > text.len() / 8 {
        notes.error(None, "no_feed", "these bytes are no text", "give the address of a feed");
        return None;
    }
    Some(text.into_owned())
}

fn conflict(http: Option<&str>, declared: Option<&str>, marked: Option<&'static Encoding>, notes: &mut Notes) {
    let known = |label: Option<&str>| label.and_then(|label| Encoding::for_label(label.as_bytes()));
    let remedy = "let both say UTF-8, or take the charset out of the Content-Type";
    if let (Some(one), Some(other)) = (known(http), known(declared))
        && one != other
    {
        let message = format!("HTTP says {}, the document says {}", one.name(), other.name());
        notes.error(Some(1), "encoding", message, remedy);
    } else if let (Some(mark), Some(said)) = (marked, known(http).or(known(declared)))
        && mark.name()[..5] != said.name()[..said.name().len().min(5)]
    {
        let message = format!(
            "its byte order mark says {}, it calls itself {}",
            mark.name(),
            said.name()
        );
        notes.error(Some(1), "encoding", message, remedy);
    }
}

/// The line of the first byte that is not of the encoding.
fn line_of_broken(bytes: &[u8], encoding: &'static Encoding) -> usize {
    let good = if encoding == UTF_8 {
        Encoding::utf8_valid_up_to(bytes)
    } else {
        0
    };
    1 + String::from_utf8_lossy(&bytes[..good]).matches('\n').count()
}

/// Whether XML 1.0 has this character (section 2.2).
pub(super) fn is_allowed(c: char) -> bool {
    !matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// What to do about a character that XML has not.
pub(super) const FORBIDDEN: &str = "take the character out of the article: strict readers drop the whole feed";

/// Notes every character that XML has not.
pub(super) fn characters(text: &str, lines: &Lines, notes: &mut Notes) {
    for (at, c) in text.char_indices().filter(|(_, c)| !is_allowed(*c)) {
        let message = format!("the character U+{:04X}, which XML forbids", u32::from(c));
        notes.error(Some(lines.at(at)), "character", message, FORBIDDEN);
    }
}

/// Where lines begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of a byte, counted from 1.
    pub(super) fn at(&self, byte: usize) -> usize {
        1 + self.0.partition_point(|end| *end < byte)
    }
}
