//! Samples of every context, in six voices: what templates are checked with before anybody gets a letter.

mod whole;

use chrono::{DateTime, FixedOffset};

use super::footer::Above;
use super::letters::{Article, FixedLinks, Issue, IssueKind, IssueLetter, Link, Neighbour, Picture};
use super::{Author, Frame, Moment, Newsletter, ScheduleName, Site, Theme};
use crate::config;

/// A context that can make samples of itself.
pub trait Sample: Sized {
    /// One sample in a voice.
    fn sample(voice: &Voice) -> Self;

    /// One sample per voice, with its name.
    fn samples() -> Vec<(&'static str, Self)> {
        Voice::all()
            .iter()
            .map(|voice| (voice.name, Self::sample(voice)))
            .collect()
    }
}

/// The words that samples are made of.
#[derive(Debug)]
pub struct Voice {
    /// `plain`, `long`, `minimal`, `rtl`, `cjk`, `hostile`.
    pub name: &'static str,
    language: &'static str,
    site: String,
    person: &'static str,
    title: String,
    summary: String,
    category: &'static str,
    schedule: &'static str,
    html: String,
    /// Everything optional is absent.
    bare: bool,
}

const PLAIN_HTML: &str = include_str!("samples/plain.html");
const RTL_HTML: &str = "<p>الكتابة الجيدة تبدأ بالملاحظة. في هذا المقال ننظر إلى ثلاث أدوات بسيطة، و<a \
    href=\"https://example.org/ar\">نقارن</a> بينها.</p><h2>الأداة الأولى</h2><ul><li>قلم</li><li>دفتر، مع \
    <code>git log</code></li></ul><blockquote><p>القليل الدائم خير من الكثير المنقطع.</p></blockquote>";
const CJK_HTML: &str = "<p>週末に古い自転車を分解して、もう一度組み立てた。部品は<strong>百二十三</strong>個。\
    </p><h2>道具</h2><p>必要なものは<a href=\"https://example.org/ja\">三つ</a>だけだった。</p>";
const HOSTILE: &str = "\"><script>alert(1)</script> {{site.url}} & 'quote' `tick` = 🧨 javascript:alert(1) ";

impl Voice {
    /// Every voice.
    pub fn all() -> Vec<Self> {
        vec![
            Self::plain(),
            Self::long(),
            Self::minimal(),
            Self::rtl(),
            Self::cjk(),
            Self::hostile(),
        ]
    }

    /// An ordinary article in English.
    pub fn plain() -> Self {
        Self {
            name: "plain",
            language: "en",
            site: "Workshop Notes".to_owned(),
            person: "A. Author",
            title: "What a plane iron taught me about deadlines".to_owned(),
            summary: "A dull blade does not announce itself. It asks for a little more force each day, until one day \
                      the work tears. Notes on noticing sooner."
                .to_owned(),
            category: "Tools",
            schedule: "Weekly",
            html: PLAIN_HTML.to_owned(),
            bare: false,
        }
    }

    fn long() -> Self {
        let long = "Considerations on the maintenance of long-lived hand tools, their edges and their keepers. ";
        Self {
            name: "long",
            site: "The Quarterly Proceedings of the Society for the Preservation of Workshop Practice".to_owned(),
            title: long.repeat(2),
            summary: long.repeat(5),
            html: format!(
                "{PLAIN_HTML}<p>{}</p><pre><code>{}</code></pre>",
                "Donaudampfschifffahrtsgesellschaftskapitän".repeat(6),
                "let unbroken = line; ".repeat(30)
            ),
            ..Self::plain()
        }
    }

    fn minimal() -> Self {
        Self {
            name: "minimal",
            title: "Untitled".to_owned(),
            summary: String::new(),
            html: "<p>One line.</p>".to_owned(),
            bare: true,
            ..Self::plain()
        }
    }

    fn rtl() -> Self {
        Self {
            name: "rtl",
            language: "ar",
            site: "دفتر الورشة".to_owned(),
            person: "كاتبة الموقع",
            title: "ثلاث أدوات بسيطة لكتابة أفضل".to_owned(),
            summary: "ننظر إلى ثلاث أدوات بسيطة ونقارن بينها.".to_owned(),
            category: "أدوات",
            schedule: "أسبوعي",
            html: RTL_HTML.to_owned(),
            bare: false,
        }
    }

    fn cjk() -> Self {
        Self {
            name: "cjk",
            language: "ja",
            site: "工房だより".to_owned(),
            person: "筆者",
            title: "古い自転車を組み立て直す".to_owned(),
            summary: "週末に古い自転車を分解して、もう一度組み立てた。".to_owned(),
            category: "道具",
            schedule: "毎週",
            html: CJK_HTML.to_owned(),
            bare: false,
        }
    }

    fn hostile() -> Self {
        Self {
            name: "hostile",
            language: "en",
            site: HOSTILE.to_owned(),
            person: HOSTILE,
            title: HOSTILE.repeat(2).chars().take(200).collect(),
            summary: HOSTILE.repeat(3),
            category: HOSTILE,
            schedule: HOSTILE,
            html: "<p>{{site.url}} &lt;script&gt; {{{x}}} {{#each y}} &amp;amp; <a href=\"https://example.org/?a=1&amp;b=2\">🧨</a></p>"
                .to_owned(),
            bare: false,
        }
    }

