//! Each letter and page, put together from a voice.

use super::super::footer::Footer;
use super::super::letters::{
    AlreadyLetter, ConfirmationLetter, IssueKind, LinkLetter, NewAddressLetter, NoticeLetter, UnsubscribedLetter,
    WelcomeLetter,
};
use super::super::pages::{
    AddressAsked, AddressChanged, BadLink, CheckMailbox, Confirm, Confirmed, Data, Erased, Failure, FeedLine,
    FeedbackForm, FeedbackThanks, FeedbackUnknown, Feeds, HeaderLine, Home, IssueLine, IssueTitles, Issues, Left,
    LinkSent, NewAddress, NewsletterChoice, NotFound, Outbox, OutboxLetter, OutboxLine, Preferences, RatingChoice,
    Renewed, Saved, ScheduleChoice, SignUp, TRAP, Undone, Unsubscribe,
};
use super::{Sample, Voice};
use crate::model::author_notice::{AuthorNotice, NamedArticle, NoticeKind, Opinion, fact};

impl Sample for Footer {
    fn sample(voice: &Voice) -> Self {
        Self {
            site: voice.frame().site,
            article: voice.above(),
        }
    }
}

impl Sample for ConfirmationLetter {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            newsletter: voice.newsletter(),
        }
    }
}

impl Sample for WelcomeLetter {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            newsletter: voice.newsletter(),
            latest: voice.neighbours(3),
            links: voice.links(),
        }
    }
}

impl Sample for AlreadyLetter {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            newsletter: voice.newsletter(),
        }
    }
}

impl Sample for LinkLetter {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            newsletter: voice.newsletter(),
        }
    }
}

impl Sample for NewAddressLetter {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            newsletter: voice.newsletter(),
        }
    }
}

impl Sample for UnsubscribedLetter {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            newsletter: voice.newsletter(),
            links: voice.links(),
        }
    }
}

impl Sample for NoticeLetter {
    fn sample(voice: &Voice) -> Self {
        let named = NamedArticle {
            title: voice.title.clone(),
            url: "https://example.org/a".to_owned(),
        };
        let many = if voice.bare { 0 } else { 3 };
        let opinion = Opinion {
            title: voice.title.clone(),
            url: "https://example.org/a".to_owned(),
            numbers: "4.5 of 5 from 2 readers".to_owned(),
            comments: vec![voice.summary.clone()],
        };
        Self {
            frame: voice.frame(),
            notice: AuthorNotice {
                kind: NoticeKind::Report,
                title: voice.title.clone(),
                text: voice.text(&voice.summary),
                said: voice.text(&voice.summary),
                facts: vec![fact("Accepted", "1,234"); many],
                commands: vec!["letterpress issues list".to_owned(); many],
                articles: vec![named; many],
                opinions: vec![opinion; many],
            },
        }
    }

    /// Every kind has a template of its own, and the same fields.
    fn samples() -> Vec<(&'static str, Self)> {
        let kinds = [NoticeKind::Held, NoticeKind::Paused, NoticeKind::Report];
        let with = |kind: NoticeKind, voice: &Voice| {
            let mut letter = Self::sample(voice);
            letter.notice.kind = kind;
            (voice.name, letter)
        };
        Voice::all()
            .iter()
            .flat_map(|voice| kinds.map(|kind| with(kind, voice)))
            .collect()
    }
}

fn schedules(voice: &Voice) -> Vec<ScheduleChoice> {
    let choice = |id: &str, name: &str, when: &str, chosen| ScheduleChoice {
        id: id.to_owned(),
        name: name.to_owned(),
        when: when.to_owned(),
        instant: id == "instant",
        chosen,
    };
    let mut all = vec![choice("weekly", voice.schedule, "every Monday at 08:00", true)];
    if !voice.bare {
        all.insert(0, choice("instant", "At once", "", false));
        all.push(choice("monthly", "Monthly", "on the 1st at 08:00", false));
    }
    all
}

fn newsletters(voice: &Voice, chosen: bool) -> Vec<NewsletterChoice> {
    let one = |id: &str| NewsletterChoice {
        id: id.to_owned(),
        name: voice.site.clone(),
        description: voice.text(&voice.summary),
        chosen,
        schedules: schedules(voice),
    };
    // The long voice is the one with several newsletters.
    if voice.name == "long" {
        vec![one("notes"), one("essays")]
    } else {
        vec![one("notes")]
    }
}

fn issue_line(voice: &Voice) -> IssueLine {
    IssueLine {
        title: voice.title.clone(),
        url: "/issues/01J7Q8G3Z5K6M7N8P9QRSTV000".to_owned(),
        date: Voice::at(12),
        newsletter: voice.site.clone(),
        articles: vec![voice.title.clone(); if voice.bare { 0 } else { 3 }],
    }
}

impl Sample for SignUp {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            action: "/subscribe".to_owned(),
            newsletters: newsletters(voice, false),
            trap: TRAP,
            email: if voice.name == "hostile" {
                super::HOSTILE.to_owned()
            } else {
                String::new()
            },
            error: (voice.name == "hostile").then(|| super::HOSTILE.to_owned()),
        }
    }
}

impl Sample for Preferences {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            action: "/preferences/AQEB".to_owned(),
            newsletters: newsletters(voice, true),
            leave_url: voice.optional("/unsubscribe/AQEB".to_owned()),
            link_action: action(voice),
            feed_url: voice.optional("https://letters.example.org/private/AQEI/rss.xml".to_owned()),
            renew_action: "/preferences/AQEB/renew".to_owned(),
            error: (voice.name == "hostile").then(|| super::HOSTILE.to_owned()),
        }
    }
}

