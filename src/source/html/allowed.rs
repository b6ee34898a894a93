//! The one allow-list of a stored body (`sources.md` HT2 and HT3).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::links::Links;
use super::{MORE, embed, escape, srcset, tag_end, unescape};

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
];

/// Elements that go with everything in them.
const GONE: &[&str] = &[
    "script", "style", "template", "noscript", "textarea", "select", "option", "button", "title", "head", "dialog",
];

const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "title"]),
    ("abbr", &["title"]),
    ("blockquote", &["cite"]),
    ("q", &["cite"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["datetime", "cite"]),
    ("details", &["open"]),
    ("img", &["src", "srcset", "sizes", "alt", "title", "width", "height"]),
    ("ins", &["datetime", "cite"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed", "type"]),
    ("td", &["colspan", "rowspan", "align"]),
    ("th", &["colspan", "rowspan", "scope", "align"]),
    ("time", &["datetime"]),
];

/// Builds its sets once: they cost more than a short article.
static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| sanitiser(&[]));

/// The same for authors who keep frames of some hosts; those of others were replaced before.
static WITH_FRAMES: LazyLock<Builder<'static>> =
    LazyLock::new(|| sanitiser(&[("iframe", &["src", "title", "width", "height", "allowfullscreen"])]));

fn sanitiser(more: &[(&'static str, &[&'static str])]) -> Builder<'static> {
    let attributes: HashMap<&str, HashSet<&str>> = ATTRIBUTES
        .iter()
        .chain(more)
        .map(|(tag, names)| (*tag, names.iter().copied().collect()))
        .collect();
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.iter().copied().chain(more.iter().map(|(tag, _)| *tag)).collect())
        .clean_content_tags(GONE.iter().copied().collect())
        .tag_attributes(attributes)
        .generic_attributes(["id", "class", "dir", "lang", "style"].into_iter().collect())
        .filter_style_properties(["text-align"].into_iter().collect())
        .url_schemes(["http", "https", "mailto", "tel", "data"].into_iter().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true);
    builder
}

/// Cleans HTML: allowed elements only, addresses absolute and safe, ids only for footnotes and with `id_prefix`.
///
/// The input has passed the guard. The result is balanced, and cleaning it again changes nothing.
pub(crate) fn clean(html: &str, links: &Links<'_>, id_prefix: &str) -> String {
    let plain = if embed::is_needed(html) {
        Cow::Owned(embed::plain_parts(html, links))
    } else {
        Cow::Borrowed(html)
    };
    let sanitiser = if links.keeps_frames() { &WITH_FRAMES } else { &SANITISER };
    rewrite(&sanitiser.clean(&plain).to_string(), |element, name, value| {
        attribute(links, id_prefix, element, name, value)
    })
}

/// What an attribute's value becomes; `None` drops it.
fn attribute(links: &Links<'_>, id_prefix: &str, element: &str, name: &str, value: &str) -> Option<String> {
    match name {
        "href" | "cite" => links.link(value),
        "src" if element == "iframe" => links.frame(value),
        "src" => links.picture(value),
        "srcset" => srcset::rewrite(value, |url| links.picture(url)),
        "id" => footnote_id(value).then(|| {
            if value.starts_with(id_prefix) {
                value.to_owned()
            } else {
                format!("{id_prefix}{value}")
            }
        }),
        "class" => classes(element, value),
        "style" if value.trim().is_empty() => None,
        "dir" => matches!(value, "ltr" | "rtl" | "auto").then(|| value.to_owned()),
        "width" | "height" => value
            .trim_end_matches("px")
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| value.to_owned()),
        _ => Some(value.to_owned()),
    }
}

/// Writes sanitised HTML again with other attributes: pictures without alternative text get an empty one, pictures
/// without a source go, and the only named entities are those of XML.
fn rewrite(html: &str, mut attribute: impl FnMut(&str, &str, &str) -> Option<String>) -> String {
    let html = html.trim();
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        push_text(&html[at..start], &mut out);
        at = tag_end(html, start);
        let tag = &html[start..at];
        if !tag.contains('=') && !tag.starts_with("<img") {
            out.push_str(tag);
            continue;
        }
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        let (element, rest) = inner.split_once(' ').unwrap_or((inner, ""));
        let mut attributes = String::new();
        for (name, value) in attributes_of(rest) {
            if let Some(value) = attribute(element, name, &value) {
                let _ = write!(attributes, " {name}=\"{}\"", escape(&value));
            }
        }
        if element == "img" {
            if !attributes.contains(" src=\"") && !attributes.contains(" srcset=\"") {
                continue;
            }
            if !attributes.contains(" alt=\"") {
                attributes.push_str(" alt=\"\"");
            }
        }
        out.push('<');
        out.push_str(element);
        out.push_str(&attributes);
        out.push('>');
    }
    push_text(&html[at..], &mut out);
    out
}

