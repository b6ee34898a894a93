//! Reports in words alone: who is meant, what is said beside them, and where the letter that came back begins.

use super::address::all;
use super::fields::field;
use super::parts::Mail;
use super::{Fate, shortened};
use crate::model::bounce::{Action, Clues, Evidence, judge};

/// Words that stand in the line above a letter that came back.
const ABOVE_THE_LETTER: &[&str] = &[
    "original message",
    "copy of the message",
    "copy of your message",
    "copy of the original",
    "returned message",
    "returned mail",
    "unsent message",
    "undelivered message",
    "message header",
    "header of the original",
    "headers of the message",
    "headers from original",
    "message text follows",
    "message follows",
    "original text",
    "start of returned",
    "begin returned",
    "ursprüngliche nachricht",
    "message d'origine",
    "mensaje original",
    "messaggio originale",
    "исходное сообщение",
    "元のメッセージ",
    "原始邮件",
];

/// How a relay says that it goes on trying.
const GOES_ON: &[&str] = &[
    "this is a warning message only",
    "you do not need to resend",
    "no action is required on your part",
    "will be retried",
    "will continue to be attempted",
    "will keep trying",
    "will continue to try",
    "will continue trying",
    "has not yet been delivered",
    "still being attempted",
    "delivery attempts will continue",
    "delivery has been delayed",
    "has been delayed",
    "delivery delayed",
    "wird weiterhin versucht",
];

/// Most lines that belong to an address.
const LINES: usize = 25;
/// Most recipients of one report.
const MOST: usize = 50;

/// The fates that a mail without any fields tells.
pub(super) fn fates(mail: &Mail) -> Vec<Fate> {
    let words = mail.words();
    let said = before_the_letter(&words);
    let lower = said.to_lowercase();
    let goes_on = GOES_ON.iter().any(|words| lower.contains(words));
    let action = goes_on.then_some(Action::Delayed);
    let mut recipients = failed(mail);
    if recipients.is_empty() {
        recipients = named(mail, said);
    }
    let fate = |recipient: Option<String>, near: &str| {
        let told = |near| {
            judge(&Clues {
                action,
                near,
                ..Clues::default()
            })
        };
        let mut judgement = told(near);
        if judgement.evidence == Evidence::Nothing {
            judgement = told(&mail.subject);
        }
        Fate {
            recipient,
            action,
            judgement,
            said: shortened(near),
        }
    };
    match &recipients[..] {
        [] => vec![fate(None, said)],
        [one] => vec![fate(Some(one.clone()), said)],
        several => several
            .iter()
            .map(|one| fate(Some(one.clone()), &beside(said, one, several)))
            .collect(),
    }
}

/// `X-Failed-Recipients`, as Exim and Gmail write it.
fn failed(mail: &Mail) -> Vec<String> {
    let mut found: Vec<String> = mail
        .headers
        .iter()
        .filter(|(name, _)| name == "x-failed-recipients")
        .flat_map(|(_, value)| all(value))
        .take(MOST)
        .collect();
    found.dedup();
    found
}

/// Addresses that the words name, without those that the report itself came from and went to.
fn named(mail: &Mail, said: &str) -> Vec<String> {
    let own: Vec<String> = mail
        .headers
        .iter()
        .filter(|(name, _)| {
            matches!(
                name.as_str(),
                "to" | "from" | "reply-to" | "delivered-to" | "cc" | "return-path"
            )
        })
        .flat_map(|(_, value)| all(value))
        .map(|address| address.to_lowercase())
        .collect();
    let mut found: Vec<String> = Vec::new();
    for address in all(said) {
        let lower = address.to_lowercase();
        let is_helper = ["postmaster@", "mailer-daemon@", "abuse@", "support@", "helpdesk@"]
            .iter()
            .any(|helper| lower.starts_with(helper));
        let is_known = found.iter().any(|known| known.eq_ignore_ascii_case(&address));
        if !is_helper && !is_known && !own.contains(&lower) && found.len() < MOST {
            found.push(address);
        }
    }
    found
}

