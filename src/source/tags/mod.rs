//! Template tags in the text of an article (`sources.md` FO12): known ones become what they mean, others go by policy.
//!
//! The source is read once from left to right, outside the ranges that the Markdown parser calls code. So a tag may span
//! lines, stand inside another one or in a link's address, and a tag inside code stays as it is.

mod arguments;
mod code;
mod known;
mod mdx;
mod scan;

pub(super) use code::{in_html, in_markdown};

use std::borrow::Cow;
use std::ops::Range;

use crate::config::Shortcodes;

use super::folder::FolderSettings;
use super::locators::Locators;

/// What the tags of one article can refer to.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) settings: &'a FolderSettings,
    pub(super) locators: &'a Locators,
    pub(super) locator: &'a str,
    pub(super) title: &'a str,
    pub(super) permalink: &'a str,
    /// The text is HTML, not Markdown.
    pub(super) html: bool,
    /// Components and imports stand between the paragraphs.
    pub(super) mdx: bool,
}

/// A text without template tags.
#[derive(Debug)]
pub(super) struct Resolved<'t> {
    pub(super) text: Cow<'t, str>,
    /// Tags that nobody knows and that were taken out.
    pub(super) unknown: u32,
    /// Any tag at all was found.
    pub(super) any: bool,
}

/// Whether a text can hold template tags: most cannot, and are spared the search for code.
pub(super) fn may_hold(text: &str, mdx: bool) -> bool {
    mdx || text.contains("{{")
        || text.contains("{%")
        || text.contains("{:")
        || text.contains("{#")
        || text.contains(":::")
}

/// Resolves every tag outside `code`, which holds ranges of bytes in order.
pub(super) fn resolve<'t>(scene: &Scene<'_>, text: &'t str, code: &[Range<usize>]) -> Resolved<'t> {
    if scene.settings.source.raw_templates {
        return Resolved {
            text: Cow::Borrowed(text),
            unknown: 0,
            any: false,
        };
    }
    let mut scanner = scan::Scanner::new(scene, text, code);
    scanner.run();
    if scanner.any {
        Resolved {
            text: Cow::Owned(scanner.out),
            unknown: scanner.unknown,
            any: true,
        }
    } else {
        Resolved {
            text: Cow::Borrowed(text),
            unknown: 0,
            any: false,
        }
    }
}

impl Scene<'_> {
    /// What stands in the place of a tag that nobody knows.
    fn in_place_of_unknown(&self) -> String {
        match self.settings.source.shortcodes {
            Shortcodes::Strip | Shortcodes::Hold => String::new(),
            Shortcodes::Placeholder => self.link(self.permalink, "see on the site"),
        }
    }

    fn link(&self, url: &str, label: &str) -> String {
        if self.html {
            format!(
                "<a href=\"{}\">{}</a>",
                super::html::escape(url),
                super::html::escape(label)
            )
        } else {
            format!(
                "[{}](<{}>)",
                label.replace('[', "\\[").replace(']', "\\]"),
                url.replace(['<', '>', '\n'], "")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests_support::settings_with;

    fn resolved(text: &str, change: impl FnOnce(&mut crate::config::Source)) -> (String, u32) {
        let settings = settings_with(change);
        let locators = Locators::new(&[]);
        let scene = Scene {
            settings: &settings,
            locators: &locators,
            locator: "a.md",
            title: "My title",
            permalink: "https://example.org/a/",
            html: false,
            mdx: false,
        };
        let resolved = resolve(&scene, text, &in_markdown(text));
        (resolved.text.into_owned(), resolved.unknown)
    }

    fn plain(text: &str) -> (String, u32) {
        resolved(text, |_| {})
    }

    #[test]
    fn known_tags_become_what_they_mean() {
        for (text, expected) in [
            ("# {{ page.title }}", "# My title"),
            ("[x]({{ site.url }}{{ site.baseurl }}/y)", "[x](https://example.org/y)"),
            ("[x]({{ '/y' | relative_url }})", "[x](/y)"),
            ("a {% comment %} secret {% endcomment %}b", "a b"),
            ("a {# secret #}b", "a b"),
            (
                "{% highlight rust %}\nlet a;\n{% endhighlight %}",
                "```rust\nlet a;\n```",
            ),
            ("{{< highlight go \"x=y\" >}}\nx\n{{< /highlight >}}", "```go\nx\n```"),
            ("{{< code-rust \"name\" >}}\nx\n{{< /code-rust >}}", "```rust\nx\n```"),
            ("{{< high text >}}\n{{ x }}\n{{< /high >}}", "```text\n{{ x }}\n```"),
            ("{% codeblock lang:js mark:1 %}\nx\n{% endcodeblock %}", "```js\nx\n```"),
            (
                "{{< youtube abc >}}",
                "[https://www.youtube.com/watch?v=abc](<https://www.youtube.com/watch?v=abc>)",
            ),
            ("a {% raw %}`{{ b }}`{% endraw %} c", "a `{{ b }}` c"),
            ("{% raw %}{{ b }}{% endraw %}", "`{{ b }}`"),
            ("Text{:.class}\n{:.other}\nmore", "Text\nmore"),
            (
                "{% img left /a.png 10 20 \"Title\" %}",
                "<img src=\"/a.png\" alt=\"Title\">",
            ),
        ] {
            assert_eq!(plain(text), (expected.to_owned(), 0), "{text}");
        }
    }

    #[test]
    fn a_figure_keeps_its_caption() {
        let (text, unknown) = plain("{{< figure src=\"/a.png\" alt=\"A tree\" caption=\"Tree & co\" >}}");
        assert!(
            text.contains("<img src=\"/a.png\" alt=\"A tree\">")
                && text.contains("<figcaption>Tree &amp; co</figcaption>"),
            "{text}"
        );
        assert_eq!(unknown, 0);
    }

    #[test]
    fn unknown_tags_go_and_their_inner_text_stays() {
        assert_eq!(
            plain("{% note warn %}\nText\n{% endnote %}"),
            ("\nText\n".to_owned(), 1)
        );
        assert_eq!(
            plain("a {{ page.other | filter: '}' }} b {{< x y=\"1\" >}}c{{< /x >}}"),
            ("a  b c".to_owned(), 2)
        );
        assert_eq!(plain("- {% include {{ page.x }} %}"), ("- ".to_owned(), 1));
        assert_eq!(plain("[a]({{ site.repository\n}}/1)"), ("[a](/1)".to_owned(), 1));
        let link = resolved("{% x %}", |source| source.shortcodes = Shortcodes::Placeholder).0;
        assert_eq!(link, "[see on the site](<https://example.org/a/>)");
    }

    #[test]
    fn a_tag_inside_code_stays() {
        for text in [
            "`{{ x }}`",
            "```\n{% y %}\n```",
            "a\n\n    {{ z }}\n",
            "<pre><code>{% a %}</code></pre>",
            "no tags {a} % }",
        ] {
            assert_eq!(plain(text), (text.to_owned(), 0));
        }
        let raw = resolved("{{ x }}", |source| source.raw_templates = true).0;
        assert_eq!(raw, "{{ x }}");
    }

    #[test]
    fn a_container_becomes_a_quotation_with_its_label() {
        let (text, _) = plain("a\n\n:::tip Think\nOne\n\nTwo\n:::\n\nb");
        assert_eq!(text, "a\n\n> **Think**\n>\n> One\n>\n> Two\n\nb");
        let (text, _) = plain("::: warning\nOne\n:::");
        assert_eq!(text, "> **Warning**\n>\n> One\n");
    }
}
