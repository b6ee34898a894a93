//! WebSub (W3C Recommendation of 23 January 2018): what a subscriber may ask of the hub, and for how long what was granted
//! holds.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use url::Url;

use super::clock::micros;

/// What a subscription gets that asks for no time of its own.
pub const USUAL_LEASE: Duration = Duration::from_hours(10 * 24);
/// Below this, subscribers would ask all day.
pub const SHORTEST_LEASE: Duration = Duration::from_hours(1);
/// Nothing is perpetual (§5.1).
pub const LONGEST_LEASE: Duration = Duration::from_hours(30 * 24);
/// How long more changes of a feed are waited for.
pub const SETTLE: Duration = Duration::from_secs(2);

/// Bytes of a secret: fewer than 200 (§5.1).
const SECRET_BELOW: usize = 200;
/// Bytes of a callback's address.
const LONGEST_CALLBACK: usize = 2_000;
/// Tries of a ping.
const PINGS: i64 = 5;
/// How long a document is tried to be delivered.
const DELIVER_WITHIN: Duration = Duration::from_hours(24);
const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// What a subscriber signs with; never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To be told of new bytes from now on.
    Subscribe {
        /// For how long, in seconds; the hub decides.
        lease: Option<u64>,
        /// What each document is to be signed with.
        secret: Option<Secret>,
    },
    /// Not to be told any more.
    Unsubscribe,
}

/// A request to the hub (§5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where documents are to be sent.
    pub callback: Url,
    /// The address of a feed, as it was written.
    pub topic: String,
    /// What is asked for.
    pub wish: Wish,
}

/// What is wrong with a request, in a sentence for whoever wrote the subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Mistake(pub &'static str);

impl Request {
    /// Reads the fields of a form. The first one of a name counts; unknown ones are ignored (§5.1).
    pub fn read<K, V>(fields: impl IntoIterator<Item = (K, V)>) -> Result<Self, Mistake>
    where
        K: AsRef<str>,
        V: Into<String>,
    {
        let (mut callback, mut mode, mut topic, mut lease, mut secret) = (None, None, None, None, None);
        for (name, value) in fields {
            let place = match name.as_ref() {
                "hub.callback" => &mut callback,
                "hub.mode" => &mut mode,
                "hub.topic" => &mut topic,
                "hub.lease_seconds" => &mut lease,
                "hub.secret" => &mut secret,
                _ => continue,
            };
            let value: String = value.into();
            // A field that is sent empty is one that was left out.
            if place.is_none() && !value.is_empty() {
                *place = Some(value);
            }
        }
        let mode = mode.ok_or(Mistake("hub.mode is missing: send subscribe or unsubscribe."))?;
        let wish = match mode.as_str() {
            "subscribe" => Wish::Subscribe {
                lease: lease.map(|text| seconds(&text)).transpose()?,
                secret: secret.map(checked_secret).transpose()?,
            },
            "unsubscribe" => Wish::Unsubscribe,
            _ => return Err(Mistake("hub.mode is neither subscribe nor unsubscribe.")),
        };
        let callback = callback.ok_or(Mistake("hub.callback is missing: send the address to call."))?;
        Ok(Self {
            callback: checked_callback(&callback)?,
            topic: topic.ok_or(Mistake("hub.topic is missing: send the address of a feed."))?,
            wish,
        })
    }
}

fn seconds(text: &str) -> Result<u64, Mistake> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than the type holds is more than anybody gets.
        Ok(text.parse().unwrap_or(u64::MAX))
    } else {
        Err(Mistake("hub.lease_seconds is not a whole number of seconds."))
    }
}

fn checked_secret(secret: String) -> Result<Secret, Mistake> {
    if secret.len() < SECRET_BELOW {
        Ok(Secret(secret))
    } else {
        Err(Mistake("hub.secret has 200 bytes or more."))
    }
}

fn checked_callback(text: &str) -> Result<Url, Mistake> {
    if text.len() > LONGEST_CALLBACK {
        return Err(Mistake("hub.callback has more than 2000 bytes."));
    }
    let url = Url::parse(text).map_err(|_| Mistake("hub.callback is not an absolute address."))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(Mistake("hub.callback is not an http or https address."));
    }
    if url.fragment().is_some() {
        return Err(Mistake("hub.callback has a fragment, which no server is sent."));
    }
    Ok(url)
}

