//! Cleaning and measuring text: `xml_safe`, excerpts, words.

use unicode_segmentation::UnicodeSegmentation;

/// Removes what XML 1.0 §2.2 forbids, and the C1 block, noncharacters and U+FEFF; CRLF, CR and U+0085 become LF.
///
/// Every string passes here before any writer, because one such character breaks a whole feed for strict readers.
pub fn xml_safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() == Some(&'\n') {
                    chars.next();
                }
                out.push('\n');
            }
            '\u{85}' => out.push('\n'),
            c if is_forbidden(c) => {}
            c => out.push(c),
        }
    }
    out
}

fn is_forbidden(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0..=8 | 0xB | 0xC | 0xE..=0x1F | 0x7F..=0x9F | 0xFEFF | 0xFDD0..=0xFDEF) || code & 0xFFFE == 0xFFFE
}

/// White space runs become one blank, ends are trimmed.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `max` characters, cut at a word and ended with "…" when something was cut; never inside a grapheme.
pub fn truncate_at_word(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut taken = String::new();
    let mut count = 0;
    for grapheme in text.graphemes(true) {
        let n = grapheme.chars().count();
        if count + n > max.saturating_sub(1) {
            break;
        }
        taken.push_str(grapheme);
        count += n;
    }
    let at_word = taken.rfind(char::is_whitespace).filter(|at| *at > taken.len() / 2);
    let kept = at_word.map_or(taken.as_str(), |at| &taken[..at]);
    format!("{}…", kept.trim_end())
}
