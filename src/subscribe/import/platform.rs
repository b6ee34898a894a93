//! Which program wrote a list, and what its words mean (`sources.md` 6, the table).

use super::status::Said;
use crate::model::subscriber::Suppressed;

/// A program whose lists we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Letterpress,
    Substack,
    Mailchimp,
    Buttondown,
    Ghost,
    Kit,
    Beehiiv,
    Listmonk,
    MailerLite,
    MailPoet,
    PhpList,
    Keila,
    Brevo,
    ActiveCampaign,
    ConstantContact,
    Jetpack,
    Mailtrain,
    /// Any list.
    Other,
}

/// Names for `--format` and for people.
const NAMES: [(Platform, &str); 18] = [
    (Platform::Letterpress, "letterpress"),
    (Platform::Substack, "substack"),
    (Platform::Mailchimp, "mailchimp"),
    (Platform::Buttondown, "buttondown"),
    (Platform::Ghost, "ghost"),
    (Platform::Kit, "kit"),
    (Platform::Beehiiv, "beehiiv"),
    (Platform::Listmonk, "listmonk"),
    (Platform::MailerLite, "mailerlite"),
    (Platform::MailPoet, "mailpoet"),
    (Platform::PhpList, "phplist"),
    (Platform::Keila, "keila"),
    (Platform::Brevo, "brevo"),
    (Platform::ActiveCampaign, "activecampaign"),
    (Platform::ConstantContact, "constantcontact"),
    (Platform::Jetpack, "jetpack"),
    (Platform::Mailtrain, "mailtrain"),
    (Platform::Other, "csv"),
];

/// Headings that all stand in a list of this platform, as [`plain`](crate::subscribe::columns::plain) gives them; the
/// first row that fits wins, so the more particular ones come first.
const SIGNS: [(Platform, &[&str]); 30] = [
    (Platform::Letterpress, &["email", "consentmethod"]),
    (Platform::Mailchimp, &["leid", "euid"]),
    (Platform::Mailchimp, &["optintime", "confirmtime"]),
    (Platform::Substack, &["email", "emaildisabled"]),
    (Platform::Substack, &["email", "activesubscription"]),
    (Platform::Substack, &["email", "type", "stripeplan"]),
    (Platform::Buttondown, &["email", "subscribertype"]),
    (Platform::Ghost, &["email", "subscribedtoemails"]),
    (Platform::Listmonk, &["uuid", "email", "attributes", "status"]),
    (Platform::Brevo, &["email", "emailblacklisted"]),
    (Platform::PhpList, &["email", "confirmed", "blacklisted"]),
    (Platform::PhpList, &["email", "blacklisted", "htmlemail"]),
    (Platform::Beehiiv, &["email", "status", "tier", "createdat"]),
    (Platform::Keila, &["email", "data", "status", "externalid"]),
    (Platform::MailPoet, &["globalstatus"]),
    (Platform::MailPoet, &["liststatus"]),
    (Platform::MailPoet, &["globalerstatus"]),
    (Platform::MailPoet, &["statutglobal"]),
    (Platform::MailPoet, &["estadoglobal"]),
    (Platform::MailPoet, &["statoglobale"]),
    (Platform::MailPoet, &["subscriptiontime", "confirmationtime"]),
    (Platform::MailerLite, &["subscriber", "subscribed"]),
    (Platform::MailerLite, &["subscriber", "groups"]),
    (Platform::ConstantContact, &["emailaddress", "emailstatus"]),
    (Platform::Kit, &["firstname", "email", "createdat", "status"]),
    (Platform::Kit, &["emailaddress", "state"]),
    (Platform::Jetpack, &["subscriptionstatus", "datesubscribed"]),
    (Platform::Jetpack, &["emailaddress", "subscriptionstatus"]),
    (Platform::Letterpress, &["email", "schedule"]),
    (Platform::Letterpress, &["email", "newsletter"]),
];

/// Where these stand, `state` is a part of a country and no status.
const PLACES: [&str; 6] = ["city", "zip", "zipcode", "postalcode", "country", "address"];

