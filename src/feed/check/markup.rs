//! Reads the tags of an HTML text, forgiving as readers are, in one pass.

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// As it is written.
    pub(super) name: &'a str,
    /// Names as they are written, values with entities.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    /// Where it begins.
    pub(super) at: usize,
}

/// Attributes of one tag that are read.
const MOST: usize = 64;

/// The start tags of a text, in its order. What stands inside scripts, styles and comments is none.
pub(super) fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + html.get(from..)?.find('<')?;
            let rest = &html[at..];
            if let Some(comment) = rest.strip_prefix("<!--") {
                from = comment.find("-->").map_or(html.len(), |end| at + 4 + end + 3);
                continue;
            }
            if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                from = at + 1;
                continue;
            }
            let (tag, end) = tag(html, at);
            from = end;
            if is_raw(tag.name) {
                from = raw_end(html, end, tag.name);
            }
            return Some(tag);
        }
    })
}

fn is_raw(name: &str) -> bool {
    ["script", "style", "textarea", "title"]
        .iter()
        .any(|raw| raw.eq_ignore_ascii_case(name))
}

/// Where the text of a script ends. To look on for an end that is not there would cost as often as there are starts, so a
/// text without one ends here.
fn raw_end(html: &str, from: usize, name: &str) -> usize {
    let found = html[from..].match_indices("</").find(|(at, _)| {
        let rest = html.as_bytes().get(from + at + 2..from + at + 2 + name.len());
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(name.as_bytes()))
    });
    found.map_or(html.len(), |(at, _)| from + at)
}

/// The tag that begins at a `<`, and where it ends.
fn tag(html: &str, at: usize) -> (Tag<'_>, usize) {
    let bytes = html.as_bytes();
    let is_end = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    let mut to = at + 1;
    while to < bytes.len() && !is_end(bytes[to]) {
        to += 1;
    }
    let mut tag = Tag {
        name: &html[at + 1..to],
        attributes: Vec::new(),
        at,
    };
    loop {
        while to < bytes.len() && (bytes[to].is_ascii_whitespace() || bytes[to] == b'/') {
            to += 1;
        }
        if to >= bytes.len() {
            return (tag, to);
        }
        if bytes[to] == b'>' {
            return (tag, to + 1);
        }
        let start = to;
        // An `=` at the very start belongs to the name.
        to += 1;
        while to < bytes.len() && !is_end(bytes[to]) && bytes[to] != b'=' {
            to += 1;
        }
        let name = start..to;
        let (value, end) = value(bytes, to);
        to = end;
        if tag.attributes.len() < MOST
            && let (Some(name), Some(value)) = (html.get(name), html.get(value))
        {
            tag.attributes.push((name, value));
        }
    }
}

/// Where the value behind an attribute's name lies, and where reading goes on.
fn value(bytes: &[u8], from: usize) -> (std::ops::Range<usize>, usize) {
    let skip = |mut at: usize| {
        while at < bytes.len() && bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        at
    };
    let equals = skip(from);
    if bytes.get(equals) != Some(&b'=') {
        return (from..from, from);
    }
    let start = skip(equals + 1);
    match bytes.get(start) {
        Some(quote @ (b'"' | b'\'')) => {
            let inside = &bytes[start + 1..];
            let length = inside.iter().position(|byte| byte == quote).unwrap_or(inside.len());
            let end = start + 1 + length;
            (start + 1..end, (end + 1).min(bytes.len()))
        }
        _ => {
            let mut end = start;
            while end < bytes.len() && !bytes[end].is_ascii_whitespace() && bytes[end] != b'>' {
                end += 1;
            }
            (start..end, end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_a_reader_reads_them() {
        let html = "a < b <p>x</p><!-- <i> --><A href = 'x y' b=c/d data>z<img src=\"é\"/><script>'<b>'</script><u";
        let read: Vec<(&str, Vec<(&str, &str)>)> = tags(html).map(|tag| (tag.name, tag.attributes)).collect();
        assert_eq!(
            read,
            [
                ("p", vec![]),
                ("A", vec![("href", "x y"), ("b", "c/d"), ("data", "")]),
                ("img", vec![("src", "é")]),
                ("script", vec![]),
                ("u", vec![]),
            ]
        );
    }
}
