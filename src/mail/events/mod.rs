//! What mail providers tell by webhook: is it theirs ([`authentic`]), and what does it say ([`read`]).
//!
//! Signatures are checked on the bytes as they came, before anything in them is read. An event names a letter by the
//! delivery token that we gave the provider with it; whatever else looks like a token is tried too, because each provider
//! puts it elsewhere and only our keys decide.

mod authentic;
mod read;
mod sns;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

pub use authentic::{Refusal, authentic};
pub use read::read;
pub(super) use read::read_mail;
pub use sns::{Notice, certificate_address, is_signed};

use super::report::Fate;
pub use crate::model::provider::Provider;

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    /// As it came.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// The first header of a name in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What makes a request authentic.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// Who is said to tell.
    pub provider: Provider,
    /// What only the two of us know, or the public key.
    pub secret: &'a SecretString,
    /// For the age of a signature.
    pub now: DateTime<Utc>,
}

/// One event about one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The provider's own id.
    pub id: String,
    /// Texts in it that may be a delivery token.
    pub words: Vec<String>,
    /// What became of the letter.
    pub fate: Fate,
}
