//! One file to one draft: every rule in its order.

use crate::model::article::{Draft, Problem, Severity};

use super::basics::Basics;
use super::body::{self, Place, warning};
use super::decode::{self, Decoded};
use super::fields::Fields;
use super::finish::File;
use super::folder::{Candidate, FolderSettings, Locators, Reading};
use super::header::{self, Header, HeaderError};
use super::html;
use super::item::Item;
use super::marks::{self, Whence};
use super::naming::extension;
use super::page::{self, Page};
use super::{plain, title};

/// Bytes of a whole page at most.
const LARGEST_PAGE: usize = 5 * 1024 * 1024;

/// Reads a file; what keeps it from being an article is a problem.
pub(super) fn draft(settings: &FolderSettings, candidate: &Candidate, bytes: &[u8], locators: &Locators) -> Reading {
    let locator = candidate.locator.as_str();
    match parse(settings, locator, bytes, locators) {
        Ok(Some(draft)) => Reading::Draft(Box::new(draft)),
        Ok(None) => Reading::NotAnArticle,
        Err(problem) => Reading::Problem(problem),
    }
}

/// The address of the article that a text makes, without reading its body.
pub(super) fn address_of(settings: &FolderSettings, locator: &str, text: &str) -> Option<String> {
    let header = header::split(text).ok()?;
    let fields = Fields::new(&header, &settings.source.map, locator);
    Some(
        Basics::read(settings, &fields, locator, None, &mut Vec::new())
            .url
            .into(),
    )
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Markdown, with raw HTML in it.
    Markdown,
    /// A whole page, from which more than the body is read.
    Page,
    /// HTML that is the body and nothing else.
    Html,
    /// Text taken from a page.
    Text,
}

fn format_of(locator: &str, header: &Header) -> Format {
    match extension(locator).as_str() {
        "html" | "htm" => Format::Page,
        "txt" if !header.present => Format::Text,
        _ => Format::Markdown,
    }
}

/// What an article is made of, wherever it comes from.
#[derive(Debug)]
pub(super) struct Given<'a> {
    pub(super) locator: &'a str,
    pub(super) header: &'a Header,
    pub(super) body: &'a str,
    pub(super) format: Format,
    pub(super) source_hash: [u8; 32],
    /// What an article says that is no file.
    pub(super) item: Option<&'a Item>,
}

fn parse(
    settings: &FolderSettings,
    locator: &str,
    bytes: &[u8],
    locators: &Locators,
) -> Result<Option<Draft>, Problem> {
    let mut problems = Vec::new();
    let text = decoded(locator, bytes, &mut problems)?;
    let header = header::split(&text).map_err(|error| from_header(locator, error))?;
    let body = &text[header.body..];
    let format = format_of(locator, &header);
    if format == Format::Page && !header.present && !page::is_page(body) {
        return Ok(None);
    }
    let given = Given {
        locator,
        header: &header,
        body,
        format,
        source_hash: hash(bytes),
        item: None,
    };
    compose(settings, locators, &given, problems).map(Some)
}

/// Makes a draft of fields and a body.
pub(super) fn compose(
    settings: &FolderSettings,
    locators: &Locators,
    given: &Given<'_>,
    mut problems: Vec<Problem>,
) -> Result<Draft, Problem> {
    let (locator, body) = (given.locator, given.body);
    let fields = Fields::new(given.header, &settings.source.map, locator);
    note_doubled(&fields, locator, &mut problems);
    let excluded =
        marks::excluded(&fields, Whence::of(given), settings.source.time_zone, settings.now).map_err(|unclear| {
            Problem {
                line: unclear.line,
                ..error(locator, "bad_header", unclear.message, unclear.remedy)
            }
        })?;
    let own_title = own_title(settings, given, &fields, &mut problems);
    let page = page_of(
        settings,
        locator,
        (body, given.header.present),
        given.format,
        own_title.as_deref(),
    )?;
    let basics = Basics::read(settings, &fields, locator, page.as_ref(), &mut problems);
    let place = Place {
        settings,
        locators,
        locator,
        permalink: &basics.url,
        title: own_title.as_deref(),
    };
    let base = given.item.and_then(Item::base);
    let made = match (&page, given.format) {
        (Some(page), _) => body::from_html(&place, &page.html, page.metadata.base.as_deref(), &mut problems),
        (None, Format::Html) => body::from_html(&place, body, base, &mut problems),
        (None, _) => body::from_markdown(&place, body, &fields, &mut problems),
    };
    let made = made.map_err(|why| error(locator, "html_limits", why, "shorten or simplify the article"))?;
    let file = File {
        settings,
        locators,
        given,
        fields: &fields,
        page: page.as_ref(),
    };
    let title = own_title
        .clone()
        .or_else(|| made.heading.clone())
        .or_else(|| page.as_ref().and_then(|page| page.title.clone()));
    Ok(file.finish(basics, made, title, excluded, problems))
}

