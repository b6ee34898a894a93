//! `[mail]` and `[mail.smtp]`: who letters come from and how they leave.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::database::is_here;
use super::dkim::{self, Dkim};
use super::own_header::own_header;
use super::problem::Wrong;
use super::rate::rates;
use super::secret::{Files, secret, warn_if_written_in_the_open};
use super::section::Section;
use super::site::Site;
use super::value::{duration, filled, flag, host, list, mailbox, one_of, path, size, some_time, whole};
use crate::model::address::{DisplayName, EmailAddress, Mailbox};
use crate::model::provider::Provider;
use crate::model::rate::Rate;

/// `[mail]`
#[derive(Debug, Clone)]
pub struct Mail {
    /// Whether anything is sent at all; `false` stops all mail.
    pub enabled: bool,
    /// Who letters come from.
    pub from: Mailbox,
    /// Where answers go, when elsewhere.
    pub reply_to: Option<Mailbox>,
    /// How letters leave.
    pub transport: TransportKind,
    /// The program of the `sendmail` transport, absolute; default `/usr/sbin/sendmail`.
    pub sendmail: PathBuf,
    /// Folder of the `outbox` transport, absolute.
    pub outbox: PathBuf,
    /// What becomes of a letter that may or may not have arrived.
    pub on_unknown: OnUnknown,
    /// How long to wait before such a letter is sent again; default 15 m.
    pub unknown_delay: Duration,
    /// How long a deferred letter is tried; default 48 h.
    pub expire_after: Duration,
    /// How long a stop waits for replies; default 25 s.
    pub grace: Duration,
    /// Barren starts in a row that pause sending; 0 = off; default 10.
    pub restart_breaker: u32,
    /// After so long without a sign of life in the middle of its work mail is held until a person looks; default 2 h.
    pub resurrection_guard: Duration,
    /// Bytes of HTML above which a letter is shortened; default 90 kB.
    pub max_html: usize,
    /// Whether the author gets a week in numbers on Mondays; default true.
    pub report: bool,
    /// `[[mail.limits]]`
    pub limits: Vec<Limit>,
    /// `[mail.dkim]`; `None`: letters go out unsigned.
    pub dkim: Option<Dkim>,
    /// `[mail.smtp]`
    pub smtp: Smtp,
    /// `[[mail.fallbacks]]`: relays that are asked while the ones before them are away.
    pub fallbacks: Vec<Smtp>,
}

/// One `[[mail.limits]]`: a mailbox provider that wants letters slowly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Domains of recipients, lower case; the limit is shared by them.
    pub domains: Vec<String>,
    /// Letters in a span at most, for all nodes together.
    pub rates: Vec<Rate>,
    /// Connections of one node that may be busy with them at once.
    pub connections: Option<usize>,
}

/// `transport`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// To a relay.
    Smtp,
    /// To the local program.
    Sendmail,
    /// One file per letter.
    Outbox,
}

/// `on_unknown`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknown {
    /// Once more, with the same bytes.
    Resend,
    /// Never; counted.
    Skip,
    /// A person decides.
    Hold,
}

/// `[mail.smtp]`
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Name of the relay.
    pub host: String,
    /// Default 587 (starttls), 465 (implicit), 25 (none).
    pub port: u16,
    /// How the connection is secured.
    pub tls: Tls,
    /// Login name; `None`: no login.
    pub username: Option<String>,
    /// Password, from `password` or `password_file`.
    pub password: Option<SecretString>,
    /// A file with an access token, read anew for each login (XOAUTH2); in place of a password.
    pub token_file: Option<PathBuf>,
    /// Certificates to trust beside the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// What we call ourselves; default: host of `http.public_url`.
    pub helo: String,
    /// Open connections at most; default 8.
    pub connections: usize,
    /// Letters in a span at most, for all nodes together; empty: as fast as it goes.
    pub rates: Vec<Rate>,
    /// Letters per connection at most; default 100.
    pub messages_per_connection: u32,
    /// The header in which the relay looks for what tells a second copy of a letter from another letter.
    pub idempotency_header: Option<String>,
    /// The provider that runs the relay; sets host and login name where they are not given, and headers.
    pub preset: Option<Provider>,
    /// Whether commands are sent together where the relay offers it (RFC 2920); default true.
    pub pipelining: bool,
}

