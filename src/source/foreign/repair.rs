//! Small faults that many feeds have and that the parser would refuse the whole document for (`sources.md` FE3).

use std::borrow::Cow;

/// Versions of `<rss>` that the parser takes.
const VERSIONS: [&str; 3] = ["0.91", "0.92", "2.0"];

/// The document with bare `&` escaped and a version of RSS that is known.
pub(super) fn repaired(text: &str) -> String {
    let text = with_known_version(text);
    let text = without_harmless_subset(&text);
    let text = with_known_vocabulary(&text);
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text.as_ref();
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let verbatim = [("<![CDATA[", "]]>"), ("<!--", "-->")];
        let section = verbatim.iter().find(|(start, _)| rest.starts_with(start));
        let taken = match section {
            Some((_, end)) => rest.find(end).map_or(rest.len(), |at| at + end.len()),
            None => 1,
        };
        if rest.starts_with('&') && !is_reference(rest) {
            out.push_str("&amp;");
        } else {
            out.push_str(&rest[..taken]);
        }
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// A reference that XML knows without a DTD. Names of HTML's are text, which HTML then reads.
fn is_reference(text: &str) -> bool {
    let Some((name, _)) = text[1..].split_once(';').filter(|(name, _)| name.len() <= 10) else {
        return false;
    };
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name.strip_prefix('#') {
        Some(digits) => {
            let found = match digits.strip_prefix(['x', 'X']) {
                // The capital is HTML's alone.
                Some(hex) if digits.starts_with('x') => number(hex, 16),
                Some(_) => None,
                None => number(digits, 10),
            };
            found.is_some_and(|c| {
                !digits.starts_with('+') && crate::model::text::xml_safe(c.encode_utf8(&mut [0; 4])) != ""
            })
        }
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
    }
}

/// `<rss>` without version, or with one that nobody wrote a specification for, is RSS 2.0.
fn with_known_version(text: &str) -> Cow<'_, str> {
    let root = text
        .find("<rss")
        .filter(|at| text[at + 4..].starts_with(|c: char| c.is_whitespace() || c == '>'));
    let Some(start) = root else { return Cow::Borrowed(text) };
    let Some(end) = tag_end(&text[start..]).map(|length| start + length) else {
        return Cow::Borrowed(text);
    };
    let tag = &text[start..end];
    let Some((from, to)) = value_of_version(tag) else {
        return Cow::Owned(format!("{}<rss version=\"2.0\"{}", &text[..start], &text[start + 4..]));
    };
    if VERSIONS.contains(&&tag[from..to]) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}2.0{}", &text[..start + from], &text[start + to..]))
}

/// A DOCTYPE that declares nothing but a few plain texts goes, and their names stay as text: nothing is ever expanded. One
/// that could be an attack stays, for the scan to refuse.
fn without_harmless_subset(text: &str) -> Cow<'_, str> {
    let Some(start) = prolog_end(text).filter(|at| text[*at..].starts_with("<!DOCTYPE")) else {
        return Cow::Borrowed(text);
    };
    let Some((head, rest)) = text[start..].split_once('[').filter(|(head, _)| !head.contains('>')) else {
        return Cow::Borrowed(text);
    };
    let Some((subset, behind)) = rest
        .split_once(']')
        .filter(|(subset, _)| subset.len() <= LONGEST_SUBSET)
    else {
        return Cow::Borrowed(text);
    };
    let nests = subset.contains(['&', '%'])
        || head.contains("SYSTEM")
        || subset.contains("SYSTEM")
        || subset.contains("PUBLIC");
    match behind.trim_start().strip_prefix('>') {
        Some(behind) if !nests => Cow::Owned(format!("{}{behind}", &text[..start])),
        _ => Cow::Borrowed(text),
    }
}

/// RSS 0.90 has the elements of RSS 1.0 under names of its own.
fn with_known_vocabulary(text: &str) -> Cow<'_, str> {
    const OLD: [&str; 2] = [
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/",
    ];
    let root = text.find("RDF").and_then(|at| Some((at, tag_end(&text[at..])? + at)));
    let Some((start, end)) = root else {
        return Cow::Borrowed(text);
    };
    let Some(old) = OLD.iter().find(|old| text[start..end].contains(**old)) else {
        return Cow::Borrowed(text);
    };
    let tag = text[start..end].replace(old, "http://purl.org/rss/1.0/");
    Cow::Owned(format!("{}{tag}{}", &text[..start], &text[end..]))
}

/// Bytes of a subset that is passed over.
const LONGEST_SUBSET: usize = 4096;

/// Where comments, instructions and white space at the head of a document end.
fn prolog_end(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &text[at..];
        let found = [("<!--", "-->"), ("<?", "?>")]
            .iter()
            .find(|(start, _)| rest.starts_with(start));
        let Some((_, end)) = found else { return Some(at) };
        at += rest.find(end)? + end.len();
    }
}

/// The byte of the `>` that ends a tag.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.bytes().position(|byte| {
        match quote {
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => return byte == b'>',
            Some(_) => {}
        }
        false
    })
}

/// Where the value of `version` stands in a tag, without its quotes.
fn value_of_version(tag: &str) -> Option<(usize, usize)> {
    let found = tag.match_indices("version").map(|(at, _)| at);
    found.into_iter().find_map(|at| {
        let own = tag[..at].ends_with(char::is_whitespace);
        let rest = tag[at + 7..].trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|c| own && matches!(c, '"' | '\''))?;
        let from = tag.len() - rest.len() + 1;
        let length = tag[from..].find(quote)?;
        Some((from, from + length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_that_many_feeds_have_are_mended_and_the_rest_stays() {
        for (text, expected) in [
            (
                "<rss><a>A & B &amp; C &nbsp; &#8217; &#0; &#xZ;</a></rss>",
                "<rss version=\"2.0\"><a>A &amp; B &amp; C &amp;nbsp; &#8217; &amp;#0; &amp;#xZ;</a></rss>",
            ),
            (
                "<rss version=\"2.0.1\"><![CDATA[a & b]]><!-- & -->&</rss>",
                "<rss version=\"2.0\"><![CDATA[a & b]]><!-- & -->&amp;</rss>",
            ),
            (
                "<rss xmlns:version='x' version = '0.92' a='>'/>",
                "<rss xmlns:version='x' version = '0.92' a='>'/>",
            ),
            ("<feed>&", "<feed>&amp;"),
            (
                "<!-- x --><!DOCTYPE feed [ <!ENTITY a \"b\"> ]><feed>&a;</feed>",
                "<!-- x --><feed>&amp;a;</feed>",
            ),
            ("<rss", "<rss"),
        ] {
            assert_eq!(repaired(text), expected, "{text}");
        }
    }
}
