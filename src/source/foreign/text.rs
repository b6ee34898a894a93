//! Bytes of a feed to clean text: what HTTP says counts more than what the document says.

use encoding_rs::{Encoding, UTF_8};

use crate::model::text::{declared_encoding, xml_safe};

/// The text, with LF line ends and nothing that XML forbids.
pub(super) fn decoded(bytes: &[u8], charset: Option<&str>) -> String {
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, &bytes[mark..]),
        None => {
            let declared = declared_encoding(bytes);
            let label = charset.or(declared.as_deref()).unwrap_or("utf-8");
            (Encoding::for_label(label.as_bytes()).unwrap_or(UTF_8), bytes)
        }
    };
    xml_safe(&encoding.decode_without_bom_handling(bytes).0)
}

/// The text is decoded, so its declaration is no longer true.
pub(super) fn without_declaration(text: &str) -> &str {
    let text = text.trim_start();
    match text.strip_prefix("<?xml ").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest,
        None => text,
    }
}
