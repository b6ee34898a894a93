//! What names a letter and its list for ever: Message-ID and List-Id.

use std::fmt::{self, Write as _};

use super::address::{AddressError, DisplayName};

/// A Message-ID (RFC 5322 §3.6.4): a word that stays the same over all attempts, and the From domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId {
    left: String,
    domain: String,
}

impl MessageId {
    /// `left`: 1 to 64 letters, digits, `-` and `_` (it names the outbox file too); `domain`: an ASCII domain name.
    pub fn new(left: &str, domain: &str) -> Result<Self, AddressError> {
        let left_fits =
            (1..=64).contains(&left.len()) && left.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !left_fits {
            return Err(AddressError::Syntax);
        }
        check_host_like(domain)?;
        Ok(Self {
            left: left.to_owned(),
            domain: domain.to_owned(),
        })
    }

    /// The part before the `@`.
    pub fn left(&self) -> &str {
        &self.left
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}@{}>", self.left, self.domain)
    }
}

fn check_host_like(text: &str) -> Result<(), AddressError> {
    let labels_fit = text
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    if labels_fit && text.len() <= 253 {
        Ok(())
    } else {
        Err(AddressError::Domain)
    }
}

/// A List-Id (RFC 2919 §3): `Name <notes.example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListId {
    name: Option<DisplayName>,
    id: String,
}

impl ListId {
    /// The identifier never changes over the life of a newsletter; the name may.
    pub fn new(name: Option<DisplayName>, newsletter: &str, domain: &str) -> Result<Self, AddressError> {
        let mut id = String::new();
        let _ = write!(id, "{newsletter}.{domain}");
        check_host_like(&id)?;
        Ok(Self { name, id })
    }

    /// The newsletter's name.
    pub fn name(&self) -> Option<&DisplayName> {
        self.name.as_ref()
    }

    /// The part in angle brackets.
    pub fn id(&self) -> &str {
        &self.id
    }
}
