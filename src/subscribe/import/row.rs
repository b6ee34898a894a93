//! From named cells to a person: what a row says, or why it cannot be used.

use chrono::DateTime;
use data_encoding::HEXLOWER_PERMISSIVE;

use super::origin::{DateOrder, Origin};
use super::status::{Answer, Ladder, Said};
use super::table::{Line, address_in};
use crate::config::{Newsletter, Schedule, Settings};
use crate::model::address::{DisplayName, EmailAddress};
use crate::model::clock::to_micros;
use crate::model::subscriber::{ALL, State, Suppressed, Topics};
use crate::model::token::KeyRing;
use crate::subscribe::columns::Column;

/// Who a row is about.
#[derive(Debug, Clone)]
pub(super) enum Who {
    /// A person with an address.
    Person(EmailAddress),
    /// A suppression without an address, from our own export.
    KeyOnly,
}

/// A row that can be used.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) who: Who,
    pub(super) key: Vec<u8>,
    pub(super) name: Option<String>,
    pub(super) language: Option<String>,
    pub(super) said: Said,
    /// The word that says nothing to us, empty for none; set when nothing was understood.
    pub(super) unknown: Option<String>,
    /// Id of the newsletter; the scope of a suppression without an address.
    pub(super) newsletter: String,
    /// The schedule, if the row names one.
    pub(super) schedule: Option<String>,
    /// The schedule for those who name none.
    pub(super) default_schedule: String,
    /// The topics, if the row names any.
    pub(super) topics: Option<Topics>,
    /// What only our own export knows.
    pub(super) own: Own,
    /// What another program knew of the sign-up.
    pub(super) origin: Origin,
}

impl Row {
    /// The address, unless the row is a suppression without one.
    pub(super) fn address(&self) -> Option<&EmailAddress> {
        match &self.who {
            Who::Person(address) => Some(address),
            Who::KeyOnly => None,
        }
    }
}

/// The columns that only our own export has.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    pub(super) state: Option<State>,
    pub(super) reason: Option<String>,
    pub(super) paused_until: Option<i64>,
    pub(super) since: Option<i64>,
    pub(super) suppressed_since: Option<i64>,
    pub(super) suppressed_until: Option<i64>,
    pub(super) evidence: Option<String>,
    pub(super) consent: Option<OwnConsent>,
}

/// A consent as our own export wrote it down.
#[derive(Debug, Clone)]
pub(super) struct OwnConsent {
    pub(super) method: String,
    pub(super) form: Option<String>,
    pub(super) language: Option<String>,
    pub(super) text: String,
    pub(super) network: Option<String>,
    pub(super) note: Option<String>,
    pub(super) asked_at: Option<i64>,
    pub(super) confirmed_at: Option<i64>,
}

/// A row that cannot be used.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) email: Option<String>,
    pub(super) reason: String,
}

/// Reads rows with the config and keys at hand.
pub(super) struct Reading<'a> {
    pub(super) settings: &'a Settings,
    pub(super) keys: &'a KeyRing,
    /// For rows that name no newsletter.
    pub(super) newsletter: &'a Newsletter,
    /// How the status is found.
    pub(super) ladder: Ladder<'a>,
    /// How dates with slashes are read.
    pub(super) dates: Option<DateOrder>,
}

/// Substack puts this in the place of people who asked it to be forgotten.
const FORGOTTEN: &str = "deletion-request.substack.com";

