//! A document as bytes: plain, and compressed as readers ask for it.
//!
//! A document is packed once when it is written, and unpacked or packed otherwise by the first reader that asks for it so:
//! most feeds are read in one coding only, and a change of many feeds must not wait for three compressors each. What was packed
//! as `br` for a reader who waited is packed once more, as small as it gets, when there is nothing else to do.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;

/// Why nothing here can fail.
const IN_MEMORY: &str = "bytes in memory are written without errors";

/// Quality of a `br` body that a reader waits for.
const QUICK: u32 = 5;
/// Quality of one that nobody waits for.
const DENSE: u32 = 11;

/// How a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// `gzip`, level 9, without time or file name.
    Gzip,
    /// `br`, quality 5 for the first reader and 11 later.
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
#[derive(Debug)]
pub struct Bodies {
    zstd: Arc<[u8]>,
    identity: OnceLock<Arc<[u8]>>,
    gzip: OnceLock<Arc<[u8]>>,
    brotli: Brotli,
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
            brotli: Brotli::default(),
            length: bytes.len(),
            tag: BASE32_NOPAD.encode(&digest::digest(&digest::SHA256, bytes).as_ref()[..16]),
        }
    }

    /// The bytes in a coding, if they lie ready.
    pub fn ready(&self, coding: Coding) -> Option<Arc<[u8]>> {
        match coding {
            Coding::Identity => self.identity.get().cloned(),
            Coding::Gzip => self.gzip.get().cloned(),
            Coding::Brotli => self.brotli.ready(),
            Coding::Zstd => Some(Arc::clone(&self.zstd)),
        }
    }

    /// The bytes in a coding. The first call for one makes them, which takes milliseconds; whoever asks meanwhile waits.
    pub fn get(&self, coding: Coding) -> Arc<[u8]> {
        match coding {
            Coding::Identity => Arc::clone(self.identity()),
            Coding::Gzip => Arc::clone(self.gzip.get_or_init(|| gzip(&self.plain()).into())),
            Coding::Brotli => self.brotli.get_or_make(|| brotli(&self.plain(), QUICK)),
            Coding::Zstd => Arc::clone(&self.zstd),
        }
    }

    /// Whether readers get a `br` body that could be smaller.
    pub fn is_loose(&self) -> bool {
        self.brotli.is_loose()
    }

    /// Puts the smallest `br` body in the place of one that was made quickly. Takes about a second for a large document.
    pub fn tighten(&self) {
        if self.is_loose() {
            self.brotli.put_dense(brotli(&self.plain(), DENSE));
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
        let made = [&self.identity, &self.gzip];
        let made = made.iter().filter_map(|body| body.get()).map(|body| body.len());
        self.zstd.len() + made.sum::<usize>() + self.brotli.ready().map_or(0, |body| body.len())
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::best());
    packed.write_all(bytes).expect(IN_MEMORY);
    packed.finish().expect(IN_MEMORY)
}

/// A body of which a smaller one may take the place; nobody who is answered waits for that.
#[derive(Debug, Default)]
struct Brotli {
    body: ArcSwapOption<Arc<[u8]>>,
    is_dense: AtomicBool,
    /// Held by the one that makes the first body; everybody else waits for it.
    making: Mutex<()>,
}

impl Brotli {
    fn ready(&self) -> Option<Arc<[u8]>> {
        self.body.load().as_deref().cloned()
    }

    fn get_or_make(&self, make: impl FnOnce() -> Vec<u8>) -> Arc<[u8]> {
        if let Some(body) = self.ready() {
            return body;
        }
        let _alone = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        self.ready().unwrap_or_else(|| {
            let body: Arc<[u8]> = make().into();
            self.body.store(Some(Arc::new(Arc::clone(&body))));
            body
        })
    }

    fn is_loose(&self) -> bool {
        self.body.load().is_some() && !self.is_dense.load(Ordering::Relaxed)
    }

    fn put_dense(&self, body: Vec<u8>) {
        self.body.store(Some(Arc::new(body.into())));
        self.is_dense.store(true, Ordering::Relaxed);
    }
}

fn brotli(bytes: &[u8], quality: u32) -> Vec<u8> {
    let mut packed = brotli::CompressorWriter::new(Vec::with_capacity(bytes.len() / 3), 4096, quality, 22);
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
        flate2::read::GzDecoder::new(&*bodies.get(Coding::Gzip))
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text);
        plain.clear();
        brotli::Decompressor::new(&*bodies.get(Coding::Brotli), 4096)
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text);
        let packed = bodies.ready(Coding::Zstd).unwrap();
        assert_eq!(zstd::decode_all(&*packed).unwrap(), text.as_bytes());
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
    fn a_body_that_a_reader_waited_for_gets_smaller_later_and_says_the_same() {
        let text: String = (0..4_000)
            .map(|number| format!("<item>{} words</item>\n", number * 7919 % 4001))
            .collect();
        let bodies = Bodies::of(&text);
        bodies.tighten();
        assert!(
            bodies.ready(Coding::Brotli).is_none() && !bodies.is_loose(),
            "nobody reads it so"
        );
        let quick = bodies.get(Coding::Brotli);
        assert!(bodies.is_loose());
        bodies.tighten();
        let dense = bodies.get(Coding::Brotli);
        assert!(dense.len() < quick.len() && !bodies.is_loose());
        assert_eq!(bodies.size(), bodies.zstd.len() + dense.len(), "the larger one is gone");
        let mut plain = String::new();
        brotli::Decompressor::new(&*dense, 4096)
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text);
    }

    #[test]
    fn an_empty_document_is_one() {
        let bodies = Bodies::of("");
        assert!(bodies.identity().is_empty());
        assert!(!bodies.get(Coding::Gzip).is_empty());
    }
}