/// The lines from where an address stands to where the next of `everybody` does, and before them what Sendmail's transcript
/// tells of the conversation that failed.
pub(super) fn beside(words: &str, address: &str, everybody: &[String]) -> String {
    let said = before_the_letter(words);
    let holds = |line: &str, address: &str| line.to_lowercase().contains(&address.to_lowercase());
    let (mut near, mut conversation) = (String::new(), String::new());
    let mut left = 0;
    for line in said.lines() {
        if line.to_lowercase().contains("while talking to") {
            conversation.clear();
            left = 0;
        }
        if holds(line, address) {
            left = LINES;
            near.push_str(&std::mem::take(&mut conversation));
        } else if everybody.iter().any(|other| holds(line, other)) {
            left = 0;
            conversation.clear();
        }
        if left > 0 {
            left -= 1;
            near.push_str(line);
            near.push('\n');
        } else if line.starts_with(['>', '<']) || line.to_lowercase().contains("while talking to") {
            conversation.push_str(line);
            conversation.push('\n');
        }
    }
    near
}

/// What stands above the letter that came back: up to a line that announces it, or to its headers.
pub(super) fn before_the_letter(words: &str) -> &str {
    let mut at = 0;
    for line in words.split_inclusive('\n') {
        if at > 0 && (announces(line) || begins_headers(&words[at..])) {
            return &words[..at];
        }
        at += line.len();
    }
    words
}

/// Set off by dashes or ending in a colon, and about the letter.
fn announces(line: &str) -> bool {
    let line = line.trim();
    let set_off = |c: char| "-=*_+#|".contains(c);
    let lower = line.to_lowercase();
    let is_set_off = line.chars().take(2).all(set_off)
        || line.chars().rev().take(2).all(set_off)
        || line.ends_with(':')
        || lower.trim_end_matches('.').ends_with("follows")
        || lower.trim_end_matches('.').ends_with("follow");
    if line.is_empty() || !is_set_off || line.chars().count() > 120 {
        return false;
    }
    ABOVE_THE_LETTER.iter().any(|words| lower.contains(words))
}

/// Three header lines in a row, one of them such as no report has of its own in its words.
fn begins_headers(rest: &str) -> bool {
    let mut count = 0;
    let mut telling = false;
    for line in rest.lines().take(12) {
        if line.starts_with([' ', '\t']) && count > 0 {
            continue;
        }
        let Some((name, _)) = field(line) else { break };
        count += 1;
        telling |= matches!(
            name.as_str(),
            "received" | "return-path" | "message-id" | "mime-version" | "dkim-signature"
        );
    }
    telling && count >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_report_says_ends_where_the_letter_begins() {
        let said = |text| before_the_letter(text).trim_end().to_owned();
        assert_eq!(
            said("no\n\n--- Below this line is a copy of the message.\n\nuser unknown"),
            "no"
        );
        assert_eq!(said("no\n\n   ----- Original message -----\nx"), "no");
        assert_eq!(said("no\nReceived: from a\n by b\nMessage-ID: <x>\nSubject: y\n"), "no");
        assert_eq!(said("no\n\nOriginal message follows.\nuser unknown"), "no");
        let id = "The MTS-ID of the original message is: c=us;a=\nUnknown recipient\n";
        assert_eq!(before_the_letter(id), id);
        let none = "Your message\n  Subject: x\nwas not delivered to:\n  a@b.example\nbecause: gone\n";
        assert_eq!(before_the_letter(none), none);
    }

    #[test]
    fn two_people_of_one_report_keep_their_own_words() {
        let words = "failed:\n <a@b.example>:\nuser unknown\n\n <c@d.example>:\nmailbox full\n";
        let everybody = ["a@b.example".to_owned(), "c@d.example".to_owned()];
        assert_eq!(
            beside(words, "a@b.example", &everybody),
            " <a@b.example>:\nuser unknown\n\n"
        );
        assert_eq!(
            beside(words, "c@d.example", &everybody),
            " <c@d.example>:\nmailbox full\n"
        );
    }
}
