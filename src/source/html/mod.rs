//! Makes HTML safe and absolute (`feeds.md` section 6, `sources.md` section 4): guards before any tree, foreign elements
//! to links, one allow-list, every address absolute. The result is what feeds, letters and the archive show.

mod allowed;
mod embed;
mod guard;
mod links;
mod srcset;

pub(super) use allowed::{clean, without_more};
pub(super) use guard::guard;
pub(super) use links::Links;

/// Stands in HTML where the author marked the end of the summary; no text can hold it, for `xml_safe` takes it out.
pub(super) const MORE: char = '\u{fdd0}';

/// Text as HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// The byte behind the `>` of the tag that begins at `start`, in HTML that the sanitiser wrote: attribute values stand in
/// double quotes.
pub(super) fn tag_end(html: &str, start: usize) -> usize {
    let mut quoted = false;
    for (at, byte) in html.as_bytes()[start..].iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return start + at + 1,
            _ => {}
        }
    }
    html.len()
}

/// Text that the sanitiser wrote, with its entities as characters.
pub(super) fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"')];
        if let Some((entity, c)) = known.iter().find(|(entity, _)| rest.starts_with(entity)) {
            out.push(*c);
            rest = &rest[entity.len()..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
}
