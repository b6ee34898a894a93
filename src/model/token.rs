//! Signed words for links: who may do what, without a row in the database (`subscribers-and-security.md` 7).
//!
//! A token is one path segment of base64url: version, key number, purpose, numbers as varints, and 128 bits of
//! HMAC-SHA-256 over all before it, with a key derived (HKDF, RFC 5869) for that purpose. It holds no address, no name,
//! no topic. Tokens are checked before any database is asked.

use std::net::IpAddr;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, digest, hkdf, hmac};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};

use super::clock::Chance;
use super::network::household;

const VERSION: u8 = 1;
const MAC: usize = 16;
/// Bytes of the MAC in a return path: 8 characters.
const RETURN_MAC: usize = 5;
/// Longest token that is looked at, in characters.
const LONGEST: usize = 100;

/// What a token is good for. One of one purpose is refused for every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Confirms a sign-up: `[subscriber, newsletter code, schedule code, token epoch, expiry in seconds]`.
    Confirm,
    /// Ends a subscription, for ever: `[subscriber, newsletter code]`.
    Leave,
    /// Opens the preferences: `[subscriber, newsletter code, token epoch]`.
    Preferences,
    /// Takes back a leave: `[subscriber, newsletter code, expiry in seconds]`.
    Undo,
    /// Rates an article of a letter: `[subscriber, issue (two halves), variant, place]`.
    Feedback,
    /// Names a delivery in events: `[issue code, subscriber]`.
    Delivery,
    /// Names a delivery in its return path (VERP): `[issue code, subscriber]`.
    Return,
    /// Rates an article on its own page, by anybody: `[article (two halves)]`.
    PublicFeedback,
    /// Opens a person's data, for an hour: `[subscriber, newsletter code, token epoch, expiry in seconds]`.
    Fresh,
    /// Puts a new address in the place of the old one: `[subscriber, notice, token epoch, expiry in seconds]`.
    NewAddress,
    /// Opens a person's own feed: `[subscriber, token epoch]`.
    OwnFeed,
}

impl Purpose {
    const ALL: [Self; 11] = [
        Self::Confirm,
        Self::Leave,
        Self::Preferences,
        Self::Undo,
        Self::Feedback,
        Self::Delivery,
        Self::Return,
        Self::PublicFeedback,
        Self::Fresh,
        Self::NewAddress,
        Self::OwnFeed,
    ];

    fn byte(self) -> u8 {
        match self {
            Self::Confirm => 1,
            Self::Leave => 2,
            Self::Preferences => 3,
            Self::Undo => 4,
            Self::Feedback => 5,
            Self::Delivery => 6,
            Self::Return => 7,
            Self::PublicFeedback => 8,
            Self::Fresh => 9,
            Self::NewAddress => 10,
            Self::OwnFeed => 11,
        }
    }
}

/// The number that stands for a newsletter (or an issue or article) in a token: 40 bits of its id's hash.
pub fn code_of(id: &str) -> u64 {
    let hash = digest::digest(&digest::SHA256, id.as_bytes());
    hash.as_ref()[..5]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A key file that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is not `NAME BASE32` as Letterpress wrote it, or a key is missing")]
pub struct KeyFileError(usize);

/// The keys of one installation: they sign links, find addresses and name letters. Losing them breaks every link in
/// letters already sent and forgets who must not be mailed.
pub struct KeyRing {
    /// The newest last: it signs, the others only verify.
    signing: Vec<SigningKey>,
    address: [u8; 32],
    message: [u8; 32],
}

/// A key of the ring, and what is derived from it for each purpose: every letter needs several of these.
struct SigningKey {
    number: u8,
    key: [u8; 32],
    derived: [hmac::Key; Purpose::ALL.len()],
}

impl SigningKey {
    fn new(number: u8, key: [u8; 32]) -> Self {
        Self {
            number,
            key,
            derived: Purpose::ALL.map(|purpose| derived(&key, purpose)),
        }
    }

    fn mac(&self, purpose: Purpose, body: &[u8]) -> [u8; MAC] {
        let place = usize::from(purpose.byte()) - 1;
        let tag = hmac::sign(&self.derived[place], body);
        let mut short = [0; MAC];
        short.copy_from_slice(&tag.as_ref()[..MAC]);
        short
    }
}

/// Never shows a key.
impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing({} signing keys)", self.signing.len())
    }
}

