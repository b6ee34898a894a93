//! Small faults that many feeds have and that the parser would refuse the whole document for (`sources.md` FE3).

use std::borrow::Cow;

use crate::model::text::xml_safe;

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
    // Only near by: a document of nothing but ampersands would be read once for each of them.
    let near = text.as_bytes()[1..].iter().take(11);
    let Some(name) = near
        .into_iter()
        .position(|byte| *byte == b';')
        .and_then(|end| text.get(1..=end))
    else {
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
            found.is_some_and(|c| !digits.starts_with('+') && !xml_safe(c.encode_utf8(&mut [0; 4])).is_empty())
        }
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
    }
}

/// `<rss>` without version, or with one that nobody wrote a specification for, is RSS 2.0.
fn with_known_version(text: &str) -> Cow<'_, str> {
    let root = root_at(text).filter(|at| {
        let tag = text[*at..].strip_prefix("<rss");
        tag.is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/')))
    });
    let Some(start) = root else { return Cow::Borrowed(text) };
    let Some(end) = tag_end(&text[start..]).map(|length| start + length) else {
        return Cow::Borrowed(text);
    };
    let tag = &text[start..end];
    let Some((from, to)) = value_of(tag, "version") else {
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

/// Older vocabularies whose elements are those of a newer one, by the name of the root.
const OLDER: [(&str, &str, &str); 3] = [
    (
        "RDF",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://purl.org/rss/1.0/",
    ),
    (
        "RDF",
        "http://channel.netscape.com/rdf/simple/0.9/",
        "http://purl.org/rss/1.0/",
    ),
    ("feed", "http://purl.org/atom/ns#", "http://www.w3.org/2005/Atom"),
];
/// What Atom 0.3 called otherwise.
const RENAMED: [(&str, &str); 2] = [("issued", "published"), ("modified", "updated")];

/// RSS 0.90 has the elements of RSS 1.0, and Atom 0.3 those of Atom 1.0, under names of their own.
fn with_known_vocabulary(text: &str) -> Cow<'_, str> {
    for (root, old, new) in OLDER {
        let found = root_at(text).and_then(|at| Some((at, tag_end(&text[at..])? + at)));
        let found = found.filter(|(start, end)| text[*start..*end].contains(root));
        let Some((start, end)) = found.filter(|(start, end)| text[*start..*end].contains(old)) else {
            continue;
        };
        let tag = text[start..end].replace(old, new);
        let mut rest = text[end..].to_owned();
        for (from, to) in RENAMED.iter().filter(|_| root == "feed") {
            for (before, after) in [("<", ">"), ("<", " "), ("</", ">")] {
                rest = rest.replace(&format!("{before}{from}{after}"), &format!("{before}{to}{after}"));
            }
        }
        return Cow::Owned(format!("{}{tag}{rest}", &text[..start]));
    }
    Cow::Borrowed(text)
}

/// Bytes of a subset that is passed over.
const LONGEST_SUBSET: usize = 4096;

/// Where the first element begins.
fn root_at(text: &str) -> Option<usize> {
    let at = prolog_end(text)?;
    if !text[at..].starts_with("<!DOCTYPE") {
        return Some(at);
    }
    let behind = at + tag_end(&text[at..])? + 1;
    Some(behind + prolog_end(&text[behind..])?)
}

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

/// Where the value of an attribute stands in a tag, without its quotes.
pub(super) fn value_of(tag: &str, name: &str) -> Option<(usize, usize)> {
    tag.match_indices(name).find_map(|(at, _)| {
        let own = tag[..at].ends_with(char::is_whitespace);
        let rest = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
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
                "<feed xmlns=\"http://purl.org/atom/ns#\"><entry><issued>x</issued></entry></feed>",
                "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><published>x</published></entry></feed>",
            ),
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
