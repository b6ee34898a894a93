//! The text of WordPress as HTML: paragraphs where an old editor left empty lines, and its own shortcodes.

/// Tags that begin a block of their own, so that no paragraph is put around them.
const BLOCKS: [&str; 45] = [
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "table",
    "blockquote",
    "pre",
    "figure",
    "hr",
    "section",
    "article",
    "dl",
    "form",
    "iframe",
    "video",
    "audio",
    "address",
    "details",
    "header",
    "footer",
    "aside",
    "script",
    "style",
    "main",
    "nav",
    "summary",
    "figcaption",
    "caption",
    "colgroup",
    "col",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "dt",
    "dd",
];
/// Shortcodes that show something by its address.
const MEDIA: [&str; 4] = ["embed", "audio", "video", "playlist"];

/// HTML with paragraphs and without shortcodes.
pub(super) fn paragraphs(text: &str) -> String {
    let text = shortcodes(text);
    // The block editor writes paragraphs itself; one `<p>` says nothing of the other paragraphs.
    if text.contains("<!-- wp:") || !text.contains('\n') {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut is_pre = false;
    for chunk in text.split("\n\n") {
        let chunk = chunk.trim_matches('\n');
        if chunk.trim().is_empty() {
            out.push('\n');
            continue;
        }
        let was_pre = is_pre;
        is_pre = match (chunk.rfind("<pre"), chunk.rfind("</pre")) {
            (Some(open), Some(close)) => open > close,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => is_pre,
        };
        if was_pre || starts_block(chunk) {
            out.push_str(chunk);
            out.push_str("\n\n");
        } else {
            out.push_str(&format!("<p>{}</p>\n", chunk.replace('\n', "<br>\n")));
        }
    }
    out
}

fn starts_block(chunk: &str) -> bool {
    let inner = chunk.trim_start();
    let Some(inner) = inner.strip_prefix("</").or_else(|| inner.strip_prefix('<')) else {
        return false;
    };
    let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect();
    BLOCKS.contains(&name.to_ascii_lowercase().as_str()) || inner.starts_with("!--")
}

/// WordPress's own shortcodes become what they mean; those of plug-ins stay, because nobody knows what is text in them.
fn shortcodes(text: &str) -> String {
    if !text.contains('[') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        match shortcode(from) {
            Some((html, length)) => {
                out.push_str(&html);
                rest = &from[length..];
            }
            None => {
                out.push('[');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Bytes of a shortcode's head, and of everything up to its end, in which it is looked for.
const HEAD: usize = 2_000;
const REACH: usize = 64 * 1024;

/// What the shortcode at the start of `text` means, and its length.
fn shortcode(text: &str) -> Option<(String, usize)> {
    let head_end = within(text, HEAD).find(']')?;
    let head = &text[1..head_end];
    let name: String = head
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    let is_known =
        MEDIA.contains(&name.as_str()) || matches!(name.as_str(), "caption" | "gallery" | "code" | "sourcecode");
    if !is_known || !head[name.len()..].starts_with(['\0', ' ', '/']) && head.len() != name.len() {
        return None;
    }
    let close = format!("[/{name}]");
    let after = &text[head_end + 1..];
    let (inner, length) = match within(after, REACH).find(&close) {
        Some(end) if !head.ends_with('/') => (&after[..end], head_end + 1 + end + close.len()),
        _ => ("", head_end + 1),
    };
    let html = match name.as_str() {
        "gallery" => String::new(),
        "code" | "sourcecode" => format!("<pre><code>{}</code></pre>", inner.replace('<', "&lt;")),
        "caption" => caption(inner),
        _ => {
            let url = if inner.trim().is_empty() {
                address_in(head)
            } else {
                Some(inner.trim().to_owned())
            };
            let url = url.filter(|url| url.starts_with("http") && !url.contains(['"', '<', ' ']))?;
            format!("<p><a href=\"{url}\">{url}</a></p>")
        }
    };
    Some((html, length))
}

/// The first so many bytes of a text, whole characters.
fn within(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `<img …> What is seen` as a figure.
fn caption(inner: &str) -> String {
    let end = inner.rfind("</a>").map(|at| at + 4);
    let end = end.or_else(|| Some(inner.find("<img")? + inner[inner.find("<img")?..].find('>')? + 1));
    let (picture, words) = inner.split_at(end.unwrap_or(0));
    format!("<figure>{picture}<figcaption>{}</figcaption></figure>", words.trim())
}

/// The first address among the attributes of a shortcode.
fn address_in(head: &str) -> Option<String> {
    let at = head.find("http")?;
    let end = head[at..].find(['"', '\'', ' ']).unwrap_or(head.len() - at);
    Some(head[at..at + end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_of_the_old_editor_are_paragraphs() {
        assert_eq!(
            paragraphs("One\ntwo\n\n<h2>Head</h2>\n\nThree\n\n<pre>a\n\nb</pre>\n\nFour"),
            "<p>One<br>\ntwo</p>\n<h2>Head</h2>\n\n<p>Three</p>\n<pre>a\n\nb</pre>\n\n<p>Four</p>\n"
        );
        assert_eq!(
            paragraphs("One\n\n<p class=\"x\">Two</p>\n\nThree"),
            "<p>One</p>\n<p class=\"x\">Two</p>\n\n<p>Three</p>\n"
        );
        for whole in ["<!-- wp:paragraph --><p>a</p>\n\n<p>b</p>", "<p>a</p>", "one line"] {
            assert_eq!(paragraphs(whole), whole);
        }
    }

    #[test]
    fn shortcodes_of_wordpress_become_what_they_mean_and_others_stay() {
        for (text, html) in [
            (
                "[caption id=\"a\" width=\"3\"]<a href=\"/b\"><img src=\"/a.png\"></a> A tree[/caption]",
                "<figure><a href=\"/b\"><img src=\"/a.png\"></a><figcaption>A tree</figcaption></figure>",
            ),
            (
                "[embed]https://video.example/1[/embed]",
                "<p><a href=\"https://video.example/1\">https://video.example/1</a></p>",
            ),
            (
                "[audio mp3=\"https://example.org/a.mp3\"][/audio]",
                "<p><a href=\"https://example.org/a.mp3\">https://example.org/a.mp3</a></p>",
            ),
            ("a[gallery ids=\"1,2\"]b", "ab"),
            ("[code]a < b[/code]", "<pre><code>a &lt; b</code></pre>"),
            (
                "[form id=3] array[0] [codes] [embed]javascript:x[/embed]",
                "[form id=3] array[0] [codes] [embed]javascript:x[/embed]",
            ),
        ] {
            assert_eq!(shortcodes(text), html);
        }
    }
}
