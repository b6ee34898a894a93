//! The table of contents of a zip archive and its files, stored or deflated (PKWARE APPNOTE 6.3).
//!
//! Written here because only this much is wanted: no encryption, no zip64 (an archive may hold 1 GiB), and names are keys
//! that never become paths.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use super::ArchiveError;
use super::container::{MOST_ENTRIES, MOST_RATIO, name_of};

/// Bytes from the end in which the table's place is looked for: its own 22, and a comment of at most 64 KiB.
const TAIL: u64 = 22 + 65_535;
/// Bytes of the table of contents at most.
const LARGEST_TABLE: u64 = 16 * 1024 * 1024;

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ZipEntry {
    pub(super) name: String,
    method: u16,
    packed: u64,
    pub(super) size: u64,
    at: u64,
}

/// Reads the table of contents; folders are left out.
pub(super) fn entries(file: &mut File) -> Result<Vec<ZipEntry>, ArchiveError> {
    let (count, length, start) = place_of_table(file)?;
    if count > MOST_ENTRIES {
        return Err(ArchiveError::TooMany(count));
    }
    if length > LARGEST_TABLE {
        return Err(broken("its table of contents is too long"));
    }
    file.seek(SeekFrom::Start(start))?;
    let mut table = Vec::new();
    file.by_ref().take(length).read_to_end(&mut table)?;
    let mut entries = Vec::new();
    let mut rest = table.as_slice();
    for _ in 0..count {
        let (entry, after) = one(rest).ok_or_else(|| broken("its table of contents breaks off"))?;
        rest = after;
        if entry.size > MOST_RATIO * entry.packed.max(1) + 4_096 {
            return Err(ArchiveError::Bomb);
        }
        if !entry.name.ends_with('/') {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// The bytes of one file, at most `limit` of them and one more.
pub(super) fn read(file: &mut File, entry: &ZipEntry, limit: u64) -> Result<Vec<u8>, ArchiveError> {
    file.seek(SeekFrom::Start(entry.at))?;
    let mut head = [0; 30];
    file.read_exact(&mut head)
        .map_err(|_| broken("a file in it breaks off"))?;
    if !head.starts_with(b"PK\x03\x04") {
        return Err(broken("a file in it is not where the table of contents says"));
    }
    let skip = u64::from(short(&head, 26)) + u64::from(short(&head, 28));
    file.seek(SeekFrom::Current(i64::try_from(skip).unwrap_or(0)))?;
    let packed = file.by_ref().take(entry.packed);
    // What the table says of the size is a claim: this is what counts.
    let most = limit.min(entry.packed.max(1) * MOST_RATIO + 4_096) + 1;
    let mut bytes = Vec::new();
    match entry.method {
        0 => packed.take(most).read_to_end(&mut bytes),
        8 => DeflateDecoder::new(packed).take(most).read_to_end(&mut bytes),
        _ => {
            return Err(broken(
                "a file in it is packed in a way that we do not read; pack it anew",
            ));
        }
    }
    .map_err(|_| broken("a file in it is damaged"))?;
    if bytes.len() as u64 == most && most <= limit {
        return Err(ArchiveError::Bomb);
    }
    if (bytes.len() as u64) < entry.size.min(most) {
        return Err(broken("a file in it breaks off"));
    }
    Ok(bytes)
}

/// Number of entries, length and place of the table of contents.
fn place_of_table(file: &mut File) -> Result<(u64, u64, u64), ArchiveError> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    let at = tail.windows(4).rposition(|four| four == b"PK\x05\x06");
    let end = at
        .and_then(|at| tail.get(at..at + 22))
        .ok_or_else(|| broken("its end is missing"))?;
    let (count, size, start) = (
        u64::from(short(end, 10)),
        u64::from(long(end, 12)),
        u64::from(long(end, 16)),
    );
    if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
        return Err(broken(
            "it is in the zip64 form, which we do not read; unpack it, and give the folder",
        ));
    }
    Ok((count, size, start))
}

/// The first entry of a table of contents, and what follows it.
fn one(table: &[u8]) -> Option<(ZipEntry, &[u8])> {
    let head = table.get(..46).filter(|head| head.starts_with(b"PK\x01\x02"))?;
    let lengths = [short(head, 28), short(head, 30), short(head, 32)].map(usize::from);
    let name = table.get(46..46 + lengths[0])?;
    let rest = table.get(46 + lengths.iter().sum::<usize>()..)?;
    let is_encrypted = short(head, 8) & 1 == 1;
    let entry = ZipEntry {
        name: name_of(name),
        method: if is_encrypted { u16::MAX } else { short(head, 10) },
        packed: u64::from(long(head, 20)),
        size: u64::from(long(head, 24)),
        at: u64::from(long(head, 42)),
    };
    Some((entry, rest))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .map_or(0, |two| u16::from_le_bytes([two[0], two[1]]))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) | u32::from(short(bytes, at + 2)) << 16
}

fn broken(why: &str) -> ArchiveError {
    ArchiveError::Container(why.to_owned())
}
