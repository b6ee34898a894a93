//! Character references of HTML, decoded once.

use dom_query::Document;

/// The text that HTML such as `Tom &amp; Jerry&#8217;s` stands for. Tags stay as they are.
pub(super) fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    // In a text area only references mean something, and the parser of browsers knows all of them.
    let guarded = text.replace('<', "&lt;").replace('\r', "");
    let document = Document::from(format!("<textarea>\n{guarded}</textarea>"));
    document.select("textarea").text().to_string()
}

/// The text of a piece of HTML on one line: tags go, references are decoded once.
pub(super) fn text_of(html: &str) -> String {
    one_line(&decoded(&without_tags(html)))
}

/// A title: tags of emphasis go, other angle brackets are text, references are decoded once.
pub(super) fn title_of(html: &str) -> String {
    let has_emphasis = ["</", "<br"].iter().any(|tag| html.contains(tag));
    if has_emphasis {
        text_of(html)
    } else {
        one_line(&decoded(html))
    }
}

/// HTML without its tags. No tree is built: what is deeply nested costs no more than what is long.
fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        let end = if tag.starts_with("<!--") { "-->" } else { ">" };
        // Nothing is looked for behind a bracket that begins no tag: many of them would cost the square of their number.
        match if is_tag { tag.find(end) } else { None } {
            Some(length) => {
                out.push(' ');
                rest = &tag[length + end.len()..];
            }
            None if is_tag => return out,
            None => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// White space folded, control characters gone.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().map(|word| word.replace(char::is_control, ""));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether HTML has a text or a picture at all.
pub(super) fn says_something(html: &str) -> bool {
    !text_of(html).is_empty()
        || ["<img", "<video", "<audio", "<iframe"]
            .iter()
            .any(|tag| html.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_begin_no_tag_are_passed_over_one_by_one() {
        let html = "< ".repeat(1_000_000);
        assert_eq!(without_tags(&html).len(), html.len());
    }

    #[test]
    fn references_are_decoded_once() {
        for (html, text) in [
            ("Tom &amp; Jerry", "Tom & Jerry"),
            ("&amp;amp; stays", "&amp; stays"),
            ("&#x201C;Quote&#8221;&mdash;x", "“Quote”—x"),
            ("a & b <T>", "a & b <T>"),
            ("&lt;b&gt; &unknown; &", "<b> &unknown; &"),
            ("\nx &amp; y", "\nx & y"),
        ] {
            assert_eq!(decoded(html), text);
        }
        assert_eq!(text_of("<p>A <b>bold</b>\n word &amp; more</p>"), "A bold word & more");
        assert_eq!(title_of("Vec<T> &amp; a < b"), "Vec<T> & a < b");
        assert_eq!(title_of("A <em>big</em> day"), "A big day");
        assert!(says_something("<p><img src=x></p>") && !says_something("<p>&nbsp;<br></p><!-- x -->"));
    }
}
