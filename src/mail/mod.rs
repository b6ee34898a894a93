//! Messages (MIME, headers), the SMTP connection, transports, replies.
//!
//! [`message`] turns a compiled letter and the facts of one delivery into bytes, [`transport`] hands them over: to a
//! relay through [`smtp`], as files through [`outbox`], or into memory for tests.

mod header;
pub mod message;
pub mod outbox;
mod quoted_printable;
pub mod smtp;
pub mod transport;