fn own_title(
    settings: &FolderSettings,
    given: &Given<'_>,
    fields: &Fields<'_>,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let written = fields.text("title", &["title", "name", "headline", "subject"], problems)?;
    if given.item.is_some_and(Item::has_plain_title) {
        return title::as_text(written);
    }
    title::title(written, settings.source.title_html)
}

fn decoded(locator: &str, bytes: &[u8], problems: &mut Vec<Problem>) -> Result<String, Problem> {
    let remedy = "save the file as UTF-8";
    let Ok(Decoded { text, guessed }) = decode::decode(bytes) else {
        return Err(error(
            locator,
            "not_utf8",
            "it is no text: neither UTF-8 nor UTF-16".to_owned(),
            remedy,
        ));
    };
    if guessed {
        problems.push(warning(
            locator,
            "not_utf8",
            "it is not UTF-8 and was read as Windows-1252".to_owned(),
            remedy,
        ));
    }
    Ok(text)
}

/// What a page, or a text taken from one, says beside its header.
fn page_of(
    settings: &FolderSettings,
    locator: &str,
    (body, has_header): (&str, bool),
    format: Format,
    title: Option<&str>,
) -> Result<Option<Page>, Problem> {
    let zone = settings.source.time_zone;
    match format {
        Format::Markdown | Format::Html => Ok(None),
        Format::Page => {
            html::guard(body, LARGEST_PAGE)
                .map_err(|why| error(locator, "html_limits", why, "simplify the page, or exclude it"))?;
            // Below a header with a title stands what the author wrote, unless it is a whole page: no furniture is in it.
            if has_header && title.is_some() && !page::is_whole(body) {
                return Ok(Some(page::fragment(body, &settings.source)));
            }
            Ok(Some(page::read(body, &settings.source, &settings.site_title, title)))
        }
        Format::Text => {
            let plain = plain::read(body, zone, &settings.site_title);
            let (html, tail_uncertain) = (plain.html, plain.tail_uncertain);
            Ok(Some(Page {
                title: plain.title,
                byline: plain.byline,
                category: plain.category,
                html,
                tail_uncertain,
                ..Page::default()
            }))
        }
    }
}

fn note_doubled(fields: &Fields<'_>, locator: &str, problems: &mut Vec<Problem>) {
    for key in &fields.header.doubled {
        let message = format!("`{key}` stands twice in the header; the last one counts");
        problems.push(Problem {
            line: fields.header.line_of(key),
            ..warning(locator, "duplicate_key", message, "remove one of the two")
        });
    }
}

fn from_header(locator: &str, why: HeaderError) -> Problem {
    Problem {
        line: Some(why.line),
        ..error(locator, why.code, why.message, why.remedy)
    }
}

fn error(locator: &str, code: &str, message: String, remedy: &str) -> Problem {
    Problem {
        severity: Severity::Error,
        ..warning(locator, code, message, remedy)
    }
}

