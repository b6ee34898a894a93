//! One file per section of the config file: typed, documented, unknown keys refused.
//!
//! [`Settings`] is what the rest of the house reads. Every value in it has been checked; paths are absolute.

mod bounces;
mod database;
mod dkim;
mod feedback;
mod feeds;
mod http;
mod load;
mod mail;
mod nearest;
mod newsletters;
mod own_header;
mod place;
mod podcast;
mod problem;
mod rate;
mod secret;
mod section;
mod site;
mod source_kinds;
mod sources;
mod value;
mod websub;

use std::path::PathBuf;

use crate::model::address::{EmailAddress, Mailbox};
use crate::model::date_words::DateWords;
use crate::model::letterhead::Letterhead;

pub use bounces::{Bounces, Hook, HookTrust, Imap, ReturnTo};
pub use database::{DatabaseSettings, State};
pub use dkim::{Dkim, DkimKey};
pub use feedback::Feedback;
pub use feeds::{Feeds, FullOrSummary, LegacyIds, LegacyMode, MaxAge};
pub use http::{Http, OldHost, is_loopback};
pub use load::{DEFAULT_FILE, environment, load, parse};
pub use mail::{Limit, Mail, OnUnknown, Smtp, Tls, TransportKind};
pub use newsletters::{Cadence, CatchUp, Joiner, Newsletter, Order, Overflow, Schedule};
pub use podcast::Podcast;
pub use problem::{ConfigProblems, Problem, Severity};
pub use site::{Site, SiteAuthor, Theme};
pub use source_kinds::{CursorType, FeedSource, SiteSource, SourceKind, TableSource};
pub use sources::{Baseline, Shortcodes, Source, Watch};
pub use websub::WebSub;

/// Everything that the author decided, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file that was read; `None` for the built-in defaults.
    pub file: Option<PathBuf>,
    /// The folder that relative paths in the file were relative to.
    pub base: PathBuf,
    /// `[site]`
    pub site: Site,
    /// `[[sources]]`
    pub sources: Vec<Source>,
    /// `[feeds]`
    pub feeds: Feeds,
    /// `[[newsletters]]`
    pub newsletters: Vec<Newsletter>,
    /// `[mail]`
    pub mail: Mail,
    /// `[bounces]`
    pub bounces: Bounces,
    /// `[feedback]`
    pub feedback: Feedback,
    /// `[templates] dir`: files in it replace built-in templates of the same path.
    pub templates: Option<PathBuf>,
    /// `[database]`
    pub database: DatabaseSettings,
    /// `[state]`
    pub state: State,
    /// `[http]`
    pub http: Http,
    /// What was found while reading that does not keep the settings from being used: a source folder that is not there
    /// (an error for `check`), and warnings.
    pub findings: Vec<Problem>,
}

impl Settings {
    /// The newsletter with this id.
    pub fn newsletter(&self, id: &str) -> Option<&Newsletter> {
        self.newsletters.iter().find(|newsletter| newsletter.id == id)
    }

    /// The first configured newsletter: the one that is meant where none is named.
    pub fn first_newsletter(&self) -> Option<&Newsletter> {
        self.newsletters.first()
    }

    /// The address of the built-in hub, where there is one. There is none where readers find the feeds on another host while
    /// this service can be reached from its own machine only, as with files for a static host: nobody could ask it.
    pub fn own_hub(&self) -> Option<String> {
        let is_out_of_reach = http::is_out_of_reach(&self.http.public_url, &self.feeds.base_url);
        (self.feeds.websub.builtin && !is_out_of_reach).then(|| self.http.address("websub"))
    }

    /// The hubs that feeds announce, the built-in one first.
    pub fn hubs(&self) -> Vec<String> {
        self.own_hub().into_iter().chain(self.outside_hubs()).collect()
    }

    /// The hubs of others, none twice.
    pub fn outside_hubs(&self) -> Vec<String> {
        let own = self.own_hub();
        let mut hubs: Vec<String> = Vec::new();
        for hub in self.feeds.websub.hubs.iter().map(ToString::to_string) {
            if own.as_ref() != Some(&hub) && !hubs.contains(&hub) {
                hubs.push(hub);
            }
        }
        hubs
    }

    /// What stands above the letters of a newsletter, as of now; `dates` as its language writes them.
    pub fn letterhead(&self, newsletter: &Newsletter, dates: DateWords) -> Letterhead {
        let (mail, author) = (&self.mail, &self.site.author);
        let to_author = || {
            Some(Mailbox {
                name: None,
                address: author.email.clone()?,
            })
        };
        let reply_to = mail.reply_to.clone().or_else(to_author);
        Letterhead {
            newsletter: newsletter.id.clone(),
            name: newsletter.name.clone(),
            time_zone: newsletter.time_zone,
            dates,
            from: mail.from.clone(),
            reply_to: reply_to.filter(|reply| reply.address != mail.from.address),
            owner: author.email.clone(),
            public_url: self.http.address(""),
        }
    }

    /// Whom an answer to a letter reaches, where the config says so: the author, unless another address is named.
    pub fn answers_to(&self) -> Option<&EmailAddress> {
        let named = self.mail.reply_to.as_ref().map(|mailbox| &mailbox.address);
        named.or(self.site.author.email.as_ref())
    }

    /// Which ledger a newsletter writes to: all share one, unless `ledger = "own"`.
    pub fn ledger_of(&self, newsletter: &str) -> String {
        match self.newsletter(newsletter) {
            Some(found) if found.own_ledger => found.id.clone(),
            _ => "shared".to_owned(),
        }
    }
}
