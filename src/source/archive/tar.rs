//! The files of a tar archive that was packed with gzip, read from front to back (POSIX.1-1988 ustar, GNU and pax names).

use std::collections::BTreeMap;
use std::io::Read;

use super::ArchiveError;
use super::container::{LARGEST_FILE, MOST_BYTES, MOST_ENTRIES, name_of};

const BLOCK: usize = 512;
/// Bytes of a name that stands in a block of its own.
const LONGEST_NAME: u64 = 64 * 1024;

/// Reads the files whose names `wanted` accepts, by name. `inner` is the unpacked stream, which has its own guard.
pub(super) fn files(
    inner: &mut dyn Read,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let (mut files, mut count, mut total, mut kept) = (BTreeMap::new(), 0, 0, 0);
    let mut long_name: Option<String> = None;
    loop {
        let mut head = [0; BLOCK];
        match fill(inner, &mut head)? {
            0 => return Ok(files),
            BLOCK if head.iter().all(|byte| *byte == 0) => return Ok(files),
            BLOCK => {}
            _ => return Err(broken("it breaks off")),
        }
        count += 1;
        if count > MOST_ENTRIES {
            return Err(ArchiveError::TooMany(count));
        }
        let size = octal(&head[124..136]).ok_or_else(|| broken("it is no tar archive, or damaged"))?;
        let name = long_name.take().unwrap_or_else(|| plain_name(&head));
        total += size;
        if total > MOST_BYTES {
            return Err(ArchiveError::TooLarge);
        }
        match head[156] {
            b'L' => long_name = Some(name_of(trimmed(&content(inner, size, LONGEST_NAME)?))),
            b'x' => long_name = pax_path(&content(inner, size, LONGEST_NAME)?),
            0 | b'0' if wanted(&name) => {
                kept += size;
                if kept > LARGEST_FILE {
                    return Err(ArchiveError::TooLarge);
                }
                files.insert(name, content(inner, size, LARGEST_FILE)?);
            }
            _ => skip(inner, size)?,
        }
    }
}

fn plain_name(head: &[u8; BLOCK]) -> String {
    let name = name_of(trimmed(&head[..100]));
    let is_ustar = &head[257..262] == b"ustar";
    match name_of(trimmed(&head[345..500])) {
        prefix if is_ustar && !prefix.is_empty() => format!("{prefix}/{name}"),
        _ => name,
    }
}

fn trimmed(field: &[u8]) -> Vec<u8> {
    field.iter().copied().take_while(|byte| *byte != 0).collect()
}

/// `30 path=a/b.html\n`
fn pax_path(records: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(records);
    let line = text
        .lines()
        .find_map(|line| line.split_once(" path=").map(|(_, path)| path.to_owned()))?;
    Some(name_of(line.as_bytes()))
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(|c: char| c == '\0' || c == ' ');
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

/// A file's bytes, without what fills its last block.
fn content(inner: &mut dyn Read, size: u64, limit: u64) -> Result<Vec<u8>, ArchiveError> {
    if size > limit {
        return Err(ArchiveError::TooLarge);
    }
    let mut bytes = Vec::new();
    inner
        .take(size)
        .read_to_end(&mut bytes)
        .map_err(|error| unpacked(&error))?;
    if bytes.len() as u64 != size {
        return Err(broken("a file in it breaks off"));
    }
    skip_bytes(inner, padding(size))?;
    Ok(bytes)
}

fn skip(inner: &mut dyn Read, size: u64) -> Result<(), ArchiveError> {
    skip_bytes(inner, size.saturating_add(padding(size)))
}

fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

fn skip_bytes(inner: &mut dyn Read, count: u64) -> Result<(), ArchiveError> {
    std::io::copy(&mut inner.take(count), &mut std::io::sink()).map_err(|error| unpacked(&error))?;
    Ok(())
}

/// Fills a block as far as there are bytes.
fn fill(inner: &mut dyn Read, block: &mut [u8]) -> Result<usize, ArchiveError> {
    let mut bytes = Vec::with_capacity(block.len());
    inner
        .take(block.len() as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| unpacked(&error))?;
    block[..bytes.len()].copy_from_slice(&bytes);
    Ok(bytes.len())
}

/// A failure while unpacking: the guard's own word, or damage.
fn unpacked(error: &std::io::Error) -> ArchiveError {
    if error.kind() == std::io::ErrorKind::QuotaExceeded {
        ArchiveError::Bomb
    } else {
        broken("it is damaged or breaks off")
    }
}

fn broken(why: &str) -> ArchiveError {
    ArchiveError::Container(why.to_owned())
}