/// What a platform's word means where it does not mean what it means everywhere; `None`: it says nothing.
const WORDS: [(Platform, &str, Option<Said>); 23] = [
    (Platform::Buttondown, "regular", Some(Said::Active)),
    (Platform::Buttondown, "premium", Some(Said::Active)),
    (Platform::Buttondown, "gifted", Some(Said::Active)),
    (Platform::Buttondown, "trialed", Some(Said::Active)),
    (Platform::Buttondown, "paused", Some(Said::Active)),
    (Platform::Buttondown, "past_due", Some(Said::Active)),
    (Platform::Buttondown, "churning", Some(Said::Active)),
    (Platform::Buttondown, "churned", Some(Said::Unknown)),
    (Platform::Buttondown, "unpaid", Some(Said::Unknown)),
    (Platform::Buttondown, "upcoming", Some(Said::Unknown)),
    (Platform::Kit, "inactive", Some(Said::Pending)),
    (Platform::Kit, "cold", Some(Said::Unknown)),
    (Platform::Beehiiv, "inactive", Some(Said::Not(Suppressed::Left))),
    // Whether a list may be mailed stands in the lists, which are not in the file.
    (Platform::Listmonk, "enabled", None),
    (Platform::Listmonk, "disabled", Some(Said::Not(Suppressed::Left))),
    (Platform::MailPoet, "inactive", Some(Said::Unknown)),
    (Platform::Jetpack, "not subscribed", Some(Said::Not(Suppressed::Left))),
    (Platform::Mailtrain, "1", Some(Said::Active)),
    (Platform::Mailtrain, "2", Some(Said::Not(Suppressed::Left))),
    (Platform::Mailtrain, "3", Some(Said::Not(Suppressed::Bounce))),
    (Platform::Mailtrain, "4", Some(Said::Not(Suppressed::Complaint))),
    (Platform::Letterpress, "none", Some(Said::Pending)),
    (Platform::Other, "none", Some(Said::Pending)),
];

impl Platform {
    /// The platform that `--format` names.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = crate::subscribe::columns::plain(name);
        let known = NAMES.iter().find(|(_, known)| *known == name);
        known.map(|(platform, _)| *platform).or(match name.as_str() {
            "convertkit" => Some(Self::Kit),
            "sendinblue" => Some(Self::Brevo),
            "plain" | "list" | "other" => Some(Self::Other),
            _ => None,
        })
    }

    /// The word that [`Platform::named`] takes.
    pub(super) fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(platform, _)| *platform == self)
            .map_or("csv", |(_, name)| name)
    }

    /// All words that `--format` takes.
    pub(super) fn names() -> String {
        NAMES.map(|(_, name)| name).join(", ")
    }

    /// Who wrote a list with these headings, and which of them say so.
    pub(super) fn of(headings: &[String]) -> (Self, String) {
        let has = |name: &&str| headings.iter().any(|heading| heading == name);
        let is_place = PLACES.iter().any(&has);
        let fits = |(platform, signs): &&(Self, &[&str])| {
            signs.iter().all(&has) && !(*platform == Self::Kit && signs.contains(&"state") && is_place)
        };
        match SIGNS.iter().find(fits) {
            Some((platform, signs)) => (*platform, format!("it has the columns {}", signs.join(", "))),
            None => (
                Self::Other,
                "its columns are those of no program that we know".to_owned(),
            ),
        }
    }

    /// What a word of the status column means in this platform's lists alone: `Some(None)` says nothing.
    #[expect(
        clippy::option_option,
        reason = "not in the table, and in the table as saying nothing, are two things"
    )]
    pub(super) fn word(self, word: &str) -> Option<Option<Said>> {
        WORDS
            .iter()
            .find(|(platform, known, _)| *platform == self && *known == word)
            .map(|(_, _, said)| *said)
    }

    /// Whether nothing in the column of those who switched letters off means that a person did not.
    pub(super) fn mails_who_is_not_disabled(self) -> bool {
        self == Self::Substack
    }

    /// Whether a list of this platform with nothing against a person means that the person gets letters.
    pub(super) fn mails_who_is_not_blacklisted(self) -> bool {
        self == Self::Brevo
    }
}
