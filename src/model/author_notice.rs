//! What the author is told by a letter: articles wait for a decision, an issue is paused, doubt is left, a week in numbers.
//!
//! The words are made when it happens and stored with the notice, because by the time it goes out the cause may be gone.

use serde::{Deserialize, Serialize};

/// In place of a subscriber's number: the notice is for the author.
pub const AUTHOR: i64 = 0;
/// Longest quotation of a relay, in characters.
const QUOTE: usize = 300;
/// Most articles that a letter names.
const NAMED: usize = 25;

/// Which letter it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// Articles are held until somebody decides.
    Held,
    /// An issue is paused, or letters of it are in doubt.
    Paused,
    /// A week in numbers.
    Report,
}

impl NoticeKind {
    /// Name of the template folder, and of the kind in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "notice-held",
            Self::Paused => "notice-paused",
            Self::Report => "notice-report",
        }
    }
}

/// A line of a table: what is counted, and the count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What.
    pub label: String,
    /// How much.
    pub value: String,
}

/// An article by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedArticle {
    /// Never empty.
    pub title: String,
    /// Absolute.
    pub url: String,
}

/// What readers said about an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// Title of the article; never empty.
    pub title: String,
    /// Its address.
    pub url: String,
    /// The answers in numbers: `4.5 of 5 from 2 readers`.
    pub numbers: String,
    /// What they wrote, newest first.
    pub comments: Vec<String>,
}

/// A letter to the author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorNotice {
    /// Which letter.
    pub kind: NoticeKind,
    /// The subject, and its heading.
    pub title: String,
    /// What happened and what to do, in sentences.
    pub text: String,
    /// The relay's own words; empty when it said nothing.
    pub said: String,
    /// Numbers.
    pub facts: Vec<Fact>,
    /// Commands that decide.
    pub commands: Vec<String>,
    /// Articles that it is about.
    pub articles: Vec<NamedArticle>,
    /// What readers said.
    #[serde(default)]
    pub opinions: Vec<Opinion>,
}

/// A number under its name.
pub fn fact(label: &str, value: impl std::fmt::Display) -> Fact {
    Fact {
        label: label.to_owned(),
        value: value.to_string(),
    }
}

impl AuthorNotice {
    /// So many articles came at once that they wait for a decision; `articles` are the first of them.
    pub fn held(count: u64, mut articles: Vec<NamedArticle>) -> Self {
        articles.truncate(NAMED);
        let (title, they) = match count {
            1 => ("An article waits for your decision".to_owned(), "It is in the feeds"),
            _ => (
                format!("{count} articles wait for your decision"),
                "They are in the feeds",
            ),
        };
        Self {
            kind: NoticeKind::Held,
            title,
            text: format!(
                "More articles came at once than one day usually brings, or they hold tags that were left over. {they} already, \
                 but nobody gets a letter about them until you approve them; dismissed ones are never mailed."
            ),
            said: String::new(),
            facts: Vec::new(),
            commands: vec![
                "letterpress articles list".to_owned(),
                "letterpress articles approve --all".to_owned(),
                "letterpress articles dismiss --all".to_owned(),
            ],
            articles,
            opinions: Vec::new(),
        }
    }

    /// An issue was paused for `reason`, or with `None` all that were being sent; `said` are the relay's words.
    pub fn paused(reason: &str, issue: Option<&str>, said: &str) -> Self {
        let (cause, remedy) = cause_of(reason);
        let (title, commands) = match issue {
            Some(issue) => (
                format!("An issue is paused: {cause}"),
                vec![
                    format!("letterpress issues show {issue}"),
                    format!("letterpress issues resume {issue}"),
                ],
            ),
            None => (
                format!("Sending is paused: {cause}"),
                vec![
                    "letterpress issues list".to_owned(),
                    "letterpress issues resume ID".to_owned(),
                ],
            ),
        };
        Self {
            kind: NoticeKind::Paused,
            title,
            text: format!("Nobody was left out: what was not sent waits. {remedy}"),
            said: said.chars().take(QUOTE).collect(),
            facts: Vec::new(),
            commands,
            articles: Vec::new(),
            opinions: Vec::new(),
        }
    }

