//! The columns of our own CSV and of other programs' lists, and cells that no spreadsheet takes for a formula.

/// A column that we understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Email,
    Name,
    FirstName,
    LastName,
    Status,
    Newsletter,
    Schedule,
    Topics,
    Language,
    State,
    Reason,
    PausedUntil,
    Since,
    SuppressedSince,
    SuppressedUntil,
    Evidence,
    ConsentMethod,
    ConsentForm,
    ConsentLanguage,
    ConsentText,
    ConsentNetwork,
    ConsentNote,
    AskedAt,
    ConfirmedAt,
    AddressKey,
    /// A filled one says that the person left.
    LeftAt,
    /// Likewise, by a heading that only sounds like it; it says nothing of the file as a whole.
    Against,
    /// A filled one says that the address does not work.
    CleanedAt,
    /// A filled one says that the person complained.
    ComplainedAt,
    /// Yes: the person switched letters off.
    Disabled,
    /// Yes: the person gets letters. A date stands for yes.
    Receives,
    /// Yes: the person or somebody for the person stopped the letters.
    Blacklisted,
    /// Yes: the person confirmed.
    Confirmed,
    /// When the person signed up elsewhere.
    AskedOn,
    /// When the person confirmed elsewhere.
    ConfirmedOn,
    /// The address of the machine that signed up.
    Network,
    /// Tags, groups or lists elsewhere: kept as a note, they are no topics here.
    Tags,
}

/// What an export writes, in order.
pub(super) const OWN: [(Column, &str); 23] = [
    (Column::Email, "email"),
    (Column::Name, "name"),
    (Column::Status, "status"),
    (Column::Newsletter, "newsletter"),
    (Column::Schedule, "schedule"),
    (Column::Topics, "topics"),
    (Column::Language, "language"),
    (Column::State, "state"),
    (Column::Reason, "reason"),
    (Column::PausedUntil, "paused_until"),
    (Column::Since, "since"),
    (Column::SuppressedSince, "suppressed_since"),
    (Column::SuppressedUntil, "suppressed_until"),
    (Column::Evidence, "evidence"),
    (Column::ConsentMethod, "consent_method"),
    (Column::ConsentForm, "consent_form"),
    (Column::ConsentLanguage, "consent_language"),
    (Column::ConsentText, "consent_text"),
    (Column::ConsentNetwork, "consent_network"),
    (Column::ConsentNote, "consent_note"),
    (Column::AskedAt, "asked_at"),
    (Column::ConfirmedAt, "confirmed_at"),
    (Column::AddressKey, "address_key"),
];

/// Other names that leave no doubt, with the translations of programs that translate theirs.
const OTHER: [(Column, &[&str]); 20] = [
    (
        Column::Email,
        &[
            "emailaddress",
            "mail",
            "mailaddress",
            "subscriber",
            "subscriberemail",
            "emailadresse",
            "mailadresse",
            "adresseemail",
            "courriel",
            "correoelectrónico",
            "indirizzoemail",
            "emailadres",
        ],
    ),
    (Column::Name, &["fullname", "displayname"]),
    (
        Column::FirstName,
        &["firstname", "givenname", "vorname", "prénom", "nombre", "voornaam"],
    ),
    (
        Column::LastName,
        &[
            "lastname",
            "surname",
            "familyname",
            "nachname",
            "nomdefamille",
            "apellido",
            "apellidos",
            "cognome",
            "achternaam",
        ],
    ),
    (
        Column::Status,
        &[
            "emailstatus",
            "subscriptionstatus",
            "subscriberstatus",
            "emailsubscriberstatus",
            "emailsubscriptionstatus",
            "emailmarketingstatus",
            "emailpermissionstatus",
            "subscribertype",
            "liststatus",
            "globalstatus",
            "listenstatus",
            "globalerstatus",
            "statut",
            "statutdelaliste",
            "statutglobal",
            "estado",
            "estadodelalista",
            "estadoglobal",
            "stato",
            "statodellalista",
            "statoglobale",
        ],
    ),
    (
        Column::LeftAt,
        &[
            "unsubtime",
            "unsubscribed",
            "unsubscribedat",
            "unsubscribedon",
            "unsubscribetime",
            "unsubscribedate",
            "unsubscriptiondate",
            "dateunsubscribed",
            "optouttime",
            "optoutdate",
            "deletedat",
        ],
    ),
    (
        Column::CleanedAt,
        &[
            "cleantime",
            "cleanedat",
            "bounced",
            "bouncedat",
            "bouncedate",
            "hardbounced",
            "bounce",
            "hardbounce",
        ],
    ),
    (
        Column::Against,
        &[
            "optout",
            "unsubscribe",
            "isunsubscribed",
            "unsubscribedfromallemail",
            "donotemail",
            "donotmail",
            "suppressed",
        ],
    ),
    (
        Column::ComplainedAt,
        &["complained", "complainedat", "complaint", "complaints", "spam"],
    ),
    (
        Column::Disabled,
        &[
            "emaildisabled",
            "emailsdisabled",
            "optedout",
            "emailoptout",
            "unsubscribedfromemails",
        ],
    ),
    (
        Column::Receives,
        &["subscribedtoemails", "subscribed", "issubscribed", "emailsubscribed"],
    ),
    (
        Column::Blacklisted,
        &[
            "blacklisted",
            "emailblacklisted",
            "blocklisted",
            "emailblocklisted",
            "isblacklisted",
        ],
    ),
    (Column::Confirmed, &["confirmed", "isconfirmed", "emailconfirmed"]),
    (
        Column::AskedOn,
        &[
            "optintime",
            "optindate",
            "subscriptiontime",
            "subscriptiondate",
            "subscribedat",
            "subscribedon",
            "subscribedate",
            "datesubscribed",
            "signupdate",
            "signedupat",
            "dateadded",
            "startdate",
        ],
    ),
    (Column::AskedOn, &["createdat", "creationdate", "created", "createdon"]),
    (
        Column::ConfirmedOn,
        &["confirmtime", "confirmationtime", "confirmationdate", "confirmedon"],
    ),
    (Column::Network, &["optinip", "subscriptionip", "signupip", "ipaddress"]),
    (Column::Network, &["confirmip", "confirmationip"]),
    (Column::Tags, &["tags", "labels", "groups"]),
    (Column::Tags, &["list", "lists"]),
];

