//! A document as bytes: plain, and compressed as readers ask for it.
//!
//! A document is packed once when it is written, and unpacked or packed otherwise by the first reader that asks for it so:
//! most feeds are read in one coding only, and a change of many feeds must not wait for three compressors each.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;

/// Why nothing here can fail.
const IN_MEMORY: &str = "bytes in memory are written without errors";

/// How a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// `gzip`, level 9, without time or file name.
    Gzip,
    /// `br`, quality 5.
    Brotli,
    /// `zstd`, level 6, in a window that every reader must take (RFC 9659).
    Zstd,
}

impl Coding {
    /// The `Content-Encoding`; `None` for identity.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// One document as bytes, in every coding as soon as somebody asks.
#[derive(Debug, Clone)]
pub struct Bodies {
    zstd: Arc<[u8]>,
    identity: OnceLock<Arc<[u8]>>,
    gzip: OnceLock<Arc<[u8]>>,
    brotli: OnceLock<Arc<[u8]>>,
    length: usize,
    /// Base32 of the first 128 bits of SHA-256 over the plain bytes.
    pub tag: String,
}

impl Bodies {
    /// Packs a document.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        Self {
            zstd: zstd::bulk::compress(bytes, 6).expect(IN_MEMORY).into(),
            identity: OnceLock::new(),
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
            length: bytes.len(),
            tag: BASE32_NOPAD.encode(&digest::digest(&digest::SHA256, bytes).as_ref()[..16]),
        }
    }

    /// The bytes in a coding, if they lie ready.
    pub fn ready(&self, coding: Coding) -> Option<&Arc<[u8]>> {
        match coding {
            Coding::Identity => self.identity.get(),
            Coding::Gzip => self.gzip.get(),
            Coding::Brotli => self.brotli.get(),
            Coding::Zstd => Some(&self.zstd),
        }
    }

    /// The bytes in a coding. The first call for one makes them, which takes milliseconds; whoever asks meanwhile waits.
    pub fn get(&self, coding: Coding) -> &Arc<[u8]> {
        match coding {
            Coding::Identity => self.identity(),
            Coding::Gzip => self.gzip.get_or_init(|| gzip(&self.plain()).into()),
            Coding::Brotli => self.brotli.get_or_init(|| brotli(&self.plain()).into()),
            Coding::Zstd => &self.zstd,
        }
    }

    /// The plain bytes; made by the first call.
    pub fn identity(&self) -> &Arc<[u8]> {
        self.identity.get_or_init(|| self.plain().into())
    }

    fn plain(&self) -> Vec<u8> {
        match self.identity.get() {
            Some(bytes) => bytes.to_vec(),
            None => zstd::bulk::decompress(&self.zstd, self.length).expect(IN_MEMORY),
        }
    }

    /// Bytes held in memory.
    pub(super) fn size(&self) -> usize {
        let made = [&self.identity, &self.gzip, &self.brotli];
        let made = made.iter().filter_map(|body| body.get()).map(|body| body.len());
        self.zstd.len() + made.sum::<usize>()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::best());
    packed.write_all(bytes).expect(IN_MEMORY);
    packed.finish().expect(IN_MEMORY)
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = brotli::CompressorWriter::new(Vec::with_capacity(bytes.len() / 3), 4096, 5, 22);
    packed.write_all(bytes).expect(IN_MEMORY);
    packed.flush().expect(IN_MEMORY);
    packed.into_inner()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_reader_gets_the_same_words_whatever_it_asks_for() {
        let text = "<rss>ünï</rss>\n".repeat(500);
        let bodies = Bodies::of(&text);
        let mut plain = String::new();
        flate2::read::GzDecoder::new(&**bodies.get(Coding::Gzip))
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text);
        plain.clear();
        brotli::Decompressor::new(&**bodies.get(Coding::Brotli), 4096)
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text);
        let packed = bodies.ready(Coding::Zstd).unwrap();
        assert_eq!(zstd::decode_all(&**packed).unwrap(), text.as_bytes());
        assert_eq!(**bodies.identity(), *text.as_bytes());
        assert_eq!(bodies.tag.len(), 26);
        assert_eq!(Bodies::of(&text).get(Coding::Gzip), bodies.get(Coding::Gzip));
    }

    #[test]
    fn a_feed_that_nobody_reads_takes_little_room() {
        let bodies = Bodies::of(&"<item>words</item>\n".repeat(5_000));
        assert!(bodies.ready(Coding::Gzip).is_none() && bodies.ready(Coding::Identity).is_none());
        let before = bodies.size();
        bodies.get(Coding::Gzip);
        assert_eq!(bodies.size(), before + bodies.ready(Coding::Gzip).unwrap().len());
    }

    #[test]
    fn an_empty_document_is_one() {
        let bodies = Bodies::of("");
        assert!(bodies.identity().is_empty());
        assert!(!bodies.get(Coding::Gzip).is_empty());
    }
}
