//! Slugs of terms and authors: the part of a path that names them (`sources.md` 2.1).

use data_encoding::BASE32_NOPAD;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const LONGEST: usize = 120;

/// The slug of a term or name: `[a-z0-9-]`, at most 120 characters, never empty.
///
/// NFKC, lower case, Latin marks folded, every run of other characters one `-`. Where letters of another script would be
/// lost, `x` and ten base32 characters of the term's SHA-256 are appended, so that two such terms stay apart.
pub fn slug(term: &str) -> String {
    let mut out = String::with_capacity(term.len());
    let mut lost = false;
    for c in term.nfkc().flat_map(char::to_lowercase).nfd() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if let Some(latin) = spelled_out(c) {
            out.push_str(latin);
        } else if !is_combining_mark(c) {
            lost |= c.is_alphanumeric();
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
        }
    }
    out.truncate(LONGEST - 12);
    let kept = out.trim_end_matches('-').len();
    out.truncate(kept);
    if lost || out.is_empty() {
        if !out.is_empty() {
            out.push('-');
        }
        out.push('x');
        out.push_str(&fingerprint(term));
    }
    out
}

/// Latin letters that no decomposition reaches.
fn spelled_out(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        'ħ' => "h",
        _ => return None,
    })
}

fn fingerprint(term: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, term.as_bytes());
    let mut text = BASE32_NOPAD.encode(hash.as_ref());
    text.truncate(10);
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_finds_terms_under_plain_slugs() {
        for (term, expected) in [
            ("Leadership", "leadership"),
            ("Next JS", "next-js"),
            ("Böblinger Straße", "boblinger-strasse"),
            ("  C++ & friends ", "c-friends"),
            ("Ｆｕｌｌ", "full"),
            ("Łódź", "lodz"),
            ("2013", "2013"),
        ] {
            assert_eq!(slug(term), expected, "{term}");
        }
    }

    #[test]
    fn terms_of_other_scripts_stay_apart() {
        let (one, other) = (slug("中文"), slug("日本語"));
        assert_ne!(one, other);
        assert!(one.starts_with('x') && one.len() == 11, "{one}");
        assert!(slug("Rust 言語").starts_with("rust-x"));
        assert!(!slug("!!!").is_empty());
    }

    #[test]
    fn the_longest_term_still_gives_a_short_slug() {
        assert!(slug(&"long ".repeat(200)).len() <= LONGEST);
        assert!(slug(&"言葉 long ".repeat(200)).len() <= LONGEST);
    }
}
