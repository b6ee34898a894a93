//! Signing up: a pending subscription, the consent asked for, and one confirmation letter, in one transaction.

use std::net::IpAddr;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;

use super::allowance::{self, Letter};
use super::{SubscribeError, newsletter_named, now, schedule_named};
use crate::app::App;
use crate::config::{Newsletter, Schedule, Settings};
use crate::model::address::EmailAddress;
use crate::model::network::kept_part;
use crate::model::subscriber::{ALL, Method, State, Suppressed, Topics, stranger_name};
use crate::store::consents::{self, Consent};
use crate::store::notices::{self, NewNotice};
use crate::store::subscribers::{self, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{Conn, StoreError, suppressions};

const HOUR: i64 = 3_600_000_000;
/// A confirmation letter that could not be sent for a day is not sent any more.
const CONFIRMATION_FOR: i64 = 24 * HOUR;
/// The same for every other notice.
pub(super) const NOTICE_FOR: i64 = 48 * HOUR;

/// What a visitor asks for, as it was typed.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The address.
    pub email: String,
    /// A name; what cannot be one is left out.
    pub name: Option<String>,
    /// `None`: the first newsletter of the config.
    pub newsletter: Option<String>,
    /// `None`: the newsletter's default.
    pub schedule: Option<String>,
    /// Empty: all topics.
    pub topics: Vec<String>,
    /// Where the request came from.
    pub network: Option<IpAddr>,
    /// How it came: a form or JSON.
    pub method: Method,
    /// Origin of the page that held the form; empty when the request does not say.
    pub form: String,
    /// BCP 47 tag of what was shown; `None`: the newsletter's.
    pub language: Option<String>,
    /// The field that people never see was filled: the usual answer, and nothing stored (E5).
    pub trapped: bool,
}

/// A sign-up that can be acted on.
struct Wish<'a> {
    newsletter: &'a Newsletter,
    schedule: &'a Schedule,
    address: EmailAddress,
    address_key: Vec<u8>,
    name: Option<String>,
    topics: Topics,
    /// Whether the form was ours, so that we know its words.
    is_our_page: bool,
    request: &'a SignUp,
}

/// Takes a sign-up. The answer is the same whatever the address is, was or may not be.
///
/// # Errors
/// Only what the visitor can mend (no address, no such newsletter or schedule) and failures of the database.
pub async fn sign_up(app: &App, request: &SignUp) -> Result<(), SubscribeError> {
    let settings = app.settings();
    let wish = read(app, &settings, request)?;
    if request.trapped {
        return Ok(());
    }
    let mut conn = app.database.begin().await?;
    if answer(&mut conn, app, &wish).await? {
        conn.commit().await?;
    }
    Ok(())
}

fn read<'a>(app: &App, settings: &'a Settings, request: &'a SignUp) -> Result<Wish<'a>, SubscribeError> {
    let address = EmailAddress::parse(&request.email)?;
    let newsletter = newsletter_named(settings, request.newsletter.as_deref())?;
    let schedule = schedule_named(newsletter, request.schedule.as_deref())?;
    Ok(Wish {
        newsletter,
        schedule,
        address_key: app.keys.address_key(&address.comparison_form()),
        address,
        name: request.name.as_deref().and_then(stranger_name).map(String::from),
        topics: Topics::clean(&request.topics),
        is_our_page: request.form == settings.http.public_url.origin().ascii_serialization(),
        request,
    })
}

/// Does what the state of the address asks for; whether there is anything to keep.
async fn answer(conn: &mut Conn, app: &App, wish: &Wish<'_>) -> Result<bool, StoreError> {
    let (newsletter, at) = (wish.newsletter.id.as_str(), now(app));
    let against: Vec<Suppressed> = suppressions::of_key(conn, &wish.address_key)
        .await?
        .iter()
        .filter(|row| row.holds(at) && (row.scope == ALL || row.scope == newsletter))
        .map(suppressions::Suppression::why)
        .collect::<Result<_, _>>()?;
    if against.iter().any(|reason| !reason.yields_to_confirmation()) {
        return Ok(false);
    }
    let person = find_or_add(conn, app, wish).await?;
    let all = subscriptions::of_subscriber(conn, person.id).await?;
    let known = all.iter().find(|one| one.newsletter_id == newsletter);
    let is_active = known.is_some_and(|one| one.state == State::Active.word());
    let letter = match (against.contains(&Suppressed::Bounce), is_active) {
        (true, _) => Letter::SecondChance,
        (false, true) => Letter::Already,
        (false, false) => Letter::Confirmation,
    };
    if !allowance::take(conn, app, letter, &wish.address_key, newsletter, wish.request.network).await? {
        return Ok(false);
    }
    if letter == Letter::Already {
        let key = format!("already/{}/{newsletter}/{at}", person.id);
        return queue(conn, "already", &key, (person.id, newsletter), at, NOTICE_FOR).await;
    }
    let anywhere_active = all.iter().any(|one| one.state == State::Active.word());
    if let (Some(name), false) = (&wish.name, anywhere_active) {
        subscribers::describe(conn, person.id, Some(name), person.language.as_deref()).await?;
    }
    ask(conn, wish, &person, known, at).await
}

