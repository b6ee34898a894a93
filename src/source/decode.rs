//! Bytes of a file to text: byte order marks, UTF-8, UTF-16, Windows-1252 as the last resort (`sources.md` 3.1).

use std::borrow::Cow;

use crate::model::text::xml_safe;

/// A file's text, with LF line ends and nothing that XML forbids.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// The bytes were not UTF-8 and were read as Windows-1252.
    pub(super) guessed: bool,
}

/// Bytes that are no text: neither UTF-8 nor UTF-16, and with NUL bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotText;

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, NotText> {
    let (text, guessed) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding.decode_without_bom_handling(&bytes[mark..]).0, false),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), false),
            Err(_) if bytes.contains(&0) => return Err(NotText),
            Err(_) => (encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
        },
    };
    Ok(Decoded {
        text: xml_safe(&text),
        guessed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_may_save_in_any_usual_encoding() {
        let little: Vec<u8> = [0xFF, 0xFE]
            .into_iter()
            .chain("Grüße\r\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let big: Vec<u8> = [0xFE, 0xFF]
            .into_iter()
            .chain("Grüße\r".encode_utf16().flat_map(u16::to_be_bytes))
            .collect();
        for bytes in [
            little,
            big,
            "\u{feff}Grüße\n".as_bytes().to_vec(),
            "Grüße\r\n".as_bytes().to_vec(),
        ] {
            let decoded = decode(&bytes).unwrap();
            assert_eq!((decoded.text.as_str(), decoded.guessed), ("Grüße\n", false));
        }
        let old = decode(b"Gr\xFC\xDFe \x96 x").unwrap();
        assert_eq!((old.text.as_str(), old.guessed), ("Grüße – x", true));
    }

    #[test]
    fn a_picture_named_like_an_article_is_refused() {
        assert_eq!(decode(b"\x89PNG\x00\x01\xff").err(), Some(NotText));
    }
}
