//! Cleaning and measuring text: `xml_safe`, excerpts, words.

use unicode_segmentation::UnicodeSegmentation;

/// Removes what XML 1.0 §2.2 forbids, and the C1 block, noncharacters and U+FEFF; CRLF, CR and U+0085 become LF.
///
/// Every string passes here before any writer, because one such character breaks a whole feed for strict readers.
pub fn xml_safe(text: &str) -> String {
    let Some(first) = text.find(|c| c == '\r' || is_forbidden(c)) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut chars = text[first..].chars().peekable();
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
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// How much there is to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Length {
    /// Words by UAX #29, without the characters counted in `ideographs`.
    pub words: u32,
    /// CJK, kana and hangul characters, which stand for words.
    pub ideographs: u32,
}

impl Length {
    /// Counts a text.
    pub fn of(text: &str) -> Self {
        let mut length = Self::default();
        for chunk in text.split_whitespace() {
            if is_one_word(chunk) {
                length.words += 1;
                continue;
            }
            for word in chunk.unicode_words() {
                let ideographs = word.chars().filter(|c| is_ideograph(*c)).count();
                if ideographs == 0 {
                    length.words += 1;
                } else {
                    length.ideographs = length
                        .ideographs
                        .saturating_add(u32::try_from(ideographs).unwrap_or(u32::MAX));
                }
            }
        }
        length
    }

    /// Minutes to read it, 1 to 240: words ÷ `words_per_minute` + ideographs ÷ 450, rounded up.
    pub fn minutes(self, words_per_minute: u32) -> u32 {
        let pace = u64::from(words_per_minute.max(1));
        let minutes = (u64::from(self.words) * 450 + u64::from(self.ideographs) * pace).div_ceil(pace * 450);
        u32::try_from(minutes).unwrap_or(240).clamp(1, 240)
    }
}

/// Spares the segmenter what needs none: ASCII letters and digits, with punctuation around them only.
fn is_one_word(chunk: &str) -> bool {
    let inner = chunk.trim_matches(|c: char| c.is_ascii_punctuation());
    !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether a character is CJK, kana or hangul: read by itself, cut anywhere.
pub fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x11FF | 0x3040..=0x30FF | 0x3130..=0x318F | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xA960..=0xA97F | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0xFF66..=0xFF9D | 0x20000..=0x3134F)
}

/// An excerpt of prose, at most `max` characters: cut after a sentence end if one lies beyond 120 characters, else at a
/// word with "…"; CJK at any character; never inside a grapheme.
pub fn excerpt(prose: &str, max: usize) -> String {
    // A long text is not gone through for its first lines; half of these bytes may be white space.
    let beginning = &prose[..prose.floor_char_boundary(max * 8)];
    let line = one_line(beginning);
    let cut_short = beginning.len() < prose.len();
    let prose = match line.chars().nth(max) {
        None if cut_short => one_line(prose),
        _ => line,
    };
    if prose.chars().nth(max).is_none() {
        return prose;
    }
    let mut sentence_end = None;
    let mut count = 0;
    let mut before_is_end = false;
    for (at, grapheme) in prose.grapheme_indices(true) {
        count += grapheme.chars().count();
        if count > max {
            break;
        }
        // A full stop ends a sentence before white space; its wide form ends one anywhere.
        if before_is_end && grapheme == " " && count > 120 {
            sentence_end = Some(at);
        }
        if matches!(grapheme, "。" | "！" | "？") && count > 120 {
            sentence_end = Some(at + grapheme.len());
        }
        let closes = matches!(grapheme, "\"" | "”" | "’" | ")" | "»");
        before_is_end = matches!(grapheme, "." | "!" | "?" | "…") || (closes && before_is_end);
    }
    sentence_end.map_or_else(|| truncate_at_word(&prose, max), |at| prose[..at].trim_end().to_owned())
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
    let whole = text[taken.len()..].starts_with(char::is_whitespace) || taken.ends_with(is_ideograph);
    let at_word = taken
        .rfind(char::is_whitespace)
        .filter(|at| !whole && *at > taken.len() / 2);
    let kept = at_word.map_or(taken.as_str(), |at| &taken[..at]);
    format!("{}…", kept.trim_end())
}

/// The encoding that the XML declaration at the head of a document names (XML 1.0 §4.3.3), as it is written there.
pub fn declared_encoding(bytes: &[u8]) -> Option<String> {
    // Without its zeros a declaration in UTF-16 can be read, too.
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).replace('\0', "");
    let declaration = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label.to_owned())
}

/// Whether a text shows anything: neither blanks and control characters alone, nor those that are invisible by default
/// (Unicode Standard 5.21, `Default_Ignorable_Code_Point`).
pub fn is_visible(text: &str) -> bool {
    text.chars()
        .any(|c| !c.is_whitespace() && !c.is_control() && !is_ignorable(c))
}

fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_told_how_long_a_text_takes() {
        assert_eq!(Length::of("One, two (three) don't 1.5 – é").words, 6);
        let mixed = Length::of("漢字 and kana かな");
        assert_eq!((mixed.words, mixed.ideographs), (2, 4));
        assert_eq!(
            Length {
                words: 819,
                ideographs: 0
            }
            .minutes(225),
            4
        );
        assert_eq!(Length::default().minutes(225), 1);
        assert_eq!(
            Length {
                words: 225,
                ideographs: 0
            }
            .minutes(225),
            1
        );
        assert_eq!(
            Length {
                words: 226,
                ideographs: 0
            }
            .minutes(225),
            2
        );
    }

    #[test]
    fn an_excerpt_ends_after_a_sentence_where_it_can() {
        let long = format!("{} ends here. {}", "word ".repeat(30), "more ".repeat(60));
        assert!(excerpt(&long, 300).ends_with("ends here."), "{}", excerpt(&long, 300));
        let endless = "word ".repeat(200);
        let cut = excerpt(&endless, 300);
        assert!(cut.ends_with("word…") && cut.chars().count() <= 300, "{cut}");
        assert_eq!(excerpt(" a\n b ", 300), "a b");
    }

    #[test]
    fn a_text_without_spaces_is_cut_at_any_character_but_never_inside_one() {
        let cut = excerpt(&"漢".repeat(400), 300);
        assert_eq!(cut.chars().count(), 300);
        let family = "👨‍👩‍👧".repeat(100);
        assert!(
            excerpt(&family, 42)
                .trim_end_matches('…')
                .chars()
                .count()
                .is_multiple_of(5)
        );
    }

    #[test]
    fn characters_that_break_a_feed_are_taken_out() {
        assert_eq!(
            xml_safe("a\u{0}b\u{b}\r\nc\rd\u{85}\u{fffe}\u{1f600}"),
            "ab\nc\nd\n\u{1f600}"
        );
    }

    #[test]
    fn a_document_says_its_encoding_or_nothing() {
        let said = |text: &str| declared_encoding(text.as_bytes());
        assert_eq!(
            said("<?xml version=\"1.0\" encoding = 'latin1'?><rss/>").as_deref(),
            Some("latin1")
        );
        assert_eq!(said("<\0?\0x\0m\0l\0 encoding=\"UTF-16\"?>").as_deref(), Some("UTF-16"));
        for text in [
            "",
            "<rss encoding=\"x\"/>",
            "<?xml version=\"1.0\"?>",
            "<?xml encoding=x?>",
            "<?xml encoding=\"x",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