/// Parts of headings under which whoever has something in the cell is not to be mailed.
const SOUNDS_AGAINST: [&str; 8] = [
    "unsub",
    "optout",
    "donot",
    "bounce",
    "complain",
    "suppress",
    "blacklist",
    "blocklist",
];
/// Ends of headings under which everybody has something: the address that ends a subscription, its secret.
const OF_EVERYBODY: [&str; 7] = ["link", "links", "url", "uri", "token", "hash", "key"];

/// The column with this heading, without regard to case, blanks, `_` and `-`.
pub(super) fn of_heading(heading: &str) -> Option<Column> {
    let heading = plain(heading);
    let own = OWN
        .iter()
        .find(|(_, name)| plain(name) == heading)
        .map(|(column, _)| *column);
    let other = || OTHER.iter().find(|(_, names)| names.contains(&heading.as_str()));
    let own = own.or_else(|| other().map(|(column, _)| *column));
    own.or_else(|| sounds_against(&heading).then_some(Column::Against))
}

fn sounds_against(heading: &str) -> bool {
    SOUNDS_AGAINST.iter().any(|part| heading.contains(part)) && !OF_EVERYBODY.iter().any(|end| heading.ends_with(end))
}

/// A heading in lower case, with nothing but letters and digits.
pub(super) fn plain(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A cell as it is written: what a spreadsheet would take for a formula gets an apostrophe in front and quotes around.
pub(super) fn written(cell: &str) -> String {
    let guarded = if looks_like_formula(cell) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    let needs_quotes = guarded.starts_with('\'') || guarded.contains([',', '"', '\n', '\r']);
    if needs_quotes {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// The cell that [`written`] guarded.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => rest,
        _ => cell,
    }
}

/// Apostrophes in front count as part of a guarded cell, so that guarding can be undone without doubt.
fn looks_like_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_never_the_first_thing_in_a_cell_and_comes_back_whole() {
        for cell in [
            "=cmd()",
            "+1@example.org",
            "-x",
            "@sum",
            "'=x",
            "''+y",
            "\t=x",
            "plain",
            "'quoted'",
            "a,b\n\"c\"",
            "",
        ] {
            let line = written(cell);
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes());
            let read = reader
                .records()
                .next()
                .map_or_else(String::new, |record| record.unwrap()[0].to_owned());
            assert!(!read.starts_with(['=', '+', '-', '@']), "{line}");
            assert_eq!(unguarded(&read), cell);
        }
    }

    #[test]
    fn headings_are_known_in_any_dress() {
        assert_eq!(of_heading(" E-Mail "), Some(Column::Email));
        assert_eq!(of_heading("Email Address"), Some(Column::Email));
        assert_eq!(of_heading("UNSUB_TIME"), Some(Column::LeftAt));
        assert_eq!(of_heading("consent_text"), Some(Column::ConsentText));
        assert_eq!(of_heading("favourite colour"), None);
        assert_eq!(of_heading("Unsubscribed from all email"), Some(Column::Against));
        assert_eq!(of_heading("Reason of opt-out"), Some(Column::Against));
        assert_eq!(of_heading("Hard bounce"), Some(Column::CleanedAt));
        assert_eq!(of_heading("Spam"), Some(Column::ComplainedAt));
        assert_eq!(of_heading("unsubscribe_url"), None, "everybody has one");
    }
}
