//! A letter between compiler and connection: fixed and slot segments.
//!
//! `compose` writes a [`Letter`] once per variant, `deliver` fills its slots per recipient and adds the facts of one
//! message ([`Outgoing`]), `mail` turns both into bytes.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use super::letter_id::{ListId, MessageId};
use crate::model::address::{DisplayName, EmailAddress, HeaderToken, HeaderUrl, Mailbox};
use crate::model::provider::Provider;
use crate::model::recipe::Recipe;

/// A compiled letter: what all recipients of a variant share, with slots where they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The subject line, unescaped.
    pub subject: Vec<Segment>,
    /// The HTML part.
    pub html: Vec<Segment>,
    /// The text part.
    pub text: Vec<Segment>,
    /// BCP 47 tag, the same as `lang` in the HTML.
    pub language: String,
    /// The shape for people without a name, where the template says other words to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nameless: Option<Box<Letter>>,
    /// Set when the letter is rendered anew for each recipient; the segments then show what nobody in particular gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Box<Recipe>>,
}

impl Letter {
    /// The letter as a person with these values gets it.
    pub fn shape(&self, values: &SlotValues) -> &Self {
        match &self.nameless {
            Some(nameless) if !values.has_name() => nameless,
            _ => self,
        }
    }

    /// A letter without slots, for letters that are rendered for one person.
    pub fn whole(subject: &str, html: &str, text: &str, language: &str) -> Self {
        let fixed = |part: &str| vec![Segment::Fixed(part.to_owned())];
        Self {
            subject: fixed(subject),
            html: fixed(html),
            text: fixed(text),
            language: language.to_owned(),
            nameless: None,
            recipe: None,
        }
    }

    /// How many of its articles, from the first, may have a link for ratings.
    pub fn rated(&self) -> u16 {
        if let Some(recipe) = self.recipe.as_ref().filter(|recipe| recipe.feedback) {
            let articles = recipe.context.get("articles").and_then(serde_json::Value::as_array);
            return articles.map_or(0, |articles| u16::try_from(articles.len()).unwrap_or(u16::MAX));
        }
        let here = self.slots().into_iter().filter_map(|name| match name {
            SlotName::ArticleFeedback(index) => Some(index.saturating_add(1)),
            _ => None,
        });
        let nameless = self.nameless.as_ref().map_or(0, |nameless| nameless.rated());
        here.max().unwrap_or(0).max(nameless)
    }

    /// Every slot that the letter needs a value for.
    pub fn slots(&self) -> Vec<SlotName> {
        let all = self.subject.iter().chain(&self.html).chain(&self.text);
        let mut names: Vec<_> = all
            .filter_map(|segment| match segment {
                Segment::Fixed(_) => None,
                Segment::Slot { name, .. } => Some(*name),
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// A piece of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Segment {
    /// Text that all recipients share, already escaped for its place.
    Fixed(String),
    /// A value of one recipient.
    Slot {
        /// Which value.
        name: SlotName,
        /// Where it stands, and so how it is escaped.
        place: Place,
    },
}

/// Where a slot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// HTML text.
    Text,
    /// A double-quoted HTML attribute.
    Attribute,
    /// An HTML comment, such as Outlook's conditional blocks.
    Comment,
    /// The text part.
    Plain,
    /// The subject line.
    Subject,
}

impl Place {
    /// Appends `value` as the CSS inliner's serialiser would have written it in this place.
    pub fn escape_into(self, value: &str, out: &mut String) {
        match self {
            Self::Plain | Self::Subject => out.push_str(value),
            Self::Text => value.chars().for_each(|c| match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '\u{A0}' => out.push_str("&nbsp;"),
                c => out.push(c),
            }),
            Self::Attribute => value.chars().for_each(|c| match c {
                '&' => out.push_str("&amp;"),
                '"' => out.push_str("&quot;"),
                '\u{A0}' => out.push_str("&nbsp;"),
                c => out.push(c),
            }),
            // Comments pass the inliner untouched, so the template engine's own escaping is what stands there.
            Self::Comment => value.chars().for_each(|c| match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#x27;"),
                '`' => out.push_str("&#x60;"),
                '=' => out.push_str("&#x3D;"),
                c => out.push(c),
            }),
        }
    }
}

/// A value that differs per recipient. Stored as text: `name`, `unsubscribe`, `feedback.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SlotName {
    /// The person's name.
    Name,
    /// The person's address.
    Email,
    /// The date since when the person subscribes, formatted.
    Since,
    /// URL of the leave page.
    Unsubscribe,
    /// URL of the preferences page.
    Preferences,
    /// URL of the letter on the web.
    Browser,
    /// URL of the confirmation page.
    Confirm,
    /// When the confirmation link ends, formatted.
    Expires,
    /// URL of the feedback page of the whole letter.
    Feedback,
    /// URL of the feedback page of one article, counted from 0 in the order of the letter.
    ArticleFeedback(u16),
}

