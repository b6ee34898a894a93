//! One letter over one connection, without articles, people or ledger around it.

use letterpress::config::{Smtp, Tls};
use letterpress::model::address::{EmailAddress, HeaderToken};
use letterpress::model::letter::{Envelope, MessageId};

/// A relay on this machine, in clear, with everything as it is by default.
pub(crate) fn relay_at(port: u16) -> Smtp {
    Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        username: None,
        password: None,
        token_file: None,
        ca_file: None,
        helo: "letters.example.org".to_owned(),
        connections: 8,
        rates: Vec::new(),
        messages_per_connection: 100,
        idempotency_header: None,
        preset: None,
        pipelining: true,
    }
}

/// An envelope to this address.
pub(crate) fn to(address: &str) -> Envelope {
    Envelope {
        message_id: MessageId::new("a-letter", "example.org").unwrap(),
        from: EmailAddress::parse("b.1.2@bounce.example.org").unwrap(),
        to: EmailAddress::parse(address).unwrap(),
        token: Some(HeaderToken::parse("token").unwrap()),
    }
}

/// A message of about so many bytes.
pub(crate) fn message(bytes: usize) -> Vec<u8> {
    let line = format!("{}\r\n", "x".repeat(70));
    format!("Subject: x\r\n\r\n{}", line.repeat(bytes / line.len() + 1)).into_bytes()
}