/// `tls`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Upgraded before anything else is said; required, never optional.
    StartTls,
    /// From the first byte.
    Implicit,
    /// In clear: on loopback only.
    None,
}

const TRANSPORTS: &[(&str, TransportKind)] = &[
    ("smtp", TransportKind::Smtp),
    ("sendmail", TransportKind::Sendmail),
    ("outbox", TransportKind::Outbox),
];
const ON_UNKNOWN: &[(&str, OnUnknown)] = &[
    ("resend", OnUnknown::Resend),
    ("skip", OnUnknown::Skip),
    ("hold", OnUnknown::Hold),
];
const PRESETS: &[(&str, Provider)] = &[
    ("ses", Provider::Ses),
    ("postmark", Provider::Postmark),
    ("mailgun", Provider::Mailgun),
    ("resend", Provider::Resend),
    ("sendgrid", Provider::SendGrid),
];
pub(super) const TLS: &[(&str, Tls)] = &[
    ("starttls", Tls::StartTls),
    ("implicit", Tls::Implicit),
    ("none", Tls::None),
];

/// What `[mail]` is read beside.
pub(super) struct Surroundings<'s> {
    pub(super) files: Files<'s>,
    pub(super) site: &'s Site,
    pub(super) public_url: &'s Url,
    /// Without a newsletter nobody is written to, and nothing is required.
    pub(super) has_newsletters: bool,
}

/// Reads `[mail]`.
pub(super) fn read(mut section: Section<'_>, beside: &Surroundings<'_>) -> Mail {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let enabled = section.get("enabled", flag).unwrap_or(true);
    let transport = section
        .get("transport", one_of(TRANSPORTS))
        .unwrap_or(TransportKind::Smtp);
    let sends = enabled && beside.has_newsletters;
    let from = if sends {
        let remedy = "write who letters come from: `Workshop Notes <notes@example.org>`";
        section.require("from", remedy, mailbox)
    } else {
        section.get("from", mailbox)
    };
    let needs_relay = sends && transport == TransportKind::Smtp;
    let from = from.unwrap_or_else(|| nobody(beside.site));
    let mail = Mail {
        enabled,
        dkim: dkim::read(section.section("dkim"), from.address.domain(), &beside.files),
        from,
        reply_to: section.get("reply_to", mailbox),
        transport,
        sendmail: section
            .get("sendmail", path(beside.files.base))
            .unwrap_or_else(|| PathBuf::from("/usr/sbin/sendmail")),
        outbox: section
            .get("outbox", path(beside.files.base))
            .unwrap_or_else(|| beside.files.base.join("outbox")),
        on_unknown: section
            .get("on_unknown", one_of(ON_UNKNOWN))
            .unwrap_or(OnUnknown::Resend),
        unknown_delay: section.get("unknown_delay", duration).unwrap_or(minutes(15)),
        expire_after: section.get("expire_after", some_time).unwrap_or(minutes(48 * 60)),
        grace: section.get("grace", duration).unwrap_or(Duration::from_secs(25)),
        restart_breaker: section.get("restart_breaker", whole(0)).unwrap_or(10),
        resurrection_guard: section
            .get("resurrection_guard", some_time)
            .unwrap_or(Duration::from_hours(2)),
        max_html: section.get("max_html", size).unwrap_or(90_000),
        report: section.get("report", flag).unwrap_or(true),
        limits: section.sections("limits").into_iter().map(read_limit).collect(),
        smtp: read_smtp(section.section("smtp"), beside, needs_relay),
        fallbacks: section
            .sections("fallbacks")
            .into_iter()
            .map(|fallback| read_smtp(fallback, beside, true))
            .collect(),
    };
    section.close();
    mail
}

fn read_limit(mut section: Section<'_>) -> Limit {
    let remedy = "write the domains that it is for: `domains = [\"example.net\"]`";
    let domains = section.require("domains", remedy, list(host)).unwrap_or_default();
    let limit = Limit {
        domains: domains.iter().map(|domain| domain.to_ascii_lowercase()).collect(),
        rates: section.get("rate", rates).unwrap_or_default(),
        connections: section.get("connections", whole(1)),
    };
    if limit.rates.is_empty() && limit.connections.is_none() {
        let wrong = Wrong::new("limits nothing", "write `rate = \"5/s\"` or `connections = 2`");
        section.refuse("", wrong);
    }
    section.close();
    limit
}

