//! From the bytes of a list to UTF-8.

use std::io::{Cursor, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

/// The text of a file as UTF-8 bytes, without a byte order mark. UTF-16 is told by its mark.
pub(super) fn decoded<'a>(mut file: impl Read + Send + 'a) -> std::io::Result<Box<dyn Read + Send + 'a>> {
    let mut mark = Vec::new();
    file.by_ref().take(3).read_to_end(&mut mark)?;
    let encoding = match mark.as_slice() {
        [0xFF, 0xFE, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] => Some(UTF_16BE),
        _ => None,
    };
    let skip = if mark == [0xEF, 0xBB, 0xBF] { 3 } else { 0 };
    let whole = Cursor::new(mark.split_off(skip)).chain(file);
    Ok(match encoding {
        Some(encoding) => Box::new(Transcoder {
            inner: whole,
            decoder: encoding.new_decoder_with_bom_removal(),
            ready: Cursor::default(),
            ended: false,
        }),
        None => Box::new(whole),
    })
}

/// Reads another encoding as UTF-8.
struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    ready: Cursor<Vec<u8>>,
    ended: bool,
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.ready.read(out)?;
            if count > 0 || self.ended || out.is_empty() {
                return Ok(count);
            }
            let mut raw = vec![0; 8 * 1024];
            let length = self.inner.read(&mut raw)?;
            self.ended = length == 0;
            // Two bytes of UTF-16 become at most three of UTF-8; a little more for what was left from before.
            let mut text = String::with_capacity(length * 2 + 16);
            let _ = self.decoder.decode_to_string(&raw[..length], &mut text, self.ended);
            self.ready = Cursor::new(text.into_bytes());
        }
    }
}
