//! Signatures on letters, made on threads of their own, so that pages and feeds do not wait for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::Settings;
use crate::mail::dkim;
use crate::mail::message::{EncodedLetter, Written, write_message};
use crate::model::letter::{Envelope, Letter, Outgoing, SlotValues};

use crate::template::recipe::for_one;

use super::letters::LetterError;

/// A message that was written, and what its signature needs to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsealed {
    pub(super) written: Written,
    /// The message's Date.
    pub(super) date: DateTime<Utc>,
}

/// Signs a message where the config has a key. An RSA signature takes longer than everything else about a letter.
pub(super) async fn seal(app: &App, unsealed: Unsealed, message: &mut Vec<u8>) -> Result<(), LetterError> {
    let settings = app.settings();
    if !is_wanted(&settings) {
        return Ok(());
    }
    let mut taken = std::mem::take(message);
    let sealed = tokio::task::spawn_blocking(move || {
        let outcome = seal_here(&settings, unsealed, &mut taken);
        (taken, outcome)
    });
    let (taken, outcome) = sealed.await.map_err(|_| LetterError::Panic)?;
    *message = taken;
    outcome
}

/// Writes and signs a letter that is made for one person; returns its envelope.
pub(super) async fn write_sealed(
    app: &App,
    letter: &Letter,
    values: &SlotValues,
    outgoing: &Outgoing,
    out: &mut Vec<u8>,
) -> Result<Envelope, LetterError> {
    let encoded = EncodedLetter::new(&*for_one(letter, values)?);
    let written = write_message(&encoded, values, outgoing, out)?;
    let date = outgoing.date;
    seal(app, Unsealed { written, date }, out).await?;
    Ok(outgoing.envelope())
}

/// As [`seal`], on this thread: for one message that a person waits for.
pub(super) fn seal_here(
    settings: &Arc<Settings>,
    unsealed: Unsealed,
    message: &mut Vec<u8>,
) -> Result<(), LetterError> {
    let Some(keys) = &settings.mail.dkim else { return Ok(()) };
    dkim::sign(keys, unsealed.date, message, unsealed.written.body_at).map_err(LetterError::Signature)
}

fn is_wanted(settings: &Settings) -> bool {
    settings.mail.dkim.as_ref().is_some_and(|dkim| !dkim.keys.is_empty())
}
