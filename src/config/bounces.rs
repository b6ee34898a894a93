//! `[bounces]`: where returned letters go.

use super::problem::Wrong;
use super::section::Section;
use super::value::{email, host};
use crate::model::address::{AddressError, EmailAddress};

/// Where returned letters go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounces {
    /// Back to `mail.from`: reports do not say whose letter it was.
    Sender,
    /// To a domain of their own, every address of which is ours: `b.WORD@DOMAIN`.
    Domain(String),
    /// To one mailbox that takes sub-addresses: `bounces+WORD@DOMAIN`.
    Mailbox(EmailAddress),
}

impl Bounces {
    /// The return path of a letter that is known by `word`.
    ///
    /// # Errors
    /// When the mailbox's name leaves no room for the word.
    pub fn return_path(&self, sender: &EmailAddress, word: &str) -> Result<EmailAddress, AddressError> {
        match self {
            Self::Sender => Ok(sender.clone()),
            Self::Domain(domain) => EmailAddress::parse(&format!("b.{word}@{domain}")),
            Self::Mailbox(mailbox) => {
                EmailAddress::parse(&format!("{}+{word}@{}", mailbox.local_part(), mailbox.domain()))
            }
        }
    }
}

/// Longest local part that leaves room for `+` and a word in 64 octets.
const ROOM: usize = 64 - 39;

/// Reads `[bounces]`.
pub(super) fn read(mut section: Section<'_>) -> Bounces {
    if section.has("domain") && section.has("mailbox") {
        section.refuse("mailbox", Wrong::new("stands beside `domain`", "keep one of the two"));
    }
    let domain = section.get("domain", host).map(|domain| domain.to_ascii_lowercase());
    let mailbox = section.get("mailbox", |value| {
        let mailbox = email(value)?;
        if mailbox.local_part().len() > ROOM {
            let message =
                format!("has more than {ROOM} characters before the @, which leaves no room for whose letter it was");
            return Err(Wrong::new(
                message,
                "choose a shorter name, such as bounces@example.org",
            ));
        }
        Ok(mailbox)
    });
    section.close();
    match (domain, mailbox) {
        (Some(domain), _) => Bounces::Domain(domain),
        (None, Some(mailbox)) => Bounces::Mailbox(mailbox),
        (None, None) => Bounces::Sender,
    }
}
