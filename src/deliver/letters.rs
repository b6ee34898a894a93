//! From a compiled letter and one delivery to the bytes that go out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::Settings;
use crate::mail::message::{EncodedLetter, MessageError, write_message};
use crate::model::address::{AddressError, DisplayName, EmailAddress, HeaderToken, HeaderUrl};
use crate::model::clock::{from_micros, ulid_number};
use crate::model::letter::{Envelope, Letter, ListHeaders, ListId, MessageId, Outgoing, SlotName, SlotValues};
use crate::model::letterhead::Letterhead;
use crate::model::links::{Leave, Preferences, Rate, code_of};
use crate::model::signing_key::SigningKeyError;
use crate::model::token::{KeyRing, Purpose, folded};
use crate::model::verdict::Class;
use crate::store::deliveries::Due;
use crate::store::{StoreError, issues};

use crate::template::TemplateError;
use crate::template::recipe::Renderer;

use super::seal::{Unsealed, seal};
use super::streak::{Patience, Streak};

/// Why one letter cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    /// The message itself.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A header value.
    #[error("write a header: {0}")]
    Header(#[from] AddressError),
    /// The variant is not among the issue's.
    #[error("find the letter of this variant; report this as a defect")]
    NoVariant,
    /// A template that is filled for each recipient.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A key did not sign; nothing goes out unsigned instead.
    #[error("sign the letter: the key of [mail.dkim] {0}")]
    Signature(SigningKeyError),
    /// A panic in the writer.
    #[error("write the letter: the writer panicked; report this as a defect")]
    Panic,
}

impl LetterError {
    /// Whether the same letter can be written once somebody mended something: the letters of an issue are made already,
    /// so only the keys are left.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Signature(_))
    }
}

/// Why the letters of an issue cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum LettersError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("send the issue: its newsletter is not in the config any more; bring it back, or cancel the issue")]
    NoNewsletter,
    #[error("read a compiled letter: {0}; cancel the issue and send it again")]
    Unreadable(#[from] serde_json::Error),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("find the issue")]
    NoIssue,
}

impl LettersError {
    /// The pause reason.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Store(_) => "database",
            Self::NoNewsletter => "newsletter_removed",
            Self::Unreadable(_) | Self::Template(_) | Self::NoIssue => "letter",
        }
    }
}

/// The letters of an issue, encoded once.
#[derive(Debug)]
pub(super) struct IssueLetters {
    head: Letterhead,
    /// The issue's ULID as a number.
    issue: u128,
    variants: HashMap<i64, VariantLetter>,
    refusals: Mutex<Streak>,
    unwritten: Mutex<Streak>,
}

/// The letter of one variant.
#[derive(Debug)]
struct VariantLetter {
    way: Way,
    /// How many of its articles, from the first, can be rated.
    rated: u16,
}

/// How one person's letter comes about.
#[derive(Debug)]
enum Way {
    /// Slots are filled.
    Encoded(EncodedLetter),
    /// Rendered for each recipient.
    Rendered(Box<Renderer>),
}

impl VariantLetter {
    fn new(letter: &Letter) -> Result<Self, TemplateError> {
        let way = match Renderer::of(letter)? {
            Some(renderer) => Way::Rendered(Box::new(renderer)),
            None => Way::Encoded(EncodedLetter::new(letter)),
        };
        Ok(Self {
            way,
            rated: letter.rated(),
        })
    }

    fn for_one(&self, values: &SlotValues) -> Result<Cow<'_, EncodedLetter>, TemplateError> {
        Ok(match &self.way {
            Way::Encoded(letter) => Cow::Borrowed(letter),
            Way::Rendered(renderer) => Cow::Owned(EncodedLetter::new(&renderer.letter(values)?)),
        })
    }
}

/// Permanent failures of one issue: 25 in a row, or over 5 % of the last 500.
const FAILURES: Patience = Patience {
    in_a_row: 25,
    of_window: 25,
    window: 500,
};

/// Letters that could not be written: a strange name may spoil one, but three in a row have another cause.
const UNWRITTEN: Patience = Patience {
    in_a_row: 3,
    of_window: 25,
    window: 500,
};

fn noted(streak: &Mutex<Streak>, failed: bool) -> bool {
    streak.lock().unwrap_or_else(PoisonError::into_inner).note(failed)
}