impl Reading<'_> {
    /// What a row says; what is not understood is refused, so that it is never mailed.
    pub(super) fn row(&self, line: &Line) -> Result<Row, Refused> {
        let cell = |column| {
            Some(line.cell(column))
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
        };
        let email = cell(Column::Email);
        let refuse = |reason: String| Refused {
            email: email.clone(),
            reason,
        };
        let own = own(line);
        let Answer { said, word } = self.ladder.answer(line, own.paused_until.is_some());
        if email.is_none() && said > Said::Pending && !line.cell(Column::AddressKey).is_empty() {
            return key_only(line, said, own).map_err(refuse);
        }
        let text = email.as_deref().ok_or_else(|| refuse("no email address".to_owned()))?;
        let address = address_in(text).ok_or_else(|| refuse(why_no_address(text)))?;
        if address.domain() == FORGOTTEN {
            return Err(refuse("this person asked the other service to be forgotten".to_owned()));
        }
        let origin = match Origin::of(line, self.dates) {
            // When somebody signed up matters no more.
            Err(_) if said > Said::Pending => Origin::default(),
            origin => origin.map_err(&refuse)?,
        };
        let (newsletter, schedule) = self.choice(line, said).map_err(&refuse)?;
        Ok(Row {
            unknown: word,
            origin,
            key: self.keys.address_key(&address.comparison_form()),
            who: Who::Person(address),
            name: name(line),
            language: cell(Column::Language).filter(|tag| is_language(tag)),
            said,
            newsletter: newsletter.id.clone(),
            schedule: schedule.map(|schedule| schedule.id.clone()),
            default_schedule: newsletter
                .default_schedule()
                .map_or_else(String::new, |schedule| schedule.id.clone()),
            topics: cell(Column::Topics).map(|topics| Topics::from_cell(&topics)),
            own,
        })
    }

    /// Newsletter and schedule; who must not be mailed is taken whatever schedule the row names, and whatever newsletter where
    /// the reason holds for all.
    fn choice(&self, line: &Line, said: Said) -> Result<(&Newsletter, Option<&Schedule>), String> {
        let newsletter = match line.cell(Column::Newsletter) {
            "" => self.newsletter,
            id => match self.settings.newsletter(id) {
                Some(newsletter) => newsletter,
                None if said > Said::Not(Suppressed::Left) => self.newsletter,
                None => return Err(format!("newsletter `{id}` is not in the config")),
            },
        };
        let schedule = match line.cell(Column::Schedule) {
            "" => None,
            id => match newsletter.schedule(id) {
                None if said <= Said::Pending => {
                    return Err(format!("newsletter `{}` has no schedule `{id}`", newsletter.id));
                }
                found => found,
            },
        };
        Ok((newsletter, schedule))
    }
}

fn why_no_address(text: &str) -> String {
    EmailAddress::parse(text)
        .err()
        .map_or_else(|| "not an email address".to_owned(), |error| error.to_string())
}

fn name(line: &Line) -> Option<String> {
    let both = format!("{} {}", line.cell(Column::FirstName), line.cell(Column::LastName));
    let name = Some(line.cell(Column::Name))
        .filter(|name| !name.is_empty())
        .unwrap_or(&both);
    DisplayName::cleaned(name).map(String::from)
}

fn is_language(tag: &str) -> bool {
    tag.len() <= 35 && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn key_only(line: &Line, said: Said, own: Own) -> Result<Row, String> {
    let key = HEXLOWER_PERMISSIVE
        .decode(line.cell(Column::AddressKey).as_bytes())
        .ok()
        .filter(|key| key.len() == 16)
        .ok_or("the address key is not 32 hexadecimal digits")?;
    Ok(Row {
        who: Who::KeyOnly,
        key,
        name: None,
        language: None,
        said,
        unknown: None,
        origin: Origin::default(),
        newsletter: Some(line.cell(Column::Newsletter))
            .filter(|scope| !scope.is_empty())
            .unwrap_or(ALL)
            .to_owned(),
        schedule: None,
        default_schedule: String::new(),
        topics: None,
        own,
    })
}

fn own(line: &Line) -> Own {
    let word = |column| {
        Some(line.cell(column))
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
    };
    let time = |column| {
        DateTime::parse_from_rfc3339(line.cell(column))
            .ok()
            .map(|at| to_micros(at.to_utc()))
    };
    let consent = word(Column::ConsentMethod).map(|method| OwnConsent {
        method,
        form: word(Column::ConsentForm),
        language: word(Column::ConsentLanguage),
        text: line.cell(Column::ConsentText).to_owned(),
        network: word(Column::ConsentNetwork),
        note: word(Column::ConsentNote),
        asked_at: time(Column::AskedAt),
        confirmed_at: time(Column::ConfirmedAt),
    });
    Own {
        state: State::from_word(line.cell(Column::State)),
        reason: word(Column::Reason),
        paused_until: time(Column::PausedUntil),
        since: time(Column::Since),
        suppressed_since: time(Column::SuppressedSince),
        suppressed_until: time(Column::SuppressedUntil),
        evidence: word(Column::Evidence),
        consent,
    }
}