fn push_text(text: &str, out: &mut String) {
    let mut parts = text.split("&nbsp;");
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push('\u{a0}');
        out.push_str(part);
    }
}

/// `name="value"` pairs as the sanitiser writes them, values as characters.
fn attributes_of(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once("=\"") {
        let end = after.find('"').unwrap_or(after.len());
        let mut value = String::with_capacity(end);
        unescape(&after[..end], &mut value);
        found.push((name.trim(), value.replace("&nbsp;", "\u{a0}")));
        rest = after.get(end + 1..).unwrap_or("").trim_start();
    }
    found
}

/// Ids are kept where a note refers to them, and nowhere else.
fn footnote_id(id: &str) -> bool {
    let bare = id.rsplit_once("--").map_or(id, |(_, bare)| bare);
    let lower = bare.to_ascii_lowercase();
    (lower.starts_with("fn") || lower.contains("footnote"))
        && id.len() <= 128
        && id
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
}

fn classes(element: &str, value: &str) -> Option<String> {
    let kept = |class: &&str| {
        class.starts_with("footnote") || (class.starts_with("language-") && matches!(element, "code" | "pre"))
    };
    let classes: Vec<&str> = value.split_ascii_whitespace().filter(kept).collect();
    (!classes.is_empty()).then(|| classes.join(" "))
}

/// Takes the mark of the summary's end out of cleaned HTML, with the paragraph that holds nothing else.
pub(crate) fn without_more(html: &str) -> Cow<'_, str> {
    if html.contains(MORE) {
        Cow::Owned(html.replace(&format!("<p>{MORE}</p>"), "").replace(MORE, ""))
    } else {
        Cow::Borrowed(html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::Locators;
    use crate::source::folder::tests_support::settings_with;
    use url::Url;

    fn cleaned(html: &str) -> String {
        let settings = settings_with(|_| {});
        let locators = Locators::new(&[]);
        let permalink = Url::parse("https://example.org/a/").unwrap();
        clean(
            html,
            &Links::new(&settings, &locators, "a.md", &permalink, None),
            "a1--",
        )
    }

    #[test]
    fn a_reader_gets_text_and_pictures_and_no_scripts() {
        for (html, expected) in [
            ("<p onclick=x>a<script>alert(1)</script></p>", "<p>a</p>"),
            ("<a href=\"java&#10;script:alert(1)\">text</a>", "<a>text</a>"),
            (
                "<a href='x' target=_blank>t</a>",
                "<a href=\"https://example.org/a/x\">t</a>",
            ),
            ("<img src=x.png>", "<img src=\"https://example.org/a/x.png\" alt=\"\">"),
            ("<img src='javascript:x' alt=a>", ""),
            ("<form><input><button>Send</button>words</form>", "words"),
            (
                "<p style='color:red; text-align: center'>x</p>",
                "<p style=\"text-align:center\">x</p>",
            ),
            ("<h2 id=intro class=big>x</h2>", "<h2>x</h2>"),
            (
                "<li id=fn1 class='footnote big'>x</li>",
                "<li id=\"a1--fn1\" class=\"footnote\">x</li>",
            ),
            (
                "<pre><code class='language-rust hl'>x</code></pre>",
                "<pre><code class=\"language-rust\">x</code></pre>",
            ),
            ("<p>a&nbsp;b &copy; <b>unclosed", "<p>a\u{a0}b © <b>unclosed</b></p>"),
            ("<!-- c --><custom-tag>x</custom-tag>", "x"),
            ("<a href=\"#fn1\">1</a>", "<a href=\"https://example.org/a/#fn1\">1</a>"),
            ("<svg><script>x</script></svg>ok", "ok"),
        ] {
            assert_eq!(cleaned(html), expected, "{html}");
        }
    }

    #[test]
    fn cleaning_twice_is_cleaning_once() {
        for html in [
            "<li id=fn1>x</li><sup id=fnref:2>y</sup><img src=a.png srcset='a.png 1x, b.png 2x'><a href='x y'>z</a>",
            "<p style='text-align:left;x:y'>a<table><tr><td align=right>b</table><details open><summary>s</summary></details>",
            "<svg><p><style><!--</style><img src=x onerror=alert(1)>--></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></mtext></math>",
        ] {
            let once = cleaned(html);
            assert_eq!(cleaned(&once), once, "{html}");
            assert!(!once.contains("onerror"), "{once}");
        }
    }
}
