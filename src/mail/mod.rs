//! Messages (MIME, headers), the SMTP connection, transports, replies.
//!
//! [`message`] turns a compiled letter and the facts of one delivery into bytes, [`transport`] hands them over: to a
//! relay through [`smtp`], as files through [`outbox`], or into [`memory`] for tests. [`preview`] and [`outbox`] read
//! our own letters back for people; [`imap`] fetches what came back, and [`report`] and [`events`] say what it means.

pub mod dkim;
pub mod events;
pub mod examine;
mod gate;
mod header;
pub mod imap;
pub mod memory;
pub mod message;
pub mod outbox;
mod parts;
pub mod preview;
mod quoted_printable;
pub mod report;
pub mod sendmail;
pub mod smtp;
mod stream;
pub mod transport;
mod trust;

pub use gate::Gate;
pub use parts::ReadLetter;
