//! `[mail.dkim]`: the keys that sign letters.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::problem::Wrong;
use super::secret::{Files, secret, warn_if_written_in_the_open};
use super::section::Section;
use super::value::{flag, host, some_time};
use crate::model::signing_key::{Algorithm, SigningKey};

/// `[mail.dkim]`
#[derive(Debug, Clone)]
pub struct Dkim {
    /// `d=`: the domain of `mail.from`, or one above it.
    pub domain: String,
    /// `false`: the relay signs for this domain, with `selector`.
    pub sign: bool,
    /// Where the key is published: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The keys that sign, RSA first; empty when the relay does it.
    pub keys: Vec<DkimKey>,
    /// How long a signature holds (`x=`); `None`: for ever.
    pub expires_after: Option<Duration>,
}

/// A key under its published name.
#[derive(Debug, Clone)]
pub struct DkimKey {
    /// Where it is published.
    pub selector: String,
    /// The key.
    pub key: Arc<SigningKey>,
}

const MAKE_ONE: &str =
    "make a key with `letterpress dkim new`, publish its record, and write the lines that it prints here";

/// Reads `[mail.dkim]`; `None` when no key is named in it.
pub(super) fn read(mut section: Section<'_>, from_domain: &str, files: &Files<'_>) -> Option<Dkim> {
    let sign = section.get("sign", flag).unwrap_or(true);
    let expires_after = section.get("expires_after", some_time);
    let domain = section
        .get("domain", host)
        .map_or_else(|| from_domain.to_owned(), |domain| domain.to_ascii_lowercase());
    if !is_same_or_above(&domain, from_domain) {
        let message = format!("is not the domain of `mail.from` ({from_domain}) nor above it");
        let remedy = "leave it out, or write a domain that DMARC can align";
        section.refuse("domain", Wrong::new(message, remedy));
    }
    let has_second = section.has("ed25519");
    let mut second = section.section("ed25519");
    let (selector, first) = read_key(&mut section, Algorithm::Rsa, sign, files);
    let mut keys: Vec<DkimKey> = first.into_iter().collect();
    if has_second {
        keys.extend(read_key(&mut second, Algorithm::Ed25519, sign, files).1);
    }
    second.close();
    section.close();
    Some(Dkim {
        domain,
        sign,
        selector: selector?,
        keys,
        expires_after,
    })
}

/// A selector and its key. Without a key letters would go out unsigned: that is refused, unless the relay signs.
fn read_key(
    section: &mut Section<'_>,
    wanted: Algorithm,
    sign: bool,
    files: &Files<'_>,
) -> (Option<String>, Option<DkimKey>) {
    let place = if section.has("key") { "key" } else { "key_file" };
    let has_key = section.has(place);
    let selector = section.get("selector", host);
    let pem: Option<SecretString> = secret(section, "key", "key_file", files);
    warn_if_written_in_the_open(section, "key", files);
    match (&selector, has_key) {
        (None, true) if !section.was_given("selector") => {
            section.refuse(place, Wrong::new("stands without a `selector`", MAKE_ONE));
        }
        (Some(_), false) if sign => section.refuse("selector", Wrong::new("stands without a `key_file`", MAKE_ONE)),
        _ => {}
    }
    let key = pem
        .filter(|_| sign)
        .and_then(|pem| usable(section, place, wanted, &pem));
    let named = selector.clone().zip(key);
    (selector, named.map(|(selector, key)| DkimKey { selector, key }))
}

fn usable(section: &Section<'_>, place: &str, wanted: Algorithm, pem: &SecretString) -> Option<Arc<SigningKey>> {
    let key = match SigningKey::read(pem.expose_secret()) {
        Ok(key) => key,
        Err(error) => {
            section.refuse(place, Wrong::new(error.to_string(), MAKE_ONE));
            return None;
        }
    };
    if key.algorithm() != wanted {
        let remedy = "an RSA key stands in [mail.dkim], an Ed25519 key beside it in [mail.dkim.ed25519]";
        section.refuse(place, Wrong::new("is a key of the other kind", remedy));
        return None;
    }
    if key.is_oversized() {
        let remedy = "use a key of 2048 bits: signing with this one takes many times as long";
        section.warn(place, Wrong::new("is longer than 4096 bits", remedy));
    }
    Some(Arc::new(key))
}

/// Whether DMARC aligns a signature of `domain` with a sender at `from` (RFC 9989, relaxed mode).
fn is_same_or_above(domain: &str, from: &str) -> bool {
    from == domain || from.ends_with(&format!(".{domain}"))
}
