//! Contexts of pages. Addresses of actions are paths or absolute URLs of this service; none is made from input.

use serde::Serialize;

use super::{Frame, Moment};
use crate::config;

/// A context that names its template.
pub trait Page: Serialize {
    /// Name of the file under `templates/pages/`, without `.html.hbs`.
    const TEMPLATE: &'static str;
}

/// Name of the form field that people never see and machines fill: whoever fills it gets the usual answer and no letter.
pub const TRAP: &str = "nickname_2";

macro_rules! page {
    ($name:ident, $template:literal) => {
        impl Page for $name {
            const TEMPLATE: &'static str = $template;
        }
    };
}

mod feedback;
mod own_data;

pub use feedback::{FeedbackForm, FeedbackThanks, FeedbackUnknown, RatingChoice};
pub use own_data::{AddressAsked, AddressChanged, Data, Erased, LinkSent, NewAddress, Renewed};

/// The form for new subscribers. Fields: `email`, `newsletter`, `schedule` (as `NEWSLETTER/SCHEDULE`), and [`TRAP`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignUp {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// What can be chosen, at least one.
    pub newsletters: Vec<NewsletterChoice>,
    /// Name of the trap field.
    pub trap: &'static str,
    /// The address as it was typed, to fill in again; empty at first.
    pub email: String,
    /// What to mend; `None` at first.
    pub error: Option<String>,
}
page!(SignUp, "sign_up");

/// A newsletter to choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewsletterChoice {
    /// As in the config.
    pub id: String,
    /// What people see.
    pub name: String,
    /// One sentence; may be empty.
    pub description: String,
    /// Marked in the form.
    pub chosen: bool,
    /// At least one.
    pub schedules: Vec<ScheduleChoice>,
}

impl NewsletterChoice {
    /// A newsletter of the config; `chosen` is the schedule to mark (`None`: not subscribed, its default is marked).
    pub fn new(newsletter: &config::Newsletter, chosen: Option<&str>) -> Self {
        let marked = chosen.or(newsletter.default_schedule().map(|schedule| schedule.id.as_str()));
        Self {
            id: newsletter.id.clone(),
            name: newsletter.name.clone(),
            description: newsletter.description.clone(),
            chosen: chosen.is_some(),
            schedules: newsletter
                .schedules
                .iter()
                .map(|schedule| ScheduleChoice::new(schedule, marked))
                .collect(),
        }
    }
}

/// A schedule to choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScheduleChoice {
    /// As in the config.
    pub id: String,
    /// What people see.
    pub name: String,
    /// When letters come, in words: `every Monday at 08:00`; empty for the instant cadence.
    pub when: String,
    /// One letter per article.
    pub instant: bool,
    /// Marked in the form.
    pub chosen: bool,
}

impl ScheduleChoice {
    fn new(schedule: &config::Schedule, marked: Option<&str>) -> Self {
        let when = match &schedule.cadence {
            config::Cadence::Cron(rule) => rule.in_words(),
            config::Cadence::Instant => String::new(),
        };
        Self {
            id: schedule.id.clone(),
            name: schedule.name.clone(),
            when,
            instant: schedule.cadence == config::Cadence::Instant,
            chosen: marked == Some(schedule.id.as_str()),
        }
    }
}

/// The one answer to every sign-up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckMailbox {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
}
page!(CheckMailbox, "check_mailbox");

/// Asks for the press of a button that confirms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confirm {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the button goes.
    pub action: String,
    /// Name of the newsletter.
    pub newsletter: String,
    /// Name of the chosen schedule, if known.
    pub schedule: Option<String>,
}
page!(Confirm, "confirm");

/// Says that the subscription stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confirmed {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Name of the newsletter.
    pub newsletter: String,
    /// Name of the chosen schedule, if known.
    pub schedule: Option<String>,
    /// The person's preferences page.
    pub preferences_url: Option<String>,
}
page!(Confirmed, "confirmed");

/// A person's choices. Fields: `shown` (each newsletter of the form), `newsletter` (those that are kept; who unticks one
/// leaves it), `schedule` (as `NEWSLETTER/SCHEDULE`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preferences {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// The newsletters that the person has, `chosen` where the subscription is active.
    pub newsletters: Vec<NewsletterChoice>,
    /// The leave page.
    pub leave_url: Option<String>,
    /// Where the button goes that asks for a fresh link.
    pub link_action: String,
    /// The person's own feed, absolute; `None` where the author offers none.
    pub feed_url: Option<String>,
    /// Where the button goes that gives the person other addresses.
    pub renew_action: String,
    /// What to mend; `None` at first.
    pub error: Option<String>,
}
page!(Preferences, "preferences");