impl KeyRing {
    /// Draws new keys.
    pub fn generate(chance: &dyn Chance) -> Self {
        let draw = || {
            let mut key = [0; 32];
            chance.fill(&mut key);
            key
        };
        Self {
            signing: vec![SigningKey::new(1, draw())],
            address: draw(),
            message: draw(),
        }
    }

    /// Reads what [`KeyRing::write`] wrote.
    pub fn read(text: &str) -> Result<Self, KeyFileError> {
        let (mut signing, mut address, mut message) = (Vec::new(), None, None);
        let lines = text.lines().map(str::trim).enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let fail = KeyFileError(at + 1);
            let (name, key) = line.rsplit_once(' ').ok_or(fail)?;
            let bytes = BASE32_NOPAD.decode(key.as_bytes()).map_err(|_| fail)?;
            let key: [u8; 32] = bytes.try_into().map_err(|_| fail)?;
            match name.split_once(' ') {
                Some(("sign", number)) => signing.push(SigningKey::new(number.parse().map_err(|_| fail)?, key)),
                None if name == "address" => address = Some(key),
                None if name == "message" => message = Some(key),
                _ => return Err(fail),
            }
        }
        let fail = KeyFileError(text.lines().count());
        if signing.is_empty() {
            return Err(fail);
        }
        Ok(Self {
            signing,
            address: address.ok_or(fail)?,
            message: message.ok_or(fail)?,
        })
    }

    /// The key file: the one thing to keep beside a backup of the database.
    pub fn write(&self) -> String {
        let mut text = "# Keys of this Letterpress. Keep a copy with every backup; show it to nobody.\n".to_owned();
        let mut line = |name: &str, key: &[u8; 32]| {
            text.push_str(&format!("{name} {}\n", BASE32_NOPAD.encode(key)));
        };
        for SigningKey { number, key, .. } in &self.signing {
            line(&format!("sign {number}"), key);
        }
        line("address", &self.address);
        line("message", &self.message);
        text
    }

    fn newest(&self) -> &SigningKey {
        self.signing.last().expect("a ring is never made without a signing key")
    }

    fn numbered(&self, number: u8) -> Option<&SigningKey> {
        self.signing.iter().find(|known| known.number == number)
    }

    /// Signs `numbers` for a purpose.
    pub fn sign(&self, purpose: Purpose, numbers: &[u64]) -> String {
        let key = self.newest();
        let mut bytes = vec![VERSION, key.number, purpose.byte()];
        for number in numbers {
            push_varint(*number, &mut bytes);
        }
        let tag = key.mac(purpose, &bytes);
        bytes.extend_from_slice(&tag);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The numbers of a token that was signed here for this purpose; `None` for any other text.
    pub fn open(&self, purpose: Purpose, token: &str) -> Option<Vec<u64>> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (body, tag) = bytes.split_at_checked(bytes.len().checked_sub(MAC)?)?;
        let [VERSION, number, kind, rest @ ..] = body else {
            return None;
        };
        let key = self.numbered(*number)?;
        let fits = constant_time::verify_slices_are_equal(&key.mac(purpose, body), tag).is_ok();
        (fits && *kind == purpose.byte()).then(|| read_varints(rest)).flatten()
    }

    /// The left part of a return path: as [`KeyRing::sign`], but short, because it has 64 octets (RFC 5321 §4.5.3.1.1),
    /// and in base32, because relays fold case. Its 40 bits of MAC keep strangers from forging a bounce.
    pub fn return_word(&self, issue_code: u64, subscriber: u64) -> String {
        let key = self.newest();
        let mut bytes = vec![key.number];
        push_varint(issue_code, &mut bytes);
        push_varint(subscriber, &mut bytes);
        let tag = key.mac(Purpose::Return, &bytes);
        let word = |bytes: &[u8]| BASE32_NOPAD.encode(bytes).to_lowercase();
        format!("{}.{}", word(&bytes), word(&tag[..RETURN_MAC]))
    }

    /// The issue code and the subscriber of a [`KeyRing::return_word`] that was made here.
    pub fn open_return(&self, word: &str) -> Option<(u64, u64)> {
        if word.len() > LONGEST {
            return None;
        }
        let (body, tag) = word.split_once('.')?;
        let read = |text: &str| BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok();
        let (body, tag) = (read(body)?, read(tag)?);
        let key = self.numbered(*body.first()?)?;
        constant_time::verify_slices_are_equal(&key.mac(Purpose::Return, &body)[..RETURN_MAC], &tag).ok()?;
        match read_varints(&body[1..])?[..] {
            [issue_code, subscriber] => Some((issue_code, subscriber)),
            _ => None,
        }
    }

    /// Seals bytes for the database (AES-256-GCM): only this ring opens them, and only beside the same `label`.
    pub fn seal(&self, chance: &dyn Chance, label: &str, plain: &[u8]) -> Vec<u8> {
        let key = self.newest();
        let mut nonce = [0; NONCE_LEN];
        chance.fill(&mut nonce);
        let mut sealed = plain.to_vec();
        sealing(&key.key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(label.as_bytes()),
                &mut sealed,
            )
            .expect("what is sealed is far below the limit of the cipher");
        [&[VERSION, key.number], nonce.as_slice(), &sealed].concat()
    }

    /// What [`KeyRing::seal`] sealed; `None` for anything else, and when its key is lost.
    pub fn unseal(&self, label: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let [VERSION, number, rest @ ..] = sealed else {
            return None;
        };
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut plain = text.to_vec();
        let opened = sealing(&self.numbered(*number)?.key)
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(label.as_bytes()),
                &mut plain,
            )
            .ok()?;
        Some(opened.to_vec())
    }

    /// What an address is known by where the address itself is not kept; never rotates.
    pub fn address_key(&self, comparison_form: &str) -> Vec<u8> {
        tag_of(&self.address, comparison_form.as_bytes()).as_ref()[..16].to_vec()
    }

    /// Who shares an address, in a word that a stolen database does not give away: for the scopes of budgets.
    pub fn household_word(&self, address: IpAddr) -> String {
        HEXLOWER.encode(&self.address_key(&format!("network {}", household(address))))
    }

    /// The left part of a Message-ID: 26 characters, the same for every attempt of one letter.
    pub fn message_word(&self, issue_id: &str, subscriber_id: i64) -> String {
        let tag = tag_of(&self.message, format!("{issue_id}/{subscriber_id}").as_bytes());
        BASE32_NOPAD.encode(&tag.as_ref()[..16]).to_lowercase()
    }
}