impl SlotName {
    /// Whether its value is the address of a page.
    pub fn is_address(self) -> bool {
        !matches!(self, Self::Name | Self::Email | Self::Since | Self::Expires)
    }
}

const SLOT_WORDS: [(SlotName, &str); 9] = [
    (SlotName::Name, "name"),
    (SlotName::Email, "email"),
    (SlotName::Since, "since"),
    (SlotName::Unsubscribe, "unsubscribe"),
    (SlotName::Preferences, "preferences"),
    (SlotName::Browser, "browser"),
    (SlotName::Confirm, "confirm"),
    (SlotName::Expires, "expires"),
    (SlotName::Feedback, "feedback"),
];

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::ArticleFeedback(index) = self {
            return write!(f, "feedback.{index}");
        }
        let word = SLOT_WORDS
            .iter()
            .find(|(name, _)| name == self)
            .map_or("", |(_, word)| word);
        f.write_str(word)
    }
}

/// A slot name that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("letter has a slot that this version does not know; it was composed by a newer version")]
pub struct UnknownSlot;

impl std::str::FromStr for SlotName {
    type Err = UnknownSlot;

    fn from_str(text: &str) -> Result<Self, UnknownSlot> {
        if let Some(index) = text.strip_prefix("feedback.") {
            return index.parse().map(Self::ArticleFeedback).map_err(|_| UnknownSlot);
        }
        SLOT_WORDS
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(name, _)| *name)
            .ok_or(UnknownSlot)
    }
}

impl TryFrom<String> for SlotName {
    type Error = UnknownSlot;

    fn try_from(text: String) -> Result<Self, UnknownSlot> {
        text.parse()
    }
}

impl From<SlotName> for String {
    fn from(name: SlotName) -> Self {
        name.to_string()
    }
}

/// The values of one recipient, unescaped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SlotValues(BTreeMap<SlotName, String>);

impl SlotValues {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value; an empty one is legal and leaves nothing in its place.
    pub fn set(&mut self, name: SlotName, value: impl Into<String>) -> &mut Self {
        self.0.insert(name, value.into());
        self
    }

    /// Whether the person has a name: it decides which shape of a letter they get.
    pub fn has_name(&self) -> bool {
        self.get(SlotName::Name).is_some_and(|name| !name.is_empty())
    }

    /// The value of a slot.
    pub fn get(&self, name: SlotName) -> Option<&str> {
        self.0.get(&name).map(String::as_str)
    }
}

/// Shows which slots have a value, never the values: they are names, addresses and tokens.
impl fmt::Debug for SlotValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A slot without a value: the letter is not sent half-filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("fill the slot {0}: no value for it; report this as a defect")]
pub struct MissingSlot(pub SlotName);

/// The segments as one text, every slot filled and escaped for its place.
pub fn fill(segments: &[Segment], values: &SlotValues) -> Result<String, MissingSlot> {
    let mut out = String::new();
    for segment in segments {
        match segment {
            Segment::Fixed(text) => out.push_str(text),
            Segment::Slot { name, place } => {
                let value = values.get(*name).ok_or(MissingSlot(*name))?;
                place.escape_into(value, &mut out);
            }
        }
    }
    Ok(out)
}

/// The headers that make a letter list mail (RFC 2369, 2919, 8058). All URLs without brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListHeaders {
    /// Which newsletter.
    pub list_id: ListId,
    /// Takes the one-click POST; a person's own token is in it.
    pub unsubscribe: HeaderUrl,
    /// A `mailto:` that does the same, if a mailbox for it is configured.
    pub unsubscribe_mail: Option<HeaderUrl>,
    /// The sign-up page.
    pub subscribe: Option<HeaderUrl>,
    /// The preferences page.
    pub help: Option<HeaderUrl>,
    /// The author's address as `mailto:`.
    pub owner: Option<HeaderUrl>,
    /// The archive of issues.
    pub archive: Option<HeaderUrl>,
}

