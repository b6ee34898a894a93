//! How long each phase may take (RFC 5321 §4.5.3.2), for its whole reply.

use std::time::Duration;

/// Deadlines of a conversation. The defaults are the service's; others are for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Looking up the name; then connecting, all addresses together; then the TLS handshake: each.
    pub connect: Duration,
    /// Greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT and RSET: each.
    pub command: Duration,
    /// From DATA to the reply 354.
    pub data: Duration,
    /// Writing content, without any byte getting through.
    pub content: Duration,
    /// From the final dot to its reply. A shorter wait makes duplicates: the relay has the letter and we do not know.
    pub dot: Duration,
    /// QUIT.
    pub quit: Duration,
    /// How long a connection may rest between two letters.
    pub idle: Duration,
    /// How old a connection may become.
    pub age: Duration,
    /// Between the openings of two connections to a relay that is not on this machine.
    pub spacing: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_mins(5),
            data: Duration::from_mins(2),
            content: Duration::from_mins(3),
            dot: Duration::from_mins(10),
            quit: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            age: Duration::from_mins(10),
            spacing: Duration::from_millis(100),
        }
    }
}
