//! Whose letter a report is about: words of the mail held against our keys (BO1, B8).

use crate::app::App;
use crate::mail::report::Traces;
use crate::model::address::EmailAddress;
use crate::model::token::{Purpose, code_of};
use crate::store::{Conn, StoreError, bounces, subscribers};

/// How we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The address that the report came to, or the letter came from.
    ReturnPath,
    /// ENVID or `X-Letterpress-Delivery`.
    Token,
    /// The Message-ID of the letter.
    MessageId,
}

impl Proof {
    /// In reports and JSON.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::ReturnPath => "return path",
            Self::Token => "delivery token",
            Self::MessageId => "message id",
        }
    }
}

/// A letter that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) proof: Proof,
    pub(super) subscriber: i64,
    /// `None`: a letter outside any issue, or an issue that is not known any more.
    pub(super) issue: Option<String>,
}

/// The letter that a mail is about, if its words carry our MAC.
pub(super) async fn letter(app: &App, conn: &mut Conn, traces: &Traces) -> Result<Option<Letter>, StoreError> {
    let by_path = traces.return_words.iter().find_map(|word| app.keys.open_return(word));
    let by_token = || traces.tokens.iter().find_map(|token| open_token(app, token));
    let (proof, (issue, subscriber)) = match (by_path, by_token()) {
        (Some(numbers), _) => (Proof::ReturnPath, numbers),
        (None, Some(numbers)) => (Proof::Token, numbers),
        (None, None) => return by_message_id(app, conn, traces).await,
    };
    let Ok(subscriber) = i64::try_from(subscriber) else {
        return Ok(None);
    };
    Ok(Some(Letter {
        proof,
        subscriber,
        issue: issue_of(conn, subscriber, issue).await?,
    }))
}

/// Issue code and subscriber of a delivery token.
pub(super) fn open_token(app: &App, token: &str) -> Option<(u64, u64)> {
    match app.keys.open(Purpose::Delivery, token)?[..] {
        [issue, subscriber] => Some((issue, subscriber)),
        _ => None,
    }
}

/// The issue of a code, among those that the person was sent.
pub(super) async fn issue_of(conn: &mut Conn, subscriber: i64, code: u64) -> Result<Option<String>, StoreError> {
    let letters = bounces::letters(conn, subscriber).await?;
    Ok(letters
        .into_iter()
        .map(|letter| letter.0)
        .find(|issue| code_of(issue) == code))
}

/// A Message-ID names nobody by itself, but it must be the one of a letter to somebody whose address the report tells.
async fn by_message_id(app: &App, conn: &mut Conn, traces: &Traces) -> Result<Option<Letter>, StoreError> {
    if traces.message_words.is_empty() {
        return Ok(None);
    }
    for recipient in &traces.recipients {
        let Ok(address) = EmailAddress::parse(recipient) else {
            continue;
        };
        let key = app.keys.address_key(&address.comparison_form());
        let Some(person) = subscribers::by_key(conn, &key).await? else {
            continue;
        };
        let found = |what: &str| traces.message_words.contains(&app.keys.message_word(what, person.id));
        let letter = |issue| Letter {
            proof: Proof::MessageId,
            subscriber: person.id,
            issue,
        };
        for (issue, ..) in bounces::letters(conn, person.id).await? {
            if found(&issue) {
                return Ok(Some(letter(Some(issue))));
            }
        }
        for notice in bounces::notices(conn, person.id).await? {
            if found(&format!("notice {notice}")) {
                return Ok(Some(letter(None)));
            }
        }
    }
    Ok(None)
}