/// Says that the choices are kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saved {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Back to the choices.
    pub preferences_url: String,
}
page!(Saved, "saved");

/// Asks for the press of a button that ends the subscription.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unsubscribe {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the button goes.
    pub action: String,
    /// Name of the newsletter.
    pub newsletter: String,
}
page!(Unsubscribe, "unsubscribe");

/// Says that the subscription has ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Left {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Name of the newsletter.
    pub newsletter: String,
    /// Where the undo button goes; `None`: no button.
    pub undo_action: Option<String>,
}
page!(Left, "left");

/// Says that the subscription is back as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Undone {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Name of the newsletter.
    pub newsletter: String,
    /// The person's preferences page.
    pub preferences_url: Option<String>,
}
page!(Undone, "undone");

/// The one answer to unknown, forged and expired links.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BadLink {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
}
page!(BadLink, "bad_link");

/// There is no such page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotFound {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
}
page!(NotFound, "not_found");

/// Something went wrong here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Finds the cause in the log.
    pub id: String,
}
page!(Failure, "failure");

/// The list of sent issues.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Issues {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Newest first; may be empty.
    pub issues: Vec<IssueLine>,
    /// The page with older ones.
    pub older: Option<String>,
}
page!(Issues, "issues");

/// An issue in the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IssueLine {
    /// Subject.
    pub title: String,
    /// Where it can be read.
    pub url: String,
    /// When it was due, in the newsletter's zone.
    pub date: Moment,
    /// Name of the newsletter.
    pub newsletter: String,
    /// Titles of its articles, in order.
    pub articles: Vec<String>,
}

/// An issue of which only titles may be shown (its articles were withdrawn, or its letter is gone).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IssueTitles {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// The issue.
    pub issue: IssueLine,
}
page!(IssueTitles, "issue");

/// The feeds, for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Feeds {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// The feed of all articles first.
    pub feeds: Vec<FeedLine>,
    /// The list for feed readers.
    pub opml_url: String,
}
page!(Feeds, "feeds");

/// One feed in its three formats. All absolute, so that they can be copied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedLine {
    /// `Workshop Notes`, `Workshop Notes: Tools`.
    pub title: String,
    /// `all`, `category`, `tag`, `author` or `language`.
    pub kind: String,
    /// RSS 2.0, where it is served.
    pub rss: Option<String>,
    /// Atom, where it is served.
    pub atom: Option<String>,
    /// JSON Feed, where it is served.
    pub json: Option<String>,
}

/// The start page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Home {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Newsletters by name and sentence.
    pub newsletters: Vec<NewsletterChoice>,
    /// Newest first; may be empty.
    pub latest: Vec<super::letters::Neighbour>,
    /// The sign-up page.
    pub subscribe_url: String,
    /// The list of feeds.
    pub feeds_url: String,
    /// The list of issues, if it is public.
    pub issues_url: Option<String>,
    /// Letters written to files instead of being sent (demo).
    pub outbox_url: Option<String>,
}
page!(Home, "home");

/// Letters written to files instead of being sent (demo).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outbox {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Newest first; may be empty.
    pub letters: Vec<OutboxLine>,
}
page!(Outbox, "outbox");

/// A letter in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutboxLine {
    /// Its page.
    pub url: String,
    /// Subject.
    pub subject: String,
    /// Recipient as in the header.
    pub to: String,
    /// Date as in the header.
    pub date: Moment,
}

/// One letter of the outbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutboxLetter {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// The list.
    pub outbox_url: String,
    /// Subject.
    pub subject: String,
    /// Header lines, in order.
    pub headers: Vec<HeaderLine>,
    /// Address that serves the HTML part alone (under a policy without scripts); it is shown in a sandboxed frame.
    pub html_url: String,
    /// The text part.
    pub text: String,
    /// Address of the file as it is.
    pub source_url: String,
}
page!(OutboxLetter, "outbox_letter");

/// A header of a letter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeaderLine {
    /// `List-Unsubscribe`.
    pub name: String,
    /// Unfolded and decoded.
    pub value: String,
}
