//! Decompression with an end: a small answer may unpack to all the memory there is.

use std::io::Read;

/// What we can unpack.
pub(super) const ACCEPTED: &str = "gzip, br";

/// Times that an answer may be larger than what came over the wire.
const RATIO: usize = 100;
/// Below this, the ratio says nothing.
const SMALL: usize = 1 << 20;

/// Why an answer was not unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Too much, and how so.
    TooLarge(&'static str),
    /// Not what its header says.
    Broken(String),
}

/// Undoes a `Content-Encoding` of one or two members; `cap` in bytes.
pub(super) fn unpack(packed: Vec<u8>, coding: &str, cap: usize) -> Result<Vec<u8>, Unread> {
    let mut bytes = packed;
    // RFC 9110 §8.4: in the order in which they were applied.
    for name in coding.rsplit(',').map(|name| name.trim().to_ascii_lowercase()) {
        bytes = match name.as_str() {
            "" | "identity" => bytes,
            _ if bytes.is_empty() => bytes,
            "gzip" | "x-gzip" => drain(flate2::read::MultiGzDecoder::new(&*bytes), bytes.len(), cap)?,
            "br" => drain(brotli::Decompressor::new(&*bytes, 4096), bytes.len(), cap)?,
            other => {
                return Err(Unread::Broken(format!(
                    "it is packed as `{other}`, which was not asked for"
                )));
            }
        };
    }
    Ok(bytes)
}

fn drain(reader: impl Read, packed: usize, cap: usize) -> Result<Vec<u8>, Unread> {
    let most = cap.min(packed.saturating_mul(RATIO).max(SMALL));
    let mut out = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(limit)
        .read_to_end(&mut out)
        .map_err(|error| Unread::Broken(format!("it cannot be unpacked ({error})")))?;
    match out.len() > most {
        true if most == cap => Err(Unread::TooLarge("is too long when it is unpacked")),
        true => Err(Unread::TooLarge("unpacks to more than a hundred times its size")),
        false => Ok(out),
    }
}
