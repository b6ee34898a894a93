//! A letter for the author's eyes: the exact message, outside the ledger.

use crate::app::App;
use crate::mail::message::{EncodedLetter, write_message};
use crate::model::address::{AddressError, DisplayName, EmailAddress};
use crate::model::clock::from_micros;
use crate::model::letter::{Envelope, Letter, MissingSlot, SlotName, SlotValues, fill};
use crate::model::links::Rate;
use crate::model::verdict::{Class, Verdict};
use crate::store::{StoreError, subscribers, subscriptions};

use crate::template::recipe::for_one;

use super::letters::{Facts, LetterError, Person};
use super::seal::{Unsealed, seal_here};

/// Why a test letter was not written or not sent.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// The address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The letter.
    #[error("write the letter: {0}")]
    Letter(String),
    /// The newsletter is not in the config.
    #[error("find newsletter `{0}` in the config")]
    NoNewsletter(String),
    /// The database.
    #[error("look the recipient up: {0}")]
    Store(#[from] StoreError),
    /// The relay said no.
    #[error("hand the letter over: {0}")]
    Refused(String),
}

impl From<LetterError> for TestError {
    fn from(error: LetterError) -> Self {
        Self::Letter(error.to_string())
    }
}

impl From<MissingSlot> for TestError {
    fn from(error: MissingSlot) -> Self {
        Self::Letter(error.to_string())
    }
}

/// One message as it would go out, and its parts as its recipient would see them.
#[derive(Debug, Clone)]
pub struct TestLetter {
    /// Sender and recipient.
    pub envelope: Envelope,
    /// The whole message.
    pub source: Vec<u8>,
    /// The subject line.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part.
    pub text: String,
    /// Where its recipient could leave.
    pub leave: String,
}

/// Writes the message that `to` would get, with the name and the day that stand for a subscriber of that address. Its links
/// work for nobody.
pub async fn test_letter(
    app: &App,
    newsletter: &str,
    letter: &Letter,
    to: &EmailAddress,
) -> Result<TestLetter, TestError> {
    let settings = app.settings();
    let newsletter = settings
        .newsletter(newsletter)
        .ok_or_else(|| TestError::NoNewsletter(newsletter.to_owned()))?;
    let now = app.clock.now();
    let person = greeted(app, &newsletter.id, to).await?;
    let head = settings.letterhead(newsletter, app.templates.dates(&newsletter.language));
    let facts = Facts {
        head: &head,
        settings: &settings,
        keys: &app.keys,
        date: now,
    };
    let mut values = facts.values(&person);
    let nobody = Rate {
        subscriber: 0,
        issue: 0,
        variant: 0,
        place: 0,
    };
    facts.add_ratings(&mut values, nobody, letter.rated());
    // Named after the moment, so that a second test does not look like a copy of the first.
    let outgoing = facts.of_issue(&person, &format!("test-{}", now.timestamp_micros()), 0)?;
    let mut source = Vec::new();
    let letter = for_one(letter, &values).map_err(LetterError::from)?;
    let encoded = EncodedLetter::new(&letter);
    let written = write_message(&encoded, &values, &outgoing, &mut source).map_err(LetterError::from)?;
    let date = outgoing.date;
    seal_here(&settings, Unsealed { written, date }, &mut source)?;
    Ok(TestLetter {
        envelope: outgoing.envelope(),
        source,
        subject: filled(&letter.subject, &values)?,
        html: filled(&letter.html, &values)?,
        text: filled(&letter.text, &values)?,
        leave: values.get(SlotName::Unsubscribe).unwrap_or_default().to_owned(),
    })
}

/// Whom a letter to this address greets: only the number that its links would be for is nobody's.
async fn greeted(app: &App, newsletter: &str, to: &EmailAddress) -> Result<Person, TestError> {
    let mut nobody = Person {
        id: 0,
        address: to.clone(),
        name: None,
        epoch: 0,
        since: app.clock.now(),
    };
    let mut conn = app.database.read().await?;
    let key = app.keys.address_key(&to.comparison_form());
    if let Some(known) = subscribers::by_key(&mut conn, &key).await? {
        nobody.name = known.name.as_deref().and_then(DisplayName::cleaned);
        let mut theirs = subscriptions::of_subscriber(&mut conn, known.id).await?.into_iter();
        if let Some(one) = theirs.find(|one| one.newsletter_id == newsletter) {
            nobody.since = from_micros(one.created_at);
        }
    }
    Ok(nobody)
}

fn filled(segments: &[crate::model::letter::Segment], values: &SlotValues) -> Result<String, MissingSlot> {
    fill(segments, values)
}

/// Hands a test letter over now, past every queue.
pub async fn send_test(app: &App, letter: &TestLetter) -> Result<(), TestError> {
    let refused = |verdict: &Verdict| TestError::Refused(verdict.detail());
    let idle = app.transport.connect().await.map_err(|verdict| refused(&verdict))?;
    let (verdict, idle) = idle.deliver(&letter.envelope, &letter.source, &|| true).await;
    if let Some(idle) = idle {
        idle.quit().await;
    }
    if verdict.class() == Class::Accepted {
        Ok(())
    } else {
        Err(refused(&verdict))
    }
}