impl Sample for FeedbackForm {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            action: action(voice),
            title: voice.title.clone(),
            url: "https://example.org/a".to_owned(),
            ratings: (1..=5)
                .map(|number| RatingChoice {
                    number,
                    chosen: number == 4 && !voice.bare,
                })
                .collect(),
            comment: voice.summary.clone(),
            trap: (!voice.bare).then_some(TRAP),
            is_missing: voice.bare,
        }
    }
}

impl Sample for FeedbackThanks {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            title: voice.title.clone(),
            url: "https://example.org/a".to_owned(),
        }
    }
}

impl Sample for Issues {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            issues: vec![issue_line(voice); if voice.bare { 0 } else { 4 }],
            older: voice.optional("/issues?before=01J7".to_owned()),
        }
    }
}

impl Sample for Feeds {
    fn sample(voice: &Voice) -> Self {
        let line = |kind: &str, path: &str, title: &str| FeedLine {
            title: title.to_owned(),
            kind: kind.to_owned(),
            rss: Some(format!("https://letters.example.org{path}/rss.xml")),
            atom: voice.optional(format!("https://letters.example.org{path}/atom.xml")),
            json: voice.optional(format!("https://letters.example.org{path}/feed.json")),
        };
        let mut feeds = vec![line("all", "", &voice.site)];
        if !voice.bare {
            feeds.push(line("category", "/category/tools", voice.category));
            feeds.push(line("author", "/author/ada", voice.person));
        }
        Self {
            frame: voice.frame(),
            feeds,
            opml_url: "https://letters.example.org/feeds.opml".to_owned(),
        }
    }
}

impl Sample for Home {
    fn sample(voice: &Voice) -> Self {
        Self {
            frame: voice.frame(),
            newsletters: newsletters(voice, false),
            latest: voice.neighbours(4),
            subscribe_url: "/subscribe".to_owned(),
            feeds_url: "/feeds".to_owned(),
            issues_url: voice.optional("/issues".to_owned()),
            outbox_url: voice.optional("/outbox".to_owned()),
        }
    }
}

impl Sample for Outbox {
    fn sample(voice: &Voice) -> Self {
        let line = OutboxLine {
            url: "/outbox/abc".to_owned(),
            subject: voice.title.clone(),
            to: "Rosa Reader <rosa@example.net>".to_owned(),
            date: Voice::at(12),
        };
        Self {
            frame: voice.frame(),
            letters: vec![line; if voice.bare { 0 } else { 3 }],
        }
    }
}

impl Sample for OutboxLetter {
    fn sample(voice: &Voice) -> Self {
        let header = |name: &str, value: &str| HeaderLine {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Self {
            frame: voice.frame(),
            outbox_url: "/outbox".to_owned(),
            subject: voice.title.clone(),
            headers: vec![
                header("From", "Workshop Notes <notes@example.org>"),
                header("To", "Rosa Reader <rosa@example.net>"),
                header("List-Unsubscribe", "<https://letters.example.org/unsubscribe/AQEB>"),
            ],
            html_url: "/outbox/abc/html".to_owned(),
            text: voice.summary.clone(),
            source_url: "/outbox/abc/source".to_owned(),
        }
    }
}

/// Pages that are a frame and a few words.
macro_rules! simple {
    ($($name:ident { $($field:ident: $value:expr),* })*) => {
        $(impl Sample for $name {
            fn sample(voice: &Voice) -> Self {
                Self { frame: voice.frame(), $($field: $value(voice)),* }
            }
        })*
    };
}

fn name(voice: &Voice) -> String {
    voice.site.clone()
}

fn email(_: &Voice) -> String {
    "reader@example.org".to_owned()
}

fn schedule(voice: &Voice) -> Option<String> {
    voice.optional(voice.schedule.to_owned())
}

fn action(_: &Voice) -> String {
    "/act/AQEB".to_owned()
}

fn maybe_action(voice: &Voice) -> Option<String> {
    voice.optional(action(voice))
}

simple! {
    CheckMailbox {}
    LinkSent {}
    Erased {}
    Data { action: action, email: email, error: maybe_action }
    NewAddress { action: action, email: email, error: maybe_action }
    AddressAsked { email: email }
    FeedbackUnknown {}
    AddressChanged { email: email }
    Confirm { action: action, newsletter: name, schedule: schedule }
    Confirmed { newsletter: name, schedule: schedule, preferences_url: maybe_action }
    Saved { preferences_url: action }
    Renewed { preferences_url: action }
    Unsubscribe { action: action, newsletter: name }
    Left { newsletter: name, undo_action: maybe_action }
    Undone { newsletter: name, preferences_url: maybe_action }
    BadLink {}
    NotFound {}
    Failure { id: action }
    IssueTitles { issue: issue_line }
}

/// The two kinds of issue share a struct: every voice has one of each.
impl Sample for super::IssueLetter {
    fn sample(voice: &Voice) -> Self {
        voice.issue(IssueKind::Instant)
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let both = [IssueKind::Instant, IssueKind::Digest];
        Voice::all()
            .iter()
            .flat_map(|voice| both.map(|kind| (voice.name, voice.issue(kind))))
            .collect()
    }
}