    /// An issue is paused before its first letter, because a letter cannot be made.
    pub fn unmade(issue: &str, why: &str) -> Self {
        let paused = Self::paused("template", Some(issue), "");
        Self {
            text: format!("{} What is wrong: {why}.", paused.text),
            ..paused
        }
    }

    /// Letters that people asked for wait, because their template or their signature cannot be made.
    pub fn unwritten(kind: &str, said: &str) -> Self {
        Self {
            kind: NoticeKind::Paused,
            title: format!("Letters wait: `{kind}` cannot be written"),
            text: "People asked for these letters and do not get them. They are tried again by themselves, and leave as soon as \
                   what is wrong is mended; a changed template is read when the service is restarted."
                .to_owned(),
            said: said.chars().take(QUOTE).collect(),
            facts: Vec::new(),
            commands: vec!["letterpress check".to_owned(), "letterpress doctor".to_owned()],
            articles: Vec::new(),
            opinions: Vec::new(),
        }
    }

    /// An issue ended with letters of which nobody knows whether they arrived.
    pub fn in_doubt(issue: &str, accepted: i64, unknown: i64) -> Self {
        Self {
            kind: NoticeKind::Paused,
            title: match unknown {
                1 => "One letter may or may not have arrived".to_owned(),
                _ => format!("{unknown} letters may or may not have arrived"),
            },
            text: "The connection ended between the last byte of a letter and the relay's answer. You can send them once more, \
                   which gives some people a second copy, or take them as arrived, which may leave some without one."
                .to_owned(),
            said: String::new(),
            facts: vec![fact("Accepted", accepted), fact("In doubt", unknown)],
            commands: vec![
                format!("letterpress issues show {issue}"),
                format!("letterpress issues resolve {issue} --resend"),
                format!("letterpress issues resolve {issue} --accept"),
            ],
            articles: Vec::new(),
            opinions: Vec::new(),
        }
    }

    /// A letter came back because of our own standing; `said` are the other side's words.
    pub fn returned(said: &str) -> Self {
        Self {
            kind: NoticeKind::Paused,
            title: "Letters come back because of the sender".to_owned(),
            text: "A mail server refuses your letters for what it thinks of the sender: address, signature, reputation or content. \
                   Nobody was given up because of it. `letterpress doctor` looks at what receivers check; ask whoever runs \
                   your relay when it finds nothing."
                .to_owned(),
            said: said.chars().take(QUOTE).collect(),
            facts: Vec::new(),
            commands: vec!["letterpress doctor".to_owned()],
            articles: Vec::new(),
            opinions: Vec::new(),
        }
    }

    /// A domain calls so many of its people unknown that it is not believed.
    pub fn incident(domain: &str, dead: i64, mailed: i64) -> Self {
        Self {
            kind: NoticeKind::Paused,
            title: format!("{domain} refuses many of its people at once"),
            text: "That looks like trouble there, so nobody was given up because of it. Letters to these people go on. When you know \
                   that the addresses are gone, apply what the domain said; else drop it."
                .to_owned(),
            said: String::new(),
            facts: vec![fact("Called unknown in a day", dead), fact("Mailed in that day", mailed)],
            commands: vec![
                "letterpress bounces incidents".to_owned(),
                format!("letterpress bounces apply {domain}"),
                format!("letterpress bounces drop {domain}"),
            ],
            articles: Vec::new(),
            opinions: Vec::new(),
        }
    }

