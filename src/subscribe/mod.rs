//! What people do: sign up, confirm, choose, leave, ask for their data or move to another address; and what an operator does for them: list, add, import, export, erase.
//!
//! ```text
//!            sign_up            confirm              leave
//!  (nobody) ─────────▶ pending ─────────▶ active ─────────────▶ unsubscribed
//!                        ▲                  ▲      ◀── undo ──      │
//!                        └──────────────────┴──── sign_up, confirm ─┘
//! ```
//!
//! Every step is one transaction that holds the person's row first, so that two steps of one person never cross. A
//! sign-up gives one public answer, whatever the address is or was (`subscribers-and-security.md` L6, E1).

mod allowance;
mod columns;
mod confirm;
mod erase;
mod export;
mod forget;
mod fresh;
mod import;
mod leave;
mod operate;
pub mod pages;
mod preferences;
mod record;
mod sign_up;

pub use confirm::{Confirmed, confirm};
pub use erase::erase;
pub use export::export;
pub use forget::tick;
pub use fresh::{address_of, ask_new_address, download, erase_oneself, new_address, send_link, take_new_address};
pub use import::{
    DateOrder, FileRead, ImportOptions, ImportReport, PeopleFile, Rejected, Said, SampleRow, UnknownWord, import,
    import_files,
};
pub use leave::{Left, leave, undo};
pub use operate::{Add, Added, add, unsubscribe};
pub use preferences::{Choice, Choices, Wishes, preferences, renew_links, set_preferences};
pub use record::{ConsentLine, LetterLine, Listed, NoticeLine, Shown, SubscriptionLine, SuppressionLine, list, show};
pub use sign_up::{SignUp, sign_up};

use crate::app::App;
use crate::config::{Newsletter, Schedule, Settings};
use crate::model::address::{AddressError, EmailAddress};
use crate::model::clock::to_micros;
use crate::model::links::code_of;
use crate::store::subscribers::Subscriber;
use crate::store::subscriptions::Subscription;
use crate::store::{Conn, StoreError, subscribers, subscriptions};
use crate::template::TemplateError;

/// Why something that a person or an operator asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum SubscribeError {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No newsletter of that name.
    #[error("find the newsletter `{0}`: it is not in the config; `letterpress schedule` lists those that are")]
    UnknownNewsletter(String),
    /// The newsletter has no such schedule.
    #[error("find the schedule `{0}`: the newsletter has none of that name; `letterpress schedule` lists them")]
    UnknownSchedule(String),
    /// A link that is unknown, forged or expired, or whose person is gone.
    #[error("open this link: it is unknown or its time is over; sign up again")]
    BadLink,
    /// The new address has letters of its own.
    #[error(
        "Letters go to this address already. Leave there first, with the link in one of them; then press the button again."
    )]
    Taken,
    /// No such subscriber.
    #[error("find this subscriber: there is none; `letterpress subscribers list` shows all")]
    NoSubscriber,
    /// The address must not be mailed.
    #[error("add this subscriber: the address is suppressed ({0}); --override lifts that, if the person asked for it")]
    Suppressed(&'static str),
    /// An import ended in the middle.
    #[error(
        "import all of it: {why}. {rows} rows were taken before that and stay; mend it and run the same import again, nothing is \
         taken twice"
    )]
    CutOff {
        /// Rows that were taken.
        rows: usize,
        /// What went wrong.
        why: Box<SubscribeError>,
    },
    /// The file is no list of people.
    #[error("read line {line} of the file: {reason}")]
    File {
        /// Counted from 1.
        line: u64,
        /// What is wrong and what to do.
        reason: String,
    },
    /// No program of that name is known.
    #[error("know the format `{name}`: write one of {known}, or leave --format out")]
    UnknownFormat {
        /// What was written.
        name: String,
        /// What can be written.
        known: String,
    },
    /// Reading or writing a file.
    #[error("read or write the file: {0}; check that it is there and that the disk has room")]
    Io(#[from] std::io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A page.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl SubscribeError {
    /// Whether the visitor can mend it; everything else is ours.
    pub fn is_theirs(&self) -> bool {
        matches!(
            self,
            Self::Address(_) | Self::UnknownNewsletter(_) | Self::UnknownSchedule(_) | Self::Taken
        )
    }
}

/// Now, in microseconds.
fn now(app: &App) -> i64 {
    to_micros(app.clock.now())
}

/// The newsletter that was named, else the first one.
fn newsletter_named<'a>(settings: &'a Settings, name: Option<&str>) -> Result<&'a Newsletter, SubscribeError> {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => settings.newsletter(name),
        None => settings.first_newsletter(),
    }
    .ok_or_else(|| SubscribeError::UnknownNewsletter(name.unwrap_or_default().to_owned()))
}

/// The schedule that was named, else the newsletter's default.
fn schedule_named<'a>(newsletter: &'a Newsletter, name: Option<&str>) -> Result<&'a Schedule, SubscribeError> {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => newsletter.schedule(name),
        None => newsletter.default_schedule(),
    }
    .ok_or_else(|| SubscribeError::UnknownSchedule(name.unwrap_or_default().to_owned()))
}

/// The newsletter of the config that a link means.
fn newsletter_of(settings: &Settings, code: u64) -> Option<&Newsletter> {
    settings
        .newsletters
        .iter()
        .find(|newsletter| code_of(&newsletter.id) == code)
}

/// The subscriber with this address or number, without erased ones.
async fn find(conn: &mut Conn, app: &App, who: &str) -> Result<Subscriber, SubscribeError> {
    let found = if let Ok(id) = who.trim().parse() {
        subscribers::by_id(conn, id).await?
    } else {
        let address = EmailAddress::parse(who)?;
        subscribers::by_key(conn, &app.keys.address_key(&address.comparison_form())).await?
    };
    found
        .filter(|person| person.erased_at.is_none())
        .ok_or(SubscribeError::NoSubscriber)
}

/// The person and subscription that a link means, held until the transaction ends; `None` when they are gone.
///
/// The newsletter is looked up among the person's own, so that links work for newsletters that left the config.
async fn held(
    conn: &mut Conn,
    subscriber: i64,
    newsletter: u64,
) -> Result<Option<(Subscriber, Subscription)>, StoreError> {
    if !subscribers::hold(conn, subscriber).await? {
        return Ok(None);
    }
    let Some(person) = subscribers::by_id(conn, subscriber)
        .await?
        .filter(|person| person.erased_at.is_none())
    else {
        return Ok(None);
    };
    let all = subscriptions::of_subscriber(conn, subscriber).await?;
    let meant = all.into_iter().find(|one| code_of(&one.newsletter_id) == newsletter);
    Ok(meant.map(|subscription| (person, subscription)))
}
