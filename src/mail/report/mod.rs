//! Mail that came back: delivery status notices (RFC 3464, RFC 6533), feedback reports (RFC 5965), plain words of old
//! software, answers of people who are away, and requests to leave.
//!
//! ```text
//!  bytes ─▶ [split] one mail each, LF ─▶ [parts] leaves by type ─▶ [fates] one per recipient
//!                                                          └──▶ [traces] whose letter it was
//! ```
//!
//! What is read here proves nothing: [`Traces`] are words to be held against the keys of this installation.

mod address;
mod fates;
mod feedback;
mod fields;
mod parts;
mod plain;
mod split;
mod status;
mod traces;

use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;

pub use split::{LARGEST, split};
pub use traces::Traces;

use crate::model::bounce::{Action, Judgement};

/// Why a mail is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// More than [`LARGEST`] bytes.
    #[error("it has more than 1 MiB; reports are small")]
    TooLarge,
    /// More parts or a deeper nest than any report has.
    #[error("it has more parts than a report has")]
    TooManyParts,
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
}

/// What became of a letter for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// As the report writes it, which may be another address than the one that was mailed; for display.
    pub recipient: Option<String>,
    /// `Action`, where there was one.
    pub action: Option<Action>,
    /// What it means.
    pub judgement: Judgement,
    /// What the other side said, at most 500 characters; may quote addresses.
    pub said: String,
}

/// One mail that came back.
#[derive(Debug, Clone)]
pub struct Report {
    /// The same for every copy of it, whatever its line ends and the way it took.
    pub key: String,
    /// Words that may say whose letter it was.
    pub traces: Traces,
    /// One for each recipient; empty when it asks to leave.
    pub fates: Vec<Fate>,
}

/// Longest quotation, in characters.
const SAID: usize = 500;

/// Reads one mail of [`split`].
///
/// # Errors
/// When it is larger or deeper than a report: it should be set aside and the reader go on.
pub fn read(mail: &[u8]) -> Result<Report, Unreadable> {
    let opened = parts::open(mail)?;
    let traces = traces::of(&opened);
    let fates = if traces.leave.is_some() && opened.is_request() {
        Vec::new()
    } else {
        fates::of(&opened)
    };
    Ok(Report {
        key: key_of(&opened),
        traces,
        fates,
    })
}

/// The reporter's own Message-ID and what it wrote: what relays add on the way stands in neither.
fn key_of(mail: &parts::Mail) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(mail.header("message-id").unwrap_or_default().trim().as_bytes());
    context.update(b"\n");
    context.update(mail.body.trim_end().as_bytes());
    BASE32_NOPAD.encode(&context.finish().as_ref()[..16]).to_lowercase()
}

/// One line of at most [`SAID`] characters.
fn shortened(text: &str) -> String {
    crate::model::text::one_line(text).chars().take(SAID).collect()
}