impl IssueLetters {
    /// Reads and encodes the compiled letters of an issue.
    pub(super) async fn load(app: &App, issue_id: &str) -> Result<Self, LettersError> {
        let mut conn = app.database.read().await?;
        let issue = issues::one(&mut conn, issue_id).await?.ok_or(LettersError::NoIssue)?;
        let settings = app.settings();
        let newsletter = settings
            .newsletter(&issue.newsletter_id)
            .ok_or(LettersError::NoNewsletter)?;
        let head = match issues::letterhead(&mut conn, issue_id).await? {
            Some(frozen) => serde_json::from_str(&frozen)?,
            // Prepared by a version that froze none.
            None => settings.letterhead(newsletter, app.templates.dates(&newsletter.language)),
        };
        let mut variants = HashMap::new();
        for variant in issues::variants(&mut conn, issue_id).await? {
            let letter: Letter = serde_json::from_str(variant.letter.as_deref().unwrap_or_default())?;
            variants.insert(variant.variant_no, VariantLetter::new(&letter)?);
        }
        Ok(Self {
            head,
            issue: ulid_number(issue_id).unwrap_or_default(),
            variants,
            refusals: Mutex::new(Streak::new(FAILURES)),
            unwritten: Mutex::new(Streak::new(UNWRITTEN)),
        })
    }

    /// Takes note of how one letter of the issue fared; `true` when so many failed that a person should look.
    pub(super) fn note(&self, class: Class) -> bool {
        noted(&self.unwritten, false);
        let failed = matches!(class, Class::Failed(_));
        (failed || class == Class::Accepted) && noted(&self.refusals, failed)
    }

    /// Takes note of a letter that could not be written; `true` when a person should look.
    pub(super) fn note_unwritten(&self) -> bool {
        noted(&self.unwritten, true)
    }

    /// Which newsletter's consent counts.
    pub(super) fn newsletter(&self) -> &str {
        &self.head.newsletter
    }

    /// Writes the message of one delivery into `out` and signs it; `now` becomes its Date unless an earlier attempt set
    /// one.
    pub(super) async fn write(
        &self,
        app: &App,
        due: &Due,
        now: DateTime<Utc>,
        out: &mut Vec<u8>,
    ) -> Result<Envelope, LetterError> {
        let (envelope, unsealed) = self.compile(app, due, now, out)?;
        seal(app, unsealed, out).await?;
        Ok(envelope)
    }

    fn compile(
        &self,
        app: &App,
        due: &Due,
        now: DateTime<Utc>,
        out: &mut Vec<u8>,
    ) -> Result<(Envelope, Unsealed), LetterError> {
        // A poisoned name or template must not take the others' letters with it.
        catch_unwind(AssertUnwindSafe(|| {
            let settings = app.settings();
            let letter = self.variants.get(&due.variant_no).ok_or(LetterError::NoVariant)?;
            let person = Person {
                id: due.subscriber_id,
                address: EmailAddress::parse(&due.address)?,
                name: due.name.as_deref().and_then(DisplayName::cleaned),
                epoch: due.token_epoch,
                since: from_micros(due.since),
            };
            let facts = Facts {
                head: &self.head,
                settings: &settings,
                keys: &app.keys,
                date: due.first_at.map_or(now, from_micros),
            };
            let outgoing = facts.of_issue(&person, &due.issue_id, due.variant_no)?;
            let mut values = facts.values(&person);
            let rated = Rate {
                subscriber: person.id,
                issue: self.issue,
                variant: due.variant_no,
                place: 0,
            };
            facts.add_ratings(&mut values, rated, letter.rated);
            let written = write_message(&*letter.for_one(&values)?, &values, &outgoing, out)?;
            let date = outgoing.date;
            Ok((outgoing.envelope(), Unsealed { written, date }))
        }))
        .unwrap_or(Err(LetterError::Panic))
    }
}

/// The recipient of one letter.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) address: EmailAddress,
    pub(super) name: Option<DisplayName>,
    pub(super) epoch: i64,
    pub(super) since: DateTime<Utc>,
}

/// What all letters of one newsletter share.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) head: &'a Letterhead,
    pub(super) settings: &'a Settings,
    pub(super) keys: &'a KeyRing,
    pub(super) date: DateTime<Utc>,
}