async fn find_or_add(conn: &mut Conn, app: &App, wish: &Wish<'_>) -> Result<Subscriber, StoreError> {
    let known = subscribers::by_key(conn, &wish.address_key).await?;
    let id = match known {
        Some(person) => person.id,
        None => add(conn, &wish.address, &wish.address_key, now(app)).await?,
    };
    subscribers::hold(conn, id).await?;
    subscribers::by_id(conn, id).await?.ok_or(StoreError::Rows {
        what: "read a subscriber back",
        expected: 1,
        changed: 0,
    })
}

/// Adds a person; the number of whoever holds the address now.
pub(super) async fn add(conn: &mut Conn, address: &EmailAddress, key: &[u8], at: i64) -> Result<i64, StoreError> {
    let id = subscribers::take_ids(conn, 1).await?;
    let person = Subscriber {
        id,
        address: address.as_str().to_owned(),
        address_key: key.to_vec(),
        name: None,
        language: None,
        token_epoch: 0,
        created_at: at,
        erased_at: None,
    };
    subscribers::insert(conn, &[person]).await?;
    let holder = subscribers::by_key(conn, key).await?;
    Ok(holder.map_or(id, |person| person.id))
}

/// Makes the subscription pending, writes down what was asked, and queues the letter.
async fn ask(
    conn: &mut Conn,
    wish: &Wish<'_>,
    person: &Subscriber,
    known: Option<&Subscription>,
    at: i64,
) -> Result<bool, StoreError> {
    let newsletter = wish.newsletter.id.as_str();
    let asked = Asked {
        subscriber: person.id,
        newsletter: wish.newsletter,
        method: wish.request.method,
        shown: if wish.is_our_page {
            shown_text(wish.newsletter, wish.schedule)
        } else {
            String::new()
        },
        form: Some(wish.request.form.as_str()).filter(|form| !form.is_empty()),
        language: wish.request.language.as_deref(),
        network: wish.request.network.map(kept_part),
        note: None,
    };
    let consent = write_consent(conn, &asked, None, at).await?;
    let since = known
        .filter(|one| one.state == State::Pending.word())
        .map_or(at, |one| one.created_at);
    let pending = Subscription {
        schedule_id: wish.schedule.id.clone(),
        topics: wish.topics.to_json(),
        consent_id: Some(consent),
        created_at: since,
        ..Subscription::begun(person.id, newsletter, State::Pending, at)
    };
    subscriptions::save(conn, &[pending]).await?;
    queue_confirmation(conn, person.id, newsletter, consent, at).await
}

/// Queues the letter that asks for confirmation; one per consent.
pub(super) async fn queue_confirmation(
    conn: &mut Conn,
    subscriber: i64,
    newsletter: &str,
    consent: i64,
    at: i64,
) -> Result<bool, StoreError> {
    let key = format!("confirmation/{consent}");
    queue(
        conn,
        "confirmation",
        &key,
        (subscriber, newsletter),
        at,
        CONFIRMATION_FOR,
    )
    .await
}

/// Queues a notice; a key that was used before adds nothing.
pub(super) async fn queue(
    conn: &mut Conn,
    kind: &str,
    key: &str,
    (subscriber_id, newsletter_id): (i64, &str),
    now: i64,
    lasts: i64,
) -> Result<bool, StoreError> {
    let notice = NewNotice {
        key,
        kind,
        subscriber_id,
        newsletter_id,
        now,
        expires_at: now + lasts,
        content: None,
    };
    notices::insert(conn, &notice).await
}

/// What goes into a consent record.
pub(super) struct Asked<'a> {
    pub(super) subscriber: i64,
    pub(super) newsletter: &'a Newsletter,
    pub(super) method: Method,
    /// What the person was shown; empty when that is not known.
    pub(super) shown: String,
    pub(super) form: Option<&'a str>,
    pub(super) language: Option<&'a str>,
    pub(super) network: Option<String>,
    pub(super) note: Option<String>,
}

/// Writes a consent down, with the words that were shown; its number.
pub(super) async fn write_consent(
    conn: &mut Conn,
    asked: &Asked<'_>,
    confirmed_at: Option<i64>,
    at: i64,
) -> Result<i64, StoreError> {
    let language = asked.language.unwrap_or(&asked.newsletter.language);
    let text_id = keep_text(conn, &asked.shown, language).await?;
    let id = consents::take_ids(conn, 1).await?;
    let consent = Consent {
        id,
        subscriber_id: asked.subscriber,
        newsletter_id: asked.newsletter.id.clone(),
        text_id,
        method: asked.method.word().to_owned(),
        form: asked.form.map(|form| form.chars().take(200).collect()),
        language: Some(language.to_owned()),
        asked_at: at,
        confirmed_at,
        network: asked.network.clone(),
        note: asked.note.clone(),
    };
    consents::insert(conn, &[consent]).await?;
    Ok(id)
}

/// Keeps what was shown, word for word, and returns the hash that names it; nothing shown is the empty name.
pub(super) async fn keep_text(conn: &mut Conn, text: &str, language: &str) -> Result<String, StoreError> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let hash = digest::digest(&digest::SHA256, format!("{language}\n{text}").as_bytes());
    let id = HEXLOWER.encode(&hash.as_ref()[..16]);
    consents::add_text(conn, &id, text, language).await?;
    Ok(id)
}

/// What our own form says about a choice.
fn shown_text(newsletter: &Newsletter, schedule: &Schedule) -> String {
    let (newsletter, schedule) = (&newsletter.name, &schedule.name);
    format!(
        "{newsletter}: {schedule}. You will get one letter that asks you to confirm. Each letter has a link to leave."
    )
}
