//! Limits that hold before a tree is built, in one pass over the bytes (`sources.md` HT1).
//!
//! The sanitiser's time grows with the square of the nesting and of the attributes of one tag, and a deadline cannot stop a
//! blocking thread; so what would take long is refused before.

/// Open elements at once.
const DEEPEST: usize = 256;
const MOST_ATTRIBUTES: usize = 64;
const LONGEST_VALUE: usize = 64 * 1024;
#[cfg(test)]
const LARGEST: usize = 2 * 1024 * 1024;

const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
];

/// Elements that a parser closes by itself: they do not add up to depth.
const SELF_CLOSING: &[&str] = &[
    "p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot",
];

/// Refuses HTML of more than `largest` bytes, too deep nesting, tags with too many or too long attributes.
///
/// # Errors
/// A sentence fragment that says which limit.
pub(crate) fn guard(html: &str, largest: usize) -> Result<(), String> {
    if html.len() > largest {
        return Err(format!(
            "it comes to {} bytes of HTML, at most {largest} are taken",
            html.len()
        ));
    }
    let bytes = html.as_bytes();
    let mut at = 0;
    let mut depth = 0usize;
    let mut run_of_self_closing = 0usize;
    while let Some(found) = bytes[at..].iter().position(|b| *b == b'<') {
        at += found + 1;
        let closing = bytes.get(at) == Some(&b'/');
        let start = if closing { at + 1 } else { at };
        if html[at..].starts_with("!--") {
            at = html[at..].find("-->").map_or(bytes.len(), |end| at + end + 3);
            continue;
        }
        if !bytes.get(start).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let tag = Tag::read(html, start)?;
        at = tag.end;
        let name = tag.name.to_ascii_lowercase();
        let void = VOID.contains(&name.as_str()) || tag.closed;
        match (closing, void, SELF_CLOSING.contains(&name.as_str())) {
            (true, ..) => depth = depth.saturating_sub(1),
            (false, true, _) => {}
            // `<li><li><li>` is flat, `<li><ul><li>` is not: count those that follow each other as one.
            (false, false, true) => {
                run_of_self_closing += 1;
                depth += usize::from(run_of_self_closing <= DEEPEST);
            }
            (false, false, false) => {
                depth += 1;
                run_of_self_closing = 0;
            }
        }
        if closing {
            run_of_self_closing = 0;
        }
        if depth > DEEPEST && run_of_self_closing == 0 {
            return Err(format!("its HTML nests deeper than {DEEPEST} elements"));
        }
    }
    Ok(())
}

struct Tag<'a> {
    name: &'a str,
    /// Byte behind `>`.
    end: usize,
    /// Ends in `/>`.
    closed: bool,
}

impl<'a> Tag<'a> {
    fn read(html: &'a str, start: usize) -> Result<Self, String> {
        let bytes = html.as_bytes();
        let name_end = start
            + bytes[start..]
                .iter()
                .take_while(|b| !matches!(b, b' ' | b'\n' | b'\t' | b'>' | b'/'))
                .count();
        let mut at = name_end;
        let mut attributes = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'>' => {
                    return Ok(Self {
                        name: &html[start..name_end],
                        end: at + 1,
                        closed: bytes[at - 1] == b'/',
                    });
                }
                b' ' | b'\n' | b'\t' | b'/' => at += 1,
                _ => {
                    attributes += 1;
                    if attributes > MOST_ATTRIBUTES {
                        return Err(format!("one of its tags has more than {MOST_ATTRIBUTES} attributes"));
                    }
                    at = attribute(bytes, at)?;
                }
            }
        }
        Ok(Self {
            name: &html[start..name_end],
            end: bytes.len(),
            closed: false,
        })
    }
}

/// The byte behind an attribute.
fn attribute(bytes: &[u8], start: usize) -> Result<usize, String> {
    let name = bytes[start + 1..]
        .iter()
        .take_while(|b| !matches!(b, b' ' | b'\n' | b'\t' | b'>' | b'/' | b'='))
        .count();
    let mut at = start + 1 + name;
    let blanks = bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    if bytes.get(at + blanks) != Some(&b'=') {
        return Ok(at);
    }
    at += blanks + 1;
    at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let length = match bytes.get(at) {
        Some(quote @ (b'"' | b'\'')) => bytes[at + 1..].iter().take_while(|b| *b != quote).count() + 2,
        _ => bytes[at..]
            .iter()
            .take_while(|b| !matches!(b, b' ' | b'\n' | b'\t' | b'>'))
            .count(),
    };
    if length > LONGEST_VALUE {
        return Err("one of its attributes is longer than 64 KiB".to_owned());
    }
    Ok((at + length).min(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_that_would_take_long_is_refused_at_once() {
        let deep = "<div>".repeat(50_000);
        assert!(guard(&deep, LARGEST).unwrap_err().contains("deeper"));
        let wide = format!("<a {}>", "x=1 ".repeat(100_000));
        assert!(guard(&wide, LARGEST).unwrap_err().contains("attributes"));
        let long = format!("<a title=\"{}\">", "x".repeat(70_000));
        assert!(guard(&long, LARGEST).unwrap_err().contains("64 KiB"));
        assert!(guard(&"x".repeat(100), 99).is_err());
        assert!(guard(&"<b>".repeat(300), LARGEST).is_err());
        assert!(guard(&"<ul><li>".repeat(300), LARGEST).is_err());
    }

    #[test]
    fn honest_html_passes() {
        let table = format!("<table>{}</table>", "<tr><td>x<td>y".repeat(5_000));
        let list = format!("<ul>{}</ul>", "<li>x</li>".repeat(5_000));
        let pictures = "<p><img src=\"a.png\" alt='a > b'><br/>".repeat(1_000);
        for html in [
            table.as_str(),
            &list,
            &pictures,
            "a < b <3 <",
            "<!-- <div> -->",
            "<a href=x",
            "<a href='x",
        ] {
            assert_eq!(guard(html, LARGEST), Ok(()), "{}", &html[..html.len().min(40)]);
        }
    }
}
