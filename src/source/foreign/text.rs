//! Bytes of a feed to clean text (`sources.md` FE2, in the order of RFC 7303).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::ForeignError;
use crate::model::text::{declared_encoding, xml_safe};

/// A document as text.
#[derive(Debug)]
pub(super) struct Decoded {
    /// From the first `<` or `{` on, with LF line ends and nothing that XML forbids.
    pub(super) text: String,
    /// Nothing said what the bytes are.
    pub(super) guessed: bool,
}

/// Decodes a document: byte order mark, NUL bytes, what HTTP says, what the document says, UTF-8, Windows-1252.
///
/// # Errors
/// UTF-32, and labels that no browser knows.
pub(super) fn decoded(bytes: &[u8], charset: Option<&str>) -> Result<Decoded, ForeignError> {
    let (encoding, from, guessed) = encoding(bytes, charset)?;
    let text = encoding.decode_without_bom_handling(&bytes[from..]).0;
    let start = text.find(['<', '{']).unwrap_or(0);
    Ok(Decoded {
        text: xml_safe(&text[start..]),
        guessed,
    })
}

fn encoding(bytes: &[u8], charset: Option<&str>) -> Result<(&'static Encoding, usize, bool), ForeignError> {
    if matches!(
        bytes,
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [b'<', 0, 0, 0, ..] | [0, 0, 0, b'<', ..]
    ) {
        return Err(ForeignError::Unreadable(
            "it is UTF-32, which nobody reads; write UTF-8".to_owned(),
        ));
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Ok((encoding, mark, false));
    }
    match bytes {
        [0, first, 0, ..] if first.is_ascii() => return Ok((UTF_16BE, 0, false)),
        [first, 0, _, 0, ..] if first.is_ascii() => return Ok((UTF_16LE, 0, false)),
        _ => {}
    }
    let from_http = charset.map(str::trim).filter(|label| !is_default(label));
    if let Some(label) = from_http {
        return known(label).map(|encoding| (encoding, 0, false));
    }
    let declared = declared_encoding(bytes);
    let is_unicode = std::str::from_utf8(bytes).is_ok();
    match declared.as_deref().map(known).transpose()? {
        // A document that says UTF-16 in single bytes is wrong about itself.
        Some(said) if said == UTF_16LE || said == UTF_16BE => {}
        Some(said) if said != UTF_8 => return Ok((said, 0, false)),
        _ => {}
    }
    if is_unicode {
        return Ok((UTF_8, 0, false));
    }
    Ok((WINDOWS_1252, 0, true))
}

/// What servers say of `text/xml` when nobody told them anything.
fn is_default(label: &str) -> bool {
    label.is_empty() || label.eq_ignore_ascii_case("us-ascii")
}

fn known(label: &str) -> Result<&'static Encoding, ForeignError> {
    let found = Encoding::for_label(label.as_bytes());
    found.ok_or_else(|| ForeignError::Unreadable(format!("its encoding `{label}` is unknown; write UTF-8")))
}

/// The text is decoded, so its declaration is no longer true.
pub(super) fn without_declaration(text: &str) -> &str {
    let text = text.trim_start();
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest,
        None => text,
    }
}