/// Stands for the sender where no letter is ever sent.
fn nobody(site: &Site) -> Mailbox {
    let address = site.author.email.clone().unwrap_or_else(|| {
        EmailAddress::parse("nobody@letterpress.invalid").expect("a dot-atom at a domain name is an address")
    });
    Mailbox {
        name: DisplayName::cleaned(&site.title),
        address,
    }
}

fn read_smtp(mut section: Section<'_>, beside: &Surroundings<'_>, required: bool) -> Smtp {
    let preset = section.get("preset", one_of(PRESETS));
    let usual_relay = preset.and_then(Provider::relay).filter(|_| !section.has("host"));
    let relay = if let Some(relay) = usual_relay {
        Some(relay.to_owned())
    } else if required {
        let remedy = "write the name of your relay, or `transport = \"outbox\"` to keep letters in a folder";
        section.require("host", remedy, host)
    } else {
        section.get("host", host)
    };
    let relay = relay.unwrap_or_else(|| "localhost".to_owned());
    let tls = section.get("tls", one_of(TLS)).unwrap_or(Tls::StartTls);
    if tls == Tls::None && !is_here(&relay) {
        let message = "sends letters and password in clear to another machine";
        section.refuse(
            "tls",
            Wrong::new(message, "write `tls = \"starttls\"` or `tls = \"implicit\"`"),
        );
    }
    let usual_port = match tls {
        Tls::StartTls => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    };
    let usual_username = preset.and_then(Provider::username).map(str::to_owned);
    let has_username = section.was_given("username") || usual_username.is_some();
    let smtp = Smtp {
        port: section.get("port", whole(1)).unwrap_or(usual_port),
        username: section.get("username", filled).or(usual_username),
        preset,
        password: secret(&mut section, "password", "password_file", &beside.files),
        token_file: section.get("token_file", path(beside.files.base)),
        ca_file: section.get("ca_file", path(beside.files.base)),
        helo: greeting(
            &section
                .get("helo", host)
                .unwrap_or_else(|| beside.public_url.host_str().unwrap_or("localhost").to_owned()),
        ),
        connections: section.get("connections", whole(1)).unwrap_or(8),
        rates: section.get("rate", rates).unwrap_or_default(),
        messages_per_connection: section.get("messages_per_connection", whole(1)).unwrap_or(100),
        idempotency_header: section.get("idempotency_header", own_header),
        pipelining: section.get("pipelining", flag).unwrap_or(true),
        host: relay,
        tls,
    };
    check_login(&section, has_username);
    warn_if_written_in_the_open(&section, "password", &beside.files);
    check_ca_file(&section, smtp.ca_file.as_deref());
    section.close();
    smtp
}

/// What we call ourselves to a relay; an IP address as a literal (RFC 5321 §4.1.3).
fn greeting(name: &str) -> String {
    match name.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(address)) => format!("[{address}]"),
        Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Err(_) => name.to_owned(),
    }
}

/// A name and a password make sense only together.
fn check_login(section: &Section<'_>, has_username: bool) {
    const PROOFS: [&str; 3] = ["password", "password_file", "token_file"];
    let given = PROOFS.into_iter().find(|key| section.was_given(key));
    if section.was_given("token_file") && given != Some("token_file") {
        section.refuse(
            "token_file",
            Wrong::new("stands beside a password", "keep one of the two"),
        );
    }
    match (has_username, given) {
        (true, None) => {
            let remedy = "write `password_file = \"FILE\"` with the path of a file that holds the password";
            section.refuse("username", Wrong::new("stands without a password", remedy));
        }
        (false, Some(key)) => {
            section.refuse(
                key,
                Wrong::new("stands without a username", "write `username = \"…\"` beside it"),
            );
        }
        _ => {}
    }
}

pub(super) fn check_ca_file(section: &Section<'_>, file: Option<&Path>) {
    if let Some(file) = file.filter(|file| !file.is_file()) {
        let message = format!("{} is not a file", file.display());
        section.refuse(
            "ca_file",
            Wrong::new(message, "write the path of a PEM file with certificates"),
        );
    }
}