/// SHA-256.
pub(super) fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::article::DateOrigin;
    use crate::source::folder::tests_support::{draft_of, reading_of, settings_with};

    fn draft(locator: &str, text: &str) -> Draft {
        draft_of(&settings_with(|_| {}), locator, text)
    }

    #[test]
    fn the_header_the_body_and_the_path_make_an_article() {
        let made = draft(
            "notes/2024-01-02-shelves.md",
            "---\ndate: 2024-01-03\ntags: [Wood, wood, Tools]\nauthor: Jane\nid: x1\naliases: [/old/]\n---\n# On *shelves*\n\nFirst.\n\n<!--more-->\n\nRest.",
        );
        assert_eq!(made.content.title.as_deref(), Some("On shelves"));
        assert_eq!((made.published_from, made.date_only), (DateOrigin::Header, true));
        assert_eq!(made.url, "https://example.org/notes/shelves/");
        assert_eq!(made.aliases, ["https://example.org/old/"]);
        assert_eq!(made.content.body_html, "<p>First.</p>\n\n<p>Rest.</p>");
        assert_eq!(
            (made.content.summary.as_str(), made.content.summary_from.as_str()),
            ("First.", "marker")
        );
        let tags: Vec<&str> = made.content.tags.iter().map(|tag| tag.term.as_str()).collect();
        assert_eq!(tags, ["Wood", "Tools"]);
        assert_eq!(made.header_id.as_deref(), Some("x1"));
        assert!(made.problems.is_empty(), "{:?}", made.problems);
    }

    #[test]
    fn a_bad_date_is_told_with_its_line_and_the_next_origin_counts() {
        let made = draft("2024-01-02-x.md", "---\ntitle: x\ndate: soon\n---\nText");
        assert_eq!(made.published_from, DateOrigin::FileName);
        let problem = &made.problems[0];
        assert_eq!((problem.code.as_str(), problem.line), ("bad_date", Some(3)));
    }

    #[test]
    fn what_an_author_says_of_an_article_is_kept() {
        let made = draft(
            "x.de.md",
            "---\ntitle: x\ndescription: Said *so*\nimage: {src: a.png, alt: A}\nreading_time: 7 min\nmail: false\nupdated: 2024-02-03\nexternal_url: https://x.example/\n---\nText",
        );
        let content = &made.content;
        assert_eq!(
            (content.summary.as_str(), content.summary_from.as_str()),
            ("Said so", "key")
        );
        assert_eq!(
            content.image.as_ref().map(|image| image.url.as_str()),
            Some("https://example.org/x/a.png")
        );
        assert_eq!((content.reading_minutes, content.reading_from.as_str()), (7, "stated"));
        assert_eq!(content.language, "de");
        assert_eq!(content.external_url.as_deref(), Some("https://x.example/"));
        assert!(!made.mail && made.updated_at.is_some());
    }

    #[test]
    fn files_that_go_with_an_article_are_read_in_every_form_that_generators_know() {
        let files = |header: &str| {
            let made = draft("x.md", &format!("---\ntitle: x\n{header}\n---\nText"));
            let said = made.content.enclosures.iter();
            said.map(|file| (file.url.clone(), file.media_type.clone(), file.bytes, file.seconds))
                .collect::<Vec<_>>()
        };
        let one = |url: &str, kind: &str, bytes, seconds| (url.to_owned(), kind.to_owned(), bytes, seconds);
        let far = "https://cdn.example/a.mp3";
        assert_eq!(
            files("audio: /sound/a.mp3\nduration: \"1:15\"\nlength: 1000"),
            [one(
                "https://example.org/sound/a.mp3",
                "audio/mpeg",
                Some(1000),
                Some(75)
            )]
        );
        assert_eq!(
            files("enclosure:\n  url: https://cdn.example/a.mp3\n  type: Audio/MPEG\n  length: 12\n  duration: 61"),
            [one(far, "audio/mpeg", Some(12), Some(61))]
        );
        assert_eq!(
            files("enclosure: |-\n  https://cdn.example/a.mp3\n  99\n  audio/mpeg"),
            [one(far, "audio/mpeg", Some(99), None)]
        );
        assert_eq!(
            files("attachments: [\"https://cdn.example/a.mp3\", {file: b.pdf}, \"https://cdn.example/a.mp3\"]"),
            [
                one(far, "audio/mpeg", None, None),
                one("https://example.org/x/b.pdf", "application/pdf", None, None)
            ]
        );
        assert!(files("audio: \"javascript:alert(1)\"").is_empty());
        assert!(files("podcast: true").is_empty());
    }

    #[test]
    fn an_article_of_nothing_but_tags_and_one_dated_by_a_slip_are_kept_back() {
        assert_eq!(
            draft("a.md", "---\ntitle: x\n---\n{{ page.url }}").excluded.as_deref(),
            Some("template_only")
        );
        assert_eq!(
            draft("a.md", "---\ntitle: x\n---\n").excluded.as_deref(),
            Some("empty_body")
        );
        assert_eq!(
            draft("a.md", "---\ndate: 2099-01-01\n---\nText").excluded.as_deref(),
            Some("future_far")
        );
    }

    #[test]
    fn no_bytes_make_the_reader_fall_over() {
        let settings = settings_with(|_| {});
        let seeds: [&[u8]; 6] = [
            b"---\ntitle: [a, {b: c}]\ndate: 2024-01-02\n---\n# T\n\n{% raw %}{{ x }}{% endraw %} <b>x</b> [l](a.md)\n\n:::note\nx\n:::",
            b"+++\ntitle = \"x\"\n+++\n{{< figure src=\"a\" >}}",
            b"<html><h1>T</h1><p>By J on 3 May 2024</p><div><svg><script>x</script></svg><img srcset='a 1x, b 2x'></div>",
            b"Craft\n\nTitle\n\nJ \xc2\xb7 3 May 2024\n\nText\n\n\xe2\x86\x90 Back",
            b"{\"title\": \"x\"}\ntext ``` {% codeblock",
            b"import A from 'a'\n\n<Box a={{b: '}'}}>{/* x */}</Box>",
        ];
        for seed in seeds {
            for at in 0..seed.len() {
                for name in ["a.md", "a.html", "a.txt", "a.mdx"] {
                    reading_of(&settings, name, &seed[..at]);
                    let mut broken = seed.to_vec();
                    broken[at] = broken[at].wrapping_mul(31).wrapping_add(7);
                    match reading_of(&settings, name, &broken) {
                        Reading::Problem(problem) => assert_ne!(problem.code, "unreadable", "{seed:?} {at}"),
                        Reading::Draft(_) | Reading::NotAnArticle => {}
                    }
                }
            }
        }
    }
}
