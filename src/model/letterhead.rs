//! What stands above every letter of a newsletter: who it comes from and where its links lead. An issue freezes it, so
//! that a second copy of a letter is the same, whatever the config says by then (`delivery.md` 15).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::model::address::{EmailAddress, Mailbox};
use crate::model::date_words::DateWords;

/// The part of a letter that comes from the config and not from a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letterhead {
    /// Which newsletter, as in its links and its List-Id.
    pub newsletter: String,
    /// Its name.
    pub name: String,
    /// In which dates are written.
    pub time_zone: Tz,
    /// In whose words.
    #[serde(default)]
    pub dates: DateWords,
    /// Who letters come from.
    pub from: Mailbox,
    /// Where answers go, when elsewhere.
    pub reply_to: Option<Mailbox>,
    /// The author, for `List-Owner`.
    pub owner: Option<EmailAddress>,
    /// Where people find the service, with a trailing slash.
    pub public_url: String,
}

impl Letterhead {
    /// A date as the letters of this newsletter write it.
    pub fn date(&self, at: DateTime<Utc>) -> String {
        self.dates.long(&at.with_timezone(&self.time_zone).fixed_offset())
    }

    /// An absolute address of the service; `path` without a leading slash.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}