    /// So many people called an issue spam that mailbox providers may soon do the same.
    pub fn complaints(issue: &str, complaints: i64, accepted: i64, paused: bool) -> Self {
        let (title, text) = if paused {
            (
                "An issue is paused: people complain about it",
                "Three complaints in a thousand letters are more than mailbox providers allow. What was not sent waits.",
            )
        } else {
            (
                "People complain about an issue",
                "One complaint in a thousand letters is as much as mailbox providers allow for long.",
            )
        };
        let mut commands = vec![format!("letterpress issues show {issue}")];
        if paused {
            commands.push(format!("letterpress issues resume {issue}"));
        }
        Self {
            kind: NoticeKind::Paused,
            title: title.to_owned(),
            text: format!(
                "{text} Who complained gets nothing more. Look whether these people asked for your letters, and whether they \
                 find the way out."
            ),
            said: String::new(),
            facts: vec![fact("Complaints", complaints), fact("Letters accepted", accepted)],
            commands,
            articles: Vec::new(),
            opinions: Vec::new(),
        }
    }

    /// A week in numbers.
    pub fn report(week: &str, facts: Vec<Fact>, articles: Vec<NamedArticle>, opinions: Vec<Opinion>) -> Self {
        Self {
            kind: NoticeKind::Report,
            title: format!("Your week: {week}"),
            text: String::new(),
            said: String::new(),
            facts,
            commands: Vec::new(),
            articles,
            opinions,
        }
    }
}

/// What a pause reason means, and what to do about it.
fn cause_of(reason: &str) -> (&'static str, &'static str) {
    const CAUSES: &[(&str, &str, &str)] = &[
        (
            "login",
            "the relay refused the login",
            "Correct the name and the password of [mail.smtp], restart the service, and let the issue go on.",
        ),
        (
            "relay_setup",
            "the relay cannot be spoken to as configured",
            "Look at tls, port and certificate of [mail.smtp]; `letterpress doctor` looks for you. Then let the issue go on.",
        ),
        (
            "sender_refused",
            "the relay refuses the sender",
            "See whether your relay may send for the address of mail.from, then let the issue go on.",
        ),
        (
            "size",
            "the relay takes no letters of this size",
            "Set mail.max_html lower, cancel the issue with `--requeue` and send it again.",
        ),
        (
            "failures",
            "many letters were refused in a row",
            "Read what the relay says. Nobody's address was given up because of it. When it is mended, let the issue go on.",
        ),
        (
            "template",
            "a letter cannot be made of its template",
            "`letterpress check` names the file and the line. When it is mended, let the issue go on.",
        ),
        (
            "letter",
            "its letters cannot be written",
            "Mend what is named below and let the issue go on; if it stands in the letters themselves, cancel the issue with \
             `--requeue` and send it again. Letters that failed before the pause are tried again by `issues retry`.",
        ),
        (
            "complaints",
            "people complain about it",
            "Look whether these people asked for your letters. Then let the issue go on, or cancel it.",
        ),
        (
            "disk",
            "the disk is full",
            "Make room: the issue goes on by itself as soon as 96 MB are free.",
        ),
    ];
    CAUSES.iter().find(|(word, _, _)| *word == reason).map_or(
        (
            "it needs a look",
            "`letterpress issues show` says why; when it is mended, let it go on.",
        ),
        |(_, cause, remedy)| (*cause, *remedy),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_says_what_happened_and_what_to_do() {
        for reason in [
            "login",
            "relay_setup",
            "sender_refused",
            "size",
            "failures",
            "template",
            "letter",
            "disk",
            "new",
        ] {
            let notice = AuthorNotice::paused(reason, Some("01A"), &"no ".repeat(500));
            assert!(notice.title.len() > 20 && notice.text.len() > 60, "{reason}");
            assert!(notice.said.chars().count() <= QUOTE);
            assert!(notice.commands.iter().all(|command| command.contains("01A")));
        }
    }

    #[test]
    fn a_notice_is_read_as_it_was_stored() {
        let named = NamedArticle {
            title: "Ink".to_owned(),
            url: "https://example.org/ink".to_owned(),
        };
        let notice = AuthorNotice::held(40, vec![named; 40]);
        assert_eq!(notice.articles.len(), NAMED);
        let stored = serde_json::to_string(&notice).unwrap();
        assert_eq!(serde_json::from_str::<AuthorNotice>(&stored).unwrap(), notice);
    }
}