/// A token as a word that survives relays which fold case: base32, lower case. `None` for what is no token.
pub fn folded(token: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    Some(BASE32_NOPAD.encode(&bytes).to_lowercase())
}

/// The token of a [`folded`] word.
pub fn unfolded(word: &str) -> Option<String> {
    if word.len() > LONGEST * 2 {
        return None;
    }
    let bytes = BASE32_NOPAD.decode(word.to_ascii_uppercase().as_bytes()).ok()?;
    Some(BASE64URL_NOPAD.encode(&bytes))
}

fn tag_of(key: &[u8; 32], data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
}

fn derived(key: &[u8; 32], purpose: Purpose) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &expanded(key, b"letterpress link", purpose.byte()))
}

fn sealing(key: &[u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, &expanded(key, b"letterpress seal", VERSION));
    LessSafeKey::new(key.expect("32 bytes are the length of its keys"))
}

fn expanded(key: &[u8; 32], salt: &[u8], info: u8) -> [u8; 32] {
    let mut derived = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(key)
        .expand(&[&[info]], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut derived))
        .expect("32 bytes are always within what HKDF can give");
    derived
}

fn push_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7F).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

fn read_varints(bytes: &[u8]) -> Option<Vec<u64>> {
    let (mut numbers, mut number, mut shift) = (Vec::new(), 0_u64, 0);
    for byte in bytes {
        if shift > 63 {
            return None;
        }
        number |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(number);
            (number, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::clock::SeededChance;

    fn ring() -> KeyRing {
        KeyRing::generate(&SeededChance::new(7))
    }

    #[test]
    fn a_link_for_one_thing_opens_nothing_else() {
        for made in Purpose::ALL {
            for asked in Purpose::ALL {
                let token = ring().sign(made, &[7, 1 << 40]);
                assert_eq!(
                    ring().open(asked, &token).is_some(),
                    made == asked,
                    "{made:?} as {asked:?}"
                );
            }
        }
    }

    #[test]
    fn a_link_with_one_bit_turned_is_refused() {
        let token = ring().sign(Purpose::Leave, &[12_345, code_of("notes")]);
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert!(
                ring().open(Purpose::Leave, &BASE64URL_NOPAD.encode(&turned)).is_none(),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_link_survives_a_relay_that_folds_case() {
        let token = ring().sign(Purpose::Leave, &[12_345, code_of("notes")]);
        let word = folded(&token).unwrap();
        assert!(word.len() + "unsubscribe+".len() <= 64, "{word}");
        assert_eq!(unfolded(&word.to_uppercase()).as_deref(), Some(token.as_str()));
        assert_eq!(unfolded("no token!"), None);
    }

    #[test]
    fn a_key_file_is_read_as_it_was_written() {
        let read = KeyRing::read(&ring().write()).unwrap();
        let token = ring().sign(Purpose::Preferences, &[1, 2, 3]);
        assert_eq!(read.open(Purpose::Preferences, &token), Some(vec![1, 2, 3]));
        assert_eq!(read.address_key("a@example.org"), ring().address_key("a@example.org"));
        assert_eq!(read.message_word("X", 1), ring().message_word("X", 1));
        assert!(KeyRing::read("sign 1 short\n").is_err() && KeyRing::read("").is_err());
    }

    #[test]
    fn a_bounce_tells_whose_letter_it_was_and_a_forged_one_tells_nothing() {
        let word = ring().return_word(code_of("01ARZ3NDEKTSV4RRFFQ69G5FAV"), 1 << 40);
        assert!(word.len() <= 38, "{word}");
        assert!(
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.')
        );
        let known = Some((code_of("01ARZ3NDEKTSV4RRFFQ69G5FAV"), 1 << 40));
        assert_eq!(ring().open_return(&word), known);
        assert_eq!(ring().open_return(&word.to_uppercase()), known, "relays fold case");
        let other = KeyRing::generate(&SeededChance::new(8));
        assert_eq!(other.open_return(&word), None);
        for at in 0..word.len() {
            let turned = if word.as_bytes()[at] == b'a' { "b" } else { "a" };
            let forged = format!("{}{turned}{}", &word[..at], &word[at + 1..]);
            assert_eq!(ring().open_return(&forged), None, "{forged}");
        }
    }

    #[test]
    fn a_secret_in_a_stolen_database_says_nothing_and_opens_in_its_own_place_only() {
        let chance = SeededChance::new(9);
        let sealed = ring().seal(&chance, "reader", b"their secret");
        assert!(!sealed.windows(6).any(|six| six == b"secret"));
        assert_eq!(
            ring().unseal("reader", &sealed).as_deref(),
            Some(b"their secret".as_slice())
        );
        assert_eq!(ring().unseal("another", &sealed), None);
        assert_eq!(KeyRing::generate(&SeededChance::new(8)).unseal("reader", &sealed), None);
        assert_ne!(ring().seal(&chance, "reader", b"their secret"), sealed);
        for at in 0..sealed.len() {
            let mut turned = sealed.clone();
            turned[at] ^= 1;
            assert_eq!(ring().unseal("reader", &turned), None, "byte {at}");
            assert_eq!(ring().unseal("reader", &sealed[..at]), None, "{at} bytes");
        }
    }

    proptest! {
        #[test]
        fn any_numbers_come_back_and_any_text_is_survived(numbers in prop::collection::vec(any::<u64>(), 0..4), text in any::<String>()) {
            let token = ring().sign(Purpose::Confirm, &numbers);
            prop_assert!(token.len() <= LONGEST);
            prop_assert_eq!(ring().open(Purpose::Confirm, &token), Some(numbers));
            prop_assert!(ring().open(Purpose::Confirm, &text).is_none());
            prop_assert!(ring().open_return(&text).is_none());
        }
    }
}