    fn optional<T>(&self, value: T) -> Option<T> {
        (!self.bare).then_some(value)
    }

    fn text(&self, value: &str) -> String {
        if self.bare { String::new() } else { value.to_owned() }
    }

    fn at(day: u32) -> Moment {
        let text = format!("2024-09-{day:02}T08:00:00+05:30");
        DateTime::<FixedOffset>::parse_from_rfc3339(&text).expect("the sample's day is one of September")
    }

    /// What letters and pages share.
    pub fn frame(&self) -> Frame {
        let mut site = Site {
            title: self.site.clone(),
            url: "https://example.org/".to_owned(),
            description: self.text(&self.summary),
            language: String::new(),
            dir: String::new(),
            start: String::new(),
            end: String::new(),
            author: Author {
                name: self.text(self.person),
                url: self.optional("https://example.org/about".to_owned()),
                note: self.text("Writes about tools, and mends bicycles on Saturdays."),
            },
        };
        site.set_language(self.language);
        let theme = config::Theme {
            footer_address: self.text("Workshop Notes, 12 Mill Lane\nOld Town, AB1 2CD"),
            ..config::Theme::default()
        };
        Frame {
            site,
            theme: Theme::new(&theme, &self.site),
            base: String::new(),
            style: "/pages.css".to_owned(),
        }
    }

    fn newsletter(&self) -> Newsletter {
        Newsletter {
            id: "notes".to_owned(),
            name: self.site.clone(),
            description: self.text(&self.summary),
            schedule: self.optional(ScheduleName {
                id: "weekly".to_owned(),
                name: self.schedule.to_owned(),
            }),
            archive_url: self.optional("https://letters.example.org/issues".to_owned()),
            reply_to: self.optional("author@example.org".to_owned()),
        }
    }

    fn article(&self, number: usize) -> Article {
        let day = u32::try_from(number).unwrap_or(0) % 20 + 2;
        Article {
            id: format!("01J7Q8G3Z5K6M7N8P9QRSTV{number:03}"),
            title: self.title.clone(),
            url: format!("https://example.org/articles/{number}?a=1&b=2"),
            category: self.optional(Link {
                name: self.category.to_owned(),
                url: Some("https://example.org/category/tools/".to_owned()),
            }),
            tags: self.optional(self.category.to_owned()).into_iter().collect(),
            author: self.optional(Link {
                name: self.person.to_owned(),
                url: Some("https://example.org/about".to_owned()),
            }),
            date: Self::at(day),
            updated: self.optional(Self::at(day + 1)),
            minutes: self.optional(8),
            summary: self.summary.clone(),
            html: self.html.clone(),
            text: String::new(),
            image: self.optional(Picture {
                url: "https://example.org/plane.jpg".to_owned(),
                alt: self.category.to_owned(),
                width: Some(1200),
                height: Some(800),
                caption: self.summary.clone(),
            }),
            lead: false,
            truncated: false,
        }
    }

    fn above(&self) -> Above {
        let article = self.article(1);
        Above {
            title: article.title,
            url: article.url,
            category: article.category,
            tags: article.tags,
            author: article.author,
            date: article.date,
            language: self.language.to_owned(),
        }
    }

    fn neighbour(&self, number: usize) -> Neighbour {
        Neighbour {
            title: self.title.clone(),
            url: format!("https://example.org/articles/older-{number}"),
            date: Self::at(1),
            minutes: self.optional(5),
            summary: self.summary.clone(),
        }
    }

    fn neighbours(&self, count: usize) -> Vec<Neighbour> {
        (0..count)
            .filter(|_| !self.bare)
            .map(|number| self.neighbour(number))
            .collect()
    }

    fn links(&self) -> FixedLinks {
        FixedLinks {
            browser: self.optional("https://letters.example.org/issues/01J7Q8G3Z5K6M7N8P9QRSTV000".to_owned()),
            subscribe: "https://letters.example.org/subscribe".to_owned(),
            help: None,
        }
    }

    /// An issue of a kind; digests have five articles, of which the last two are summaries only.
    pub fn issue(&self, kind: IssueKind) -> IssueLetter {
        let count = if kind == IssueKind::Instant { 1 } else { 5 };
        let mut articles: Vec<Article> = (0..count).map(|number| self.article(number)).collect();
        articles.iter_mut().skip(3).for_each(|article| article.html.clear());
        IssueLetter {
            kind,
            frame: self.frame(),
            newsletter: self.newsletter(),
            issue: Issue {
                id: "01J7Q8G3Z5K6M7N8P9QRSTV000".to_owned(),
                number: self.optional(12),
                date: Self::at(12),
                preheader: String::new(),
                url: self.links().browser,
                count,
                left_out: if self.bare { 0 } else { 2 },
            },
            articles,
            listed: if kind == IssueKind::Digest {
                self.neighbours(2)
            } else {
                Vec::new()
            },
            previous: self.optional(self.neighbour(1)),
            next: self.optional(self.neighbour(2)),
            more: self.neighbours(3),
            links: self.links(),
            web: false,
            feedback: !self.bare,
            max_html: 90_000,
        }
    }
}