/// How long a subscription holds: what was asked for, within what the hub grants.
pub fn granted(asked: Option<u64>, usual: Duration) -> Duration {
    asked
        .map_or(usual, Duration::from_secs)
        .clamp(SHORTEST_LEASE, LONGEST_LEASE)
}

/// The callback with a question for it: what stands in its query stays (§5.3).
pub fn question(callback: &Url, fields: &[(&str, &str)]) -> Url {
    let mut url = callback.clone();
    url.query_pairs_mut().extend_pairs(fields);
    url
}

/// How a document is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// HMAC with SHA-256.
    Sha256,
    /// HMAC with SHA-1, for subscribers that know nothing else.
    Sha1,
}

impl Signature {
    /// The value of `X-Hub-Signature` (§7.1).
    pub fn of(self, secret: &[u8], body: &[u8]) -> String {
        let (name, algorithm) = match self {
            Self::Sha256 => ("sha256", hmac::HMAC_SHA256),
            Self::Sha1 => ("sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, secret), body);
        format!("{name}={}", HEXLOWER.encode(tag.as_ref()))
    }
}

/// Something that is to be asked or told outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whether a callback wants to be subscribed.
    Subscribe,
    /// Whether a callback wants to be left alone.
    Unsubscribe,
    /// A document for a subscriber.
    Deliver,
    /// That a feed has new bytes, for an outside hub.
    Ping,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Subscribe, Self::Unsubscribe, Self::Deliver, Self::Ping];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Deliver => "deliver",
            Self::Ping => "ping",
        }
    }

    /// The word of the database, back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// When it is tried again after `failed` tries; `None` when it was tried long enough. Times in microseconds.
    ///
    /// A callback is asked once: whoever missed the question asks the hub again.
    pub fn again_at(self, failed: i64, queued_at: i64, now: i64) -> Option<i64> {
        let doublings = u32::try_from(failed.clamp(1, 16) - 1).unwrap_or(0);
        let pause = FIRST_PAUSE.saturating_mul(1 << doublings);
        match self {
            Self::Subscribe | Self::Unsubscribe => None,
            Self::Ping => (failed < PINGS).then(|| now + micros(pause)),
            Self::Deliver => {
                let next = now + micros(pause.min(LONGEST_PAUSE));
                (next <= queued_at + micros(DELIVER_WITHIN)).then_some(next)
            }
        }
    }
}

