//! `[feeds.websub]`: who is told at once that a feed has something new.

use std::time::Duration;

use config::Value;

use super::problem::Wrong;
use super::section::Section;
use super::value::{Read, duration, flag, list, one_of, text, web_address};
use crate::model::feed_url::FeedUrl;
use crate::model::reach::Range;
use crate::model::websub::{LONGEST_LEASE, SHORTEST_LEASE, Signature, USUAL_LEASE};

/// `[feeds.websub]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSub {
    /// Outside hubs: feeds announce them, and they are pinged.
    pub hubs: Vec<FeedUrl>,
    /// There is a hub at `/websub`; default true.
    pub builtin: bool,
    /// How long a subscription holds that asks for no time of its own; default 10 days.
    pub lease: Duration,
    /// How documents are signed for subscribers with a secret; default SHA-256.
    pub signature: Signature,
    /// Networks of one's own in which callbacks may be.
    pub allow_private: Vec<Range>,
}

impl Default for WebSub {
    fn default() -> Self {
        Self {
            hubs: Vec::new(),
            builtin: true,
            lease: USUAL_LEASE,
            signature: Signature::Sha256,
            allow_private: Vec::new(),
        }
    }
}

/// `signature`: what may be written for it.
const SIGNATURES: &[(&str, Signature)] = &[("sha256", Signature::Sha256), ("sha1", Signature::Sha1)];

/// Reads `[feeds.websub]`; `is_out_of_reach` where nobody could ask a hub of our own.
pub(super) fn read(mut section: Section<'_>, is_out_of_reach: bool) -> WebSub {
    let usual = WebSub::default();
    let websub = WebSub {
        hubs: section.get("hubs", list(hub)).unwrap_or_default(),
        builtin: section.get("builtin", flag).unwrap_or(usual.builtin),
        lease: section.get("lease", lease).unwrap_or(usual.lease),
        signature: section.get("signature", one_of(SIGNATURES)).unwrap_or(usual.signature),
        allow_private: section.get("allow_private", list(network)).unwrap_or_default(),
    };
    if is_out_of_reach && websub.builtin && section.was_given("builtin") {
        let message =
            "changes nothing: http.public_url is an address of this machine, and readers find the feeds elsewhere";
        let remedy = "write the address under which this service is reached into http.public_url, or `builtin = false`";
        section.warn("builtin", Wrong::new(message, remedy));
    }
    section.close();
    websub
}

fn hub(value: &Value) -> Read<FeedUrl> {
    let url = web_address(value)?;
    FeedUrl::from_url(&url).ok_or_else(|| {
        Wrong::new(
            format!("\"{url}\" is not the address of a hub"),
            "write an address such as `https://hub.example.org/`",
        )
    })
}

fn lease(value: &Value) -> Read<Duration> {
    let lease = duration(value)?;
    if (SHORTEST_LEASE..=LONGEST_LEASE).contains(&lease) {
        return Ok(lease);
    }
    Err(Wrong::new(
        "is too short or too long for a subscription",
        "write a span from `1h` to `30d`; the default is `10d`",
    ))
}

pub(super) fn network(value: &Value) -> Read<Range> {
    let written = text(value)?;
    written.parse().map_err(|_| {
        Wrong::new(
            format!("\"{written}\" is no network"),
            "write it as `10.1.2.0/24` or `2001:db8::/32`, or one address",
        )
    })
}