/// The facts of one message, beside what its letter says. All come from stored values, so that every attempt of one
/// delivery has the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The same over all attempts.
    pub message_id: MessageId,
    /// The delivery's `first_at`.
    pub date: DateTime<Utc>,
    /// `mail.from`.
    pub from: Mailbox,
    /// Only when it differs from `from`.
    pub reply_to: Option<Mailbox>,
    /// MAIL FROM: the VERP address, or the From address where there is no bounce domain.
    pub return_path: EmailAddress,
    /// The one recipient, in header and envelope alike.
    pub to: EmailAddress,
    /// The recipient's name, if known.
    pub to_name: Option<DisplayName>,
    /// Set for issues and welcome letters, not for confirmations and notices.
    pub list: Option<ListHeaders>,
    /// Set for confirmations and notices (RFC 3834 §5), not for issues.
    pub auto_submitted: bool,
    /// Where the letter can be read on the web, when the issue is public (RFC 5064).
    pub archived_at: Option<HeaderUrl>,
    /// `ISSUE:VARIANT:NEWSLETTER:SENDER`, no personal data.
    pub feedback_id: Option<HeaderToken>,
    /// Opaque token by which events and returned mail find the delivery.
    pub delivery_token: Option<HeaderToken>,
    /// A header in which the relay wants that token, to know a second copy of the letter.
    pub key_header: Option<String>,
    /// The provider behind the relay, which wants to be told in its own words.
    pub provider: Option<Provider>,
}

impl Outgoing {
    /// The envelope of this message.
    pub fn envelope(&self) -> Envelope {
        Envelope {
            message_id: self.message_id.clone(),
            from: self.return_path.clone(),
            to: self.to.clone(),
            token: self.delivery_token.clone(),
        }
    }
}

/// What a transport needs beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Names the file in an outbox.
    pub message_id: MessageId,
    /// MAIL FROM.
    pub from: EmailAddress,
    /// RCPT TO: exactly one person.
    pub to: EmailAddress,
    /// ENVID of delivery status notices (RFC 3461 §4.4).
    pub token: Option<HeaderToken>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: SlotName, place: Place) -> Segment {
        Segment::Slot { name, place }
    }

    #[test]
    fn slots_are_filled_and_escaped_for_their_place() {
        let mut values = SlotValues::new();
        values.set(SlotName::Name, "A \"B\" & <C>\u{A0}=");
        let cases = [
            (Place::Text, "A \"B\" &amp; &lt;C&gt;&nbsp;="),
            (Place::Attribute, "A &quot;B&quot; &amp; <C>&nbsp;="),
            (Place::Comment, "A &quot;B&quot; &amp; &lt;C&gt;\u{A0}&#x3D;"),
            (Place::Plain, "A \"B\" & <C>\u{A0}="),
            (Place::Subject, "A \"B\" & <C>\u{A0}="),
        ];
        for (place, expected) in cases {
            let segments = [
                Segment::Fixed("[".to_owned()),
                slot(SlotName::Name, place),
                Segment::Fixed("]".to_owned()),
            ];
            assert_eq!(fill(&segments, &values).unwrap(), format!("[{expected}]"));
        }
    }

    #[test]
    fn a_letter_with_an_empty_slot_value_is_not_sent_half_filled() {
        let segments = [slot(SlotName::Unsubscribe, Place::Plain)];
        assert_eq!(
            fill(&segments, &SlotValues::new()),
            Err(MissingSlot(SlotName::Unsubscribe))
        );
    }

    #[test]
    fn a_stored_letter_reads_back_the_same() {
        let letter = Letter {
            subject: vec![
                Segment::Fixed("Hello ".to_owned()),
                slot(SlotName::Name, Place::Subject),
            ],
            html: vec![
                slot(SlotName::ArticleFeedback(12), Place::Attribute),
                Segment::Fixed("<p>".to_owned()),
            ],
            text: vec![slot(SlotName::Unsubscribe, Place::Plain)],
            language: "en".to_owned(),
            nameless: None,
            recipe: None,
        };
        let stored = serde_json::to_string(&letter).unwrap();
        assert!(
            stored.contains(r#"{"slot":{"name":"feedback.12","place":"attribute"}}"#),
            "{stored}"
        );
        assert_eq!(serde_json::from_str::<Letter>(&stored).unwrap(), letter);
        assert_eq!(
            letter.slots(),
            [SlotName::Name, SlotName::Unsubscribe, SlotName::ArticleFeedback(12)]
        );
        for (name, word) in SLOT_WORDS {
            assert_eq!(word.parse::<SlotName>().unwrap(), name);
            assert_eq!(name.to_string(), word);
        }
        assert!("nonsense".parse::<SlotName>().is_err());
    }

    #[test]
    fn a_message_id_names_a_file_safely() {
        assert_eq!(
            MessageId::new("abc", "example.org").unwrap().to_string(),
            "<abc@example.org>"
        );
        for left in ["", "../x", "a/b", "a b", "a@b", "a>b"] {
            assert!(MessageId::new(left, "example.org").is_err(), "{left:?} was taken");
        }
        assert!(MessageId::new("abc", "exa mple.org").is_err());
        assert!(ListId::new(None, "notes", "example.org").is_ok());
        assert!(ListId::new(None, "no>tes", "example.org").is_err());
    }
}