/// What a callback (or hub) and a topic are known by: 26 characters.
pub fn pair_key(target: &str, topic: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&target.len().to_le_bytes());
    context.update(target.as_bytes());
    context.update(topic.as_bytes());
    BASE32_NOPAD.encode(&context.finish().as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: [(&str, &str); 3] = [
        ("hub.callback", "https://reader.example/in?who=7"),
        ("hub.mode", "subscribe"),
        ("hub.topic", "https://letters.example.org/rss.xml"),
    ];

    fn with(name: &'static str, value: &str) -> Result<Request, Mistake> {
        let mut fields: Vec<(&str, &str)> = GOOD.into_iter().filter(|(known, _)| *known != name).collect();
        fields.push((name, value));
        Request::read(fields)
    }

    #[test]
    fn a_subscriber_that_asks_rightly_is_understood_and_what_is_unknown_is_ignored() {
        let request = Request::read(GOOD).unwrap();
        assert_eq!(request.callback.as_str(), "https://reader.example/in?who=7");
        let plain = Wish::Subscribe {
            lease: None,
            secret: None,
        };
        assert_eq!(request.wish, plain);
        assert_eq!(with("hub.verify", "async").unwrap().wish, plain);
        assert_eq!(with("hub.lease_seconds", "").unwrap().wish, plain);
        assert_eq!(with("hub.secret", "").unwrap().wish, plain);
        assert_eq!(with("hub.mode", "unsubscribe").unwrap().wish, Wish::Unsubscribe);
        let Wish::Subscribe { lease, secret } = with("hub.secret", &"s".repeat(199)).unwrap().wish else {
            panic!("it subscribes");
        };
        assert_eq!((lease, secret.as_ref().unwrap().bytes().len()), (None, 199));
        assert_eq!(format!("{secret:?}"), "Some(Secret(…))");
    }

    #[test]
    fn a_subscriber_that_asks_wrongly_reads_what_is_wrong() {
        for (name, value, word) in [
            ("hub.mode", "", "hub.mode"),
            ("hub.mode", "publish", "hub.mode"),
            ("hub.topic", "", "hub.topic"),
            ("hub.callback", "", "hub.callback"),
            ("hub.callback", "/in", "absolute"),
            ("hub.callback", "ftp://reader.example/", "http"),
            ("hub.callback", "javascript:alert(1)", "http"),
            ("hub.callback", "https://reader.example/#a", "fragment"),
            ("hub.lease_seconds", "-1", "lease_seconds"),
            ("hub.lease_seconds", "1.5", "lease_seconds"),
            ("hub.lease_seconds", "forever", "lease_seconds"),
        ] {
            let mistake = with(name, value).unwrap_err();
            assert!(mistake.0.contains(word), "{name}={value}: {mistake}");
        }
        assert!(with("hub.secret", &"s".repeat(200)).is_err());
        let long = format!("https://reader.example/{}", "a".repeat(2_000));
        assert!(with("hub.callback", &long).is_err());
    }

    #[test]
    fn no_subscription_is_for_ever_and_none_for_a_moment() {
        let hours = |asked| granted(asked, USUAL_LEASE).as_secs() / 3_600;
        assert_eq!(hours(None), 240);
        assert_eq!(hours(Some(86_400)), 24);
        assert_eq!(hours(Some(0)), 1);
        assert_eq!(hours(Some(u64::MAX)), 720);
    }

    #[test]
    fn a_question_keeps_what_stood_in_the_callback() {
        let asked = |callback: &str| {
            question(
                &Url::parse(callback).unwrap(),
                &[("hub.mode", "denied"), ("a", "x y&z")],
            )
        };
        assert_eq!(
            asked("https://r.example/in?who=7&x=%2F").as_str(),
            "https://r.example/in?who=7&x=%2F&hub.mode=denied&a=x+y%26z"
        );
        assert_eq!(
            asked("https://r.example/in").as_str(),
            "https://r.example/in?hub.mode=denied&a=x+y%26z"
        );
    }

    #[test]
    fn a_document_is_signed_as_rfc_4231_and_rfc_2202_have_it() {
        let (key, data) = (b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            Signature::Sha256.of(key, data),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            Signature::Sha1.of(key, data),
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
    }

    #[test]
    fn pauses_grow_and_end() {
        let minute = 60_000_000;
        let pauses: Vec<i64> = (1..=5).map_while(|failed| Kind::Ping.again_at(failed, 0, 0)).collect();
        assert_eq!(pauses, [minute, 2 * minute, 4 * minute, 8 * minute]);
        let (mut now, mut tries) = (0, 1);
        while let Some(next) = Kind::Deliver.again_at(tries, 0, now) {
            assert!(next - now <= 60 * minute && next > now);
            (now, tries) = (next, tries + 1);
        }
        assert!(now > 23 * 60 * minute && now <= 24 * 60 * minute, "{now}");
        assert_eq!(Kind::Subscribe.again_at(1, 0, 0), None);
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_sends_is_survived(body in prop::collection::vec(any::<u8>(), 0..400), callback in "https?://\\PC{1,40}") {
            let fields = url::form_urlencoded::parse(&body).into_owned();
            let named = GOOD.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().skip(1);
            let request = Request::read(fields.chain([("hub.callback".to_owned(), callback)]).chain(named));
            if let Ok(request) = request {
                let asked = question(&request.callback, &[("hub.challenge", "x")]);
                prop_assert_eq!(asked.origin(), request.callback.origin());
                prop_assert!(asked.query().is_some_and(|query| query.ends_with("hub.challenge=x")));
            }
        }
    }

    #[test]
    fn two_pairs_have_two_keys() {
        assert_ne!(pair_key("ab", "c"), pair_key("a", "bc"));
        assert_eq!(pair_key("a", "b").len(), 26);
    }
}
