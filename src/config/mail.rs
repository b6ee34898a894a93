//! `[mail]` and `[mail.smtp]`: who letters come from and how they leave.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::address::Mailbox;

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
    /// Bytes of HTML above which a letter is shortened; default 90 kB.
    pub max_html: usize,
    /// `[mail.smtp]`
    pub smtp: Smtp,
}

/// `transport`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// To a relay.
    Smtp,
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
    /// Certificates to trust beside the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// What we call ourselves; default: host of `http.public_url`.
    pub helo: String,
    /// Open connections at most; default 8.
    pub connections: usize,
    /// Letters per second at most; `None`: as fast as it goes.
    pub rate: Option<f64>,
    /// Letters per connection at most; default 100.
    pub messages_per_connection: u32,
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