impl Facts<'_> {
    fn address(&self, path: &str) -> String {
        self.head.address(path)
    }

    fn leave(&self, person: &Person) -> String {
        let link = Leave {
            subscriber: person.id,
            newsletter: code_of(&self.head.newsletter),
        };
        self.address(&link.to_path(self.keys))
    }

    fn leave_by_mail(&self, person: &Person) -> Option<HeaderUrl> {
        let link = Leave {
            subscriber: person.id,
            newsletter: code_of(&self.head.newsletter),
        };
        let word = folded(link.to_path(self.keys).rsplit('/').next()?)?;
        HeaderUrl::parse(&self.settings.bounces.leave_by_mail(&word)?).ok()
    }

    /// The person's preferences page.
    pub(super) fn preferences(&self, person: &Person) -> String {
        let link = Preferences {
            subscriber: person.id,
            newsletter: code_of(&self.head.newsletter),
            epoch: person.epoch,
        };
        self.address(&link.to_path(self.keys))
    }

    /// The slots that every letter to a subscriber may use.
    pub(super) fn values(&self, person: &Person) -> SlotValues {
        let mut values = SlotValues::new();
        values
            .set(SlotName::Name, person.name.as_ref().map_or("", DisplayName::as_str))
            .set(SlotName::Email, person.address.as_str())
            .set(SlotName::Since, self.head.date(person.since))
            .set(SlotName::Unsubscribe, self.leave(person))
            .set(SlotName::Preferences, self.preferences(person))
            .set(SlotName::Feedback, self.address("issues"))
            .set(SlotName::Browser, self.address("issues"));
        values
    }

    /// The links that rate the first `count` articles of a letter; `rated` says of which letter and whose.
    pub(super) fn add_ratings(&self, values: &mut SlotValues, rated: Rate, count: u16) {
        for index in 0..count {
            let link = Rate {
                place: i64::from(index) + 1,
                ..rated
            };
            values.set(SlotName::ArticleFeedback(index), self.address(&link.to_path(self.keys)));
        }
    }

    /// Headers and envelope of a letter outside any list: confirmations and notices. `what` names for ever what the
    /// person gets: the same letter has the same Message-ID and return path.
    pub(super) fn single(&self, person: &Person, what: &str) -> Result<Outgoing, AddressError> {
        let from = &self.head.from;
        let word = self.keys.message_word(what, person.id);
        let back = self
            .keys
            .return_word(code_of(what), u64::try_from(person.id).unwrap_or(0));
        Ok(Outgoing {
            message_id: MessageId::new(&word, from.address.domain())?,
            date: self.date,
            from: from.clone(),
            reply_to: self.head.reply_to.clone(),
            return_path: self.settings.bounces.return_path(&from.address, &back)?,
            to: person.address.clone(),
            to_name: person.name.clone(),
            list: None,
            auto_submitted: true,
            archived_at: None,
            feedback_id: None,
            delivery_token: None,
            key_header: None,
            provider: self.settings.mail.smtp.preset,
        })
    }

    /// The headers that make a letter list mail.
    pub(super) fn list(&self, person: &Person) -> Result<ListHeaders, AddressError> {
        let owner = self.head.owner.as_ref();
        Ok(ListHeaders {
            list_id: ListId::new(
                DisplayName::cleaned(&self.head.name),
                &self.head.newsletter,
                self.head.from.address.domain(),
            )?,
            unsubscribe: HeaderUrl::parse(&self.leave(person))?,
            unsubscribe_mail: self.leave_by_mail(person),
            subscribe: Some(HeaderUrl::parse(&self.address("subscribe"))?),
            help: Some(HeaderUrl::parse(&self.preferences(person))?),
            owner: owner.and_then(|email| HeaderUrl::parse(&format!("mailto:{}", email.as_str())).ok()),
            archive: Some(HeaderUrl::parse(&self.address("issues"))?),
        })
    }

    /// Headers and envelope of one delivery of an issue.
    pub(super) fn of_issue(&self, person: &Person, issue_id: &str, variant: i64) -> Result<Outgoing, AddressError> {
        let token = self.keys.sign(
            Purpose::Delivery,
            &[code_of(issue_id), u64::try_from(person.id).unwrap_or(0)],
        );
        let feedback = format!("{issue_id}:v{variant}:{}:letterpress", self.head.newsletter);
        Ok(Outgoing {
            list: Some(self.list(person)?),
            auto_submitted: false,
            archived_at: Some(HeaderUrl::parse(&self.address(&format!("issues/{issue_id}")))?),
            feedback_id: Some(HeaderToken::parse(&feedback)?),
            delivery_token: Some(HeaderToken::parse(&token)?),
            key_header: self.settings.mail.smtp.idempotency_header.clone(),
            ..self.single(person, issue_id)?
        })
    }
}
